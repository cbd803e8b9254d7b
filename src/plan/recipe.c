/*
 * What each tensor is stored in.
 *
 * Plain types are `synth`'s and `convert`'s: in F32, F16 and BF16 everything but the selection bias (F32);
 * block formats for matrices alone, vectors and routers in F32. A row that is no whole number of blocks takes
 * the next type that it is:  Q4_K -> Q5_0, Q5_K -> Q5_1, Q6_K -> Q8_0, the other K and IQ4_XS -> IQ4_NL, and
 * what is no multiple of 32 BF16 (the replacements of llama.cpp's quantiser, which ends in F16: as large).
 *
 *   f8_e4m3   linear layers in float8 with an f32 scale for each 128 x 128 block, the rest in BF16
 *             (DeepSeek-V3's files, arXiv:2412.19437, section 3.3)
 *   mxfp4     experts in MXFP4, other matrices Q8_0; mxfp4_bf16: the others in BF16, as gpt-oss is published
 *   packed    linear layers in codes of so many bits, a scale (and a zero point) for each group of a row, the
 *             rest wide: GPTQ, AWQ, NVFP4, int4 and int8 as published.c reads them; not asked for by name
 *
 * The K mixes are llama.cpp's (src/llama-quant.cpp, llama_tensor_get_type, read 2025): "more" layers are the
 * first and last eighth and every third between; 8-expert models keep keys and values in Q8_0; 70B is a llama
 * of 80 layers.
 *
 *             head   values                     down                            attention out
 *   q3_k_m    Q6_K   Q5_K in 2 layers, Q4_K     Q5_K in a 16th, else Q4_K       Q4_K  (8 experts: Q5_K)
 *   q4_k_s    Q6_K   Q5_K in 4 layers           Q5_K in an 8th                  -     (8 experts: Q5_K)
 *   q4_k_m    Q6_K   Q6_K in "more"             Q6_K in "more"                  -     (8 experts: Q5_K)
 *   q5_k_m    Q6_K   Q6_K in "more"             Q6_K in "more"                  -
 */
#include "plan/recipe.h"

#include "base/checked.h"
#include "base/options.h"

#include <string.h>
#include <strings.h>

#define RECIPE(NAME, DTYPE, MIX)                                                                             \
    { .name = (NAME), .dtype = (DTYPE), .mix = (MIX) }

const struct recipe recipes[] = {
    RECIPE("f32", DTYPE_F32, MIX_NONE),
    RECIPE("f16", DTYPE_F16, MIX_NONE),
    RECIPE("bf16", DTYPE_BF16, MIX_NONE),
    RECIPE("f8_e4m3", DTYPE_F8_E4M3, MIX_FLOAT8),
    RECIPE("q8_0", DTYPE_Q8_0, MIX_NONE),
    RECIPE("q6_k", DTYPE_Q6_K, MIX_NONE),
    RECIPE("q5_k_m", DTYPE_Q5_K, MIX_Q5_K_M),
    RECIPE("q5_k", DTYPE_Q5_K, MIX_NONE),
    RECIPE("q5_1", DTYPE_Q5_1, MIX_NONE),
    RECIPE("q5_0", DTYPE_Q5_0, MIX_NONE),
    RECIPE("q4_k_m", DTYPE_Q4_K, MIX_Q4_K_M),
    RECIPE("q4_k_s", DTYPE_Q4_K, MIX_Q4_K_S),
    RECIPE("q4_k", DTYPE_Q4_K, MIX_NONE),
    RECIPE("q4_1", DTYPE_Q4_1, MIX_NONE),
    RECIPE("q4_0", DTYPE_Q4_0, MIX_NONE),
    RECIPE("iq4_nl", DTYPE_IQ4_NL, MIX_NONE),
    RECIPE("iq4_xs", DTYPE_IQ4_XS, MIX_NONE),
    RECIPE("mxfp4", DTYPE_MXFP4, MIX_MXFP4),
    RECIPE("mxfp4_bf16", DTYPE_MXFP4, MIX_MXFP4_BF16),
    RECIPE("q3_k_m", DTYPE_Q3_K, MIX_Q3_K_M),
    RECIPE("q3_k", DTYPE_Q3_K, MIX_NONE),
    RECIPE("q2_k", DTYPE_Q2_K, MIX_NONE),
    RECIPE(NULL, DTYPE_COUNT, MIX_NONE),
};

