/*
 * plan --json. Its keys are a contract: those of the first level are total_params, active_params,
 * active_params_no_embed, params_by_part, weights_bytes, kv_bytes_per_token, flops_per_token,
 * bytes_per_token, memory, fits, speculation, ranks, train, machine, price, verdict; what else stands there
 * explains them.
 */
#include "commands/plan/report.h"
#include "plan/scaling_law.h"

#include <math.h>

/* Counts below 2^53 as whole numbers. */
static void emit_amount(struct emit *e, const char *key, double amount) {
    if (amount < 9e15 && fabs(amount - round(amount)) < 1e-6)
        emit_int(e, key, llround(amount));
    else
        emit_real(e, key, amount);
}

static void emit_head(struct emit *e, const struct plan_facts *f) {
    const struct memory_input *in = &f->plan->input.memory;
    struct published published;
    static const char *const from[] = { "asked", "stored", "published", "assumed" };
    emit_string(e, "model", f->source->name);
    emit_string(e, "family", f->source->family->name);
    emit_string(e, "dtype", weights_name(&in->traffic.weights));
    emit_string(e, "dtype_from", from[f->types]);
    emit_string(e, "kv", dtype_name(in->traffic.kv));
    emit_int(e, "ctx", in->traffic.context);
    emit_int(e, "batch", in->batch);
    if (f->source->preset && preset_published(f->source->preset, &published)) {
        emit_object(e, "published");
        emit_int(e, "total_params", published.total);
        if (published.active > 0)
            emit_int(e, "active_params", published.active);
        else
            emit_string(e, "active_params", NULL);
        emit_string(e, "why", published.why);
        emit_end(e);
    } else {
        emit_string(e, "published", NULL);
    }
}

static void emit_parameters(struct emit *e, const struct plan_parameters *p) {
    emit_int(e, "total_params", p->count.total);
    emit_int(e, "active_params", p->count.active);
    emit_int(e, "active_params_no_embed", p->count.active_no_embed);
    emit_object(e, "params_by_part");
    for (enum part part = 0; part < PART_COUNT; part++)
        emit_int(e, part_name(part), part == PART_MTP ? p->mtp : p->count.part[part]);
    emit_end(e);
    emit_object(e, "active_by_part");
    for (enum part part = 0; part < PART_COUNT; part++) emit_int(e, part_name(part), p->active_part[part]);
    emit_end(e);
    emit_real(e, "active_share", (double)p->count.active / (double)p->count.total);
    emit_int(e, "moe_layers", p->moe_layers);
    emit_int(e, "params_per_expert", p->expert);
    emit_object(e, "dense_twin");
    emit_int(e, "equal_active_params", p->dense_active);
    emit_int(e, "equal_total_params", p->dense_total);
    emit_end(e);
}

static void emit_cache(struct emit *e, const struct plan_memory *m) {
    if (!m->said || m->fits || !m->cache.possible) {
        emit_string(e, "expert_cache", NULL);
        return;
    }
    emit_object(e, "expert_cache");
    emit_int(e, "experts", m->cache.experts);
    emit_int(e, "of", m->cache.all);
    emit_int(e, "expert_bytes", m->cache.expert_bytes);
    emit_real(e, "hit_rate", m->cache.hit);
    emit_amount(e, "fetch_bytes_per_token", round(m->cache.fetch_bytes));
    emit_end(e);
}

static void emit_memory(struct emit *e, const struct plan_facts *f) {
    const struct plan_memory *m = &f->plan->memory;
    emit_object(e, "weights_bytes");
    for (const struct recipe *r = recipes; r->name; r++) {
        int64_t bytes;
        if (recipe_bytes(r, f->source->spec, &bytes, NULL)) emit_int(e, r->name, bytes);
    }
    if (f->source->stored) emit_int(e, "stored", m->weights);
    emit_end(e);
    emit_int(e, "kv_bytes_per_token", m->kv_per_token);
    emit_amount(e, "kv_bytes", m->kv_kept);
    emit_amount(e, "flops_per_token", f->plan->traffic.flops);
    emit_amount(e, "prompt_flops_per_token", f->plan->prompt_flops);
    emit_amount(e, "bytes_per_token", f->plan->traffic.bytes);
    emit_real(e, "flops_per_byte", f->plan->roofline.intensity);
    emit_object(e, "memory");
    emit_int(e, "weights", m->weights);
    emit_int(e, "kv", m->kv);
    emit_int(e, "activations", m->activations);
    emit_int(e, "peak", m->peak);
    emit_int(e, "vectors", m->vectors);
    emit_int(e, "tables", m->tables);
    emit_int(e, "program", m->program);
    emit_end(e);
    if (m->said)
        emit_bool(e, "fits", m->fits);
    else
        emit_string(e, "fits", NULL);
    emit_cache(e, m);
    if (!f->plan->input.memory.traffic.trace) return;
    emit_list(e, "lru_hit_rates");
    for (int i = 0; i < LRU_POINTS; i++) emit_real(e, NULL, m->lru[i]);
    emit_end(e);
}

