/*
 * Energy counters in a made-up /sys/class/powercap.
 */
#include "commands/bench/energy.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[TEST_PATH_MAX];

static void lay_file(const char *zone, const char *file, const char *text) {
    char path[2 * TEST_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", root, zone);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/%s/%s", root, zone, file);
    unlink(path);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    assert_int_equal(fclose(out), 0);
}

static void lay_zone(const char *zone, const char *name, const char *energy, const char *range) {
    lay_file(zone, "name", name);
    lay_file(zone, "energy_uj", energy);
    lay_file(zone, "max_energy_range_uj", range);
}

static void lay_root(void) {
    test_temp_path(root, "powercap");
    assert_int_equal(mkdir(root, 0700), 0);
}

TEST(energy_is_that_of_packages_and_memory) {
    struct energy energy;
    struct energy_reading before;
    lay_root();
    lay_zone("intel-rapl:0", "package-0\n", "1000000\n", "262143328850\n");
    lay_zone("intel-rapl:0:0", "core\n", "5\n", "262143328850\n");
    lay_zone("intel-rapl:0:1", "dram\n", "400\n", "65712999613\n");
    lay_zone("intel-rapl:1", "package-1\n", "262143000000\n", "262143328850\n");
    lay_zone("intel-rapl:2", "psys\n", "7\n", "262143328850\n");
    lay_zone("intel-rapl-mmio:0", "package-0\n", "1000000\n", "262143328850\n");
    lay_file("intel-rapl", "enabled", "1\n");
    lay_file("dtpm", "name", "package-9\n");
    energy_open(root, &energy);
    assert_int_equal(energy.count, 3);
    energy_read(&energy, &before);
    assert_true(before.read);
    assert_true(energy_since(&energy, &before) == 0);
    lay_file("intel-rapl:0", "energy_uj", "3500000\n");
    lay_file("intel-rapl:0:1", "energy_uj", "250400\n");
    lay_file("intel-rapl:0:0", "energy_uj", "9999999\n");
    lay_file("intel-rapl:1", "energy_uj", "671150\n"); /* it began anew: 1 J */
    double joules = energy_since(&energy, &before);
    if (fabs(joules - 3.75) > 1e-9) fail_msg("%g J", joules);
}

/* Root's alone, half of them, numbers that are none, or no counters: nothing, and no word. */
TEST(energy_that_cannot_be_read_is_not_told) {
    struct energy energy;
    struct energy_reading before;
    lay_root();
    energy_open("/nowhere", &energy);
    assert_int_equal(energy.count, 0);
    energy_open(root, &energy);
    assert_int_equal(energy.count, 0);
    energy_read(&energy, &before);
    assert_false(before.read);
    assert_true(isnan(energy_since(&energy, &before)));
    lay_zone("intel-rapl:0", "package-0\n", "100\n", "1000\n");
    static const char *const bad[] = { "", "x\n", "-5\n", "5 6\n", "99999999999999999999\n" };
    for (int i = 0; i < 5; i++) {
        lay_zone("intel-rapl:1", "package-1\n", bad[i], "1000\n");
        energy_open(root, &energy);
        assert_int_equal(energy.count, 0);
        lay_zone("intel-rapl:1", "package-1\n", "5\n", bad[i]);
        energy_open(root, &energy);
        assert_int_equal(energy.count, 0);
    }
    lay_zone("intel-rapl:1", "package-1\n", "5\n", "1000\n");
    energy_open(root, &energy);
    assert_int_equal(energy.count, 2);
    energy_read(&energy, &before);
    char path[2 * TEST_PATH_MAX];
    snprintf(path, sizeof path, "%s/intel-rapl:1/energy_uj", root);
    unlink(path); /* a file that cannot be opened, as for others than root: tests may run as root */
    assert_true(isnan(energy_since(&energy, &before)));
    energy_open(root, &energy);
    assert_int_equal(energy.count, 0);
}
