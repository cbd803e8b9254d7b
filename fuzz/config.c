/*
 * Fuzzing config.json: text -> spec -> counts, names of tensors, binding. Of a spec that was accepted must
 * hold that its counts are in order, that it reads back from its own JSON, and that a checkpoint of the
 * tensors planned for it binds. A refusal must be one line with file and remedy. Whatever is not so aborts,
 * which is a finding.
 */
#include "model/model_account.h"
#include "model/spec_json.h"
#include "must.h"
#include "mutate.h"

#define SIZES                                                                                                \
    "\"hidden_size\":32,\"vocab_size\":50,\"num_hidden_layers\":3,\"num_attention_heads\":4,"                \
    "\"num_key_value_heads\":2,\"num_experts_per_tok\":2,\"intermediate_size\":12,\"eos_token_id\":[1,2],"   \
    "\"moe_intermediate_size\":12,\"max_position_embeddings\":64,\"hidden_act\":\"silu\",\"head_dim\":8,"    \
    "\"rms_norm_eps\":1e-05,\"tie_word_embeddings\":false,\"attention_bias\":true,\"rope_theta\":10000.0"
#define LATENT                                                                                               \
    "\"q_lora_rank\":20,\"kv_lora_rank\":14,\"qk_nope_head_dim\":8,\"qk_rope_head_dim\":4,\"v_head_dim\":"   \
    "10,"                                                                                                    \
    "\"n_shared_experts\":1,\"n_routed_experts\":6,\"first_k_dense_replace\":1,\"n_group\":3,"               \
    "\"topk_group\":2,\"norm_topk_prob\":true,\"routed_scaling_factor\":2.5,"
#define YARN                                                                                                 \
    "\"rope_scaling\":{\"type\":\"yarn\",\"factor\":40,\"beta_fast\":32,\"beta_slow\":1,\"mscale\":1.0,"     \
    "\"mscale_all_dim\":0.7,\"original_max_position_embeddings\":16},"

static const char *const seeds[] = {
    "{\"model_type\":\"llama\",\"mlp_bias\":true,\"rope_scaling\":{\"rope_type\":\"llama3\",\"factor\":8.0,"
    "\"low_freq_factor\":1.0,\"high_freq_factor\":4.0,\"original_max_position_embeddings\":16}," SIZES "}",
    "{\"model_type\":\"qwen3\",\"use_sliding_window\":true,\"sliding_window\":4,\"max_window_layers\":1," YARN
        SIZES "}",
    "{\"architectures\":[\"MixtralForCausalLM\"],\"num_local_experts\":4,\"sliding_window\":5," SIZES "}",
    "{\"model_type\":\"qwen2_moe\",\"num_experts\":4,\"shared_expert_intermediate_size\":8,\"qkv_bias\":true,"
    "\"decoder_sparse_step\":2,\"mlp_only_layers\":[1],\"layer_types\":[\"full_attention\",\"full_"
    "attention\","
    "\"full_attention\"]," SIZES "}",
    "{\"model_type\":\"qwen3_moe\",\"num_experts\":4,\"rope_parameters\":{\"rope_type\":\"linear\","
    "\"factor\":2.0,"
    "\"rope_theta\":9.0}," SIZES "}",
    "{\"model_type\":\"olmoe\",\"num_experts\":4,\"clip_qkv\":8.0," SIZES "}",
    "{\"model_type\":\"granitemoe\",\"num_local_experts\":4,\"embedding_multiplier\":12.0,\"logits_scaling\":"
    "6.0,"
    "\"attention_multiplier\":0.1,\"residual_multiplier\":0.2," SIZES "}",
    "{\"model_type\":\"phimoe\",\"num_local_experts\":4,\"lm_head_bias\":true,\"router_jitter_noise\":0.01,"
    "\"original_max_position_embeddings\":16,\"rope_scaling\":{\"type\":\"longrope\",\"short_factor\":[1,1,1,"
    "1],"
    "\"long_factor\":[1,2,3,4],\"short_mscale\":1.1,\"long_mscale\":1.2}," SIZES "}",
    "{\"model_type\":\"deepseek\",\"moe_layer_freq\":1,\"scoring_func\":\"softmax\"," LATENT SIZES "}",
    "{\"model_type\":\"deepseek_v2\",\"topk_method\":\"group_limited_greedy\"," LATENT YARN SIZES "}",
    "{\"model_type\":\"deepseek_v3\",\"num_nextn_predict_layers\":1,\"quantization_config\":{\"quant_"
    "method\":"
    "\"fp8\",\"weight_block_size\":[128,128]}," LATENT YARN SIZES "}",
    "{\"model_type\":\"gpt_oss\",\"num_local_experts\":4,\"swiglu_limit\":7.0,\"sliding_window\":4," YARN
        SIZES "}",
    "{\"model_type\":\"llama4\",\"text_config\":{\"num_local_experts\":4,\"interleave_moe_layer_step\":2,"
    "\"intermediate_size_mlp\":20,\"no_rope_layers\":[1,1,0],\"attention_chunk_size\":8,\"floor_scale\":4,"
    "\"attn_temperature_tuning\":4," SIZES "}}",
    "{\"model_type\":\"glm4_moe\",\"partial_rotary_factor\":0.5,\"use_qk_norm\":true," LATENT SIZES "}",
    "{\"model_type\":\"switchyard\",\"spec\":{\"width\":32,\"vocab\":50,\"context\":64,\"attention\":{"
    "\"kind\":"
    "\"grouped\",\"heads\":4,\"kv_heads\":2,\"head_width\":8,\"value_width\":8,\"scale\":0.3},\"rope\":{"
    "\"dims\":8},"
    "\"router\":{\"score\":\"sigmoid\",\"experts\":4,\"top_k\":2,\"balance\":[\"switch\"]},\"expert_width\":"
    "12,"
    "\"tokens\":{\"eos\":[1]},\"layers\":[{\"ffn\":\"moe\",\"window\":\"sliding\",\"window_size\":4},{"
    "\"ffn\":"
    "\"dense\",\"dense_width\":16}]}}",
};

