/*
 * qwen3: llama, and an RMSNorm over each head of q and k before rope. Heads have a width of their own
 * (head_dim), so q may be wider than the model.
 *
 * Source: Qwen3 report, arXiv:2505.09388; transformers models/qwen3.
 */
#include "model/families/common.h"
#include "model/gguf_form.h"

static void read(struct config *c, struct spec *spec) {
    static const struct class_defaults defaults = {
        .norm_eps = 1e-6, .rope_theta = 10000, .context = 32768, .head_width_required = true
    };
    read_basics(c, spec, &defaults);
    read_rope(c, spec, spec->attention.head_width, defaults.rope_theta);
    read_attention_bias(c, spec, false);
    read_window_from(c, spec, 28);
    spec->attention.qk_norm = QK_NORM_HEAD;
    read_dense_width(c, spec, "intermediate_size");
}

static const struct tensor_rule *const names[] = {
    names_model, names_attention, names_qk_norm, names_qkv_bias, names_o_bias, names_ffn, NULL,
};

static const struct gguf_rule *const gguf_keys[] = {
    keys_basic,
    keys_grouped,
    keys_dense,
    NULL,
};

static const struct gguf_form gguf = {
    .arch = "qwen3",
    .keys = gguf_keys,
    .rules = gguf_names,
};

static const char *const architectures[] = { "Qwen3ForCausalLM", NULL };
static const char *const model_types[] = { "qwen3", NULL };

const struct family family_qwen3 = {
    .name = "qwen3",
    .architectures = architectures,
    .model_types = model_types,
    .read = read,
    .rules = names,
    .ignored = ignored_buffers,
    .gguf = &gguf,
};
