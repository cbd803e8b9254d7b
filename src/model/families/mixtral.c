/*
 * mixtral: llama with every FFN replaced by E SwiGLU experts. Softmax over all, the best K, divided by their
 * sum, without an epsilon. Experts are named by number: w1 gate, w3 up, w2 down.
 *
 * Source: Jiang et al. 2024, arXiv:2401.04088; transformers models/mixtral, whose memory form has the module
 * renamed to mlp and the experts fused; some files hold that form.
 */
#include "model/families/common.h"
#include "model/gguf_form.h"

static void read(struct config *c, struct spec *spec) {
    static const struct class_defaults defaults = {
        .norm_eps = 1e-5, .rope_theta = 1e6, .context = 131072, .kv_heads_required = true
    };
    read_basics(c, spec, &defaults);
    read_rope(c, spec, spec->attention.head_width, defaults.rope_theta);
    read_window(c, spec);
    read_experts(c, spec, "num_local_experts");
    spec->router.weigh = WEIGH_NORMALISED;
    spec->expert_width = config_size(c, "intermediate_size");
    all_moe(spec);
}

static const struct tensor_rule router_names[] = {
    NAME(SLOT_ROUTER, LAYER "block_sparse_moe.gate.weight"),
    NAMES_END,
};
static const struct tensor_rule fused_router_names[] = {
    NAME(SLOT_ROUTER, LAYER "mlp.gate.weight"),
    NAMES_END,
};
static const struct tensor_rule *const names[] = {
    names_model,         names_attention,           router_names,
    names_block_experts, names_block_experts_fused, fused_router_names,
    names_experts,       names_experts_fused,       NULL,
};

static bool gguf_fits(struct gguf_reading *r) {
    return meta_int(r, "expert_count", 0) > 0;
}

static const struct gguf_rule *const gguf_keys[] = {
    keys_basic, keys_grouped, keys_expert_width, keys_local_experts, NULL,
};

static const struct gguf_form gguf = {
    .arch = "llama",
    .fits = gguf_fits,
    .keys = gguf_keys,
    .rules = gguf_names,
    .permuted = true,
};

static const char *const architectures[] = { "MixtralForCausalLM", NULL };
static const char *const model_types[] = { "mixtral", NULL };

const struct family family_mixtral = {
    .name = "mixtral",
    .architectures = architectures,
    .model_types = model_types,
    .read = read,
    .rules = names,
    .ignored = ignored_buffers,
    .gguf = &gguf,
};
