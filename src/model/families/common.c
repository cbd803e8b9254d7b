/*
 * Readers that several families share. Rope is in rope.c.
 */
#include "model/families/common.h"
#include "base/checked.h"
#include "model/foreign.h"
#include <math.h>
#include <string.h>

const struct tensor_ignore ignored_buffers[] = { { "*rotary_emb.inv_freq", "computed buffer" },
                                                 { NULL, NULL } };

const struct tensor_ignore ignored_buffers_mtp[] = { { "*rotary_emb.inv_freq", "computed buffer" },
                                                     { "model.layers.{L}.*", "MTP" },
                                                     { NULL, NULL } };

static const char *const act_words[] = { "silu",      "swish", "gelu", "gelu_new", "gelu_pytorch_tanh",
                                         "gelu_tanh", "relu",  NULL };
static const enum activation act_values[] = { ACTIVATION_SILU,      ACTIVATION_SILU,
                                              ACTIVATION_GELU,      ACTIVATION_GELU_TANH,
                                              ACTIVATION_GELU_TANH, ACTIVATION_GELU_TANH,
                                              ACTIVATION_RELU };

#define NO_TOKEN 4294967295 /* -1, stored unsigned */

/* A token's id; -1, as some files write (also unsigned), is none. */
static int64_t read_token(struct config *c, const char *key) {
    int64_t id;
    if (config_has(c, key) && json_to_i64(json_object_get(c->scope, key), &id) && id == NO_TOKEN) return -1;
    return config_int_range(c, key, -1, INT32_MAX, -1);
}

static void read_tokens(struct config *c, struct spec *spec) {
    struct tokens_spec *tokens = &spec->tokens;
    tokens->bos = read_token(c, "bos_token_id");
    tokens->pad = read_token(c, "pad_token_id");
    tokens->decoder_start = read_token(c, "decoder_start_token_id");
    const json_t *eos = json_object_get(c->scope, "eos_token_id");
    if (!json_is_array(eos)) {
        int64_t id = read_token(c, "eos_token_id");
        if (id >= 0) tokens->eos[tokens->eos_count++] = id;
        return;
    }
    config_array(c, "eos_token_id"); /* marks it read */
    size_t most = sizeof tokens->eos / sizeof tokens->eos[0];
    if (json_array_size(eos) > most) config_fail(c, "eos_token_id", "more than %zu end tokens", most);
    for (size_t i = 0; i < json_array_size(eos) && i < most; i++) {
        int64_t id;
        bool whole = json_to_i64(json_array_get(eos, i), &id);
        if (whole && id >= 0 && id <= INT32_MAX)
            tokens->eos[tokens->eos_count++] = id;
        else if (!whole || (id != -1 && id != NO_TOKEN))
            config_fail(c, "eos_token_id", "entry %zu is no token id", i);
    }
}

/* GPTQ, AWQ, compressed-tensors, ...; MLX names no method. */
static void read_method(struct config *c) {
    const char *method = config_string_or(c, "quant_method", NULL);
    if (method && (strcmp(method, "fp8") == 0 || strcmp(method, "mxfp4") == 0)) return;
    if (!method && config_has(c, "group_size")) method = "mlx";
    if (method)
        config_fail(c, "quant_method", "weights stored by \"%.40s\", a form that is not read here", method);
    else
        config_fail(c, "quant_method", "missing");
    sy_error_remedy(&c->error, STORAGE_REMEDY);
}

void read_storage(struct config *c, struct spec *spec) {
    json_t *former = config_enter(c, "quantization_config");
    if (!former) return;
    read_method(c);
    json_t *block = config_array(c, "weight_block_size");
    int64_t rows = 128, cols = 128;
    if (block && (json_array_size(block) != 2 || !json_to_i64(json_array_get(block, 0), &rows) ||
                  !json_to_i64(json_array_get(block, 1), &cols) || rows < 1 || cols < 1 || rows > 1 << 20 ||
                  cols > 1 << 20))
        config_fail(c, "weight_block_size", "two sizes wanted, rows and columns");
    if (c->error.code == SY_OK) spec->scale_block_rows = rows, spec->scale_block_cols = cols;
    config_leave(c, former);
}

void read_layer_count(struct config *c, struct spec *spec, const char *key) {
    int64_t layers = config_size(c, key);
    if (c->error.code != SY_OK || spec_layers(spec, c->arena, layers, &c->error)) return;
    memset(c->error.place, 0, sizeof c->error.place);
    sy_error_at(&c->error, "%s", key);
}

