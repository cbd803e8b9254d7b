#include "commands/synth/config.h"

#include <stdlib.h>
#include <string.h>

static const char *torch_name(enum dtype dtype) {
    switch (dtype) {
    case DTYPE_F32: return "float32";
    case DTYPE_F16: return "float16";
    default: return "bfloat16"; /* also what stays beside float8 */
    }
}

bool synth_config_mxfp4(const json_t *root) {
    const json_t *quantization = json_object_get(root, "quantization_config");
    const char *method = json_string_value(json_object_get(quantization, "quant_method"));
    return method && strcmp(method, "mxfp4") == 0;
}

/* Old and new spelling: whichever is there is mended; the old one is added where there is none. */
static int set_dtype(json_t *object, enum dtype dtype, bool add) {
    bool newer = json_object_get(object, "dtype") != NULL,
         older = json_object_get(object, "torch_dtype") != NULL;
    int failed = 0;
    if (newer) failed |= json_object_set_new(object, "dtype", json_string(torch_name(dtype)));
    if (older || (add && !newer))
        failed |= json_object_set_new(object, "torch_dtype", json_string(torch_name(dtype)));
    return failed;
}

static int set_float8(json_t *root, const struct synth_plan *plan) {
    json_t *plain = json_array();
    int failed = !plain;
    for (int64_t i = 0; i < plan->plain_count && !failed; i++)
        failed |= json_array_append_new(plain, json_string(plan->plain[i]));
    json_t *quantization =
        json_pack("{s:s, s:s, s:s, s:[I, I], s:o}", "quant_method", "fp8", "fmt", "e4m3", "activation_scheme",
                  "dynamic", "weight_block_size", (json_int_t)plan->scale_rows, (json_int_t)plan->scale_cols,
                  "modules_to_not_convert", plain);
    return failed | json_object_set_new(root, "quantization_config", quantization);
}

char *synth_config_text(const json_t *given, const struct synth_options *options,
                        const struct synth_plan *plan, struct sy_error *err) {
    json_t *root = json_deep_copy(given);
    char *text = NULL;
    int failed = !root;
    if (!failed) {
        json_t *inner = json_object_get(root, "text_config");
        failed |= set_dtype(root, options->dtype, true);
        if (json_is_object(inner)) failed |= set_dtype(inner, options->dtype, false);
        if (!options->mxfp4) json_object_del(root, "quantization_config");
        if (options->dtype == DTYPE_F8_E4M3) failed |= set_float8(root, plan);
    }
    if (!failed) text = json_text(root, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    json_decref(root);
    if (!text) sy_fail(err, SY_ERR_MEMORY, "no memory for the config");
    return text;
}
