/*
 * The rules walked backwards: which tensors a checkpoint of this spec holds, in the family's published names.
 * The first rule that names a slot is the published one; a pair is written once, where its first half stands.
 */
#include "model/claims.h"
#include "model/pattern.h"
#include <string.h>

struct plan {
    const struct family *family;
    const struct spec *spec;
    struct arena *arena;
    struct planned_tensor *list; /* NULL while they are only counted */
    int64_t count;
    struct sy_error *err;
};

static const struct tensor_rule *published(const struct family *family, enum slot slot) {
    const struct tensor_rule *rule = family->rules;
    while (rule->pattern && rule->slot != slot && !(layout_is_pair(rule->layout) && rule->second == slot))
        rule++;
    return rule->pattern ? rule : NULL;
}

static bool is_each(const struct tensor_rule *rule) {
    return strstr(rule->pattern, "{E}") != NULL;
}

static bool add(struct plan *plan, const struct tensor_rule *rule, int64_t layer, enum slot slot,
                int64_t expert) {
    char name[512];
    struct planned_tensor *p = plan->list ? &plan->list[plan->count] : NULL;
    plan->count++;
    if (!p) return true;
    bool pair = layout_is_pair(rule->layout), fused = slot_is_expert(slot) && expert < 0;
    if (!pattern_write(rule->pattern, layer, expert, "", name, sizeof name))
        return sy_fail(plan->err, SY_ERR_INTERNAL, "the name of %s is too long", slot_name(slot));
    p->name = arena_string(plan->arena, name, strlen(name), plan->err);
    p->slot = slot;
    p->second = pair ? rule->second : SLOT_COUNT;
    p->layout = rule->layout;
    p->layer = layer;
    p->expert = expert;
    p->rank = layout_shape(plan->spec, layer, slot, rule->layout, fused, p->shape);
    if (slot == SLOT_SHARED_SCALE && p->rank == 1) { /* published as a linear layer of one output */
        p->shape[1] = p->shape[0];
        p->shape[0] = 1;
        p->rank = 2;
    }
    return p->name != NULL;
}

/* The tensors of one slot: for `expert` >= 0 only if the family writes one an expert, for -1 only if not. */
static bool add_slot(struct plan *plan, int64_t layer, enum slot slot, int64_t expert) {
    int64_t rows, cols;
    if (!slot_shape(plan->spec, layer, slot, &rows, &cols)) return true;
    if (slot == SLOT_HEAD && plan->spec->tied) return true;
    const struct tensor_rule *rule = published(plan->family, slot);
    if (!rule) {
        sy_fail(plan->err, SY_ERR_SHAPE, "%s models have no tensor for it", plan->family->name);
        return sy_error_at(plan->err, "%s", slot_name(slot));
    }
    if (is_each(rule) != (expert >= 0) || rule->slot != slot) return true;
    return add(plan, rule, layer, slot, expert);
}

static bool add_layer(struct plan *plan, int64_t layer) {
    bool moe = plan->spec->decoder.layers[layer].ffn == FFN_MOE;
    for (enum slot slot = SLOT_ATTENTION_NORM; slot < SLOT_COUNT; slot++)
        if (!add_slot(plan, layer, slot, -1)) return false;
    for (int64_t e = 0; moe && e < plan->spec->router.experts; e++)
        for (enum slot slot = SLOT_EXPERT_GATE; slot < SLOT_COUNT; slot++)
            if (!add_slot(plan, layer, slot, e)) return false;
    return true;
}

static bool add_all(struct plan *plan) {
    plan->count = 0;
    if (!add_slot(plan, -1, SLOT_EMBED, -1)) return false;
    for (int64_t layer = 0; layer < plan->spec->decoder.layer_count; layer++) {
        if (!add_layer(plan, layer)) return false;
        if (plan->count > SAFETENSORS_TENSORS_MAX)
            return sy_fail(plan->err, SY_ERR_LIMIT, "more than %lld tensors",
                           (long long)SAFETENSORS_TENSORS_MAX);
    }
    for (enum slot slot = SLOT_FINAL_NORM; slot < SLOT_ATTENTION_NORM; slot++)
        if (!add_slot(plan, -1, slot, -1)) return false;
    return true;
}

bool plan_tensors(const struct family *family, const struct spec *spec, struct arena *arena,
                  struct planned_tensor **out, int64_t *count, struct sy_error *err) {
    struct plan plan = { .family = family, .spec = spec, .arena = arena, .err = err };
    if (!add_all(&plan)) return false;
    plan.list = arena_new(arena, struct planned_tensor, plan.count, err);
    if (!plan.list || !add_all(&plan)) return false;
    *out = plan.list;
    *count = plan.count;
    return true;
}
