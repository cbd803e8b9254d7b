/*
 * Binding as a whole: every family's published form, the golden folders, and what must be refused.
 */
#include "base/os.h"
#include "model/fake_test.h"
#include "model/spec_json.h"
#include <dirent.h>

static int64_t bound_elements(const struct spec *spec, const struct binding *binding) {
    int64_t sum = 0, rows, cols;
    for (int64_t layer = -1; layer < spec->decoder.layer_count; layer++)
        for (enum slot slot = 0; slot < SLOT_COUNT; slot++) {
            bool there = slot_shape(spec, layer, slot, &rows, &cols);
            int64_t count = slot_is_expert(slot) ? spec->router.experts : 1;
            for (int64_t e = 0; e < count; e++) {
                const struct weight *w = slot_is_expert(slot) ? binding_expert(binding, layer, slot, e)
                                                              : binding_weight(binding, layer, slot);
                if (weight_exists(w) != there) fail_msg("layer %lld %s", (long long)layer, slot_name(slot));
                if (!there) continue;
                assert_true(w->rows == rows && w->cols == cols && w->name != NULL);
                if (slot != SLOT_HEAD || !spec->tied) sum += rows * cols;
            }
        }
    return sum;
}

static void check_bound(const struct spec *spec, const struct binding *binding) {
    struct param_count count;
    assert_true(spec_count(spec, &count, NULL));
    assert_true(bound_elements(spec, binding) == count.total);
}

TEST(every_family_binds_its_published_form) {
    static const char *const configs[] = {
        FAKE_LLAMA,
        FAKE_MIXTRAL,
        FAKE_V3,
        FAKE_GPT_OSS,
        "{\"model_type\": \"llama\", \"mlp_bias\": true, \"attention_bias\": true, \"tie_word_embeddings\": "
        "true, " FAKE_SIZES "}",
        "{\"model_type\": \"qwen3\", \"head_dim\": 16, " FAKE_SIZES "}",
        "{\"model_type\": \"qwen2_moe\", \"num_experts\": 3, \"shared_expert_intermediate_size\": "
        "8, " FAKE_SIZES "}",
        "{\"model_type\": \"qwen3_moe\", \"num_experts\": 3, \"mlp_only_layers\": [0], " FAKE_SIZES "}",
        "{\"model_type\": \"olmoe\", \"num_experts\": 3, " FAKE_SIZES "}",
        "{\"model_type\": \"granitemoe\", \"num_local_experts\": 3, " FAKE_SIZES "}",
        "{\"model_type\": \"phimoe\", \"lm_head_bias\": true, \"attention_bias\": true, "
        "\"num_local_experts\": 3, " FAKE_SIZES "}",
        "{\"model_type\": \"deepseek\", \"n_routed_experts\": 3, \"n_shared_experts\": 2, " FAKE_SIZES "}",
        "{\"model_type\": \"deepseek_v2\", \"attention_bias\": true, " FAKE_LATENT FAKE_SIZES "}",
        "{\"model_type\": \"glm4_moe\", \"head_dim\": 16, \"use_qk_norm\": true, \"attention_bias\": true, "
        "\"n_routed_experts\": 3, " FAKE_SIZES "}",
        "{\"model_type\": \"llama4_text\", \"head_dim\": 8, \"num_local_experts\": 3, "
        "\"intermediate_size_mlp\": 20, \"interleave_moe_layer_step\": 2, " FAKE_SIZES "}",
    };
    for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++) {
        struct fake fake;
        fake_open(&fake, configs[i], true);
        fake_must_bind(&fake);
        assert_int_equal(fake.census.bound, fake.checkpoint.count);
        check_bound(&fake.spec, &fake.binding);
        fake_close(&fake);
    }
}

