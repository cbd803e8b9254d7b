/*
 * What the keys of GGUF's metadata mean (meanings.h). Keys of an architecture stand here without its name: a
 * form's own lists say which of them a family reads; of the others, a value that changes what is computed is
 * refused, unless it says what the model is anyway.
 *
 * Sources: ggml-org/ggml, docs/gguf.md; gguf-py, constants.py (Keys).
 */
#include "model/meanings.h"

#include <stddef.h>

const struct key_meaning gguf_general_meanings[] = {
    /* ---- general.* ---- */

    { "general.architecture", FATE_USED, NULL, "which family" },
    { "general.alignment", FATE_USED, NULL, "where data begin" },
    { "general.quantization_version", FATE_IGNORED, NULL, "the tensors say their types themselves" },
    { "general.file_type", FATE_IGNORED, NULL, "the tensors say their types themselves" },
    { "general.sampling.*", FATE_IGNORED, NULL, "how tokens are drawn, which is read with the text" },
    { "general.*", FATE_IGNORED, NULL, "about the file and where it comes from" },

    /* ---- other programs' notes ---- */

    { "split.*", FATE_IGNORED, NULL, "parts of a file that was split" },
    { "quantize.*", FATE_IGNORED, NULL, "how it was made smaller" },
    { "imatrix.*", FATE_IGNORED, NULL, "how it was made smaller" },
    { "training.*", FATE_IGNORED, NULL, "training only" },
    { "adapter.*", FATE_REFUSED, says_nothing, "it is an adapter, and no model by itself" },
    { "switchyard.file.*", FATE_IGNORED, NULL, "files that came with the model, for convert" },
    { "switchyard.tensors.*", FATE_IGNORED, NULL, "files that came with the model, for convert" },
    { "switchyard.*", FATE_USED, NULL, "a field of the spec that no standard key says" },
    { "tokenizer.*", FATE_IGNORED, NULL, "the text side reads it" },

    { NULL, FATE_UNKNOWN, NULL, NULL },
};

