/*
 * Dispatch: assignments -> rows sorted by expert, by a stable counting sort; then the gather.
 *
 *     assignments (token order)   a: 0     1     2     3          expert_id: 2 0 | 2 1
 *     rows (expert order)         e0: [1]  e1: [3]  e2: [0, 2]    row_of:    2 0   3 1
 *
 * Within an expert rows keep the order of tokens. R is a few thousand at most, so one thread sorts (some
 * microseconds).
 */
#include "moe/dispatch.h"

#include <string.h>

struct dispatch_map dispatch_map_take(struct exec *exec, int64_t rows, int64_t experts, int64_t choices) {
    struct dispatch_map m = { .experts = experts };
    int64_t R = rows * choices;
    m.assignment_begin = exec_new(exec, int64_t, rows + 1);
    m.expert_id = exec_new(exec, int32_t, R);
    m.weight = exec_new(exec, float, R);
    m.row_of = exec_new(exec, int64_t, R);
    m.expert_begin = exec_new(exec, int64_t, experts + 1);
    m.expert_steps = exec_new(exec, int64_t, experts);
    m.source = exec_new(exec, int64_t, R);
    m.row_weight = exec_new(exec, float, R);
    m.active = exec_new(exec, int32_t, experts);
    m.active_count = exec_new(exec, int64_t, 1);
    m.cursor = exec_new(exec, int64_t, experts);
    return m;
}

static void build(const struct router_scratch *router, int64_t rows, int64_t steps, int64_t experts,
                  int64_t choices, struct dispatch_map *m) {
    int64_t R = 0;
    memset(m->cursor, 0, (size_t)experts * sizeof *m->cursor);
    for (int64_t t = 0; t < rows; t++) {
        int64_t n = router->counts ? router->counts[t] : choices;
        m->assignment_begin[t] = R;
        for (int64_t j = 0; j < n; j++, R++) {
            m->expert_id[R] = router->ids[t * choices + j];
            m->weight[R] = router->weights[t * choices + j];
            m->cursor[m->expert_id[R]]++;
        }
    }
    m->assignment_begin[rows] = R;
    memset(m->expert_steps, 0, (size_t)experts * sizeof *m->expert_steps);
    for (int64_t a = 0; a < m->assignment_begin[steps]; a++) m->expert_steps[m->expert_id[a]]++;
    int64_t row = 0, active = 0;
    for (int64_t e = 0; e < experts; e++) {
        int64_t load = m->cursor[e];
        m->expert_begin[e] = m->cursor[e] = row;
        row += load;
        if (load) m->active[active++] = (int32_t)e;
    }
    m->expert_begin[experts] = row;
    *m->active_count = active;
    for (int64_t t = 0; t < rows; t++)
        for (int64_t a = m->assignment_begin[t]; a < m->assignment_begin[t + 1]; a++) {
            int64_t r = m->cursor[m->expert_id[a]]++;
            m->row_of[a] = r;
            m->source[r] = t;
            m->row_weight[r] = m->weight[a];
        }
}

void dispatch_build(struct exec *exec, const struct router_scratch *router, int64_t rows, int64_t steps,
                    int64_t experts, int64_t choices, struct dispatch_map *map) {
    if (exec->team->rank == 0) build(router, rows, steps, experts, choices, map);
    team_sync(exec->team);
    map->tokens = rows;
    map->assignments = map->assignment_begin[rows];
}

void dispatch_forward(struct exec *exec, const struct dispatch_map *map, bool weigh_input, const float *x,
                      int64_t width, float *rows) {
    op_gather(exec, x, map->source, weigh_input ? map->row_weight : NULL, map->assignments, width, rows);
}
