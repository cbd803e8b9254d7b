/*
 * The account of a model in show: what its files say, and what is made of it. Lines that differ in nothing
 * are one, with their number: "model.layers.{L}.mlp.experts.{E}.up_proj.weight".
 *
 *     config.json: 22 used, 5 ignored
 *     ignored     3: how another program runs it
 *                 2: training only
 *     weights: 91 used, 4 ignored
 *
 * Short, only what is not used is told, by its reason, but each thing that is warned of, refused or unknown
 * by its name, and each token that ends an answer. In full, all of it by name.
 */
#include "text/account.h"
#include "commands/emit.h"
#include "commands/show/report.h"

#include <stdlib.h>
#include <string.h>

struct group {
    const struct account_line *line;
    int64_t count, order; /* order: of its file among the files */
};

struct groups {
    struct group *list; /* malloc'ed: by file, fate, reason, name */
    int64_t count;
};

static int compare(const void *a, const void *b) {
    const struct group *x = a, *y = b;
    if (x->order != y->order) return x->order < y->order ? -1 : 1;
    if (x->line->fate != y->line->fate) return x->line->fate < y->line->fate ? -1 : 1;
    int reason = strcmp(x->line->reason, y->line->reason);
    return reason != 0 ? reason : strcmp(x->line->what, y->line->what);
}

/* Files in the order in which they were met, so that all lines of one come together. */
static void number_files(struct group *list, int64_t count) {
    enum { FILES_MAX = 64 };
    int64_t first[FILES_MAX] = { 0 }, files = 1; /* first: each file's first line */
    for (int64_t i = 1; i < count; i++) {
        bool same = strcmp(list[i].line->file, list[i - 1].line->file) == 0;
        list[i].order = same ? list[i - 1].order : i;
        for (int64_t j = 0; j < files && !same; j++)
            if (strcmp(list[first[j]].line->file, list[i].line->file) == 0) {
                list[i].order = first[j];
                same = true;
            }
        if (!same && files < FILES_MAX) first[files++] = i;
    }
}

static struct groups group(const struct account *account) {
    struct groups groups = { .list = calloc((size_t)account->count + 1, sizeof *groups.list) };
    struct group *list = groups.list;
    if (!list) return groups;
    for (int64_t i = 0; i < account->count; i++) list[i] = (struct group){ &account->lines[i], 1, 0 };
    number_files(list, account->count);
    if (account->count > 1) qsort(list, (size_t)account->count, sizeof *list, compare);
    for (int64_t i = 0; i < account->count; i++) {
        struct group *last = groups.count > 0 ? &list[groups.count - 1] : NULL;
        if (last && compare(last, &list[i]) == 0)
            last->count++;
        else
            list[groups.count++] = list[i];
    }
    return groups;
}

/* ---- as JSON ---- */

void show_account_json(const struct account *account, struct emit *e) {
    struct groups groups = group(account);
    if (!groups.list) e->text->failed = true;
    emit_list(e, "account");
    for (int64_t i = 0; i < groups.count; i++) {
        const struct account_line *line = groups.list[i].line;
        emit_object(e, NULL);
        emit_string(e, "file", line->file);
        emit_string(e, "what", line->what);
        emit_string(e, "fate", fate_name(line->fate));
        emit_string(e, "reason", line->reason);
        emit_int(e, "count", groups.list[i].count);
        emit_end(e);
    }
    emit_end(e);
    free(groups.list);
}

/* ---- for people ---- */

static bool is_end(const struct account_line *line) {
    return strcmp(line->file, ACCOUNT_ENDS) == 0;
}

static bool by_name(const struct account_line *line) {
    return line->fate == FATE_WARNED || line->fate == FATE_REFUSED || line->fate == FATE_UNKNOWN ||
           is_end(line);
}

static void add_name(struct text *words, const struct group *g) {
    char name[512];
    sy_clean(name, sizeof name, g->line->what[0] ? g->line->what : "all of it");
    text_add(words, "%s", name);
    if (g->count > 1) text_add(words, " (%lld)", (long long)g->count);
}

/* Those of one file, fate and reason: from `at` on, before the returned. */
static int64_t add_reason(const struct groups *groups, int64_t at, bool all, struct text *words) {
    const struct group *first = &groups->list[at];
    int64_t end = at, count = 0;
    for (; end < groups->count; end++) {
        const struct group *g = &groups->list[end];
        if (g->order != first->order || g->line->fate != first->line->fate ||
            strcmp(g->line->reason, first->line->reason) != 0)
            break;
        count += g->count;
    }
    bool named = all || by_name(first->line);
    if (!named) text_add(words, "%lld", (long long)count);
    for (int64_t i = at; i < end && named; i++) {
        if (i > at) text_add(words, ", ");
        add_name(words, &groups->list[i]);
    }
    if (first->line->reason[0]) text_add(words, ": %s", first->line->reason);
    return end;
}

/* "config.json: 22 used, 5 ignored" */
static void add_counts(const struct groups *groups, int64_t at, const struct style *style, struct text *out) {
    int64_t counts[FATE_COUNT] = { 0 }, order = groups->list[at].order;
    const char *file = groups->list[at].line->file, *comma = ": ";
    for (int64_t i = at; i < groups->count && groups->list[i].order == order; i++)
        counts[groups->list[i].line->fate] += groups->list[i].count;
    text_add(out, "%s%s%s", style_begin(style, TINT_BOLD), file, style_end(style, TINT_BOLD));
    for (int fate = 0; fate < FATE_COUNT; fate++) {
        if (counts[fate] == 0) continue;
        text_add(out, "%s%lld %s", comma, (long long)counts[fate], fate_name((enum fate)fate));
        comma = ", ";
    }
    text_add(out, "\n");
}

void show_account_human(const struct account *account, bool all, const struct style *style,
                        struct text *out) {
    struct groups groups = group(account);
    if (!groups.list) out->failed = true;
    text_add(out, "\nwhat the files say, and what is made of it%s\n", all ? "" : " (--all: each by name)");
    for (int64_t i = 0; i < groups.count;) {
        const struct group *g = &groups.list[i];
        struct text words = { 0 };
        bool first = i == 0 || g[-1].order != g->order;
        bool told = !first && g[-1].line->fate == g->line->fate;
        if (first) add_counts(&groups, i, style, out);
        bool silent = !all && g->line->fate == FATE_USED && !is_end(g->line);
        i = add_reason(&groups, i, all, &words);
        if (silent)
            text_free(&words);
        else
            show_line(told ? "" : fate_name(g->line->fate), &words, style, out);
    }
    free(groups.list);
}
