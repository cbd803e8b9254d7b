/*
 * Dispatch: where every (token, choice) goes. Built once a layer and step; experts and combine read it, none
 * change it.
 */
#ifndef MOE_DISPATCH_H
#define MOE_DISPATCH_H

#include "kernels/ops.h"
#include "moe/router.h"
#include "moe/routing.h"

/* T tokens, E experts, R assignments. Rows of expert e are [expert_begin[e], expert_begin[e + 1]). */
struct dispatch_map {
    int64_t tokens, experts, assignments;
    int64_t *assignment_begin; /* [T + 1] assignments of token t, best first */
    int32_t *expert_id;        /* [R] */
    float *weight;             /* [R] */
    int64_t *row_of;           /* [R] the row that took this assignment */
    int64_t *expert_begin;     /* [E + 1] */
    int64_t *expert_steps;     /* [E] how many of an expert's rows, the first ones, come from steps */
    int64_t *source;           /* [R] by row: the token */
    float *row_weight;         /* [R] by row: the weight, for routers that scale the input */
    int32_t *active;           /* [active_count] experts with work, ascending */
    int64_t *active_count;     /* in shared memory: one thread builds */
    int64_t *cursor;           /* [E] while building */
};

struct dispatch_map dispatch_map_take(struct exec *exec, int64_t rows, int64_t experts, int64_t choices);

/* A stable counting sort of the router's choices by expert; rows [0, steps) are steps. Dropless: capacity
 * comes with training. Every thread calls; one builds. */
void dispatch_build(struct exec *exec, const struct router_scratch *router, int64_t rows, int64_t steps,
                    int64_t experts, int64_t choices, struct dispatch_map *map);

/* rows_r = x_t (times the weight where the router scales the input): [R, D]. */
void dispatch_forward(struct exec *exec, const struct dispatch_map *map, bool weigh_input, const float *x,
                      int64_t width, float *rows);

#endif
