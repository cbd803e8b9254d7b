/*
 * How many processors this process may really use. Internal to base/; `root` is "" but for tests, which lay
 * out a /proc and a /sys of their own.
 */
#ifndef BASE_TEAM_CPUS_H
#define BASE_TEAM_CPUS_H

#include <sched.h>

/* Cores among the allowed processors: threads that share a core count once. */
int team_cpus_cores(const char *root, const cpu_set_t *allowed);

/* Whole processors that the control groups' quota grants (version 1 and 2, the tightest on the way up), at
 * least 1; 0 where there is no quota. */
int team_cpus_quota(const char *root);

/* Processors by affinity and quota, hardware threads counted singly: with more threads than these a team is
 * crowded. */
int team_cpus_usable(void);

#endif
