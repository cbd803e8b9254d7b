/*
 * All that templates call by name, as the interpreter is given it.
 */
#ifndef TEMPLATE_LIBRARY_LIBRARY_H
#define TEMPLATE_LIBRARY_LIBRARY_H

#include "template/values/callable.h"

extern const struct library template_library;

#endif
