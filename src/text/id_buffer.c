#include "text/id_buffer.h"
#include <stdlib.h>

bool id_buffer_add(struct id_buffer *ids, int32_t id, struct sy_error *err) {
    if (ids->most > 0 && ids->count == ids->most)
        return sy_fail(err, SY_ERR_INPUT, "a text of more than %lld ids", (long long)ids->most);
    if (ids->count == ids->room) {
        int64_t room = ids->room < 64 ? 64 : ids->room * 2;
        if (ids->most > 0 && room > ids->most) room = ids->most;
        int32_t *larger = room <= INT64_MAX / 8 ? realloc(ids->data, (size_t)room * sizeof *larger) : NULL;
        if (!larger) return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld ids", (long long)room);
        ids->data = larger;
        ids->room = room;
    }
    ids->data[ids->count++] = id;
    return true;
}

void id_buffer_free(struct id_buffer *ids) {
    free(ids->data);
    *ids = (struct id_buffer){ .data = NULL };
}
