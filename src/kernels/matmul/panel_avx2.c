/*
 * Panels on AVX2: as in panel_avx512.c, but 8 rows by 32 bytes (8 words) at a time, and edges by way of a
 * copy, since there are no masked loads of bytes.
 */
#include "kernels/kernels.h"
#include "kernels/unpack/decode_avx2.h"

#include <immintrin.h>
#include <string.h>

enum { FETCH_AHEAD = 512, FETCH_ROWS_AHEAD = 16 };

#define INLINE static inline __attribute__((always_inline))

/* r[i] lane j  <->  r[j] lane i */
INLINE void transpose_words(__m256i r[8]) {
    __m256i t[8];
    for (int i = 0; i < 8; i += 2) {
        t[i] = _mm256_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm256_unpackhi_epi32(r[i], r[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        r[i] = _mm256_unpacklo_epi64(t[i], t[i + 2]);
        r[i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 2]);
        r[i + 2] = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]);
        r[i + 3] = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    for (int i = 0; i < 4; i++) t[i] = r[i];
    for (int i = 0; i < 4; i++) {
        r[i] = _mm256_permute2x128_si256(t[i], r[4 + i], 0x20);
        r[4 + i] = _mm256_permute2x128_si256(t[i], r[4 + i], 0x31);
    }
}

/* Eight rows as they lie in memory. */
struct rows {
    const unsigned char *first;
    int64_t stride, fetch, present; /* rows beyond `present` read as 0; fetch: how far ahead, in bytes */
};

/* Rows n.. of w at byte `at` of their columns. */
INLINE struct rows rows_at(const struct weight *w, int64_t n, int64_t at, int64_t row_bytes) {
    struct rows rows = { .stride = w->row_stride, .fetch = FETCH_AHEAD, .present = w->rows - n };
    rows.first = w->data + (rows.present > 0 ? n * w->row_stride : 0) + at;
    if (at + FETCH_AHEAD >= row_bytes) rows.fetch += PANEL * w->row_stride - row_bytes;
    return rows;
}

/* Words [0, 8) of each row, of which `bytes` bytes exist; zeros behind. */
INLINE void load_words(const struct rows *rows, int64_t bytes, __m256i r[8]) {
    if (rows->present >= 8 && bytes >= 32) {
        for (int i = 0; i < 8; i++)
            r[i] = _mm256_loadu_si256((const __m256i *)(const void *)(rows->first + i * rows->stride));
        return;
    }
    for (int i = 0; i < 8; i++) {
        unsigned char edge[32] = { 0 };
        if (i < rows->present) memcpy(edge, rows->first + i * rows->stride, (size_t)min_i64(bytes, 32));
        r[i] = _mm256_loadu_si256((const __m256i *)(const void *)edge);
    }
}

INLINE void fetch_rows(const struct rows *rows) {
    if (rows->present >= 8)
        for (int i = 0; i < 8; i++)
            _mm_prefetch((const char *)rows->first + rows->fetch + i * rows->stride, _MM_HINT_T0);
}

INLINE void store(void *to, __m256i value) {
    _mm256_storeu_si256((__m256i *)to, value);
}

static bool columns_adjacent(const struct weight *w, enum dtype dtype, int64_t size) {
    return w->dtype == dtype && w->col_stride == size && !w->scale;
}

static bool rows_adjacent(const struct weight *w, enum dtype dtype, int64_t size) {
    return w->dtype == dtype && w->row_stride == size && !w->scale;
}

static void columns_f32(const struct weight *w, int64_t n0, int64_t k0, int64_t kc, float *panel) {
    for (int64_t k = 0; k < kc; k += 8)
        for (int64_t j = 0; j < PANEL; j += 8) {
            __m256i r[8];
            struct rows rows = rows_at(w, n0 + j, (k0 + k) * 4, w->cols * 4);
            load_words(&rows, (kc - k) * 4, r);
            if (k % 16 == 0) fetch_rows(&rows);
            transpose_words(r);
            for (int i = 0; i < 8; i++)
                if (i < kc - k) store(panel + (k + i) * PANEL + j, r[i]);
        }
}

/* bf16 weights in f32: pairs are transposed, then split. */
static void columns_bf16_f32(const struct weight *w, int64_t n0, int64_t k0, int64_t kc, float *panel) {
    const __m256i upper = _mm256_set1_epi32((int)0xffff0000);
    for (int64_t k = 0; k < kc; k += 16)
        for (int64_t j = 0; j < PANEL; j += 8) {
            __m256i r[8];
            struct rows rows = rows_at(w, n0 + j, (k0 + k) * 2, w->cols * 2);
            load_words(&rows, (kc - k) * 2, r);
            if (k % 32 == 0) fetch_rows(&rows);
            transpose_words(r);
            for (int i = 0; i < 8; i++) {
                float *out = panel + (k + 2 * i) * PANEL + j;
                if (2 * i < kc - k) store(out, _mm256_slli_epi32(r[i], 16));
                if (2 * i + 1 < kc - k) store(out + PANEL, _mm256_and_si256(r[i], upper));
            }
        }
}