static const char *const words[] = {
    "llama",
    "mixtral",
    "deepseek_v3",
    "gpt_oss",
    "llama4",
    "switchyard",
    "LlamaForCausalLM",
    "silu",
    "gelu",
    "full_attention",
    "sliding_attention",
    "chunked_attention",
    "yarn",
    "longrope",
    "linear",
    "dynamic",
    "default",
    "rope_scaling",
    "rope_parameters",
    "rope_type",
    "factor",
    "text_config",
    "quantization_config",
    "fp8",
    "mxfp4",
    "num_experts",
    "n_routed_experts",
    "num_local_experts",
    "head_dim",
    "hidden_size",
    "layers",
    "encoder_layers",
    "groups",
    "top_k",
    "select",
    "top_k_in_groups",
    "kind",
    "latent",
    "tied",
    "",
    "model_type",
    "spec",
    "norm_topk_prob",
    "sliding_window",
    "layer_types",
    "n_shared_experts",
    "pad_token_id",
    "use_cache",
    "vision_config",
    "\\u0001",
};

#define PLANNED_MAX 2000 /* larger ones would only be slower */
#define LAYERS_FEW  64

static void check_refusal(const struct sy_error *err) {
    must_refuse(err);
    MUST(err->file[0] && err->remedy[0]);
}

/* Each key has its line; what is to be said of them is one line each. */
static void check_account(const struct config *config, struct arena *arena) {
    const struct account *account = &config->account;
    const char **lines;
    int64_t count;
    MUST(account_number(account, FATE_USED) > 0 && account_number(account, FATE_REFUSED) == 0);
    MUST(account_warnings(account, arena, 0, &lines, &count, NULL));
    MUST(count <= account_number(account, FATE_WARNED) + account_number(account, FATE_UNKNOWN));
    for (int64_t i = 0; i < count; i++)
        for (const char *c = lines[i]; *c; c++) MUST((unsigned char)*c >= ' ' && *c != 0x7f);
}

