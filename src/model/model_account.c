/*
 * A model's account (model_account.h). Lines of keys are made where the keys are read; those of tensors come
 * from the census, and only when somebody wants to see them.
 */
#include "model/model_account.h"
#include "base/json.h"
#include <stdlib.h>
#include <string.h>

/* ---- tensors ---- */

static bool add_tensor(const struct model *model, const struct tensor *tensor, struct account *account,
                       struct sy_error *err) {
    const struct account *kept = &model->account;
    for (int64_t i = 0; i < kept->count; i++) /* told with its warning already */
        if (strcmp(kept->lines[i].file, ACCOUNT_WEIGHTS) == 0 &&
            strcmp(kept->lines[i].what, tensor->name) == 0)
            return true;
    if (tensor->dtype != DTYPE_COUNT)
        return account_add(account, ACCOUNT_WEIGHTS, tensor->name, FATE_USED, err, "%s", "");
    return account_add(account, ACCOUNT_WEIGHTS, tensor->name, FATE_REFUSED, err,
                       "stored as %s, which is not read here", tensor_type(tensor));
}

static bool add_tensors(const struct model *model, struct account *account, struct sy_error *err) {
    const struct census *census = &model->census;
    int64_t ignored = 0, unknown = 0;
    for (int64_t i = 0; i < model->checkpoint.count; i++) { /* all lists are in the order of the tensors */
        const struct tensor *tensor = &model->checkpoint.tensors[i];
        bool ok;
        if (ignored < census->ignored && census->ignored_names[ignored] == tensor->name)
            ok = account_add(account, ACCOUNT_WEIGHTS, tensor->name, FATE_IGNORED, err, "%s",
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

static bool is_said_before(const struct account *account, int64_t index) {
    for (int64_t i = 0; i < index; i++)
        if (account->lines[i].fate == FATE_UNKNOWN &&
            strcmp(account->lines[i].file, account->lines[index].file) == 0)
            return true;
    return false;
}

/* "config.json: nobody here knows alpha, beta" */
static bool tell_unknown(const struct account *account, int64_t first, struct arena *arena, const char **line,
                         struct sy_error *err) {
    const char *file = account->lines[first].file;
    struct text words = { 0 };
    text_add(&words, "%s: nobody here knows %s", file, account->lines[first].what);
    for (int64_t i = first + 1; i < account->count; i++)
        if (account->lines[i].fate == FATE_UNKNOWN && strcmp(account->lines[i].file, file) == 0)
            text_add(&words, ", %s", account->lines[i].what);
    *line = words.failed ? NULL : arena_string(arena, words.data, words.size, err);
    if (words.failed) sy_fail(err, SY_ERR_MEMORY, "no memory for what is to be said of %s", file);
    text_free(&words);
    return *line != NULL;
}

bool account_warnings(const struct account *account, struct arena *arena, const char *const **lines,
                      int64_t *count, struct sy_error *err) {
    int64_t most = account_number(account, FATE_WARNED) + account_number(account, FATE_UNKNOWN);
    const char **list = arena_new(arena, const char *, most, err);
    *lines = list;
    *count = 0;
    for (int64_t i = 0; i < account->count && list; i++) {
        const struct account_line *line = &account->lines[i];
        const char **next = &list[*count];
        if (line->fate == FATE_WARNED)
            *next = arena_format(arena, err, "%s: %s %s", line->file, line->what, line->reason);
        else if (line->fate != FATE_UNKNOWN || is_said_before(account, i))
            continue;
        else if (!tell_unknown(account, i, arena, next, err))
            return false;
        if (!*next) return false;
        ++*count;
    }
    return list != NULL;
}
