#include "kernels/peaks.h"

#include <string.h>

static enum level at_most_the_machines(enum level level) {
    enum level machine = level_of_machine();
    return level < machine ? level : machine;
}

enum { WORDS_AHEAD = 512 }; /* one page */

static uint64_t read_words(const void *at, int64_t bytes) {
    const uint64_t *words = at;
    uint64_t lanes[32] = { 0 };
    for (int64_t i = 0; i < bytes / 8; i += 32) {
        for (int line = 0; line < 4; line++) __builtin_prefetch(words + i + WORDS_AHEAD + 8 * line);
        for (int lane = 0; lane < 32; lane++) lanes[lane] += words[i + lane];
    }
    uint64_t sum = 0;
    for (int lane = 0; lane < 32; lane++) sum += lanes[lane];
    return sum;
}

#if defined(__x86_64__) && !defined(SY_REF_ONLY)
#include <immintrin.h>

#define TILE_INSTRUCTIONS
#include "kernels/matmul/tile.h"

/* ---- products ---- */

enum { CHAINS = 10, STEPS = 10000 }; /* enough to hide the latency, few enough for 16 registers */

/* NEXT: what follows `sum` in a chain, of two constants. The empty asm keeps the compiler from solving the
 * chains, and from taking out of the loop what its constants alone decide. */
#define PRODUCT_LOOP(name, isa, type, begin, factor_1, factor_2, NEXT, constraint)                           \
    __attribute__((target(isa))) static void name(void *sink) {                                              \
        type chain[CHAINS], a = factor_1, b = factor_2;                                                      \
        _Pragma("GCC unroll 10") for (int i = 0; i < CHAINS; i++) chain[i] = begin;                          \
        for (int step = 0; step < STEPS; step++) {                                                           \
            _Pragma("GCC unroll 10") for (int i = 0; i < CHAINS; i++) {                                      \
                chain[i] = NEXT(chain[i]);                                                                   \
                __asm__ volatile("" : "+" constraint(chain[i]), "+" constraint(a));                          \
            }                                                                                                \
        }                                                                                                    \
        _Pragma("GCC unroll 10") for (int i = 0; i < CHAINS; i++) memcpy(sink, &chain[i], sizeof chain[i]);  \
    }

#define FMA_256(sum) _mm256_fmadd_ps(sum, a, b)
PRODUCT_LOOP(fma_avx2, "avx2,fma", __m256, _mm256_set1_ps(1), _mm256_set1_ps(0.75F), _mm256_set1_ps(0.75F),
             FMA_256, "x")
#define FMA_512(sum) _mm512_fmadd_ps(sum, a, b)
PRODUCT_LOOP(fma_avx512, "avx512f", __m512, _mm512_set1_ps(1), _mm512_set1_ps(0.75F), _mm512_set1_ps(0.75F),
             FMA_512, "v")
#define DOT_256(sum) _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), b))
PRODUCT_LOOP(dot_avx2, "avx2", __m256i, _mm256_set1_epi32(1), _mm256_set1_epi8(3), _mm256_set1_epi8(1),
             DOT_256, "x")
#define DOT_512(sum) _mm512_add_epi32(sum, _mm512_madd_epi16(_mm512_maddubs_epi16(a, b), b))
PRODUCT_LOOP(dot_avx512, "avx512f,avx512bw", __m512i, _mm512_set1_epi32(1), _mm512_set1_epi8(3),
             _mm512_set1_epi8(1), DOT_512, "v")
#define DOT_VNNI(sum) _mm512_dpbusd_epi32(sum, a, b)
PRODUCT_LOOP(dot_avx512vnni, "avx512f,avx512vnni", __m512i, _mm512_set1_epi32(1), _mm512_set1_epi8(3),
             _mm512_set1_epi8(1), DOT_VNNI, "v")
#define PAIRS_512(sum) _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b)
PRODUCT_LOOP(pairs_avx512bf16, "avx512f,avx512bf16", __m512, _mm512_set1_ps(1), _mm512_set1_ps(0.75F),
             _mm512_set1_ps(0.75F), PAIRS_512, "v")

/* Six chains through the tile unit: 16 rows by 16 outputs by 64 bytes an instruction. */
enum { TILE_STEPS = 300, TILE_CHAINS = 6 };
#define TILE_LOOP(name, DOT)                                                                                 \
    static void name(void *sink) {                                                                           \
        unsigned char bytes[TILE_ROWS_MOST][TILE_BYTES_MOST];                                                \
        struct tile_layout layout = { 0 };                                                                   \
        struct tile_unit unit;                                                                               \
        memset(bytes, 0x3f, sizeof bytes); /* 0.75 as bf16 */                                                \
        for (int t = 0; t < TILES; t++) tile_shape(&layout, t, TILE_ROWS_MOST, TILE_BYTES_MOST);             \
        tile_configure(&unit, &layout);                                                                      \
        tile_load(&unit, 6, bytes, TILE_BYTES_MOST);                                                         \
        tile_load(&unit, 7, bytes, TILE_BYTES_MOST);                                                         \
        for (int step = 0; step < TILE_STEPS; step++) {                                                      \
            DOT(&unit, 0, 6, 7);                                                                             \
            DOT(&unit, 1, 6, 7);                                                                             \
            DOT(&unit, 2, 6, 7);                                                                             \
            DOT(&unit, 3, 6, 7);                                                                             \
            DOT(&unit, 4, 6, 7);                                                                             \
            DOT(&unit, 5, 6, 7);                                                                             \
        }                                                                                                    \
        tile_store(&unit, 0, bytes, TILE_BYTES_MOST);                                                        \
        tile_release(&unit);                                                                                 \
        memcpy(sink, bytes, PEAK_SINK);                                                                      \
    }
