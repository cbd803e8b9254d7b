/*
 * Slots: every weight that a forward pass reads, by a name of ours. model/slots.c says once, from the spec
 * alone, which slots a layer has and of what shape: parameter counts, binding's checks, synth's writer and
 * the store all go by that.
 *
 * A slot's logical shape is [rows, cols] = [outputs, inputs]; vectors are [1, n]. Expert slots have it once
 * for each expert.
 */
#ifndef MODEL_SLOTS_H
#define MODEL_SLOTS_H

#include "model/spec.h"

enum slot {
    /* of the model (layer -1) */
    SLOT_EMBED,      /* [V, D] */
    SLOT_FINAL_NORM, /* [1, D] */
    SLOT_FINAL_NORM_BIAS,
    SLOT_HEAD,         /* [V, D]; tied: an alias of SLOT_EMBED */
    SLOT_HEAD_BIAS,    /* [1, V] */
    SLOT_ENCODER_NORM, /* [1, D]: behind the encoder's last layer */
    /* of a layer */
    SLOT_ATTENTION_NORM, /* [1, D] */
    SLOT_ATTENTION_NORM_BIAS,
    SLOT_ATTENTION_OUT_NORM, /* [1, D]: sandwich norms, behind each branch */
    SLOT_QKV,                /* [(H + 2 KV) hd, D]: q, k and v in one, instead of the three */
    SLOT_Q,                  /* grouped: [H hd, D]; latent without q_lora: the same */
    SLOT_Q_BIAS,
    SLOT_K, /* [KV hd, D] */
    SLOT_K_BIAS,
    SLOT_V,
    SLOT_V_BIAS,
    SLOT_O, /* [D, H * value width] */
    SLOT_O_BIAS,
    SLOT_Q_NORM,        /* [1, hd] or [1, H hd] */
    SLOT_K_NORM,        /* [1, hd] or [1, KV hd] */
    SLOT_SINKS,         /* [1, H] */
    SLOT_RELATIVE_BIAS, /* [buckets, H]: of a stack's first layer, for all of it */
    SLOT_CROSS_NORM,    /* [1, D]: attention to the encoder's output */
    SLOT_CROSS_Q,
    SLOT_CROSS_K,
    SLOT_CROSS_V,
    SLOT_CROSS_O,
    SLOT_Q_A, /* MLA: [q_lora, D] */
    SLOT_Q_A_BIAS,
    SLOT_Q_A_NORM, /* [1, q_lora] */
    SLOT_Q_B,      /* [H hd, q_lora] */
    SLOT_KV_A,     /* [kv_lora + rotary, D] */
    SLOT_KV_A_BIAS,
    SLOT_KV_A_NORM, /* [1, kv_lora] */
    SLOT_KV_B,      /* [H (nope + value), kv_lora] */
    SLOT_K_B,       /* or apart: [H kv_lora, nope], each head's keys transposed */
    SLOT_V_B,       /* [H value, kv_lora] */
    SLOT_FFN_NORM,  /* [1, D] */
    SLOT_FFN_NORM_BIAS,
    SLOT_FFN_OUT_NORM,
    SLOT_MOE_NORM, /* [1, D]: of experts beside the dense FFN */
    SLOT_GATE,     /* dense FFN: [F, D] */
    SLOT_GATE_BIAS,
    SLOT_UP,
    SLOT_UP_BIAS,
    SLOT_DOWN, /* [D, F] */
    SLOT_DOWN_BIAS,
    SLOT_ROUTER,         /* [E, D] */
    SLOT_ROUTER_BIAS,    /* [1, E]: of the linear */
    SLOT_SELECTION_BIAS, /* [1, E]: e_score_correction_bias */
    SLOT_SHARED_GATE,    /* [Fs, D] */
    SLOT_SHARED_UP,
    SLOT_SHARED_DOWN,  /* [D, Fs] */
    SLOT_SHARED_SCALE, /* [1, D]: the shared expert's own gate */
    /* of an expert */
    SLOT_EXPERT_GATE, /* [F, D] */
    SLOT_EXPERT_UP,
    SLOT_EXPERT_DOWN,      /* [D, F] */
    SLOT_EXPERT_GATE_BIAS, /* [1, F] */
    SLOT_EXPERT_UP_BIAS,
    SLOT_EXPERT_DOWN_BIAS, /* [1, D] */
    SLOT_COUNT,
};

enum part {
    PART_EMBEDDING,
    PART_ATTENTION,
    PART_ROUTER,
    PART_ROUTED_EXPERTS,
    PART_SHARED_EXPERTS,
    PART_DENSE_FFN,
    PART_NORMS,
    PART_HEAD,
    PART_MTP,
    PART_COUNT
};

const char *slot_name(enum slot slot); /* "expert_gate" */
const char *part_name(enum part part); /* "routed_experts" */
enum part slot_part(enum slot slot);
static inline bool slot_is_global(enum slot slot) {
    return slot < SLOT_ATTENTION_NORM;
}
static inline bool slot_is_expert(enum slot slot) {
    return slot >= SLOT_EXPERT_GATE;
}
bool slot_is_vector(enum slot slot); /* logical shape [1, n], stored as [n] (or [1, n]) */

/* Does this layer (-1 for the model's own slots; the encoder's behind the decoder's) have the slot, and of
 * what shape? */
bool slot_shape(const struct spec *spec, int64_t layer, enum slot slot, int64_t *rows, int64_t *cols);

struct param_count { /* count.c says what each counts */
    int64_t total, active, active_no_embed;
    int64_t part[PART_COUNT];
};
SY_MUST_CHECK bool spec_count(const struct spec *spec, struct param_count *out,
                              struct sy_error *err); /* false: overflow, field named */

#endif
