/*
 * struct exec: all that an operation needs besides its operands. Code above kernels/ never touches an element
 * of an activation or weight: it calls operations, whole views in and out, through this. A device would be a
 * second set of operations behind it.
 *
 * An operation (op_*) is called by every thread of the team with equal arguments. It cuts its work into tiles
 * of fixed size and position, hands them out, calls kernels on them, and ends with a barrier: its outputs are
 * visible to all when it returns. Operations cannot fail: shapes are the caller's promise (asserted), and
 * memory was computed beforehand.
 */
#ifndef KERNELS_EXEC_H
#define KERNELS_EXEC_H

#include "base/arena.h"
#include "base/team.h"
#include "tensor/weight.h"

struct kernels;
struct stage_times;

/* What arithmetic was asked for. Which kernels run follows from this and from the weights' dtype, never from
 * who calls. */
enum compute {
    COMPUTE_F32,  /* exact: weights decoded exactly, activations f32, one FMA chain an output */
    COMPUTE_BF16, /* fast: weights stored narrower than f16 or as bf16 and activations rounded to bf16, the
                     order of TDPBF16PS */
};

/* Which rows take block formats in integers, where COMPUTE_BF16 has a way for that. */
enum regime {
    REGIME_BY_ROLE, /* steps; prompts are many rows, and faster in bf16 */
    REGIME_STEP,    /* all: a prompt's rows get the very bits that steps would */
};

struct numerics {
    enum compute compute;
    enum dtype kv; /* F32, F16, BF16 or Q8_0: keys and values in the cache */
    enum regime regime;
};

struct exec {
    struct team *team;             /* this thread's view */
    struct arena arena;            /* this thread's cursor over the step memory; equal in all threads */
    const struct kernels *kernels; /* borrowed */
    struct numerics numerics;
    struct stage_times *times; /* of rank 0, where somebody asked where the time goes (stages.h); else NULL */
};

/* Step memory. Every thread makes the same takes and gets the same pointers; running out is a fault of ours
 * (asserted). The caller marks and releases: { size_t mark = exec->arena.used; ...; exec->arena.used = mark;
 * } after a barrier. */
void *exec_take(struct exec *exec, int64_t count, size_t size);
#define exec_new(exec, type, count) ((type *)exec_take((exec), (count), sizeof(type)))

/* The same for one thread's own: `count` elements for each thread, of which this thread gets its slice. */
void *exec_take_own(struct exec *exec, int64_t count, size_t size);
#define exec_new_own(exec, type, count) ((type *)exec_take_own((exec), (count), sizeof(type)))

/* An exec that only counts what is taken (exec.arena.used) and computes nothing: X_bytes functions call the
 * very code that takes. Its pointers must not be read. `team` is filled for it. */
struct exec exec_measuring(const struct numerics *numerics, struct team *team, int team_count);

/* Does a product with this weight run in bf16 under these numerics? F32, F64 and F16 weights always stay in
 * f32. */
bool computes_bf16(const struct numerics *numerics, const struct weight *weight);

#endif
