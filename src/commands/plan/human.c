/*
 * plan, for people: sections of tables, in at most 80 columns.
 */
#include "commands/plan/report.h"
#include "commands/plan/words.h"
#include "report/heat.h"
#include "report/number.h"
#include "report/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- parameters ---- */

static void show_head(const struct plan_facts *f, const struct style *style, struct text *out) {
    const struct param_count *count = &f->plan->parameters.count;
    char total[NUMBER_TEXT], active[NUMBER_TEXT], share[NUMBER_TEXT];
    struct text words = { 0 };
    text_add(out, "%s%s%s, a %s: %s parameters", style_begin(style, TINT_BOLD), f->source->name,
             style_end(style, TINT_BOLD), f->source->family->name, number_count(count->total, total));
    if (count->active != count->total)
        text_add(out, ", %s active (%s)", number_count(count->active, active),
                 number_share((double)count->active, (double)count->total, share));
    text_add(out, "\n");
    plan_published_text(f, &words);
    if (words.data) plan_paragraph(words.data, 0, style, out);
    text_free(&words);
    plan_types_text(f, &words);
    if (words.data) plan_paragraph(words.data, 0, style, out);
    text_free(&words);
}

static void part_row(const char *name, int64_t all, int64_t acts, int64_t total, struct table *table) {
    char label[32], exact[NUMBER_TEXT], share[NUMBER_TEXT], active[NUMBER_TEXT];
    snprintf(label, sizeof label, "%s", name);
    for (char *at = label; *at; at++)
        if (*at == '_') *at = ' ';
    table_row(table, label, number_exact(all, exact), number_share((double)all, (double)total, share),
              number_exact(acts, active));
}

static void show_parameters(const struct plan_facts *f, const struct style *style, struct text *out) {
    const struct plan_parameters *p = &f->plan->parameters;
    char number[NUMBER_TEXT], other[NUMBER_TEXT], exact[NUMBER_TEXT], active[NUMBER_TEXT];
    struct table table = { .columns = 4, .align = "lrrr", .head = true };
    struct text words = { 0 };
    plan_section("Parameters", style, out);
    table_row(&table, "part", "in all", "share", "act on a token");
    for (enum part part = 0; part < PART_COUNT; part++)
        if (p->count.part[part] > 0)
            part_row(part_name(part), p->count.part[part], p->active_part[part], p->count.total, &table);
    table_row(&table, "all", number_exact(p->count.total, exact), "", number_exact(p->count.active, active));
    table_print(&table, style, out);
    table_free(&table);
    if (p->count.active_no_embed != p->count.active)
        text_add(out, "%s act without the embedding table.\n", number_exact(p->count.active_no_embed, exact));
    if (p->mtp > 0)
        text_add(out, "Multi-token prediction (MTP): %s more, not counted above.\n",
                 number_count(p->mtp, number));
    if (p->moe_layers > 0) {
        text_add(&words,
                 "%lld of %lld layers have experts, of %s each. Dense models with the same layers: of equal "
                 "active size %s (FFN %lld wide), of equal total size %s (FFN %lld wide).",
                 (long long)p->moe_layers, (long long)(p->moe_layers + p->dense_layers),
                 number_count(p->expert, other), number_count(p->dense_active, number),
                 (long long)p->active_width, number_count(p->dense_total, exact), (long long)p->total_width);
        plan_paragraph(words.data ? words.data : "", 0, style, out);
    }
    text_free(&words);
}

/* ---- memory ---- */

/* With these weights, and all the rest; over the ranks, where there are some. */
static bool type_fits(const struct plan *p, const struct recipe *recipe, int64_t bytes) {
    const struct plan_memory *m = &p->memory;
    struct memory_input in = p->input.memory;
    struct prediction predicted;
    if (!m->said) return false;
    if (p->input.cluster.ranks <= 1) return bytes <= in.memory - (m->peak - m->weights);
    in.traffic.weights.recipe = recipe;
    return plan_predict(&in, &p->input.rates, &p->input.cluster, &predicted, NULL) && predicted.fits;
}

