/*
 * The price of tokens.
 *
 *   a million tokens = price an hour / 3600 / tokens a second * 10^6
 *
 * at the rate that predict.c gives: output for one sequence alone and for a batch, input at the rate of
 * prompts. The machine is taken to be busy all the time, and to reach its rates; who pays for idle hours, or
 * reaches half, pays in proportion more.
 *
 * Beside it dense models of the same layers (parameters.c): of equal active size, which costs about as much
 * to run and is weaker, and of equal total size, which is what the experts spare. Their weights take as many
 * bits.
 */
#include "plan/price.h"

#include "plan/parameters.h"

#include <math.h>

bool price_twin_recipe(const struct weights *weights, struct recipe *out, struct sy_error *err) {
    int64_t stored, bytes;
    const struct recipe *best = weights->recipe;
    if (!weights_bytes(weights, &stored, err)) return false;
    double least = INFINITY;
    for (const struct recipe *r = recipes; !weights->recipe && r->name; r++) {
        if (!recipe_bytes(r, weights->spec, &bytes, NULL) || fabs((double)(bytes - stored)) >= least)
            continue;
        least = fabs((double)(bytes - stored));
        best = r;
    }
    if (!best) return sy_fail(err, SY_ERR_LIMIT, "the weights pass 2^63 bytes in every type");
    *out = *best;
    out->ffn_as_experts = true;
    return true;
}

double price_million(double an_hour, double tokens) {
    return an_hour / 3600 / tokens * 1e6;
}

static bool price_one(const struct memory_input *input, const struct rates *rates,
                      const struct cluster_request *cluster, const struct price_request *request,
                      struct model_price *out, struct sy_error *err) {
    struct memory_input trial = *input;
    struct prediction one, many;
    struct param_count count;
    trial.batch = 1;
    if (!spec_count(input->traffic.weights.spec, &count, err) ||
        !plan_predict(&trial, rates, cluster, &one, err))
        return false;
    trial.batch = request->batch;
    if (!plan_predict(&trial, rates, cluster, &many, err)) return false;
    *out = (struct model_price){ .parameters = count.total,
                                 .input = price_million(request->an_hour, one.prompt_tokens),
                                 .output_one = price_million(request->an_hour, one.tokens),
                                 .output_batch = price_million(request->an_hour, many.tokens),
                                 .prompt_tokens = one.prompt_tokens,
                                 .tokens_one = one.tokens,
                                 .tokens_batch = many.tokens,
                                 .fits_one = one.fits,
                                 .fits_batch = many.fits };
    return true;
}

bool plan_price(const struct memory_input *input, const struct rates *rates,
                const struct cluster_request *cluster, const struct price_request *request,
                struct plan_price *out, struct sy_error *err) {
    struct arena arena;
    struct spec twin;
    struct recipe recipe;
    struct memory_input dense = *input;
    *out = (struct plan_price){ .an_hour = request->an_hour,
                                .batch = request->batch,
                                .twins = input->traffic.weights.spec->router.experts > 0 };
    if (!price_one(input, rates, cluster, request, &out->models[PRICE_ITSELF], err)) return false;
    if (!out->twins) return true;
    if (!price_twin_recipe(&input->traffic.weights, &recipe, err)) return false;
    dense.traffic.trace = NULL;
    dense.traffic.weights = (struct weights){ .spec = &twin, .recipe = &recipe };
    arena_open(&arena);
    bool ok = true;
    for (enum price_model m = PRICE_DENSE_ACTIVE; ok && m < PRICE_MODELS; m++)
        ok = dense_twin(input->traffic.weights.spec, m == PRICE_DENSE_TOTAL, &arena, &twin, err) &&
             price_one(&dense, rates, cluster, request, &out->models[m], err);
    arena_close(&arena);
    return ok;
}
