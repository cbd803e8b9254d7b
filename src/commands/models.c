/*
 * models: what names lead to, in $SWITCHYARD_MODELS and in the installed data folder. Headers are read, no
 * weights.
 */
#include "api/model_names.h"
#include "api/model_path.h"
#include "base/checked.h"
#include "commands/command.h"
#include "commands/console.h"
#include "commands/emit.h"
#include "model/bind.h"
#include "report/number.h"
#include "report/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPES_SHOWN 3

struct args {
    bool names, json;
};

static const struct option options[] = {
    { "names", 0, OPTION_FLAG, NULL, "their names alone, one a line, without a look at their files",
      offsetof(struct args, names) },
    { "json", 0, OPTION_FLAG, NULL, "print one JSON list", offsetof(struct args, json) },
    OPTION_END,
};
static const struct option_table table = { options, NULL };

struct seen { /* of one model; an error says why it cannot be opened */
    const char *name;
    char path[4096];
    char family[64], error[1024];
    int64_t bytes;
    int64_t dtype_bytes[DTYPE_COUNT];
};

static void look(const char *folder, const struct model_name *name, struct seen *seen) {
    struct model model;
    struct sy_error err = { 0 };
    *seen = (struct seen){ .name = name->name, .bytes = name->bytes };
    snprintf(seen->path, sizeof seen->path, "%s/%s", folder, name->file);
    if (!model_open(seen->path, true, &model, &err)) {
        err.file[0] = 0; /* it stands beside */
        console_error_line(&err, seen->error, sizeof seen->error);
        return;
    }
    snprintf(seen->family, sizeof seen->family, "%s", model.family->name);
    for (enum dtype d = 0; d < DTYPE_COUNT; d++) seen->dtype_bytes[d] = model.census.dtype_bytes[d];
    model_close(&model);
}

/* The type that most bytes are in, of those not yet taken; DTYPE_COUNT: none is left. */
static enum dtype next_type(const struct seen *seen, const bool taken[DTYPE_COUNT]) {
    enum dtype most = DTYPE_COUNT;
    for (enum dtype d = 0; d < DTYPE_COUNT; d++)
        if (!taken[d] && seen->dtype_bytes[d] > 0 &&
            (most == DTYPE_COUNT || seen->dtype_bytes[d] > seen->dtype_bytes[most]))
            most = d;
    return most;
}

/* "q4_k, q6_k, f32": by bytes. */
static void list_types(const struct seen *seen, char *cell, size_t size) {
    bool taken[DTYPE_COUNT] = { false };
    cell[0] = 0;
    for (int i = 0; i <= TYPES_SHOWN; i++) {
        enum dtype d = next_type(seen, taken);
        size_t used = strlen(cell);
        if (d == DTYPE_COUNT) return;
        taken[d] = true;
        snprintf(cell + used, size - used, "%s%s", used ? ", " : "", i < TYPES_SHOWN ? dtype_name(d) : "...");
    }
}

static void emit_model(struct emit *e, const struct seen *seen) {
    bool taken[DTYPE_COUNT] = { false };
    emit_object(e, NULL);
    emit_string(e, "name", seen->name);
    emit_string(e, "path", seen->path);
    emit_string(e, "family", seen->family[0] ? seen->family : NULL);
    emit_int(e, "bytes", seen->bytes);
    emit_list(e, "types");
    for (enum dtype d; (d = next_type(seen, taken)) < DTYPE_COUNT; taken[d] = true)
        emit_string(e, NULL, dtype_name(d));
    emit_end(e);
    if (seen->error[0]) emit_string(e, "error", seen->error);
    emit_end(e);
}

static void add_row(struct table *rows, const struct seen *seen) {
    char size[NUMBER_TEXT], types[64], why[40];
    list_types(seen, types, sizeof types);
    snprintf(why, sizeof why, "%s", "cannot be opened");
    table_row(rows, seen->name, seen->error[0] ? why : seen->family, number_bytes(seen->bytes, size), types);
}

static void show_folder(const char *folder, const struct model_names *names, const struct style *style,
                        struct text *out) {
    struct table rows = { .columns = 4, .align = "llrl", .indent = 2, .head = true };
    struct text wrong = { 0 };
    text_add(out, "%s%s\n", folder, names->count == 0 ? ": none" : "");
    table_row(&rows, "name", "family", "size", "types");
    for (int64_t i = 0; i < names->count; i++) {
        struct seen seen;
        look(folder, &names->list[i], &seen);
        add_row(&rows, &seen);
        if (seen.error[0]) text_add(&wrong, "  %s: %s\n", seen.name, seen.error);
    }
    if (names->count > 0) table_print(&rows, style, out);
    if (wrong.data) text_add(out, "%s", wrong.data);
    text_free(&wrong);
    table_free(&rows);
}

static void show_names(const struct model_names *names, struct text *out) {
    for (int64_t i = 0; i < names->count; i++)
        if (i == 0 || strcmp(names->list[i].name, names->list[i - 1].name) != 0)
            text_add(out, "%s\n", names->list[i].name);
        else
            text_add(out, "%s\n", names->list[i].file); /* two of one name: this tells them apart */
}

static bool run(const struct call *call, struct sy_error *err) {
    const struct args *args = call->args;
    const char *folders[MODEL_FOLDERS];
    struct text text = { 0 };
    struct emit e = { .text = &text };
    struct style style = console_style(stdout);
    if (args->names && args->json) return sy_fail(err, SY_ERR_USAGE, "--names and --json exclude each other");
    model_path_folders(folders);
    if (args->json) emit_list(&e, NULL);
    for (int i = 0; i < MODEL_FOLDERS; i++) {
        struct model_names names;
        if (!folders[i]) continue;
        if (!model_names_list(folders[i], &names, err)) return text_free(&text), false;
        for (int64_t j = 0; j < names.count && args->json; j++) {
            struct seen seen;
            look(folders[i], &names.list[j], &seen);
            emit_model(&e, &seen);
        }
        if (args->names) show_names(&names, &text);
        if (!args->names && !args->json) show_folder(folders[i], &names, &style, &text);
        model_names_free(&names);
    }
    if (args->json) emit_end(&e);
    if (!args->json && !args->names) {
        if (!folders[0]) text_add(&text, "$SWITCHYARD_MODELS names a folder of yours to look in first.\n");
        text_add(&text, "Presets, which only plan knows, are listed by: switchyard plan --list\n");
    }
    return console_print(&text, err);
}

const struct command command_models = {
    .text = {
        .name = "models",
        .summary = "the models that can be called by name",
        .usage = "[--names | --json]",
        .details =
            "Lists what lies in the folder $SWITCHYARD_MODELS and in the installed data folder: GGUF\n"
            "files (the parts of one count once) and folders with a checkpoint, also one level deeper, as\n"
            "in owner/name. A model there may be called by its name without .gguf, wherever a command wants\n"
            "MODEL; a path goes first.",
        .examples = "SWITCHYARD_MODELS=~/models switchyard models\n"
                    "switchyard models --json | jq '.[] | {name, bytes}'",
    },
    .table = &table,
    .args_size = sizeof(struct args),
    .run = run,
};