static void show_weights(const struct plan_facts *f, const struct style *style, struct text *out) {
    const struct plan *p = f->plan;
    const struct plan_memory *m = &p->memory;
    struct table table = { .columns = 6, .align = "lrrlrr", .head = true };
    char size[2][NUMBER_TEXT], bits[2][NUMBER_TEXT], names[2][24], limit[NUMBER_TEXT];
    int count = 0;
    table_row(&table, "weights in", "size", "bits each", "", "size", "bits each");
    for (const struct recipe *r = recipes; r->name; r++) {
        int64_t bytes;
        if (!recipe_bytes(r, f->source->spec, &bytes, NULL)) continue;
        snprintf(names[count], sizeof names[count], "%s%s", r->name, type_fits(p, r, bytes) ? " *" : "");
        number_bytes(bytes, size[count]);
        snprintf(bits[count], NUMBER_TEXT, "%.2f", 8 * (double)bytes / (double)p->parameters.count.total);
        if (++count < 2) continue;
        table_row(&table, names[0], size[0], bits[0], names[1], size[1], bits[1]);
        count = 0;
    }
    if (count) table_row(&table, names[0], size[0], bits[0], "", "", "");
    table_print(&table, style, out);
    table_free(&table);
    if (!m->said) return;
    text_add(out, "* fits in %s", number_bytes(p->input.memory.memory, limit));
    if (p->input.cluster.ranks > 1)
        text_add(out, " on each of %lld ranks", (long long)p->input.cluster.ranks);
    text_add(out, " with all the rest\n");
}

static void memory_row(const char *what, int64_t bytes, const char *note, struct table *table) {
    char size[NUMBER_TEXT];
    table_row(table, what, number_bytes(bytes, size), note);
}

static void show_cache(const struct plan_memory *m, const struct trace *trace, const struct style *style,
                       struct text *out) {
    struct text words = { 0 };
    char held[NUMBER_TEXT], fetch[NUMBER_TEXT], hit[NUMBER_TEXT], one[NUMBER_TEXT];
    if (m->said && !m->fits && m->cache.possible) {
        text_add(&words,
                 "An expert cache: %lld of %lld experts of %s stay (%s); %s of choices find theirs%s, and a "
                 "token fetches %s.",
                 (long long)m->cache.experts, (long long)m->cache.all,
                 number_bytes(m->cache.expert_bytes, one),
                 plan_bytes((double)m->cache.experts * (double)m->cache.expert_bytes, held),
                 number_share(m->cache.hit, 1, hit), trace ? " (the trace, by LRU)" : " (uniform routing)",
                 plan_bytes(m->cache.fetch_bytes, fetch));
        plan_paragraph(words.data ? words.data : "", 0, style, out);
        text_free(&words);
    } else if (m->said && !m->fits && m->cache.all > 0) {
        text_add(out, "What is no expert does not fit: no cache helps.\n");
    }
    if (!trace) return;
    text_add(out, "Choices served by LRU when part of each layer's experts is held:\n ");
    for (int i = 1; i < LRU_POINTS; i++) text_add(out, "  %d/8 %.0f %%", i, 100 * m->lru[i]);
    text_add(out, "\n");
}

