#include "model/meta_write.h"

#include "base/checked.h"
#include "model/bind.h"
#include "model/meta_fields.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct meta_writing {
    struct arena *arena;
    struct gguf_description *out;
    int64_t room;
    struct sy_error *err;
    bool failed;
};

/* ---- keys ---- */

static void set(struct meta_writing *w, const char *name, struct gguf_value value) {
    struct gguf_description *d = w->out;
    if (w->failed) return;
    if (d->count == w->room) {
        int64_t room = w->room ? w->room * 2 : 64;
        struct gguf_key *larger = arena_new(w->arena, struct gguf_key, room, w->err);
        w->failed = !larger;
        if (!larger) return;
        if (d->count > 0) memcpy(larger, d->keys, (size_t)d->count * sizeof *larger);
        d->keys = larger;
        w->room = room;
    }
    const char *kept = arena_string(w->arena, name, strlen(name), w->err);
    w->failed = !kept;
    if (kept) d->keys[d->count++] = (struct gguf_key){ kept, value };
}

/* Below the architecture's name, but for keys of the tokenizer. */
static void set_below(struct meta_writing *w, const char *key, struct gguf_value value) {
    char name[160];
    bool whole = strncmp(key, "tokenizer.", 10) == 0 || strncmp(key, "general.", 8) == 0;
    snprintf(name, sizeof name, "%s%s%s", whole ? "" : w->out->family->gguf->arch, whole ? "" : ".", key);
    set(w, name, value);
}

static void set_int(struct meta_writing *w, const char *key, int64_t value) {
    bool wide = value > UINT32_MAX || value < 0;
    set_below(w, key, (struct gguf_value){ .type = wide ? GGUF_U64 : GGUF_U32, .u = (uint64_t)value });
}

static void set_real(struct meta_writing *w, const char *key, double value) {
    float kept = (float)value;
    if (isfinite(value) && (!isfinite(kept) || (kept == 0) != (value == 0))) {
        if (!w->failed)
            sy_fail(w->err, SY_ERR_FORMAT, "%g is a number that f32, which GGUF takes, cannot hold", value);
        if (!w->failed) sy_error_at(w->err, "%s", key);
        w->failed = true;
        return;
    }
    set_below(w, key, (struct gguf_value){ .type = GGUF_F32, .f = (double)(float)value });
}

static void set_word(struct meta_writing *w, const char *key, const char *word) {
    set_below(w, key, (struct gguf_value){ .type = GGUF_STRING, .text = { word, (int64_t)strlen(word) } });
}

static void set_list(struct meta_writing *w, const struct gguf_rule *list) {
    double value;
    for (const struct gguf_rule *rule = list; rule->key; rule++) {
        if (!meta_rule_value(rule, &w->out->spec, &value)) continue;
        if (rule->kind == KEY_INT) set_int(w, rule->key, (int64_t)value);
        if (rule->kind == KEY_REAL) set_real(w, rule->key, value);
        if (rule->kind == KEY_BOOL)
            set_below(w, rule->key, (struct gguf_value){ .type = GGUF_BOOL, .u = value != 0 });
    }
}

static void set_token(struct meta_writing *w, const char *key, int64_t id) {
    if (id >= 0) set_int(w, key, id);
}

/* ---- positions ---- */

static void add_vector(struct meta_writing *w, const char *name, const double *values, int64_t count) {
    float *kept = arena_new(w->arena, float, count, w->err);
    w->failed = w->failed || !kept;
    for (int64_t i = 0; i < count && kept; i++) kept[i] = (float)values[i];
    w->out->vectors[w->out->vector_count++] = (struct gguf_vector){ name, kept, count };
}

/* What each frequency is divided by, as layers/rope.c has it. */
static void add_llama3(struct meta_writing *w, const struct rope_spec *r) {
    int64_t half = r->dims / 2;
    double *divisors = arena_new(w->arena, double, half, w->err);
    double low = (double)r->original_context / r->low_freq_factor;
    double high = (double)r->original_context / r->high_freq_factor;
    w->failed = w->failed || !divisors;
    for (int64_t i = 0; i < half && divisors; i++) {
        double wavelength = 2 * M_PI * pow(r->theta, (double)(2 * i) / (double)r->dims);
        double smooth = r->high_freq_factor == r->low_freq_factor
                            ? 1
                            : ((double)r->original_context / wavelength - r->low_freq_factor) /
                                  (r->high_freq_factor - r->low_freq_factor);
        if (wavelength < high)
            divisors[i] = 1;
        else if (wavelength > low)
            divisors[i] = r->factor;
        else
            divisors[i] = 1 / ((1 - smooth) / r->factor + smooth);
    }
    if (divisors) add_vector(w, "rope_freqs.weight", divisors, half);
}

static void set_yarn(struct meta_writing *w, const struct rope_spec *r) {
    const struct attention_spec *a = &w->out->spec.attention;
    double whole = r->factor > 1 ? 0.1 * log(r->factor) + 1 : 1;
    set_word(w, "rope.scaling.type", "yarn");
    set_real(w, "rope.scaling.factor", r->factor);
    set_int(w, "rope.scaling.original_context_length", r->original_context);
    set_real(w, "rope.scaling.yarn_beta_fast", r->beta_fast);
    set_real(w, "rope.scaling.yarn_beta_slow", r->beta_slow);
    if (a->kind == ATTENTION_LATENT && r->factor > 1) {
        double m = sqrt(a->scale * sqrt((double)a->head_width));
        double mscale = meta_decimal((float)((m - 1) / (0.1 * log(r->factor))));
        if (fabs(m - 1) > 1e-9) set_real(w, "rope.scaling.yarn_log_multiplier", mscale / 10);
    } else if ((float)r->magnitude != (float)whole) {
        set_real(w, "rope.scaling.attn_factor", r->magnitude / whole);
    }
}

