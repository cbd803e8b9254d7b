/*
 * A growing list of ids.
 */
#ifndef TEXT_ID_BUFFER_H
#define TEXT_ID_BUFFER_H

#include "base/error.h"
#include <stdint.h>

struct id_buffer { /* starts as { 0 } */
    int32_t *data;
    int64_t count, room;
    int64_t most; /* one more is SY_ERR_INPUT, and there is no room for it; 0: no such bound */
};
SY_MUST_CHECK bool id_buffer_add(struct id_buffer *ids, int32_t id, struct sy_error *err);
void id_buffer_free(struct id_buffer *ids);

#endif
