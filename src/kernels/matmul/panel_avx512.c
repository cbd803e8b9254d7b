/*
 * Panels on AVX-512: weights whose columns are adjacent in memory (the usual case, read in place from the
 * file) are transposed 16 rows by 64 bytes at a time in registers, as 32-bit words: one f32, or one pair of
 * bf16, which is what panel_bf16 wants in each lane anyway.
 *
 * With one row of activations all time goes into waiting for memory, in as many streams as a panel has rows.
 * So each line that is used fetches the one FETCH_AHEAD bytes further on; behind the end of the row, its
 * stream goes on in the same row of the next panel.
 */
#include "kernels/kernels.h"
#include "kernels/matmul/narrow_avx512.h"
#include "kernels/unpack/decode_avx512.h"

#include <immintrin.h>

enum {
    FETCH_AHEAD = 512,
    FETCH_ROWS_AHEAD = 16
}; /* 256 to 1024, and level 1 or 2, differ by a few percent */
#define FETCH_HINT _MM_HINT_T0

#define INLINE static inline __attribute__((always_inline))

/* r[i] lane j  <->  r[j] lane i */
INLINE void transpose_words(__m512i r[16]) {
    __m512i t[16];
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    /* Now r[4g + c], 128-bit lane q, holds word 4q + c of rows 4g..4g+3. */
    for (int c = 0; c < 4; c++) {
        t[c] = _mm512_shuffle_i32x4(r[c], r[4 + c], 0x88);
        t[4 + c] = _mm512_shuffle_i32x4(r[c], r[4 + c], 0xdd);
        t[8 + c] = _mm512_shuffle_i32x4(r[8 + c], r[12 + c], 0x88);
        t[12 + c] = _mm512_shuffle_i32x4(r[8 + c], r[12 + c], 0xdd);
    }
    for (int c = 0; c < 4; c++) {
        r[c] = _mm512_shuffle_i32x4(t[c], t[8 + c], 0x88);
        r[8 + c] = _mm512_shuffle_i32x4(t[c], t[8 + c], 0xdd);
        r[4 + c] = _mm512_shuffle_i32x4(t[4 + c], t[12 + c], 0x88);
        r[12 + c] = _mm512_shuffle_i32x4(t[4 + c], t[12 + c], 0xdd);
    }
}

/* 16 rows as they lie in memory, at byte 0 of `first`. */
struct rows {
    const unsigned char *first, *fetch;
    int64_t stride, present; /* rows beyond `present` read as 0 */
};

/* 64 bytes of each row, or `bytes` of them, zeros behind. */
INLINE void load_rows(const struct rows *rows, int64_t bytes, __m512i r[16]) {
    if (rows->present >= 16 && bytes >= 64) {
        for (int i = 0; i < 16; i++) {
            r[i] = _mm512_loadu_si512(rows->first + i * rows->stride);
            _mm_prefetch((const char *)rows->fetch + i * rows->stride, FETCH_HINT);
        }
        return;
    }
    __mmask64 some = bytes >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << bytes) - 1;
    for (int i = 0; i < 16; i++) {
        bool there = i < rows->present;
        r[i] = _mm512_maskz_loadu_epi8(there ? some : 0, rows->first + (there ? i * rows->stride : 0));
    }
}

/* Rows n.. of w at byte `at` of their columns. */
INLINE struct rows rows_at(const struct weight *w, int64_t n, int64_t at, int64_t row_bytes) {
    struct rows rows = { .stride = w->row_stride, .present = w->rows - n };
    rows.first = w->data + (rows.present > 0 ? n * w->row_stride : 0) + at;
    rows.fetch = rows.first + FETCH_AHEAD;
    if (at + FETCH_AHEAD >= row_bytes) rows.fetch += PANEL * w->row_stride - row_bytes;
    return rows;
}

static bool columns_adjacent(const struct weight *w, enum dtype dtype, int64_t size) {
    return w->dtype == dtype && w->col_stride == size && !w->scale;
}

static bool rows_adjacent(const struct weight *w, enum dtype dtype, int64_t size) {
    return w->dtype == dtype && w->row_stride == size && !w->scale;
}

