/* What follows for products from the arithmetic asked for (kernels/numerics.h). */
#include "kernels/numerics.h"

#include "base/arena.h"
#include "base/checked.h"
#include "kernels/matmul/quantised.h"

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

int64_t matmul_packed_bytes(const struct numerics *numerics, int64_t cols) {
    int64_t padded = round_up(cols, 32);
    if (numerics->compute != COMPUTE_BF16) return 0;
    return round_up(padded * (int64_t)sizeof(uint16_t) + quantised_bytes(padded), ARENA_ALIGN);
}
