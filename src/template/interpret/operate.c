/*
 * The operators of the values, and the one that prints: string % values, which the library brings.
 */
#include "template/interpret/operate.h"
#include "template/interpret/run.h"

bool operate(struct run *run, enum operator_kind kind, struct value a, struct value b, struct value *out) {
    if (kind == OPERATOR_MODULO && a.type == VALUE_STRING) return run->library->modulo(&run->heap, a, b, out);
    return value_operate(&run->heap, kind, a, b, out);
}
