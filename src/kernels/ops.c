/* The processor's operations as a table: what exec_host puts behind an exec. */
#include "kernels/ops.h"

const struct ops ops_host = {
#define OP(result, name, parameters, arguments) .name = host_##name,
    OPS(OP)
#undef OP
};

struct exec exec_host(struct team *team, const struct kernels *kernels, const struct numerics *numerics,
                      void *memory, int64_t bytes) {
    struct exec exec = { .team = team, .ops = &ops_host, .kernels = kernels, .numerics = *numerics };
    arena_over(&exec.arena, memory, (size_t)bytes);
    return exec;
}
