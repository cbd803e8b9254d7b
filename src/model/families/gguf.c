/*
 * What families share in GGUF: tensor names, which are llama.cpp's (gguf-py constants.py; {E} in very old
 * files), and the widths of latent attention.
 */
#include "model/families/common.h"
#include "model/gguf_form.h"

#define BLOCK "blk.{L}."

static const struct tensor_rule all_but_ffn_norm[] = {
    NAME(SLOT_EMBED, "token_embd.weight"),
    NAME(SLOT_FINAL_NORM, "output_norm.weight"),
    NAME(SLOT_FINAL_NORM_BIAS, "output_norm.bias"),
    NAME(SLOT_HEAD, "output.weight"),
    NAME(SLOT_HEAD_BIAS, "output.bias"),
    NAME(SLOT_ATTENTION_NORM, BLOCK "attn_norm.weight"),
    NAME(SLOT_ATTENTION_NORM_BIAS, BLOCK "attn_norm.bias"),
    NAME(SLOT_Q, BLOCK "attn_q.weight"),
    NAME(SLOT_Q_BIAS, BLOCK "attn_q.bias"),
    NAME(SLOT_K, BLOCK "attn_k.weight"),
    NAME(SLOT_K_BIAS, BLOCK "attn_k.bias"),
    NAME(SLOT_V, BLOCK "attn_v.weight"),
    NAME(SLOT_V_BIAS, BLOCK "attn_v.bias"),
    NAME(SLOT_O, BLOCK "attn_output.weight"),
    NAME(SLOT_O_BIAS, BLOCK "attn_output.bias"),
    NAME(SLOT_Q_NORM, BLOCK "attn_q_norm.weight"),
    NAME(SLOT_K_NORM, BLOCK "attn_k_norm.weight"),
    NAME(SLOT_SINKS, BLOCK "attn_sinks.weight"),
    NAME(SLOT_SINKS, BLOCK "attn_sinks"),
    NAME(SLOT_Q_A, BLOCK "attn_q_a.weight"),
    NAME(SLOT_Q_A_BIAS, BLOCK "attn_q_a.bias"),
    NAME(SLOT_Q_A_NORM, BLOCK "attn_q_a_norm.weight"),
    NAME(SLOT_Q_B, BLOCK "attn_q_b.weight"),
    NAME(SLOT_KV_A, BLOCK "attn_kv_a_mqa.weight"),
    NAME(SLOT_KV_A_BIAS, BLOCK "attn_kv_a_mqa.bias"),
    NAME(SLOT_KV_A_NORM, BLOCK "attn_kv_a_norm.weight"),
    NAME(SLOT_KV_B, BLOCK "attn_kv_b.weight"),
    NAME_AS(LAYOUT_HEADS, SLOT_K_B, BLOCK "attn_k_b.weight"),
    NAME_AS(LAYOUT_HEADS, SLOT_V_B, BLOCK "attn_v_b.weight"),
    NAME(SLOT_GATE, BLOCK "ffn_gate.weight"),
    NAME(SLOT_GATE_BIAS, BLOCK "ffn_gate.bias"),
    NAME(SLOT_UP, BLOCK "ffn_up.weight"),
    NAME(SLOT_UP_BIAS, BLOCK "ffn_up.bias"),
    NAME(SLOT_DOWN, BLOCK "ffn_down.weight"),
    NAME(SLOT_DOWN_BIAS, BLOCK "ffn_down.bias"),
    NAME(SLOT_ROUTER, BLOCK "ffn_gate_inp.weight"),
    NAME(SLOT_ROUTER_BIAS, BLOCK "ffn_gate_inp.bias"),
    NAME(SLOT_SELECTION_BIAS, BLOCK "exp_probs_b.bias"),
    NAME(SLOT_SELECTION_BIAS, BLOCK "exp_probs_b"),
    NAME(SLOT_SHARED_GATE, BLOCK "ffn_gate_shexp.weight"),
    NAME(SLOT_SHARED_UP, BLOCK "ffn_up_shexp.weight"),
    NAME(SLOT_SHARED_DOWN, BLOCK "ffn_down_shexp.weight"),
    NAME(SLOT_SHARED_SCALE, BLOCK "ffn_gate_inp_shexp.weight"),
    NAME(SLOT_EXPERT_GATE, BLOCK "ffn_gate_exps.weight"),
    NAME(SLOT_EXPERT_UP, BLOCK "ffn_up_exps.weight"),
    NAME(SLOT_EXPERT_DOWN, BLOCK "ffn_down_exps.weight"),
    NAME(SLOT_EXPERT_GATE_BIAS, BLOCK "ffn_gate_exps.bias"),
    NAME(SLOT_EXPERT_UP_BIAS, BLOCK "ffn_up_exps.bias"),
    NAME(SLOT_EXPERT_DOWN_BIAS, BLOCK "ffn_down_exps.bias"),
    NAME_PAIR(LAYOUT_HALVES, SLOT_EXPERT_GATE, SLOT_EXPERT_UP, BLOCK "ffn_gate_up_exps.weight"),
    NAME_PAIR(LAYOUT_HALVES, SLOT_EXPERT_GATE_BIAS, SLOT_EXPERT_UP_BIAS, BLOCK "ffn_gate_up_exps.bias"),
    NAME(SLOT_EXPERT_GATE, BLOCK "ffn_gate.{E}.weight"),
    NAME(SLOT_EXPERT_UP, BLOCK "ffn_up.{E}.weight"),
    NAME(SLOT_EXPERT_DOWN, BLOCK "ffn_down.{E}.weight"),
    NAMES_END,
};

