/*
 * Every preset reads, leaves no key unread, and counts as its publisher says within what the publisher
 * rounded, or with a reason.
 */
#include "model/presets.h"

#include "model/family.h"
#include "test.h"

#include <math.h>

TEST(every_preset_reads_and_counts) {
    const struct preset *preset;
    int count = 0;
    for (; (preset = preset_at(count)) != NULL; count++) {
        struct arena arena;
        struct config config;
        struct spec spec;
        struct param_count params;
        struct published published;
        const struct family *family;
        struct sy_error err = { 0 };
        const char **unknown;
        int64_t unknown_count;
        arena_open(&arena);
        if (!preset_open(preset, &arena, &config, &err) ||
            !spec_from_config(&config, &arena, &family, &spec, &err) || !spec_count(&spec, &params, &err))
            fail_msg("%s: %s: %s", preset->name, err.place, err.message);
        assert_true(config_unknown(&config, &unknown, &unknown_count, &err));
        assert_int_equal(unknown_count, 0);
        assert_true(preset_published(preset, &published));
        double off = fabs((double)params.total / (double)published.total - 1);
        if (off > 0.005 && !published.why[0])
            fail_msg("%s is off by %g, without a reason", preset->name, off);
        if (off > 0.06) fail_msg("%s is off by %g", preset->name, off);
        assert_ptr_equal(preset_find(preset->name), preset);
        config_close(&config);
        arena_close(&arena);
    }
    assert_int_equal(count, 46);
}

TEST(presets_are_found_by_name_alone) {
    assert_null(preset_find("published"));
    assert_null(preset_find(""));
    assert_null(preset_at(-1));
    assert_string_equal(preset_nearest("mixtral-8x7"), "mixtral-8x7b");
}
