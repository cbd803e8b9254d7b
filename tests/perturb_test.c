/*
 * Each field of the spec, perturbed once, changes the logits of at least one base model: else nobody reads
 * it. Fields that a forward pass has no use for are listed with the reason.
 */
#include "test.h"
#include "tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { T = 14, SHORT = 6, ROWS = T + SHORT, VOCAB_MOST = 64 };

/* Not of the forward pass. */
static const struct {
    const char *section, *name, *why;
} exempt[] = {
    { "", "context", "a limit, not arithmetic" },
    { "", "mtp_layers", "counted and skipped" },
    { "", "scale_block_rows", "read by binding" },
    { "", "scale_block_cols", "read by binding" },
    { "", "norm_place", "sandwich and post norms: plan only, refused by the pass" },
    { "decoder", "causal", "refused by the pass when false" },
    { "encoder", "causal", "no encoder runs yet" },
    { "attention", "kind", "the two kinds share no shapes; the golden cases tell them apart" },
    { "attention", "joint_qkv", "plan only, refused by the pass" },
    { "attention", "relative_bias", "plan only, refused by the pass" },
    { "attention", "relative_buckets", "plan only" },
    { "attention", "relative_distance", "plan only" },
    { "router", "logit", "two-level logits are refused by the pass" },
    { "router", "noise", "training" },
    { "router", "noise_scale", "training" },
    { "router", "capacity_factor", "training; inference is dropless" },
    { "router", "overflow", "training" },
    { "router", "compete", "training" },
    { "router", "shard_tokens", "training" },
    { "router", "balance", "training" },
    { "router", "balance_weight", "training" },
    { "router", "z_weight", "training" },
    { "router", "bias_rate", "training" },
    { "tokens", "bos", "the text's" },
    { "tokens", "pad", "the text's" },
    { "tokens", "decoder_start", "the text's" },
    { "tokens", "eos", "the engine's" },
    { "layer", "branch", "parallel MoE: plan only, refused by the pass" },
    { "layer", "cross_attention", "plan only, refused by the pass" },
};

static const char *exempted(const struct spec_field *field) {
    for (size_t i = 0; i < sizeof exempt / sizeof *exempt; i++)
        if (!strcmp(exempt[i].section, field->section) && !strcmp(exempt[i].name, field->name))
            return exempt[i].why;
    return NULL;
}

static bool evaluate(const struct spec *spec, float *logits) {
    static const int64_t ids[T] = { 3, 17, 5, 5, 30, 11, 2, 29, 8, 8, 14, 1, 23, 6 };
    struct tiny tiny;
    struct tiny_run run = { .level = level_of_machine() };
    struct sy_error err = { 0 };
    if (!tiny_open(&tiny, spec, DTYPE_F32, &run, &err)) return false;
    tiny_logits(&tiny, &run, ids, T, logits, NULL);
    tiny_logits(&tiny, &run, ids, SHORT, logits + T * spec->vocab,
                NULL); /* within longrope's original context */
    tiny_close(&tiny);
    return true;
}

/* Variant `v` of a field; false when there is none. */
static bool perturb(const struct spec_field *field, void *at, int v) {
    switch (field->type) {
    case FIELD_BOOL: *(bool *)at = !*(bool *)at; return v == 0;
    case FIELD_INT: {
        static const int64_t steps[] = { 1, -1, 2, -2, 3, -3, 4 };
        if (v >= 7) return false;
        *(int64_t *)at += steps[v];
        return true;
    }
    case FIELD_REAL:
        *(double *)at = *(double *)at != 0 ? *(double *)at * (v ? 0.25 : 1.5) : 0.5;
        return v < 2;
    case FIELD_ENUM: {
        int now = *(int *)at, other = v < now ? v : v + 1;
        if (!field->words[v] || !field->words[other]) return false;
        *(int *)at = other;
        return true;
    }
    case FIELD_REALS:
        if (!*(double **)at) return false;
        (*(double **)at)[0] *= 1.5;
        return v == 0;
    default: return false;
    }
}

/* Fields that only make sense together with another. */
static void keep_consistent(const struct spec_field *field, struct spec *spec) {
    struct attention_spec *a = &spec->attention;
    for (int64_t l = 0; !strcmp(field->name, "ffn") && l < spec->decoder.layer_count; l++)
        spec->decoder.layers[l].dense_width = spec->decoder.layers[l].ffn == FFN_DENSE ? 28 : 0;
    if (!strcmp(field->name, "head_width") && a->kind == ATTENTION_GROUPED) a->value_width = a->head_width;
    if (!strcmp(field->name, "nope_width")) a->head_width = a->nope_width + spec->rope.dims;
}

