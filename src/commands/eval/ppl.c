/*
 * eval ppl: the perplexity of a text.
 */
#include "base/os.h"
#include "commands/console.h"
#include "commands/emit.h"
#include "commands/eval/eval.h"
#include "commands/eval/text.h"
#include "commands/session_load.h"
#include "eval/perplexity.h"
#include "report/number.h"
#include "report/progress.h"
#include "report/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES_MAX ((int64_t)1 << 30)
#define WINDOW_DEFAULT 512
#define WINDOW_MIN     4

struct figures {
    double ppl, nll_per_token, bits_per_byte, seconds;
};

static struct figures figures_of(const struct perplexity *p, double seconds) {
    double per_token = p->nll / (double)p->scored;
    return (struct figures){
        .ppl = exp(per_token),
        .nll_per_token = per_token,
        .bits_per_byte = p->bytes > 0 ? p->nll / M_LN2 / (double)p->bytes : NAN,
        .seconds = seconds,
    };
}

static void print_json(const struct perplexity_request *r, const struct perplexity *p,
                       const struct figures *f, const struct session_load *load, struct text *out) {
    struct emit e = { .text = out };
    emit_object(&e, NULL);
    emit_real(&e, "ppl", f->ppl);
    emit_real(&e, "nll_per_token", f->nll_per_token);
    emit_int(&e, "tokens", p->scored);
    emit_real(&e, "bits_per_byte", f->bits_per_byte);
    emit_string(&e, "method", r->method == PERPLEXITY_HALVES ? "halves" : "stride");
    emit_int(&e, "ctx", r->window);
    emit_int(&e, "windows", p->windows);
    emit_int(&e, "bytes", p->bytes);
    emit_real(&e, "seconds", f->seconds);
    if (load) {
        emit_object(&e, "routing");
        expert_table_emit(&load->table, &e);
        emit_end(&e);
    }
    emit_end(&e);
}

static void print_human(const struct perplexity_request *r, const struct perplexity *p,
                        const struct figures *f, struct text *out) {
    char scored[NUMBER_TEXT], all[NUMBER_TEXT], rate[NUMBER_TEXT];
    text_add(out, "perplexity      %.4f\n", f->ppl);
    text_add(out, "nats a token    %.5f\n", f->nll_per_token);
    text_add(out, "bits a byte     %.5f\n", f->bits_per_byte);
    text_add(out, "scored          %s of %s tokens, in %lld windows of %lld (%s)\n",
             number_exact(p->scored, scored), number_exact(r->count, all), (long long)p->windows,
             (long long)r->window, r->method == PERPLEXITY_HALVES ? "second halves" : "strides");
    text_add(out, "speed           %s\n", number_rate((double)r->count / f->seconds, "tok/s", rate));
}

static void show_progress(void *argument, int64_t done) {
    progress_show(argument, done, os_seconds());
}

static bool measure(const struct eval_args *args, struct session *session, struct perplexity_request *r,
                    struct sy_error *err) {
    struct style style = console_style(stderr);
    struct perplexity result;
    struct text text = { 0 };
    double start = os_seconds();
    struct progress progress =
        progress_begin(console_progress(), &style, "scoring", r->count, "tok/s", start);
    r->argument = &progress;
    r->progress = show_progress;
    bool done = session_check_ids(session, r->ids, r->count, err) && perplexity(session, r, &result, err);
    progress_end(&progress);
    if (!done) return false;
    struct figures figures = figures_of(&result, os_seconds() - start);
    struct session_load load;
    if (args->routing) {
        if (!session_load_open(session, &load, err)) return false;
        session_load_read(session, &load);
    }
    if (args->json)
        print_json(r, &result, &figures, args->routing ? &load : NULL, &text);
    else
        print_human(r, &result, &figures, &text);
    if (args->routing && !args->json) {
        struct style plain = console_style(stdout);
        text_add(&text, "\n");
        expert_table_show(&load.table, &plain, &text);
    }
    if (args->routing) session_load_close(&load);
    return console_print(&text, err);
}

static bool check_windows(const struct eval_args *args, struct perplexity_request *r, struct sy_error *err) {
    r->method = args->method == 1 ? PERPLEXITY_STRIDE : PERPLEXITY_HALVES;
    r->window = args->common.context > 0 ? args->common.context : WINDOW_DEFAULT;
    r->stride = args->stride > 0 ? args->stride : r->window / 2;
    if (r->window < WINDOW_MIN)
        return sy_fail(err, SY_ERR_USAGE, "--ctx %lld: a window has at least %d tokens", (long long)r->window,
                       WINDOW_MIN);
    if (r->stride < r->window) return true;
    sy_fail(err, SY_ERR_USAGE, "--stride %lld is not shorter than the window", (long long)r->stride);
    return sy_error_remedy(err, "give at most %lld", (long long)r->window - 1);
}

static bool run_text(const struct eval_args *args, const char *path, const struct model_text *text,
                     const char *bytes, int64_t size, struct sy_error *err) {
    struct perplexity_request r = { 0 };
    struct session_options wanted;
    struct session session;
    struct eval_ids ids;
    if (!check_windows(args, &r, err) || !common_options(&args->common, true, r.window, &wanted, err))
        return false;
    if (!eval_encode(text->tokenizer, bytes, size, &ids, err)) return false;
    struct tokenizer_facts facts = tokenizer_facts(text->tokenizer);
    r.ids = ids.ids;
    r.count = ids.count;
    r.id_bytes = ids.id_bytes;
    r.bos = facts.adds_bos ? facts.bos : -1;
    wanted.context = r.window;
    bool done = common_open(&args->common, path, &wanted, &session, err);
    if (done) {
        done = measure(args, &session, &r, err);
        if (done) common_warn(&args->common, &session, r.window);
        session_close(&session);
    }
    eval_ids_free(&ids);
    return done;
}

bool eval_ppl(const struct eval_args *args, const char *word, struct sy_error *err) {
    struct model_text text;
    char path[4096], *bytes = NULL;
    int64_t size = 0;
    bool standard = strcmp(args->file, "-") == 0;
    if (!eval_text_open(word, path, sizeof path, &text, err)) return false;
    bool done = standard ? os_read_stdin(TEXT_BYTES_MAX, &bytes, &size, err)
                         : os_read_file(args->file, TEXT_BYTES_MAX, &bytes, &size, err);
    done = done && run_text(args, path, &text, bytes, size, err);
    free(bytes);
    model_text_close(&text);
    return done;
}
