/*
 * The slots: one table. Each row says the slot's name, the part it is counted under, when a layer has it, and
 * its logical shape [rows, cols]. A size that overflows becomes INT64_MAX, which no tensor has and which
 * spec_count refuses.
 */
#include "model/slots.h"
#include "base/checked.h"
#include <stddef.h>

/* A side of a shape. */
enum side {
    ONE,
    V,        /* vocabulary */
    D,        /* width */
    HEADS,    /* heads */
    Q_WIDTH,  /* heads * head width */
    K_WIDTH,  /* key heads * head width */
    V_WIDTH,  /* key heads * value width */
    O_WIDTH,  /* heads * value width */
    Q_NORMED, /* what one norm of q covers */
    K_NORMED,
    Q_LORA,
    KV_LORA,
    KV_A, /* kv_lora + rotary */
    KV_B, /* heads * (nope + value) */
    QKV_WIDTH,
    BUCKETS,
    K_B, /* heads * kv_lora */
    NOPE,
    F_DENSE, /* width of the layer's dense FFN */
    E,       /* experts */
    F,       /* expert width */
    F_SHARED,
};

/* When it is there. */
enum when {
    ALWAYS,
    NORM_BIASED,
    HEAD_BIASED,
    ENCODED,  /* there is an encoder */
    SANDWICH, /* norms behind the branches too */
    PARALLEL, /* experts beside the dense FFN */
    CROSSING, /* looks at the encoder's output */
    RELATIVE, /* a stack's first layer, where positions are a bias */
    JOINT,    /* q, k and v in one */
    GROUPED,
    GROUPED_BIASED,
    Q_DIRECT, /* grouped and apart, or latent without q_lora */
    O_BIASED,
    QK_NORMED,
    SINKS,
    Q_LATENT,
    Q_LATENT_BIASED,
    LATENT,
    LATENT_BIASED,
    LATENT_JOINT, /* kv_b whole */
    LATENT_SPLIT,
    DENSE,
    DENSE_GATED,
    DENSE_BIASED,
    DENSE_GATED_BIASED,
    MOE,
    MOE_GATED,
    ROUTER_BIASED,
    CHOICE_BIASED,
    SHARED,
    SHARED_GATED, /* its FFN has a gate projection */
    SHARED_SCALED,
    EXPERT_BIASED,
    EXPERT_GATED_BIASED,
};

struct row {
    const char *name;
    enum part part;
    enum when when;
    enum side rows, cols;
};

