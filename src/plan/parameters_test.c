#include "plan/plan_test.h"

static struct plan_parameters parameters_of(const char *preset) {
    struct arena arena;
    struct spec spec;
    struct plan_parameters p;
    preset_spec(preset, &arena, &spec);
    assert_true(plan_parameters(&spec, &p, NULL));
    arena_close(&arena);
    return p;
}

TEST(active_parts_add_up) {
    const struct preset *preset;
    for (int i = 0; (preset = preset_at(i)) != NULL; i++) {
        struct plan_parameters p = parameters_of(preset->name);
        int64_t all = 0, active = 0;
        for (enum part part = 0; part < PART_COUNT; part++) {
            all += p.count.part[part];
            active += p.active_part[part];
            assert_true(p.active_part[part] >= 0);
        }
        assert_int_equal(all, p.count.total);
        assert_int_equal(active, p.count.active);
    }
}

/* By the headers of published files, GLM-4.5's layer 92 is 3.99 B without its copies of table and head. */
TEST(mtp_modules_are_counted_apart) {
    assert_close((double)parameters_of("glm-4.5").mtp, 3.99e9, 0.002);
    assert_close((double)parameters_of("deepseek-v3").mtp, 11.6e9, 0.01);
    assert_int_equal(parameters_of("kimi-k2").mtp, 0);
}

/* A dense twin differs from what acts by the routers alone. */
TEST(dense_twins_are_of_equal_size) {
    static const char *const names[] = { "mixtral-8x7b", "olmoe-1b-7b", "deepseek-v3", "switch-base-128",
                                         "arctic" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct plan_parameters p = parameters_of(names[i]);
        assert_close((double)p.dense_active, (double)(p.count.active - p.count.part[PART_ROUTER]), 2e-5);
        assert_close((double)p.dense_total, (double)(p.count.total - p.count.part[PART_ROUTER]), 2e-5);
    }
}
