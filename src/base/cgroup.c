/*
 * Walking up the control groups of this process, as /proc/self/cgroup names them:
 *
 *     0::/user/job             version 2, alone or beside version 1
 *     4:cpu,cpuacct:/job       version 1, mounted under /sys/fs/cgroup by any of those names
 */
#include "base/cgroup.h"

#include "base/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX 65536
#define PATH_BYTES_MAX 4096

char *cgroup_text(const char *folder, const char *name) {
    char path[PATH_BYTES_MAX + 64], *text;
    int64_t size;
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= sizeof path) return NULL;
    return os_read_file(path, FILE_BYTES_MAX, &text, &size, NULL) ? text : NULL;
}

struct group_walk {
    const char *root;
    void (*visit)(void *argument, const char *folder);
    void *argument;
};

/* A group and all above it, up to where the hierarchy is mounted. */
static void walk_up(const struct group_walk *walk, const char *mount, const char *group) {
    char folder[PATH_BYTES_MAX];
    int base = snprintf(folder, sizeof folder, "%s/sys/fs/cgroup%s", walk->root, mount);
    if (base < 0 || (size_t)base + strlen(group) >= sizeof folder) return;
    memcpy(folder + base, group, strlen(group) + 1);
    for (;;) {
        walk->visit(walk->argument, folder);
        char *slash = strrchr(folder + base, '/');
        if (!slash) return;
        *slash = 0;
    }
}

static void walk_version_1(const struct group_walk *walk, const char *controller, char *controllers,
                           const char *group) {
    char mount[64], own[64], *rest = NULL;
    bool named = false;
    snprintf(mount, sizeof mount, "/%s", controllers);
    snprintf(own, sizeof own, "/%s", controller);
    for (char *c = strtok_r(controllers, ",", &rest); c; c = strtok_r(NULL, ",", &rest))
        named = named || strcmp(c, controller) == 0;
    if (!named) return;
    walk_up(walk, own, group);
    if (strcmp(mount, own) != 0) walk_up(walk, mount, group);
}

void cgroup_walk(const char *root, const char *controller, void (*visit)(void *argument, const char *folder),
                 void *argument) {
    struct group_walk walk = { root, visit, argument };
    char proc[PATH_BYTES_MAX], *rest = NULL;
    snprintf(proc, sizeof proc, "%s/proc/self", root);
    char *groups = cgroup_text(proc, "cgroup");
    if (!groups) return;
    for (char *line = strtok_r(groups, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group) continue;
        *group++ = 0;
        if (*++controllers == 0) {
            walk_up(&walk, "", group);
            walk_up(&walk, "/unified", group);
        } else {
            walk_version_1(&walk, controller, controllers, group);
        }
    }
    free(groups);
}
