/*
 * Where the time of a step goes: each part of the walk, when it is done, charges the time since the part
 * before it. Kept by rank 0 alone, which sees every operation end; what threads wait there for one
 * another is inside, and counted apart by the team (base/team.h). Nobody asks, nothing is read: a NULL.
 */
#ifndef KERNELS_STAGES_H
#define KERNELS_STAGES_H

#include "kernels/exec.h"

enum stage {
    STAGE_ROUTER,
    STAGE_DISPATCH,
    STAGE_EXPERTS, /* shared ones too */
    STAGE_COMBINE,
    STAGE_ATTENTION,
    STAGE_DENSE, /* feed-forward networks without experts */
    STAGE_HEAD,
    STAGE_OTHER, /* norms, embedding, drawing tokens, and what lies between */
    STAGE_COUNT,
};

struct stage_times {
    double seconds[STAGE_COUNT];
    double mark; /* when the last part ended */
    int64_t passes;
};

void stage_begin(struct stage_times *times);                    /* a pass begins */
void stage_charge(struct stage_times *times, enum stage stage); /* what was done since the mark was this */

static inline void exec_stage(const struct exec *exec, enum stage stage) {
    if (exec->times) stage_charge(exec->times, stage);
}

#endif
