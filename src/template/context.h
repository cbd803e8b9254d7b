/*
 * Inside a context.
 */
#ifndef TEMPLATE_CONTEXT_H
#define TEMPLATE_CONTEXT_H

#include "template/values/value.h"

struct template_context {
    struct heap heap;
    struct dict *names;
};

#endif
