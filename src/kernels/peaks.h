/*
 * What a machine can do at most, as loops that do nothing else: multiply without reading, read without
 * multiplying. Benchmarks hold the kernels against them. No kernel is among them, so none can be faster but
 * by the clock's noise.
 *
 *     products   ten independent chains of the instruction that a level multiplies with: f32 FMAs; pairs
 *                of bf16 where there is an instruction for them (elsewhere FMAs take that order too); dots of
 *                bytes
 *     reading    one loop understates: a Zen 4 core draws 24 to 28 GB/s by plain loads of 64 bytes, 32.5 by
 *                loads of 32; an Intel core wants four streams. So there are several, and the best counts
 */
#ifndef KERNELS_PEAKS_H
#define KERNELS_PEAKS_H

#include "kernels/kernels.h"
#include "kernels/numerics.h"

struct peak_loop {
    void (*run)(void *sink); /* writes PEAK_SINK bytes; NULL: the level has no such instruction */
    double operations;       /* of one run, a multiply and an add each counted */
};
enum { PEAK_SINK = 64 };

/* An instruction for products of this kind at this level or the machine's, if that is lower: number `index`
 * from 0, the newest first; run is NULL behind the last. At ref there is none. */
struct peak_loop peak_loop(enum level level, enum arithmetic arithmetic, int index);

struct peak_read {
    const char *name;                               /* "32-byte loads, 4 streams" */
    uint64_t (*sum)(const void *at, int64_t bytes); /* of so many, a multiple of PEAK_READ, aligned alike */
};
enum { PEAK_READ = 4096 };

/* Number `index` from 0, likewise; NULL behind the last. There is one at least. */
const struct peak_read *peak_read(enum level level, int index);

#endif