const struct recipe *recipe_find(const char *name) {
    for (const struct recipe *recipe = recipes; recipe->name; recipe++)
        if (strcasecmp(recipe->name, name) == 0) return recipe;
    return NULL;
}

const char *recipe_nearest(const char *name) {
    const char *names[32];
    int count = 0;
    for (const struct recipe *recipe = recipes; recipe->name; recipe++) names[count++] = recipe->name;
    return nearest_word(name, names, count);
}

/* ---- the mixes ---- */

static bool is_more(int64_t layer, int64_t layers) {
    return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
}

static enum dtype mix_value(enum mix mix, const struct spec *spec, int64_t layer, int64_t layers,
                            enum dtype otherwise) {
    enum dtype dtype = otherwise;
    if (mix == MIX_Q3_K_M) dtype = layer < 2 ? DTYPE_Q5_K : DTYPE_Q4_K;
    if (mix == MIX_Q4_K_S && layer < 4) dtype = DTYPE_Q5_K;
    if ((mix == MIX_Q4_K_M || mix == MIX_Q5_K_M) && is_more(layer, layers)) dtype = DTYPE_Q6_K;
    bool is_70b = strcmp(spec->family, "llama") == 0 && layers == 80 &&
                  spec->attention.kv_heads != spec->attention.heads;
    return is_70b && (dtype == DTYPE_Q3_K || dtype == DTYPE_Q4_K) ? DTYPE_Q5_K : dtype;
}

static enum dtype mix_down(enum mix mix, int64_t layer, int64_t layers, enum dtype otherwise) {
    if (mix == MIX_Q3_K_M) return layer < layers / 16 ? DTYPE_Q5_K : DTYPE_Q4_K;
    if (mix == MIX_Q4_K_S && layer < layers / 8) return DTYPE_Q5_K;
    if ((mix == MIX_Q4_K_M || mix == MIX_Q5_K_M) && is_more(layer, layers)) return DTYPE_Q6_K;
    return otherwise;
}

static enum dtype mixed(const struct recipe *r, const struct spec *spec, int64_t layer, enum slot slot) {
    int64_t layers = spec_in_encoder(spec, layer) ? spec->encoder.layer_count : spec->decoder.layer_count;
    int64_t index = spec_in_encoder(spec, layer) ? layer - spec->decoder.layer_count : layer;
    bool eight = spec->router.experts == 8;
    switch (slot) {
    case SLOT_EMBED: return spec->tied ? DTYPE_Q6_K : r->dtype;
    case SLOT_HEAD: return DTYPE_Q6_K;
    case SLOT_V:
    case SLOT_CROSS_V: return eight ? DTYPE_Q8_0 : mix_value(r->mix, spec, index, layers, r->dtype);
    case SLOT_K:
    case SLOT_CROSS_K: return eight ? DTYPE_Q8_0 : r->dtype;
    case SLOT_O:
    case SLOT_CROSS_O:
        if (r->mix == MIX_Q3_K_M) return eight ? DTYPE_Q5_K : DTYPE_Q4_K;
        return eight && r->mix != MIX_Q5_K_M ? DTYPE_Q5_K : r->dtype;
    case SLOT_QKV:
        if (r->mix == MIX_Q3_K_M) return DTYPE_Q4_K;
        return r->mix == MIX_Q4_K_M ? DTYPE_Q5_K : r->mix == MIX_Q5_K_M ? DTYPE_Q6_K : r->dtype;
    case SLOT_DOWN:
    case SLOT_SHARED_DOWN:
    case SLOT_EXPERT_DOWN: return mix_down(r->mix, index, layers, r->dtype);
    default: return r->dtype;
    }
}

/* ---- one tensor ---- */

static bool is_linear(enum slot slot) {
    return slot != SLOT_EMBED && slot != SLOT_HEAD && slot != SLOT_ROUTER && slot != SLOT_RELATIVE_BIAS;
}

/* Does it count as an expert's? */
static bool as_expert(const struct recipe *r, enum slot slot) {
    return slot_is_expert(slot) || (r->ffn_as_experts && slot_part(slot) == PART_DENSE_FFN);
}

/* Is it one of the linear layers that float8 and packed files narrow? */
static bool is_narrowed(const struct recipe *r, enum slot slot) {
    enum part part = as_expert(r, slot) ? PART_ROUTED_EXPERTS : slot_part(slot);
    return !slot_is_vector(slot) && is_linear(slot) && !(r->kept >> part & 1);
}

