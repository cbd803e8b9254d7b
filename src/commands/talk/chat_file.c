#include "commands/talk/chat_file.h"

#include "base/os.h"

#include <stdlib.h>
#include <string.h>

#define CHAT_BYTES_MAX ((int64_t)64 << 20)

static bool check_message(const json_t *message, size_t index, struct sy_error *err) {
    if (json_is_string(json_object_get(message, "role")) &&
        json_is_string(json_object_get(message, "content")))
        return true;
    sy_fail(err, SY_ERR_FORMAT, "wants {\"role\": TEXT, \"content\": TEXT}");
    return sy_error_at(err, "message %zu", index + 1);
}

bool chat_file_load(const char *path, json_t **messages, struct sy_error *err) {
    struct json_limits limits = { .bytes = CHAT_BYTES_MAX, .depth = 16 };
    json_t *root = json_parse_file(path, limits, err);
    if (!root) return false;
    json_t *list = json_object_get(root, "messages");
    bool done = json_is_array(list) || sy_fail(err, SY_ERR_FORMAT, "holds no list of \"messages\"");
    for (size_t i = 0; done && i < json_array_size(list); i++)
        done = check_message(json_array_get(list, i), i, err);
    if (done)
        *messages = json_incref(list);
    else
        sy_error_in(err, path);
    json_decref(root);
    return done;
}

/* ---- saving ---- */

/* Does the file at `path` hold this conversation as it was earlier, or as it is? */
static bool is_beginning(const char *path, const json_t *messages) {
    json_t *former;
    if (!os_is_file(path) || !chat_file_load(path, &former, NULL)) return false;
    bool same = json_array_size(former) <= json_array_size(messages);
    for (size_t i = 0; same && i < json_array_size(former); i++)
        same = json_equal(json_array_get(former, i), json_array_get(messages, i));
    json_decref(former);
    return same;
}

static bool write_messages(const char *path, const json_t *messages, bool force, struct sy_error *err) {
    const struct os_rule rule = { .private_mode = true, .force = force, .ask = "/save!" };
    struct os_writer *writer;
    char *text = NULL;
    json_t *root = json_pack("{sO}", "messages", messages);
    if (root) text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    if (!text) return sy_fail(err, SY_ERR_MEMORY, "no memory for the conversation");
    bool done = os_writer_open_by(&rule, path, &writer, err);
    if (done && !os_writer_write(writer, text, (int64_t)strlen(text), err)) {
        os_writer_abandon(writer);
        done = false;
    } else if (done) {
        done = os_writer_commit(writer, err);
    }
    free(text);
    return done;
}

bool chat_file_save(const char *path, const json_t *messages, struct sy_error *err) {
    return write_messages(path, messages, is_beginning(path, messages), err);
}

bool chat_file_replace(const char *path, const json_t *messages, struct sy_error *err) {
    return write_messages(path, messages, true, err);
}
