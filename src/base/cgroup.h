/*
 * The control groups that this process is in: where their files lie. Internal to base/; `root` is "" but for
 * tests, which lay out a /proc and a /sys of their own.
 */
#ifndef BASE_CGROUP_H
#define BASE_CGROUP_H

/* Calls visit with the folder of this process's group under `controller` ("cpu", "memory"; version 1 and 2)
 * and of every group above it, up to where the hierarchy is mounted. Folders need not exist: a container may
 * name groups that it cannot see. */
void cgroup_walk(const char *root, const char *controller, void (*visit)(void *argument, const char *folder),
                 void *argument);

/* The text of the system's file FOLDER/NAME, malloc'ed; NULL where it is absent. */
char *cgroup_text(const char *folder, const char *name);

#endif
