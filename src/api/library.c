/*
 * What needs no engine.
 */
#include "base/error.h"
#include "version.h"

#include <stdlib.h>

char *sy_error_text(const struct sy_error *err, char *line, size_t size) {
    return sy_error_line(err, line, size);
}

const char *sy_version(void) {
    return SY_VERSION " (" SY_COMMIT ")";
}

void sy_free(void *memory) {
    free(memory);
}

const char *sy_finish_name(enum sy_finish finish) {
    switch (finish) {
    case SY_FINISH_NONE: return "none";
    case SY_FINISH_LENGTH: return "length";
    case SY_FINISH_END: return "end";
    case SY_FINISH_STOP: return "stop";
    case SY_FINISH_CANCELLED: return "cancelled";
    case SY_FINISH_ERROR: return "error";
    }
    return "unknown";
}
