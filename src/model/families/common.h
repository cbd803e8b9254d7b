/*
 * What several families read and name alike. A family file is the list of calls below that fit it, the lines
 * that are its own, and its names; nothing here knows which family calls.
 */
#ifndef MODEL_FAMILIES_COMMON_H
#define MODEL_FAMILIES_COMMON_H

#include "model/family.h"

/* ---- reading; call in this order ---- */

/* What transformers' config class of the family takes where config.json is silent. Sizes have no defaults:
 * they must be there. */
struct class_defaults {
    double norm_eps, rope_theta;
    int64_t context;
    bool head_width_required; /* head_dim; otherwise hidden_size / num_attention_heads when absent */
    bool kv_heads_required;   /* otherwise as many as query heads when absent */
};

/* hidden_size, vocab_size, layers (all dense of no width, full attention), context, heads, norm eps,
 * activation, tied table, tokens, the storage of float8; attention.scale = 1 / sqrt(head width). */
void read_basics(struct config *c, struct spec *spec, const struct class_defaults *defaults);

/* Its parts, for families with spellings of their own: layers under `key`; and tokens, the tied table, the
 * storage of float8, and the keys that change nothing. */
void read_layer_count(struct config *c, struct spec *spec, const char *key);
void read_bookkeeping(struct config *c, struct spec *spec, bool tied);

/* T5's two stacks: d_model, d_kv, d_ff, num_layers, num_decoder_layers, num_heads, relative positions, all
 * layers dense; the head is scaled when it is the table. */
void read_two_stacks(struct config *c, struct spec *spec);

/* rope_theta and rope_scaling, or rope_parameters (transformers 5), over `dims` columns. */
void read_rope(struct config *c, struct spec *spec, int64_t dims, double theta);

/* quantization_config: how the file stores its weights, where their dtypes do not say it. Part of
 * read_basics. */
void read_storage(struct config *c, struct spec *spec);

/* Biases of q, k, v and o under one key. */
void read_attention_bias(struct config *c, struct spec *spec, bool otherwise);

/* MLA: ranks and widths, interleaved rope, and the softmax scale, mscale^2 of yarn included. */
void read_latent_attention(struct config *c, struct spec *spec, double theta);

/* sliding_window for every layer; null: none. */
void read_window(struct config *c, struct spec *spec);

/* layer_types: a word for each layer. `size` is what its windowed layers see. False when it is not there. */
bool read_layer_types(struct config *c, struct spec *spec, int64_t size);

/* qwen: the layers from max_window_layers on slide, if use_sliding_window. */
void read_window_from(struct config *c, struct spec *spec, int64_t first);

/* experts (`key` is the family's own spelling; the others in use are read too) and K; a plain softmax top-K
 * router, weights as scored. */
void read_experts(struct config *c, struct spec *spec, const char *key);

/* norm_topk_prob: divide by the sum of the selected, plus `epsilon`. */
void read_normalise(struct config *c, struct spec *spec, bool otherwise, double epsilon);

/* qwen: a layer is dense if mlp_only_layers lists it or decoder_sparse_step skips it. */
void read_sparse_step(struct config *c, struct spec *spec);

/* deepseek: dense before first_k_dense_replace, then every moe_layer_freq-th has experts. */
void read_first_dense(struct config *c, struct spec *spec, int64_t first);

/* deepseek_v3, glm4_moe: sigmoid, selection bias, groups by their best two, normalised, then scaled. */
void read_sigmoid_router(struct config *c, struct spec *spec, double scale);

/* n_shared_experts as one FFN of that many expert widths. */
void read_shared(struct config *c, struct spec *spec);

void all_moe(struct spec *spec);

/* Gives each dense layer its width, read from `key` only if there is one. Last of all. */
void read_dense_width(struct config *c, struct spec *spec, const char *key);

/* ---- names ---- */

#define NAME(slot, pattern)                                                                                  \
    { slot, pattern, LAYOUT_PLAIN, SLOT_COUNT, NULL }
#define NAME_AS(layout, slot, pattern)                                                                       \
    { slot, pattern, layout, SLOT_COUNT, NULL }
#define NAME_PAIR(layout, slot, second, pattern)                                                             \
    { slot, pattern, layout, second, NULL }
#define NAMES_END                                                                                            \
    { SLOT_COUNT, NULL, LAYOUT_PLAIN, SLOT_COUNT, NULL }

#define LAYER "model.layers.{L}."

/* Lists that families share (names.c). Dense FFNs and experts are those of "mlp"; block_*: of
 * "block_sparse_moe". */
extern const struct tensor_rule names_model[];
extern const struct tensor_rule names_attention[], names_qkv_bias[], names_o_bias[], names_qk_norm[];
extern const struct tensor_rule names_latent_attention[];
extern const struct tensor_rule names_ffn[], names_ffn_bias[];
extern const struct tensor_rule names_shared_expert[], names_shared_experts[];
extern const struct tensor_rule names_experts[], names_experts_fused[];
extern const struct tensor_rule names_block_experts[], names_block_experts_fused[];

/* Each file defines its family_NAME. */
#define FAMILY(name) extern const struct family family_##name;
#include "model/families/list.h"
#undef FAMILY

extern const struct tensor_ignore ignored_buffers[];     /* what any llama-like file may hold */
extern const struct tensor_ignore ignored_buffers_mtp[]; /* and layers behind the last */

#endif