/* What a family reads, our own format holds as well. */
TEST(our_own_format_binds_any_spec) {
    static const char *const configs[] = { FAKE_LLAMA, FAKE_MIXTRAL, FAKE_V3, FAKE_GPT_OSS };
    for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++) {
        struct fake fake, ours;
        json_t *config = NULL;
        fake_open(&fake, configs[i], false);
        assert_true(spec_to_config(&fake.spec, &config, NULL));
        char *text = json_dumps(config, 0);
        fake_open(&ours, text, true);
        fake_must_bind(&ours);
        check_bound(&ours.spec, &ours.binding);
        json_decref(config);
        free(text);
        fake_close(&fake);
        fake_close(&ours);
    }
}

TEST(plans_follow_the_published_order) {
    struct fake fake;
    struct planned_tensor *plan;
    int64_t count;
    fake_open(&fake, FAKE_MIXTRAL, false);
    assert_true(plan_tensors(fake.family, &fake.spec, &fake.arena, &plan, &count, NULL));
    assert_int_equal(count, 3 + 2 * (2 + 4 + 1 + 9));
    assert_string_equal(plan[0].name, "model.embed_tokens.weight");
    assert_string_equal(plan[1].name, "model.layers.0.input_layernorm.weight");
    assert_string_equal(plan[count - 2].name, "model.norm.weight");
    assert_string_equal(plan[count - 1].name, "lm_head.weight");
    assert_true(plan[8].expert == 0 && plan[8].slot == SLOT_EXPERT_GATE && plan[8].second == SLOT_COUNT);
    fake_close(&fake);
    fake_open(&fake, "{\"model_type\": \"granitemoe\", \"num_local_experts\": 3, " FAKE_SIZES "}", false);
    assert_true(plan_tensors(fake.family, &fake.spec, &fake.arena, &plan, &count, NULL));
    assert_string_equal(plan[8].name, "model.layers.0.block_sparse_moe.input_linear.weight");
    assert_true(plan[8].slot == SLOT_EXPERT_GATE && plan[8].second == SLOT_EXPERT_UP && plan[8].expert == -1);
    assert_true(plan[8].rank == 3 && plan[8].shape[0] == 3 && plan[8].shape[1] == 24 &&
                plan[8].shape[2] == 32);
    fake_close(&fake);
}

/* Each folder below that has a config.json and weights. */
static int open_folders(const char *parent) {
    struct dirent *entry;
    DIR *dir = opendir(parent);
    int opened = 0;
    while (dir && (entry = readdir(dir)) != NULL) {
        char path[TEST_PATH_MAX * 2], weights[TEST_PATH_MAX * 2 + 32];
        struct model model;
        struct sy_error err = { 0 };
        snprintf(path, sizeof path, "%s/%s", parent, entry->d_name);
        snprintf(weights, sizeof weights, "%s/weights.json", path); /* made on the fly by other tests */
        if (entry->d_name[0] == '.' || !os_is_folder(path) || os_is_file(weights)) continue;
        snprintf(weights, sizeof weights, "%s/config.json", path);
        if (!os_is_file(weights)) continue;
        if (!model_open(path, false, &model, &err)) fail_msg("%s: %s: %s", err.file, err.place, err.message);
        check_bound(&model.spec, &model.binding);
        assert_int_equal(model.census.unknown_key_count, 0);
        char name[256];
        assert_false(binding_find_nonfinite(&model.binding, name, sizeof name));
        model_close(&model);
        opened++;
    }
    if (dir) closedir(dir);
    return opened;
}

TEST(shared_cases_open) {
    char path[TEST_PATH_MAX];
    test_needs_data(path, "vectors/moe");
    assert_true(open_folders(path) >= 14);
}

TEST(golden_cases_open) {
    char path[TEST_PATH_MAX];
    test_source(path, "tests/golden");
    assert_true(open_folders(path) >= 30);
}

TEST(a_file_opens_with_the_config_beside_it) {
    char path[TEST_PATH_MAX], file[TEST_PATH_MAX + 64];
    struct model model;
    struct sy_error err = { 0 };
    test_needs_data(path, "vectors/moe/mixtral");
    snprintf(file, sizeof file, "%s/model.safetensors", path);
    assert_true(model_open(file, false, &model, &err));
    assert_string_equal(model.path, file);
    model_close(&model);
    assert_false(model_open("/no/such/model", false, &model, &err));
    assert_string_equal(err.file, "/no/such/model");
    memset(&err, 0, sizeof err);
    assert_false(model_open(test_temp_dir(), false, &model, &err));
    assert_string_equal(err.file, test_temp_dir());
    assert_string_equal(err.message, "is an empty folder");
}

