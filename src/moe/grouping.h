/*
 * A grouping is a routing by expert: rows in the order of experts, and where every assignment went. Made once
 * a layer and step by dispatch; experts, combine and an exchange between ranks read it, none changes it.
 *
 *     assignments (token order)   a: 0     1     2     3          expert_id: 2 0 | 2 1
 *     rows (expert order)         e0: [1]  e1: [3]  e2: [0, 2]    row_of:    2 0   3 1
 *
 * All of it is tables: counts and places, no number of the model.
 */
#ifndef MOE_GROUPING_H
#define MOE_GROUPING_H

#include <stdint.h>

struct
    grouping { /* T tokens, E experts, R rows. Those of expert e are [expert_begin[e], expert_begin[e + 1]) */
    int64_t tokens, experts, rows;
    const int64_t *expert_begin; /* [E + 1] */
    const int64_t *expert_steps; /* [E] how many of an expert's rows, the first ones, come from steps */
    const int64_t *row_of;       /* [assignments] the row that took each; -1: dropped */
    const int64_t *source;       /* [R] the token of each row */
    const int64_t *assignment;   /* [R] the assignment of each row */
    const int32_t *active;       /* [active_count] experts with work, ascending */
    int64_t active_count;
};

#endif
