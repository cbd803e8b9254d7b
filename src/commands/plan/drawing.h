/* A plan as a picture: parameters by part, memory, the roofline. */
#ifndef COMMANDS_PLAN_DRAWING_H
#define COMMANDS_PLAN_DRAWING_H

#include "commands/plan/report.h"

enum { DRAW_SVG, DRAW_PNG };
/* Over another picture of ours, or (force) over whatever stands there. other: drawn below it, to the same
 * scale; or NULL. */
SY_MUST_CHECK bool plan_draw(const struct plan_facts *facts, const struct plan_facts *other, int format,
                             const char *path, bool force, struct sy_error *err);

#endif
