/*
 * What an architecture is: plain data that describes a model completely. `plan` works from it alone, binding
 * and the pass build from it, nothing else decides behaviour. model/families/ fill it in; model/spec_fields.c
 * lists every field by name, so that a spec can be printed, compared, perturbed by a test, and written and
 * read by families/switchyard.c.
 *
 * Letters: D width, H heads, E experts, K experts a token, F expert width, V vocabulary, L layers.
 */
#ifndef MODEL_SPEC_H
#define MODEL_SPEC_H

#include "base/arena.h"
#include "tensor/activation.h"
#include <stdint.h>

#define SPEC_SIZE_MAX    (1ll << 40) /* any size */
#define SPEC_VOCAB_MAX   2147483647ll
#define SPEC_LAYERS_MAX  10000
#define SPEC_EXPERTS_MAX 65536

/* ---- positions ---- */

enum rope_scaling { ROPE_PLAIN, ROPE_LINEAR, ROPE_LLAMA3, ROPE_YARN, ROPE_LONGROPE, ROPE_FACTORS };

struct rope_spec { /* the formulas: layers/rope.c */
    enum rope_scaling scaling;
    double theta;
    int64_t dims;     /* rotated columns of each head, the first ones (MLA: the rotary part) */
    bool interleaved; /* pairs (2i, 2i + 1); else (i, i + dims / 2) */
    double factor;    /* linear, llama3, yarn */
    int64_t original_context;
    double low_freq_factor, high_freq_factor; /* llama3 */
    double beta_fast, beta_slow;              /* yarn */
    bool truncate;                            /* yarn: round the correction range outwards */
    double magnitude;      /* cos and sin are multiplied by this (yarn, longrope short); 1 otherwise */
    double long_magnitude; /* longrope beyond original_context */
    int64_t factor_count;  /* longrope, factors (GGUF's rope_freqs; both lists alike): dims / 2; else 0 */
    double *short_factor, *long_factor;
};

/* ---- norms ---- */

enum norm_kind { NORM_RMS, NORM_LAYER, NORM_LAYER_NO_BIAS };
enum qk_norm { QK_NORM_NONE, QK_NORM_HEAD, QK_NORM_WIDTH, QK_NORM_L2_AFTER_ROPE };
enum norm_place {
    NORM_PRE,
    NORM_SANDWICH,
    NORM_POST
}; /* sandwich: grok-1, a second norm behind each branch */

/* ---- attention ---- */

enum attention_kind { ATTENTION_GROUPED, ATTENTION_LATENT };

struct attention_spec {
    enum attention_kind kind;
    int64_t heads, kv_heads;
    int64_t head_width;   /* grouped: of q, k and v. latent: nope + rotary */
    int64_t value_width;  /* of one head; grouped: head_width */
    int64_t q_lora_rank;  /* latent; 0: q comes straight from x */
    int64_t kv_lora_rank; /* latent */
    int64_t nope_width;   /* latent: columns of a head that do not rotate */
    bool qkv_bias, output_bias;
    bool joint_qkv;  /* one projection in the file (dbrx) */
    bool split_kv_b; /* latent: the file keeps kv_b's two parts apart, k's transposed for each head (GGUF) */
    double scale;    /* of q.k, everything included (1 / sqrt, multipliers, mscale^2) */
    double soft_cap; /* 0: none */
    double clamp;    /* of q, k, v; 0: none */
    bool sinks;
    enum qk_norm qk_norm;
    double latent_norm_eps; /* MLA's inner norms */
    bool relative_bias;     /* T5 */
    int64_t relative_buckets, relative_distance;
    bool tuned; /* llama4: q on NoPE layers times 1 + tune_scale * ln(1 + floor((pos + 1) / tune_floor)) */
    double tune_floor, tune_scale;
};

/* ---- the router: a handful of choices (moe/router.c) ---- */

enum router_logit { ROUTER_LINEAR, ROUTER_TWO_LEVEL };
enum router_score { SCORE_SOFTMAX, SCORE_SIGMOID, SCORE_RELU, SCORE_RAW, SCORE_SPARSEMIXER };
enum router_select {
    SELECT_TOP_K,
    SELECT_TOP_K_IN_GROUPS,
    SELECT_TOP_P,
    SELECT_ALL_POSITIVE,
    SELECT_EXPERT_CHOICE,
    SELECT_HASH,
    SELECT_ALL
};
enum router_weigh { WEIGH_SCORE, WEIGH_NORMALISED, WEIGH_SOFTMAX_OF_SELECTED, WEIGH_SIGMOID_ON_INPUT };
enum group_score { GROUP_BEST, GROUP_BEST_TWO };
enum router_noise { NOISE_NONE, NOISE_JITTER, NOISE_GAUSSIAN };
enum overflow { OVERFLOW_DROP, OVERFLOW_NEXT_BEST };
enum compete_within { COMPETE_SEQUENCE, COMPETE_SHARD };
enum {
    BALANCE_SWITCH = 1,
    BALANCE_Z = 2,
    BALANCE_IMPORTANCE = 4,
    BALANCE_SEQUENCE = 8,
    BALANCE_BIAS_SIGN = 16,
    BALANCE_BIAS_ERROR = 32
};

