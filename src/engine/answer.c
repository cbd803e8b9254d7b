#include "engine/answer.h"

#include "base/checked.h"

#define STREAM_LEAD 16 /* ids of the prompt that the stream sees: more than one character can take */

/* A vocabulary may be padded beyond what the tokenizer knows: such an id says nothing. */
static bool take(struct answer *a, int64_t token, struct text *out, struct sy_error *err) {
    if (token >= a->pieces) return true;
    if (!token_stream_next(&a->stream, (int32_t)token, out, err)) return false;
    return !out->failed || sy_fail(err, SY_ERR_MEMORY, "no memory for the text of an answer");
}

/* It may finish a character that the prompt left half, and nothing is stripped at its front. */
bool answer_begin(struct answer *a, const struct tokenizer *tokenizer, const int64_t *prompt, int64_t count,
                  struct text *scratch, struct sy_error *err) {
    if (!tokenizer) return true;
    a->stream = token_stream_begin(tokenizer);
    a->pieces = tokenizer_facts(tokenizer).count;
    if (scratch->failed) text_free(scratch);
    scratch->size = 0;
    for (int64_t i = max_i64(0, count - STREAM_LEAD); i < count; i++)
        if (!take(a, prompt[i], scratch, err)) return false;
    a->stream.begun = true;
    a->stream.count = count;
    return true;
}

bool answer_take(struct answer *a, int64_t token, struct sy_error *err) {
    return !a->stream.tokenizer || take(a, token, &a->text, err);
}

bool answer_stopped(struct answer *a) {
    int64_t size = (int64_t)a->text.size;
    if (a->stops) return stop_scan(a->stops, a->text.data ? a->text.data : "", size, &a->sure);
    a->sure = size;
    return false;
}

void answer_end(struct answer *a, bool drew) {
    if (a->stream.tokenizer && drew) token_stream_end(&a->stream, &a->text);
    if (!answer_stopped(a)) a->sure = (int64_t)a->text.size;
}

void answer_close(struct answer *a) {
    stop_close(a->stops);
    text_free(&a->text);
}
