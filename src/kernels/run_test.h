/*
 * For the tests of operations: run one in a team, as the pass does.
 */
#ifndef KERNELS_RUN_TEST_H
#define KERNELS_RUN_TEST_H

#include "base/fpu.h"
#include "kernels/ops.h"
#include "test.h"

#include <stdlib.h>

struct op_run {
    const struct kernels *kernels;
    void (*body)(struct exec *exec, void *argument);
    void *argument, *memory;
};

enum { OP_RUN_BYTES = 4096 }; /* of step memory */

static void op_run_thread(struct team *team, void *argument) {
    const struct op_run *run = argument;
    struct exec exec = exec_host(team, run->kernels, &(struct numerics){ 0 }, run->memory, OP_RUN_BYTES);
    run->body(&exec, run->argument);
}

/* body(exec, argument) in each of `threads` threads, with kernels up to `level`, denormals flushed. */
static inline void op_run(int threads, enum level level, void (*body)(struct exec *exec, void *argument),
                          void *argument) {
    struct team_pool *pool;
    assert_true(team_pool_open(threads, &pool, NULL));
    struct kernels kernels = kernels_select(level);
    struct op_run run = { &kernels, body, argument, aligned_alloc(ARENA_ALIGN, OP_RUN_BYTES) };
    assert_non_null(run.memory);
    unsigned state = fpu_flush_denormals();
    team_run(pool, op_run_thread, &run);
    fpu_restore(state);
    free(run.memory);
    team_pool_close(pool);
}

#endif
