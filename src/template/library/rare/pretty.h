/*
 * Python's pprint.pformat: as repr, with dicts sorted, and broken over lines where it is wider than 80
 * columns.
 */
#ifndef TEMPLATE_LIBRARY_RARE_PRETTY_H
#define TEMPLATE_LIBRARY_RARE_PRETTY_H

#include "template/values/value.h"

SY_MUST_CHECK bool pretty_print(struct heap *heap, struct value value, struct buffer *out);

#endif
