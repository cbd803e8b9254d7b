/*
 * The tile unit (AMX) in two builds: its instructions, and plain C that follows their definition. Eight tiles
 * of up to 16 rows by 64 bytes; how many of each hold anything is configured first:
 *
 *     tile_configure(unit, layout)            all tiles become zero
 *     tile_zero(unit, t)
 *     tile_load(unit, t, at, stride)          row r from at + r * stride, so many bytes as it has
 *     tile_store(unit, t, at, stride)
 *     tile_dot_bf16(unit, c, a, b)            c += a x b, pairs of bf16, as below
 *     tile_dot_int8(unit, c, a, b)            c += a x b, fours of int8 with a sign; wraps at 2^32
 *     tile_release(unit)                      lets the system forget the tiles when it changes threads
 *
 *     a [M rows][K words]    b [K rows][N words]    c [M rows][N words of 32 bits]
 *
 *     int8    c[m][n] += sum over i < 4 of a[m][k].i * b[k][n].i               for each k
 *     bf16    e = fma(a[m][k].low, b[k][n].low, e)       k ascending, from +0
 *             o = fma(a[m][k].high, b[k][n].high, o)     k ascending, from +0
 *             c[m][n] = c[m][n] + (e + o)
 *             to nearest even, denormals read and written as zeros, whatever the thread's state says
 *
 * Source: Intel 64 and IA-32 Architectures Software Developer's Manual, LDTILECFG, TILELOADD, TILESTORED,
 * TILEZERO, TILERELEASE, TDPBF16PS, TDPBSSD. Where the processor would raise an exception the plain C
 * asserts: tiles that are not configured, shapes that do not fit, one tile in two places.
 *
 * A file that defines TILE_INSTRUCTIONS gets the instructions, as inline assembly: GCC 12's intrinsics do not
 * tell the compiler what memory they read. Tiles are then written as numbers, 0 to 7.
 *
 * Configuring takes some 50 ns and waits for all before it, and tiles belong to a thread: a kernel configures
 * once, and releases when it returns.
 */
#ifndef KERNELS_MATMUL_TILE_H
#define KERNELS_MATMUL_TILE_H

#include <stdint.h>

enum { TILES = 8, TILE_ROWS_MOST = 16, TILE_BYTES_MOST = 64 };

/* What LDTILECFG reads. A tile of no rows has no bytes either, and is not to be named. */
struct tile_layout {
    uint8_t palette, start_row; /* 1, 0 */
    uint8_t none[14];
    uint16_t row_bytes[TILES];
    uint8_t none_either[16];
    uint8_t rows[TILES];
    uint8_t nor_here[8];
};
_Static_assert(sizeof(struct tile_layout) == 64, "as the instruction wants it");

static inline void tile_shape(struct tile_layout *layout, int tile, int64_t rows, int64_t row_bytes) {
    layout->palette = 1;
    layout->rows[tile] = (uint8_t)(row_bytes ? rows : 0);
    layout->row_bytes[tile] = (uint16_t)(rows ? row_bytes : 0);
}

#ifdef TILE_INSTRUCTIONS

struct tile_unit { /* the processor's own */
    char nothing;
};

static inline void tile_configure(struct tile_unit *unit, const struct tile_layout *layout) {
    (void)unit;
    __asm__ volatile("ldtilecfg %0" : : "m"(*layout) : "memory");
}

static inline void tile_release(struct tile_unit *unit) {
    (void)unit;
    __asm__ volatile("tilerelease" : : : "memory");
}

/* Macros, since a tile's number is part of the instruction. */
#define TILE_DO(unit, ...)                                                                                   \
    do {                                                                                                     \
        (void)(unit);                                                                                        \
        __asm__ volatile(__VA_ARGS__);                                                                       \
    } while (0)
#define TILE_AT(at, stride) "r"(at), "r"((int64_t)(stride))

