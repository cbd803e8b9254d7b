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