static void columns_pairs(const struct weight *w, int64_t n0, int64_t k0, int64_t kc, uint32_t *panel) {
    for (int64_t k = 0; k < round_up(kc, 32); k += 16)
        for (int64_t j = 0; j < PANEL; j += 8) {
            __m256i r[8];
            struct rows rows = rows_at(w, n0 + j, (k0 + k) * 2, w->cols * 2);
            load_words(&rows, max_i64(0, (kc - k) * 2), r);
            if (k % 32 == 0) fetch_rows(&rows);
            transpose_words(r);
            for (int i = 0; i < 8; i++) store(panel + (k / 2 + i) * PANEL + j, r[i]);
        }
}

/* `count` f16 or bf16 numbers, at most 8, zeros behind. */
INLINE __m128i load_halves(const unsigned char *in, int64_t count) {
    if (count >= 8) return _mm_loadu_si128((const __m128i *)(const void *)in);
    unsigned char edge[16] = { 0 };
    if (count > 0) memcpy(edge, in, (size_t)count * 2);
    return _mm_loadu_si128((const __m128i *)(const void *)edge);
}

INLINE __m256i load_singles(const unsigned char *in, int64_t count) {
    if (count >= 8) return _mm256_loadu_si256((const __m256i *)(const void *)in);
    unsigned char edge[32] = { 0 };
    if (count > 0) memcpy(edge, in, (size_t)count * 4);
    return _mm256_loadu_si256((const __m256i *)(const void *)edge);
}

INLINE __m256i f16_words(__m128i halves) {
    return _mm256_castps_si256(_mm256_cvtph_ps(halves));
}

static void columns_f16(const struct weight *w, int64_t n0, int64_t k0, int64_t kc, float *panel) {
    for (int64_t k = 0; k < kc; k += 8)
        for (int64_t j = 0; j < PANEL; j += 8) {
            __m256i r[8];
            struct rows rows = rows_at(w, n0 + j, (k0 + k) * 2, w->cols * 2);
            for (int i = 0; i < 8; i++) {
                bool there = i < rows.present;
                r[i] = f16_words(
                    load_halves(rows.first + (there ? i * rows.stride : 0), there ? min_i64(8, kc - k) : 0));
            }
            if (k % 32 == 0) fetch_rows(&rows);
            transpose_words(r);
            for (int i = 0; i < 8; i++)
                if (i < kc - k) store(panel + (k + i) * PANEL + j, r[i]);
        }
}

/* A transposed file: the panel's rows lie in memory as they are, one a page or so. */
INLINE void fetch_row(const struct weight *w, int64_t n0, int64_t k) {
    int64_t ahead = k + FETCH_ROWS_AHEAD, n = n0;
    if (ahead >= w->cols) ahead -= w->cols, n += PANEL;
    const char *row = (const char *)w->data + n * w->row_stride + ahead * w->col_stride;
    _mm_prefetch(row, _MM_HINT_T0);
    _mm_prefetch(row + PANEL * w->row_stride - 1, _MM_HINT_T0);
}

static void rows_to_f32(const struct weight *w, int64_t n0, int64_t k0, int64_t kc, float *panel) {
    for (int64_t k = 0; k < kc; k++) {
        fetch_row(w, n0, k0 + k);
        for (int64_t j = 0; j < PANEL; j += 8) {
            int64_t present = w->rows - n0 - j;
            const unsigned char *in =
                w->data + (present > 0 ? n0 + j : 0) * w->row_stride + (k0 + k) * w->col_stride;
            __m256i value;
            if (w->dtype == DTYPE_F32)
                value = load_singles(in, present);
            else if (w->dtype == DTYPE_BF16)
                value = _mm256_slli_epi32(_mm256_cvtepu16_epi32(load_halves(in, present)), 16);
            else
                value = f16_words(load_halves(in, present));
            store(panel + k * PANEL + j, value);
        }
    }
}