#define L0 "model.layers.0."

TEST(missing_tensors_are_named) {
    struct fake fake;
    fake_open(&fake, FAKE_MIXTRAL, true);
    fake_remove(&fake, L0 "block_sparse_moe.experts.1.w3.weight");
    fake_must_refuse(&fake, L0 "block_sparse_moe.experts.1.w3.weight", "missing");
    fake_close(&fake);
    fake_open(&fake, FAKE_MIXTRAL, true);
    fake_remove(&fake, "lm_head.weight");
    fake_must_refuse(&fake, "lm_head.weight", "missing");
    fake_close(&fake);
    fake_open(&fake, FAKE_MIXTRAL, true);
    fake_remove(&fake, "model.layers.1.post_attention_layernorm.weight");
    fake_must_refuse(&fake, "model.layers.1.post_attention_layernorm.weight", "missing");
    fake_close(&fake);
    fake_open(&fake, FAKE_MIXTRAL, true);
    fake.checkpoint.count = 0;
    assert_false(fake_bind(&fake));
    assert_string_equal(fake.err.place, "model.embed_tokens.weight");
    fake_close(&fake);
}

TEST(doubled_tensors_are_named) {
    struct fake fake;
    fake_open(&fake, FAKE_MIXTRAL, true);
    fake_add(&fake, L0 "mlp.gate.weight", DTYPE_F32, 2, (int64_t[]){ 3, 32 });
    fake_must_refuse(&fake, L0 "mlp.gate.weight", L0 "block_sparse_moe.gate.weight");
    fake_close(&fake);
    fake_open(&fake, FAKE_MIXTRAL, true);
    fake_add(&fake, L0 "mlp.experts.down_proj", DTYPE_F32, 3, (int64_t[]){ 3, 32, 12 });
    assert_false(fake_bind(&fake));
    assert_non_null(strstr(fake.err.message, "the same weights"));
    fake_close(&fake);
}

TEST(unknown_tensors_are_named_with_a_guess) {
    struct fake fake;
    fake_open(&fake, FAKE_MIXTRAL, true);
    fake_add(&fake, "model.layers.1.self_attn.q_prj.weight", DTYPE_F32, 2, (int64_t[]){ 32, 32 });
    fake_must_refuse(&fake, "model.layers.1.self_attn.q_prj.weight", "mixtral");
    assert_non_null(strstr(fake.err.remedy, "model.layers.1.self_attn.q_proj.weight"));
    assert_true(bind_checkpoint(fake.family, &fake.spec, &fake.checkpoint, true, &fake.arena, &fake.binding,
                                &fake.census, &fake.err));
    assert_int_equal(fake.census.unknown, 1);
    assert_string_equal(fake.census.unknown_names[0], "model.layers.1.self_attn.q_prj.weight");
    fake_close(&fake);
    fake_open(&fake, FAKE_LLAMA, true);
    fake_add(&fake, "model.layers.0.self_attn.q_proj.bias", DTYPE_F32, 1, (int64_t[]){ 32 });
    fake_must_refuse(&fake, "model.layers.0.self_attn.q_proj.bias", "without it");
    fake_close(&fake);
}

