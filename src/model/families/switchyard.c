/*
 * switchyard: our own format, for models that match no published family, such as what the trainer makes with
 * other routers. config.json holds the whole spec under "spec", by the names of spec_fields.c; tensors are
 * named after their slots, experts in one tensor [E, rows, cols] (one an expert is read too).
 */
#include "model/families/common.h"
#include "model/spec_json.h"

static void read(struct config *c, struct spec *spec) {
    json_t *object = config_object(c, "spec");
    if (object)
        spec_from_json(c, "spec", object, spec);
    else
        config_fail(c, "spec", "missing");
}

#define OURS "layers.{L}."

static const struct tensor_rule own_names[] = {
    NAME(SLOT_EMBED, "embed.weight"),
    NAME(SLOT_FINAL_NORM, "final_norm.weight"),
    NAME(SLOT_FINAL_NORM_BIAS, "final_norm.bias"),
    NAME(SLOT_HEAD, "head.weight"),
    NAME(SLOT_HEAD_BIAS, "head.bias"),
    NAME(SLOT_ENCODER_NORM, "encoder_norm.weight"),
    NAME(SLOT_ATTENTION_NORM, OURS "attention_norm.weight"),
    NAME(SLOT_ATTENTION_NORM_BIAS, OURS "attention_norm.bias"),
    NAME(SLOT_ATTENTION_OUT_NORM, OURS "attention_out_norm.weight"),
    NAME(SLOT_QKV, OURS "qkv.weight"),
    NAME(SLOT_Q, OURS "q.weight"),
    NAME(SLOT_Q_BIAS, OURS "q.bias"),
    NAME(SLOT_K, OURS "k.weight"),
    NAME(SLOT_K_BIAS, OURS "k.bias"),
    NAME(SLOT_V, OURS "v.weight"),
    NAME(SLOT_V_BIAS, OURS "v.bias"),
    NAME(SLOT_O, OURS "o.weight"),
    NAME(SLOT_O_BIAS, OURS "o.bias"),
    NAME(SLOT_Q_NORM, OURS "q_norm.weight"),
    NAME(SLOT_K_NORM, OURS "k_norm.weight"),
    NAME(SLOT_SINKS, OURS "sinks"),
    NAME(SLOT_RELATIVE_BIAS, OURS "relative_bias"),
    NAME(SLOT_CROSS_NORM, OURS "cross_norm.weight"),
    NAME(SLOT_CROSS_Q, OURS "cross_q.weight"),
    NAME(SLOT_CROSS_K, OURS "cross_k.weight"),
    NAME(SLOT_CROSS_V, OURS "cross_v.weight"),
    NAME(SLOT_CROSS_O, OURS "cross_o.weight"),
    NAME(SLOT_Q_A, OURS "q_a.weight"),
    NAME(SLOT_Q_A_BIAS, OURS "q_a.bias"),
    NAME(SLOT_Q_A_NORM, OURS "q_a_norm.weight"),
    NAME(SLOT_Q_B, OURS "q_b.weight"),
    NAME(SLOT_KV_A, OURS "kv_a.weight"),
    NAME(SLOT_KV_A_BIAS, OURS "kv_a.bias"),
    NAME(SLOT_KV_A_NORM, OURS "kv_a_norm.weight"),
    NAME(SLOT_KV_B, OURS "kv_b.weight"),
    NAME(SLOT_K_B, OURS "k_b.weight"),
    NAME(SLOT_V_B, OURS "v_b.weight"),
    NAME(SLOT_FFN_NORM, OURS "ffn_norm.weight"),
    NAME(SLOT_FFN_NORM_BIAS, OURS "ffn_norm.bias"),
    NAME(SLOT_FFN_OUT_NORM, OURS "ffn_out_norm.weight"),
    NAME(SLOT_MOE_NORM, OURS "moe_norm.weight"),
    NAME(SLOT_GATE, OURS "ffn.gate.weight"),
    NAME(SLOT_GATE_BIAS, OURS "ffn.gate.bias"),
    NAME(SLOT_UP, OURS "ffn.up.weight"),
    NAME(SLOT_UP_BIAS, OURS "ffn.up.bias"),
    NAME(SLOT_DOWN, OURS "ffn.down.weight"),
    NAME(SLOT_DOWN_BIAS, OURS "ffn.down.bias"),
    NAME(SLOT_ROUTER, OURS "router.weight"),
    NAME(SLOT_ROUTER_BIAS, OURS "router.bias"),
    NAME(SLOT_SELECTION_BIAS, OURS "router.selection_bias"),
    NAME(SLOT_SHARED_GATE, OURS "shared.gate.weight"),
    NAME(SLOT_SHARED_UP, OURS "shared.up.weight"),
    NAME(SLOT_SHARED_DOWN, OURS "shared.down.weight"),
    NAME(SLOT_SHARED_SCALE, OURS "shared.scale"),
    NAME(SLOT_EXPERT_GATE, OURS "experts.gate.weight"),
    NAME(SLOT_EXPERT_UP, OURS "experts.up.weight"),
    NAME(SLOT_EXPERT_DOWN, OURS "experts.down.weight"),
    NAME(SLOT_EXPERT_GATE_BIAS, OURS "experts.gate.bias"),
    NAME(SLOT_EXPERT_UP_BIAS, OURS "experts.up.bias"),
    NAME(SLOT_EXPERT_DOWN_BIAS, OURS "experts.down.bias"),
    NAME(SLOT_EXPERT_GATE, OURS "experts.{E}.gate.weight"),
    NAME(SLOT_EXPERT_UP, OURS "experts.{E}.up.weight"),
    NAME(SLOT_EXPERT_DOWN, OURS "experts.{E}.down.weight"),
    NAME(SLOT_EXPERT_GATE_BIAS, OURS "experts.{E}.gate.bias"),
    NAME(SLOT_EXPERT_UP_BIAS, OURS "experts.{E}.up.bias"),
    NAME(SLOT_EXPERT_DOWN_BIAS, OURS "experts.{E}.down.bias"),
    NAMES_END,
};
static const struct tensor_rule *const names[] = {
    own_names,
    NULL,
};

static const char *const architectures[] = { "SwitchyardForCausalLM", NULL };
static const char *const model_types[] = { "switchyard", NULL };

const struct family family_switchyard = {
    .name = "switchyard",
    .architectures = architectures,
    .model_types = model_types,
    .read = read,
    .rules = names,
};
