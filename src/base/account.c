/*
 * Accounts of what files say (account.h).
 */
#include "base/account.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *fate_name(enum fate fate) {
    static const char *const names[FATE_COUNT] = { "used", "warned", "ignored", "refused", "unknown" };
    return names[fate];
}

bool meaning_covers(const char *pattern, const char *key) {
    size_t length = strlen(pattern);
    bool open = length > 0 && pattern[length - 1] == '*';
    return open ? strncmp(key, pattern, length - 1) == 0 : strcmp(key, pattern) == 0;
}

const struct meaning *meaning_find(const struct meaning *table, const char *key) {
    for (; table && table->key; table++)
        if (meaning_covers(table->key, key)) return table;
    return NULL;
}

void account_open(struct account *account, struct arena *arena) {
    *account = (struct account){ .arena = arena };
}

/* Room is doubled; the former lines stay in the arena until it closes. */
static bool grow(struct account *account, struct sy_error *err) {
    int64_t room = account->room > 0 ? 2 * account->room : 64;
    struct account_line *lines = arena_new(account->arena, struct account_line, room, err);
    if (!lines) return false;
    if (account->count > 0) memcpy(lines, account->lines, (size_t)account->count * sizeof *lines);
    account->lines = lines;
    account->room = room;
    return true;
}

bool account_add(struct account *account, const char *file, const char *what, enum fate fate,
                 struct sy_error *err, const char *reason, ...) {
    char text[512];
    va_list args;
    va_start(args, reason);
    vsnprintf(text, sizeof text, reason, args);
    va_end(args);
    if (account->count == account->room && !grow(account, err)) return false;
    struct account_line line = {
        .file = arena_format(account->arena, err, "%s", file),
        .what = arena_format(account->arena, err, "%s", what),
        .fate = fate,
        .reason = arena_format(account->arena, err, "%s", text),
    };
    if (!line.file || !line.what || !line.reason) return false;
    account->lines[account->count++] = line;
    return true;
}

int64_t account_number(const struct account *account, enum fate fate) {
    int64_t number = 0;
    for (int64_t i = 0; i < account->count; i++) number += account->lines[i].fate == fate;
    return number;
}