static void show_memory(const struct plan_facts *f, const struct style *style, struct text *out) {
    const struct plan *p = f->plan;
    const struct plan_memory *m = &p->memory;
    const struct memory_input *in = &p->input.memory;
    char note[96], kept[NUMBER_TEXT], each[NUMBER_TEXT], limit[NUMBER_TEXT];
    struct table table = { .columns = 3, .align = "lrl" };
    plan_section("Memory", style, out);
    show_weights(f, style, out);
    text_add(out, "\n");
    snprintf(note, sizeof note, "%s%s", weights_name(&in->traffic.weights),
             f->types == TYPES_PUBLISHED ? ", as published" : "");
    memory_row("weights", m->weights, note, &table);
    snprintf(note, sizeof note, "%lld x %lld positions in %s; %s a token", (long long)in->batch,
             (long long)in->traffic.context, dtype_name(in->traffic.kv), number_bytes(m->kv_per_token, each));
    memory_row("keys and values", m->kv, note, &table);
    if (m->kv_kept < 0.99 * (double)m->kv) {
        snprintf(note, sizeof note, "of that in use when full, windows honoured: %s",
                 plan_bytes(m->kv_kept, kept));
        table_row(&table, "", "", note);
    }
    snprintf(note, sizeof note, "a pass of %lld rows", (long long)m->rows);
    memory_row("activations", m->activations, note, &table);
    memory_row("all else", m->vectors + m->tables + m->program, "decoded vectors, tables, the program",
               &table);
    const struct rank_layout *best = &p->cluster.layouts[0];
    bool spread = p->cluster.ranks > 1 && p->cluster.layout_count > 0 && !best->refused;
    number_bytes(in->memory, limit);
    if (m->said)
        snprintf(note, sizeof note, "%s %s%s", m->fits ? "fits in" : "does not fit in", limit,
                 spread ? ", on one rank alone" : "");
    else
        snprintf(note, sizeof note, "--memory asks whether it fits");
    memory_row("peak of run", m->peak, note, &table);
    if (spread) {
        snprintf(note, sizeof note, "on each of %lld%s%s", (long long)p->cluster.ranks,
                 !m->said     ? ""
                 : best->fits ? ": fits in "
                              : ": does not fit in ",
                 m->said ? limit : "");
        table_row(&table, "", plan_bytes(best->memory, kept), note);
    }
    table_print(&table, style, out);
    table_free(&table);
    if (spread && (m->fits || best->fits)) return;
    if (m->fits) text_add(out, "Up to %lld sequences of that length fit.\n", (long long)memory_batch_max(in));
    show_cache(m, in->traffic.trace, style, out);
}

/* ---- compute and traffic ---- */

static void batch_row(const struct plan *p, int i, struct table *table) {
    const struct traffic *t = &p->traffic_at[i];
    const struct roofline *r = &p->roofline_at[i];
    const struct rank_layout *layout = &p->predicted_at[i].layout;
    bool spread = p->input.cluster.ranks > 1;
    char batch[24], experts[24], bytes[NUMBER_TEXT], intensity[24], rate[NUMBER_TEXT], shape[72];
    snprintf(shape, sizeof shape, "%lld x %lld x %lld%s", (long long)layout->tensor,
             (long long)layout->expert, (long long)layout->data, p->predicted_at[i].fits ? "" : ", too big");
    snprintf(batch, sizeof batch, "%lld", (long long)p->batches[i]);
    snprintf(experts, sizeof experts, t->experts > 0 ? "%.1f" : "-", t->experts);
    snprintf(intensity, sizeof intensity, r->intensity < 10 ? "%.2f" : "%.1f", r->intensity);
    table_row(table, batch, experts, plan_bytes(t->bytes, bytes), intensity,
              number_rate(spread ? p->predicted_at[i].tokens : r->tokens, "tok/s", rate),
              spread             ? shape
              : r->compute_binds ? "arithmetic"
                                 : "memory");
}

