/*
 * Counting processors. The affinity mask says which; /sys says which of them share a core; the quota of the
 * control group says how much of them (a container with "2 CPUs" on a machine of 64 sees all 64 in its mask).
 */
#include "base/team_cpus.h"
#include "base/cgroup.h"
#include "base/team.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES_MAX 4096

/* Whether a list such as "0-3,8" holds an allowed processor below `cpu`. */
static bool has_lower_sibling(const char *list, int cpu, const cpu_set_t *allowed) {
    while (*list) {
        char *end;
        long first = strtol(list, &end, 10), last = first;
        if (end == list) return false;
        if (*end == '-') last = strtol(end + 1, &end, 10);
        for (long i = first < 0 ? 0 : first; i <= last && i < cpu; ++i)
            if (CPU_ISSET((size_t)i, allowed)) return true;
        if (*end != ',') return false;
        list = end + 1;
    }
    return false;
}

int team_cpus_cores(const char *root, const cpu_set_t *allowed) {
    int cores = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (!CPU_ISSET((size_t)cpu, allowed)) continue;
        char path[PATH_BYTES_MAX];
        snprintf(path, sizeof path, "%s/sys/devices/system/cpu/cpu%d/topology", root, cpu);
        char *list = cgroup_text(path, "thread_siblings_list");
        if (!list || !has_lower_sibling(list, cpu, allowed)) ++cores;
        free(list);
    }
    return cores;
}

static int tighter(int a, double quota, double period) {
    if (quota <= 0 || period <= 0) return a;
    double share = quota / period;
    int b = share < 1 ? 1 : share < TEAM_MAX ? (int)share : TEAM_MAX;
    return a == 0 || b < a ? b : a;
}

/* The quota of the one group whose folder is `folder`, in either version's files. */
static void group_quota(void *argument, const char *folder) {
    int *so_far = argument;
    double quota = 0, period = 0;
    char *text = cgroup_text(folder, "cpu.max");
    if (text) {
        if (sscanf(text, "%lf %lf", &quota, &period) != 2) quota = 0; /* "max 100000": none */
        free(text);
        *so_far = tighter(*so_far, quota, period);
        return;
    }
    char *quota_text = cgroup_text(folder, "cpu.cfs_quota_us"),
         *period_text = cgroup_text(folder, "cpu.cfs_period_us");
    if (quota_text && period_text)
        *so_far = tighter(*so_far, strtod(quota_text, NULL), strtod(period_text, NULL));
    free(quota_text);
    free(period_text);
}

int team_cpus_quota(const char *root) {
    int quota = 0;
    cgroup_walk(root, "cpu", group_quota, &quota);
    return quota;
}

static int within_quota(int count) {
    int quota = team_cpus_quota("");
    if (quota > 0 && quota < count) count = quota;
    return count < 1 ? 1 : count > TEAM_MAX ? TEAM_MAX : count;
}

/* The mask, or all that are online where the machine has more processors than a mask holds. */
static int allowed_cpus(cpu_set_t *allowed) {
    CPU_ZERO(allowed);
    if (sched_getaffinity(0, sizeof *allowed, allowed) == 0) return CPU_COUNT(allowed);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    for (long i = 0; i < online && i < CPU_SETSIZE; ++i) CPU_SET((size_t)i, allowed);
    return online < 1 ? 1 : (int)online;
}

int team_cpus_usable(void) {
    cpu_set_t allowed;
    return within_quota(allowed_cpus(&allowed));
}

int team_default_count(void) {
    cpu_set_t allowed;
    allowed_cpus(&allowed);
    return within_quota(team_cpus_cores("", &allowed));
}