static void columns_f32(const struct weight *w, int64_t n0, int64_t k0, int64_t kc, float *panel) {
    for (int64_t k = 0; k < kc; k += 16)
        for (int half = 0; half < 2; half++) {
            __m512i r[16];
            struct rows rows = rows_at(w, n0 + 16 * half, (k0 + k) * 4, w->cols * 4);
            load_rows(&rows, (kc - k) * 4, r);
            transpose_words(r);
            float *out = panel + k * PANEL + 16 * half;
            if (kc - k >= 16)
                for (int i = 0; i < 16; i++) _mm512_storeu_si512(out + i * PANEL, r[i]);
            else
                for (int i = 0; i < kc - k; i++) _mm512_storeu_si512(out + i * PANEL, r[i]);
        }
}

/* bf16 weights in f32: pairs are transposed, then split. */
static void columns_bf16_f32(const struct weight *w, int64_t n0, int64_t k0, int64_t kc, float *panel) {
    for (int64_t k = 0; k < kc; k += 32)
        for (int half = 0; half < 2; half++) {
            __m512i r[16];
            struct rows rows = rows_at(w, n0 + 16 * half, (k0 + k) * 2, w->cols * 2);
            load_rows(&rows, (kc - k) * 2, r);
            transpose_words(r);
            float *out = panel + k * PANEL + 16 * half;
            for (int i = 0; i < 16; i++) {
                if (2 * i < kc - k) _mm512_storeu_si512(out + 2 * i * PANEL, _mm512_slli_epi32(r[i], 16));
                if (2 * i + 1 < kc - k)
                    _mm512_storeu_si512(out + (2 * i + 1) * PANEL,
                                        _mm512_and_si512(r[i], _mm512_set1_epi32((int)0xffff0000)));
            }
        }
}

static void columns_f16(const struct weight *w, int64_t n0, int64_t k0, int64_t kc, float *panel) {
    for (int64_t k = 0; k < kc; k += 16)
        for (int half = 0; half < 2; half++) {
            __m512i r[16];
            struct rows rows = rows_at(w, n0 + 16 * half, (k0 + k) * 2, w->cols * 2);
            __mmask16 some = kc - k >= 16 ? 0xffff : (__mmask16)((1U << (kc - k)) - 1);
            for (int i = 0; i < 16; i++) {
                bool there = i < rows.present;
                const unsigned char *row = rows.first + (there ? i * rows.stride : 0);
                __m256i sixteen = _mm256_maskz_loadu_epi16(there ? some : 0, row);
                r[i] = _mm512_castps_si512(_mm512_cvtph_ps(sixteen));
                if (k % 32 == 0 && there)
                    _mm_prefetch((const char *)rows.fetch + i * rows.stride, FETCH_HINT);
            }
            transpose_words(r);
            float *out = panel + k * PANEL + 16 * half;
            for (int i = 0; i < 16; i++)
                if (i < kc - k) _mm512_storeu_si512(out + i * PANEL, r[i]);
        }
}

/* A transposed file: the panel's rows lie in memory as they are, one a page or so. Fetch one further on;
 * behind the last, the first ones of the next panel. */
INLINE void fetch_row(const struct weight *w, int64_t n0, int64_t k) {
    int64_t ahead = k + FETCH_ROWS_AHEAD, n = n0;
    if (ahead >= w->cols) ahead -= w->cols, n += PANEL;
    const char *row = (const char *)w->data + n * w->row_stride + ahead * w->col_stride;
    _mm_prefetch(row, FETCH_HINT);
    _mm_prefetch(row + PANEL * w->row_stride - 1, FETCH_HINT);
}

static void rows_to_f32(const struct weight *w, int64_t n0, int64_t k0, int64_t kc, float *panel) {
    int64_t size = w->row_stride, present = min_i64(PANEL, w->rows - n0);
    for (int64_t k = 0; k < kc; k++) {
        const unsigned char *in = w->data + n0 * size + (k0 + k) * w->col_stride;
        fetch_row(w, n0, k0 + k);
        for (int half = 0; half < 2; half++) {
            int64_t count = present - 16 * half;
            __mmask16 some = count >= 16 ? 0xffff : count <= 0 ? 0 : (__mmask16)((1U << count) - 1);
            const unsigned char *from = in + (some ? 16 * half * size : 0);
            __m512i value;
            if (w->dtype == DTYPE_F32)
                value = _mm512_maskz_loadu_epi32(some, from);
            else if (w->dtype == DTYPE_BF16)
                value = _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(some, from)), 16);
            else
                value = _mm512_castps_si512(_mm512_cvtph_ps(_mm256_maskz_loadu_epi16(some, from)));
            _mm512_storeu_si512(panel + k * PANEL + 16 * half, value);
        }
    }
}