static void say_rates(const struct plan_facts *f, const struct style *style, struct text *out) {
    const struct plan *p = f->plan;
    const struct rates *rates = &p->input.rates;
    char read[NUMBER_TEXT], flops[NUMBER_TEXT], step[NUMBER_TEXT], prompt[NUMBER_TEXT],
        attention[NUMBER_TEXT];
    struct text words = { 0 };
    if (f->machine) {
        plan_machine_text(f, &words);
        plan_paragraph(words.data ? words.data : "", 0, style, out);
        text_free(&words);
    }
    text_add(&words, "A step at position %lld takes %s (attention %s of it), a prompt's token %s.",
             (long long)p->input.memory.traffic.context - 1, plan_amount(p->traffic.flops, "FLOP", step),
             number_share(p->traffic.attention_flops, p->traffic.flops, attention),
             plan_amount(p->prompt_flops, "FLOP", prompt));
    text_add(&words, " At %s (%s) and %s (%s%s%s)", number_rate(rates->read, "B/s", read),
             plan_source_word(rates->read_source), number_rate(rates->flops, "FLOP/s", flops),
             plan_source_word(rates->flops_source), rates->flops_type ? ", " : "",
             rates->flops_type ? rates->flops_type : "");
    if (p->input.cluster.ranks > 1)
        text_add(&words, ", over %lld of them in the best layout (tensor x expert x data):",
                 (long long)p->input.cluster.ranks);
    else if (rates->read_source == RATES_ASSUMED && rates->flops_source == RATES_ASSUMED)
        text_add(&words,
                 ", as two cores of an ordinary computer have (--machine NAME or --measure says yours):");
    else
        text_add(&words, ":");
    plan_paragraph(words.data ? words.data : "", 0, style, out);
    text_free(&words);
}

static void show_traffic(const struct plan_facts *f, const struct style *style, struct text *out) {
    const struct plan *p = f->plan;
    int64_t ranks = p->input.cluster.ranks > 1 ? p->input.cluster.ranks : 1;
    char rate[NUMBER_TEXT], batch[NUMBER_TEXT];
    struct table table = { .columns = 6, .align = "rrrrrl", .head = true };
    plan_section("Compute and traffic", style, out);
    say_rates(f, style, out);
    table_row(&table, "batch", p->input.memory.traffic.trace ? "experts (trace)" : "experts", "a token reads",
              "FLOP/byte", "at most", ranks > 1 ? "layout" : "binds");
    for (int i = 0; i < PLAN_BATCHES; i++) batch_row(p, i, &table);
    table_print(&table, style, out);
    table_free(&table);
    if (p->turn > 0 && ranks == 1)
        text_add(out, "Arithmetic binds from batch %s on. ", number_exact(p->turn, batch));
    else if (ranks == 1)
        text_add(out, "Memory binds at every batch. ");
    text_add(out, "Prompts: at most %s.\n", number_rate(p->prompt_tokens * (double)ranks, "tok/s", rate));
}

/* At which acceptance drafting pays. */
static const char *pays(double acceptance, char text[64]) {
    if (!(acceptance < 0.995)) return "never pays";
    snprintf(text, 64, "pays when more than %.0f %% of drafts are accepted", 100 * acceptance);
    return text;
}

static void show_speculation(const struct plan_facts *f, const struct style *style, struct text *out) {
    const struct plan_speculation *s = &f->plan->speculation;
    struct text words = { 0 };
    char share[64];
    plan_section("Speculation", style, out);
    text_add(&words, "Drafting one token %s", pays(s->resident, share));
    if (s->experts_one > 0)
        text_add(
            &words,
            " with the weights in memory; when experts are fetched it %s: two rows touch %.1f experts of a "
            "layer where one touches %.1f",
            pays(s->streamed, share), s->experts_two, s->experts_one);
    text_add(&words, ". The draft itself is taken to cost nothing.");
    plan_paragraph(words.data ? words.data : "", 0, style, out);
    text_free(&words);
}

void plan_report_human(const struct plan_facts *f, const struct style *style, struct text *out) {
    struct text verdict = { 0 };
    show_head(f, style, out);
    show_parameters(f, style, out);
    show_memory(f, style, out);
    show_traffic(f, style, out);
    show_speculation(f, style, out);
    if (f->plan->input.cluster.ranks > 0) plan_show_cluster(f, style, out);
    if (f->plan->input.price.an_hour > 0) plan_show_price(f, style, out);
    if (f->plan->input.training.wanted) plan_show_training(f, style, out);
    plan_section("Verdict", style, out);
    plan_verdict_text(f, &verdict);
    plan_paragraph(verdict.data ? verdict.data : "", 0, style, out);
    text_free(&verdict);
}
