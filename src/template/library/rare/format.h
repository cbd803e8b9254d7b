/*
 * str.format and str.format_map.
 */
#ifndef TEMPLATE_LIBRARY_RARE_FORMAT_H
#define TEMPLATE_LIBRARY_RARE_FORMAT_H

#include "template/values/callable.h"

SY_MUST_CHECK bool format_string(struct run *run, const struct string *format,
                                 const struct arguments *arguments, struct value *out);
SY_MUST_CHECK bool format_string_map(struct run *run, const struct string *format, struct value mapping,
                                     struct value *out);

#endif
