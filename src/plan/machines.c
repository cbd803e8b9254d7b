/*
 * Named machines. presets/machines.json has the figures, each with the title of the data sheet that it is
 * from, and how it comes of it where that is not plain; a figure in its unit, [value, source, remark].
 *
 *   NAMExN   N devices of the same, joined by their links; each has its own memory
 *
 * A type that a machine does not multiply runs as the next wider one: float8 as bf16, bf16 as f32.
 */
#include "plan/machines.h"

#include "base/options.h"
#include "plan/data.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MACHINES_MAX 64

const char *rate_type_name(enum rate_type type) {
    static const char *const names[RATE_TYPES] = { "f32", "bf16", "f8" };
    return names[type];
}

static struct machine_figure figure_of(const json_t *machine, const char *key, double unit,
                                       const json_t *sources) {
    const json_t *row = json_object_get(machine, key);
    struct machine_figure f = { unit * json_number_value(json_array_get(row, 0)), "" };
    const char *source = json_string_value(json_array_get(row, 1));
    const char *remark = json_string_value(json_array_get(row, 2));
    const char *title = source ? json_string_value(json_object_get(sources, source)) : NULL;
    if (title) snprintf(f.source, sizeof f.source, "%s%s%s", title, remark ? ": " : "", remark ? remark : "");
    return f;
}

static void read_machine(const json_t *row, const json_t *sources, struct named_machine *out) {
    const char *name = json_string_value(json_object_get(row, "name"));
    const char *title = json_string_value(json_object_get(row, "title"));
    *out = (struct named_machine){ .devices = 1,
                                   .devices_most = json_integer_value(json_object_get(row, "devices")) };
    snprintf(out->name, sizeof out->name, "%.24s", name ? name : "");
    snprintf(out->title, sizeof out->title, "%s", title ? title : "");
    out->memory = figure_of(row, "memory_gib", 1 << 30, sources);
    out->read = figure_of(row, "read_gb_s", 1e9, sources);
    out->link = figure_of(row, "link_gb_s", 1e9, sources);
    out->flops[RATE_F32] = figure_of(row, "f32_tflops", 1e12, sources);
    out->flops[RATE_BF16] = figure_of(row, "bf16_tflops", 1e12, sources);
    out->flops[RATE_F8] = figure_of(row, "f8_tflops", 1e12, sources);
}

bool machine_at(int index, struct named_machine *out) {
    json_t *all = plan_data("machines");
    const json_t *row = index < 0 ? NULL : json_array_get(json_object_get(all, "machines"), (size_t)index);
    if (row) read_machine(row, json_object_get(all, "sources"), out);
    json_decref(all);
    return row != NULL;
}

/* The N of NAMExN behind `name`, without case, hyphens and spaces; 1 where nothing is behind it, 0 where it
 * is another name. */
static int64_t devices_of(const char *word, const char *name) {
    char *end;
    for (;; word++, name++) {
        while (*word == '-' || *word == '_' || *word == ' ') word++;
        while (*name == '-') name++;
        if (!*name) break;
        if (tolower((unsigned char)*word) != *name) return 0;
    }
    if (!*word) return 1;
    if (*word != 'x' || word[1] < '1' || word[1] > '9') return 0;
    long count = strtol(word + 1, &end, 10);
    return *end ? 0 : count;
}

/* By its name, or by one of the others that people use. */
static int64_t devices_asked(const char *word, const json_t *row) {
    const json_t *others = json_object_get(row, "aliases");
    const char *name = json_string_value(json_object_get(row, "name"));
    int64_t devices = name ? devices_of(word, name) : 0;
    for (size_t i = 0; devices == 0 && i < json_array_size(others); i++)
        devices = devices_of(word, json_string_value(json_array_get(others, i)));
    return devices;
}

static bool unknown(const char *word, struct sy_error *err) {
    struct named_machine all[MACHINES_MAX];
    const char *names[MACHINES_MAX], *nearest;
    int count = 0;
    for (; count < MACHINES_MAX && machine_at(count, &all[count]); count++) names[count] = all[count].name;
    nearest = nearest_word(word, names, count);
    sy_fail(err, SY_ERR_USAGE, "--machine %s: no machine is called so", word);
    if (nearest)
        return sy_error_remedy(err, "did you mean %s? `switchyard plan --machine list` has all", nearest);
    return sy_error_remedy(
        err,
        "`switchyard plan --machine list` has all; any other is told by --memory, --bandwidth and --flops");
}

static bool take_devices(const char *word, int64_t devices, struct named_machine *out, struct sy_error *err) {
    size_t used = strlen(out->name);
    if (devices > out->devices_most) {
        sy_fail(err, SY_ERR_USAGE, "--machine %s: at most %lld of %s are known in one machine", word,
                (long long)out->devices_most, out->name);
        return sy_error_remedy(err, "--machine %s --ranks %lld --link RATE says how they are joined",
                               out->name, (long long)devices);
    }
    out->devices = devices;
    if (devices > 1) snprintf(out->name + used, sizeof out->name - used, "x%lld", (long long)devices);
    return true;
}

bool machine_find(const char *word, struct named_machine *out, struct sy_error *err) {
    json_t *all = plan_data("machines");
    const json_t *rows = json_object_get(all, "machines");
    int64_t devices = 0;
    for (size_t i = 0; devices == 0 && i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        devices = devices_asked(word, row);
        if (devices > 0) read_machine(row, json_object_get(all, "sources"), out);
    }
    json_decref(all);
    return devices > 0 ? take_devices(word, devices, out, err) : unknown(word, err);
}

/* ---- which arithmetic ---- */

static enum rate_type stored_type(const struct model *model) {
    const struct census *census = &model->census;
    int64_t wide = 0, narrow = 0, all = 0;
    for (int d = 0; d < DTYPE_COUNT; d++) {
        all += census->dtype_bytes[d];
        if (d == DTYPE_F32 || d == DTYPE_F64) wide += census->dtype_bytes[d];
        if (d == DTYPE_F8_E4M3) narrow += census->dtype_bytes[d];
    }
    return wide == all ? RATE_F32 : 2 * narrow > all ? RATE_F8 : RATE_BF16;
}

enum rate_type rate_type_of(const struct weights *weights) {
    const struct recipe *recipe = weights->recipe;
    if (!recipe) return stored_type(weights->model);
    if (recipe->mix == MIX_FLOAT8) return RATE_F8;
    return recipe->dtype == DTYPE_F32 ? RATE_F32 : RATE_BF16;
}

enum rate_type machine_rate_type(const struct named_machine *machine, enum rate_type wanted) {
    while (wanted > RATE_F32 && !(machine->flops[wanted].value > 0)) wanted--;
    return wanted;
}