void read_bookkeeping(struct config *c, struct spec *spec, bool tied) {
    spec->tied = config_bool_or(c, "tie_word_embeddings", tied);
    read_tokens(c, spec);
    read_storage(c, spec);
}

void read_basics(struct config *c, struct spec *spec, const struct class_defaults *defaults) {
    struct attention_spec *a = &spec->attention;
    spec->width = config_size(c, "hidden_size");
    spec->vocab = config_size(c, "vocab_size");
    read_layer_count(c, spec, "num_hidden_layers");
    spec->context = config_size_or(c, "max_position_embeddings", defaults->context);
    a->heads = config_size(c, "num_attention_heads");
    a->kv_heads = defaults->kv_heads_required ? config_size(c, "num_key_value_heads")
                                              : config_size_or(c, "num_key_value_heads", a->heads);
    a->head_width =
        defaults->head_width_required ? config_size(c, "head_dim") : config_size_or(c, "head_dim", 0);
    if (a->head_width == 0 && spec->width % a->heads != 0)
        config_fail(c, "num_attention_heads",
                    "%lld heads do not divide a width of %lld, and head_dim is missing", (long long)a->heads,
                    (long long)spec->width);
    if (a->head_width == 0) a->head_width = spec->width / a->heads;
    a->value_width = a->head_width;
    a->scale = 1 / sqrt((double)a->head_width);
    spec->norm_eps = config_real_or(c, "rms_norm_eps", defaults->norm_eps);
    spec->activation = act_values[config_word_or(c, "hidden_act", act_words, 0)];
    read_bookkeeping(c, spec, false);
}

void read_attention_bias(struct config *c, struct spec *spec, bool otherwise) {
    spec->attention.qkv_bias = spec->attention.output_bias = config_bool_or(c, "attention_bias", otherwise);
}

void read_latent_attention(struct config *c, struct spec *spec, double theta) {
    struct attention_spec *a = &spec->attention;
    int64_t rotary = config_size(c, "qk_rope_head_dim");
    a->kind = ATTENTION_LATENT;
    a->kv_heads = a->heads; /* the file's num_key_value_heads means nothing: keys are made from the latent */
    a->q_lora_rank = config_size_or(c, "q_lora_rank", 0);
    a->kv_lora_rank = config_size(c, "kv_lora_rank");
    a->nope_width = config_size(c, "qk_nope_head_dim");
    a->value_width = config_size(c, "v_head_dim");
    a->head_width = a->nope_width + rotary;
    a->latent_norm_eps = 1e-6; /* fixed: the inner norms never get the config's eps */
    a->scale = 1 / sqrt((double)a->head_width);
    read_attention_bias(c, spec, false);
    spec->rope.interleaved = config_bool_or(c, "rope_interleave", true);
    read_rope(c, spec, rotary, theta);
}

/* ---- windows ---- */

static void set_window(struct layer_spec *layer, enum window_kind kind, int64_t size) {
    layer->window = kind;
    layer->window_size = kind == WINDOW_NONE ? 0 : size;
}

void read_window(struct config *c, struct spec *spec) {
    int64_t size = config_int_or(c, "sliding_window", 0);
    for (int64_t i = 0; i < spec->decoder.layer_count && size > 0; i++)
        set_window(&spec->decoder.layers[i], WINDOW_SLIDING, size);
}

bool read_layer_types(struct config *c, struct spec *spec, int64_t size) {
    json_t *types = config_array(c, "layer_types");
    int64_t count = spec->decoder.layer_count;
    if (!types) return false;
    if ((int64_t)json_array_size(types) != count)
        config_fail(c, "layer_types", "%zu entries for %lld layers", json_array_size(types),
                    (long long)count);
    for (int64_t i = 0; i < count && c->error.code == SY_OK; i++) {
        const char *word = json_string_value(json_array_get(types, (size_t)i));
        struct layer_spec *layer = &spec->decoder.layers[i];
        bool sliding = word && strcmp(word, "sliding_attention") == 0;
        bool chunked = word && strcmp(word, "chunked_attention") == 0;
        if (!sliding && !chunked && (!word || strcmp(word, "full_attention") != 0))
            config_fail(c, "layer_types", "layer %lld: \"%.40s\" is not known here", (long long)i,
                        word ? word : "?");
        else if ((sliding || chunked) && size < 1)
            config_fail(c, "layer_types", "layer %lld has a window, but no size is given", (long long)i);
        else
            set_window(layer, sliding ? WINDOW_SLIDING : chunked ? WINDOW_CHUNKED : WINDOW_NONE, size);
    }
    return true;
}

