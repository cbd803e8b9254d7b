/* A plan as a picture: parameters by part, memory, the roofline. */
#ifndef COMMANDS_PLAN_DRAWING_H
#define COMMANDS_PLAN_DRAWING_H

#include "commands/plan/report.h"

enum { DRAW_SVG, DRAW_PNG };
SY_MUST_CHECK bool plan_draw(const struct plan_facts *facts, int format, const char *path,
                             struct sy_error *err);

#endif
