/*
 * A model over N ranks.
 *
 *   ranks touched   N (1 - C(E - E/N, K) / C(E, K)): K different experts, uniform; of them (N - 1) / N are
 *                   elsewhere, one copy of the row goes to each, one partial sum comes back
 *   dispatch        ranks touched elsewhere * D * 2 bytes (bf16), a token and layer; combine: as much
 *   time            alpha-beta (Hockney 1994): an all-to-all is (N - 1) latency + bytes / link; an all-reduce
 *                   over t ranks 2 (t - 1) latency + 2 (t - 1) / t bytes / link (a ring)
 *
 * A layout t x e x d: t ranks split every matrix (heads, FFN width), e groups of these share the experts out
 * and work on sequences of their own in attention, d replicas of all that. A step is the slower of reading
 * and computing, then what it sends:
 *
 *   memory     (fixed / t + experts / (t e) + keys and values of its sequences)
 *   reading    (fixed / t + distinct(batch / d) / e * expert / t + keys and values) / read rate
 *   computing  FLOPs * batch / (t e d) / FLOP rate
 *   reducing   2 all-reduces of its rows, each layer (attention out, FFN out), t > 1
 *   exchanging dispatch and combine of its rows, each MoE layer, e > 1
 *
 * Even routing is assumed here; multiply the experts' part by the imbalance.
 */
#include "plan/cluster.h"

#include "base/checked.h"

#include <math.h>
#include <stdlib.h>

#define ACTIVATION_BYTES 2 /* bf16 on the link */

double ranks_touched(int64_t experts, int64_t chosen, int64_t ranks) {
    double each = (double)experts / (double)ranks, none = 1;
    for (int64_t k = 0; k < chosen && none > 1e-20;
         k++) /* C(E - each, K) / C(E, K); what is left adds nothing */
        none *= fmax(0, ((double)experts - each - (double)k) / ((double)experts - (double)k));
    return (double)ranks * (1 - none);
}

/* ---- layouts ---- */

struct sizing {
    const struct memory_input *input;
    const struct rates *rates;
    const struct cluster_request *request;
    struct traffic_sums sums;
    struct plan_memory whole; /* of one machine */
};

static const char *refusal(const struct spec *spec, const struct rank_layout *l) {
    const struct attention_spec *a = &spec->attention;
    if (a->heads % l->tensor != 0) return "heads do not divide so";
    if (l->tensor > 1 && spec->router.experts > 0 && spec->expert_width % l->tensor != 0)
        return "experts' width does not divide so";
    if (l->expert > 1 && spec->router.experts == 0) return "no experts to share out";
    if (l->expert > 1 && spec->router.experts % l->expert != 0) return "experts do not divide so";
    return NULL;
}

/* Of keys and values: latent ones are whole on each rank of a tensor group, grouped heads are split. */
static double kv_split(const struct spec *spec, int64_t tensor) {
    const struct attention_spec *a = &spec->attention;
    return a->kind == ATTENTION_LATENT ? 1 : (double)min_i64(tensor, a->kv_heads);
}

static void price(const struct sizing *s, struct rank_layout *l) {
    const struct spec *spec = s->input->traffic.weights.spec;
    const struct traffic_sums *u = &s->sums;
    double t = (double)l->tensor, e = (double)l->expert, d = (double)l->data;
    double batch = (double)s->input->batch, mine = ceil(batch / (e * d)), group = ceil(batch / d);
    double experts = u->expert_bytes * u->experts, kv = kv_split(spec, l->tensor);
    double other = (double)s->whole.peak - (double)s->whole.weights - (double)s->whole.kv;
    double row = (double)spec->width * ACTIVATION_BYTES;
    double alpha = s->request->latency, beta = s->request->link;
    l->memory = ((double)s->whole.weights - experts) / t + experts / (t * e) +
                (double)s->whole.kv / batch * mine / kv + other;
    l->fits = s->input->memory == 0 || l->memory <= (double)s->input->memory;
    l->reading = (u->fixed_bytes / t + traffic_experts(u, group, 1) / e * u->expert_bytes / t +
                  mine * (u->kv_read + u->kv_written) / kv) /
                 s->rates->read;
    l->computing = (u->flops_matrices + u->flops_attention) * batch / (t * e * d) / s->rates->flops;
    double layers = (double)spec->decoder.layer_count;
    if (l->tensor > 1) l->reducing = 2 * layers * (2 * (t - 1) * alpha + 2 * (t - 1) / t * mine * row / beta);
    if (l->expert > 1) {
        double away = ranks_touched(spec->router.experts, spec->router.top_k, l->expert) * (e - 1) / e;
        l->exchanging = 2 * (double)u->moe_layers * ((e - 1) * alpha + mine * away * row / (beta * t));
    }
    l->tokens = batch / (fmax(l->reading, l->computing) + l->reducing + l->exchanging);
}

