/*
 * kernel-check of the products' speed: one row of activations through weights that come from memory, beside
 * the bandwidth of a plain read loop; many rows on a panel in the cache, beside the peak of FMA.
 */
#include "base/checked.h"
#include "kernels/kernel_check.h"

#include <stdio.h>
#include <string.h>

/* One row of activations through weights that come from memory: what a decoding step does all the time. */
struct stream {
    const struct kernels *kernels;
    struct weight weight; /* walked part by part, over and over */
    int64_t at, bytes, part;
    const unsigned char *memory, *scale;
    bool bf16;
    float x[8192], out[PANEL];
    uint16_t x_bf16[8192];
};

static void stream_part(void *argument) {
    enum { STEP = 128 };
    struct stream *s = argument;
    struct weight w = s->weight;
    _Alignas(64) float panel[STEP * PANEL];
    w.data = s->memory + s->at;
    for (int64_t n0 = 0; n0 < w.rows; n0 += PANEL) {
        memset(s->out, 0, sizeof s->out);
        for (int64_t k = 0; k < w.cols; k += STEP) {
            if (s->bf16) {
                s->kernels->panel_bf16(&w, n0, k, STEP, (uint32_t *)(void *)panel);
                s->kernels->product_bf16((uint32_t *)(void *)panel, STEP, s->x_bf16 + k, 0, 1, s->out);
            } else {
                s->kernels->panel_f32(&w, n0, k, STEP, panel);
                s->kernels->product_f32(panel, STEP, s->x + k, 0, 1, s->out);
            }
        }
    }
    s->at = s->at + 2 * s->part <= s->bytes ? s->at + s->part : 0;
}

static void bench_stream(struct check *check, bool bf16, enum dtype dtype, int64_t cols, bool transposed) {
    struct stream s = { .kernels = check->test, .bf16 = bf16 };
    s.memory = check_memory(&s.bytes);
    int64_t bits = dtype_bits(dtype), elements, unit;
    dtype_unit(dtype, &elements, &unit);
    int64_t row_bytes = cols / elements * unit;
    s.part = (int64_t)(check->test->level == LEVEL_REF ? 1 : 64) << 20;
    s.weight = (struct weight){ .dtype = dtype, .rows = s.part / row_bytes / PANEL * PANEL, .cols = cols };
    s.weight.row_stride = row_bytes;
    s.weight.col_stride = bits / 8;
    if (transposed) {
        s.weight.rows = 1024;
        s.weight.row_stride = bits / 8;
        s.weight.col_stride = 1024 * bits / 8;
        s.part = cols * s.weight.col_stride;
    }
    unsigned char *scales = NULL;
    if (dtype == DTYPE_F8_E4M3 || dtype == DTYPE_F4_E2M1) {
        bool f4 = dtype == DTYPE_F4_E2M1;
        s.weight.scale_dtype = f4 ? DTYPE_F8_E8M0 : DTYPE_BF16;
        s.weight.scale_rows = f4 ? 1 : 128;
        s.weight.scale_cols = f4 ? 32 : 128;
        s.weight.scale_col_stride = f4 ? 1 : 2;
        s.weight.scale_row_stride = ceil_div(cols, s.weight.scale_cols) * s.weight.scale_col_stride;
        int64_t bytes = ceil_div(s.weight.rows, s.weight.scale_rows) * s.weight.scale_row_stride;
        scales = check_input(check, bytes);
        memset(scales, 0x3c, (size_t)bytes);
        s.weight.scale = scales;
    }
    check_fill(check, DATA_EQUAL, s.x, 8192); /* bf16 numbers */
    char shape[64];
    snprintf(shape, sizeof shape, "1 row, %s%s, K %ld", dtype_name(dtype), transposed ? " transposed" : "",
             (long)cols);
    double amount = (double)s.weight.rows * (double)row_bytes;
    check_rate(check, shape, amount, check_seconds(stream_part, &s), "GB/s", check_bandwidth());
    check_done(check);
}

void bench_panel_f32(struct check *check) {
    bench_stream(check, false, DTYPE_F32, 1024, false);
    bench_stream(check, false, DTYPE_F32, 2048, false);
    bench_stream(check, false, DTYPE_F32, 3584, false);
    bench_stream(check, false, DTYPE_BF16, 2048, false);
    bench_stream(check, false, DTYPE_F16, 2048, false);
    bench_stream(check, false, DTYPE_F32, 2048, true);
    bench_stream(check, false, DTYPE_Q8_0, 2048, false);
    bench_stream(check, false, DTYPE_Q4_0, 2048, false);
    bench_stream(check, false, DTYPE_Q4_K, 2048, false);
}

