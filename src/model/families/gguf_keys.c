/*
 * Metadata keys that families share in GGUF (llama.cpp's gguf-py constants.py and its converters): lists for
 * `keys` of a form. A row: the key, its type, the key of config.json, the field of the spec, and what is
 * written where that is not the field itself.
 */
#include "model/gguf_form.h"

#define END                                                                                                  \
    { NULL, KEY_INT, NULL, NULL, NULL }

const struct gguf_rule keys_basic[] = {
    { "block_count", KEY_INT, NULL, NULL, meta_get_blocks },
    { "nextn_predict_layers", KEY_INT, "num_nextn_predict_layers", "mtp_layers", meta_get_mtp },
    { "context_length", KEY_INT, "max_position_embeddings", "context", NULL },
    { "embedding_length", KEY_INT, "hidden_size", "width", NULL },
    { "vocab_size", KEY_INT, "vocab_size", "vocab", NULL },
    { "attention.head_count", KEY_INT, "num_attention_heads", "attention.heads", NULL },
    { "attention.layer_norm_rms_epsilon", KEY_REAL, "rms_norm_eps", "norm_eps", NULL },
    { "rope.freq_base", KEY_REAL, "rope_theta", "rope.theta", NULL },
    { "rope.dimension_count", KEY_INT, NULL, "rope.dims", NULL },
    END,
};

/* ---- attention ---- */

const struct gguf_rule keys_grouped[] = {
    { "attention.head_count_kv", KEY_INT, "num_key_value_heads", "attention.kv_heads", NULL },
    { "attention.key_length", KEY_INT, "head_dim", "attention.head_width", NULL },
    { "attention.value_length", KEY_INT, NULL, "attention.value_width", NULL },
    END,
};

const struct gguf_rule keys_latent[] = {
    { "attention.q_lora_rank", KEY_INT, "q_lora_rank", "attention.q_lora_rank", meta_get_q_lora },
    { "attention.kv_lora_rank", KEY_INT, "kv_lora_rank", "attention.kv_lora_rank", NULL },
    { "attention.head_count_kv", KEY_INT, "num_key_value_heads", "attention.kv_heads", NULL },
    { "attention.key_length", KEY_INT, NULL, "attention.head_width", NULL },
    { "attention.value_length", KEY_INT, NULL, "attention.value_width", NULL },
    END,
};

/* ---- feed-forward networks ---- */

const struct gguf_rule keys_dense[] = {
    { "feed_forward_length", KEY_INT, "intermediate_size", NULL, meta_get_dense_width },
    END,
};

/* Where there are experts alone, feed_forward_length is their width. */
const struct gguf_rule keys_expert_width[] = {
    { "feed_forward_length", KEY_INT, "intermediate_size", "expert_width", NULL },
    END,
};

const struct gguf_rule keys_fine_experts[] = {
    { "expert_feed_forward_length", KEY_INT, "moe_intermediate_size", "expert_width", NULL },
    END,
};

/* How many there are goes by three names in config.json: num_experts, num_local_experts, n_routed_experts. */
const struct gguf_rule keys_experts[] = {
    { "expert_count", KEY_INT, "num_experts", "router.experts", NULL },
    { "expert_used_count", KEY_INT, "num_experts_per_tok", "router.top_k", NULL },
    END,
};

const struct gguf_rule keys_local_experts[] = {
    { "expert_count", KEY_INT, "num_local_experts", "router.experts", NULL },
    { "expert_used_count", KEY_INT, "num_experts_per_tok", "router.top_k", NULL },
    END,
};

const struct gguf_rule keys_routed_experts[] = {
    { "expert_count", KEY_INT, "n_routed_experts", "router.experts", NULL },
    { "expert_used_count", KEY_INT, "num_experts_per_tok", "router.top_k", NULL },
    END,
};

/* ---- as DeepSeek has them ---- */

const struct gguf_rule keys_shared[] = {
    { "leading_dense_block_count", KEY_INT, "first_k_dense_replace", NULL, meta_get_leading_dense },
    { "expert_shared_count", KEY_INT, "n_shared_experts", "shared_width", meta_get_shared_count },
    END,
};

const struct gguf_rule keys_routing[] = {
    { "expert_weights_norm", KEY_BOOL, "norm_topk_prob", "router.weigh", meta_get_normalised },
    { "expert_weights_scale", KEY_REAL, "routed_scaling_factor", "router.scale", NULL },
    { "expert_gating_func", KEY_INT, NULL, "router.score", meta_get_gating },
    { "expert_group_count", KEY_INT, "n_group", "router.groups", meta_get_groups },
    { "expert_group_used_count", KEY_INT, "topk_group", "router.groups_kept", meta_get_groups_kept },
    END,
};