static void emit_roofline(struct emit *e, const struct plan *p) {
    static const char *const sources[] = { "assumed", "given", "measured", "machine" };
    emit_object(e, "roofline");
    emit_real(e, "read_bytes_per_s", p->input.rates.read);
    emit_string(e, "read_source", sources[p->input.rates.read_source]);
    emit_real(e, "flops_per_s", p->input.rates.flops);
    emit_string(e, "flops_source", sources[p->input.rates.flops_source]);
    emit_string(e, "flops_type", p->input.rates.flops_type);
    emit_real(e, "tok_per_s", p->roofline.tokens);
    emit_string(e, "binds", p->roofline.compute_binds ? "compute" : "memory");
    if (p->turn > 0)
        emit_int(e, "compute_binds_from_batch", p->turn);
    else
        emit_string(e, "compute_binds_from_batch", NULL);
    emit_real(e, "prompt_tok_per_s", p->prompt_tokens);
    emit_list(e, "batches");
    for (int i = 0; i < PLAN_BATCHES; i++) {
        emit_object(e, NULL);
        emit_int(e, "batch", p->batches[i]);
        emit_real(e, "experts_per_layer", p->traffic_at[i].experts);
        emit_real(e, "bytes_per_token", p->traffic_at[i].bytes);
        emit_real(e, "flops_per_byte", p->roofline_at[i].intensity);
        emit_real(e, "tok_per_s", p->roofline_at[i].tokens);
        emit_string(e, "binds", p->roofline_at[i].compute_binds ? "compute" : "memory");
        if (p->input.cluster.ranks > 1) emit_real(e, "ranks_tok_per_s", p->predicted_at[i].tokens);
        emit_end(e);
    }
    emit_end(e);
    emit_end(e);
}

static void emit_imbalance(struct emit *e, const struct plan_cluster *c) {
    emit_object(e, "imbalance");
    for (int i = 0; i < c->load_count; i++) {
        emit_object(e, load_name((enum load)i));
        emit_real(e, "expected", c->imbalance[i].expected);
        emit_real(e, "worst", c->imbalance[i].worst);
        emit_real(e, "expected_with_replicas", c->imbalance[i].replicated_expected);
        emit_real(e, "worst_with_replicas", c->imbalance[i].replicated_worst);
        emit_end(e);
    }
    emit_end(e);
}

static void emit_layout(struct emit *e, const struct rank_layout *l) {
    emit_object(e, NULL);
    emit_int(e, "tensor", l->tensor);
    emit_int(e, "expert", l->expert);
    emit_int(e, "data", l->data);
    emit_string(e, "refused", l->refused);
    if (!l->refused) {
        emit_amount(e, "memory_bytes_per_rank", round(l->memory));
        emit_bool(e, "fits", l->fits);
        emit_real(e, "tok_per_s", l->tokens);
        emit_real(e, "read_s", l->reading);
        emit_real(e, "compute_s", l->computing);
        emit_real(e, "all_reduce_s", l->reducing);
        emit_real(e, "all_to_all_s", l->exchanging);
    }
    emit_end(e);
}

static void emit_ranks(struct emit *e, const struct plan *p) {
    const struct plan_cluster *c = &p->cluster;
    if (p->input.cluster.ranks == 0) {
        emit_string(e, "ranks", NULL);
        return;
    }
    emit_object(e, "ranks");
    emit_int(e, "ranks", c->ranks);
    emit_int(e, "replicas", c->replicas);
    emit_real(e, "link_bytes_per_s", p->input.cluster.link);
    emit_real(e, "latency_s", p->input.cluster.latency);
    emit_int(e, "experts_per_rank", c->experts_a_rank);
    emit_amount(e, "memory_bytes_per_rank", round(c->memory_a_rank));
    emit_real(e, "dispatch_bytes_per_token_layer", c->dispatch);
    emit_real(e, "combine_bytes_per_token_layer", c->combine);
    emit_real(e, "all_to_all_s_per_layer", c->exchange_seconds);
    emit_imbalance(e, c);
    emit_list(e, "layouts");
    for (int i = 0; i < c->layout_count; i++) emit_layout(e, &c->layouts[i]);
    emit_end(e);
    emit_end(e);
}