static void rows_to_pairs(const struct weight *w, int64_t n0, int64_t k0, int64_t kc, uint32_t *panel) {
    int64_t present = min_i64(PANEL, w->rows - n0);
    __mmask32 some = present == 32 ? ~(__mmask32)0 : ((__mmask32)1 << present) - 1;
    const unsigned char *in = w->data + n0 * 2 + k0 * w->col_stride;
    for (int64_t k = 0; k < (kc + 31) / 32 * 32; k += 2) {
        __m512i even = _mm512_setzero_si512(), odd = even;
        fetch_row(w, n0, k0 + k);
        fetch_row(w, n0, k0 + k + 1);
        if (k < kc) even = _mm512_maskz_loadu_epi16(some, in + k * w->col_stride);
        if (k + 1 < kc) odd = _mm512_maskz_loadu_epi16(some, in + (k + 1) * w->col_stride);
        for (int half = 0; half < 2; half++) {
            __m256i e = half ? _mm512_extracti64x4_epi64(even, 1) : _mm512_castsi512_si256(even);
            __m256i o = half ? _mm512_extracti64x4_epi64(odd, 1) : _mm512_castsi512_si256(odd);
            __m512i pair =
                _mm512_or_si512(_mm512_cvtepu16_epi32(e), _mm512_slli_epi32(_mm512_cvtepu16_epi32(o), 16));
            _mm512_storeu_si512(panel + k / 2 * PANEL + 16 * half, pair);
        }
    }
}

void panel_f32_avx512(const struct weight *w, int64_t n0, int64_t k0, int64_t kc, float *restrict panel) {
    if (columns_adjacent(w, DTYPE_F32, 4)) {
        columns_f32(w, n0, k0, kc, panel);
    } else if (columns_adjacent(w, DTYPE_BF16, 2)) {
        columns_bf16_f32(w, n0, k0, kc, panel);
    } else if (columns_adjacent(w, DTYPE_F16, 2)) {
        columns_f16(w, n0, k0, kc, panel);
    } else if (rows_adjacent(w, DTYPE_F32, 4) || rows_adjacent(w, DTYPE_BF16, 2) ||
               rows_adjacent(w, DTYPE_F16, 2)) {
        rows_to_f32(w, n0, k0, kc, panel);
    } else if (is_turned(w)) {
        decode_turned(w, n0, k0, kc, panel, &decoder_avx512);
    } else {
        struct decoded piece;
        for (int64_t k = 0; k < kc; k += DECODE_COLS) {
            decode_rows(w, n0, k0 + k, min_i64(DECODE_COLS, kc - k), &decoder_avx512, &piece);
            columns_f32(&piece.view, 0, 0, piece.view.cols, panel + k * PANEL);
        }
    }
}

/* bf16 bits, nearest even, in the upper half of each word; NaN made quiet. */
INLINE __m512i round_words(__m512i bits) {
    __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    __mmask16 nan = _mm512_cmpgt_epu32_mask(_mm512_and_si512(bits, _mm512_set1_epi32(0x7fffffff)),
                                            _mm512_set1_epi32(0x7f800000));
    rounded = _mm512_mask_or_epi32(rounded, nan, bits, _mm512_set1_epi32(0x00400000));
    return _mm512_and_si512(rounded, _mm512_set1_epi32((int)0xffff0000));
}

static void columns_pairs(const struct weight *w, int64_t n0, int64_t k0, int64_t kc, uint32_t *panel) {
    for (int64_t k = 0; k < kc; k += 32)
        for (int half = 0; half < 2; half++) {
            __m512i r[16];
            struct rows rows = rows_at(w, n0 + 16 * half, (k0 + k) * 2, w->cols * 2);
            load_rows(&rows, (kc - k) * 2, r);
            transpose_words(r);
            uint32_t *out = panel + k / 2 * PANEL + 16 * half;
            for (int i = 0; i < 16; i++) _mm512_storeu_si512(out + i * PANEL, r[i]);
        }
}

