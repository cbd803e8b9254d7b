/*
 * Names of other programs' tensors (foreign.h), one table.
 *
 * Sources: vLLM, layers/quantization/kv_cache.py and compressed-tensors' naming of parameters; NVIDIA
 * ModelOpt's exports; AutoGPTQ, AutoAWQ, bitsandbytes, HQQ, AQLM, QuIP#, ExLlama's and MLX's layers;
 * llama.cpp, src/llama-arch.cpp (NVFP4).
 */
#include "model/foreign.h"

#include <stddef.h>
#include <string.h>

#define CACHE       "scale of a server's quantised cache"
#define ACTIVATIONS "scale of a server's quantised activations"
#define COMPRESSED  "compressed-tensors or ModelOpt (float8 by rows or tensors, NVFP4, int8)"
#define GPTQ        "GPTQ, AWQ or MLX"
#define BNB         "bitsandbytes"
#define EXLLAMA     "ExLlama"
#define QUIP        "QuIP#"

static const struct foreign table[] = {
    { "k_scale", true, CACHE },
    { "v_scale", true, CACHE },
    { "kv_scale", true, CACHE },
    { "q_scale", true, CACHE },
    { "prob_scale", true, CACHE },
    { "k_zero_point", true, CACHE },
    { "v_zero_point", true, CACHE },
    { "input_scale", true, ACTIVATIONS },
    { "input_global_scale", true, ACTIVATIONS },
    { "input_zero_point", true, ACTIVATIONS },
    { "output_scale", true, ACTIVATIONS },
    { "output_zero_point", true, ACTIVATIONS },

    { "weight_scale", false, COMPRESSED },
    { "weight_scale_2", false, COMPRESSED },
    { "weight_global_scale", false, COMPRESSED },
    { "weight_packed", false, COMPRESSED },
    { "weight_zero_point", false, COMPRESSED },
    { "weight_shape", false, COMPRESSED },
    { "weight_g_idx", false, COMPRESSED },
    { "qweight", false, GPTQ },
    { "qzeros", false, GPTQ },
    { "g_idx", false, GPTQ },
    { ".scales", false, GPTQ },
    { ".biases", false, "MLX" },
    { ".absmax", false, BNB },
    { "nested_absmax", false, BNB },
    { "quant_map", false, BNB },
    { "nested_quant_map", false, BNB },
    { "bitsandbytes__nf4", false, BNB },
    { "bitsandbytes__fp4", false, BNB },
    { ".SCB", false, BNB },
    { "weight_format", false, BNB },
    { "q_weight", false, EXLLAMA },
    { "q_scale_max", false, EXLLAMA },
    { "q_groups", false, EXLLAMA },
    { "q_group_map", false, EXLLAMA },
    { "q_invperm", false, EXLLAMA },
    { "q_perm", false, EXLLAMA },
    { "trellis", false, EXLLAMA },
    { ".suh", false, EXLLAMA },
    { ".svh", false, EXLLAMA },
    { "Qidxs", false, QUIP },
    { ".SU", false, QUIP },
    { ".SV", false, QUIP },
    { ".codes", false, "AQLM" },
    { ".codebooks", false, "AQLM" },
    { "W_q", false, "HQQ" },
    { "scales_and_zeros", false, "torchao" },
};

/* Scales and zeros by any other name. */
static const struct foreign nameless = { "", false, NULL };

static bool ends(const char *name, const char *ending) {
    size_t length = strlen(name), of = strlen(ending);
    if (length < of || strcmp(name + length - of, ending) != 0) return false;
    return length == of || ending[0] == '.' || name[length - of - 1] == '.' || name[length - of - 1] == '_';
}

static bool speaks_of_scales(const char *name) {
    static const char *const words[] = { "scale", "zero_point", "zeros", "quant" };
    const char *dot = strrchr(name, '.'), *last = dot ? dot + 1 : name;
    if (strcmp(last, "weight") == 0 || strcmp(last, "bias") == 0) return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr(last, words[i])) return true;
    return false;
}

const struct foreign *foreign_find(const char *name) {
    const struct foreign *longest = NULL;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (ends(name, table[i].ending) && (!longest || strlen(table[i].ending) > strlen(longest->ending)))
            longest = &table[i];
    return longest ? longest : speaks_of_scales(name) ? &nameless : NULL;
}
