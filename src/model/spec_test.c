#include "model/slots.h"
#include "model/spec.h"
#include "test.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A small mixture that passes. */
static void small_spec(struct spec *spec, struct arena *arena) {
    spec_init(spec);
    assert_true(spec_layers(spec, arena, 3, NULL));
    spec->width = 32;
    spec->vocab = 100;
    spec->context = 64;
    spec->attention.heads = 4;
    spec->attention.kv_heads = 2;
    spec->attention.head_width = spec->attention.value_width = 8;
    spec->attention.scale = 0.35;
    spec->rope.dims = 8;
    spec->router.experts = 6;
    spec->router.top_k = 2;
    spec->expert_width = 20;
    spec->decoder.layers[0].dense_width = 40;
    spec->decoder.layers[1].ffn = spec->decoder.layers[2].ffn = FFN_MOE;
}

TEST(a_sound_spec_passes) {
    struct arena arena;
    struct spec spec;
    struct sy_error err = { 0 };
    arena_open(&arena);
    small_spec(&spec, &arena);
    if (!spec_check(&spec, &err)) fail_msg("%s: %s", err.place, err.message);
    arena_close(&arena);
}

#define BROKEN(what, place_)                                                                                 \
    do {                                                                                                     \
        struct sy_error err = { 0 };                                                                         \
        small_spec(&s, &arena);                                                                              \
        what;                                                                                                \
        if (spec_check(&s, &err)) fail_msg("passed: %s", #what);                                             \
        assert_string_equal(err.place, place_);                                                              \
        assert_int_not_equal(err.message[0], 0);                                                             \
    } while (0)

TEST(broken_specs_are_refused_by_field) {
    struct arena arena;
    struct spec s;
    double factors[4] = { 1, 1, 1, 1 };
    arena_open(&arena);
    BROKEN(s.width = 0, "width");
    BROKEN(s.width = -1, "width");
    BROKEN(s.width = INT64_MAX, "width");
    BROKEN(s.vocab = 1ll << 31, "vocab");
    BROKEN(s.context = (1ll << 40) + 1, "context");
    BROKEN(s.norm_eps = NAN, "norm_eps");
    BROKEN(s.norm_eps = -1e-6, "norm_eps");
    BROKEN(s.decoder.layer_count = 10001, "layers");
    BROKEN(s.attention.kv_heads = 3, "attention.kv_heads");
    BROKEN(s.attention.head_width = 1ll << 39, "attention.heads");
    BROKEN(s.attention.value_width = 9, "attention.value_width");
    BROKEN(s.attention.scale = 0, "attention.scale");
    BROKEN(s.attention.scale = INFINITY, "attention.scale");
    BROKEN((s.attention.kind = ATTENTION_LATENT, s.attention.nope_width = 4), "attention.kv_lora_rank");
    BROKEN((s.attention.kind = ATTENTION_LATENT, s.attention.kv_lora_rank = 4), "attention.nope_width");
    BROKEN((s.attention.kind = ATTENTION_LATENT, s.attention.kv_lora_rank = 4, s.attention.nope_width = 4,
            s.rope.dims = 2),
           "rope.dims");
    BROKEN(s.attention.kind = (enum attention_kind)7, "attention.kind");
    BROKEN(s.rope.dims = 7, "rope.dims");
    BROKEN(s.rope.dims = 10, "rope.dims");
    BROKEN(s.rope.dims = 0, "rope.dims");
    BROKEN(s.rope.theta = 0, "rope.theta");
    BROKEN(s.rope.factor = -1, "rope.factor");
    BROKEN((s.rope.scaling = ROPE_YARN, s.rope.beta_slow = 0), "rope.beta_slow");
    BROKEN((s.rope.scaling = ROPE_YARN, s.rope.theta = 1), "rope.theta");
    BROKEN((s.rope.scaling = ROPE_LONGROPE, s.rope.factor_count = 3, s.rope.short_factor = factors,
            s.rope.long_factor = factors),
           "rope.short_factor");
    BROKEN(s.router.top_k = 7, "router.top_k");
    BROKEN(s.router.top_k = 0, "router.top_k");
    BROKEN(s.router.experts = 65537, "router.experts");
    BROKEN(s.router.groups = 4, "router.groups");
    BROKEN((s.router.groups = 3, s.router.groups_kept = 4), "router.groups_kept");
    BROKEN((s.router.groups = 3, s.router.groups_kept = 1, s.router.top_k = 3,
            s.router.select = SELECT_TOP_K_IN_GROUPS),
           "router.top_k");
    BROKEN((s.router.groups = 6, s.router.groups_kept = 3, s.router.select = SELECT_TOP_K_IN_GROUPS,
            s.router.group_score = GROUP_BEST_TWO),
           "router.groups");
    BROKEN(s.expert_width = 0, "expert_width");
    BROKEN(s.decoder.layers[0].dense_width = 0, "layers.0.dense_width");
    BROKEN(s.decoder.layers[2].window = WINDOW_SLIDING, "layers.2.window_size");
    BROKEN(s.decoder.layers[1].ffn = (enum ffn_kind)9, "layers.1.ffn");
    BROKEN(s.activation = ACTIVATION_SWIGLU_OAI, "activation_limit");
    BROKEN(s.shared_gate = true, "shared_gate");
    BROKEN(s.tokens.bos = -2, "tokens.bos");
    BROKEN(s.router.balance = 64, "router.balance");
    arena_close(&arena);
}

TEST(a_copy_is_deep) {
    struct arena a, b;
    struct spec spec, copy;
    double factors[4] = { 1, 2, 3, 4 };
    arena_open(&a);
    arena_open(&b);
    small_spec(&spec, &a);
    spec.rope.factor_count = 4;
    spec.rope.short_factor = spec.rope.long_factor = factors;
    assert_true(spec_copy(&spec, &copy, &b, NULL));
    spec.decoder.layers[1].window_size = 5;
    factors[2] = 9;
    arena_close(&a);
    assert_int_equal(copy.decoder.layers[1].window_size, 0);
    assert_true(copy.rope.short_factor[2] == 3 && copy.rope.long_factor[3] == 4);
    assert_int_equal(copy.decoder.layers[2].ffn, FFN_MOE);
    arena_close(&b);
}

TEST(overflow_of_the_count_names_the_slot) {
    struct arena arena;
    struct spec spec;
    struct param_count count;
    struct sy_error err = { 0 };
    arena_open(&arena);
    small_spec(&spec, &arena);
    spec.width = 1ll << 40;
    spec.expert_width = 1ll << 40;
    assert_false(spec_count(&spec, &count, &err));
    assert_string_equal(err.place, "layers.1.expert_gate");
    arena_close(&arena);
}

/* ---- the list of fields ---- */

/* Fields that the list leaves out on purpose: pointers, and the counts that go with them. */
static bool left_out(const char *structure, const char *name) {
    static const char *const names[][2] = {
        { "rope_spec", "factor_count" },
        { "stack_spec", "layer_count" },
        { "stack_spec", "layers" },
        { "tokens_spec", "eos_count" },
        { "spec", "family" },
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i][0], structure) == 0 && strcmp(names[i][1], name) == 0) return true;
    return false;
}

