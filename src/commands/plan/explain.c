/*
 * The formula behind a figure, with this model's numbers in it. One row a key: the formula in words, and a
 * function that writes it out.
 */
#include "commands/plan/report.h"
#include "commands/plan/words.h"
#include "plan/scaling_law.h"
#include "report/number.h"

#include "base/options.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct saying {
    const struct plan *p;
    const struct spec *spec;
    struct text *out;
};

typedef void say_fn(const struct saying *s);

/* ---- parameters ---- */

static void say_total(const struct saying *s) {
    const char *plus = "  ";
    for (enum part part = 0; part < PART_COUNT; part++) {
        if (s->p->parameters.count.part[part] == 0) continue;
        text_add(s->out, "%s%lld %s", plus, (long long)s->p->parameters.count.part[part], part_name(part));
        plus = "\n+ ";
    }
    text_add(s->out, "\n= %lld\n", (long long)s->p->parameters.count.total);
}

static void say_active(const struct saying *s) {
    const struct plan_parameters *p = &s->p->parameters;
    text_add(s->out, "%lld - %lld MoE layers * (%lld - %lld) experts * %lld each\n= %lld\n",
             (long long)p->count.total, (long long)p->moe_layers, (long long)s->spec->router.experts,
             (long long)s->spec->router.top_k, (long long)p->expert, (long long)p->count.active);
}

static void say_no_embed(const struct saying *s) {
    const struct param_count *c = &s->p->parameters.count;
    if (s->spec->tied)
        text_add(s->out, "%lld: the table is the head, and stays\n", (long long)c->active);
    else
        text_add(s->out, "%lld - %lld ids * %lld wide\n= %lld\n", (long long)c->active,
                 (long long)s->spec->vocab, (long long)s->spec->width, (long long)c->active_no_embed);
}

static void say_parts(const struct saying *s) {
    say_total(s);
    text_add(s->out, "mtp %lld, not in the sum\n", (long long)s->p->parameters.mtp);
}

static void say_share(const struct saying *s) {
    const struct param_count *c = &s->p->parameters.count;
    text_add(s->out, "%lld / %lld\n= %.4f\n", (long long)c->active, (long long)c->total,
             (double)c->active / (double)c->total);
}

static void say_twin(const struct saying *s) {
    const struct plan_parameters *p = &s->p->parameters;
    text_add(s->out, "equal active: FFN %lld * %lld + %lld shared = %lld wide: %lld parameters\n",
             (long long)s->spec->router.top_k, (long long)s->spec->expert_width,
             (long long)s->spec->shared_width, (long long)p->active_width, (long long)p->dense_active);
    text_add(s->out, "equal total:  FFN %lld * %lld + %lld shared = %lld wide: %lld parameters\n",
             (long long)s->spec->router.experts, (long long)s->spec->expert_width,
             (long long)s->spec->shared_width, (long long)p->total_width, (long long)p->dense_total);
}

/* ---- memory ---- */

static void say_weights(const struct saying *s) {
    const struct weights *w = &s->p->input.memory.traffic.weights;
    for (enum part part = 0; part < PART_COUNT; part++) {
        double bytes = 0;
        for (int64_t l = -1; l < spec_layer_count(s->spec); l++)
            for (enum slot slot = 0; slot < SLOT_COUNT; slot++) {
                int64_t one;
                if (slot_part(slot) != part || !weights_slot_bytes(w, l, slot, &one)) continue;
                bytes += (double)one * (slot_is_expert(slot) ? (double)s->spec->router.experts : 1);
            }
        int64_t count = s->p->parameters.count.part[part];
        if (bytes > 0)
            text_add(s->out, "%-15s %15lld parameters * %6.3f bits / 8 = %.0f\n", part_name(part),
                     (long long)count, 8 * bytes / (double)count, bytes);
    }
    text_add(s->out, "= %lld bytes in %s\n", (long long)s->p->memory.weights, weights_name(w));
}

static void say_kv(const struct saying *s) {
    const struct attention_spec *a = &s->spec->attention;
    enum dtype dtype = s->p->input.memory.traffic.kv;
    if (a->kind == ATTENTION_LATENT)
        text_add(s->out, "%lld layers * (%lld latent + %lld rotary)", (long long)s->spec->decoder.layer_count,
                 (long long)a->kv_lora_rank, (long long)(a->head_width - a->nope_width));
    else
        text_add(s->out, "%lld layers * %lld key heads * (%lld + %lld)",
                 (long long)s->spec->decoder.layer_count, (long long)a->kv_heads, (long long)a->head_width,
                 (long long)a->value_width);
    text_add(s->out, " in %s, %lld bytes a layer\n= %lld\n", dtype_name(dtype),
             (long long)kv_row_bytes(s->spec, dtype), (long long)s->p->memory.kv_per_token);
}

