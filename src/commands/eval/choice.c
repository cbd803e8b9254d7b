/*
 * eval choice: multiple choice by log-likelihood, from a file of JSON lines.
 */
#include "eval/choice.h"
#include "base/checked.h"
#include "base/os.h"
#include "base/utf8.h"
#include "commands/console.h"
#include "commands/emit.h"
#include "commands/eval/eval.h"
#include "commands/eval/text.h"
#include "commands/json_lines.h"
#include "commands/session_load.h"
#include "report/number.h"
#include "report/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct json_lines_limits limits = { .bytes = (int64_t)1 << 30, .lines = 1 << 20, .depth = 8 };

struct question { /* owned */
    struct eval_ids ids[CHOICES_MAX];
    struct choice_ids choices[CHOICES_MAX];
    int64_t characters[CHOICES_MAX];
    int64_t count, label; /* -1: none */
};

struct answers { /* so far */
    int64_t questions, labelled, right, right_normalised;
};

struct job {
    const struct eval_args *args;
    const struct tokenizer *tokenizer;
    struct session *session; /* NULL: only the longest question is sought */
    struct scorer *scorer;
    int64_t longest, total;
    struct answers answers;
    struct progress progress;
    struct emit emit;
    struct text out;
};

static int64_t characters_of(const char *text) {
    int64_t count = 0;
    for (; *text; text++) count += (*text & 0xc0) != 0x80;
    return count;
}

/* Bytes of white space at the end, which belong to the continuations: tokens begin with their space. */
static size_t trailing_space(const char *text) {
    size_t size = strlen(text), at = size;
    while (at > 0 && strchr(" \t\n\r\v\f", text[at - 1])) at--;
    return size - at;
}

static bool encode_choice(const struct job *job, const char *context, const char *choice,
                          struct eval_ids *ids, int64_t *first, struct sy_error *err) {
    struct text whole = { 0 };
    struct eval_ids alone = { 0 };
    text_add(&whole, "%s%s", context, choice);
    int64_t head = (int64_t)(strlen(context) - trailing_space(context));
    bool done = !whole.failed || sy_fail(err, SY_ERR_MEMORY, "no memory for a question");
    done = done && eval_encode(job->tokenizer, whole.data ? whole.data : "", (int64_t)whole.size, ids, err) &&
           eval_encode(job->tokenizer, whole.data ? whole.data : "", head, &alone, err);
    *first = max_i64(alone.count, 1);
    if (done && *first >= ids->count) done = sy_fail(err, SY_ERR_INPUT, "a continuation without any token");
    eval_ids_free(&alone);
    text_free(&whole);
    return done;
}

static bool take_choice(const struct job *job, const char *context, const json_t *value,
                        struct question *question, struct sy_error *err) {
    const char *choice = json_string_value(value);
    int64_t i = question->count, first;
    if (!choice) return sy_fail(err, SY_ERR_FORMAT, "a choice that is no text");
    if (!encode_choice(job, context, choice, &question->ids[i], &first, err)) {
        eval_ids_free(&question->ids[i]);
        return false;
    }
    question->choices[i] = (struct choice_ids){ question->ids[i].ids, question->ids[i].count, first };
    question->characters[i] = max_i64(characters_of(choice), 1);
    question->count++;
    return true;
}

static void question_free(struct question *question) {
    for (int64_t i = 0; i < question->count; i++) eval_ids_free(&question->ids[i]);
}

static bool take_label(const json_t *value, struct question *question, struct sy_error *err) {
    question->label = -1;
    if (!value || json_is_null(value)) return true;
    if (json_to_i64(value, &question->label) && question->label >= 0 && question->label < question->count)
        return true;
    return sy_fail(err, SY_ERR_FORMAT, "the label is no index of one of the %lld choices",
                   (long long)question->count);
}