void bench_panel_bf16(struct check *check) {
    bench_stream(check, true, DTYPE_BF16, 1024, false);
    bench_stream(check, true, DTYPE_BF16, 2048, false);
    bench_stream(check, true, DTYPE_BF16, 3584, false);
    bench_stream(check, true, DTYPE_BF16, 2048, true);
    bench_stream(check, true, DTYPE_F8_E4M3, 2048, false);
    bench_stream(check, true, DTYPE_F4_E2M1, 2048, false);
    for (enum dtype dtype = DTYPE_Q8_0; dtype < DTYPE_COUNT; dtype++)
        bench_stream(check, true, dtype, 2048, false);
}

/* Many rows on a panel that lies in the cache: what a prompt does. */
struct product_bench {
    const struct kernels *kernels;
    int64_t rows;
    float *panel, *x, *acc;
};
enum { PRODUCT_K = 256, PRODUCT_STRIDE = 2048 };

static void product_f32_once(void *argument) {
    struct product_bench *p = argument;
    p->kernels->product_f32(p->panel, PRODUCT_K, p->x, PRODUCT_STRIDE, p->rows, p->acc);
}

static void product_bf16_once(void *argument) {
    struct product_bench *p = argument;
    p->kernels->product_bf16((const uint32_t *)(void *)p->panel, PRODUCT_K, (const uint16_t *)(void *)p->x,
                             PRODUCT_STRIDE, p->rows, p->acc);
}

static void bench_product(struct check *check, void (*once)(void *argument)) {
    static const int64_t counts[] = { 1, 4, 12, 128 };
    for (int i = 0; i < 4; i++) {
        struct product_bench p = { .kernels = check->test, .rows = counts[i] };
        p.panel = check_input(check, PRODUCT_K * PANEL * 4);
        p.x = check_input(check, p.rows * PRODUCT_STRIDE * 4);
        p.acc = check_output(check, p.rows * PANEL * 4);
        uint32_t *words = (uint32_t *)(void *)p.panel;
        for (int64_t k = 0; k < PRODUCT_K * PANEL; k++)
            words[k] = ((uint32_t)random_u64(&check->random) & 0x81ff81ff) | 0x3e003e00;
        check_fill(check, DATA_NORMAL, p.x, p.rows * PRODUCT_STRIDE);
        memset(p.acc, 0, (size_t)(p.rows * PANEL * 4));
        char shape[64];
        snprintf(shape, sizeof shape, "%ld rows, K %d", (long)p.rows, PRODUCT_K);
        check_rate(check, shape, 2.0 * PRODUCT_K * PANEL * (double)p.rows, check_seconds(once, &p), "GFLOP/s",
                   check_flops(check->test->level));
        check_done(check);
    }
}

void bench_product_f32(struct check *check) {
    bench_product(check, product_f32_once);
}

void bench_product_bf16(struct check *check) {
    bench_product(check, product_bf16_once);
}

struct row_bench {
    const struct kernels *kernels;
    struct weight weight;
    float *x, *out;
    enum dtype dtype;
};
enum { ROW = 4096 };

static void round_once(void *argument) {
    struct row_bench *b = argument;
    b->kernels->round_bf16(b->x, ROW, (uint16_t *)(void *)b->out);
}

static void unpack_once(void *argument) {
    struct row_bench *b = argument;
    b->kernels->unpack_row(&b->weight, 0, b->out);
}

static void pack_once(void *argument) {
    struct row_bench *b = argument;
    b->kernels->pack_row(b->dtype, b->x, ROW, b->out);
}

static void bench_rows(struct check *check, void (*once)(void *argument), enum dtype dtype) {
    struct row_bench b = { .kernels = check->test, .dtype = dtype };
    b.x = check_input(check, ROW * 4);
    b.out = check_output(check, ROW * 4);
    check_fill(check, DATA_NORMAL, b.x, ROW);
    b.weight = weight_matrix(b.x, dtype, 1, ROW);
    char shape[64];
    snprintf(shape, sizeof shape, "%d of %s", ROW, dtype_name(dtype));
    check_rate(check, shape, ROW, check_seconds(once, &b), "Gelem/s", 0);
    check_done(check);
}

void bench_round_bf16(struct check *check) {
    bench_rows(check, round_once, DTYPE_F32);
}

void bench_unpack_row(struct check *check) {
    bench_rows(check, unpack_once, DTYPE_F32);
    bench_rows(check, unpack_once, DTYPE_BF16);
    bench_rows(check, unpack_once, DTYPE_F16);
    bench_rows(check, unpack_once, DTYPE_F8_E4M3);
}

void bench_pack_row(struct check *check) {
    bench_rows(check, pack_once, DTYPE_BF16);
    bench_rows(check, pack_once, DTYPE_F16);
    bench_rows(check, pack_once, DTYPE_Q8_0);
}
