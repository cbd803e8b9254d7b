/* Random numbers: the published sequences, and the shapes of what is drawn. Also the state of the FPU. */
#include "base/fpu.h"
#include "base/random.h"
#include "test.h"
#include <float.h>
#include <math.h>

TEST(random_known_values) {
    /* splitmix64 from seed 0, whose first outputs are widely published. */
    struct random random = random_seed(0);
    assert_true(random.state[0] == 0xe220a8397b1dcdafu);
    assert_true(random.state[1] == 0x6e789e6aa1b965f4u);
    /* xoshiro256** from the state 1, 2, 3, 4 (the vector that rand_xoshiro and numpy test against). */
    static const uint64_t want[] = { 11520u, 0u, 1509978240u, 1215971899390074240u, 1216172134540287360u };
    random = (struct random){ { 1, 2, 3, 4 } };
    for (int i = 0; i < 5; ++i) assert_true(random_u64(&random) == want[i]);
}

TEST(random_hash_depends_on_all) {
    assert_true(random_hash("ab", 2, 0) == random_hash("ab", 2, 0));
    assert_true(random_hash("ab", 2, 0) != random_hash("ab", 2, 1));
    assert_true(random_hash("ab", 2, 0) != random_hash("ba", 2, 0));
    assert_true(random_hash("ab", 2, 0) != random_hash("ab", 1, 0));
    assert_true(random_hash("", 0, 0) != random_hash("", 0, 1));
}

TEST(random_below_is_uniform) {
    struct random random = random_seed(3);
    enum { BOUND = 7, DRAWS = 70000 };
    int seen[BOUND] = { 0 };
    for (int i = 0; i < DRAWS; ++i) ++seen[random_below(&random, BOUND)];
    for (int i = 0; i < BOUND; ++i) assert_in_range(seen[i], 9500, 10500); /* five standard deviations */
    for (int i = 0; i < 100; ++i) assert_true(random_below(&random, 1) == 0);
    /* Just over half the range: without rejection the lower half would come twice as often. */
    uint64_t bound = ((uint64_t)1 << 63) + 1;
    int low = 0;
    for (int i = 0; i < 10000; ++i) {
        uint64_t x = random_below(&random, bound);
        assert_true(x < bound);
        low += x < bound / 2;
    }
    assert_in_range(low, 4700, 5300);
}

/* Along the indices of one seed, and along the seeds at one index: uniform, and neighbours are strangers. */
TEST(random_by_index_is_uniform) {
    enum { DRAWS = 100000, CELLS = 20 };
    for (int along_seeds = 0; along_seeds < 2; ++along_seeds) {
        double cells[CELLS][CELLS] = { { 0 } }, chi = 0, before = 0.5;
        for (uint64_t i = 0; i < DRAWS; ++i) {
            double u = along_seeds ? random_unit_at(i, 7) : random_unit_at(7, i);
            assert_true(u >= 0 && u < 1);
            ++cells[(int)(before * CELLS)][(int)(u * CELLS)];
            before = u;
        }
        double expected = (double)DRAWS / (CELLS * CELLS);
        for (int i = 0; i < CELLS * CELLS; ++i) {
            double off = cells[i / CELLS][i % CELLS] - expected;
            chi += off * off / expected;
        }
        assert_true(chi > 280 && chi < 530); /* 399 degrees of freedom, standard deviation 28 */
    }
    assert_true(random_unit_at(1, 2) == random_unit_at(1, 2));
    assert_true(random_unit_at(1, 2) != random_unit_at(2, 1));
}

TEST(random_moments) {
    struct random random = random_seed(4);
    enum { DRAWS = 200000 };
    double sum = 0, squares = 0, fourth = 0, units = 0;
    for (int i = 0; i < DRAWS; ++i) {
        double x = random_normal(&random), u = random_unit(&random);
        assert_true(u >= 0 && u < 1);
        units += u;
        sum += x;
        squares += x * x;
        fourth += x * x * x * x;
    }
    assert_true(fabs(units / DRAWS - 0.5) < 0.004);
    assert_true(fabs(sum / DRAWS) < 0.012);
    assert_true(fabs(squares / DRAWS - 1) < 0.02);
    assert_true(fabs(fourth / DRAWS - 3) < 0.15);
}

#if defined(__SSE2__)
TEST(fpu_flushes_and_restores) {
    volatile float small = FLT_MIN;
    assert_true(small / 2 != 0);
    unsigned former = fpu_flush_denormals();
    assert_true(small / 2 == 0);
    unsigned inner = fpu_flush_denormals();
    fpu_restore(inner);
    assert_true(small / 2 == 0); /* nested: still set */
    fpu_restore(former);
    assert_true(small / 2 != 0);
}
#endif
