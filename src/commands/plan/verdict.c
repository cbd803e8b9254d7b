/*
 * The verdict, in sentences: fits or not and what would make it fit; what binds; when a dense model serves
 * better.
 */
#include "commands/plan/report.h"
#include "commands/plan/words.h"
#include "report/number.h"

#include <stdio.h>
#include <string.h>

/* Over the ranks, where one alone is too small? */
static bool fits_ranks(const struct plan *p) {
    return p->cluster.ranks > 1 && p->cluster.layout_count > 0 && !p->cluster.layouts[0].refused &&
           p->cluster.layouts[0].fits;
}

static void say_fit(const struct plan *p, const char *dtype, struct text *out) {
    const struct plan_memory *m = &p->memory;
    const struct verdict *v = &p->verdict;
    char peak[NUMBER_TEXT], limit[NUMBER_TEXT], lack[NUMBER_TEXT], fetch[NUMBER_TEXT], rate[NUMBER_TEXT];
    number_bytes(m->peak, peak);
    if (!m->said) {
        text_add(out, "It needs %s in %s with %lld positions. ", peak, dtype,
                 (long long)p->input.memory.traffic.context);
        return;
    }
    number_bytes(p->input.memory.memory, limit);
    if (m->fits) {
        text_add(out, "It fits: %s of %s. ", peak, limit);
        return;
    }
    if (fits_ranks(p)) {
        text_add(out, "In %s it takes %s, more than the %s of one machine. ", dtype, peak, limit);
        return;
    }
    if (p->cluster.ranks > 1 && p->cluster.layout_count > 0 && !p->cluster.layouts[0].refused) {
        text_add(out, "It does not fit: in %s it takes more than the %s of each rank", dtype, limit);
        if (v->fitting)
            text_add(out, "; in %s it fits. ", v->fitting->name);
        else
            text_add(out, ", and so in every type known here. ");
        return;
    }
    text_add(out, "It does not fit: in %s it takes %s, %s too much", dtype, peak,
             number_bytes(v->short_of, lack));
    if (v->fitting) text_add(out, "; in %s it fits", v->fitting->name);
    if (m->cache.possible && m->cache.fetch_bytes > 0)
        text_add(out, "; with %lld of %lld experts held it fetches %s a token, %s at most",
                 (long long)m->cache.experts, (long long)m->cache.all,
                 plan_bytes(m->cache.fetch_bytes, fetch), number_rate(v->streamed_tokens, "tok/s", rate));
    else if (!v->fitting)
        text_add(out, ", and no type known here is narrow enough");
    text_add(out, ". ");
}

/* Where one machine is too small and a cluster is asked about. */
static void say_ranks(const struct plan *p, struct text *out) {
    const struct rank_layout *best = &p->cluster.layouts[0];
    char memory[NUMBER_TEXT], rate[NUMBER_TEXT];
    if (p->cluster.ranks == 0 || p->cluster.layout_count == 0 || best->refused) return;
    text_add(
        out,
        "Over %lld ranks, best as %lld x %lld x %lld (tensor, expert, data), it takes %s a rank%s and %s "
        "at %s at most. ",
        (long long)p->cluster.ranks, (long long)best->tensor, (long long)best->expert, (long long)best->data,
        plan_bytes(best->memory, memory),
        !p->memory.said ? ""
        : best->fits    ? ", which fits,"
                        : ", too much,",
        best->fits ? "runs" : "would run", number_rate(best->tokens, "tok/s", rate));
}

static void say_bound(const struct plan *p, struct text *out) {
    char rate[NUMBER_TEXT], turn[NUMBER_TEXT];
    if (p->cluster.ranks > 1) return; /* of one machine, which it does not run on */
    text_add(out, "%s binds at batch %lld: at most %s",
             p->roofline.compute_binds ? "Arithmetic" : "Reading memory", (long long)p->input.memory.batch,
             number_rate(p->roofline.tokens, "tok/s", rate));
    if (!p->roofline.compute_binds && p->turn > 0)
        text_add(out, ", and arithmetic from batch %s on", number_exact(p->turn, turn));
    text_add(out, ". ");
}

