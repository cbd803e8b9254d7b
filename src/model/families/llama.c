/*
 * llama: the dense block that all others depart from (llama 2, 3, 3.1; smollm2). Pre-norm RMSNorm, grouped
 * attention, half-split rope over the whole head, SwiGLU.
 *
 * Source: Touvron et al. 2023, arXiv:2302.13971 and 2307.09288; transformers models/llama. Files as Hugging
 * Face publishes them: q and k rows are already permuted to half-split rope.
 */
#include "model/families/common.h"

static void read(struct config *c, struct spec *spec) {
    static const struct class_defaults defaults = { .norm_eps = 1e-6, .rope_theta = 10000, .context = 2048 };
    read_basics(c, spec, &defaults);
    read_rope(c, spec, spec->attention.head_width, defaults.rope_theta);
    read_attention_bias(c, spec, false);
    spec->ffn_bias = config_bool_or(c, "mlp_bias", false);
    read_dense_width(c, spec, "intermediate_size");
}

static const struct tensor_rule names[] = {
    NAMES_MODEL,      NAMES_ATTENTION,       NAMES_QKV_BIAS, NAMES_O_BIAS,
    NAMES_FFN("mlp"), NAMES_FFN_BIAS("mlp"), NAMES_END,
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
};