static void set_scaling(struct meta_writing *w, const struct rope_spec *r) {
    switch (r->scaling) {
    case ROPE_PLAIN: break;
    case ROPE_LINEAR:
        set_word(w, "rope.scaling.type", "linear");
        set_real(w, "rope.scaling.factor", r->factor);
        break;
    case ROPE_YARN: set_yarn(w, r); break;
    case ROPE_LLAMA3: add_llama3(w, r); break;
    case ROPE_FACTORS: add_vector(w, "rope_freqs.weight", r->short_factor, r->factor_count); break;
    case ROPE_LONGROPE:
        set_word(w, "rope.scaling.type", "longrope");
        set_real(w, "rope.scaling.factor", r->factor);
        set_int(w, "rope.scaling.original_context_length", r->original_context);
        set_real(w, "rope.scaling.attn_factor", r->magnitude);
        add_vector(w, "rope_factors_short.weight", r->short_factor, r->factor_count);
        add_vector(w, "rope_factors_long.weight", r->long_factor, r->factor_count);
        break;
    }
}

/* ---- what a reader of the standard keys would make of it ---- */

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct tensor *)a)->name, ((const struct tensor *)b)->name);
}

/* A checkpoint of names and shapes alone, but for the vectors. */
static bool imagine(const struct meta_writing *w, struct checkpoint *checkpoint) {
    const struct gguf_description *d = w->out;
    struct planned_tensor *plan;
    int64_t count;
    memset(checkpoint, 0, sizeof *checkpoint);
    if (!plan_tensors(d->family, &d->spec, w->arena, &plan, &count, w->err)) return false;
    checkpoint->tensors = arena_new(w->arena, struct tensor, count + d->vector_count, w->err);
    if (!checkpoint->tensors) return false;
    for (int64_t i = 0; i < count; i++) {
        struct tensor *tensor = &checkpoint->tensors[checkpoint->count++];
        *tensor = (struct tensor){ .name = plan[i].name, .file = "", .rank = plan[i].rank };
        memcpy(tensor->shape, plan[i].shape, sizeof tensor->shape);
    }
    for (int i = 0; i < d->vector_count; i++)
        checkpoint->tensors[checkpoint->count++] =
            (struct tensor){ .name = d->vectors[i].name,
                             .file = "",
                             .rank = 1,
                             .shape = { d->vectors[i].count },
                             .data = (const void *)d->vectors[i].values };
    qsort(checkpoint->tensors, (size_t)checkpoint->count, sizeof *checkpoint->tensors, by_name);
    return true;
}

static bool set_ours(struct meta_writing *w) {
    struct gguf_description *d = w->out;
    struct checkpoint checkpoint;
    struct gguf_model found;
    json_t *fields = NULL, *value;
    const char *name;
    if (!imagine(w, &checkpoint)) return false;
    struct gguf standard = { .version = 3, .keys = d->keys, .key_count = d->count };
    if (!spec_from_gguf(&standard, &checkpoint, "the new file", false, w->arena, &found, w->err))
        return false;
    bool ok = meta_fields_missing(&d->spec, &found.spec, found.covered, 0, &fields, w->err);
    json_object_foreach(fields, name, value) {
        char key[160];
        struct gguf_value converted;
        snprintf(key, sizeof key, "switchyard.%.120s", name);
        ok = ok && meta_value(value, w->arena, &converted, w->err);
        if (!ok) break;
        set(w, key, converted);
        d->ours++;
    }
    json_decref(fields);
    gguf_model_free(&found);
    return ok && !w->failed;
}

bool gguf_describe(const struct family *family, const struct spec *spec, struct arena *arena,
                   struct gguf_description *out, struct sy_error *err) {
    struct meta_writing w = { .arena = arena, .out = out, .err = err };
    struct spec neutral;
    memset(out, 0, sizeof *out);
    out->family = gguf_family(family, arena, err);
    if (!out->family || !spec_copy(spec, &out->spec, arena, err)) return false;
    const struct gguf_form *form = family->gguf;
    spec_init(&neutral);
    out->spec.family = family->name;
    if (form->permuted) out->spec.rope.interleaved = true;
    out->spec.attention.split_kv_b = false;
    out->spec.scale_block_rows = neutral.scale_block_rows;
    out->spec.scale_block_cols = neutral.scale_block_cols;
    out->spec.mtp_layers = 0; /* they are left out */
    set_word(&w, "general.architecture", form->arch);
    for (const struct gguf_rule *const *list = form->keys; *list; list++) set_list(&w, *list);
    set_scaling(&w, &out->spec.rope);
    set_token(&w, "tokenizer.ggml.bos_token_id", spec->tokens.bos);
    set_token(&w, "tokenizer.ggml.eos_token_id", spec->tokens.eos_count > 0 ? spec->tokens.eos[0] : -1);
    set_token(&w, "tokenizer.ggml.padding_token_id", spec->tokens.pad);
    return !w.failed && set_ours(&w);
}
