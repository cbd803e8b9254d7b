/*
 * Binding: claims sorted into the order of slots, walked beside what the spec asks for. Whatever is missing,
 * doubled or too many shows in the walk, which stops at the first; only then are tables allocated, so that a
 * config of absurd sizes costs nothing.
 */
#include "model/bind.h"
#include "base/checked.h"
#include "model/claims.h"
#include "model/pattern.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXPERT_SLOTS (SLOT_COUNT - SLOT_EXPERT_GATE)

/* ---- look-ups ---- */

static const struct weight nothing;

const struct weight *binding_weight(const struct binding *binding, int64_t layer, enum slot slot) {
    if (layer < 0) return slot_is_global(slot) ? &binding->global[slot] : &nothing;
    if (layer >= binding->layers || slot_is_global(slot) || slot >= SLOT_COUNT) return &nothing;
    return &binding->layer[layer * SLOT_COUNT + slot];
}

static int64_t expert_index(const struct binding *binding, int64_t layer, enum slot slot, int64_t expert) {
    return (layer * EXPERT_SLOTS + (slot - SLOT_EXPERT_GATE)) * binding->experts + expert;
}

const struct weight *binding_expert(const struct binding *binding, int64_t layer, enum slot slot,
                                    int64_t expert) {
    if (layer < 0 || layer >= binding->layers || !slot_is_expert(slot) || expert < 0 ||
        expert >= binding->experts)
        return &nothing;
    return &binding->expert[expert_index(binding, layer, slot, expert)];
}

/* ---- what is missing, doubled, too many ---- */

static bool refuse_missing(const struct family *family, const struct checkpoint *checkpoint, int64_t layer,
                           enum slot slot, int64_t expert, struct sy_error *err) {
    char name[512] = "";
    struct rule_walk walk = rules_of(family);
    while (rule_next(&walk))
        if (walk.rule->slot == slot || (layout_is_pair(walk.rule->layout) && walk.rule->second == slot))
            break;
    if (walk.rule) pattern_write(walk.rule->pattern, layer, expert < 0 ? 0 : expert, "", name, sizeof name);
    sy_fail(err, SY_ERR_SHAPE, "missing tensor");
    if (!walk.rule) sy_fail(err, SY_ERR_SHAPE, "%s models have no tensor for it", family->name);
    sy_error_remedy(err, "%s asks for it (%s): fetch what is missing of the checkpoint",
                    family_described_by(family), slot_name(slot));
    sy_error_at(err, "%s", name[0] ? name : slot_name(slot));
    return checkpoint->count > 0 && sy_error_in(err, checkpoint->tensors[0].file);
}

static bool refuse_doubled(const struct claim *a, const struct claim *b, struct sy_error *err) {
    sy_fail(err, SY_ERR_SHAPE, "holds the same weights as %s", b->tensor->name);
    sy_error_remedy(err, "remove one of the two");
    sy_error_at(err, "%s", a->tensor->name);
    return sy_error_in(err, a->tensor->file);
}

static bool refuse_extra(const struct family *family, const struct claim *claim, struct sy_error *err) {
    sy_fail(err, SY_ERR_SHAPE, "%s describes a model without it (%s)", family_described_by(family),
            slot_name(claim->slot));
    sy_error_remedy(err,
                    "the weights and %s are not of the same model: take both from where it was published",
                    family_described_by(family));
    sy_error_at(err, "%s", claim->tensor->name);
    return sy_error_in(err, claim->tensor->file);
}

/* ---- the walk ---- */

static int by_place(const void *a, const void *b) {
    const struct claim *x = a, *y = b;
    if (x->layer != y->layer) return x->layer < y->layer ? -1 : 1;
    if (x->slot != y->slot) return x->slot < y->slot ? -1 : 1;
    if (x->expert != y->expert) return x->expert < y->expert ? -1 : 1;
    return x->tensor < y->tensor ? -1 : x->tensor > y->tensor;
}

/* The claims to one slot: one, or one for each expert, or one that holds all experts. */
static bool check_slot(const struct family *family, const struct spec *spec,
                       const struct checkpoint *checkpoint, int64_t layer, enum slot slot,
                       const struct claim *claims, int64_t count, bool described, struct sy_error *err) {
    int64_t rows, cols;
    bool wanted = slot_shape(spec, layer, slot, &rows, &cols) && !(slot == SLOT_HEAD && spec->tied);
    if (!wanted) return count == 0 || refuse_extra(family, &claims[0], err);
    for (int64_t i = 1; i < count; i++)
        if (claims[0].expert < 0 || claims[i].expert == claims[i - 1].expert)
            return refuse_doubled(&claims[i], &claims[i - 1], err);
    bool whole = !slot_is_expert(slot) || (count > 0 && claims[0].expert < 0);
    int64_t needed = whole ? 1 : spec->router.experts;
    for (int64_t i = 0; i < needed; i++)
        if (i >= count || (!whole && claims[i].expert != i))
            return refuse_missing(family, checkpoint, layer, slot, i, err);
    for (int64_t i = 0; i < count; i++)
        if (!(described ? view_check_described : view_check)(family, spec, &claims[i], err)) return false;
    return true;
}

