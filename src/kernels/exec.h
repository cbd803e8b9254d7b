/*
 * struct exec: all that an operation needs besides its operands. Code above kernels/ never touches an element
 * of an activation or weight: it calls operations (ops.h), whole views in and out, through this. A device is
 * a second table of operations behind it.
 *
 * An operation (op_*) is called by every thread of the team with equal arguments. It cuts its work into tiles
 * of fixed size and position, hands them out (what is small, to rank 0 alone), and calls kernels on them.
 * When it returns its outputs are there for the next operation, and for the host in rank 0: base/team.h tells
 * why. Host code of other ranks that looks at step memory settles first (team_settle), and writes none but
 * its own tables. Operations cannot fail: shapes are the caller's promise (asserted), and memory was computed
 * beforehand.
 *
 * Memory has three lifetimes, and each take says which it wants:
 *
 *     exec_rows, exec_operand   step memory, until the caller releases its mark. Operations alone read and
 *                               write it
 *     exec_table                as long; but the host reads and writes it: lists, jobs, counts, pages
 *     exec_keep                 what backward will read: on the tape where there is one (training), else in
 *                               step memory, which forgets it
 *
 * Every thread makes the same takes and gets the same pointers. Running out is a fault of ours (asserted).
 */
#ifndef KERNELS_EXEC_H
#define KERNELS_EXEC_H

#include "base/arena.h"
#include "base/team.h"
#include "kernels/numerics.h"
#include "tensor/rows.h"

struct kernels;
struct ops;
struct stage_times;

struct exec {
    struct team *team;             /* this thread's view */
    struct arena arena;            /* this thread's cursor over the step memory; equal in all threads */
    struct arena *tape;            /* this thread's cursor over what is kept; NULL: nobody will go back */
    const struct ops *ops;         /* borrowed: what op_* calls */
    const struct kernels *kernels; /* borrowed: what the processor's operations call */
    struct numerics numerics;
    int64_t listed;            /* the barrier that others have yet to reach since they last wrote; 0: none */
    struct stage_times *times; /* of rank 0, where somebody asked where the time goes (stages.h); else NULL */
};

/* ---- step memory ---- */

/* Dense rows of reals, the first `steps` of them steps'. */
struct rows exec_rows(struct exec *exec, int64_t count, int64_t width, int64_t steps);
/* The same with room for their packed form: rows that a product reads. */
struct rows exec_operand(struct exec *exec, int64_t count, int64_t width, int64_t steps);
/* Rows from elsewhere, with such room. */
struct rows exec_with_room(struct exec *exec, struct rows x);

/* A place in the step memory. What was taken since is given back by exec_release, when all have looked at the
 * tables there; behind it no other rank goes on before rank 0 is done with what it held. */
struct exec_mark {
    size_t used;
};
struct exec_mark exec_mark(const struct exec *exec);
void exec_release(struct exec *exec, struct exec_mark mark);

/* ---- tables ---- */

/* Called by products that rank 0 computes alone: the list of them may lie in a table of each thread's own.
 * Until the next barrier rank 0 cannot tell whether others have written theirs, so exec_release makes one.
 * (Where a shared product came last they have.) */
void exec_lists(struct exec *exec);

void *exec_take(struct exec *exec, int64_t count, size_t size);
/* `count` for each thread, of which this thread gets its slice, on cache lines of its own. */
void *exec_take_own(struct exec *exec, int64_t count, size_t size);
#define exec_table(exec, type, count)     ((type *)exec_take((exec), (count), sizeof(type)))
#define exec_table_own(exec, type, count) ((type *)exec_take_own((exec), (count), sizeof(type)))

/* ---- kept ---- */

/* Rows and tables that backward reads. */
struct rows exec_keep(struct exec *exec, int64_t count, int64_t width, int64_t steps);
void *exec_keep_take(struct exec *exec, int64_t count, size_t size);
#define exec_keep_table(exec, type, count) ((type *)exec_keep_take((exec), (count), sizeof(type)))
/* Will somebody go back? */
static inline bool exec_keeps(const struct exec *exec) {
    return exec->tape != NULL;
}
/* Rows like x that may be written: x itself; or where x is kept, others on the tape (with x's room, whose
 * contents never outlive a product). */
struct rows exec_in_place(struct exec *exec, struct rows x);

/* ---- counting ---- */

/* An exec that only counts what is taken (exec_taken) and computes nothing: X_bytes functions call the very
 * code that takes. Its pointers must not be read. `team` is filled for it; tape: NULL, or counted apart. */
struct exec exec_measuring(const struct numerics *numerics, struct team *team, int team_count,
                           struct arena *tape);
int64_t exec_taken(const struct exec *exec);

#endif