void read_window_from(struct config *c, struct spec *spec, int64_t first) {
    bool slides = config_bool_or(c, "use_sliding_window", false);
    int64_t size = config_int_or(c, "sliding_window", 4096);
    first = config_int_or(c, "max_window_layers", first);
    if (slides && size == 0) config_fail(c, "sliding_window", "0, though use_sliding_window is true");
    if (!slides) size = 0; /* transformers 5 writes 0 then */
    if (read_layer_types(c, spec, size) || !slides) return;
    for (int64_t i = first; i < spec->decoder.layer_count; i++)
        set_window(&spec->decoder.layers[i], WINDOW_SLIDING, size);
}

/* ---- experts ---- */

void read_experts(struct config *c, struct spec *spec, const char *key) {
    struct router_spec *r = &spec->router;
    r->experts =
        config_size(c, config_spelling(c, "num_experts", "n_routed_experts", "num_local_experts", key, NULL));
    r->top_k = config_size(
        c, config_spelling(c, "num_experts_per_tok", "experts_per_token", "num_experts_per_tok", NULL));
    r->score = SCORE_SOFTMAX;
    r->select = SELECT_TOP_K;
    r->weigh = WEIGH_SCORE;
}

void read_normalise(struct config *c, struct spec *spec, bool otherwise, double epsilon) {
    if (!config_bool_or(c, "norm_topk_prob", otherwise)) return;
    spec->router.weigh = WEIGH_NORMALISED;
    spec->router.epsilon = epsilon;
}

void all_moe(struct spec *spec) {
    for (int64_t i = 0; i < spec->decoder.layer_count; i++) spec->decoder.layers[i].ffn = FFN_MOE;
}

void read_sparse_step(struct config *c, struct spec *spec) {
    int64_t step = config_size_or(c, "decoder_sparse_step", 1), layer;
    json_t *dense = config_array(c, "mlp_only_layers");
    for (int64_t i = 0; i < spec->decoder.layer_count; i++)
        if ((i + 1) % step == 0) spec->decoder.layers[i].ffn = FFN_MOE;
    for (size_t i = 0; i < json_array_size(dense); i++) {
        if (!json_to_i64(json_array_get(dense, i), &layer) || layer < 0)
            config_fail(c, "mlp_only_layers", "entry %zu is no layer", i);
        else if (layer < spec->decoder.layer_count)
            spec->decoder.layers[layer].ffn = FFN_DENSE;
    }
}

void read_first_dense(struct config *c, struct spec *spec, int64_t first) {
    first = config_int_or(c, "first_k_dense_replace", first);
    int64_t step = config_size_or(c, "moe_layer_freq", 1);
    for (int64_t i = first; i < spec->decoder.layer_count; i++)
        if (i % step == 0) spec->decoder.layers[i].ffn = FFN_MOE;
}

void read_sigmoid_router(struct config *c, struct spec *spec, double scale) {
    static const char *const scores[] = { "sigmoid", NULL }, *const methods[] = { "noaux_tc", NULL };
    struct router_spec *r = &spec->router;
    read_experts(c, spec, "n_routed_experts");
    config_word_or(c, "scoring_func", scores, 0);
    config_word_or(c, "topk_method", methods, 0);
    r->score = SCORE_SIGMOID;
    r->selection_bias = true;
    r->groups = config_size_or(c, "n_group", 1);
    r->groups_kept = config_size_or(c, "topk_group", 1);
    if (r->groups > 1) r->select = SELECT_TOP_K_IN_GROUPS;
    r->group_score = GROUP_BEST_TWO;
    read_normalise(c, spec, true, 1e-20);
    r->scale = config_real_or(c, "routed_scaling_factor", scale);
}

void read_shared(struct config *c, struct spec *spec) {
    int64_t count = config_int_or(c, "n_shared_experts", 0);
    if (!size_mul(count, spec->expert_width, &spec->shared_width))
        config_fail(c, "n_shared_experts", "%lld of width %lld overflow", (long long)count,
                    (long long)spec->expert_width);
}

void read_dense_width(struct config *c, struct spec *spec, const char *key) {
    bool dense = false;
    for (int64_t i = 0; i < spec->decoder.layer_count; i++)
        dense = dense || spec->decoder.layers[i].ffn == FFN_DENSE;
    int64_t width = dense ? config_size(c, key) : config_size_or(c, key, 0);
    for (int64_t i = 0; i < spec->decoder.layer_count; i++)
        if (spec->decoder.layers[i].ffn == FFN_DENSE) spec->decoder.layers[i].dense_width = width;
}