static const struct tensor_rule ffn_norm[] = {
    NAME(SLOT_FFN_NORM, BLOCK "ffn_norm.weight"),
    NAME(SLOT_FFN_NORM_BIAS, BLOCK "ffn_norm.bias"),
    NAMES_END,
};

static const struct tensor_rule post_norm[] = {
    NAME(SLOT_FFN_NORM, BLOCK "post_attention_norm.weight"),
    NAME(SLOT_FFN_NORM, BLOCK "ffn_norm.weight"),
    NAMES_END,
};

const struct tensor_rule *const gguf_names[] = { all_but_ffn_norm, ffn_norm, NULL };
const struct tensor_rule *const gguf_names_post_norm[] = { all_but_ffn_norm, post_norm, NULL };

const struct tensor_ignore gguf_ignored[] = {
    { "rope_freqs.weight", "factors of the positions, read with the metadata" },
    { "rope_factors_short.weight", "factors of the positions, read with the metadata" },
    { "rope_factors_long.weight", "factors of the positions, read with the metadata" },
    { "*.attn_rot_embd", "computed buffer" },
    { "blk.{L}.*", "MTP" },
    { NULL, NULL },
};

/* Old files (attn_kv_b) have the widths of a head in key_length and value_length; new ones (attn_k_b,
 * attn_v_b) in *_mla, and those of the cache there. The authors' scale holds mscale^2; without
 * yarn_log_multiplier there is none of it, nor any magnitude. */
void meta_complete_latent(struct gguf_reading *r) {
    int64_t key = meta_int(r, "attention.key_length_mla", meta_int(r, "attention.key_length", 0));
    int64_t value = meta_int(r, "attention.value_length_mla", meta_int(r, "attention.value_length", 0));
    int64_t rotary = meta_int(r, "rope.dimension_count", 0);
    json_t *scaling = json_object_get(r->config, "rope_scaling");
    if (rotary < 1 || rotary >= key)
        meta_fail(r, "rope.dimension_count", "%lld columns rotate of a head of %lld", (long long)rotary,
                  (long long)key);
    meta_put_int(r, "qk_rope_head_dim", rotary);
    meta_put_int(r, "qk_nope_head_dim", key - rotary);
    meta_put_int(r, "v_head_dim", value);
    if (scaling && !json_object_get(scaling, "mscale") && !json_object_get(scaling, "attention_factor"))
        json_object_set_new(scaling, "attention_factor", json_real(1));
}
