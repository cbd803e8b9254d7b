/* Limits of memory, on trees of /proc and /sys made for the purpose. */
#include "base/lay_test.h"
#include "base/memory_limit.h"

#include <string.h>
#include <sys/resource.h>

static void expect(int64_t bytes, const char *word) {
    struct memory_limit limit = memory_limit(test_temp_dir());
    assert_int_equal(limit.bytes, bytes);
    if (!strstr(limit.whose, word)) fail_msg("%s", limit.whose);
}

TEST(the_tightest_limit_of_memory_counts) {
    expect(INT64_MAX, "anybody");
    assert_int_equal(memory_limit(test_temp_dir()).available, INT64_MAX);
    lay("/proc/meminfo", "MemTotal:       24000 kB\nMemFree:  1 kB\nMemAvailable:   17000 kB\n");
    expect(24000 * 1024, "machine");
    assert_int_equal(memory_limit(test_temp_dir()).available, 17000 * 1024);
    lay("/proc/self/cgroup", "5:devices:/x\n4:memory:/user/job\n0::/\n");
    lay("/sys/fs/cgroup/memory/user/job/memory.limit_in_bytes", "9223372036854771712\n"); /* none */
    expect(24000 * 1024, "machine");
    lay("/sys/fs/cgroup/memory/user/memory.limit_in_bytes", "20000000\n"); /* the one above counts too */
    expect(20000000, "control group");
    lay("/proc/self/cgroup", "0::/user/job\n");
    expect(24000 * 1024, "machine"); /* other files */
    lay("/sys/fs/cgroup/user/job/memory.max", "max\n");
    expect(24000 * 1024, "machine");
    lay("/sys/fs/cgroup/memory.max", "5000000\n"); /* a container sees its own group as the root */
    expect(5000000, "control group");
    lay("/sys/fs/cgroup/memory.max", "nonsense");
    expect(24000 * 1024, "machine");
    lay("/proc/meminfo", "MemTotal: -3 kB\n");
    expect(INT64_MAX, "anybody");
}

/* Version 2, as a service in a slice has it: each group may say `max` and `high`, and the least of all
 * counts. */
TEST(nested_groups_of_version_2_count) {
    lay("/proc/meminfo", "MemTotal:       24000 kB\n");
    lay("/proc/self/cgroup", "0::/user.slice/user-0.slice/job.scope\n");
    lay("/sys/fs/cgroup/user.slice/user-0.slice/job.scope/memory.max", "max\n");
    lay("/sys/fs/cgroup/user.slice/user-0.slice/job.scope/memory.high", "max\n");
    expect(24000 * 1024, "machine");
    lay("/sys/fs/cgroup/user.slice/memory.max", "9000000\n");
    expect(9000000, "control group");
    lay("/sys/fs/cgroup/user.slice/user-0.slice/memory.high", "8000000\n");
    expect(8000000, "control group");
    lay("/sys/fs/cgroup/user.slice/user-0.slice/job.scope/memory.max", "7000000\n");
    expect(7000000, "control group");
    lay("/sys/fs/cgroup/user.slice/user-0.slice/job.scope/memory.max", "70000000\n"); /* above its parents' */
    expect(8000000, "control group");
    lay("/sys/fs/cgroup/user.slice/other.scope/memory.max", "1000\n"); /* a sibling's */
    lay("/sys/fs/cgroup/memory.high", "0\n");                          /* nothing at all */
    expect(0, "control group");
    lay("/sys/fs/cgroup/memory.high", "-5\n");
    expect(8000000, "control group");
    lay("/proc/self/cgroup", "0::/../outside/job\n"); /* from within a namespace */
    lay("/sys/fs/cgroup/memory.max", "6000000\n");
    expect(6000000, "control group");
}

TEST(a_limit_of_address_space_counts) {
    struct rlimit before, space;
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    space = (struct rlimit){ (rlim_t)3 << 30, before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_AS, &space), 0); /* of this test's process */
    expect((int64_t)3 << 30, "ulimit -v");
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0); /* a sanitizer's end needs more */
}
