/*
 * Dispatch: assignments -> rows sorted by expert (moe/grouping.h), by a stable counting sort; then the
 * gather.
 *
 *     count     each thread the experts of its chunk of assignments      loads [chunks, E]
 *     sum       one thread: where each chunk's rows of an expert begin   expert_begin [E + 1]
 *     place     each thread its chunk                                    row_of, source, assignment
 *
 * Within an expert rows keep the order of tokens, so the number of chunks never shows. Few assignments are
 * one chunk, which rank 0 sorts alone. All threads look at the outcome: the team has settled behind it.
 */
#include "moe/dispatch.h"

#include "base/checked.h"

#include <string.h>

#define CHUNK_LEAST 8192 /* assignments that are worth a thread and two barriers */

struct sorting { /* the tables of a grouping while they are written */
    int64_t *expert_begin, *expert_steps, *row_of, *source, *assignment;
    int32_t *active;
    int64_t *active_count;
    int64_t *load;  /* [chunks, E] counts, then the next row of each */
    int64_t *steps; /* [chunks, E] of them from steps */
    struct rows rows, factor;
};

static struct sorting take(struct exec *exec, int64_t tokens, int64_t experts, int64_t most, int64_t width) {
    int64_t R = tokens * most, chunks = exec->team->count;
    struct sorting s;
    s.expert_begin = exec_keep_table(exec, int64_t, experts + 1);
    s.expert_steps = exec_keep_table(exec, int64_t, experts);
    s.row_of = exec_keep_table(exec, int64_t, R);
    s.source = exec_keep_table(exec, int64_t, R);
    s.assignment = exec_keep_table(exec, int64_t, R);
    s.active = exec_keep_table(exec, int32_t, experts);
    s.active_count = exec_table(exec, int64_t, 1);
    s.load = exec_table(exec, int64_t, chunks * experts);
    s.steps = exec_table(exec, int64_t, chunks * experts);
    s.rows = exec_keep(exec, R, width, 0);
    s.factor = exec_rows(exec, R, 1, 0);
    return s;
}

void dispatch_take(struct exec *exec, int64_t tokens, int64_t experts, int64_t most, int64_t width) {
    take(exec, tokens, experts, most, width);
}

/* Tokens [first, last) of a chunk. */
struct chunk {
    int64_t index, count, first, last;
};

static struct chunk chunk_of(const struct routing *routing, int64_t index, int64_t count) {
    return (struct chunk){ index, count, routing->tokens * index / count,
                           routing->tokens * (index + 1) / count };
}

static void count_chunk(const struct routing *routing, int64_t steps, struct chunk c,
                        const struct sorting *s) {
    int64_t E = routing->experts, *load = s->load + c.index * E, *from_steps = s->steps + c.index * E;
    const int64_t *begin = routing->assignment_begin;
    memset(load, 0, (size_t)E * sizeof *load);
    memset(from_steps, 0, (size_t)E * sizeof *from_steps);
    int64_t last_step = begin[min_i64(max_i64(steps, c.first), c.last)];
    for (int64_t a = begin[c.first]; a < last_step; a++) from_steps[routing->expert_id[a]]++;
    for (int64_t a = begin[c.first]; a < begin[c.last]; a++) load[routing->expert_id[a]]++;
}

static void sum_chunks(int64_t experts, int64_t chunks, const struct sorting *s) {
    int64_t row = 0, active = 0;
    for (int64_t e = 0; e < experts; e++) {
        s->expert_begin[e] = row;
        s->expert_steps[e] = 0;
        for (int64_t c = 0; c < chunks; c++) {
            int64_t load = s->load[c * experts + e];
            s->load[c * experts + e] = row;
            row += load;
            s->expert_steps[e] += s->steps[c * experts + e];
        }
        if (row > s->expert_begin[e]) s->active[active++] = (int32_t)e;
    }
    s->expert_begin[experts] = row;
    *s->active_count = active;
}

static void place_chunk(const struct routing *routing, struct chunk c, const struct sorting *s) {
    int64_t *next = s->load + c.index * routing->experts;
    for (int64_t t = c.first; t < c.last; t++)
        for (int64_t a = routing->assignment_begin[t]; a < routing->assignment_begin[t + 1]; a++) {
            int64_t r = next[routing->expert_id[a]]++;
            s->row_of[a] = r;
            s->source[r] = t;
            s->assignment[r] = a;
        }
}

static void sort(struct exec *exec, const struct routing *routing, int64_t steps, const struct sorting *s) {
    bool many = exec->team->count > 1 && routing->assignments >= 2 * CHUNK_LEAST;
    int64_t chunks = many ? exec->team->count : 1, rank = exec->team->rank;
    struct chunk own = chunk_of(routing, rank, chunks);
    if (many) team_together(exec->team);
    if (many || team_alone(exec->team)) count_chunk(routing, steps, own, s);
    if (team_alone(exec->team)) sum_chunks(routing->experts, chunks, s);
    if (many) team_together(exec->team);
    if (many || team_alone(exec->team)) place_chunk(routing, own, s);
    team_settle(exec->team);
}

struct dispatched dispatch_forward(struct exec *exec, const struct routing *routing, int64_t steps,
                                   bool weigh_input, struct rows x) {
    struct sorting s = take(exec, routing->tokens, routing->experts, routing->most, x.width);
    sort(exec, routing, steps, &s);
    int64_t R = s.expert_begin[routing->experts];
    struct dispatched d = { .grouping = { .tokens = routing->tokens,
                                          .experts = routing->experts,
                                          .rows = R,
                                          .expert_begin = s.expert_begin,
                                          .expert_steps = s.expert_steps,
                                          .row_of = s.row_of,
                                          .source = s.source,
                                          .assignment = s.assignment,
                                          .active = s.active,
                                          .active_count = *s.active_count },
                            .rows = rows_part(s.rows, 0, R) };
    struct rows factor = weigh_input ? rows_part(s.factor, 0, R) : no_rows;
    if (weigh_input) op_gather(exec, routing->weight, s.assignment, no_rows, factor);
    op_gather(exec, x, s.source, factor, d.rows);
    return d;
}
