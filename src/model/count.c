/*
 * Parameter counts, from the spec alone.
 *
 *   total            every stored weight of the text model; a tied table once; no MTP layers, no buffers
 *   active           total less E - K experts of each MoE layer
 *   active_no_embed  active less the embedding table; a tied table is the head, and stays
 *
 * Of an encoder-decoder, both stacks.
 */
#include "base/checked.h"
#include "model/slots.h"

static bool add_slot(const struct spec *spec, int64_t layer, enum slot slot, struct param_count *count,
                     int64_t *idle, struct sy_error *err) {
    int64_t rows, cols, one, all, experts = spec->router.experts, unused;
    if (!slot_shape(spec, layer, slot, &rows, &cols)) return true;
    if (slot == SLOT_HEAD && spec->tied) return true;
    int64_t *part = &count->part[slot_part(slot)];
    bool fits = size_mul(rows, cols, &one) && size_mul(one, slot_is_expert(slot) ? experts : 1, &all) &&
                size_add(count->total, all, &count->total) && size_add(*part, all, part);
    if (fits && slot_is_expert(slot))
        fits = size_mul(one, experts - spec->router.top_k, &unused) && size_add(*idle, unused, idle);
    if (fits) return true;
    sy_fail(err, SY_ERR_LIMIT, "the count of parameters passes 2^63");
    return layer < 0 ? sy_error_at(err, "%s", slot_name(slot))
                     : sy_error_at(err, "layers.%lld.%s", (long long)layer, slot_name(slot));
}

bool spec_count(const struct spec *spec, struct param_count *out, struct sy_error *err) {
    struct param_count count = { 0 };
    int64_t idle = 0, table = 0;
    for (int64_t layer = -1; layer < spec_layer_count(spec); layer++)
        for (enum slot slot = 0; slot < SLOT_COUNT; slot++)
            if (!add_slot(spec, layer, slot, &count, &idle, err)) return false;
    if (!spec->tied && !size_mul(spec->vocab, spec->width, &table))
        return sy_fail(err, SY_ERR_LIMIT, "the embedding table passes 2^63 elements");
    count.active = count.total - idle;
    count.active_no_embed = count.active - table;
    *out = count;
    return true;
}