static void rows_to_pairs(const struct weight *w, int64_t n0, int64_t k0, int64_t kc, uint32_t *panel) {
    for (int64_t k = 0; k < round_up(kc, 32); k += 2) {
        fetch_row(w, n0, k0 + k);
        fetch_row(w, n0, k0 + k + 1);
        for (int64_t j = 0; j < PANEL; j += 8) {
            int64_t present = w->rows - n0 - j;
            const unsigned char *in = w->data + (present > 0 ? n0 + j : 0) * 2 + k0 * w->col_stride;
            __m128i even = load_halves(in + k * w->col_stride, k < kc ? present : 0);
            __m128i odd = load_halves(in + (k + 1) * w->col_stride, k + 1 < kc ? present : 0);
            store(panel + k / 2 * PANEL + j,
                  _mm256_or_si256(_mm256_cvtepu16_epi32(even),
                                  _mm256_slli_epi32(_mm256_cvtepu16_epi32(odd), 16)));
        }
    }
}

void panel_f32_avx2(const struct weight *w, int64_t n0, int64_t k0, int64_t kc, float *restrict panel) {
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
        decode_turned(w, n0, k0, kc, panel, &decoder_avx2);
    } else {
        struct decoded piece;
        for (int64_t k = 0; k < kc; k += DECODE_COLS) {
            decode_rows(w, n0, k0 + k, min_i64(DECODE_COLS, kc - k), &decoder_avx2, &piece);
            columns_f32(&piece.view, 0, 0, piece.view.cols, panel + k * PANEL);
        }
    }
}

/* bf16 bits, nearest even, in the upper half of each word; NaN made quiet. */
INLINE __m256i round_words(__m256i bits) {
    __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    __m256i magnitude = _mm256_and_si256(bits, _mm256_set1_epi32(0x7fffffff));
    __m256i nan = _mm256_cmpgt_epi32(magnitude, _mm256_set1_epi32(0x7f800000));
    rounded = _mm256_blendv_epi8(rounded, _mm256_or_si256(bits, _mm256_set1_epi32(0x00400000)), nan);
    return _mm256_and_si256(rounded, _mm256_set1_epi32((int)0xffff0000));
}

/* Decoded rows: two f32 make one word. */
static void f32_to_pairs(const struct weight *w, uint32_t *panel) {
    for (int64_t k = 0; k < round_up(w->cols, 32); k += 8)
        for (int64_t j = 0; j < PANEL; j += 8) {
            __m256i r[8];
            struct rows rows = rows_at(w, j, k * 4, w->cols * 4);
            load_words(&rows, max_i64(0, (w->cols - k) * 4), r);
            transpose_words(r);
            for (int i = 0; i < 8; i += 2)
                store(panel + (k + i) / 2 * PANEL + j,
                      _mm256_or_si256(_mm256_srli_epi32(round_words(r[i]), 16), round_words(r[i + 1])));
        }
}

/* A panel in f32 to pairs of its rows. */
static void panel_to_pairs(const float *in, int64_t kc, uint32_t *panel) {
    for (int64_t k = 0; k < round_up(kc, 32); k += 2)
        for (int64_t j = 0; j < PANEL; j += 8) {
            __m256i even =
                k < kc ? _mm256_castps_si256(_mm256_loadu_ps(in + k * PANEL + j)) : _mm256_setzero_si256();
            __m256i odd = k + 1 < kc ? _mm256_castps_si256(_mm256_loadu_ps(in + (k + 1) * PANEL + j))
                                     : _mm256_setzero_si256();
            store(panel + k / 2 * PANEL + j,
                  _mm256_or_si256(_mm256_srli_epi32(round_words(even), 16), round_words(odd)));
        }
}

void panel_bf16_avx2(const struct weight *w, int64_t n0, int64_t k0, int64_t kc, uint32_t *restrict panel) {
    if (columns_adjacent(w, DTYPE_BF16, 2)) {
        columns_pairs(w, n0, k0, kc, panel);
    } else if (rows_adjacent(w, DTYPE_BF16, 2)) {
        rows_to_pairs(w, n0, k0, kc, panel);
    } else if (is_turned(w)) {
        float piece[DECODE_COLS * PANEL];
        for (int64_t k = 0; k < kc; k += DECODE_COLS) {
            int64_t count = min_i64(DECODE_COLS, kc - k);
            decode_turned(w, n0, k0 + k, count, piece, &decoder_avx2);
            panel_to_pairs(piece, count, panel + k / 2 * PANEL);
        }
    } else {
        struct decoded piece;
        for (int64_t k = 0; k < kc; k += DECODE_COLS) {
            decode_rows(w, n0, k0 + k, min_i64(DECODE_COLS, kc - k), &decoder_avx2, &piece);
            f32_to_pairs(&piece.view, panel + k / 2 * PANEL);
        }
    }
}