TEST(wrong_shapes_and_dtypes_are_named) {
    struct fake fake;
    fake_open(&fake, FAKE_MIXTRAL, true);
    fake_find(&fake, L0 "self_attn.k_proj.weight")->shape[0] = 17;
    fake_must_refuse(&fake, L0 "self_attn.k_proj.weight", "[17, 32]");
    fake_find(&fake, L0 "self_attn.k_proj.weight")->shape[0] = 16;
    fake_find(&fake, "model.norm.weight")->dtype = DTYPE_I32;
    fake_must_refuse(&fake, "model.norm.weight", "I32");
    fake_find(&fake, "model.norm.weight")->dtype = DTYPE_F8_E8M0;
    fake_must_refuse(&fake, "model.norm.weight", "F8_E8M0");
    fake_find(&fake, "model.norm.weight")->dtype = DTYPE_F32;
    struct tensor *norm = fake_find(&fake, "model.norm.weight");
    norm->rank = 2, norm->shape[0] = 1, norm->shape[1] = 32; /* [1, n] is a vector too */
    fake_must_bind(&fake);
    norm->shape[0] = 32, norm->shape[1] = 1;
    fake_must_refuse(&fake, "model.norm.weight", "[32, 1]");
    fake_close(&fake);
}

TEST(layers_and_experts_beyond_the_config) {
    struct fake fake;
    fake_open(&fake, FAKE_MIXTRAL, true);
    fake.spec.decoder.layer_count = 1;
    fake_must_refuse(&fake, "model.layers.1.block_sparse_moe.experts.0.w1.weight", "layer 1");
    fake.spec.decoder.layer_count = 2;
    fake.spec.router.experts = 2;
    fake_must_refuse(&fake, L0 "block_sparse_moe.experts.2.w1.weight", "expert 2");
    fake_close(&fake);
}

/* A config of absurd sizes costs neither time nor memory: the first missing tensor ends it. */
TEST(absurd_sizes_are_refused_at_once) {
    struct fake fake;
    fake_open(&fake, FAKE_MIXTRAL, true);
    int64_t before = (int64_t)fake.arena.total;
    fake.spec.router.experts = 65536;
    fake_must_refuse(&fake, L0 "block_sparse_moe.gate.weight", "[65536, 32]");
    fake.spec.router.experts = 3;
    assert_true(spec_layers(&fake.spec, &fake.arena, 10000, NULL));
    for (int i = 0; i < 10000; i++) fake.spec.decoder.layers[i].ffn = FFN_MOE;
    before = (int64_t)fake.arena.total;
    fake_must_refuse(&fake, "model.layers.2.input_layernorm.weight", "missing");
    assert_true((int64_t)fake.arena.total - before < 1 << 16);
    fake_close(&fake);
}

TEST(a_tied_head_may_be_there) {
    struct fake fake;
    fake_open(&fake, "{\"model_type\": \"llama\", \"tie_word_embeddings\": true, " FAKE_SIZES "}", true);
    fake_add(&fake, "lm_head.weight", DTYPE_F32, 2, (int64_t[]){ 50, 32 });
    fake_must_bind(&fake);
    assert_int_equal(fake.census.ignored, 1);
    assert_string_equal(fake.census.ignored_reasons[0], "tied head");
    assert_ptr_equal(fake.binding.global[SLOT_HEAD].data, fake.binding.global[SLOT_EMBED].data);
    fake_close(&fake);
}

TEST(mtp_layers_are_counted_and_skipped) {
    struct fake fake;
    static const char *const names[] = { "embed_tokens.weight", "eh_proj.weight",
                                         "self_attn.q_a_proj.weight" };
    static char whole[3][64];
    fake_open(&fake, FAKE_V3, true);
    for (int i = 0; i < 3; i++) {
        snprintf(whole[i], sizeof whole[i], "model.layers.2.%s", names[i]);
        fake_add(&fake, whole[i], DTYPE_F32, 2, (int64_t[]){ 5, 4 });
    }
    fake_must_bind(&fake); /* not announced, but it has an eh_proj */
    assert_int_equal(fake.census.ignored, 3);
    assert_int_equal(fake.census.mtp_params, 60);
    assert_string_equal(fake.census.ignored_reasons[2], "MTP");
    fake_remove(&fake, "model.layers.2.eh_proj.weight");
    fake_must_refuse(&fake, "model.layers.2.embed_tokens.weight", "called so");
    fake.spec.mtp_layers = 1; /* announced, but not what it says: perhaps num_hidden_layers is one too low */
    fake_must_refuse(&fake, "model.layers.2.embed_tokens.weight", "called so");
    fake_close(&fake);
}