/* Of a struct inside struct spec: the section that its fields go by. */
static const char *section_of(const char *structure) {
    static const char *const sections[][2] = {
        { "rope_spec", "rope" },
        { "attention_spec", "attention" },
        { "router_spec", "router" },
        { "layer_spec", "layer" },
        { "stack_spec", "decoder" },
        { "tokens_spec", "tokens" },
        { "spec", "" },
    };
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        if (strcmp(sections[i][0], structure) == 0) return sections[i][1];
    return NULL;
}

static bool is_listed(const char *section, const char *name) {
    for (int i = 0; i < spec_field_count; i++)
        if (strcmp(spec_fields[i].section, section) == 0 && strcmp(spec_fields[i].name, name) == 0)
            return true;
    return false;
}

static void blank_comments(char *text) {
    for (char *at = text; (at = strstr(at, "/*")) != NULL;)
        for (char *end = strstr(at, "*/") + 2; at < end; at++) *at = ' ';
}

/* The members of one declaration, "double low, high": each must be listed. Returns how many. */
static int check_declaration(const char *structure, char *declaration) {
    int count = 0;
    bool nested = strncmp(declaration, "struct ", 7) == 0 && strchr(declaration, '*') == NULL;
    char *rest, *name, *kind = strtok_r(declaration, " \n", &rest);
    while (kind && (strcmp(kind, "const") == 0 || strcmp(kind, "struct") == 0 || strcmp(kind, "enum") == 0 ||
                    strcmp(kind, "unsigned") == 0)) {
        if (strcmp(kind, "unsigned") == 0) break;
        kind = strtok_r(NULL, " \n", &rest);
    }
    while ((name = strtok_r(NULL, " \n,*", &rest)) != NULL) {
        char *bracket = strchr(name, '[');
        if (bracket) *bracket = 0;
        if (nested || left_out(structure, name)) continue;
        if (!is_listed(section_of(structure), name))
            fail_msg("spec_fields.c lacks %s of struct %s", name, structure);
        count++;
    }
    return count;
}

TEST(every_field_of_the_header_is_listed) {
    char path[TEST_PATH_MAX], *text = calloc(1, 1 << 16), *at = text;
    int listed = 0, structs = 0;
    test_source(path, "src/model/spec.h");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, (1 << 16) - 1, file) > 0);
    fclose(file);
    blank_comments(text);
    while ((at = strstr(at, "\nstruct ")) != NULL) {
        char structure[64], *open = strchr(at, '{'), *semicolon = strchr(at, ';');
        at += 8;
        if (!open || semicolon < open || sscanf(at, "%63[a-z_]", structure) != 1 || !section_of(structure))
            continue;
        char *end = strstr(open, "\n}"), *member = open + 1;
        *end = 0;
        structs++;
        while ((semicolon = strchr(member, ';')) != NULL) {
            char declaration[256];
            member += strspn(member, " \n");
            snprintf(declaration, sizeof declaration, "%.*s", (int)(semicolon - member), member);
            listed += check_declaration(structure, declaration);
            member = semicolon + 1;
        }
        at = end + 1;
    }
    assert_int_equal(structs, 7);
    assert_int_equal(listed + 1, spec_field_count); /* the encoder's `causal` is the decoder's line, twice */
    free(text);
}

TEST(fields_do_not_overlap) {
    static const size_t sizes[] = {
        [FIELD_BOOL] = sizeof(bool),
        [FIELD_INT] = 8,
        [FIELD_REAL] = 8,
        [FIELD_ENUM] = 4,
        [FIELD_FLAGS] = 4,
        [FIELD_REALS] = sizeof(void *),
        [FIELD_EOS] = 64,
    };
    unsigned char seen[2][sizeof(struct spec)] = { { 0 } };
    for (int i = 0; i < spec_field_count; i++) {
        unsigned char *bytes = seen[strcmp(spec_fields[i].section, "layer") == 0];
        for (size_t k = 0; k < sizes[spec_fields[i].type]; k++)
            if (bytes[spec_fields[i].offset + k]++) fail_msg("%s shares bytes", spec_fields[i].name);
    }
}
