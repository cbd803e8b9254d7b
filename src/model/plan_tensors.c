/*
 * The rules walked backwards: which tensors a checkpoint of this spec holds, in the family's published names.
 * The first rule that names a slot is the published one; a pair is written once, where its first half stands.
 */
#include "model/claims.h"
#include "model/pattern.h"
#include <string.h>

struct listing {
    const struct family *family;
    const struct spec *spec;
    struct arena *arena;
    struct planned_tensor *list; /* NULL while they are only counted */
    int64_t count;
    bool mxfp4;
    struct sy_error *err;
};

static bool is_mx(const struct tensor_rule *rule) {
    return rule->layout == LAYOUT_MX_BLOCKS || rule->layout == LAYOUT_MX_BLOCKS_ALTERNATE;
}

bool family_has_mxfp4(const struct family *family) {
    struct rule_walk walk = rules_of(family);
    while (rule_next(&walk))
        if (is_mx(walk.rule)) return true;
    return false;
}

static bool names_slot(const struct tensor_rule *rule, enum slot slot) {
    return rule->slot == slot || (layout_is_pair(rule->layout) && rule->second == slot);
}

static const struct tensor_rule *published(const struct family *family, enum slot slot, bool mxfp4) {
    struct rule_walk blocks = rules_of(family), any = blocks;
    while (mxfp4 && rule_next(&blocks))
        if (is_mx(blocks.rule) && names_slot(blocks.rule, slot)) return blocks.rule;
    while (rule_next(&any))
        if (names_slot(any.rule, slot)) return any.rule;
    return NULL;
}

static bool is_each(const struct tensor_rule *rule) {
    return strstr(rule->pattern, "{E}") != NULL;
}

/* What a rule's tensor is, but for its name. */
static void describe(const struct spec *spec, const struct tensor_rule *rule, int64_t layer, int64_t expert,
                     struct planned_tensor *p) {
    enum slot slot = rule->slot;
    bool pair = layout_is_pair(rule->layout), fused = slot_is_expert(slot) && expert < 0;
    p->slot = slot;
    p->second = pair ? rule->second : SLOT_COUNT;
    p->layout = rule->layout;
    p->layer = layer;
    p->expert = expert;
    p->rank = layout_shape(spec, layer, slot, rule->layout, fused, p->shape);
    if (slot == SLOT_SHARED_SCALE && p->rank == 1) { /* published as a linear layer of one output */
        p->shape[1] = p->shape[0];
        p->shape[0] = 1;
        p->rank = 2;
    }
}

static bool add_one(struct listing *listing, const struct tensor_rule *rule, int64_t layer, int64_t expert,
                    bool scales) {
    char name[512];
    struct planned_tensor *p = listing->list ? &listing->list[listing->count] : NULL;
    listing->count++;
    if (!p) return true;
    if (!pattern_write(scales ? rule->scales : rule->pattern, layer, expert, "", name, sizeof name))
        return sy_fail(listing->err, SY_ERR_INTERNAL, "the name of %s is too long", slot_name(rule->slot));
    describe(listing->spec, rule, layer, expert, p);
    p->name = arena_string(listing->arena, name, strlen(name), listing->err);
    p->scales = scales;
    if (scales) p->rank--;
    return p->name != NULL;
}

static bool add(struct listing *listing, const struct tensor_rule *rule, int64_t layer, int64_t expert) {
    return add_one(listing, rule, layer, expert, false) &&
           (!is_mx(rule) || add_one(listing, rule, layer, expert, true));
}

/* The tensors of one slot: for `expert` >= 0 only if the family writes one an expert, for -1 only if not. */
static bool add_slot(struct listing *listing, int64_t layer, enum slot slot, int64_t expert) {
    int64_t rows, cols;
    if (!slot_shape(listing->spec, layer, slot, &rows, &cols)) return true;
    if (slot == SLOT_HEAD && listing->spec->tied) return true;
    const struct tensor_rule *rule = published(listing->family, slot, listing->mxfp4);
    if (!rule) {
        sy_fail(listing->err, SY_ERR_SHAPE, "%s models have no tensor for it", listing->family->name);
        return sy_error_at(listing->err, "%s", slot_name(slot));
    }
    if (is_each(rule) != (expert >= 0) || rule->slot != slot) return true;
    return add(listing, rule, layer, expert);
}

