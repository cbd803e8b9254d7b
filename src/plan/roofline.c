/*
 * The roofline (Williams, Waterman and Patterson 2009): a step takes as long as the slower of reading its
 * bytes and doing its arithmetic; nothing is faster.
 *
 *   seconds of a token = max(bytes / read rate, FLOPs / FLOP rate)        rate = 1 / seconds
 *   intensity = FLOPs / bytes; compute binds where it passes FLOP rate / read rate
 */
#include "plan/roofline.h"

struct roofline roofline_of(const struct traffic *traffic, const struct rates *rates) {
    struct roofline r = { .memory_seconds = traffic->bytes / rates->read,
                          .compute_seconds = traffic->flops / rates->flops,
                          .intensity = traffic->flops / traffic->bytes };
    r.compute_binds = r.compute_seconds > r.memory_seconds;
    r.tokens = 1 / (r.compute_binds ? r.compute_seconds : r.memory_seconds);
    return r;
}

int64_t roofline_turn(const struct traffic_sums *sums, const struct rates *rates) {
    int64_t low = 0, high = (1 << 20) + 1; /* memory binds at low, compute at high if at all */
    while (high - low > 1) {
        int64_t batch = low + (high - low) / 2;
        struct traffic t = traffic_of(sums, (double)batch, 1);
        *(roofline_of(&t, rates).compute_binds ? &high : &low) = batch;
    }
    return high <= 1 << 20 ? high : 0;
}

double roofline_prompt(const struct traffic_sums *sums, const struct rates *rates) {
    return rates->flops / traffic_prompt_flops(sums);
}
