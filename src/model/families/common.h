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

#define NAMES_MODEL                                                                                          \
    NAME(SLOT_EMBED, "model.embed_tokens.weight"), NAME(SLOT_FINAL_NORM, "model.norm.weight"),               \
        NAME(SLOT_HEAD, "lm_head.weight"), NAME(SLOT_ATTENTION_NORM, LAYER "input_layernorm.weight"),        \
        NAME(SLOT_FFN_NORM, LAYER "post_attention_layernorm.weight")

#define NAMES_ATTENTION                                                                                      \
    NAME(SLOT_Q, LAYER "self_attn.q_proj.weight"), NAME(SLOT_K, LAYER "self_attn.k_proj.weight"),            \
        NAME(SLOT_V, LAYER "self_attn.v_proj.weight"), NAME(SLOT_O, LAYER "self_attn.o_proj.weight")

#define NAMES_QKV_BIAS                                                                                       \
    NAME(SLOT_Q_BIAS, LAYER "self_attn.q_proj.bias"), NAME(SLOT_K_BIAS, LAYER "self_attn.k_proj.bias"),      \
        NAME(SLOT_V_BIAS, LAYER "self_attn.v_proj.bias")

#define NAMES_O_BIAS NAME(SLOT_O_BIAS, LAYER "self_attn.o_proj.bias")

#define NAMES_QK_NORM                                                                                        \
    NAME(SLOT_Q_NORM, LAYER "self_attn.q_norm.weight"), NAME(SLOT_K_NORM, LAYER "self_attn.k_norm.weight")

#define NAMES_LATENT_ATTENTION                                                                               \
    NAME(SLOT_Q, LAYER "self_attn.q_proj.weight"), NAME(SLOT_Q_A, LAYER "self_attn.q_a_proj.weight"),        \
        NAME(SLOT_Q_A_BIAS, LAYER "self_attn.q_a_proj.bias"),                                                \
        NAME(SLOT_Q_A_NORM, LAYER "self_attn.q_a_layernorm.weight"),                                         \
        NAME(SLOT_Q_B, LAYER "self_attn.q_b_proj.weight"),                                                   \
        NAME(SLOT_KV_A, LAYER "self_attn.kv_a_proj_with_mqa.weight"),                                        \
        NAME(SLOT_KV_A_BIAS, LAYER "self_attn.kv_a_proj_with_mqa.bias"),                                     \
        NAME(SLOT_KV_A_NORM, LAYER "self_attn.kv_a_layernorm.weight"),                                       \
        NAME(SLOT_KV_B, LAYER "self_attn.kv_b_proj.weight"), NAME(SLOT_O, LAYER "self_attn.o_proj.weight"),  \
        NAMES_O_BIAS

/* `module` is the FFN's name within its layer: "mlp". */
#define NAMES_FFN(module)                                                                                    \
    NAME(SLOT_GATE, LAYER module ".gate_proj.weight"), NAME(SLOT_UP, LAYER module ".up_proj.weight"),        \
        NAME(SLOT_DOWN, LAYER module ".down_proj.weight")

#define NAMES_FFN_BIAS(module)                                                                               \
    NAME(SLOT_GATE_BIAS, LAYER module ".gate_proj.bias"), NAME(SLOT_UP_BIAS, LAYER module ".up_proj.bias"),  \
        NAME(SLOT_DOWN_BIAS, LAYER module ".down_proj.bias")

#define NAMES_SHARED(module)                                                                                 \
    NAME(SLOT_SHARED_GATE, LAYER module ".gate_proj.weight"),                                                \
        NAME(SLOT_SHARED_UP, LAYER module ".up_proj.weight"),                                                \
        NAME(SLOT_SHARED_DOWN, LAYER module ".down_proj.weight")

/* One tensor an expert, by role; by mixtral's numbers (w1 gate, w3 up, w2 down); all experts in one. */
#define NAMES_EXPERTS(module)                                                                                \
    NAME(SLOT_EXPERT_GATE, LAYER module ".experts.{E}.gate_proj.weight"),                                    \
        NAME(SLOT_EXPERT_UP, LAYER module ".experts.{E}.up_proj.weight"),                                    \
        NAME(SLOT_EXPERT_DOWN, LAYER module ".experts.{E}.down_proj.weight")

#define NAMES_EXPERTS_W(module)                                                                              \
    NAME(SLOT_EXPERT_GATE, LAYER module ".experts.{E}.w1.weight"),                                           \
        NAME(SLOT_EXPERT_DOWN, LAYER module ".experts.{E}.w2.weight"),                                       \
        NAME(SLOT_EXPERT_UP, LAYER module ".experts.{E}.w3.weight")

#define NAMES_EXPERTS_FUSED(module)                                                                          \
    NAME_PAIR(LAYOUT_HALVES, SLOT_EXPERT_GATE, SLOT_EXPERT_UP, LAYER module ".experts.gate_up_proj"),        \
        NAME(SLOT_EXPERT_DOWN, LAYER module ".experts.down_proj")

/* Each file defines its family_NAME. */
#define FAMILY(name) extern const struct family family_##name;
#include "model/families/list.h"
#undef FAMILY

extern const struct tensor_ignore ignored_buffers[];     /* what any llama-like file may hold */
extern const struct tensor_ignore ignored_buffers_mtp[]; /* and layers behind the last */

#endif