static void say_memory(const struct saying *s) {
    const struct plan_memory *m = &s->p->memory;
    text_add(s->out,
             "  %lld weights\n+ %lld vectors, decoded\n+ %lld keys and values, in whole pages of 256\n"
             "+ %lld activations of a pass of %lld rows\n+ %lld tables\n+ %lld the program\n= %lld\n",
             (long long)m->weights, (long long)m->vectors, (long long)m->kv, (long long)m->activations,
             (long long)m->rows, (long long)m->tables, (long long)m->program, (long long)m->peak);
}

static void say_fits(const struct saying *s) {
    const struct plan_memory *m = &s->p->memory;
    if (!m->said)
        text_add(s->out, "nobody asks: give --memory\n");
    else
        text_add(s->out, "%lld <= %lld: %s\n", (long long)m->peak, (long long)s->p->input.memory.memory,
                 m->fits ? "yes" : "no");
}

static void say_cache(const struct saying *s) {
    const struct plan_memory *m = &s->p->memory;
    const struct expert_cache *c = &m->cache;
    if (!m->said || m->fits || !c->possible) {
        text_add(s->out, "none: all of it fits, or nobody asks (--memory), or not even the rest fits\n");
        return;
    }
    text_add(s->out, "(%lld - what is no expert) / %lld bytes of one = %lld of %lld experts\n",
             (long long)s->p->input.memory.memory, (long long)c->expert_bytes, (long long)c->experts,
             (long long)c->all);
    text_add(s->out, "%.3f experts a token * %lld layers * %lld bytes * (1 - %.4f)\n= %.0f bytes a token\n",
             s->p->traffic.experts / (double)s->p->input.memory.batch, (long long)s->p->sums.moe_layers,
             (long long)c->expert_bytes, c->hit, c->fetch_bytes);
}

/* ---- compute and traffic ---- */

static void say_flops(const struct saying *s) {
    const struct traffic_sums *u = &s->p->sums;
    text_add(s->out,
             "2 * %.0f weights of matrices that act + %.0f for attention over %lld positions\n= %.0f\n",
             u->flops_matrices / 2, u->flops_attention, (long long)s->p->input.memory.traffic.context,
             s->p->traffic.flops);
}

static void say_prompt(const struct saying *s) {
    const struct traffic_sums *u = &s->p->sums;
    text_add(s->out,
             "2 * %.0f weights of matrices, without the head + %.0f for attention over %lld positions on "
             "the mean\n= %.0f\n",
             u->prompt_matrices / 2, u->prompt_attention,
             (long long)(s->p->input.memory.traffic.context + 1) / 2, s->p->prompt_flops);
}

static void say_bytes(const struct saying *s) {
    const struct traffic_sums *u = &s->p->sums;
    const struct traffic *t = &s->p->traffic;
    text_add(s->out,
             "(%.0f that every step reads + %.3f experts of each layer * %.0f) / %lld\n"
             "+ %.0f a row of the table + %.0f keys and values read + %.0f written\n= %.0f\n",
             u->fixed_bytes, t->experts, u->expert_bytes, (long long)s->p->input.memory.batch, u->row_bytes,
             u->kv_read, u->kv_written, t->bytes);
}

static void say_experts(const struct saying *s) {
    double batch = (double)s->p->input.memory.batch;
    if (s->p->input.memory.traffic.trace)
        text_add(s->out, "sum over experts of 1 - (1 - share of tokens)^%.0f, from the trace\n= %.3f\n",
                 batch, s->p->traffic.experts);
    else
        text_add(s->out, "%lld * (1 - (1 - %lld / %lld)^%.0f)\n= %.3f\n", (long long)s->spec->router.experts,
                 (long long)s->spec->router.top_k, (long long)s->spec->router.experts, batch,
                 s->p->traffic.experts);
}

static void say_intensity(const struct saying *s) {
    text_add(s->out, "%.0f / %.0f\n= %.3f; arithmetic binds above %.3f\n", s->p->traffic.flops,
             s->p->traffic.bytes, s->p->roofline.intensity, s->p->input.rates.flops / s->p->input.rates.read);
}