static int by_merit(const void *a, const void *b) {
    const struct rank_layout *x = a, *y = b;
    int ranks[2] = { x->refused ? 2 : !x->fits, y->refused ? 2 : !y->fits };
    if (ranks[0] != ranks[1]) return ranks[0] - ranks[1];
    if (x->tokens != y->tokens) return x->tokens < y->tokens ? 1 : -1;
    return (x->tensor > y->tensor) - (x->tensor < y->tensor);
}

static void lay_out(const struct sizing *s, struct plan_cluster *out) {
    int64_t ranks = out->ranks;
    for (int64_t tensor = 1; tensor <= ranks; tensor++)
        for (int64_t expert = 1; ranks % tensor == 0 && expert <= ranks / tensor; expert++) {
            if (ranks / tensor % expert != 0 || out->layout_count == LAYOUTS_MAX) continue;
            struct rank_layout *l = &out->layouts[out->layout_count];
            *l = (struct rank_layout){ .tensor = tensor, .expert = expert, .data = ranks / tensor / expert };
            if (expert > 1 && s->sums.experts <= 0) continue;
            l->refused = refusal(s->input->traffic.weights.spec, l);
            if (!l->refused) price(s, l);
            out->layout_count++;
        }
    qsort(out->layouts, (size_t)out->layout_count, sizeof *out->layouts, by_merit);
}

/* ---- all of it ---- */

static void spread(const struct sizing *s, struct plan_cluster *out) {
    const struct spec *spec = s->input->traffic.weights.spec;
    double n = (double)out->ranks, batch = (double)s->input->batch;
    double row = (double)spec->width * ACTIVATION_BYTES;
    double experts = s->sums.expert_bytes * s->sums.experts;
    out->experts_a_rank = ceil_div(spec->router.experts + out->replicas, out->ranks);
    out->memory_a_rank = (double)s->whole.peak - experts +
                         s->sums.expert_bytes * (double)out->experts_a_rank -
                         (double)s->whole.kv * (1 - ceil(batch / n) / batch);
    out->ranks_touched = ranks_touched(spec->router.experts, spec->router.top_k, out->ranks) * (n - 1) / n;
    out->dispatch = out->combine = out->ranks_touched * row;
    out->exchange_seconds =
        2 * ((n - 1) * s->request->latency + ceil(batch / n) * out->dispatch / s->request->link);
}

static bool size_up(struct sizing *s, struct plan_cluster *out, struct sy_error *err) {
    *out = (struct plan_cluster){ .ranks = s->request->ranks };
    if (!traffic_sum(&s->input->traffic, &s->sums, err) || !plan_memory(s->input, &s->whole, err))
        return false;
    lay_out(s, out);
    return true;
}

bool plan_layouts(const struct memory_input *input, const struct rates *rates,
                  const struct cluster_request *request, struct plan_cluster *out, struct sy_error *err) {
    struct sizing s = { .input = input, .rates = rates, .request = request };
    return size_up(&s, out, err);
}

bool plan_cluster(const struct memory_input *input, const struct rates *rates,
                  const struct cluster_request *request, struct plan_cluster *out, struct sy_error *err) {
    const struct spec *spec = input->traffic.weights.spec;
    const struct trace *trace = input->traffic.trace;
    struct sizing s = { .input = input, .rates = rates, .request = request };
    bool moe = spec->router.experts > 0;
    if (!size_up(&s, out, err)) return false;
    out->replicas = !moe ? 0 : request->replicas >= 0 ? request->replicas : request->ranks;
    if (!moe) {
        out->memory_a_rank = (double)s.whole.peak;
        return true;
    }
    spread(&s, out);
    out->load_count = trace ? LOAD_COUNT : LOAD_TRACE;
    for (enum load load = 0; load < (enum load)out->load_count; load++)
        if (!imbalance_of(load, trace, spec->router.experts, spec->router.top_k, (double)input->batch,
                          request->ranks, out->replicas, &out->imbalance[load], err))
            return false;
    return true;
}