static bool check_claims(const struct family *family, const struct spec *spec,
                         const struct checkpoint *checkpoint, const struct claims *claims, bool described,
                         struct sy_error *err) {
    int64_t at = 0;
    for (int64_t layer = -1; layer < spec->decoder.layer_count; layer++) {
        enum slot first = layer < 0 ? 0 : SLOT_ATTENTION_NORM,
                  end = layer < 0 ? SLOT_ATTENTION_NORM : SLOT_COUNT;
        for (enum slot slot = first; slot < end; slot++) {
            int64_t count = 0;
            while (at + count < claims->count && claims->list[at + count].layer == layer &&
                   claims->list[at + count].slot == slot)
                count++;
            if (!check_slot(family, spec, checkpoint, layer, slot, claims->list + at, count, described, err))
                return false;
            at += count;
        }
    }
    return true;
}

/* ---- the tables ---- */

static void fill(const struct spec *spec, const struct claim *claim, struct binding *binding) {
    bool fused = slot_is_expert(claim->slot) && claim->expert < 0;
    int64_t first = fused ? 0 : claim->expert, end = fused ? binding->experts : claim->expert + 1;
    if (slot_is_global(claim->slot))
        binding->global[claim->slot] = view_make(spec, claim, 0);
    else if (!slot_is_expert(claim->slot))
        binding->layer[claim->layer * SLOT_COUNT + claim->slot] = view_make(spec, claim, 0);
    else
        for (int64_t e = first; e < end; e++)
            binding->expert[expert_index(binding, claim->layer, claim->slot, e)] = view_make(spec, claim, e);
}

static bool build(const struct spec *spec, const struct claims *claims, struct arena *arena,
                  struct binding *binding, struct sy_error *err) {
    int64_t layers = spec->decoder.layer_count, cells, experts;
    memset(binding, 0, sizeof *binding);
    binding->layers = layers;
    for (int64_t i = 0; i < layers; i++)
        if (spec->decoder.layers[i].ffn == FFN_MOE) binding->experts = spec->router.experts;
    if (!size_mul(layers, SLOT_COUNT, &cells) || !size_mul(layers, EXPERT_SLOTS, &experts) ||
        !size_mul(experts, binding->experts, &experts))
        return sy_fail(err, SY_ERR_LIMIT, "the table of weights passes 2^63");
    binding->layer = arena_new(arena, struct weight, cells, err);
    binding->expert = arena_new(arena, struct weight, experts, err);
    if (!binding->layer || !binding->expert) return false;
    for (int64_t i = 0; i < claims->count; i++) fill(spec, &claims->list[i], binding);
    if (spec->tied) binding->global[SLOT_HEAD] = binding->global[SLOT_EMBED];
    return true;
}

bool bind_checkpoint(const struct family *family, const struct spec *spec,
                     const struct checkpoint *checkpoint, unsigned flags, struct arena *arena,
                     struct binding *binding, struct census *census, struct sy_error *err) {
    struct claims claims;
    struct arena scratch;
    arena_open(&scratch);
    bool ok = census_take(family, spec, checkpoint, flags, &scratch, arena, &claims, census, err);
    if (ok) qsort(claims.list, (size_t)claims.count, sizeof *claims.list, by_place);
    ok = ok && check_claims(family, spec, checkpoint, &claims, flags & MODEL_DESCRIBE, err) &&
         build(spec, &claims, arena, binding, err);
    arena_close(&scratch);
    if (!ok)
        sy_error_remedy(err, "fetch the file again, or write it as %s describes it",
                        family_described_by(family));
    return ok;
}

/* ---- what is not finite ---- */

static bool all_finite(const struct weight *w) {
    float part[512];
    for (int64_t row = 0; row < w->rows; row++)
        for (int64_t col = 0; col < w->cols; col += 512) {
            int64_t count = min_i64(512, w->cols - col);
            weight_get_row(w, row, col, count, part);
            for (int64_t i = 0; i < count; i++)
                if (!isfinite(part[i])) return false;
        }
    return true;
}

static bool find_in(const struct weight *weights, int64_t count, char *name, size_t size) {
    for (int64_t i = 0; i < count; i++) {
        if (!weight_exists(&weights[i]) || all_finite(&weights[i])) continue;
        snprintf(name, size, "%s", weights[i].name);
        return true;
    }
    return false;
}

bool binding_find_nonfinite(const struct binding *binding, char *name, size_t size) {
    int64_t each = EXPERT_SLOTS * binding->experts;
    if (find_in(binding->global, SLOT_ATTENTION_NORM, name, size)) return true;
    for (int64_t layer = 0; layer < binding->layers; layer++)
        if (find_in(binding->layer + layer * SLOT_COUNT, SLOT_COUNT, name, size) ||
            find_in(binding->expert + layer * each, each, name, size))
            return true;
    return false;
}
