/* The table of machines holds what a plan needs, each figure with its source. */
#include "plan/machines.h"
#include "test.h"

#include <math.h>
#include <string.h>

static void figure_is_sound(const struct named_machine *m, const char *what, const struct machine_figure *f,
                            double low, double high) {
    if (!(f->value >= low && f->value <= high)) fail_msg("%s: %s is %g", m->name, what, f->value);
    if (!f->source[0] || strlen(f->source) + 1 == sizeof f->source)
        fail_msg("%s: %s has no source, or one too long", m->name, what);
}

TEST(every_machine_has_its_figures_and_sources) {
    struct named_machine m, found;
    struct sy_error err = { 0 };
    int count = 0;
    for (; machine_at(count, &m); count++) {
        assert_true(m.name[0] && m.title[0] && m.devices == 1 && m.devices_most >= 1);
        figure_is_sound(&m, "memory", &m.memory, 4e9, 1e13);
        figure_is_sound(&m, "reading", &m.read, 1e9, 1e14);
        figure_is_sound(&m, "f32", &m.flops[RATE_F32], 1e10, 1e16);
        for (enum rate_type t = RATE_BF16; t < RATE_TYPES; t++)
            if (m.flops[t].value > 0) {
                figure_is_sound(&m, rate_type_name(t), &m.flops[t], m.flops[t - 1].value, 1e17);
            }
        if (m.devices_most > 1) figure_is_sound(&m, "link", &m.link, 1e9, 1e13);
        assert_true(machine_find(m.name, &found, &err));
        assert_string_equal(found.title, m.title);
    }
    assert_true(count >= 20);
    assert_false(machine_at(-1, &m));
}

TEST(machines_are_found_by_name_and_number) {
    struct named_machine m;
    struct sy_error err = { 0 };
    assert_true(machine_find("h100x8", &m, &err));
    assert_int_equal(m.devices, 8);
    assert_string_equal(m.name, "h100x8");
    assert_true(fabs(m.memory.value - 80.0 * (1 << 30)) < 1);
    assert_true(machine_find("h100-pcie", &m, &err));
    assert_string_equal(m.title, "NVIDIA H100 PCIe");
    static const char *const alike[][2] = {
        { "H100", "h100" },           { "RTX 4090", "rtx4090" },        { "4090", "rtx4090" },
        { "a100", "a100-80g" },       { "A100-80GB x8", "a100-80gx8" }, { "m2ultra", "m2-ultra" },
        { "RTX-4090x2", "rtx4090x2" }
    };
    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++) {
        if (!machine_find(alike[i][0], &m, &err)) fail_msg("%s is not found", alike[i][0]);
        assert_string_equal(m.name, alike[i][1]);
    }
    static const char *const wrong[] = { "h100x", "h100x0", "h100x9", "h100x8x2", "h10", "", "epyc-9654x2" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        err = (struct sy_error){ 0 };
        if (machine_find(wrong[i], &m, &err)) fail_msg("'%s' is found", wrong[i]);
        assert_int_equal(err.code, SY_ERR_USAGE);
        assert_non_null(strstr(err.message, "--machine"));
        assert_true(err.remedy[0]);
    }
    assert_true(machine_find("a100-80g", &m, &err));
    assert_int_equal(machine_rate_type(&m, RATE_F8), RATE_BF16); /* no float8 */
    assert_true(machine_find("raspberry-pi-5", &m, &err));
    assert_int_equal(machine_rate_type(&m, RATE_BF16), RATE_F32);
}
