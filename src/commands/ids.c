#include "commands/ids.h"

#include "base/options.h"
#include "base/os.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_BYTES_MAX ((int64_t)256 << 20)
#define BATCH_LINES_MAX 65536

static bool add_list(struct id_lists *lists, struct id_list list, struct sy_error *err) {
    if (lists->count == lists->room) {
        int64_t room = lists->room ? 2 * lists->room : 8;
        struct id_list *grown = realloc(lists->lists, (size_t)room * sizeof *grown);
        if (!grown) {
            free(list.ids);
            return sy_fail(err, SY_ERR_MEMORY, "no memory for the ids");
        }
        lists->lists = grown;
        lists->room = room;
    }
    lists->lists[lists->count++] = list;
    lists->total += list.count;
    if (list.count > lists->longest) lists->longest = list.count;
    return true;
}

static bool take_items(const json_t *array, struct id_list *list, struct sy_error *err) {
    for (int64_t i = 0; i < list->count; i++) {
        if (json_to_i64(json_array_get(array, (size_t)i), &list->ids[i])) continue;
        sy_fail(err, SY_ERR_FORMAT, "is no whole number");
        return sy_error_at(err, "line %lld, id %lld", (long long)list->line, (long long)i + 1);
    }
    return true;
}

static bool read_line(struct id_lists *lists, const char *text, int64_t size, int64_t line,
                      struct sy_error *err) {
    json_t *root = json_parse(text, size, (struct json_limits){ .bytes = size, .depth = 2 }, err);
    if (!root) {
        err->place[0] = 0; /* it counts lines from this one's start */
        return sy_error_at(err, "line %lld", (long long)line);
    }
    bool done = false;
    struct id_list list = { .line = line, .count = json_is_array(root) ? (int64_t)json_array_size(root) : 0 };
    if (list.count == 0) {
        sy_fail(err, SY_ERR_FORMAT, "wants a list of at least one id, such as [1, 2, 3]");
        sy_error_at(err, "line %lld", (long long)line);
    } else if (!(list.ids = calloc((size_t)list.count, sizeof *list.ids))) {
        sy_fail(err, SY_ERR_MEMORY, "no memory for the ids");
    } else if (!take_items(root, &list, err)) {
        free(list.ids);
    } else {
        done = add_list(lists, list, err);
    }
    json_decref(root);
    return done;
}

static bool blank(const char *text, int64_t size) {
    for (int64_t i = 0; i < size; i++)
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r') return false;
    return true;
}

static bool read_lines(struct id_lists *lists, const char *text, int64_t size, struct sy_error *err) {
    int64_t line = 1;
    for (int64_t at = 0; at < size; line++) {
        const char *end = memchr(text + at, '\n', (size_t)(size - at));
        int64_t length = end ? end - (text + at) : size - at;
        if (!blank(text + at, length) && !read_line(lists, text + at, length, line, err)) return false;
        if (lists->count > BATCH_LINES_MAX)
            return sy_fail(err, SY_ERR_LIMIT, "more than %d lists", BATCH_LINES_MAX);
        at += length + 1;
    }
    return lists->count > 0 || sy_fail(err, SY_ERR_FORMAT, "holds no list of ids");
}

static bool read_batch(const char *path, struct id_lists *lists, struct sy_error *err) {
    char *text = NULL;
    int64_t size = 0;
    bool standard = strcmp(path, "-") == 0;
    lists->file = standard ? "standard input" : path;
    bool done = standard ? os_read_stdin(BATCH_BYTES_MAX, &text, &size, err)
                         : os_read_file(path, BATCH_BYTES_MAX, &text, &size, err);
    if (!done) return false;
    done = read_lines(lists, text, size, err) || sy_error_in(err, lists->file);
    free(text);
    return done;
}

bool id_lists_read(const char *ids, const char *batch, struct id_lists *lists, struct sy_error *err) {
    *lists = (struct id_lists){ 0 };
    if (!ids == !batch) {
        sy_fail(err, SY_ERR_USAGE, ids ? "both --ids and --batch are given" : "no ids to run");
        return sy_error_remedy(err, ids ? "give one of them" : "give them with --ids 1,2,3");
    }
    bool done;
    if (batch) {
        done = read_batch(batch, lists, err);
    } else {
        struct id_list list = { 0 };
        done = parse_ids(ids, &list.ids, &list.count, err);
        if (!done) sy_error_in(err, "--ids");
        done = done && (list.count > 0 || sy_fail(err, SY_ERR_INPUT, "--ids holds no id")) &&
               add_list(lists, list, err);
    }
    if (!done) id_lists_free(lists);
    return done;
}

static bool check_list(const struct id_list *list, const struct session *session, int64_t room,
                       struct sy_error *err) {
    if (!session_check_ids(session, list->ids, list->count, err)) return false;
    if (list->count <= room) return true;
    sy_fail(err, SY_ERR_INPUT, "%lld ids need as many positions, and there is room for %lld",
            (long long)list->count, (long long)room);
    return sy_error_remedy(err, "give --ctx %lld, or fewer ids", (long long)list->count);
}

bool id_lists_check(const struct id_lists *lists, const struct session *session, int64_t room,
                    struct sy_error *err) {
    struct sy_error found = { 0 };
    for (int64_t i = 0; i < lists->count; i++) {
        const struct id_list *list = &lists->lists[i];
        if (check_list(list, session, room, &found)) continue;
        char place[sizeof found.place];
        snprintf(place, sizeof place, "%s", found.place);
        found.place[0] = 0;
        if (list->line)
            sy_error_at(&found, "line %lld%s%.100s", (long long)list->line, place[0] ? ", " : "", place);
        if (!list->line) sy_error_at(&found, "%s", place);
        sy_error_in(&found, list->line ? lists->file : "--ids");
        if (err) *err = found;
        return false;
    }
    return true;
}

void id_lists_free(struct id_lists *lists) {
    for (int64_t i = 0; i < lists->count; i++) free(lists->lists[i].ids);
    free(lists->lists);
    *lists = (struct id_lists){ 0 };
}