static void say_roofline(const struct saying *s) {
    const struct roofline *r = &s->p->roofline;
    char read[NUMBER_TEXT], flops[NUMBER_TEXT], reading[NUMBER_TEXT], computing[NUMBER_TEXT];
    text_add(s->out,
             "%.0f bytes / %s = %s;  %.0f FLOP / %s = %s\n"
             "1 / the larger\n= %.3f tokens a second at batch %lld\n",
             s->p->traffic.bytes, number_rate(s->p->input.rates.read, "B/s", read),
             number_seconds(r->memory_seconds, reading), s->p->traffic.flops,
             number_rate(s->p->input.rates.flops, "FLOP/s", flops),
             number_seconds(r->compute_seconds, computing), r->tokens, (long long)s->p->input.memory.batch);
}

static void say_speculation(const struct saying *s) {
    const struct plan_speculation *q = &s->p->speculation;
    struct traffic two = traffic_of(&s->p->sums, (double)s->p->input.memory.batch, 2);
    text_add(
        s->out,
        "resident: 2 rows cost 2 * %.0f bytes or 2 * %.0f FLOP, one costs %.0f or %.0f: ratio - 1 = %.4f\n",
        two.bytes, two.flops, s->p->traffic.bytes, s->p->traffic.flops, q->resident);
    text_add(s->out, "streamed: %.3f experts of a layer / %.3f - 1 = %.4f\n", q->experts_two, q->experts_one,
             q->streamed);
}

/* ---- asked for ---- */

static void say_ranks(const struct saying *s) {
    const struct plan_cluster *c = &s->p->cluster;
    char late[NUMBER_TEXT], link[NUMBER_TEXT], took[NUMBER_TEXT];
    if (c->ranks == 0) {
        text_add(s->out, "give --ranks\n");
        return;
    }
    text_add(s->out, "ranks touched elsewhere: %lld * (1 - C(E - E/N, K) / C(E, K)) * (N - 1) / N = %.3f\n",
             (long long)c->ranks, c->ranks_touched);
    text_add(s->out, "dispatch: %.3f * %lld wide * 2 bytes = %.0f a token and layer; combine the same\n",
             c->ranks_touched, (long long)s->spec->width, c->dispatch);
    text_add(s->out, "time: 2 * (%lld * %s + %.0f tokens * %.0f bytes / %s) = %s a layer\n",
             (long long)c->ranks - 1, number_seconds(s->p->input.cluster.latency, late),
             ceil((double)s->p->input.memory.batch / (double)c->ranks), c->dispatch,
             number_rate(s->p->input.cluster.link, "B/s", link), number_seconds(c->exchange_seconds, took));
}

static void say_train(const struct saying *s) {
    const struct training *t = &s->p->training.model;
    char tokens[NUMBER_TEXT], flops[NUMBER_TEXT], hours[NUMBER_TEXT], step[NUMBER_TEXT];
    if (!s->p->input.training.wanted) {
        text_add(s->out, "give --train\n");
        return;
    }
    text_add(s->out, "memory: %.0f weights + %.0f gradients + %.0f moments + %.0f activations = %.0f\n",
             t->weights, t->gradients, t->moments, t->activations, t->memory);
    text_add(s->out, "a step: %.0f tokens * %.0f FLOP = %s\n", t->step_tokens, t->flops_token,
             plan_amount(t->flops_step, "FLOP", step));
    text_add(s->out, "time: %s tokens * %.0f FLOP / %s = %s\n",
             plan_count(s->p->input.training.tokens, tokens), t->flops_token,
             number_rate(plan_training_rate(s->p), "FLOP/s", flops), plan_hours(t->hours, hours));
    text_add(s->out, "loss: %s: N = %lld, E = %lld / %lld, D = %s: %.4f\n", scaling_law_name,
             (long long)t->active, (long long)s->spec->router.experts, (long long)s->spec->router.top_k,
             tokens, t->loss);
}

/* One model's three prices. */
static void say_model_price(const struct saying *s, const char *name, const struct model_price *m) {
    const struct plan_price *p = &s->p->price;
    char hour[NUMBER_TEXT], cost[NUMBER_TEXT], rate[NUMBER_TEXT];
    const struct {
        const char *what;
        double tokens, cost;
    } rows[3] = { { "input", m->prompt_tokens, m->input },
                  { "output, one sequence", m->tokens_one, m->output_one },
                  { "output, at the batch", m->tokens_batch, m->output_batch } };
    text_add(s->out, "%s, %lld parameters\n", name, (long long)m->parameters);
    for (int i = 0; i < 3; i++)
        text_add(s->out, "  %s: %s / 3600 s / %s * 1,000,000 = %s\n", rows[i].what,
                 plan_money(p->an_hour, hour), number_rate(rows[i].tokens, "tok/s", rate),
                 plan_money(rows[i].cost, cost));
}