static bool question_read(const struct job *job, const json_t *line, struct question *question,
                          struct sy_error *err) {
    const char *context = json_string_value(json_object_get(line, "context"));
    const json_t *choices = json_object_get(line, "choices");
    size_t count = json_array_size(choices);
    question->count = 0;
    if (!context || count < 1)
        return sy_fail(err, SY_ERR_FORMAT, "wants {\"context\": TEXT, \"choices\": [TEXT, ...]}");
    if (count > CHOICES_MAX) return sy_fail(err, SY_ERR_LIMIT, "%zu choices, at most %d", count, CHOICES_MAX);
    for (size_t i = 0; i < count; i++) {
        if (take_choice(job, context, json_array_get(choices, i), question, err)) continue;
        question_free(question);
        return false;
    }
    if (take_label(json_object_get(line, "label"), question, err)) return true;
    question_free(question);
    return false;
}

/* ---- scoring ---- */

struct verdict {
    int64_t best, best_normalised;
};

static struct verdict judge(const struct question *question, const struct choice_score *scores) {
    struct verdict v = { 0 };
    for (int64_t i = 1; i < question->count; i++) {
        double normalised = scores[i].logprob / (double)question->characters[i];
        if (scores[i].logprob > scores[v.best].logprob) v.best = i;
        if (normalised > scores[v.best_normalised].logprob / (double)question->characters[v.best_normalised])
            v.best_normalised = i;
    }
    return v;
}

static void emit_question(struct job *job, const struct question *question, const struct choice_score *scores,
                          const struct verdict *v) {
    struct emit *e = &job->emit;
    emit_object(e, NULL);
    emit_list(e, "scores");
    for (int64_t i = 0; i < question->count; i++) emit_real(e, NULL, scores[i].logprob);
    emit_end(e);
    emit_list(e, "normalised");
    for (int64_t i = 0; i < question->count; i++)
        emit_real(e, NULL, scores[i].logprob / (double)question->characters[i]);
    emit_end(e);
    emit_list(e, "greedy");
    for (int64_t i = 0; i < question->count; i++) emit_bool(e, NULL, scores[i].greedy);
    emit_end(e);
    emit_int(e, "best", v->best);
    emit_int(e, "best_normalised", v->best_normalised);
    if (question->label >= 0) emit_int(e, "label", question->label);
    emit_end(e);
}

static void print_question(struct job *job, const struct question *question,
                           const struct choice_score *scores, const struct verdict *v) {
    text_add(&job->out, "%6lld  choice %lld  (a character: %lld)", (long long)job->answers.questions,
             (long long)v->best, (long long)v->best_normalised);
    if (question->label >= 0)
        text_add(&job->out, "  label %lld %s", (long long)question->label,
                 question->label == v->best ? "right" : "wrong");
    text_add(&job->out, "  ");
    for (int64_t i = 0; i < question->count; i++) text_add(&job->out, " %.3f", scores[i].logprob);
    text_add(&job->out, "\n");
}

static bool score_question(struct job *job, const struct question *question, struct sy_error *err) {
    struct choice_score scores[CHOICES_MAX];
    for (int64_t i = 0; i < question->count; i++)
        if (!session_check_ids(job->session, question->ids[i].ids, question->ids[i].count, err)) return false;
    if (!choice_score(job->scorer, job->session, question->choices, question->count, scores, err))
        return false;
    struct verdict v = judge(question, scores);
    struct answers *a = &job->answers;
    a->questions++;
    a->labelled += question->label >= 0;
    a->right += question->label == v.best;
    a->right_normalised += question->label == v.best_normalised;
    if (job->args->json)
        emit_question(job, question, scores, &v);
    else
        print_question(job, question, scores, &v);
    progress_show(&job->progress, a->questions, os_seconds());
    return true;
}

static bool visit(void *argument, int64_t line, const json_t *value, struct sy_error *err) {
    struct job *job = argument;
    struct question question;
    (void)line;
    if (!question_read(job, value, &question, err)) return false;
    bool done = true;
    if (job->session) {
        done = score_question(job, &question, err);
    } else {
        job->total++;
        for (int64_t i = 0; i < question.count; i++)
            job->longest = max_i64(job->longest, question.choices[i].count);
    }
    question_free(&question);
    return done;
}