/* Does some perturbation of this field of this base change a logit? */
static bool matters(const struct spec_field *field, enum tiny_base base, int64_t layer, const float *want) {
    float got[ROWS * VOCAB_MOST];
    for (int v = 0;; v++) {
        struct arena arena;
        struct spec spec;
        arena_open(&arena);
        tiny_spec(base, &arena, &spec);
        char *root = strcmp(field->section, "layer") ? (char *)&spec : (char *)&spec.decoder.layers[layer];
        bool there = perturb(field, root + field->offset, v);
        keep_consistent(field, &spec);
        int64_t vocab = spec.vocab;
        bool ran = there && vocab <= VOCAB_MOST && evaluate(&spec, got);
        arena_close(&arena);
        if (!there) return false;
        if (ran && (vocab != 37 || memcmp(got, want, ROWS * 37 * sizeof *got))) return true;
    }
}

TEST(every_field_of_the_spec_is_read) {
    static float want[TINY_BASE_COUNT][ROWS * 37];
    for (int base = 0; base < TINY_BASE_COUNT; base++) {
        struct arena arena;
        struct spec spec;
        arena_open(&arena);
        tiny_spec((enum tiny_base)base, &arena, &spec);
        assert_true(evaluate(&spec, want[base]));
        arena_close(&arena);
    }
    int unread = 0;
    for (int f = 0; f < spec_field_count; f++) {
        const struct spec_field *field = &spec_fields[f];
        bool read = exempted(field) != NULL;
        for (int base = 0; base < TINY_BASE_COUNT && !read; base++)
            for (int64_t layer = 0; layer < 2 && !read; layer++)
                read = matters(field, (enum tiny_base)base, layer, want[base]);
        if (!read) {
            print_error("nobody reads %s.%s\n", field->section, field->name);
            unread++;
        }
    }
    assert_int_equal(unread, 0);
}

/* ---- and each weight ---- */

/* Other numbers in a weight of f32, or in the vector that the store made of it. */
static void change_weight(struct tiny *tiny, int64_t layer, enum slot slot, int64_t expert) {
    const struct store *store = &tiny->session.store;
    const struct binding *binding = &tiny->session.model.binding;
    const struct weight *w =
        expert < 0 ? binding_weight(binding, layer, slot) : binding_expert(binding, layer, slot, expert);
    const void *at = w->data;
    if (slot_is_vector(slot) && slot != SLOT_SHARED_SCALE && expert < 0)
        at = store_vector(store, layer, slot);
    float *values = (float *)(uintptr_t)at;
    for (int64_t i = 0; i < w->rows * w->cols; i++) values[i] = 0.2f - 0.7f * values[i];
}

/* Logits of a prompt, and of its last ids as steps. */
static void both_forms(struct tiny *tiny, float *logits) {
    static const int64_t ids[T] = { 3, 17, 5, 5, 30, 11, 2, 29, 8, 8, 14, 1, 23, 6 };
    struct tiny_run run = { .level = level_of_machine() };
    tiny_logits(tiny, &run, ids, T, logits, NULL);
    run.steps = T - 2;
    tiny_logits(tiny, &run, ids, T, logits + T * 37, NULL);
}

static void weights_of(enum tiny_base base) {
    struct arena arena;
    struct spec spec;
    struct sy_error err = { 0 };
    struct tiny_run run = { .level = level_of_machine() };
    static float want[2 * T * 37], got[2 * T * 37];
    arena_open(&arena);
    tiny_spec(base, &arena, &spec);
    spec.attention.qkv_bias = spec.attention.output_bias = spec.head_bias = spec.ffn_bias = true;
    if (spec.router.experts) spec.router.bias = spec.expert_bias = true;
    for (int64_t layer = -1; layer < spec.decoder.layer_count; layer++)
        for (int s = 0; s < SLOT_COUNT; s++) {
            enum slot slot = (enum slot)s;
            int64_t rows, cols;
            struct tiny tiny;
            if (slot_is_global(slot) != (layer < 0) || !slot_shape(&spec, layer, slot, &rows, &cols) ||
                (slot == SLOT_HEAD && spec.tied))
                continue;
            if (!tiny_open(&tiny, &spec, DTYPE_F32, &run, &err)) fail_msg("%s", err.message);
            both_forms(&tiny, want);
            if (!slot_is_expert(slot)) change_weight(&tiny, layer, slot, -1);
            for (int64_t e = 0; slot_is_expert(slot) && e < spec.router.experts; e++)
                change_weight(&tiny, layer, slot, e);
            both_forms(&tiny, got);
            for (int form = 0; form < 2; form++)
                if (!memcmp(got + form * T * 37, want + form * T * 37, T * 37 * sizeof *got))
                    fail_msg("%s: nobody reads %s of layer %lld in %s", tiny_name(base), slot_name(slot),
                             (long long)layer, form ? "steps" : "prompts");
            tiny_close(&tiny);
        }
    arena_close(&arena);
}

/* Each weight that a spec asks for, changed, changes the logits, of prompts and of steps. */
TEST(every_weight_is_read) {
    for (int base = 0; base < TINY_BASE_COUNT; base++) weights_of((enum tiny_base)base);
}