const struct key_meaning gguf_arch_meanings[] = {
    /* ---- what every family reads ---- */

    { "block_count", FATE_USED, NULL, "sizes" },
    { "context_length", FATE_USED, NULL, "sizes" },
    { "embedding_length", FATE_USED, NULL, "sizes" },
    { "vocab_size", FATE_USED, NULL, "sizes" },
    { "attention.head_count", FATE_USED, NULL, "heads of attention" },
    { "attention.head_count_kv", FATE_USED, NULL, "heads of attention" },
    { "attention.key_length", FATE_USED, NULL, "heads of attention" },
    { "attention.value_length", FATE_USED, NULL, "heads of attention" },
    { "attention.q_lora_rank", FATE_USED, NULL, "latent attention" },
    { "attention.kv_lora_rank", FATE_USED, NULL, "latent attention" },
    { "attention.key_length_mla", FATE_USED, NULL, "latent attention" },
    { "attention.value_length_mla", FATE_USED, NULL, "latent attention" },
    { "attention.layer_norm_rms_epsilon", FATE_USED, NULL, "norms" },
    { "rope.freq_base", FATE_USED, NULL, "positions" },
    { "rope.dimension_count", FATE_USED, NULL, "positions" },
    { "rope.scaling.type", FATE_USED, NULL, "positions" },
    { "rope.scaling.factor", FATE_USED, NULL, "positions" },
    { "rope.scale_linear", FATE_USED, NULL, "positions" },
    { "rope.scaling.original_context_length", FATE_USED, NULL, "positions" },
    { "rope.scaling.attn_factor", FATE_USED, NULL, "positions" },
    { "rope.scaling.yarn_log_multiplier", FATE_USED, NULL, "positions" },
    { "rope.scaling.yarn_beta_fast", FATE_USED, NULL, "positions" },
    { "rope.scaling.yarn_beta_slow", FATE_USED, NULL, "positions" },

    /* ---- no part of the model ---- */

    { "rope.scaling.finetuned", FATE_IGNORED, NULL, "what the positions' scaling was made with" },
    { "tensor_data_layout", FATE_IGNORED, NULL, "how tensors lie, which their shapes say" },
    { "pooling_type", FATE_IGNORED, NULL, "of embedding models" },
    { "classifier.output_labels", FATE_IGNORED, NULL, "of embedding models" },
    { "dense_*", FATE_IGNORED, NULL, "of embedding models" },
    { "vision.*", FATE_IGNORED, NULL, "of images and sound, which are not read" },
    { "audio.*", FATE_IGNORED, NULL, "of images and sound, which are not read" },
    { "n_deepstack_layers", FATE_IGNORED, NULL, "of images and sound, which are not read" },
    { "features_length", FATE_IGNORED, NULL, "of images and sound, which are not read" },
    { "ssm.*", FATE_IGNORED, NULL, "of state-space layers: none here" },
    { "wkv.*", FATE_IGNORED, NULL, "of state-space layers: none here" },
    { "shortconv.*", FATE_IGNORED, NULL, "of state-space layers: none here" },
    { "time_mix_extra_dim", FATE_IGNORED, NULL, "of state-space layers: none here" },
    { "time_decay_extra_dim", FATE_IGNORED, NULL, "of state-space layers: none here" },
    { "rescale_every_n_layers", FATE_IGNORED, NULL, "of state-space layers: none here" },
    { "token_shift_count", FATE_IGNORED, NULL, "of state-space layers: none here" },

    /* ---- let pass where it says what the model is anyway ---- */

    { "feed_forward_length", FATE_REFUSED, says_dense_width, "widths of dense layers" },
    { "expert_feed_forward_length", FATE_REFUSED, says_expert_width, "widths of experts" },
    { "expert_chunk_feed_forward_length", FATE_REFUSED, says_expert_width, "widths of experts" },
    { "expert_shared_feed_forward_length", FATE_REFUSED, says_shared_width, "experts that all tokens share" },
    { "expert_shared_count", FATE_REFUSED, says_shared_count, "experts that all tokens share" },
    { "expert_count", FATE_REFUSED, says_experts, "how many experts there are" },
    { "expert_used_count", FATE_REFUSED, says_choices, "how many experts a token has" },
    { "expert_weights_norm", FATE_REFUSED, says_normalised,
      "whether experts' weights are divided by their sum" },
    { "expert_weights_scale", FATE_REFUSED, says_scale, "what the experts' weights are multiplied by" },
    { "expert_gating_func", FATE_REFUSED, says_gating, "how the router scores" },
    { "expert_group_count", FATE_REFUSED, says_groups, "groups of experts" },
    { "expert_group_used_count", FATE_REFUSED, says_groups_kept, "groups of experts" },
    { "experts_per_group", FATE_REFUSED, says_nothing, "groups of experts" },
    { "expert_group_scale", FATE_REFUSED, says_nothing, "groups of experts" },
    { "leading_dense_block_count", FATE_REFUSED, says_leading_dense, "which layers are dense" },
    { "interleave_moe_layer_step", FATE_REFUSED, says_every_layer, "which layers are dense" },
    { "moe_every_n_layers", FATE_REFUSED, says_every_layer, "which layers are dense" },
    { "router_logit_softcapping", FATE_REFUSED, says_router_cap, "a cap of the router's logits" },
    { "nextn_predict_layers", FATE_REFUSED, says_nothing, "layers for the tokens after the next" },
    { "attention.causal", FATE_REFUSED, says_causal, "attention in one direction only" },
    { "attention.sliding_window", FATE_REFUSED, says_window, "how far layers see" },
    { "attention.chunk_size", FATE_REFUSED, says_window, "how far layers see" },
    { "attention.sliding_window_pattern", FATE_REFUSED, says_nothing, "which layers see how far" },
    { "full_attention_interval", FATE_REFUSED, says_nothing, "which layers see how far" },
    { "attention.clamp_kqv", FATE_REFUSED, says_clamp, "a clamp of q, k and v" },
    { "attn_logit_softcapping", FATE_REFUSED, says_attention_cap, "a cap of attention's scores" },
    { "final_logit_softcapping", FATE_REFUSED, says_logits_cap, "a cap of the logits" },
    { "attention.scale", FATE_REFUSED, says_attention_scale, "the scale of attention's scores" },
    { "attention.output_scale", FATE_REFUSED, says_one, "the scale of attention's output" },
    { "attention.max_alibi_bias", FATE_REFUSED, says_nothing, "positions" },
    { "attention.relative_buckets_count", FATE_REFUSED, says_nothing, "positions" },
    { "rope.freq_base_swa", FATE_REFUSED, says_nothing, "positions" },
    { "rope.dimension_count_swa", FATE_REFUSED, says_nothing, "positions" },
    { "rope.dimension_sections", FATE_REFUSED, says_nothing, "positions" },
    { "rope.scaling.yarn_ext_factor", FATE_REFUSED, says_positive, "the strength of yarn" },
    { "rope.scaling.yarn_attn_factor", FATE_REFUSED, says_one, "the strength of yarn" },
    { "attention.temperature_length", FATE_REFUSED, says_temperature, "a temperature of attention" },
    { "attention.temperature_scale", FATE_REFUSED, says_temperature, "a temperature of attention" },
    { "attention.layer_norm_epsilon", FATE_REFUSED, says_norm_eps, "the norms' epsilon" },
    { "attention.group_norm_epsilon", FATE_REFUSED, says_norm_eps, "the norms' epsilon" },
    { "attention.group_norm_groups", FATE_REFUSED, says_nothing, "the norms" },
    { "swin_norm", FATE_REFUSED, says_nothing, "the norms" },
    { "embedding_scale", FATE_REFUSED, says_embedding_scale, "a multiplier of embeddings" },
    { "residual_scale", FATE_REFUSED, says_residual_scale, "a multiplier of residual branches" },
    { "logit_scale", FATE_REFUSED, says_one, "a multiplier of the logits" },
    { "use_parallel_residual", FATE_REFUSED, says_nothing, "branches beside each other" },
    { "attention.shared_kv_layers", FATE_REFUSED, says_nothing, "parts that no model here has" },
    { "attention.indexer.*", FATE_REFUSED, says_nothing, "parts that no model here has" },
    { "attention.decay_lora_rank", FATE_REFUSED, says_nothing, "parts that no model here has" },
    { "attention.iclr_lora_rank", FATE_REFUSED, says_nothing, "parts that no model here has" },
    { "attention.value_residual_mix_lora_rank", FATE_REFUSED, says_nothing, "parts that no model here has" },
    { "attention.gate_lora_rank", FATE_REFUSED, says_nothing, "parts that no model here has" },
    { "attention.key_length_swa", FATE_REFUSED, says_nothing, "parts that no model here has" },
    { "attention.value_length_swa", FATE_REFUSED, says_nothing, "parts that no model here has" },
    { "altup.*", FATE_REFUSED, says_nothing, "parts that no model here has" },
    { "activation_sparsity_scale", FATE_REFUSED, says_nothing, "parts that no model here has" },
    { "embedding_length_per_layer_input", FATE_REFUSED, says_nothing, "parts that no model here has" },
    { "swiglu_clamp_exp", FATE_REFUSED, says_nothing, "parts that no model here has" },
    { "swiglu_clamp_shexp", FATE_REFUSED, says_nothing, "parts that no model here has" },
    { "xielu.*", FATE_REFUSED, says_nothing, "parts that no model here has" },
    { "posnet.*", FATE_REFUSED, says_nothing, "parts that no model here has" },
    { "convnext.*", FATE_REFUSED, says_nothing, "parts that no model here has" },
    { "embedding_length_out", FATE_REFUSED, says_nothing, "parts that no model here has" },
    { "hyper_connection.*", FATE_REFUSED, says_nothing, "parts that no model here has" },
    { "decoder_start_token_id", FATE_REFUSED, says_nothing, "an encoder" },
    { "decoder_block_count", FATE_REFUSED, says_nothing, "an encoder" },

    { NULL, FATE_UNKNOWN, NULL, NULL },
};