#define tile_zero(unit, t) TILE_DO(unit, "tilezero %%tmm" #t : :)
#define tile_load(unit, t, at, stride)                                                                       \
    TILE_DO(unit, "tileloadd (%0,%1,1), %%tmm" #t : : TILE_AT(at, stride) : "memory")
#define tile_store(unit, t, at, stride)                                                                      \
    TILE_DO(unit, "tilestored %%tmm" #t ", (%0,%1,1)" : : TILE_AT(at, stride) : "memory")
#define tile_dot_bf16(unit, c, a, b) TILE_DO(unit, "tdpbf16ps %%tmm" #b ", %%tmm" #a ", %%tmm" #c : :)
#define tile_dot_int8(unit, c, a, b) TILE_DO(unit, "tdpbssd %%tmm" #b ", %%tmm" #a ", %%tmm" #c : :)

#else

#include "base/fpu.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

/* Rows and bytes beyond a tile's shape are zero at all times. */
struct tile_unit {
    struct tile_layout layout;
    unsigned char tile[TILES][TILE_ROWS_MOST][TILE_BYTES_MOST];
};

static inline void tile_configure(struct tile_unit *unit, const struct tile_layout *layout) {
    assert(layout->palette == 1 && layout->start_row == 0);
    for (int t = 0; t < TILES; t++) {
        assert(layout->rows[t] <= TILE_ROWS_MOST && layout->row_bytes[t] <= TILE_BYTES_MOST);
        assert((layout->rows[t] == 0) == (layout->row_bytes[t] == 0));
    }
    *unit = (struct tile_unit){ .layout = *layout };
}

static inline void tile_release(struct tile_unit *unit) {
    unit->layout = (struct tile_layout){ 0 };
}

static inline void tile_zero(struct tile_unit *unit, int t) {
    assert(unit->layout.rows[t]);
    memset(unit->tile[t], 0, sizeof unit->tile[t]);
}

static inline void tile_load(struct tile_unit *unit, int t, const void *at, int64_t stride) {
    tile_zero(unit, t);
    for (int64_t r = 0; r < unit->layout.rows[t]; r++)
        memcpy(unit->tile[t][r], (const char *)at + r * stride, unit->layout.row_bytes[t]);
}

static inline void tile_store(struct tile_unit *unit, int t, void *at, int64_t stride) {
    assert(unit->layout.rows[t]);
    for (int64_t r = 0; r < unit->layout.rows[t]; r++)
        memcpy((char *)at + r * stride, unit->tile[t][r], unit->layout.row_bytes[t]);
}

static inline void tile_dot_fits(const struct tile_unit *unit, int c, int a, int b) {
    const struct tile_layout *l = &unit->layout;
    assert(c != a && c != b && a != b && l->rows[a] && l->rows[b] && l->rows[c]);
    assert(l->rows[c] == l->rows[a] && l->row_bytes[c] == l->row_bytes[b]);
    assert(l->row_bytes[a] == 4 * l->rows[b]);
    assert(l->row_bytes[c] % 4 == 0);
}

static inline float tile_flushed(float value) {
    return fabsf(value) < FLT_MIN ? copysignf(0, value) : value;
}

/* The bf16 in half `half` of a word: 0 the lower, 1 the upper. */
static inline float tile_half(uint32_t word, int half) {
    uint32_t bits = half ? word & 0xffff0000 : word << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return tile_flushed(value);
}

/* One row of c, in words of its tiles' rows. */
static inline void tile_row_bf16(const unsigned char *a, const unsigned char (*b)[TILE_BYTES_MOST], int pairs,
                                 int outputs, unsigned char *c) {
    float chain[2][TILE_BYTES_MOST / 4] = { { 0 } }, sum[TILE_BYTES_MOST / 4];
    for (int k = 0; k < pairs; k++) {
        uint32_t pair, pair_b[TILE_BYTES_MOST / 4];
        memcpy(&pair, a + 4 * k, sizeof pair);
        memcpy(pair_b, b[k], sizeof pair_b);
        for (int half = 0; half < 2; half++)
            for (int n = 0; n < outputs; n++)
                chain[half][n] =
                    tile_flushed(fmaf(tile_half(pair, half), tile_half(pair_b[n], half), chain[half][n]));
    }
    memcpy(sum, c, sizeof sum);
    for (int n = 0; n < outputs; n++)
        sum[n] = tile_flushed(tile_flushed(sum[n]) + tile_flushed(chain[0][n] + chain[1][n]));
    memcpy(c, sum, sizeof sum);
}

static inline void tile_dot_bf16(struct tile_unit *unit, int c, int a, int b) {
    const struct tile_layout *l = &unit->layout;
    tile_dot_fits(unit, c, a, b);
    unsigned state = fpu_as_tiles();
    __asm__ volatile("" : : "r"(unit) : "memory"); /* nothing is computed before */
    for (int m = 0; m < l->rows[c]; m++)
        tile_row_bf16(unit->tile[a][m], (const unsigned char(*)[TILE_BYTES_MOST])unit->tile[b],
                      l->row_bytes[a] / 4, l->row_bytes[c] / 4, unit->tile[c][m]);
    __asm__ volatile("" : : "r"(unit) : "memory"); /* nor behind */
    fpu_return(state);
}

static inline void tile_dot_int8(struct tile_unit *unit, int c, int a, int b) {
    const struct tile_layout *l = &unit->layout;
    tile_dot_fits(unit, c, a, b);
    for (int m = 0; m < l->rows[c]; m++) {
        uint32_t sum[TILE_BYTES_MOST / 4];
        memcpy(sum, unit->tile[c][m], sizeof sum);
        for (int k = 0; k < l->row_bytes[a]; k++) {
            int8_t x = (int8_t)unit->tile[a][m][k];
            for (int n = 0; n < l->row_bytes[c] / 4; n++)
                sum[n] += (uint32_t)(x * (int8_t)unit->tile[b][k / 4][4 * n + k % 4]);
        }
        memcpy(unit->tile[c][m], sum, sizeof sum);
    }
}

#endif
#endif
