/*
 * Parameters. What counts is model/count.c's business; here it is split further.
 *
 *   active part   = part - (E - K) experts of each MoE layer, the experts' part alone
 *   MTP           = modules * (the last layer + a projection [D, 2 D] + three norms): DeepSeek-V3's module
 *                   (arXiv:2412.19437, section 2.2), which shares table and head. Files hold copies of both:
 *                   GLM-4.5's layer 92 is 3.99 B so, and the module of DeepSeek-V3 11.6 B of its "14 B".
 *   dense twins   the same layers, each FFN dense: K F + shared wide (equal active parameters but for the
 *                   router), or E F + shared wide (equal in all)
 */
#include "plan/parameters.h"

#include "base/checked.h"

int64_t plan_moe_layers(const struct spec *spec) {
    int64_t count = 0;
    for (int64_t l = 0; l < spec_layer_count(spec); l++) count += spec_layer(spec, l)->ffn == FFN_MOE;
    return count;
}

/* Of the layers [from, to), all experts in. */
static bool layers_size(const struct spec *spec, int64_t from, int64_t to, int64_t *out) {
    int64_t rows, cols, one;
    for (int64_t l = from; l < to; l++)
        for (enum slot slot = SLOT_ATTENTION_NORM; slot < SLOT_COUNT; slot++) {
            if (!slot_shape(spec, l, slot, &rows, &cols)) continue;
            if (!size_mul(rows, cols, &one) ||
                !size_mul_add(one, slot_is_expert(slot) ? spec->router.experts : 1, *out, out))
                return false;
        }
    return true;
}

static bool count_mtp(const struct spec *spec, int64_t *out) {
    int64_t last = spec->decoder.layer_count - 1, module = 0, wide;
    *out = 0;
    if (spec->mtp_layers == 0) return true;
    return layers_size(spec, last, last + 1, &module) && size_mul(spec->width, 2 * spec->width, &wide) &&
           size_add(module, wide, &module) && size_mul_add(3, spec->width, module, &module) &&
           size_mul(module, spec->mtp_layers, out);
}

static int64_t expert_size(const struct spec *spec) {
    int64_t rows, cols, sum = 0;
    for (int64_t l = 0; l < spec_layer_count(spec); l++) {
        if (spec_layer(spec, l)->ffn != FFN_MOE) continue;
        for (enum slot slot = SLOT_EXPERT_GATE; slot < SLOT_COUNT; slot++)
            if (slot_shape(spec, l, slot, &rows, &cols))
                sum += rows * cols; /* spec_count has multiplied them */
        return sum;
    }
    return 0;
}

bool dense_twin(const struct spec *spec, bool total, struct arena *arena, struct spec *out,
                struct sy_error *err) {
    int64_t width = 0;
    if (!spec_copy(spec, out, arena, err)) return false;
    if (spec->router.experts > 0 && !size_mul_add(total ? spec->router.experts : spec->router.top_k,
                                                  spec->expert_width, spec->shared_width, &width))
        return sy_fail(err, SY_ERR_LIMIT, "the dense twin's width overflows");
    for (int64_t l = 0; l < spec_layer_count(spec); l++) {
        struct layer_spec *layer = spec_in_encoder(out, l)
                                       ? &out->encoder.layers[l - out->decoder.layer_count]
                                       : &out->decoder.layers[l];
        if (layer->ffn != FFN_MOE) continue;
        layer->ffn = FFN_DENSE;
        layer->branch = BRANCH_SERIAL;
        if (!size_add(layer->dense_width, width, &layer->dense_width) || layer->dense_width > SPEC_SIZE_MAX)
            return sy_fail(err, SY_ERR_LIMIT, "the dense twin's width overflows");
    }
    out->router.experts = 0;
    out->expert_width = out->shared_width = 0;
    return true;
}

static bool count_twin(const struct spec *spec, bool total, int64_t *size, int64_t *width,
                       struct sy_error *err) {
    struct arena arena;
    struct spec twin;
    struct param_count count;
    arena_open(&arena);
    bool ok = dense_twin(spec, total, &arena, &twin, err) && spec_count(&twin, &count, err);
    if (ok) {
        *size = count.total;
        *width = spec->router.experts > 0
                     ? (total ? spec->router.experts : spec->router.top_k) * spec->expert_width +
                           spec->shared_width
                     : 0;
    }
    arena_close(&arena);
    return ok;
}

bool plan_parameters(const struct spec *spec, struct plan_parameters *out, struct sy_error *err) {
    struct plan_parameters p = { 0 };
    if (!spec_count(spec, &p.count, err)) return false;
    if (!count_mtp(spec, &p.mtp)) return sy_fail(err, SY_ERR_LIMIT, "the MTP modules pass 2^63 parameters");
    p.moe_layers = plan_moe_layers(spec);
    p.dense_layers = spec_layer_count(spec) - p.moe_layers;
    p.expert = expert_size(spec);
    for (enum part part = 0; part < PART_COUNT; part++) p.active_part[part] = p.count.part[part];
    p.active_part[PART_ROUTED_EXPERTS] -= p.count.total - p.count.active;
    if (!count_twin(spec, false, &p.dense_active, &p.active_width, err) ||
        !count_twin(spec, true, &p.dense_total, &p.total_width, err))
        return false;
    *out = p;
    return true;
}
