/*
 * llama: the dense block that all others depart from (llama 2, 3, 3.1; smollm2). Pre-norm RMSNorm, grouped
 * attention, half-split rope over the whole head, SwiGLU.
 *
 * Source: Touvron et al. 2023, arXiv:2302.13971 and 2307.09288; transformers models/llama. Files as Hugging
 * Face publishes them: q and k rows are already permuted to half-split rope.
 */
#include "model/families/common.h"
#include "model/gguf_form.h"

static void read(struct config *c, struct spec *spec) {
    static const struct class_defaults defaults = { .norm_eps = 1e-6, .rope_theta = 10000, .context = 2048 };
    read_basics(c, spec, &defaults);
    read_rope(c, spec, spec->attention.head_width, defaults.rope_theta);
    read_attention_bias(c, spec, false);
    spec->ffn_bias = config_bool_or(c, "mlp_bias", false);
    read_dense_width(c, spec, "intermediate_size");
}

static const struct tensor_rule *const names[] = {
    names_model, names_attention, names_qkv_bias, names_o_bias, names_ffn, names_ffn_bias, NULL,
};

/* Dense; with experts the same architecture is mixtral. */
static bool gguf_fits(struct gguf_reading *r) {
    return meta_int(r, "expert_count", 0) == 0;
}

static void gguf_complete(struct gguf_reading *r) {
    if (meta_has_tensor(r, "blk.0.ffn_gate.bias")) meta_put_bool(r, "mlp_bias", true);
}

static const struct gguf_rule *const gguf_keys[] = {
    keys_basic,
    keys_grouped,
    keys_dense,
    NULL,
};

static const struct gguf_form gguf = {
    .arch = "llama",
    .fits = gguf_fits,
    .keys = gguf_keys,
    .complete = gguf_complete,
    .rules = gguf_names,
    .permuted = true,
};

static const char *const architectures[] = { "LlamaForCausalLM", NULL };
static const char *const model_types[] = { "llama", NULL };

const struct family family_llama = {
    .name = "llama",
    .architectures = architectures,
    .model_types = model_types,
    .read = read,
    .rules = names,
    .ignored = ignored_buffers,
    .gguf = &gguf,
};