TEST(what_is_not_for_us_is_ignored) {
    struct fake fake;
    fake_open(&fake,
              "{\"model_type\": \"llama4_text\", \"head_dim\": 8, \"num_local_experts\": 3, " FAKE_SIZES "}",
              true);
    for (int64_t i = 0; i < fake.checkpoint.count; i++) {
        char *name = arena_format(&fake.arena, NULL, "language_model.%s", fake.checkpoint.tensors[i].name);
        fake.checkpoint.tensors[i].name = name;
    }
    fake_add(&fake, "vision_model.layers.0.q.weight", DTYPE_F32, 1, (int64_t[]){ 3 });
    fake_add(&fake, "multi_modal_projector.linear_1.weight", DTYPE_F32, 1, (int64_t[]){ 3 });
    fake_add(&fake, "language_model.model.rotary_emb.inv_freq", DTYPE_F32, 1, (int64_t[]){ 4 });
    fake_must_bind(&fake);
    assert_int_equal(fake.census.ignored, 3);
    assert_int_equal(fake.census.mtp_params, 0);
    check_bound(&fake.spec, &fake.binding);
    fake_add(&fake, "model.norm.weight", DTYPE_F32, 1, (int64_t[]){ 32 });
    assert_false(fake_bind(&fake)); /* doubled: with and without the prefix */
    fake_close(&fake);
}

TEST(scales_belong_to_float8) {
    struct fake fake;
    static const char q[] = L0 "self_attn.o_proj.weight", plane[] = L0 "self_attn.o_proj.weight_scale_inv";
    fake_open(&fake, FAKE_V3, true);
    fake_add(&fake, plane, DTYPE_F32, 2, (int64_t[]){ 1, 1 });
    fake_must_refuse(&fake, plane, "without a tensor");
    fake_find(&fake, q)->dtype = DTYPE_F8_E4M3;
    fake_must_bind(&fake);
    assert_non_null(binding_weight(&fake.binding, 0, SLOT_O)->scale);
    assert_int_equal(fake.census.bound, fake.checkpoint.count);
    assert_int_equal(fake.census.dtype_tensors[DTYPE_F8_E4M3], 1);
    fake_find(&fake, plane)->shape[1] = 2;
    fake_must_refuse(&fake, plane, "[1, 2]");
    fake_find(&fake, plane)->shape[1] = 1;
    fake_find(&fake, plane)->dtype = DTYPE_I64;
    fake_must_refuse(&fake, plane, "I64");
    fake_remove(&fake, plane);
    fake_must_bind(&fake); /* plain float8 */
    assert_null(binding_weight(&fake.binding, 0, SLOT_O)->scale);
    fake_close(&fake);
}

TEST(nonfinite_weights_are_named) {
    struct fake fake;
    char name[128];
    float nan = __builtin_nanf("");
    fake_open(&fake, FAKE_MIXTRAL, true);
    fake_must_bind(&fake);
    assert_false(binding_find_nonfinite(&fake.binding, name, sizeof name));
    struct tensor *tensor = fake_find(&fake, "model.layers.1.block_sparse_moe.experts.2.w2.weight");
    memcpy((unsigned char *)(uintptr_t)tensor->data + 4 * 77, &nan, sizeof nan);
    assert_true(binding_find_nonfinite(&fake.binding, name, sizeof name));
    assert_string_equal(name, tensor->name);
    fake_close(&fake);
}

/* The largest published file there is: about 70 000 tensors, twice that with scales. */
TEST(a_hundred_thousand_tensors_bind_quickly) {
    char path[TEST_PATH_MAX], *text;
    struct fake fake;
    int64_t size;
    test_needs_data(path, "configs/kimi-k2.json");
    assert_true(os_read_file(path, 1 << 20, &text, &size, NULL));
    fake_open(&fake, text, false);
    assert_true(fake.checkpoint.count > 69000);
    double start = os_seconds();
    fake_must_bind(&fake);
    assert_true(os_seconds() - start < 5); /* 0.2 s on a machine of 2024; sanitizers are slow */
    fake_close(&fake);
    free(text);
}
