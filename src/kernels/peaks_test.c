/*
 * The machine's limits: every level has them, and they are no slower than what stands beside them.
 */
#include "kernels/peaks.h"

#include "base/os.h"
#include "kernels/ops.h"
#include "test.h"

#include <stdlib.h>

TEST(every_level_above_ref_multiplies_in_each_way) {
    assert_null(peak_loop(LEVEL_REF, ARITHMETIC_F32, 0).run);
    for (int l = LEVEL_REF + 1; l <= (int)level_of_machine(); l++)
        for (int a = 0; a < ARITHMETIC_COUNT; a++) {
            unsigned char sink[PEAK_SINK] = { 0 };
            const struct peak_loop loop = peak_loop((enum level)l, (enum arithmetic)a, 0);
            assert_non_null(loop.run);
            loop.run(sink);
            assert_true(loop.operations > 0);
            bool written = false;
            for (int i = 0; i < PEAK_SINK; i++) written |= sink[i] != 0;
            assert_true(written);
        }
    assert_null(peak_loop(LEVEL_COUNT - 1, ARITHMETIC_F32, LEVEL_COUNT).run);
    struct peak_loop most = peak_loop(LEVEL_COUNT, ARITHMETIC_INTEGER, 0), own; /* no level that it lacks */
    own = peak_loop(level_of_machine(), ARITHMETIC_INTEGER, 0);
    assert_true(most.run == own.run && most.operations == own.operations);
}

/* A loop that a compiler had solved would take no time. */
TEST(a_peak_costs_time_for_each_operation) {
    for (int a = 0; a < ARITHMETIC_COUNT; a++) {
        unsigned char sink[PEAK_SINK];
        for (int i = 0;; i++) {
            const struct peak_loop loop = peak_loop(level_of_machine(), (enum arithmetic)a, i);
            if (!loop.run) break;
            double begin = os_cpu_seconds();
            for (int j = 0; j < 20; j++) loop.run(sink);
            double rate = 20 * loop.operations / (os_cpu_seconds() - begin);
            if (rate > 2e13) fail_msg("%d, %d: %g operations a second of one core", a, i, rate);
        }
    }
}

TEST(reads_see_every_byte) {
    const int64_t bytes = (int64_t)8 * PEAK_READ;
    uint64_t *memory = aligned_alloc(64, (size_t)bytes + PEAK_READ + 64); /* fetched ahead, never read */
    assert_non_null(memory);
    assert_non_null(peak_read(LEVEL_REF, 0));
    for (int i = 0; peak_read(level_of_machine(), i); i++) {
        const struct peak_read *read = peak_read(level_of_machine(), i);
        assert_true(read->name[0] != 0);
        for (int64_t w = 0; w < bytes / 8; w++) memory[w] = 0;
        assert_int_equal(read->sum(memory, bytes), 0);
        int64_t seen = 0; /* of the words that fall into the first lane, which the sum is of */
        for (int64_t w = 0; w < bytes / 8; w++) {
            memory[w] = 1;
            seen += read->sum(memory, bytes) != 0;
            memory[w] = 0;
        }
        int64_t lanes = i == 0 ? 1 : bytes / 8 / seen;
        assert_true(lanes == 1 || lanes == 4 || lanes == 8);
        assert_true(seen * lanes == bytes / 8);
    }
    free(memory);
}

TEST(products_say_what_they_are_computed_in) {
    static const struct {
        enum dtype dtype;
        enum arithmetic prompt, step, prompt_bf16;
    } cases[] = {
        { DTYPE_F32, ARITHMETIC_F32, ARITHMETIC_F32, ARITHMETIC_F32 },
        { DTYPE_F16, ARITHMETIC_F32, ARITHMETIC_F32, ARITHMETIC_F32 },
        { DTYPE_BF16, ARITHMETIC_BF16, ARITHMETIC_BF16, ARITHMETIC_BF16 },
        { DTYPE_Q8_0, ARITHMETIC_INTEGER, ARITHMETIC_INTEGER, ARITHMETIC_BF16 },
        { DTYPE_Q4_K, ARITHMETIC_INTEGER, ARITHMETIC_INTEGER, ARITHMETIC_BF16 },
    };
    struct kernels kernels = kernels_select(LEVEL_COUNT - 1);
    const struct numerics fast = { .compute = COMPUTE_BF16 }, exact = { .compute = COMPUTE_F32 },
                          bf16 = { .compute = COMPUTE_BF16, .regime = REGIME_BF16 };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct weight w = weight_matrix(NULL, cases[i].dtype, 32, 256);
        assert_int_equal(matmul_arithmetic(&kernels, &fast, &w, false), cases[i].prompt);
        assert_int_equal(matmul_arithmetic(&kernels, &fast, &w, true), cases[i].step);
        assert_int_equal(matmul_arithmetic(&kernels, &bf16, &w, false), cases[i].prompt_bf16);
        assert_int_equal(matmul_arithmetic(&kernels, &bf16, &w, true), cases[i].step);
        assert_int_equal(matmul_arithmetic(&kernels, &exact, &w, true), ARITHMETIC_F32);
    }
}
