/*
 * Scales: those that float8 weights cannot do without, and those that are none of a model's weights.
 */
#include "converted.h"
#include "hostile.h"
#include "model/bind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTENTION "model.layers.0.self_attn."
#define Q         ATTENTION "q_proj.weight"
#define K         ATTENTION "k_proj.weight"

/* Codes of one byte instead, with a plane beside or without. */
static void narrow(struct hostile *h, const char *name, bool plane) {
    char beside[128];
    const float one = 1;
    struct hostile_tensor *t = hostile_tensor(h, name);
    t->dtype = "F8_E4M3";
    t->bytes /= 2;
    if (!plane) return;
    snprintf(beside, sizeof beside, "%s_scale_inv", name);
    memcpy(hostile_add(h, beside, "F32", 32, 2, (int64_t[]){ 1, 1 })->data, &one, sizeof one);
}

static void quantised(struct hostile *h) {
    json_object_set_new(h->config, "quantization_config",
                        json_pack("{s:s, s:s, s:[i,i]}", "quant_method", "fp8", "activation_scheme",
                                  "dynamic", "weight_block_size", 128, 128));
}

/* A tool had dropped the scales of a float8 checkpoint: it loaded as if all were 1, and spoke garbage. */
TEST(reports_float8_that_lost_all_its_scales) {
    struct hostile h;
    hostile_open(&h);
    narrow(&h, Q, false);
    narrow(&h, K, false);
    hostile_write(&h);
    hostile_accepted(); /* plain float8, and nobody says otherwise */
    quantised(&h);
    hostile_write(&h);
    struct sy_error err = hostile_refused("model.safetensors", K);
    assert_non_null(strstr(err.message, "scale"));
    assert_null(strstr(err.remedy, "ignore"));
    hostile_close(&h);
}

/* One of many was missing, which nobody could hear. */
TEST(reports_float8_that_lost_one_of_its_scales) {
    struct hostile h;
    hostile_open(&h);
    narrow(&h, Q, false);
    narrow(&h, K, true);
    hostile_write(&h);
    hostile_refused("model.safetensors", Q);
    hostile_close(&h);
    hostile_open(&h);
    quantised(&h);
    narrow(&h, Q, true);
    narrow(&h, K, true);
    hostile_write(&h);
    hostile_accepted();
    hostile_close(&h);
}

/* Planes of other programs' forms, by other names: --ignore-unknown was advised, and computed garbage. */
TEST(reports_scales_of_forms_that_are_not_read) {
    static const struct {
        const char *name, *form;
    } planes[] = { { "q_proj.weight_scale", "compressed-tensors" },
                   { "q_proj.weight_scale_2", "ModelOpt" },
                   { "q_proj.scales", "GPTQ" },
                   { "q_proj.qweight", "AWQ" },
                   { "q_proj.g_idx", "GPTQ" },
                   { "q_proj.weight.absmax", "bitsandbytes" },
                   { "q_proj.weight.quant_state.bitsandbytes__nf4", "bitsandbytes" },
                   { "q_proj.biases", "MLX" },
                   { "q_proj.weight_scales", "scales" },
                   { "q_proj.scale", "scales" },
                   { "q_proj.my_zeros", "scales" } };
    for (size_t i = 0; i < sizeof planes / sizeof planes[0]; i++)
        for (int ignore = 0; ignore < 2; ignore++) {
            char name[128];
            struct hostile h;
            hostile_open(&h);
            narrow(&h, Q, false);
            snprintf(name, sizeof name, ATTENTION "%s", planes[i].name);
            hostile_add(&h, name, "F32", 32, 1, (int64_t[]){ 1 });
            hostile_write(&h);
            struct sy_error err = hostile_refused("model.safetensors", name);
            if (!strstr(err.message, planes[i].form)) fail_msg("%s: %s", name, err.message);
            if (strstr(err.remedy, "ignore")) fail_msg("%s: %s", name, err.remedy);
            must_refuse(test_run("logits", test_temp_dir(), "--ids", "1", "--out", "/dev/null",
                                 ignore ? "--ignore-unknown" : "--exact"),
                        name);
            hostile_close(&h);
        }
}

/* Of a config that said by whom the weights were packed it was said that a key was missing: correct it. */
TEST(reports_configs_of_forms_that_are_not_read) {
    static const struct {
        const char *config, *form;
    } forms[] = { { "{\"group_size\": 64, \"bits\": 4}", "mlx" },
                  { "{\"quant_method\": \"gptq\", \"bits\": 4}", "gptq" },
                  { "{\"quant_method\": \"compressed-tensors\"}", "compressed-tensors" } };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct hostile h;
        hostile_open(&h);
        json_object_set_new(h.config, "quantization_config", json_loads(forms[i].config, 0, NULL));
        hostile_write(&h);
        struct sy_error err = hostile_refused("config.json", "quantization_config.quant_method");
        assert_non_null(strstr(err.message, forms[i].form));
        assert_null(strstr(err.remedy, "correct it"));
        hostile_close(&h);
    }
}

/* A server had calibrated its cache and activations and saved those scales beside ordinary weights: such a
 * model was refused. */
TEST(reports_scales_of_a_servers_cache) {
    static const char *const names[] = { ATTENTION "k_scale",
                                         ATTENTION "v_scale",
                                         ATTENTION "attn.k_scale",
                                         ATTENTION "kv_scale",
                                         ATTENTION "q_scale",
                                         ATTENTION "prob_scale",
                                         ATTENTION "k_proj.k_scale",
                                         ATTENTION "q_proj.input_scale",
                                         "model.layers.0.block_sparse_moe.experts.1.w2.input_scale",
                                         ATTENTION "v_proj.output_scale" };
    enum { COUNT = sizeof names / sizeof names[0] };
    struct hostile h;
    struct model model;
    struct sy_error err = { 0 };
    hostile_open(&h);
    for (int i = 0; i < COUNT; i++) hostile_add(&h, names[i], "F32", 32, 1, (int64_t[]){ 1 });
    hostile_write(&h);
    hostile_accepted();
    if (!model_open(test_temp_dir(), 0, &model, &err)) fail_msg("%s: %s", err.place, err.message);
    assert_int_equal(model.census.ignored, COUNT);
    assert_int_equal(model.warning_count, 0);
    for (int i = 0; i < COUNT; i++) assert_non_null(strstr(model.census.ignored_reasons[i], "a server's"));
    model_close(&model);
    hostile_close(&h);
}
