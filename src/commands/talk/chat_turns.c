#include "commands/talk/chat_turns.h"

#include <stdbool.h>
#include <string.h>

static bool has_role(const json_t *message, const char *role) {
    const char *has = json_string_value(json_object_get(message, "role"));
    return has && strcmp(has, role) == 0;
}

static size_t first_turn(const json_t *messages) {
    return has_role(json_array_get(messages, 0), "system");
}

size_t chat_turns_next(const json_t *messages, size_t left_out) {
    size_t first = first_turn(messages), count = json_array_size(messages);
    for (size_t i = first + left_out + 1; i < count; i++)
        if (has_role(json_array_get(messages, i), "user")) return i - first;
    return left_out;
}

json_t *chat_turns_kept(const json_t *messages, size_t left_out) {
    size_t first = first_turn(messages), count = json_array_size(messages);
    json_t *kept = json_array();
    for (size_t i = 0; kept && i < count; i++) {
        if (i >= first && i < first + left_out) continue;
        if (json_array_append(kept, json_array_get(messages, i)) == 0) continue;
        json_decref(kept);
        return NULL;
    }
    return kept;
}