static const struct row table[SLOT_COUNT] = {
    [SLOT_EMBED] = { "embed", PART_EMBEDDING, ALWAYS, V, D },
    [SLOT_FINAL_NORM] = { "final_norm", PART_NORMS, ALWAYS, ONE, D },
    [SLOT_FINAL_NORM_BIAS] = { "final_norm_bias", PART_NORMS, NORM_BIASED, ONE, D },
    [SLOT_HEAD] = { "head", PART_HEAD, ALWAYS, V, D },
    [SLOT_HEAD_BIAS] = { "head_bias", PART_HEAD, HEAD_BIASED, ONE, V },
    [SLOT_ENCODER_NORM] = { "encoder_norm", PART_NORMS, ENCODED, ONE, D },

    [SLOT_ATTENTION_NORM] = { "attention_norm", PART_NORMS, ALWAYS, ONE, D },
    [SLOT_ATTENTION_NORM_BIAS] = { "attention_norm_bias", PART_NORMS, NORM_BIASED, ONE, D },
    [SLOT_ATTENTION_OUT_NORM] = { "attention_out_norm", PART_NORMS, SANDWICH, ONE, D },
    [SLOT_QKV] = { "qkv", PART_ATTENTION, JOINT, QKV_WIDTH, D },
    [SLOT_Q] = { "q", PART_ATTENTION, Q_DIRECT, Q_WIDTH, D },
    [SLOT_Q_BIAS] = { "q_bias", PART_ATTENTION, GROUPED_BIASED, ONE, Q_WIDTH },
    [SLOT_K] = { "k", PART_ATTENTION, GROUPED, K_WIDTH, D },
    [SLOT_K_BIAS] = { "k_bias", PART_ATTENTION, GROUPED_BIASED, ONE, K_WIDTH },
    [SLOT_V] = { "v", PART_ATTENTION, GROUPED, V_WIDTH, D },
    [SLOT_V_BIAS] = { "v_bias", PART_ATTENTION, GROUPED_BIASED, ONE, V_WIDTH },
    [SLOT_O] = { "o", PART_ATTENTION, ALWAYS, D, O_WIDTH },
    [SLOT_O_BIAS] = { "o_bias", PART_ATTENTION, O_BIASED, ONE, D },
    [SLOT_Q_NORM] = { "q_norm", PART_NORMS, QK_NORMED, ONE, Q_NORMED },
    [SLOT_K_NORM] = { "k_norm", PART_NORMS, QK_NORMED, ONE, K_NORMED },
    [SLOT_SINKS] = { "sinks", PART_ATTENTION, SINKS, ONE, HEADS },
    [SLOT_RELATIVE_BIAS] = { "relative_bias", PART_ATTENTION, RELATIVE, BUCKETS, HEADS },
    [SLOT_CROSS_NORM] = { "cross_norm", PART_NORMS, CROSSING, ONE, D },
    [SLOT_CROSS_Q] = { "cross_q", PART_ATTENTION, CROSSING, Q_WIDTH, D },
    [SLOT_CROSS_K] = { "cross_k", PART_ATTENTION, CROSSING, K_WIDTH, D },
    [SLOT_CROSS_V] = { "cross_v", PART_ATTENTION, CROSSING, V_WIDTH, D },
    [SLOT_CROSS_O] = { "cross_o", PART_ATTENTION, CROSSING, D, O_WIDTH },
    [SLOT_Q_A] = { "q_a", PART_ATTENTION, Q_LATENT, Q_LORA, D },
    [SLOT_Q_A_BIAS] = { "q_a_bias", PART_ATTENTION, Q_LATENT_BIASED, ONE, Q_LORA },
    [SLOT_Q_A_NORM] = { "q_a_norm", PART_NORMS, Q_LATENT, ONE, Q_LORA },
    [SLOT_Q_B] = { "q_b", PART_ATTENTION, Q_LATENT, Q_WIDTH, Q_LORA },
    [SLOT_KV_A] = { "kv_a", PART_ATTENTION, LATENT, KV_A, D },
    [SLOT_KV_A_BIAS] = { "kv_a_bias", PART_ATTENTION, LATENT_BIASED, ONE, KV_A },
    [SLOT_KV_A_NORM] = { "kv_a_norm", PART_NORMS, LATENT, ONE, KV_LORA },
    [SLOT_KV_B] = { "kv_b", PART_ATTENTION, LATENT_JOINT, KV_B, KV_LORA },
    [SLOT_K_B] = { "k_b", PART_ATTENTION, LATENT_SPLIT, K_B, NOPE },
    [SLOT_V_B] = { "v_b", PART_ATTENTION, LATENT_SPLIT, O_WIDTH, KV_LORA },
    [SLOT_FFN_NORM] = { "ffn_norm", PART_NORMS, ALWAYS, ONE, D },
    [SLOT_FFN_NORM_BIAS] = { "ffn_norm_bias", PART_NORMS, NORM_BIASED, ONE, D },
    [SLOT_FFN_OUT_NORM] = { "ffn_out_norm", PART_NORMS, SANDWICH, ONE, D },
    [SLOT_MOE_NORM] = { "moe_norm", PART_NORMS, PARALLEL, ONE, D },
    [SLOT_GATE] = { "gate", PART_DENSE_FFN, DENSE_GATED, F_DENSE, D },
    [SLOT_GATE_BIAS] = { "gate_bias", PART_DENSE_FFN, DENSE_GATED_BIASED, ONE, F_DENSE },
    [SLOT_UP] = { "up", PART_DENSE_FFN, DENSE, F_DENSE, D },
    [SLOT_UP_BIAS] = { "up_bias", PART_DENSE_FFN, DENSE_BIASED, ONE, F_DENSE },
    [SLOT_DOWN] = { "down", PART_DENSE_FFN, DENSE, D, F_DENSE },
    [SLOT_DOWN_BIAS] = { "down_bias", PART_DENSE_FFN, DENSE_BIASED, ONE, D },
    [SLOT_ROUTER] = { "router", PART_ROUTER, MOE, E, D },
    [SLOT_ROUTER_BIAS] = { "router_bias", PART_ROUTER, ROUTER_BIASED, ONE, E },
    [SLOT_SELECTION_BIAS] = { "selection_bias", PART_ROUTER, CHOICE_BIASED, ONE, E },
    [SLOT_SHARED_GATE] = { "shared_gate", PART_SHARED_EXPERTS, SHARED_GATED, F_SHARED, D },
    [SLOT_SHARED_UP] = { "shared_up", PART_SHARED_EXPERTS, SHARED, F_SHARED, D },
    [SLOT_SHARED_DOWN] = { "shared_down", PART_SHARED_EXPERTS, SHARED, D, F_SHARED },
    [SLOT_SHARED_SCALE] = { "shared_scale", PART_SHARED_EXPERTS, SHARED_SCALED, ONE, D },

    [SLOT_EXPERT_GATE] = { "expert_gate", PART_ROUTED_EXPERTS, MOE_GATED, F, D },
    [SLOT_EXPERT_UP] = { "expert_up", PART_ROUTED_EXPERTS, MOE, F, D },
    [SLOT_EXPERT_DOWN] = { "expert_down", PART_ROUTED_EXPERTS, MOE, D, F },
    [SLOT_EXPERT_GATE_BIAS] = { "expert_gate_bias", PART_ROUTED_EXPERTS, EXPERT_GATED_BIASED, ONE, F },
    [SLOT_EXPERT_UP_BIAS] = { "expert_up_bias", PART_ROUTED_EXPERTS, EXPERT_BIASED, ONE, F },
    [SLOT_EXPERT_DOWN_BIAS] = { "expert_down_bias", PART_ROUTED_EXPERTS, EXPERT_BIASED, ONE, D },
};