/* Decoded rows: two f32 make one word. */
static void f32_to_pairs(const struct weight *w, uint32_t *panel) {
    for (int64_t k = 0; k < w->cols; k += 16)
        for (int half = 0; half < 2; half++) {
            __m512i r[16];
            struct rows rows = rows_at(w, 16 * half, k * 4, w->cols * 4);
            load_rows(&rows, (w->cols - k) * 4, r);
            transpose_words(r);
            uint32_t *out = panel + k / 2 * PANEL + 16 * half;
            for (int i = 0; i < 16; i += 2) {
                __m512i pair =
                    _mm512_or_si512(_mm512_srli_epi32(round_words(r[i]), 16), round_words(r[i + 1]));
                _mm512_storeu_si512(out + i / 2 * PANEL, pair);
            }
        }
    for (int64_t k = (w->cols + 15) / 16 * 16; k < (w->cols + 31) / 32 * 32; k += 2)
        for (int half = 0; half < 2; half++)
            _mm512_storeu_si512(panel + k / 2 * PANEL + 16 * half, _mm512_setzero_si512());
}

/* One of each two codes (sign-extended words: the odd byte is above the even) as a number, rounded to bf16.
 */
INLINE __m512i code_words(__m512i codes, bool has_offset, __m512 scale, __m512 offset) {
    __m512 values = _mm512_mul_ps(_mm512_cvtepi32_ps(codes), scale);
    return round_words(_mm512_castps_si512(has_offset ? _mm512_add_ps(values, offset) : values));
}

/* A run of 32 in bf16, in its order. */
INLINE void store_codes_bf16(const struct codes *c, bool has_offset, uint16_t *out) {
    const __mmask16 second = 0xff00;
    __m512 scale = _mm512_mask_mov_ps(_mm512_set1_ps(c->scale[0]), second, _mm512_set1_ps(c->scale[1]));
    __m512 offset = _mm512_mask_mov_ps(_mm512_set1_ps(c->offset[0]), second, _mm512_set1_ps(c->offset[1]));
    __m512i both = _mm512_cvtepi16_epi32(c->codes);
    __m512i even = code_words(_mm512_srai_epi32(_mm512_slli_epi32(both, 24), 24), has_offset, scale, offset);
    __m512i odd = code_words(_mm512_srai_epi32(both, 8), has_offset, scale, offset);
    _mm512_storeu_si512(out, _mm512_or_si512(_mm512_srli_epi32(even, 16), odd));
}

INLINE void store_run_bf16(const float *values, uint16_t *out) {
    for (int j = 0; j < BLOCK_RUN; j++) out[j] = bf16_from_f32(values[j]);
}

