/*
 * The tables of what no published template calls (README.md).
 */
#ifndef TEMPLATE_LIBRARY_RARE_RARE_TABLES_H
#define TEMPLATE_LIBRARY_RARE_RARE_TABLES_H

#include "template/values/callable.h"

extern const struct filter filters_text_shape[], filters_url[];
extern const struct method methods_string_kind[];

#endif
