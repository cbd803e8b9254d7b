/*
 * In which types a model is published.
 *
 * torch_dtype (dtype, since transformers 5) is the type of what is not quantised, and of all where nothing
 * else is said. quantization_config (compression_config, in older files) says how the rest is packed:
 *
 *   fp8                  float8 with a scale for each block: the recipe f8_e4m3
 *   mxfp4                experts in MXFP4: mxfp4_bf16
 *   gptq, awq            `bits` a code, an f16 scale and a zero point of `bits` for each `group_size`
 *   bitsandbytes         4 bits with an 8-bit scale for each 64 (its scales are quantised again), or 8 bits
 *                        with an f32 scale a row
 *   compressed-tensors   config_groups.*.weights: num_bits, type, strategy, group_size; scales of f16, or of
 *                        8 bits where codes of 4 bits are floats (NVFP4: 16 codes a scale, MXFP4: 32)
 *   modelopt             quant_algo: NVFP4 or FP8
 *
 * What a config names as not converted stays wide: by part, from words within the names, since lists differ
 * in their spelling. A name of one layer's alone does not count.
 */
#include "plan/published.h"

#include <stdio.h>
#include <string.h>

struct reading {
    const json_t *quantization;
    struct published_types *out;
};

static const char *word_of(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

static int64_t whole_of(const json_t *object, const char *key, int64_t low, int64_t high, int64_t otherwise) {
    const json_t *value = json_object_get(object, key);
    int64_t whole;
    return value && json_to_i64(value, &whole) && whole >= low && whole <= high ? whole : otherwise;
}

/* ---- what is not quantised ---- */

static const struct recipe *plain_type(const json_t *config) {
    static const char *const words[][2] = { { "bfloat16", "bf16" }, { "float16", "f16" }, { "half", "f16" },
                                            { "float32", "f32" },   { "float", "f32" },   { NULL, NULL } };
    const json_t *places[2] = { config, json_object_get(config, "text_config") };
    for (int p = 0; p < 2; p++) {
        const char *word = word_of(places[p], "torch_dtype");
        if (!word) word = word_of(places[p], "dtype");
        if (word && strncmp(word, "torch.", 6) == 0) word += 6;
        for (int i = 0; word && words[i][0]; i++)
            if (strcmp(word, words[i][0]) == 0) return recipe_find(words[i][1]);
    }
    return NULL;
}

static bool names_one_layer(const char *name) {
    const char *at = strstr(name, "layers.");
    return at && at[7] >= '0' && at[7] <= '9';
}

static unsigned part_of_name(const char *name) {
    static const struct {
        const char *word;
        enum part part;
    } parts[] = { { "shared_expert", PART_SHARED_EXPERTS },
                  { "experts", PART_ROUTED_EXPERTS },
                  { "attn", PART_ATTENTION },
                  { "attention", PART_ATTENTION },
                  { "mlp.(", PART_DENSE_FFN }, /* "re:.*mlp.(gate|up|down)_proj.*" */
                  { "mlp\\.(", PART_DENSE_FFN } };
    if (strstr(name, "norm") || names_one_layer(name)) return 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strstr(name, parts[i].word)) return 1u << parts[i].part;
    return 0;
}

static unsigned parts_kept(const json_t *quantization) {
    static const char *const keys[] = { "modules_to_not_convert", "ignored_layers", "ignore",
                                        "exclude_modules", "llm_int8_skip_modules" };
    unsigned kept = 0;
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        const json_t *list = json_object_get(quantization, keys[k]);
        for (size_t i = 0; i < json_array_size(list); i++) {
            const char *name = json_string_value(json_array_get(list, i));
            if (name) kept |= part_of_name(name);
        }
    }
    return kept;
}

/* ---- what is ---- */

static void pack(const struct reading *r, const char *name, struct packing packing) {
    struct recipe *recipe = &r->out->recipe;
    snprintf(r->out->name, sizeof r->out->name, "%s_%dbit", name, packing.bits);
    recipe->mix = MIX_PACKED;
    recipe->kept = parts_kept(r->quantization);
    recipe->packing = packing;
    r->out->read_here = false;
}

static void take_named(const struct reading *r, const char *name) {
    r->out->recipe = *recipe_find(name);
    if (r->out->recipe.mix == MIX_FLOAT8) r->out->recipe.kept = parts_kept(r->quantization);
    snprintf(r->out->name, sizeof r->out->name, "%s", name);
}

static void take_float8(const struct reading *r) {
    take_named(r, "f8_e4m3");
}

static void take_mxfp4(const struct reading *r) {
    take_named(r, "mxfp4_bf16");
}