static void emit_training(struct emit *e, const char *key, const struct training *t) {
    if (key) emit_object(e, key);
    emit_int(e, "params", t->parameters);
    emit_int(e, "active_params", t->active);
    emit_object(e, "memory");
    emit_amount(e, "weights", t->weights);
    emit_amount(e, "gradients", t->gradients);
    emit_amount(e, "optimizer", t->moments);
    emit_amount(e, "activations", round(t->activations));
    emit_amount(e, "total", round(t->memory));
    emit_end(e);
    emit_amount(e, "flops_per_token", round(t->flops_token));
    emit_amount(e, "flops_per_step", round(t->flops_step));
    emit_amount(e, "tokens_per_step", t->step_tokens);
    emit_amount(e, "steps", t->steps);
    emit_real(e, "hours", t->hours);
    emit_real(e, "loss", t->loss);
    emit_bool(e, "loss_in_range", t->law_holds);
    if (key) emit_end(e);
}

static void emit_train(struct emit *e, const struct plan *p) {
    if (!p->input.training.wanted) {
        emit_string(e, "train", NULL);
        return;
    }
    emit_object(e, "train");
    emit_amount(e, "tokens", p->input.training.tokens);
    emit_training(e, NULL, &p->training.model);
    emit_training(e, "dense_twin", &p->training.dense);
    emit_string(e, "loss_law", scaling_law_name);
    emit_string(e, "loss_law_range", scaling_law_range);
    emit_end(e);
}

static void emit_model_price(struct emit *e, const char *key, const struct model_price *m) {
    emit_object(e, key);
    emit_int(e, "params", m->parameters);
    emit_real(e, "input", m->input);
    emit_real(e, "output", m->output_one);
    emit_real(e, "output_batch", m->output_batch);
    emit_real(e, "prompt_tok_per_s", m->prompt_tokens);
    emit_real(e, "tok_per_s", m->tokens_one);
    emit_real(e, "tok_per_s_batch", m->tokens_batch);
    emit_bool(e, "fits", m->fits_one);
    emit_bool(e, "fits_batch", m->fits_batch);
    emit_end(e);
}

/* Of a million tokens. */
static void emit_price(struct emit *e, const struct plan_price *p) {
    static const char *const keys[PRICE_MODELS] = { "model", "dense_equal_active", "dense_equal_total" };
    if (!(p->an_hour > 0)) {
        emit_string(e, "price", NULL);
        return;
    }
    emit_object(e, "price");
    emit_real(e, "an_hour", p->an_hour);
    emit_int(e, "batch", p->batch);
    for (enum price_model m = 0; m < PRICE_MODELS; m++)
        if (m == PRICE_ITSELF || p->twins) emit_model_price(e, keys[m], &p->models[m]);
    emit_end(e);
}

static void emit_machine(struct emit *e, const struct named_machine *machine) {
    if (!machine) {
        emit_string(e, "machine", NULL);
        return;
    }
    emit_object(e, "machine");
    plan_machine_json(machine, e);
    emit_end(e);
}

static void emit_body(struct emit *e, const struct plan_facts *f) {
    const struct plan *p = f->plan;
    struct text verdict = { 0 };
    emit_head(e, f);
    emit_parameters(e, &p->parameters);
    emit_memory(e, f);
    emit_roofline(e, p);
    emit_object(e, "speculation");
    emit_real(e, "resident", p->speculation.resident);
    emit_real(e, "streamed", p->speculation.streamed);
    emit_end(e);
    emit_ranks(e, p);
    emit_train(e, p);
    emit_machine(e, f->machine);
    emit_price(e, &p->price);
    plan_verdict_text(f, &verdict);
    emit_string(e, "verdict", verdict.data);
    text_free(&verdict);
}

void plan_report_json(const struct plan_facts *facts, const struct plan_facts *other, struct text *out) {
    struct emit e = { .text = out };
    emit_object(&e, NULL);
    emit_body(&e, facts);
    if (other) {
        emit_object(&e, "vs");
        emit_body(&e, other);
        emit_end(&e);
    }
    emit_end(&e);
}
