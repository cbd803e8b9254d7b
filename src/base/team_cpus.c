/*
 * Counting processors. The affinity mask says which; /sys says which of them share a core; the quota of the
 * control group says how much of them (a container with "2 CPUs" on a machine of 64 sees all 64 in its mask).
 */
#include "base/team_cpus.h"
#include "base/os.h"
#include "base/team.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES_MAX 65536
#define PATH_BYTES_MAX 4096

/* A small system file's text, malloc'ed; NULL where it is absent. */
static char *read_system(const char *path) {
    char *text;
    int64_t size;
    return os_read_file(path, FILE_BYTES_MAX, &text, &size, NULL) ? text : NULL;
}

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
        snprintf(path, sizeof path, "%s/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", root,
                 cpu);
        char *list = read_system(path);
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
static int group_quota(int so_far, const char *folder) {
    char path[PATH_BYTES_MAX + 32];
    double quota = 0, period = 0;
    snprintf(path, sizeof path, "%s/cpu.max", folder);
    char *text = read_system(path);
    if (text) {
        if (sscanf(text, "%lf %lf", &quota, &period) != 2) quota = 0; /* "max 100000": none */
        free(text);
        return tighter(so_far, quota, period);
    }
    snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
    char *quota_text = read_system(path);
    snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
    char *period_text = read_system(path);
    if (quota_text && period_text)
        so_far = tighter(so_far, strtod(quota_text, NULL), strtod(period_text, NULL));
    free(quota_text);
    free(period_text);
    return so_far;
}

/* A group and all above it, up to where the hierarchy is mounted. */
static int walk_groups(int so_far, const char *root, const char *mount, const char *group) {
    char folder[PATH_BYTES_MAX];
    int base = snprintf(folder, sizeof folder, "%s/sys/fs/cgroup%s", root, mount);
    if (base < 0 || (size_t)base + strlen(group) >= sizeof folder) return so_far;
    memcpy(folder + base, group, strlen(group) + 1);
    for (;;) {
        so_far = group_quota(so_far, folder);
        char *slash = strrchr(folder + base, '/');
        if (!slash) return so_far;
        *slash = 0;
    }
}

int team_cpus_quota(const char *root) {
    char path[PATH_BYTES_MAX];
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    char *groups = read_system(path), *rest = NULL;
    if (!groups) return 0;
    int quota = 0;
    for (char *line = strtok_r(groups, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group) continue;
        *group++ = 0;
        if (*++controllers == 0) { /* version 2, alone or beside version 1 */
            quota = walk_groups(quota, root, "", group);
            quota = walk_groups(quota, root, "/unified", group);
        } else {
            char mount[64];
            bool cpu = false;
            snprintf(mount, sizeof mount, "/%s", controllers);
            char *more = NULL;
            for (char *c = strtok_r(controllers, ",", &more); c; c = strtok_r(NULL, ",", &more))
                cpu = cpu || strcmp(c, "cpu") == 0;
            if (!cpu) continue;
            quota = walk_groups(quota, root, "/cpu", group);
            if (strcmp(mount, "/cpu") != 0) quota = walk_groups(quota, root, mount, group);
        }
    }
    free(groups);
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
