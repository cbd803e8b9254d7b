#include "commands/talk/run_report.h"

#include "base/checked.h"
#include "commands/emit.h"
#include "commands/expert_table.h"
#include "report/number.h"
#include "report/table.h"

#include <stdio.h>
#include <string.h>

#define SPILL_BYTES ((size_t)1 << 16)

static struct expert_table table_of(const struct run_facts *facts) {
    const struct routing_log *log = facts->routing;
    return (struct expert_table){ .layers = log->layers,
                                  .experts = facts->load->experts,
                                  .layer_of = log->layer_of,
                                  .counts = facts->load->counts,
                                  .chosen = log->most,
                                  .tokens = log->count };
}

/* ---- JSON ---- */

/* A long report goes out by and by: its text takes more than what it tells of. */
struct spill {
    bool (*print)(struct text *text, struct sy_error *err);
    struct sy_error *err;
};

static bool spill(struct emit *e, const struct spill *to) {
    return e->text->size < SPILL_BYTES || to->print(e->text, to->err);
}

static bool emit_routing(struct emit *e, const struct run_facts *facts, const struct spill *to) {
    const struct routing_log *log = facts->routing;
    const struct expert_table table = table_of(facts);
    emit_object(e, "routing");
    expert_table_emit(&table, e);
    emit_list(e, "choices");
    for (int64_t t = 0; t < log->count; t++) {
        emit_list(e, NULL);
        for (int64_t i = 0; i < log->layers; i++) {
            const int32_t *choice = routing_log_choice(log, t, i);
            emit_list(e, NULL);
            for (int64_t k = 0; k < log->most && choice[k] >= 0; k++) emit_int(e, NULL, choice[k]);
            emit_end(e);
        }
        emit_end(e);
        if (!spill(e, to)) return false;
    }
    emit_end(e);
    if (facts->every) {
        emit_list(e, "tokens");
        for (int64_t t = 0; t < log->count; t++) {
            run_routing_json(facts->every, t, e);
            if (!spill(e, to)) return false;
        }
        emit_end(e);
    }
    emit_end(e);
    return true;
}

static bool emit_logprobs(struct emit *e, const struct run_facts *facts, const struct spill *to) {
    emit_list(e, "logprobs");
    for (int64_t i = 0; i < facts->token_count; i++) {
        const struct run_token *token = &facts->tokens[i];
        emit_object(e, NULL);
        emit_int(e, "token", token->token.token);
        emit_real(e, "logprob", token->token.logprob);
        emit_list(e, "top");
        for (int64_t k = 0; k < token->likeliest_count; k++) {
            emit_object(e, NULL);
            emit_int(e, "token", token->likeliest[k].token);
            emit_real(e, "logprob", token->likeliest[k].logprob);
            emit_end(e);
        }
        emit_end(e);
        emit_end(e);
        if (!spill(e, to)) return false;
    }
    emit_end(e);
    return true;
}

/* The parts of a step, in their order, with their names. */
enum { PARTS = 8 };
struct part {
    const char *name;
    double seconds;
};

static void list_parts(const struct sy_profile *p, struct part parts[PARTS]) {
    const struct part all[PARTS] = { { "router", p->router },       { "dispatch", p->dispatch },
                                     { "experts", p->experts },     { "combine", p->combine },
                                     { "attention", p->attention }, { "dense", p->dense },
                                     { "head", p->head },           { "other", p->other } };
    memcpy(parts, all, sizeof all);
}

static void emit_profile(struct emit *e, const struct sy_profile *profile) {
    struct part parts[PARTS];
    list_parts(profile, parts);
    emit_object(e, "profile");
    for (int i = 0; i < PARTS; i++) {
        char key[32];
        snprintf(key, sizeof key, "%s_ms", parts[i].name);
        emit_real(e, key, parts[i].seconds * 1e3);
    }
    emit_real(e, "total_ms", profile->total * 1e3);
    emit_real(e, "barriers_ms", profile->barriers * 1e3);
    emit_int(e, "barriers", profile->barrier_count);
    emit_int(e, "passes", profile->steps);
    emit_end(e);
}

bool run_report_json(const struct run_facts *facts, struct text *out,
                     bool (*print)(struct text *text, struct sy_error *err), struct sy_error *err) {
    struct emit e = { .text = out };
    struct spill to = { print, err };
    emit_object(&e, NULL);
    emit_string(&e, "text", !facts->text ? NULL : facts->text->data ? facts->text->data : "");
    emit_list(&e, "tokens");
    for (int64_t i = 0; i < facts->token_count; i++) emit_int(&e, NULL, facts->tokens[i].token.token);
    emit_end(&e);
    emit_int(&e, "prompt_tokens", facts->prompt_count);
    emit_real(&e, "prefill_tok_per_s", facts->prefill_rate);
    emit_real(&e, "decode_tok_per_s", facts->decode_rate);
    emit_real(&e, "load_ms", facts->load_seconds * 1e3);
    emit_int(&e, "peak_rss_bytes", facts->peak_bytes);
    emit_string(&e, "finish_reason", sy_finish_name(facts->finish));
    if (facts->drawn) emit_int(&e, "seed", (int64_t)facts->drawn->seed);
    if (facts->departure) emit_string(&e, "departure", facts->departure);
    if (facts->logprobs && !emit_logprobs(&e, facts, &to)) return false;
    if (facts->routing && !emit_routing(&e, facts, &to)) return false;
    if (facts->profile) emit_profile(&e, facts->profile);
    emit_end(&e);
    return true;
}

bool run_report_table(const struct run_facts *facts, struct text *out,
                      bool (*print)(struct text *text, struct sy_error *err), struct sy_error *err) {
    run_routing_head(out);
    for (int64_t t = 0; t < facts->routing->count; t++) {
        run_routing_rows(facts->every, t, out);
        if (out->size >= SPILL_BYTES && !print(out, err)) return false;
    }
    return true;
}

