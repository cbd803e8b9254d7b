/*
 * A model's account (model_account.h). Lines of keys are made where the keys are read; those of tensors come
 * from the census, and only when somebody wants to see them.
 */
#include "model/model_account.h"
#include "base/json.h"
#include "model/pattern.h"
#include <stdio.h>
#include <string.h>

/* ---- tensors ---- */

enum { FORM_BYTES = 576 };

/* "blk.{L}.attn_q.weight": those of all layers and experts are told together. */
static const char *form_of(const struct tensor *tensor, char form[FORM_BYTES]) {
    int64_t layer, expert;
    pattern_of(tensor->name, form, FORM_BYTES, &layer, &expert);
    return form;
}

/* Told with its warning already: such lines are the last that opening adds. */
static bool is_told(const struct account *kept, const struct tensor *tensor) {
    for (int64_t i = kept->count - 1; i >= 0 && strcmp(kept->lines[i].file, ACCOUNT_WEIGHTS) == 0; i--)
        if (strcmp(kept->lines[i].what, tensor->name) == 0) return true;
    return false;
}

static bool add_tensor(const struct model *model, const struct tensor *tensor, struct account *account,
                       struct sy_error *err) {
    char text[FORM_BYTES];
    if (is_told(&model->account, tensor)) return true;
    const char *form = form_of(tensor, text);
    if (tensor->dtype != DTYPE_COUNT)
        return account_add(account, ACCOUNT_WEIGHTS, form, FATE_USED, err, "%s", "");
    return account_add(account, ACCOUNT_WEIGHTS, form, FATE_REFUSED, err,
                       "stored as %s, which is not read here", tensor_type(tensor));
}

static bool add_tensors(const struct model *model, struct account *account, struct sy_error *err) {
    const struct census *census = &model->census;
    int64_t ignored = 0, unknown = 0;
    for (int64_t i = 0; i < model->checkpoint.count; i++) { /* all lists are in the order of the tensors */
        const struct tensor *tensor = &model->checkpoint.tensors[i];
        char text[FORM_BYTES];
        bool ok;
        if (ignored < census->ignored && census->ignored_names[ignored] == tensor->name)
            ok = account_add(account, ACCOUNT_WEIGHTS, form_of(tensor, text), FATE_IGNORED, err, "%s",
                             census->ignored_reasons[ignored++]);
        else if (unknown < census->unknown && census->unknown_names[unknown] == tensor->name)
            ok = account_add(account, ACCOUNT_WEIGHTS, tensor->name, FATE_UNKNOWN, err, "%s", ""), unknown++;
        else
            ok = add_tensor(model, tensor, account, err);
        if (!ok) return false;
    }
    return true;
}

bool model_account(const struct model *model, struct account *account, struct sy_error *err) {
    for (int64_t i = 0; i < model->account.count; i++) {
        const struct account_line *line = &model->account.lines[i];
        if (!account_add(account, line->file, line->what, line->fate, err, "%s", line->reason)) return false;
    }
    return add_tensors(model, account, err);
}

/* ---- what is said ---- */

/* A copy that is safe to print. */
static const char *clean(struct arena *arena, const char *text, struct sy_error *err) {
    size_t size = strlen(text) + 1;
    char *line = arena_new(arena, char, (int64_t)size, err);
    if (line) sy_clean(line, size, text);
    return line;
}

/* "config.json: nobody here knows alpha, beta" */
static const char *tell_unknown(const struct account *account, int64_t first, struct arena *arena,
                                struct sy_error *err) {
    const char *file = account->lines[first].file, *line = NULL;
    struct text words = { 0 };
    text_add(&words, "%s: nobody here knows %s", file, account->lines[first].what);
    for (int64_t i = first + 1; i < account->count; i++)
        if (account->lines[i].fate == FATE_UNKNOWN && strcmp(account->lines[i].file, file) == 0)
            text_add(&words, ", %s", account->lines[i].what);
    if (words.failed)
        sy_fail(err, SY_ERR_MEMORY, "no memory for what is to be said of %s", file);
    else
        line = clean(arena, words.data, err);
    text_free(&words);
    return line;
}

bool account_warnings(const struct account *account, struct arena *arena, int64_t more, const char ***lines,
                      int64_t *count, struct sy_error *err) {
    enum { FILES_MAX = 16 };
    const char *told[FILES_MAX]; /* files whose unknown keys have their line */
    int files = 0;
    const char **list =
        arena_new(arena, const char *, account_number(account, FATE_WARNED) + FILES_MAX + more, err);
    *lines = list;
    *count = 0;
    for (int64_t i = 0; i < account->count && list; i++) {
        const struct account_line *line = &account->lines[i];
        bool unknown = line->fate == FATE_UNKNOWN && files < FILES_MAX;
        for (int k = 0; k < files && unknown; k++) unknown = strcmp(told[k], line->file) != 0;
        if (line->fate == FATE_WARNED) {
            const char *text = arena_format(arena, err, "%s: %s %s", line->file, line->what, line->reason);
            list[*count] = text ? clean(arena, text, err) : NULL;
        } else if (unknown) {
            told[files++] = line->file;
            list[*count] = tell_unknown(account, i, arena, err);
        } else {
            continue;
        }
        if (!list[(*count)++]) return false;
    }
    return list != NULL;
}

/* Tensors that were asked to be let pass: the first by name, `show` has all. */
static const char *tell_left_out(const struct census *census, struct arena *arena, struct sy_error *err) {
    char more[64] = "";
    if (census->unknown > 1) snprintf(more, sizeof more, " and %lld more", (long long)census->unknown - 1);
    const char *text = arena_format(arena, err, ACCOUNT_WEIGHTS ": %s%s, which nobody here knows: left out",
                                    census->unknown_names[0], more);
    return text ? clean(arena, text, err) : NULL;
}

/* Of a model that is only described: a tensor that no sum of bytes can count. */
static const struct tensor *find_uncounted(const struct checkpoint *checkpoint) {
    for (int64_t i = 0; i < checkpoint->count; i++) {
        const struct tensor *tensor = &checkpoint->tensors[i];
        int64_t elements;
        if (tensor->dtype == DTYPE_COUNT && tensor->bytes == 0 && tensor_elements(tensor, &elements) &&
            elements > 0)
            return tensor;
    }
    return NULL;
}

bool model_warn(struct model *model, struct sy_error *err) {
    const struct tensor *uncounted = find_uncounted(&model->checkpoint);
    const char **lines;
    int64_t count;
    if (!account_warnings(&model->account, &model->arena, 2, &lines, &count, err)) return false;
    if (model->census.unknown > 0) {
        lines[count] = tell_left_out(&model->census, &model->arena, err);
        if (!lines[count++]) return false;
    }
    if (uncounted) {
        lines[count] = arena_format(&model->arena, err,
                                    ACCOUNT_WEIGHTS ": %s is stored as %s, whose size nobody here knows: its "
                                                    "bytes are not counted",
                                    uncounted->name, tensor_type(uncounted));
        if (!lines[count++]) return false;
    }
    model->warnings = lines;
    model->warning_count = count;
    return true;
}
