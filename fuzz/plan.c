/*
 * Fuzzing plans: a config.json through everything that `plan` computes. Of a plan that was made must hold
 * that its sums are in order and its rates are numbers; a refusal must be one line with a place or a file.
 * Whatever is not so aborts, which is a finding.
 */
#include "plan/plan.h"
#include "model/presets.h"
#include "must.h"
#include "mutate.h"
#include "plan/published.h"

#include <math.h>

static const char *const words[] = {
    "mixtral",
    "deepseek_v3",
    "gpt_oss",
    "llama4",
    "arctic",
    "dbrx",
    "grok-1",
    "minimax_m2",
    "switch_transformers",
    "t5",
    "relu",
    "gated-gelu",
    "silu",
    "sliding_attention",
    "chunked_attention",
    "full_attention",
    "yarn",
    "num_experts",
    "num_local_experts",
    "n_routed_experts",
    "num_experts_per_tok",
    "hidden_size",
    "d_model",
    "num_layers",
    "num_decoder_layers",
    "num_hidden_layers",
    "intermediate_size",
    "vocab_size",
    "",
    "model_type",
    "fp8",
    "mxfp4",
    "gptq",
    "awq",
    "bitsandbytes",
    "compressed-tensors",
    "modelopt",
    "NVFP4",
    "self_attn",
    "shared_experts",
    "group_size",
    "bits",
};

/* What a config may say of its files' types; the mutations go on in it. */
static const char packed[] =
    ",\"torch_dtype\":\"float16\",\"quantization_config\":{\"quant_method\":\"compressed-tensors\",\"bits\":"
    "4,"
    "\"group_size\":128,\"ignore\":[\"lm_head\",\"re:.*self_attn.*\"],\"config_groups\":{\"group_0\":"
    "{\"weights\":{\"num_bits\":4,\"type\":\"int\",\"strategy\":\"group\",\"group_size\":32}}}}}";

#define LAYERS_FEW 300 /* larger ones would only be slower */

static void check_plan(const struct plan *p) {
    const struct param_count *c = &p->parameters.count;
    const struct plan_memory *m = &p->memory;
    MUST(c->total >= c->active && c->active >= c->active_no_embed && p->parameters.mtp >= 0);
    MUST(m->weights > 0 && m->peak > m->weights && m->kv > 0 && m->activations > 0 && m->kv_per_token > 0);
    MUST(isfinite(p->traffic.flops) && p->traffic.flops > 0 && isfinite(p->traffic.bytes) &&
         p->traffic.bytes > 0);
    MUST(p->roofline.tokens > 0 && p->prompt_tokens > 0 && p->turn >= 0);
    MUST(p->speculation.resident >= -1e-9 && p->speculation.streamed >= -1e-9);
    MUST(!m->cache.possible || (m->cache.experts >= 0 && m->cache.experts <= m->cache.all));
    MUST(m->cache.hit >= 0 && m->cache.hit <= 1 && m->cache.fetch_bytes >= 0);
    for (int i = 1; i < PLAN_BATCHES; i++)
        MUST(p->traffic_at[i].weight_bytes <= p->traffic_at[i - 1].weight_bytes * (1 + 1e-9));
    for (int i = 0; i < p->cluster.load_count; i++)
        MUST(p->cluster.imbalance[i].expected >= 1 - 1e-6 &&
             p->cluster.imbalance[i].worst >= p->cluster.imbalance[i].expected * 0.9);
    for (int i = 0; i < p->cluster.layout_count; i++)
        MUST(p->cluster.layouts[i].refused || p->cluster.layouts[i].tokens > 0);
    for (int i = 0; i < PRICE_MODELS && p->price.an_hour > 0 && (i == 0 || p->price.twins); i++)
        MUST(p->price.models[i].input > 0 && p->price.models[i].output_one > 0 &&
             p->price.models[i].output_batch > 0);
    if (p->input.training.wanted) MUST(p->training.model.memory > 0 && p->training.model.hours > 0);
}

/* What is asked for follows from the bytes, so that a finding repeats itself. */
static void check_spec(const struct spec *spec, const struct recipe *published, uint64_t hash) {
    static const int64_t contexts[] = { 1, 4096, 1 << 20, (int64_t)1 << 40 },
                         batches[] = { 1, 7, 256, 1 << 20 };
    static const struct rates rates = RATES_DEFAULT;
    int kinds = 0;
    struct plan plan;
    struct sy_error err = { 0 };
    while (recipes[kinds].name) kinds++;
    const struct recipe *recipe = hash & (uint64_t)1 << 40 ? published : &recipes[hash % (unsigned)kinds];
    struct plan_input input = {
        .memory = { .traffic = { .weights = { .spec = spec, .recipe = recipe },
                                 .kv = DTYPE_F16,
                                 .context = contexts[hash >> 8 & 3] },
                    .batch = batches[hash >> 10 & 3],
                    .memory = hash & 1 << 12 ? (int64_t)1 << (hash >> 13 & 31) : 0,
                    .threads = 2 },
        .rates = rates,
        .cluster = { (int64_t)(hash >> 20 & 7), 25e9, 5e-6, -1 },
        .training = { .wanted = hash & 1 << 30,
                      .tokens = 1e12,
                      .batch = 512,
                      .micro = 1,
                      .moments = DTYPE_F32 },
        .price = { hash & (uint64_t)1 << 41 ? 3 : 0, 32 },
    };
    if (plan_make(&input, &plan, &err))
        check_plan(&plan);
    else
        must_refuse(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    const struct family *family;
    struct arena arena;
    struct config config;
    struct spec spec;
    struct sy_error err = { 0 };
    must_begin();
    arena_open(&arena);
    if (config_parse((const char *)bytes, (int64_t)size, "config.json", &arena, &config, &err)) {
        struct published_types types;
        published_from_config(config.root, &types);
        MUST(types.recipe.name == types.name && types.name[0]);
        if (!types.read_here) json_object_del(config.root, "quantization_config"); /* as plan does */
        bool ok = spec_from_config(&config, &arena, &family, &spec, &err);
        must_deep += ok || family != NULL;
        must_good += ok;
        if (!ok)
            must_refuse(&err);
        else if (spec_layer_count(&spec) <= LAYERS_FEW)
            check_spec(&spec, &types.recipe, random_hash(bytes, size, 0));
        config_close(&config);
    } else {
        must_refuse(&err);
    }
    arena_close(&arena);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed) {
    struct mutation m = { bytes, size, room, random_seed(seed), words, sizeof words / sizeof *words };
    if (size == 0 || mutate_below(&m, 16) == 0) {
        const struct preset *preset = preset_at((int)mutate_below(&m, (size_t)preset_count - 1));
        if ((size_t)preset->size > room) return size;
        m.size = (size_t)preset->size;
        memcpy(bytes, preset->text, m.size);
        if (mutate_below(&m, 2) == 0 && m.size + sizeof packed <= room) {
            memcpy(bytes + m.size - 1, packed, sizeof packed - 1); /* in the place of the last brace */
            m.size += sizeof packed - 2;
        }
    }
    for (size_t i = mutate_below(&m, 3) + 1; i > 0; i--) {
        size_t choice = mutate_below(&m, 16); /* mostly values: they leave the JSON sound */
        if (choice < 11)
            mutate_number(&m);
        else if (choice < 14)
            mutate_string(&m);
        else
            mutate_json(&m);
    }
    return m.size;
}