static const char *const part_names[PART_COUNT] = { "embedding",      "attention",      "router",
                                                    "routed_experts", "shared_experts", "dense_ffn",
                                                    "norms",          "head",           "mtp" };

const char *slot_name(enum slot slot) {
    return slot < SLOT_COUNT ? table[slot].name : "none";
}

const char *part_name(enum part part) {
    return part < PART_COUNT ? part_names[part] : "none";
}

enum part slot_part(enum slot slot) {
    return table[slot].part;
}

bool slot_is_vector(enum slot slot) {
    return table[slot].rows == ONE;
}

static int64_t times(int64_t a, int64_t b) {
    int64_t all;
    return size_mul(a, b, &all) ? all : INT64_MAX;
}

static int64_t side_of(const struct spec *spec, const struct layer_spec *layer, enum side side) {
    const struct attention_spec *a = &spec->attention;
    bool wide = a->qk_norm == QK_NORM_WIDTH;
    switch (side) {
    case ONE: return 1;
    case V: return spec->vocab;
    case D: return spec->width;
    case HEADS: return a->heads;
    case Q_WIDTH: return times(a->heads, a->head_width);
    case K_WIDTH: return times(a->kv_heads, a->head_width);
    case V_WIDTH: return times(a->kv_heads, a->value_width);
    case O_WIDTH: return times(a->heads, a->value_width);
    case Q_NORMED: return wide ? times(a->heads, a->head_width) : a->head_width;
    case K_NORMED: return wide ? times(a->kv_heads, a->head_width) : a->head_width;
    case Q_LORA: return a->q_lora_rank;
    case KV_LORA: return a->kv_lora_rank;
    case KV_A: return a->kv_lora_rank + a->head_width - a->nope_width;
    case KV_B: return times(a->heads, a->nope_width + a->value_width);
    case QKV_WIDTH: return times(a->heads + 2 * a->kv_heads, a->head_width);
    case BUCKETS: return a->relative_buckets;
    case K_B: return times(a->heads, a->kv_lora_rank);
    case NOPE: return a->nope_width;
    case F_DENSE: return layer ? layer->dense_width : 0;
    case E: return spec->router.experts;
    case F: return spec->expert_width;
    case F_SHARED: return spec->shared_width;
    }
    return 0;
}

