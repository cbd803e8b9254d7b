#include "commands/ids.h"

#include "base/options.h"
#include "commands/json_lines.h"
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
        return sy_error_at(err, "id %lld", (long long)i + 1);
    }
    return true;
}

static bool take_line(void *argument, int64_t line, const json_t *value, struct sy_error *err) {
    struct id_list list = { .line = line,
                            .count = json_is_array(value) ? (int64_t)json_array_size(value) : 0 };
    if (list.count == 0)
        return sy_fail(err, SY_ERR_FORMAT, "wants a list of at least one id, such as [1, 2, 3]");
    list.ids = calloc((size_t)list.count, sizeof *list.ids);
    if (!list.ids) return sy_fail(err, SY_ERR_MEMORY, "no memory for the ids");
    if (take_items(value, &list, err)) return add_list(argument, list, err);
    free(list.ids);
    return false;
}

static bool read_batch(const char *path, struct id_lists *lists, struct sy_error *err) {
    static const struct json_lines_limits limits = {
        .bytes = BATCH_BYTES_MAX,
        .lines = BATCH_LINES_MAX,
        .depth = 2,
    };
    lists->file = strcmp(path, "-") == 0 ? "standard input" : path;
    return json_lines_read(path, limits, "list of ids", take_line, lists, err);
}

bool id_lists_read(const char *ids, const char *batch, struct id_lists *lists, struct sy_error *err) {
    *lists = (struct id_lists){ 0 };
    if (!ids && !batch) {
        sy_fail(err, SY_ERR_USAGE, "no ids to run");
        return sy_error_remedy(err, "give them with --ids 1,2,3");
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
