/*
 * Names while a template runs: the slots of its functions, entering scopes, and setting names.
 */
#ifndef TEMPLATE_INTERPRET_SCOPE_H
#define TEMPLATE_INTERPRET_SCOPE_H

#include "template/interpret/run.h"

struct activation *activation_new(struct run *run, struct activation *outer, int32_t slot_count);
struct value *place_slot(struct activation *activation, struct place place);
SY_MUST_CHECK bool scope_enter(struct run *run, struct activation *activation, const struct scope *scope);
void scope_leave(struct activation *activation, const struct scope *scope);

/* Sets names, tuples of names, attributes of namespaces. */
SY_MUST_CHECK bool assign(struct run *run, struct activation *activation, const struct node *target,
                          struct value value);
/* What `ns.x` assigns to must be a namespace before the value is worked out. */
SY_MUST_CHECK bool check_namespaces(struct run *run, struct activation *activation,
                                    const struct node *target);

#endif
