#include "commands/synth/plan.h"

#include "base/checked.h"
#include "base/random.h"

#include <math.h>
#include <string.h>

struct planning {
    const struct family *family;
    const struct spec *spec;
    const struct synth_options *options;
    struct arena *arena;
    struct synth_plan *plan;
};

/* ---- how weights are drawn ---- */

static bool is_norm(enum slot slot) {
    switch (slot) {
    case SLOT_FINAL_NORM:
    case SLOT_ATTENTION_NORM:
    case SLOT_Q_NORM:
    case SLOT_K_NORM:
    case SLOT_Q_A_NORM:
    case SLOT_KV_A_NORM:
    case SLOT_FFN_NORM:
    case SLOT_ENCODER_NORM:
    case SLOT_ATTENTION_OUT_NORM:
    case SLOT_FFN_OUT_NORM:
    case SLOT_CROSS_NORM:
    case SLOT_MOE_NORM: return true;
    default: return false;
    }
}

static void draw(const struct spec *spec, const struct planned_tensor *planned, struct synth_tensor *tensor) {
    int64_t rows = 1, cols = 1;
    slot_shape(spec, planned->layer, planned->slot, &rows, &cols);
    tensor->mean = 0;
    if (is_norm(planned->slot)) {
        tensor->mean = 1;
        tensor->std = 0.05;
    } else if (planned->slot == SLOT_EMBED) {
        tensor->std = spec->tied ? pow((double)cols, -0.25) : 1; /* tied: it is the head too */
    } else if (planned->slot == SLOT_ROUTER) {
        tensor->std = 2 / sqrt((double)cols); /* choices that are not all alike */
    } else if (planned->slot == SLOT_SINKS) {
        tensor->std = 1;
    } else if (slot_is_vector(planned->slot) && planned->slot != SLOT_SHARED_SCALE) {
        tensor->std = 0.02; /* biases */
    } else {
        tensor->std = 1 / sqrt((double)cols);
    }
}

/* ---- types ---- */

/* A linear layer that quantised checkpoints store in float8. */
static bool is_linear(const struct planned_tensor *planned) {
    switch (planned->slot) {
    case SLOT_EMBED:
    case SLOT_HEAD:
    case SLOT_ROUTER:
    case SLOT_SHARED_SCALE: return false;
    default: return planned->rank == 2 && !slot_is_vector(planned->slot);
    }
}

static bool add(struct planning *p, struct synth_tensor tensor, struct sy_error *err) {
    struct tensor sized = { .rank = tensor.rank };
    memcpy(sized.shape, tensor.shape, sizeof sized.shape);
    if (!tensor_elements(&sized, &tensor.elements) ||
        !dtype_bytes(tensor.dtype, tensor.elements, &tensor.bytes) ||
        !size_add(p->plan->bytes, tensor.bytes, &p->plan->bytes))
        return sy_fail(err, SY_ERR_LIMIT, "the checkpoint would pass 2^63 bytes"),
               sy_error_at(err, "%s", tensor.name);
    p->plan->tensors[p->plan->count++] = tensor;
    return true;
}

/* The plane of scales that follows a float8 matrix. */
static bool add_scales(struct planning *p, const struct synth_tensor *weight, struct sy_error *err) {
    struct synth_tensor scales = *weight;
    scales.fill = SYNTH_F8_SCALES;
    scales.dtype = DTYPE_F32;
    scales.shape[0] = ceil_div(weight->shape[0], weight->scale_rows);
    scales.shape[1] = ceil_div(weight->shape[1], weight->scale_cols);
    scales.name = arena_format(p->arena, err, "%s_scale_inv", weight->name);
    return scales.name && add(p, scales, err);
}

/* Fused experts [E, inputs, outputs] become blocks [E, outputs, inputs / 32, 16] and scales [E, outputs,
 * inputs / 32]. */