TILE_LOOP(tiles_bf16_amx, tile_dot_bf16)
TILE_LOOP(tiles_int8_amx, tile_dot_int8)

/* Ascending by level within a kind, as lists of kernels do. The newest instruction is not the fastest
 * everywhere (pairs of bf16 are not on Intel's cores), so all at or below a level are told. */
#define LANES(operations) ((double)(operations)*CHAINS * STEPS) /* of one instruction, or group */
#define CELLS(depth)      (2.0 * 16 * 16 * (depth)*TILE_CHAINS * TILE_STEPS) /* so many products a cell */
static const struct peak_product {
    enum level level;
    enum arithmetic arithmetic;
    struct peak_loop loop;
} products[] = {
    { LEVEL_AVX2, ARITHMETIC_F32, { fma_avx2, LANES(16) } },
    { LEVEL_AVX512, ARITHMETIC_F32, { fma_avx512, LANES(32) } },
    { LEVEL_AVX2, ARITHMETIC_BF16, { fma_avx2, LANES(16) } },
    { LEVEL_AVX512, ARITHMETIC_BF16, { fma_avx512, LANES(32) } },
    { LEVEL_AVX512BF16, ARITHMETIC_BF16, { pairs_avx512bf16, LANES(64) } },
    { LEVEL_AMX, ARITHMETIC_BF16, { tiles_bf16_amx, CELLS(32) } },
    { LEVEL_AVX2, ARITHMETIC_INTEGER, { dot_avx2, LANES(64) } },
    { LEVEL_AVX512, ARITHMETIC_INTEGER, { dot_avx512, LANES(128) } },
    { LEVEL_AVX512VNNI, ARITHMETIC_INTEGER, { dot_avx512vnni, LANES(128) } },
    { LEVEL_AMX, ARITHMETIC_INTEGER, { tiles_int8_amx, CELLS(64) } },
};
enum { PRODUCTS = sizeof products / sizeof products[0] };

struct peak_loop peak_loop(enum level level, enum arithmetic arithmetic, int index) {
    enum level highest = at_most_the_machines(level);
    for (int i = PRODUCTS - 1; i >= 0; i--) {
        const struct peak_product *p = &products[i];
        if (p->arithmetic != arithmetic || p->level > highest || index-- > 0) continue;
        return p->loop;
    }
    return (struct peak_loop){ 0 };
}

/* ---- reading ---- */

/* STREAMS parts of what is to be read, side by side, 256 bytes of each at a time. */
#define READ_LOOP(name, isa, type, ZERO, XOR, STREAMS)                                                       \
    __attribute__((target(isa))) static uint64_t name(const void *at, int64_t bytes) {                       \
        enum { LOADS = 256 / sizeof(type) };                                                                 \
        const int64_t part = bytes / (STREAMS);                                                              \
        type sum[4];                                                                                         \
        for (int i = 0; i < 4; i++) sum[i] = ZERO();                                                         \
        for (int64_t i = 0; i < part; i += 256) {                                                            \
            _Pragma("GCC unroll 4") for (int s = 0; s < (STREAMS); s++) {                                    \
                const type *line = (const type *)(const void *)((const char *)at + s * part + i);            \
                _Pragma("GCC unroll 8") for (int j = 0; j < (int)LOADS; j++) sum[j % 4] =                    \
                    XOR(sum[j % 4], line[j]);                                                                \
            }                                                                                                \
        }                                                                                                    \
        type all = XOR(XOR(sum[0], sum[1]), XOR(sum[2], sum[3]));                                            \
        uint64_t first;                                                                                      \
        memcpy(&first, &all, sizeof first);                                                                  \
        return first;                                                                                        \
    }
READ_LOOP(read_avx2_1, "avx2", __m256i, _mm256_setzero_si256, _mm256_xor_si256, 1)
READ_LOOP(read_avx2_4, "avx2", __m256i, _mm256_setzero_si256, _mm256_xor_si256, 4)
READ_LOOP(read_avx512_1, "avx512f", __m512i, _mm512_setzero_si512, _mm512_xor_si512, 1)
READ_LOOP(read_avx512_4, "avx512f", __m512i, _mm512_setzero_si512, _mm512_xor_si512, 4)

static const struct {
    enum level level;
    struct peak_read read;
} reads[] = {
    { LEVEL_REF, { "8-byte loads, fetched a page ahead", read_words } },
    { LEVEL_AVX2, { "32-byte loads, 1 stream", read_avx2_1 } },
    { LEVEL_AVX2, { "32-byte loads, 4 streams", read_avx2_4 } },
    { LEVEL_AVX512, { "64-byte loads, 1 stream", read_avx512_1 } },
    { LEVEL_AVX512, { "64-byte loads, 4 streams", read_avx512_4 } },
};
#else
struct peak_loop peak_loop(enum level level, enum arithmetic arithmetic, int index) {
    (void)level, (void)arithmetic, (void)index;
    return (struct peak_loop){ 0 };
}

static const struct {
    enum level level;
    struct peak_read read;
} reads[] = {
    { LEVEL_REF, { "8-byte loads, fetched a page ahead", read_words } },
};
#endif

const struct peak_read *peak_read(enum level level, int index) {
    enum { READS = sizeof reads / sizeof reads[0] };
    return index < READS && reads[index].level <= at_most_the_machines(level) ? &reads[index].read : NULL;
}