static bool there_in_attention(const struct attention_spec *a, enum when when) {
    bool latent = a->kind == ATTENTION_LATENT, low = latent && a->q_lora_rank > 0;
    bool joint = !latent && a->joint_qkv;
    switch (when) {
    case JOINT: return joint;
    case GROUPED: return !latent && !joint;
    case GROUPED_BIASED: return !latent && a->qkv_bias;
    case Q_DIRECT: return !low && !joint;
    case O_BIASED: return a->output_bias;
    case QK_NORMED: return !latent && (a->qk_norm == QK_NORM_HEAD || a->qk_norm == QK_NORM_WIDTH);
    case SINKS: return a->sinks;
    case Q_LATENT: return low;
    case Q_LATENT_BIASED: return low && a->qkv_bias;
    case LATENT: return latent;
    case LATENT_BIASED: return latent && a->qkv_bias;
    case LATENT_JOINT: return latent && !a->split_kv_b;
    case LATENT_SPLIT: return latent && a->split_kv_b;
    default: return false;
    }
}

static bool there(const struct spec *spec, const struct layer_spec *layer, bool first, enum when when) {
    bool moe = layer && layer->ffn == FFN_MOE, dense = layer && layer->dense_width > 0;
    bool shared = moe && spec->shared_width > 0;
    switch (when) {
    case ALWAYS: return true;
    case NORM_BIASED: return spec->norm == NORM_LAYER;
    case HEAD_BIASED: return spec->head_bias;
    case ENCODED: return spec->encoder.layer_count > 0;
    case SANDWICH: return spec->norm_place == NORM_SANDWICH;
    case PARALLEL: return moe && layer->branch == BRANCH_PARALLEL_MOE;
    case CROSSING: return layer && layer->cross_attention;
    case RELATIVE: return first && spec->attention.relative_bias;
    case DENSE: return dense;
    case DENSE_GATED: return dense && spec->gated;
    case DENSE_BIASED: return dense && spec->ffn_bias;
    case DENSE_GATED_BIASED: return dense && spec->ffn_bias && spec->gated;
    case MOE: return moe;
    case MOE_GATED: return moe && spec->gated;
    case ROUTER_BIASED: return moe && spec->router.bias;
    case CHOICE_BIASED: return moe && spec->router.selection_bias;
    case SHARED: return shared;
    case SHARED_GATED: return shared && spec->gated;
    case SHARED_SCALED: return shared && spec->shared_gate;
    case EXPERT_BIASED: return moe && spec->expert_bias;
    case EXPERT_GATED_BIASED: return moe && spec->expert_bias && spec->gated;
    default: return there_in_attention(&spec->attention, when);
    }
}

bool slot_shape(const struct spec *spec, int64_t layer, enum slot slot, int64_t *rows, int64_t *cols) {
    if (slot >= SLOT_COUNT || (layer < 0) != slot_is_global(slot) || layer >= spec_layer_count(spec))
        return false;
    const struct layer_spec *record = layer < 0 ? NULL : spec_layer(spec, layer);
    bool first = layer == 0 || layer == spec->decoder.layer_count;
    if (!there(spec, record, first, table[slot].when)) return false;
    *rows = side_of(spec, record, table[slot].rows);
    *cols = side_of(spec, record, table[slot].cols);
    return true;
}