static bool add_layer(struct listing *listing, int64_t layer) {
    bool moe = listing->spec->decoder.layers[layer].ffn == FFN_MOE;
    for (enum slot slot = SLOT_ATTENTION_NORM; slot < SLOT_COUNT; slot++)
        if (!add_slot(listing, layer, slot, -1)) return false;
    for (int64_t e = 0; moe && e < listing->spec->router.experts; e++)
        for (enum slot slot = SLOT_EXPERT_GATE; slot < SLOT_COUNT; slot++)
            if (!add_slot(listing, layer, slot, e)) return false;
    return true;
}

static bool add_all(struct listing *listing) {
    listing->count = 0;
    if (!add_slot(listing, -1, SLOT_EMBED, -1)) return false;
    for (int64_t layer = 0; layer < listing->spec->decoder.layer_count; layer++) {
        if (!add_layer(listing, layer)) return false;
        if (listing->count > SAFETENSORS_TENSORS_MAX)
            return sy_fail(listing->err, SY_ERR_LIMIT, "more than %lld tensors",
                           (long long)SAFETENSORS_TENSORS_MAX);
    }
    for (enum slot slot = SLOT_FINAL_NORM; slot < SLOT_ATTENTION_NORM; slot++)
        if (!add_slot(listing, -1, slot, -1)) return false;
    return true;
}

static bool plan_all(struct listing *listing, struct planned_tensor **out, int64_t *count) {
    if (!add_all(listing)) return false;
    listing->list = arena_new(listing->arena, struct planned_tensor, listing->count, listing->err);
    if (!listing->list || !add_all(listing)) return false;
    *out = listing->list;
    *count = listing->count;
    return true;
}

bool plan_tensors(const struct family *family, const struct spec *spec, struct arena *arena,
                  struct planned_tensor **out, int64_t *count, struct sy_error *err) {
    struct listing listing = { .family = family, .spec = spec, .arena = arena, .err = err };
    if (family_is_described_only(family)) return family_refuse(family, err);
    return plan_all(&listing, out, count);
}

bool plan_tensors_mxfp4(const struct family *family, const struct spec *spec, struct arena *arena,
                        struct planned_tensor **out, int64_t *count, struct sy_error *err) {
    struct listing listing = { .family = family, .spec = spec, .arena = arena, .mxfp4 = true, .err = err };
    return plan_all(&listing, out, count);
}

/* ---- by name ---- */

static const struct tensor_rule *rule_of(const struct family *family, const char *name, int64_t *layer,
                                         int64_t *expert, bool *scales) {
    struct rule_walk walk = rules_of(family);
    while (rule_next(&walk)) {
        *scales = walk.rule->scales && pattern_match(walk.rule->scales, name, layer, expert);
        if (*scales || pattern_match(walk.rule->pattern, name, layer, expert)) return walk.rule;
    }
    return NULL;
}

static bool plan_name(const struct family *family, const struct spec *spec, const char *name,
                      struct planned_tensor *p, struct sy_error *err) {
    const struct tensor_rule *rule = rule_of(family, name, &p->layer, &p->expert, &p->scales);
    for (const char *const *prefix = family->prefixes; !rule && prefix && *prefix; prefix++)
        if (strncmp(name, *prefix, strlen(*prefix)) == 0)
            rule = rule_of(family, name + strlen(*prefix), &p->layer, &p->expert, &p->scales);
    int64_t rows, cols;
    if (!rule || !slot_shape(spec, p->layer, rule->slot, &rows, &cols) || p->expert >= spec->router.experts) {
        sy_fail(err, SY_ERR_SHAPE, "a %s model of these sizes has no such tensor", family->name);
        return sy_error_at(err, "%s", name);
    }
    p->name = name;
    describe(spec, rule, p->layer, p->expert, p);
    if (p->scales) p->rank--;
    return true;
}

bool plan_named(const struct family *family, const struct spec *spec, const char *const *names, int64_t count,
                struct arena *arena, struct planned_tensor **out, struct sy_error *err) {
    *out = arena_new(arena, struct planned_tensor, count, err);
    for (int64_t i = 0; i < count && *out; i++)
        if (!plan_name(family, spec, names[i], &(*out)[i], err)) return false;
    return *out != NULL;
}
