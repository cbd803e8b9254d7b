/*
 * Making a plan: each part from its own file, in the order in which they need each other.
 */
#include "plan/plan.h"

static bool plan_step(struct plan *p, struct sy_error *err) {
    const struct memory_input *m = &p->input.memory;
    if (!traffic_sum(&m->traffic, &p->sums, err)) return false;
    p->traffic = traffic_of(&p->sums, (double)m->batch, 1);
    p->roofline = roofline_of(&p->traffic, &p->input.rates);
    p->turn = roofline_turn(&p->sums, &p->input.rates);
    p->prompt_flops = traffic_prompt_flops(&p->sums);
    p->prompt_tokens = roofline_prompt(&p->sums, &p->input.rates);
    for (int i = 0; i < PLAN_BATCHES; i++) {
        p->batches[i] = (int64_t)1 << i;
        p->traffic_at[i] = traffic_of(&p->sums, (double)p->batches[i], 1);
        p->roofline_at[i] = roofline_of(&p->traffic_at[i], &p->input.rates);
    }
    p->speculation = plan_speculation(&p->sums, (double)m->batch, &p->input.rates);
    return true;
}

double plan_training_rate(const struct plan *p) {
    return p->input.training.flops > 0 ? p->input.training.flops : p->input.rates.flops;
}

/* The best layout of each batch. */
static bool plan_over_ranks(struct plan *p, struct sy_error *err) {
    struct memory_input trial = p->input.memory;
    for (int i = 0; i < PLAN_BATCHES; i++) {
        trial.batch = p->batches[i];
        if (!plan_predict(&trial, &p->input.rates, &p->input.cluster, &p->predicted_at[i], err)) return false;
    }
    return true;
}

bool plan_make(const struct plan_input *input, struct plan *out, struct sy_error *err) {
    struct plan *p = out;
    *p = (struct plan){ .input = *input };
    if (!plan_parameters(input->memory.traffic.weights.spec, &p->parameters, err) ||
        !plan_memory(&input->memory, &p->memory, err) || !plan_step(p, err))
        return false;
    if (input->cluster.ranks > 0 &&
        !plan_cluster(&input->memory, &input->rates, &input->cluster, &p->cluster, err))
        return false;
    if (input->training.wanted &&
        !plan_training(&input->memory.traffic, &input->training,
                       input->training.flops > 0 ? input->training.flops : input->rates.flops, &p->training,
                       err))
        return false;
    if (input->cluster.ranks > 1 && !plan_over_ranks(p, err)) return false;
    if (input->price.an_hour > 0 &&
        !plan_price(&input->memory, &input->rates, &input->cluster, &input->price, &p->price, err))
        return false;
    p->verdict = plan_verdict(&input->memory, &p->memory, &input->rates, &input->cluster, &p->roofline,
                              p->parameters.count.total, p->parameters.count.active);
    return true;
}