static bool add_mx(struct planning *p, struct synth_tensor tensor, struct sy_error *err) {
    const char *name = tensor.name;
    int64_t inputs = tensor.shape[1], outputs = tensor.shape[2];
    if (inputs % 32 != 0) {
        sy_fail(err, SY_ERR_SHAPE, "MXFP4 needs widths that are multiples of 32, and this one is %lld",
                (long long)inputs);
        return sy_error_at(err, "%s", name);
    }
    tensor.dtype = DTYPE_U8;
    tensor.shape[1] = outputs;
    tensor.shape[2] = inputs / 32;
    tensor.shape[3] = 16;
    tensor.rank = 4;
    tensor.fill = SYNTH_MX_BLOCKS;
    tensor.name = arena_format(p->arena, err, "%s_blocks", name);
    if (!tensor.name || !add(p, tensor, err)) return false;
    tensor.rank = 3;
    tensor.fill = SYNTH_MX_SCALES;
    tensor.name = arena_format(p->arena, err, "%s_scales", name);
    return tensor.name && add(p, tensor, err);
}

/* A module's name for the config: its tensor's without ".weight". */
static bool keep_plain(struct planning *p, const struct planned_tensor *planned, struct sy_error *err) {
    size_t length = strlen(planned->name), ending = strlen(".weight");
    if (planned->rank != 2 || planned->slot == SLOT_EMBED || length <= ending) return true;
    if (strcmp(planned->name + length - ending, ".weight") != 0) return true;
    char *module = arena_string(p->arena, planned->name, length - ending, err);
    if (module) p->plan->plain[p->plan->plain_count++] = module;
    return module != NULL;
}

static bool add_planned(struct planning *p, const struct planned_tensor *planned, struct sy_error *err) {
    const struct synth_options *o = p->options;
    struct synth_tensor tensor = {
        .name = planned->name,
        .rank = planned->rank,
        .dtype = o->dtype == DTYPE_F8_E4M3 ? DTYPE_BF16 : o->dtype,
        .key = random_hash(planned->name, strlen(planned->name), o->seed),
        .cols = planned->rank > 0 ? planned->shape[planned->rank - 1] : 1,
        .scale_rows = p->plan->scale_rows,
        .scale_cols = p->plan->scale_cols,
    };
    memcpy(tensor.shape, planned->shape, sizeof tensor.shape);
    draw(p->spec, planned, &tensor);
    if (planned->slot == SLOT_SELECTION_BIAS) tensor.dtype = DTYPE_F32; /* as published */
    bool transposed = planned->layout == LAYOUT_TRANSPOSED || planned->layout == LAYOUT_ALTERNATE_TRANSPOSED;
    if (o->mxfp4 && slot_is_expert(planned->slot) && planned->rank == 3 && transposed)
        return add_mx(p, tensor, err);
    if (o->dtype != DTYPE_F8_E4M3) return add(p, tensor, err);
    if (!is_linear(planned)) return keep_plain(p, planned, err) && add(p, tensor, err);
    tensor.fill = SYNTH_F8;
    tensor.dtype = DTYPE_F8_E4M3;
    return add(p, tensor, err) && add_scales(p, &tensor, err);
}

static bool has_mxfp4(const struct family *family) {
    struct rule_walk walk = rules_of(family);
    while (rule_next(&walk))
        if (walk.rule->layout == LAYOUT_MX_BLOCKS) return true;
    return false;
}

bool synth_plan(const struct family *family, const struct spec *spec, const struct synth_options *options,
                struct arena *arena, struct synth_plan *plan, struct sy_error *err) {
    struct planned_tensor *planned;
    int64_t count, room;
    struct planning p = { family, spec, options, arena, plan };
    *plan = (struct synth_plan){ .scale_rows = spec->scale_block_rows, .scale_cols = spec->scale_block_cols };
    if (options->mxfp4 && !has_mxfp4(family))
        return sy_fail(err, SY_ERR_INPUT, "the family %s has no MXFP4 form", family->name);
    if (!plan_tensors(family, spec, arena, &planned, &count, err)) return false;
    if (!size_mul(count, 2, &room)) return sy_fail(err, SY_ERR_LIMIT, "too many tensors");
    plan->tensors = arena_new(arena, struct synth_tensor, room, err);
    plan->plain = arena_new(arena, const char *, count, err);
    if (!plan->tensors || !plan->plain) return false;
    for (int64_t i = 0; i < count; i++)
        if (!add_planned(&p, &planned[i], err)) return false;
    return true;
}
