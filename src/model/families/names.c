/*
 * Names of tensors that families share, as Hugging Face's files have them: lists for `rules` of a family,
 * which takes those that fit and adds its own.
 */
#include "model/families/common.h"

const struct tensor_rule names_model[] = {
    NAME(SLOT_EMBED, "model.embed_tokens.weight"),
    NAME(SLOT_FINAL_NORM, "model.norm.weight"),
    NAME(SLOT_HEAD, "lm_head.weight"),
    NAME(SLOT_ATTENTION_NORM, LAYER "input_layernorm.weight"),
    NAME(SLOT_FFN_NORM, LAYER "post_attention_layernorm.weight"),
    NAMES_END,
};

/* ---- attention ---- */

const struct tensor_rule names_attention[] = {
    NAME(SLOT_Q, LAYER "self_attn.q_proj.weight"),
    NAME(SLOT_K, LAYER "self_attn.k_proj.weight"),
    NAME(SLOT_V, LAYER "self_attn.v_proj.weight"),
    NAME(SLOT_O, LAYER "self_attn.o_proj.weight"),
    NAMES_END,
};

const struct tensor_rule names_qkv_bias[] = {
    NAME(SLOT_Q_BIAS, LAYER "self_attn.q_proj.bias"),
    NAME(SLOT_K_BIAS, LAYER "self_attn.k_proj.bias"),
    NAME(SLOT_V_BIAS, LAYER "self_attn.v_proj.bias"),
    NAMES_END,
};

const struct tensor_rule names_o_bias[] = {
    NAME(SLOT_O_BIAS, LAYER "self_attn.o_proj.bias"),
    NAMES_END,
};

const struct tensor_rule names_qk_norm[] = {
    NAME(SLOT_Q_NORM, LAYER "self_attn.q_norm.weight"),
    NAME(SLOT_K_NORM, LAYER "self_attn.k_norm.weight"),
    NAMES_END,
};

const struct tensor_rule names_latent_attention[] = {
    NAME(SLOT_Q, LAYER "self_attn.q_proj.weight"),
    NAME(SLOT_Q_A, LAYER "self_attn.q_a_proj.weight"),
    NAME(SLOT_Q_A_BIAS, LAYER "self_attn.q_a_proj.bias"),
    NAME(SLOT_Q_A_NORM, LAYER "self_attn.q_a_layernorm.weight"),
    NAME(SLOT_Q_B, LAYER "self_attn.q_b_proj.weight"),
    NAME(SLOT_KV_A, LAYER "self_attn.kv_a_proj_with_mqa.weight"),
    NAME(SLOT_KV_A_BIAS, LAYER "self_attn.kv_a_proj_with_mqa.bias"),
    NAME(SLOT_KV_A_NORM, LAYER "self_attn.kv_a_layernorm.weight"),
    NAME(SLOT_KV_B, LAYER "self_attn.kv_b_proj.weight"),
    NAME(SLOT_O, LAYER "self_attn.o_proj.weight"),
    NAME(SLOT_O_BIAS, LAYER "self_attn.o_proj.bias"),
    NAMES_END,
};

/* ---- feed-forward networks ---- */

const struct tensor_rule names_ffn[] = {
    NAME(SLOT_GATE, LAYER "mlp.gate_proj.weight"),
    NAME(SLOT_UP, LAYER "mlp.up_proj.weight"),
    NAME(SLOT_DOWN, LAYER "mlp.down_proj.weight"),
    NAMES_END,
};

const struct tensor_rule names_ffn_bias[] = {
    NAME(SLOT_GATE_BIAS, LAYER "mlp.gate_proj.bias"),
    NAME(SLOT_UP_BIAS, LAYER "mlp.up_proj.bias"),
    NAME(SLOT_DOWN_BIAS, LAYER "mlp.down_proj.bias"),
    NAMES_END,
};

const struct tensor_rule names_shared_expert[] = {
    NAME(SLOT_SHARED_GATE, LAYER "mlp.shared_expert.gate_proj.weight"),
    NAME(SLOT_SHARED_UP, LAYER "mlp.shared_expert.up_proj.weight"),
    NAME(SLOT_SHARED_DOWN, LAYER "mlp.shared_expert.down_proj.weight"),
    NAMES_END,
};

const struct tensor_rule names_shared_experts[] = {
    NAME(SLOT_SHARED_GATE, LAYER "mlp.shared_experts.gate_proj.weight"),
    NAME(SLOT_SHARED_UP, LAYER "mlp.shared_experts.up_proj.weight"),
    NAME(SLOT_SHARED_DOWN, LAYER "mlp.shared_experts.down_proj.weight"),
    NAMES_END,
};

/* ---- experts: one tensor an expert, or all of them in one ---- */

const struct tensor_rule names_experts[] = {
    NAME(SLOT_EXPERT_GATE, LAYER "mlp.experts.{E}.gate_proj.weight"),
    NAME(SLOT_EXPERT_UP, LAYER "mlp.experts.{E}.up_proj.weight"),
    NAME(SLOT_EXPERT_DOWN, LAYER "mlp.experts.{E}.down_proj.weight"),
    NAMES_END,
};

const struct tensor_rule names_experts_fused[] = {
    NAME_PAIR(LAYOUT_HALVES, SLOT_EXPERT_GATE, SLOT_EXPERT_UP, LAYER "mlp.experts.gate_up_proj"),
    NAME(SLOT_EXPERT_DOWN, LAYER "mlp.experts.down_proj"),
    NAMES_END,
};

/* As mixtral names them: w1 gate, w3 up, w2 down. */
const struct tensor_rule names_block_experts[] = {
    NAME(SLOT_EXPERT_GATE, LAYER "block_sparse_moe.experts.{E}.w1.weight"),
    NAME(SLOT_EXPERT_DOWN, LAYER "block_sparse_moe.experts.{E}.w2.weight"),
    NAME(SLOT_EXPERT_UP, LAYER "block_sparse_moe.experts.{E}.w3.weight"),
    NAMES_END,
};

const struct tensor_rule names_block_experts_fused[] = {
    NAME_PAIR(LAYOUT_HALVES, SLOT_EXPERT_GATE, SLOT_EXPERT_UP, LAYER "block_sparse_moe.experts.gate_up_proj"),
    NAME(SLOT_EXPERT_DOWN, LAYER "block_sparse_moe.experts.down_proj"),
    NAMES_END,
};
