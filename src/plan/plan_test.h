/* Specs of presets for the tests of this folder. */
#ifndef PLAN_PLAN_TEST_H
#define PLAN_PLAN_TEST_H

#include "model/family.h"
#include "model/presets.h"
#include "plan/plan.h"
#include "test.h"

static inline void preset_spec(const char *name, struct arena *arena, struct spec *spec) {
    struct config config;
    struct sy_error err = { 0 };
    const struct family *family;
    const struct preset *preset = preset_find(name);
    assert_non_null(preset);
    arena_open(arena);
    assert_true(preset_open(preset, arena, &config, &err));
    if (!spec_from_config(&config, arena, &family, spec, &err)) fail_msg("%s: %s", name, err.message);
    config_close(&config);
}

/* bf16 weights, f16 keys, one sequence of 4096, uniform routing. */
static inline struct plan_input preset_input(const struct spec *spec) {
    static const struct rates rates = RATES_DEFAULT;
    return (struct plan_input){
        .memory = { .traffic = { .weights = { .spec = spec, .recipe = recipe_find("bf16") },
                                 .kv = DTYPE_F16,
                                 .context = 4096 },
                    .batch = 1,
                    .threads = 2 },
        .rates = rates,
    };
}

static inline void assert_close(double got, double want, double relative) {
    double off = got / want - 1;
    if (!(off <= relative && off >= -relative)) fail_msg("%.10g, not %.10g", got, want);
}

#endif