static void runs_to_bf16(enum dtype dtype, const unsigned char *row, int64_t first, int64_t count,
                         uint16_t *out) {
    switch (dtype) {
#define FORMAT(TYPE, name, elements, encoder)                                                                \
    case DTYPE_##TYPE:                                                                                       \
        for (int64_t run = first, runs = (elements) / BLOCK_RUN; run < first + count;                        \
             run++, out += BLOCK_RUN) {                                                                      \
            const unsigned char *block = row + run / runs * (int64_t)sizeof(struct name);                    \
            if (codes_are_small(dtype, block)) {                                                             \
                float values[BLOCK_RUN];                                                                     \
                name##_decode_run(block, 0, values);                                                         \
                store_run_bf16(values, out);                                                                 \
                continue;                                                                                    \
            }                                                                                                \
            struct codes c = name##_codes(block, (int)(run % runs));                                         \
            store_codes_bf16(&c, codes_have_offset(DTYPE_##TYPE), out);                                      \
        }                                                                                                    \
        break;
        BLOCK_FORMAT_LIST(FORMAT)
#undef FORMAT
    default: break;
    }
}

/* Whole runs of blocks: rows in bf16 first, which a transposition of pairs then takes. */
static void blocks_to_pairs(const struct weight *w, int64_t n0, int64_t k0, int64_t kc, uint32_t *panel) {
    _Alignas(64) uint16_t rows[PANEL * DECODE_COLS];
    int64_t present = min_i64(PANEL, w->rows - n0);
    for (int64_t k = 0; k < kc; k += DECODE_COLS) {
        int64_t count = min_i64(DECODE_COLS, kc - k);
        fetch_blocks(w, n0, k0 + k, count);
        for (int64_t j = 0; j < present; j++)
            runs_to_bf16(w->dtype, w->data + (n0 + j) * w->row_stride, (k0 + k) / BLOCK_RUN,
                         count / BLOCK_RUN, rows + j * DECODE_COLS);
        struct weight piece = { .data = (const unsigned char *)rows, .dtype = DTYPE_BF16, .rows = present };
        piece.cols = count;
        piece.row_stride = DECODE_COLS * 2;
        piece.col_stride = 2;
        columns_pairs(&piece, 0, 0, count, panel + k / 2 * PANEL);
    }
}

/* A panel in f32 to pairs of its rows. */
static void panel_to_pairs(const float *in, int64_t kc, uint32_t *panel) {
    for (int64_t k = 0; k < round_up(kc, 32); k += 2)
        for (int half = 0; half < 2; half++) {
            const float *from = in + k * PANEL + 16 * half;
            __m512i even = _mm512_maskz_loadu_epi32(k < kc ? 0xffff : 0, from);
            __m512i odd = _mm512_maskz_loadu_epi32(k + 1 < kc ? 0xffff : 0, from + PANEL);
            _mm512_storeu_si512(panel + k / 2 * PANEL + 16 * half,
                                _mm512_or_si512(_mm512_srli_epi32(round_words(even), 16), round_words(odd)));
        }
}

/* fp8 and fp4: 64 bytes of each row at a time are 64 or 128 k; each 32 of them have one scale an output. */
INLINE void narrow_to_pairs(bool f4, const struct weight *w, int64_t n0, int64_t k0, int64_t kc,
                            uint32_t *panel) {
    const int in_word = f4 ? 8 : 4, bits = f4 ? 4 : 8;
    for (int64_t k = 0; k < kc; k += 16 * in_word)
        for (int half = 0; half < 2; half++) {
            __m512i r[16];
            __m512 scales = _mm512_setzero_ps();
            int64_t left = kc - k, n = n0 + 16 * half;
            struct rows rows = rows_at(w, n, (k0 + k) * bits / 8, w->cols * bits / 8);
            load_rows(&rows, left * bits / 8, r);
            transpose_words(r);
            uint32_t *out = panel + k / 2 * PANEL + 16 * half;
            for (int i = 0; i < 16; i++) {
                if (i * in_word >= left) break;
                if (i * in_word % 32 == 0) scales = narrow_scales(w, n, k0 + k + i * in_word);
                for (int j = 0; j < in_word; j += 2, out += PANEL) {
                    __m512i first = _mm512_srli_epi32(r[i], (unsigned)(j * bits));
                    __m512i second = _mm512_srli_epi32(r[i], (unsigned)((j + 1) * bits));
                    __m512 even = f4 ? narrow_e2m1(first) : narrow_e4m3(first);
                    __m512 odd = f4 ? narrow_e2m1(second) : narrow_e4m3(second);
                    __m512i low = round_words(_mm512_castps_si512(_mm512_mul_ps(even, scales)));
                    __m512i high = round_words(_mm512_castps_si512(_mm512_mul_ps(odd, scales)));
                    _mm512_storeu_si512(out, _mm512_or_si512(_mm512_srli_epi32(low, 16), high));
                }
            }
        }
}

void panel_bf16_avx512(const struct weight *w, int64_t n0, int64_t k0, int64_t kc, uint32_t *restrict panel) {
    if (columns_adjacent(w, DTYPE_BF16, 2)) {
        columns_pairs(w, n0, k0, kc, panel);
    } else if (rows_adjacent(w, DTYPE_BF16, 2)) {
        rows_to_pairs(w, n0, k0, kc, panel);
    } else if (narrow_fits(w, k0, kc) && w->dtype == DTYPE_F4_E2M1) {
        narrow_to_pairs(true, w, n0, k0, kc, panel);
    } else if (narrow_fits(w, k0, kc)) {
        narrow_to_pairs(false, w, n0, k0, kc, panel);
    } else if (dtype_is_block(w->dtype) && !w->transposed && !w->scale && kc % BLOCK_RUN == 0) {
        blocks_to_pairs(w, n0, k0, kc, panel);
    } else if (is_turned(w)) {
        float piece[DECODE_COLS * PANEL];
        for (int64_t k = 0; k < kc; k += DECODE_COLS) {
            int64_t count = min_i64(DECODE_COLS, kc - k);
            decode_turned(w, n0, k0 + k, count, piece, &decoder_avx512);
            panel_to_pairs(piece, count, panel + k / 2 * PANEL);
        }
    } else {
        struct decoded piece;
        for (int64_t k = 0; k < kc; k += DECODE_COLS) {
            decode_rows(w, n0, k0 + k, min_i64(DECODE_COLS, kc - k), &decoder_avx512, &piece);
            f32_to_pairs(&piece.view, panel + k / 2 * PANEL);
        }
    }
}
