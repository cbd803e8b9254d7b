/*
 * Training with Adam.
 *
 *   weights     f32: 4 bytes; bf16: a working copy of 2 beside the f32 master, 6; fp8: 1 + 4
 *   gradients   f32, 4 (mixed precision as Micikevicius et al. 2018, arXiv:1710.03740)
 *   moments     two, of the type asked for
 *   activations what each layer's backward reads: rows before and after norms, q, k, v, attention's output,
 *               the FFN's two or three inner rows, and for experts K times those with the gathered row and
 *               the output; the router's scores and the logits in f32. Scores of attention are computed again
 *               (Dao et al. 2022, arXiv:2205.14135). With recompute only each layer's input, and one layer's
 *               rest (Chen et al. 2016, arXiv:1604.06174).
 *               Those of `micro` sequences at a time; the gradients of a step add up.
 *   FLOPs       3 * forward (backward multiplies twice); a quarter more with recompute
 *   hours       tokens * FLOPs / rate: at the full rate given, so give what is reached, not the peak
 *   loss        scaling_law.c, with N active parameters and E / K experts; the dense twin with one
 */
#include "plan/training.h"

#include "plan/scaling_law.h"

#include <math.h>

/* ---- activations ---- */

static double attention_elements(const struct spec *spec, const struct layer_spec *layer) {
    const struct attention_spec *a = &spec->attention;
    double heads = (double)a->heads, width = (double)spec->width;
    double out = heads * (double)a->value_width, one;
    if (a->kind == ATTENTION_LATENT)
        one = (double)(a->q_lora_rank + a->kv_lora_rank + a->head_width - a->nope_width) +
              heads * (double)(a->head_width + a->nope_width + a->value_width);
    else
        one = (double)(a->heads + a->kv_heads) * (double)a->head_width +
              (double)a->kv_heads * (double)a->value_width;
    return 2 * width + (one + out) * (layer->cross_attention ? 2 : 1) +
           (layer->cross_attention ? 2 * width : 0);
}

static double ffn_elements(const struct spec *spec, const struct layer_spec *layer, int bytes) {
    double inner = spec->gated ? 3 : 2, width = (double)spec->width, sum = 2 * width;
    sum += inner * (double)layer->dense_width;
    if (layer->ffn != FFN_MOE) return sum;
    double chosen = (double)spec->router.top_k;
    sum += chosen * (2 * width + inner * (double)spec->expert_width) + inner * (double)spec->shared_width;
    return sum + 2.0 * (double)spec->router.experts * 4 / bytes; /* logits and scores, f32 */
}

double training_activation_bytes(const struct spec *spec, int bytes, bool recompute) {
    double all = 0, largest = 0, layers = (double)spec_layer_count(spec);
    for (int64_t l = 0; l < spec_layer_count(spec); l++) {
        const struct layer_spec *layer = spec_layer(spec, l);
        double one = attention_elements(spec, layer) + ffn_elements(spec, layer, bytes);
        all += one;
        largest = fmax(largest, one);
    }
    double kept = recompute ? layers * (double)spec->width + largest : all;
    return kept * bytes + 2 * (double)spec->width * bytes + (double)spec->vocab * 4;
}

/* ---- one model ---- */

static double moment_bytes(enum dtype dtype) {
    return 2 * (double)dtype_bits(dtype) / 8;
}

static bool price(const struct traffic_input *in, const struct training_request *r, double rate,
                  struct training *out, struct sy_error *err) {
    static const double weight_bytes[] = { [TRAIN_F32] = 4, [TRAIN_BF16] = 2 + 4, [TRAIN_FP8] = 1 + 4 };
    const struct spec *spec = in->weights.spec;
    struct param_count count;
    struct traffic_sums sums;
    if (!spec_count(spec, &count, err) || !traffic_sum(in, &sums, err)) return false;
    double n = (double)count.total;
    struct training t = { .parameters = count.total, .active = count.active };
    t.weights = n * weight_bytes[r->precision];
    t.gradients = n * 4;
    t.moments = n * moment_bytes(r->moments);
    t.step_tokens = (double)r->batch * (double)in->context;
    double together = (double)r->micro * (double)in->context;
    t.activations =
        together * training_activation_bytes(spec, r->precision == TRAIN_F32 ? 4 : 2, r->recompute);
    t.memory = t.weights + t.gradients + t.moments + t.activations;
    t.flops_token = traffic_train_flops(&sums) * (r->recompute ? 4.0 / 3 : 1);
    t.flops_step = t.flops_token * t.step_tokens;
    t.steps = ceil(r->tokens / t.step_tokens);
    t.hours = t.flops_token * r->tokens / rate / 3600;
    double expansion =
        spec->router.experts > 0 ? (double)spec->router.experts / (double)spec->router.top_k : 1;
    t.loss = scaling_law_loss((double)count.active, expansion, r->tokens);
    t.law_holds = scaling_law_holds((double)count.active, expansion) && spec->encoder.layer_count == 0;
    *out = t;
    return true;
}

bool plan_training(const struct traffic_input *input, const struct training_request *request,
                   double flop_rate, struct plan_training *out, struct sy_error *err) {
    struct arena arena;
    struct spec twin;
    struct traffic_input dense = *input, model = *input;
    const struct recipe *plain = recipe_find("bf16"); /* only FLOPs are read of it */
    model.weights.recipe = dense.weights.recipe = plain;
    dense.trace = NULL;
    arena_open(&arena);
    bool ok = dense_twin(input->weights.spec, false, &arena, &twin, err);
    dense.weights.spec = &twin;
    ok = ok && price(&model, request, flop_rate, &out->model, err) &&
         price(&dense, request, flop_rate, &out->dense, err);
    arena_close(&arena);
    return ok;
}
