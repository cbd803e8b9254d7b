/*
 * struct exec's few functions: step memory, and which arithmetic a product runs in.
 */
#include "kernels/exec.h"

#include "base/checked.h"

#include <assert.h>

void *exec_take(struct exec *exec, int64_t count, size_t size) {
    void *memory = arena_take(&exec->arena, count, size, NULL);
    assert(memory); /* the step's size was computed from the same shapes */
    return memory;
}

void *exec_take_own(struct exec *exec, int64_t count, size_t size) {
    int64_t each = round_up(count * (int64_t)size, ARENA_ALIGN); /* slices in cache lines of their own */
    char *memory = exec_take(exec, each * exec->team->count, 1);
    return memory + exec->team->rank * each;
}

struct exec exec_measuring(const struct numerics *numerics, struct team *team, int team_count) {
    struct exec exec = { .team = team, .numerics = *numerics };
    *team = (struct team){ .count = team_count };
    arena_over(&exec.arena, (void *)(uintptr_t)ARENA_ALIGN, (size_t)1 << 62);
    return exec;
}

bool computes_bf16(const struct numerics *numerics, const struct weight *weight) {
    if (numerics->compute != COMPUTE_BF16) return false;
    switch (weight->dtype) {
    case DTYPE_BF16:
    case DTYPE_F8_E4M3:
    case DTYPE_F8_E5M2:
    case DTYPE_F4_E2M1: return true;
    default: return dtype_is_block(weight->dtype);
    }
}