/* ---- for people ---- */

void run_report_ids(const struct run_facts *facts, const struct style *style, struct text *out) {
    int column = 0;
    for (int64_t i = 0; i < facts->token_count; i++) {
        char token[24];
        int width = snprintf(token, sizeof token, "%lld", (long long)facts->tokens[i].token.token);
        if (column > 0 && column + 1 + width > style->columns) {
            text_add(out, "\n");
            column = 0;
        }
        text_add(out, "%s%s", column > 0 ? " " : "", token);
        column += width + (column > 0);
    }
    if (facts->token_count > 0) text_add(out, "%s\n\n", facts->finish == SY_FINISH_END ? "  (end)" : "");
}

static void show_rate(const char *what, int64_t count, double rate, struct text *out) {
    char number[NUMBER_TEXT];
    text_add(out, "%-9s %6lld token%s", what, (long long)count, count == 1 ? "" : "s");
    if (rate > 0) text_add(out, ", %s", number_rate(rate, "tok/s", number));
    text_add(out, "\n");
}

static void show_rates(const struct run_facts *facts, struct text *out) {
    char load[NUMBER_TEXT], peak[NUMBER_TEXT];
    text_add(out, "%s\n%s\n", facts->model, facts->runs_as);
    show_rate("prompt", facts->prompt_count, facts->prefill_rate, out);
    if (facts->token_count > 0) show_rate("generated", facts->token_count, facts->decode_rate, out);
    if (facts->drawn) text_add(out, "drawn with --seed %llu\n", (unsigned long long)facts->drawn->seed);
    text_add(out, "loaded in %s, peak memory %s\n", number_seconds(facts->load_seconds, load),
             number_bytes(facts->peak_bytes, peak));
}

static void show_way(const struct routing_log *log, const struct style *style, struct text *out) {
    const int64_t a_line = max_i64(1, (style->columns - 5) / 12);
    text_add(out, "\nThe last token's way: expert and weight, best first\n");
    for (int64_t i = 0; i < log->layers; i++) {
        const int32_t *choice = routing_log_choice(log, log->count - 1, i);
        const float *weights = log->last + i * log->most;
        text_add(out, "%s%5lld%s", style_begin(style, TINT_DIM), (long long)log->layer_of[i],
                 style_end(style, TINT_DIM));
        for (int64_t k = 0; k < log->most && choice[k] >= 0; k++) {
            if (k > 0 && k % a_line == 0) text_add(out, "\n     ");
            text_add(out, "  %s%4d%s %.3f", style_begin(style, TINT_BOLD), (int)choice[k],
                     style_end(style, TINT_BOLD), (double)weights[k]);
        }
        text_add(out, "\n");
    }
}

static void show_logprobs(const struct run_facts *facts, const struct style *style, struct text *out) {
    struct table table = { .columns = 4, .align = "rrrl", .head = true };
    text_add(out, "\nLog-probabilities of the tokens, and the likeliest in their place\n");
    table_row(&table, "", "token", "logprob", "likeliest");
    for (int64_t i = 0; i < facts->token_count; i++) {
        const struct run_token *token = &facts->tokens[i];
        char index[24], id[24], logprob[24];
        struct text others = { 0 };
        snprintf(index, sizeof index, "%lld", (long long)i + 1);
        snprintf(id, sizeof id, "%lld", (long long)token->token.token);
        snprintf(logprob, sizeof logprob, "%.3f", token->token.logprob);
        for (int64_t k = 0; k < token->likeliest_count && k < 3; k++)
            text_add(&others, "%s%lld %.3f", k > 0 ? ", " : "", (long long)token->likeliest[k].token,
                     token->likeliest[k].logprob);
        table_row(&table, index, id, logprob, others.data ? others.data : "");
        text_free(&others);
    }
    table_print(&table, style, out);
    table_free(&table);
}

static void show_profile(const struct sy_profile *profile, const struct style *style, struct text *out) {
    struct part parts[PARTS];
    struct table table = { .columns = 3, .align = "lrr", .head = true };
    char ms[24], share[NUMBER_TEXT];
    list_parts(profile, parts);
    text_add(out, "\nWhere the time went, in %lld passes\n", (long long)profile->steps);
    table_row(&table, "part", "ms", "share");
    for (int i = 0; i < PARTS; i++) {
        snprintf(ms, sizeof ms, "%.2f", parts[i].seconds * 1e3);
        table_row(&table, parts[i].name, ms, number_share(parts[i].seconds, profile->total, share));
    }
    snprintf(ms, sizeof ms, "%.2f", profile->total * 1e3);
    table_row(&table, "all", ms, "");
    snprintf(ms, sizeof ms, "%.2f", profile->barriers * 1e3);
    table_row(&table, "of it waiting", ms, number_share(profile->barriers, profile->total, share));
    table_print(&table, style, out);
    table_free(&table);
    text_add(out, "(waiting at %lld barriers, averaged over the threads)\n",
             (long long)profile->barrier_count);
}

static void show_routing(const struct run_facts *facts, const struct style *style, struct text *out) {
    const struct expert_table table = table_of(facts);
    if (table.layers > 0) text_add(out, "\n");
    expert_table_show(&table, style, out);
    if (table.layers > 0) show_way(facts->routing, style, out);
}

void run_report_rest(const struct run_facts *facts, const struct style *style, struct text *out) {
    show_rates(facts, out);
    if (facts->logprobs && facts->token_count > 0) show_logprobs(facts, style, out);
    if (facts->routing) show_routing(facts, style, out);
    if (facts->profile) show_profile(facts->profile, style, out);
}
