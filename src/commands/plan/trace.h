/*
 * A routing trace from a file of either kind: JSON as `run --routing --json` prints it, or the safetensors
 * that `logits --routing` writes (router.L.topk_ids, all sequences of a batch one after the other).
 */
#ifndef COMMANDS_PLAN_TRACE_H
#define COMMANDS_PLAN_TRACE_H

#include "plan/trace.h"

SY_MUST_CHECK bool plan_trace_read(const char *path, const struct spec *spec, struct arena *arena,
                                   struct trace *trace, struct sy_error *err);

#endif
