/*
 * Drafting one token ahead: at which acceptance it pays.
 */
#ifndef PLAN_SPECULATION_H
#define PLAN_SPECULATION_H

#include "plan/roofline.h"

struct plan_speculation {
    double resident; /* acceptance rate at which it breaks even, weights in memory; above 1: never */
    double streamed; /* experts fetched, the fetching binds */
    double experts_one, experts_two; /* distinct in a layer, without and with the drafted token */
};

struct plan_speculation plan_speculation(const struct traffic_sums *sums, double batch,
                                         const struct rates *rates);

#endif
