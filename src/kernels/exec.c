/*
 * struct exec's few functions: memory by lifetime.
 */
#include "kernels/exec.h"

#include "base/checked.h"

#include <assert.h>

/* ---- step memory and tables ---- */

static void *take(struct arena *arena, int64_t count, size_t size) {
    void *memory = arena_take(arena, count, size, NULL);
    assert(memory); /* the size was computed from the same shapes */
    return memory;
}

static struct rows take_rows(struct arena *arena, int64_t count, int64_t width, int64_t steps) {
    return rows_with_steps(rows_over(take(arena, count * width, sizeof(real)), count, width), steps);
}

void *exec_take(struct exec *exec, int64_t count, size_t size) {
    return take(&exec->arena, count, size);
}

void *exec_take_own(struct exec *exec, int64_t count, size_t size) {
    int64_t each = round_up(count * (int64_t)size, ARENA_ALIGN);
    char *memory = exec_take(exec, each * exec->team->count, 1);
    return memory + exec->team->rank * each;
}

struct rows exec_rows(struct exec *exec, int64_t count, int64_t width, int64_t steps) {
    return take_rows(&exec->arena, count, width, steps);
}

struct rows exec_with_room(struct exec *exec, struct rows x) {
    x.packed_stride = matmul_packed_bytes(&exec->numerics, x.width);
    if (x.packed_stride > 0) x.packed = exec_take(exec, x.count * x.packed_stride, 1);
    return x;
}

struct rows exec_operand(struct exec *exec, int64_t count, int64_t width, int64_t steps) {
    return exec_with_room(exec, exec_rows(exec, count, width, steps));
}

void exec_lists(struct exec *exec) {
    if (exec->team->state != TEAM_TOGETHER) exec->listed = exec->team->barrier_count + 1;
}

struct exec_mark exec_mark(const struct exec *exec) {
    return (struct exec_mark){ exec->arena.used };
}

void exec_release(struct exec *exec, struct exec_mark mark) {
    struct team *team = exec->team;
    if (exec->listed == team->barrier_count + 1) { /* others may still be writing there */
        team_together(team);
        team_done(team);
    }
    team_catch_up(team); /* who looks at tables there has done so... */
    team_settle(team);   /* ... and nobody writes tables there before rank 0 is done with what it held */
    exec->arena.used = mark.used;
}

/* ---- kept ---- */

void *exec_keep_take(struct exec *exec, int64_t count, size_t size) {
    return take(exec->tape ? exec->tape : &exec->arena, count, size);
}

struct rows exec_keep(struct exec *exec, int64_t count, int64_t width, int64_t steps) {
    return take_rows(exec->tape ? exec->tape : &exec->arena, count, width, steps);
}

struct rows exec_in_place(struct exec *exec, struct rows x) {
    if (!exec->tape) return x;
    struct rows kept = exec_keep(exec, x.count, x.width, x.steps);
    kept.packed = x.packed, kept.packed_stride = x.packed_stride;
    return kept;
}

/* ---- counting ---- */

#define MEASURED ((size_t)1 << 62)

struct exec exec_measuring(const struct numerics *numerics, struct team *team, int team_count,
                           struct arena *tape) {
    struct exec exec = { .team = team, .tape = tape, .numerics = *numerics };
    *team = (struct team){ .count = team_count };
    arena_over(&exec.arena, (void *)(uintptr_t)ARENA_ALIGN, MEASURED);
    if (tape) arena_over(tape, (void *)(uintptr_t)ARENA_ALIGN, MEASURED);
    return exec;
}

int64_t exec_taken(const struct exec *exec) {
    return (int64_t)exec->arena.used;
}
