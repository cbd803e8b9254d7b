/*
 * How many experts of a layer a batch touches.
 */
#ifndef PLAN_EXPERTS_TOUCHED_H
#define PLAN_EXPERTS_TOUCHED_H

#include "plan/trace.h"

/* Expected distinct experts that `rows` independent tokens choose, K of E each, all alike. */
double experts_touched(double experts, double chosen, double rows);

/* The same from the shares that a trace measured, mean over its layers. */
double experts_touched_trace(const struct trace *trace, double rows);

/* Distinct experts of `run` tokens that follow one another in the trace, mean over layers and places. */
double experts_touched_together(const struct trace *trace, int64_t run);

#endif