static void take_grouped(const struct reading *r, const char *name) {
    const json_t *q = r->quantization;
    int bits = (int)whole_of(q, "bits", 1, 16, whole_of(q, "w_bit", 1, 16, 4));
    int64_t group = whole_of(q, "group_size", -1, 1 << 20, whole_of(q, "q_group_size", -1, 1 << 20, 128));
    pack(r, name, (struct packing){ bits, group > 0 ? group : 0, 16, bits });
}

static void take_gptq(const struct reading *r) {
    take_grouped(r, "gptq");
}

static void take_awq(const struct reading *r) {
    take_grouped(r, "awq");
}

static void take_bitsandbytes(const struct reading *r) {
    bool four = json_is_true(json_object_get(r->quantization, "load_in_4bit"));
    pack(r, "bitsandbytes", four ? (struct packing){ 4, 64, 8, 0 } : (struct packing){ 8, 0, 32, 0 });
}

/* The first group stands for all: files of several kinds at once are rare. */
static void take_compressed(const struct reading *r) {
    const json_t *groups = json_object_get(r->quantization, "config_groups");
    const json_t *first = json_object_iter_value(json_object_iter((json_t *)groups));
    const json_t *weights = json_object_get(first, "weights");
    const char *type = word_of(weights, "type"), *strategy = word_of(weights, "strategy");
    int bits = (int)whole_of(weights, "num_bits", 1, 16, 8);
    bool floats = type && strcmp(type, "float") == 0;
    int64_t group = whole_of(weights, "group_size", 1, 1 << 20, 0);
    if (floats && bits == 8 && strategy && strcmp(strategy, "block") == 0)
        take_float8(r);
    else
        pack(r, floats ? "float" : "int", (struct packing){ bits, group, floats && bits == 4 ? 8 : 16, 0 });
}

static void take_modelopt(const struct reading *r) {
    const char *algorithm = word_of(r->quantization, "quant_algo");
    if (algorithm && strstr(algorithm, "FP4"))
        pack(r, "nvfp4", (struct packing){ 4, 16, 8, 0 });
    else if (algorithm && strstr(algorithm, "FP8"))
        pack(r, "fp8", (struct packing){ 8, 0, 32, 0 });
    else
        take_compressed(r);
}

static const struct {
    const char *method;
    void (*take)(const struct reading *r);
} methods[] = {
    { "fp8", take_float8 },
    { "mxfp4", take_mxfp4 },
    { "gptq", take_gptq },
    { "awq", take_awq },
    { "bitsandbytes", take_bitsandbytes },
    { "compressed-tensors", take_compressed },
    { "modelopt", take_modelopt },
};

static const json_t *quantization_of(const json_t *config) {
    static const char *const keys[] = { "quantization_config", "compression_config" };
    const json_t *places[2] = { config, json_object_get(config, "text_config") };
    for (int p = 0; p < 2; p++)
        for (int k = 0; k < 2; k++) {
            const json_t *found = json_object_get(places[p], keys[k]);
            if (json_is_object(found)) return found;
        }
    return NULL;
}

static void start(struct published_types *out, const struct recipe *plain) {
    *out = (struct published_types){ .said = plain != NULL, .read_here = true };
    out->recipe = plain ? *plain : *recipe_find("bf16");
    snprintf(out->name, sizeof out->name, "%s", out->recipe.name);
}

void published_from_config(const json_t *config, struct published_types *out) {
    struct reading r = { quantization_of(config), out };
    const char *method = word_of(r.quantization, "quant_method");
    bool known = false;
    start(out, plain_type(config));
    for (size_t i = 0; method && i < sizeof methods / sizeof *methods; i++) {
        if (strcmp(method, methods[i].method) != 0) continue;
        methods[i].take(&r);
        out->said = known = true;
    }
    if (r.quantization && !known) {
        snprintf(out->unknown, sizeof out->unknown, "%s", method ? method : "no quant_method");
        out->read_here = false;
    }
    out->recipe.name = out->name;
}

bool published_from_word(const char *word, struct published_types *out) {
    bool int8 = strcmp(word, "int8") == 0, int4 = strcmp(word, "int4_experts") == 0;
    const struct recipe *recipe = int8 || int4 ? recipe_find("bf16") : recipe_find(word);
    if (!recipe) return false;
    start(out, recipe);
    if (int8) pack(&(struct reading){ NULL, out }, "int", (struct packing){ 8, 0, 16, 0 });
    if (int4) {
        pack(&(struct reading){ NULL, out }, "int", (struct packing){ 4, 32, 16, 0 });
        out->recipe.kept = 1u << PART_ATTENTION | 1u << PART_SHARED_EXPERTS | 1u << PART_DENSE_FFN;
    }
    out->recipe.name = out->name;
    return true;
}