static enum dtype whole_rows(enum dtype wanted, int64_t cols) {
    int64_t elements, bytes;
    dtype_unit(wanted, &elements, &bytes);
    if (cols % elements == 0) return wanted;
    if (cols % 32 != 0) return DTYPE_BF16;
    switch (wanted) {
    case DTYPE_Q4_K: return DTYPE_Q5_0;
    case DTYPE_Q5_K: return DTYPE_Q5_1;
    case DTYPE_Q6_K: return DTYPE_Q8_0;
    default: return DTYPE_IQ4_NL;
    }
}

enum dtype recipe_dtype(const struct recipe *r, const struct spec *spec, int64_t layer, enum slot slot,
                        int64_t cols) {
    bool vector = slot_is_vector(slot);
    if (slot == SLOT_SELECTION_BIAS) return DTYPE_F32; /* as published */
    if (r->mix == MIX_FLOAT8) return is_narrowed(r, slot) ? DTYPE_F8_E4M3 : DTYPE_BF16;
    if (r->mix == MIX_MXFP4_BF16 && (vector || !as_expert(r, slot))) return DTYPE_BF16;
    if (!dtype_is_block(r->dtype)) return r->dtype;
    if (vector || slot == SLOT_ROUTER || slot == SLOT_RELATIVE_BIAS) return DTYPE_F32;
    if (r->mix == MIX_NONE) return whole_rows(r->dtype, cols);
    if (r->mix == MIX_MXFP4 || r->mix == MIX_MXFP4_BF16)
        return whole_rows(as_expert(r, slot) ? DTYPE_MXFP4 : DTYPE_Q8_0, cols);
    return whole_rows(mixed(r, spec, layer, slot), cols);
}

/* One f32 for each block of a float8 matrix. */
static bool add_scales(const struct spec *spec, int64_t rows, int64_t cols, int64_t *bytes) {
    int64_t down, across, count;
    return size_round_up(rows, spec->scale_block_rows, &down) &&
           size_round_up(cols, spec->scale_block_cols, &across) &&
           size_mul(down / spec->scale_block_rows, across / spec->scale_block_cols, &count) &&
           size_mul_add(count, 4, *bytes, bytes);
}

static bool packed_bytes(const struct packing *p, int64_t rows, int64_t cols, int64_t *bytes) {
    int64_t groups = p->group > 0 ? ceil_div(cols, p->group) : 1, codes, beside, bits;
    return size_mul(cols, p->bits, &codes) && size_mul(groups, p->scale_bits + p->zero_bits, &beside) &&
           size_add(codes, beside, &bits) && size_mul(rows, ceil_div(bits, 8), bytes);
}

bool recipe_slot_bytes(const struct recipe *r, const struct spec *spec, int64_t layer, enum slot slot,
                       int64_t *bytes) {
    int64_t rows, cols, elements;
    *bytes = 0;
    if (!slot_shape(spec, layer, slot, &rows, &cols) || (slot == SLOT_HEAD && spec->tied)) return true;
    if (r->mix == MIX_PACKED && is_narrowed(r, slot)) return packed_bytes(&r->packing, rows, cols, bytes);
    enum dtype dtype = recipe_dtype(r, spec, layer, slot, cols);
    return size_mul(rows, cols, &elements) && dtype_bytes(dtype, elements, bytes) &&
           (dtype != DTYPE_F8_E4M3 || add_scales(spec, rows, cols, bytes));
}

bool recipe_bytes(const struct recipe *r, const struct spec *spec, int64_t *bytes, struct sy_error *err) {
    int64_t total = 0, one;
    for (int64_t layer = -1; layer < spec_layer_count(spec); layer++)
        for (enum slot slot = 0; slot < SLOT_COUNT; slot++) {
            int64_t copies = slot_is_expert(slot) ? spec->router.experts : 1;
            if (recipe_slot_bytes(r, spec, layer, slot, &one) && size_mul_add(one, copies, total, &total))
                continue;
            sy_fail(err, SY_ERR_LIMIT, "the weights in %s pass 2^63 bytes", r->name);
            return sy_error_at(err, "%s", slot_name(slot));
        }
    *bytes = total;
    return true;
}