struct router_spec {
    /* logit */
    enum router_logit logit;
    bool bias;       /* of the linear */
    double soft_cap; /* of the logits; 0: none */
    /* score */
    enum router_score score;
    double jitter; /* SparseMixer's epsilon */
    /* selection */
    bool selection_bias; /* added for the choice, never in the weight */
    enum router_select select;
    int64_t experts, top_k;      /* E, K */
    int64_t groups, groups_kept; /* 1, 1: none */
    enum group_score group_score;
    bool group_mask_zero; /* what is masked becomes 0; else -infinity */
    double top_p;
    /* weight */
    enum router_weigh weigh;
    double epsilon; /* added to the sum that normalises */
    double scale;
    /* training */
    enum router_noise noise;
    double noise_scale;
    double capacity_factor; /* 0: dropless */
    enum overflow overflow;
    enum compete_within compete;
    int64_t shard_tokens;
    unsigned balance; /* BALANCE_* */
    double balance_weight, z_weight, bias_rate;
};

/* ---- one layer ---- */

enum window_kind { WINDOW_NONE, WINDOW_SLIDING, WINDOW_CHUNKED };
enum ffn_kind { FFN_DENSE, FFN_MOE };
enum branch {
    BRANCH_SERIAL,
    BRANCH_PARALLEL_MOE
}; /* parallel: arctic, the MoE branch reads the layer's input */

struct layer_spec {
    enum window_kind window;
    int64_t window_size; /* positions, the current one included; or of a chunk */
    bool rope;           /* false: NoPE */
    enum ffn_kind ffn;
    int64_t dense_width; /* of the dense FFN; 0 when MoE alone */
    enum branch branch;
    bool cross_attention;
};

/* ---- a stack and the model ---- */

struct stack_spec {
    int64_t layer_count;
    struct layer_spec *layers;
    bool causal;
};

struct tokens_spec {
    int64_t bos, pad, decoder_start; /* -1: none */
    int64_t eos[8];
    int64_t eos_count;
};

struct spec {
    const char *family; /* borrowed from the family */
    int64_t width, vocab, context;

    struct stack_spec decoder; /* every model has it */
    struct stack_spec encoder; /* layer_count 0: none */

    enum norm_kind norm;
    enum norm_place norm_place;
    double norm_eps;

    struct attention_spec attention;
    struct rope_spec rope;

    enum activation activation;
    bool gated;                                /* FFN: down(act(gate x) * up x); else down(act(up x)) */
    double activation_limit, activation_alpha; /* gpt-oss */
    bool ffn_bias;                             /* dense FFN */

    struct router_spec router; /* experts 0: no MoE layer */
    int64_t expert_width;
    bool expert_bias;
    int64_t shared_width; /* 0: none; all shared experts together */
    bool shared_gate;     /* times sigmoid(x . g) */

    bool tied; /* the head is the embedding */
    bool head_bias;
    double embedding_multiplier, residual_multiplier; /* 1 */
    double logits_multiplier; /* logits = multiplier * head(x); granite divides: 1 / logits_scaling */
    double logits_cap;        /* 0: none */

    int64_t mtp_layers;                         /* recognised, counted, skipped */
    int64_t scale_block_rows, scale_block_cols; /* elements under one scale of a float8 matrix, in the file */
    struct tokens_spec tokens;
};

/* Layers go by one index: the decoder's, then the encoder's behind them. */
static inline int64_t spec_layer_count(const struct spec *spec) {
    return spec->decoder.layer_count + spec->encoder.layer_count;
}
static inline bool spec_in_encoder(const struct spec *spec, int64_t layer) {
    return layer >= spec->decoder.layer_count;
}
static inline const struct layer_spec *spec_layer(const struct spec *spec, int64_t layer) {
    return spec_in_encoder(spec, layer) ? &spec->encoder.layers[layer - spec->decoder.layer_count]
                                        : &spec->decoder.layers[layer];
}

void spec_init(
    struct spec *spec); /* all zero, then the neutral values: multipliers 1, groups 1, scale 1, tokens -1 */

/* Everything that must hold whatever the family: positive sizes within limits, K <= E, groups that divide,
 * heads that divide, products of sizes that fit int64. Names the field. Called after every reader. */
SY_MUST_CHECK bool spec_check(const struct spec *spec, struct sy_error *err);

/* Allocate decoder.layers (count records) in the arena, all full attention with rope, dense. */
SY_MUST_CHECK bool spec_layers(struct spec *spec, struct arena *arena, int64_t count, struct sy_error *err);
/* The same for the encoder. */
SY_MUST_CHECK bool spec_encoder_layers(struct spec *spec, struct arena *arena, int64_t count,
                                       struct sy_error *err);
bool spec_copy(const struct spec *from, struct spec *to, struct arena *arena,
               struct sy_error *err); /* deep */

/* ---- the list of fields ---- */

enum field_type {
    FIELD_BOOL,
    FIELD_INT,
    FIELD_REAL,
    FIELD_ENUM,
    FIELD_FLAGS,
    FIELD_REALS /* counted by factor_count */,
    FIELD_EOS
};

struct spec_field {
    const char *section; /* "", "decoder", "encoder", "attention", "rope", "router", "tokens", or "layer"
                            (offset into struct layer_spec) */
    const char *name;
    enum field_type type;
    size_t offset;            /* into struct spec; for "layer" into struct layer_spec */
    const char *const *words; /* FIELD_ENUM: NULL-terminated names, index = value. FIELD_FLAGS: bit = index */
};
/* All fields but the pointers, and the counts that go with them (layers, factor_count, eos_count). */
extern const struct spec_field spec_fields[];
extern const int spec_field_count;
const struct spec_field *spec_field_find(const char *name); /* "rope.theta"; NULL: there is none */

#endif