static void emit_accuracy(struct job *job) {
    const struct answers *a = &job->answers;
    struct emit *e = &job->emit;
    emit_end(e);
    emit_int(e, "questions", a->questions);
    emit_int(e, "labelled", a->labelled);
    if (a->labelled > 0) {
        emit_real(e, "accuracy", (double)a->right / (double)a->labelled);
        emit_real(e, "accuracy_normalised", (double)a->right_normalised / (double)a->labelled);
    }
}

/* After the answers, and at the end of the JSON. */
static bool print_load(struct job *job, struct sy_error *err) {
    struct session_load load;
    struct style style = console_style(stdout);
    if (!job->args->routing) return true;
    if (!session_load_open(job->session, &load, err)) return false;
    session_load_read(job->session, &load);
    if (job->args->json) {
        emit_object(&job->emit, "routing");
        expert_table_emit(&load.table, &job->emit);
        emit_end(&job->emit);
    } else {
        text_add(&job->out, "\n");
        expert_table_show(&load.table, &style, &job->out);
    }
    session_load_close(&load);
    return true;
}

static void print_accuracy(struct job *job) {
    const struct answers *a = &job->answers;
    char share[NUMBER_TEXT], normalised[NUMBER_TEXT];
    if (a->labelled == 0) return;
    text_add(&job->out, "right   %s (%lld of %lld), a character %s\n",
             number_share((double)a->right, (double)a->labelled, share), (long long)a->right,
             (long long)a->labelled,
             number_share((double)a->right_normalised, (double)a->labelled, normalised));
}

static bool score_file(struct job *job, struct session *session, struct sy_error *err) {
    struct style style = console_style(stderr);
    job->session = session;
    if (!scorer_open(session, &job->scorer, err)) return false;
    job->progress =
        progress_begin(console_progress(), &style, "answering", job->total, "lines/s", os_seconds());
    job->emit = (struct emit){ .text = &job->out };
    if (job->args->json) {
        emit_object(&job->emit, NULL);
        emit_list(&job->emit, "lines");
    }
    bool done = json_lines_read(job->args->file, limits, "questions", visit, job, err);
    progress_end(&job->progress);
    scorer_close(job->scorer);
    if (!done) return text_free(&job->out), false;
    if (job->args->json)
        emit_accuracy(job);
    else
        print_accuracy(job);
    if (!print_load(job, err)) return text_free(&job->out), false;
    if (job->args->json) emit_end(&job->emit);
    return console_print(&job->out, err);
}

bool eval_choice(const struct eval_args *args, const char *word, struct sy_error *err) {
    struct job job = { .args = args };
    struct model_text text;
    struct session_options wanted;
    struct session session;
    char path[4096];
    if (strcmp(args->file, "-") == 0)
        return sy_fail(err, SY_ERR_USAGE, "questions are read twice, and standard input can be read once");
    if (!eval_text_open(word, path, sizeof path, &text, err)) return false;
    job.tokenizer = text.tokenizer;
    bool done = json_lines_read(args->file, limits, "questions", visit, &job, err) &&
                common_options(&args->common, true, job.longest, &wanted, err);
    wanted.sequences = 2; /* the context, and one continuation that shares its pages */
    done = done && common_open(&args->common, path, &wanted, &session, err);
    if (done) {
        if (job.longest > common_room(&args->common, &session)) {
            sy_fail(err, SY_ERR_INPUT, "the longest question has %lld tokens, and there is room for %lld",
                    (long long)job.longest, (long long)common_room(&args->common, &session));
            done = sy_error_remedy(err, "give --ctx %lld, or shorter questions", (long long)job.longest);
        } else {
            done = score_file(&job, &session, err);
            if (done) common_warn(&args->common, &session, job.longest);
        }
        session_close(&session);
    }
    model_text_close(&text);
    return done;
}