static void say_price(const struct saying *s) {
    static const char *const names[PRICE_MODELS] = { "this model", "dense, of equal active size",
                                                     "dense, of equal total size" };
    const struct plan_price *p = &s->p->price;
    if (!(p->an_hour > 0)) {
        text_add(s->out, "give --price, the machine's an hour\n");
        return;
    }
    for (enum price_model m = 0; m < (p->twins ? PRICE_MODELS : 1); m++)
        say_model_price(s, names[m], &p->models[m]);
    text_add(s->out, "at batch %lld; the machine always busy\n", (long long)p->batch);
}

static void say_verdict(const struct saying *s) {
    const struct verdict *v = &s->p->verdict;
    text_add(s->out, "dense of its class: sqrt(%lld * %lld) = %lld (a rule of thumb, without a proof)\n",
             (long long)s->p->parameters.count.total, (long long)s->p->parameters.count.active,
             (long long)v->dense_equal);
    text_add(s->out, "largest dense that fits: %lld; the widest type that fits: %s\n",
             (long long)v->dense_fitting, v->fitting ? v->fitting->name : "none asked, or none");
}

/* ---- the table ---- */

static const struct {
    const char *key, *formula;
    say_fn *say;
} sayings[] = {
    { "total_params", "every stored weight of the text model; a tied table once; no MTP, no vision tower",
      say_total },
    { "active_params", "total - (E - K) experts of each MoE layer", say_active },
    { "active_params_no_embed", "active - the input table, unless it is the head too", say_no_embed },
    { "params_by_part", "sums over the tensors of each part", say_parts },
    { "active_share", "active / total", say_share },
    { "dense_twin", "the same layers with one dense FFN: K * F + shared wide, or E * F + shared", say_twin },
    { "weights_bytes", "parameters * bits as stored, scales included", say_weights },
    { "kv_bytes_per_token", "elements that one more token adds to the cache * their size", say_kv },
    { "memory", "the sum of what run takes, by the functions that take it", say_memory },
    { "fits", "peak <= --memory", say_fits },
    { "expert_cache", "experts that fit beside all the rest; what a token then fetches", say_cache },
    { "flops_per_token", "2 * weights that multiply + attention, at position ctx - 1", say_flops },
    { "prompt_flops_per_token", "2 * weights that multiply + attention, mean over the prompt", say_prompt },
    { "bytes_per_token", "weights that the batch touches / batch + keys and values", say_bytes },
    { "experts_per_layer", "E * (1 - (1 - K / E)^batch)", say_experts },
    { "flops_per_byte", "FLOPs / bytes", say_intensity },
    { "tok_per_s", "1 / max(bytes / read rate, FLOPs / FLOP rate)", say_roofline },
    { "speculation", "cost of two rows / cost of one - 1", say_speculation },
    { "ranks", "copies to the ranks that hold a token's experts; latency + bytes / link", say_ranks },
    { "train", "Adam's memory; 3 * forward; tokens * FLOPs / rate; a scaling law's loss", say_train },
    { "price", "price an hour / 3600 / tokens a second * 10^6, at the predicted rate", say_price },
    { "verdict", "memory, rates and the rule of thumb for dense models", say_verdict },
};

bool plan_explain(const struct plan_facts *f, const char *key, struct text *out, struct sy_error *err) {
    const char *keys[sizeof sayings / sizeof *sayings];
    const int count = sizeof sayings / sizeof *sayings;
    char known[320] = "";
    for (int i = 0; i < count; i++) {
        keys[i] = sayings[i].key;
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i ? " " : "", keys[i]);
        if (strcmp(key, keys[i]) != 0) continue;
        text_add(out, "%s of %s\n%s\n\n", key, f->source->name, sayings[i].formula);
        sayings[i].say(&(struct saying){ f->plan, f->source->spec, out });
        return true;
    }
    const char *nearest = nearest_word(key, keys, count);
    sy_fail(err, SY_ERR_USAGE, "--explain %s: no figure is called so", key);
    return nearest ? sy_error_remedy(err, "did you mean %s?", nearest)
                   : sy_error_remedy(err, "known: %s", known);
}