static void check_round_trip(const struct spec *spec, struct arena *arena) {
    const struct family *family;
    struct config config;
    struct spec back;
    struct sy_error err;
    json_t *first, *second;
    MUST(spec_to_config(spec, &first, NULL));
    char *text = json_dumps(first, 0);
    MUST(config_parse(text, (int64_t)strlen(text), "again", arena, &config, &err));
    MUST(spec_from_config(&config, arena, &family, &back, &err));
    MUST(spec_to_config(&back, &second, NULL));
    MUST(json_equal(first, second));
    config_close(&config);
    json_decref(first);
    json_decref(second);
    free(text);
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct tensor *)a)->name, ((const struct tensor *)b)->name);
}

/* A checkpoint of just the planned tensors, without data: binding reads none. */
static void check_binding(const struct family *family, const struct spec *spec, struct arena *arena) {
    struct planned_tensor *plan;
    struct checkpoint checkpoint = { 0 };
    struct binding binding;
    struct census census;
    struct sy_error err;
    int64_t count;
    MUST(plan_tensors(family, spec, arena, &plan, &count, &err));
    if (count > PLANNED_MAX) return;
    checkpoint.tensors = arena_new(arena, struct tensor, count, NULL);
    checkpoint.count = count;
    for (int64_t i = 0; i < count; i++) {
        struct tensor *tensor = &checkpoint.tensors[i];
        *tensor =
            (struct tensor){ .name = plan[i].name, .file = "x", .dtype = DTYPE_F32, .rank = plan[i].rank };
        memcpy(tensor->shape, plan[i].shape, sizeof tensor->shape);
        tensor->data = (const unsigned char *)words;
    }
    qsort(checkpoint.tensors, (size_t)count, sizeof *checkpoint.tensors, by_name);
    MUST(bind_checkpoint(family, spec, &checkpoint, false, arena, &binding, &census, &err));
    MUST(census.bound == count);
    if (count < 2) return;
    checkpoint.tensors++; /* and without the first it does not */
    checkpoint.count--;
    MUST(!bind_checkpoint(family, spec, &checkpoint, false, arena, &binding, &census, &err));
    check_refusal(&err);
}

static void check_spec(const struct family *family, const struct spec *spec, struct arena *arena) {
    struct param_count count;
    struct sy_error err;
    bool counted = spec_count(spec, &count, &err);
    if (counted) MUST(count.total >= count.active && count.active >= count.active_no_embed);
    if (spec->decoder.layer_count > LAYERS_FEW || spec->encoder.layer_count > 0) return;
    check_round_trip(spec, arena);
    bool few = spec->router.experts * spec->decoder.layer_count < PLANNED_MAX / 3;
    if (counted && few) check_binding(family, spec, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    const struct family *family;
    struct arena arena;
    struct config config;
    struct spec spec;
    struct sy_error err = { 0 };
    const char **names;
    int64_t count;
    must_begin();
    arena_open(&arena);
    if (!config_parse((const char *)bytes, (int64_t)size, "config.json", &arena, &config, &err)) {
        check_refusal(&err);
    } else {
        bool ok = spec_from_config(&config, &arena, &family, &spec, &err);
        must_deep += ok || family != NULL;
        must_good += ok;
        MUST(config_unknown(&config, &names, &count, NULL));
        if (ok) {
            check_spec(family, &spec, &arena);
            check_account(&config, &arena);
        } else
            check_refusal(&err);
        config_close(&config);
    }
    arena_close(&arena);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed) {
    struct mutation m = { bytes, size, room, random_seed(seed), words, sizeof words / sizeof *words };
    if (size == 0 || mutate_below(&m, 32) == 0) {
        const char *text = seeds[mutate_below(&m, sizeof seeds / sizeof *seeds)];
        if (strlen(text) > room) return size;
        m.size = strlen(text);
        memcpy(bytes, text, m.size);
    }
    for (size_t i = mutate_below(&m, 3) + 1; i > 0; i--) {
        size_t choice = mutate_below(&m, 16); /* mostly values: they leave the JSON sound */
        if (choice < 9)
            mutate_number(&m);
        else if (choice < 12)
            mutate_string(&m);
        else
            mutate_json(&m);
    }
    return m.size;
}
