/*
 * What happened to a sequence, told one event at a time: its tokens, then its end.
 */
#include "engine/scheduler.h"

#include "base/checked.h"
#include "engine/scheduler_state.h"

static int64_t text_begin_of(const struct sequence *q, int64_t token) {
    return token > 0 ? q->tokens[token - 1].text_end : 0;
}

static void say(const struct sequence *q, int64_t begin, int64_t end, struct sy_event *event) {
    event->text = end > begin ? q->answer.text.data + begin : "";
    event->text_size = (size_t)(end - begin);
}

static void tell_token(struct sequence *q, struct sy_event *event) {
    int64_t i = q->polled++;
    event->kind = SY_EVENT_TOKEN;
    event->index = i;
    event->token.token = q->ids[q->prompt_end + i];
    event->token.logprob = q->tokens[i].logprob;
    if (q->likeliest) {
        event->likeliest = q->likeliest + i * q->sampling.logprobs;
        event->likeliest_count = q->tokens[i].likeliest_count;
    }
    say(q, text_begin_of(q, i), q->tokens[i].text_end, event);
}

static void tell_end(struct sequence *q, struct sy_event *event) {
    int64_t ran = sequence_ran(q);
    q->end_polled = true;
    event->kind = SY_EVENT_FINISHED;
    event->finish = q->finish;
    event->prompt_count = max_i64(0, min_i64(ran, q->prompt_end) - q->past);
    event->step_count = max_i64(0, ran - q->prompt_end);
    event->token_count = q->token_count;
    event->prefilled_anew = q->prefilled_anew;
    if (q->began > 0) event->prompt_seconds = (q->first_token > 0 ? q->first_token : q->ended) - q->began;
    if (q->first_token > 0) event->step_seconds = q->ended - q->first_token;
    say(q, text_begin_of(q, q->token_count), q->answer.sure, event);
}

static bool unknown_sequence(int64_t number, struct sy_error *err) {
    sy_fail(err, SY_ERR_INPUT, "there is no sequence %lld", (long long)number);
    return sy_error_remedy(err, "give the number of one that was submitted, and not released since");
}

bool scheduler_poll(struct scheduler *s, int64_t number, struct sy_event *event, struct sy_error *err) {
    struct sequence *q = registry_find(&s->registry, number);
    *event = (struct sy_event){ .struct_bytes = sizeof *event, .text = "" };
    if (!q) return unknown_sequence(number, err);
    if (q->polled < q->token_count)
        tell_token(q, event);
    else if (q->phase == PHASE_FINISHED && !q->end_polled)
        tell_end(q, event);
    return true;
}
