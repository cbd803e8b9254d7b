/*
 * datetime.now().strftime(format), at a given time.
 */
#ifndef TEMPLATE_LIBRARY_CLOCK_H
#define TEMPLATE_LIBRARY_CLOCK_H

#include "template/template.h"
#include "template/values/value.h"

SY_MUST_CHECK bool clock_format(struct heap *heap, struct template_clock clock, const struct string *format,
                                struct value *out);

#endif
