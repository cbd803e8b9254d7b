/*
 * Memory by lifetime: step memory is given back at its mark, what is kept goes to the tape where there is
 * one, and an exec that only counts takes what a real one would.
 */
#include "kernels/ops.h"
#include "test.h"

#include <stdlib.h>

enum { BYTES = 1 << 16 };

static struct exec open_exec(struct team *team, void *memory, enum compute compute, struct arena *tape) {
    static struct kernels kernels;
    kernels = kernels_select(LEVEL_REF);
    *team = (struct team){ .count = 2, .rank = 1 };
    struct exec exec = exec_host(team, &kernels, &(struct numerics){ .compute = compute }, memory, BYTES);
    exec.tape = tape;
    return exec;
}

TEST(what_is_kept_outlives_its_mark) {
    struct team team;
    struct arena tape;
    void *memory = aligned_alloc(64, 2 * BYTES);
    arena_over(&tape, (char *)memory + BYTES, BYTES);
    struct exec exec = open_exec(&team, memory, COMPUTE_F32, &tape);
    struct exec_mark mark = exec_mark(&exec);
    struct rows step = exec_rows(&exec, 3, 5, 1), kept = exec_keep(&exec, 3, 5, 1);
    struct rows next = exec_in_place(&exec, step);
    assert_true(step.count == 3 && step.width == 5 && step.steps == 1 && rows_dense(step));
    assert_true((char *)kept.at >= (char *)memory + BYTES && (char *)step.at < (char *)memory + BYTES);
    assert_true(next.at != step.at && next.at != kept.at && next.count == 3 && next.steps == 1);
    size_t used = tape.used;
    exec_release(&exec, mark);
    assert_ptr_equal(exec_rows(&exec, 3, 5, 1).at, step.at); /* taken again */
    assert_int_equal(tape.used, used);
    free(memory);
}

TEST(without_a_tape_nothing_is_kept_apart) {
    struct team team;
    void *memory = aligned_alloc(64, BYTES);
    struct exec exec = open_exec(&team, memory, COMPUTE_F32, NULL);
    struct rows x = exec_keep(&exec, 3, 5, 0);
    assert_false(exec_keeps(&exec));
    assert_ptr_equal(exec_in_place(&exec, x).at, x.at);
    assert_true((char *)x.at >= (char *)memory && (char *)x.at < (char *)memory + BYTES);
    free(memory);
}

/* Room for a packed form belongs to rows that products read in bf16. */
TEST(operands_have_room_where_products_round) {
    struct team team;
    void *memory = aligned_alloc(64, BYTES);
    struct exec exact = open_exec(&team, memory, COMPUTE_F32, NULL),
                fast = open_exec(&team, memory, COMPUTE_BF16, NULL);
    assert_null(exec_operand(&exact, 4, 40, 0).packed);
    struct rows x = exec_operand(&fast, 4, 40, 2);
    assert_non_null(x.packed);
    assert_ptr_equal(rows_part(x, 3, 1).packed, x.packed + 3 * x.packed_stride);
    assert_true(x.packed >= (unsigned char *)x.at + 4 * 40 * sizeof(real));
    free(memory);
}

static void take_some(struct exec *exec) {
    exec_operand(exec, 7, 33, 0);
    exec_table(exec, int32_t, 13);
    exec_table_own(exec, char, 5);
    struct rows x = exec_keep(exec, 3, 9, 0);
    exec_keep_table(exec, int64_t, 11);
    exec_in_place(exec, x);
}

TEST(an_exec_that_counts_takes_what_another_would) {
    for (int keeps = 0; keeps < 2; keeps++) {
        struct team team, counted_team;
        struct arena tape, counted_tape;
        void *memory = aligned_alloc(64, 2 * BYTES);
        arena_over(&tape, (char *)memory + BYTES, BYTES);
        struct exec exec = open_exec(&team, memory, COMPUTE_BF16, keeps ? &tape : NULL);
        struct exec counted = exec_measuring(&exec.numerics, &counted_team, 2, keeps ? &counted_tape : NULL);
        take_some(&exec);
        take_some(&counted);
        assert_int_equal(exec_taken(&counted), exec_taken(&exec));
        if (keeps) assert_int_equal(counted_tape.used, tape.used);
        assert_true(exec_taken(&exec) > 0);
        free(memory);
    }
}