static void say_dense(const struct plan *p, struct text *out) {
    const struct verdict *v = &p->verdict;
    char equal[NUMBER_TEXT], fitting[NUMBER_TEXT], rate[NUMBER_TEXT];
    if (p->parameters.count.total == p->parameters.count.active) return;
    if (p->cluster.ranks > 1 && p->memory.said && !fits_ranks(p)) return; /* what follows is of one machine */
    number_count(v->dense_equal, equal);
    number_rate(v->dense_tokens, "tok/s", rate);
    text_add(out, "A dense model of its class (about %s: the root of total times active, a rule of thumb) ",
             equal);
    if (v->dense_serves_better)
        text_add(out, "fits, runs at up to %s for one user, and serves better here.", rate);
    else if (!p->memory.said || p->memory.fits || fits_ranks(p))
        text_add(out, "would run at %s at most for one user%s: it serves better only where memory is short.",
                 rate, p->cluster.ranks > 1 ? ", on one machine" : "");
    else if (v->dense_equal <= v->dense_fitting)
        text_add(out, "fits as it is, at %s at most for one user: it serves better only if %s.", rate,
                 v->fitting ? "narrower weights cost too much quality" : "fetching turns out slower");
    else
        text_add(out, "does not fit either; the largest that does has %s.",
                 number_count(v->dense_fitting, fitting));
}

void plan_verdict_text(const struct plan_facts *facts, struct text *out) {
    const struct plan *p = facts->plan;
    say_fit(p, weights_name(&p->input.memory.traffic.weights), out);
    say_ranks(p, out);
    say_bound(p, out);
    say_dense(p, out);
    while (out->size > 0 && out->data[out->size - 1] == ' ') out->data[--out->size] = 0;
}

void plan_published_text(const struct plan_facts *facts, struct text *out) {
    struct published published;
    char total[NUMBER_TEXT], active[NUMBER_TEXT];
    if (!facts->source->preset || !preset_published(facts->source->preset, &published)) return;
    const struct param_count *count = &facts->plan->parameters.count;
    text_add(out, "Published as %s", number_count(published.total, total));
    if (published.active > 0 && published.active != published.total)
        text_add(out, ", %s active", number_count(published.active, active));
    double off = 100 * ((double)published.total / (double)count->total - 1);
    if (off >= 0.05 || off <= -0.05) text_add(out, " (%+.1f %%", off);
    double active_off =
        published.active > 0 ? 100 * ((double)published.active / (double)count->active - 1) : 0;
    if (published.active > 0 && published.active != published.total &&
        (active_off >= 0.05 || active_off <= -0.05))
        text_add(out, "%s%+.1f %%", off >= 0.05 || off <= -0.05 ? ", " : " (active ", active_off);
    bool any = out->data && strchr(out->data, '(');
    if (any) text_add(out, ")");
    if (any) text_add(out, ": %s", published.why[0] ? published.why : "rounded");
}

void plan_types_text(const struct plan_facts *facts, struct text *out) {
    const struct published_types *types = &facts->source->types;
    const struct plan *p = facts->plan;
    const char *name = weights_name(&p->input.memory.traffic.weights);
    char size[NUMBER_TEXT];
    if (facts->types == TYPES_ASKED || facts->types == TYPES_STORED) return;
    if (types->unknown[0])
        text_add(out, "Its files are packed in a way not known here (%s): counted in %s.", types->unknown,
                 name);
    else if (facts->types == TYPES_ASSUMED)
        text_add(out, "Its config names no type: counted in %s.", name);
    else
        text_add(out, "Weights as published: %s, %s%s.", name, number_bytes(p->memory.weights, size),
                 types->read_here ? "" : ", which run does not read");
    text_add(out, " --dtype counts another type.");
}
