/*
 * The limits of memory. A control group that is full kills somebody, and mapped files are counted in it,
 * though they can be dropped; address space (ulimit -v) makes calls fail; a machine that is full kills
 * somebody, too.
 */
#include "base/memory_limit.h"

#include "base/cgroup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define NO_LIMIT ((int64_t)1 << 60) /* version 1 writes none as a number near 2^63 */

static void lower(struct memory_limit *limit, int64_t bytes, const char *whose) {
    if (bytes < 0 || bytes >= NO_LIMIT || bytes >= limit->bytes) return;
    limit->bytes = bytes;
    limit->whose = whose;
}

static void group_limit(void *argument, const char *folder) {
    /* Who goes over memory.max is killed, who goes over memory.high is slowed down until nothing moves (both
     * of version 2). memory.limit_in_bytes is version 1's. */
    static const char *const files[] = { "memory.max", "memory.high", "memory.limit_in_bytes" };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *text = cgroup_text(folder, files[i]), *end;
        if (!text) continue;
        long long bytes = strtoll(text, &end, 10); /* "max": none */
        if (end != text) lower(argument, bytes, "this process's control group allows");
        free(text);
    }
}

/* "MemTotal:   24 kB" in bytes, -1 where there is no such line. */
static int64_t line_of(const char *text, const char *name) {
    const char *line = strstr(text, name);
    long long kilobytes;
    if (!line || sscanf(line + strlen(name), ": %lld kB", &kilobytes) != 1) return -1;
    return kilobytes >= 0 && kilobytes < NO_LIMIT / 1024 ? kilobytes * 1024 : -1;
}

struct memory_limit memory_limit(const char *root) {
    struct memory_limit limit = { INT64_MAX, "anybody allows", INT64_MAX };
    char proc[4096];
    snprintf(proc, sizeof proc, "%s/proc", root);
    char *text = cgroup_text(proc, "meminfo");
    if (text) {
        int64_t available = line_of(text, "MemAvailable");
        lower(&limit, line_of(text, "MemTotal"), "this machine has");
        if (available >= 0) limit.available = available;
        free(text);
    }
    struct rlimit space;
    if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur < (rlim_t)NO_LIMIT)
        lower(&limit, (int64_t)space.rlim_cur, "ulimit -v allows");
    cgroup_walk(root, "memory", group_limit, &limit);
    return limit;
}
