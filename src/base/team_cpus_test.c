/* Counting processors, on trees of /proc and /sys made for the purpose. */
#include "base/lay_test.h"
#include "base/team_cpus.h"

#include <stdio.h>

static void lay_siblings(int cpu, const char *list) {
    char path[128];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
    lay(path, list);
}

TEST(cores_are_counted_once) {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    for (size_t i = 0; i < 8; ++i) CPU_SET(i, &allowed);
    assert_int_equal(team_cpus_cores(test_temp_dir(), &allowed), 8); /* nothing known: each its own */
    for (int i = 0; i < 4; ++i) {                                    /* four cores, two threads each */
        char list[32];
        snprintf(list, sizeof list, "%d,%d\n", i, i + 4);
        lay_siblings(i, list);
        lay_siblings(i + 4, list);
    }
    assert_int_equal(team_cpus_cores(test_temp_dir(), &allowed), 4);
    CPU_CLR((size_t)0, &allowed); /* its core is still there by way of 4 */
    assert_int_equal(team_cpus_cores(test_temp_dir(), &allowed), 4);
    CPU_CLR((size_t)4, &allowed);
    assert_int_equal(team_cpus_cores(test_temp_dir(), &allowed), 3);
    lay_siblings(1, "1-3\n"); /* ranges */
    lay_siblings(2, "1-3\n");
    lay_siblings(3, "1-3\n");
    lay_siblings(5, "5-7\n");
    lay_siblings(6, "5-7\n");
    lay_siblings(7, "5-7\n");
    assert_int_equal(team_cpus_cores(test_temp_dir(), &allowed), 2);
}

TEST(quota_of_version_2) {
    assert_int_equal(team_cpus_quota(test_temp_dir()), 0); /* no control groups at all */
    lay("/proc/self/cgroup", "0::/user/job\n");
    lay("/sys/fs/cgroup/user/job/cpu.max", "max 100000\n");
    assert_int_equal(team_cpus_quota(test_temp_dir()), 0);
    lay("/sys/fs/cgroup/user/cpu.max", "350000 100000\n"); /* the one above counts too */
    assert_int_equal(team_cpus_quota(test_temp_dir()), 3);
    lay("/sys/fs/cgroup/user/job/cpu.max", "50000 100000\n");
    assert_int_equal(team_cpus_quota(test_temp_dir()), 1);
}

TEST(quota_of_a_container) {
    lay("/proc/self/cgroup",
        "0::/../elsewhere\n"); /* a path that is not visible here: the mount itself holds it */
    lay("/sys/fs/cgroup/cpu.max", "200000 100000\n");
    assert_int_equal(team_cpus_quota(test_temp_dir()), 2);
}

TEST(quota_of_version_1) {
    lay("/proc/self/cgroup", "5:memory:/a\n4:cpuset:/b\n3:cpu,cpuacct:/docker/x\nnonsense\n");
    lay("/sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us", "-1\n");
    lay("/sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_period_us", "100000\n");
    assert_int_equal(team_cpus_quota(test_temp_dir()), 0);
    lay("/sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us", "400000\n");
    assert_int_equal(team_cpus_quota(test_temp_dir()), 4);
    lay("/sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us", "200000\n"); /* the usual second name of the mount */
    lay("/sys/fs/cgroup/cpu/docker/x/cpu.cfs_period_us", "100000\n");
    assert_int_equal(team_cpus_quota(test_temp_dir()), 2);
}

TEST(usable_cpus_of_this_machine) {
    assert_true(team_cpus_usable() >= 1);
}
