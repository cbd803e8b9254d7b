#include "commands/eval/text.h"

#include "commands/common_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool eval_text_open(const char *word, char *path, size_t path_size, struct model_text *text,
                    struct sy_error *err) {
    struct given given;
    if (!common_model(word, GIVEN_AS_MODEL, &given, err) || !model_text_open(given.path, text, err))
        return false;
    snprintf(path, path_size, "%s", given.path);
    if (text->tokenizer) return true;
    if (err) *err = text->missing;
    model_text_close(text);
    return false;
}

/* The bytes that each id adds to the decoded text, also where a character is split between two. */
static bool count_bytes(const struct tokenizer *tokenizer, const struct id_buffer *ids, struct eval_ids *out,
                        struct sy_error *err) {
    struct token_stream stream = token_stream_begin(tokenizer);
    struct text text = { 0 };
    int64_t before = 0;
    bool done = true;
    for (int64_t i = 0; done && i < ids->count; i++) {
        enum token_kind kind = tokenizer_kind(tokenizer, ids->data[i]);
        done = token_stream_next(&stream, ids->data[i], &text, err);
        int64_t after = (int64_t)text.size + stream.pending_count;
        out->ids[i] = ids->data[i];
        out->id_bytes[i] = kind == TOKEN_CONTROL ? 0 : (int32_t)(after - before);
        before = after;
    }
    if (done && text.failed) done = sy_fail(err, SY_ERR_MEMORY, "no memory for the text");
    text_free(&text);
    return done;
}

bool eval_encode(const struct tokenizer *tokenizer, const char *bytes, int64_t size, struct eval_ids *out,
                 struct sy_error *err) {
    struct id_buffer ids = { 0 };
    memset(out, 0, sizeof *out);
    bool done = tokenizer_encode(tokenizer, bytes, size, (struct encode_options){ 0 }, &ids, err);
    if (done) {
        out->count = ids.count;
        out->ids = calloc((size_t)ids.count + 1, sizeof *out->ids);
        out->id_bytes = calloc((size_t)ids.count + 1, sizeof *out->id_bytes);
        done = out->ids && out->id_bytes
                   ? count_bytes(tokenizer, &ids, out, err)
                   : sy_fail(err, SY_ERR_MEMORY, "no memory for %lld ids", (long long)ids.count);
    }
    id_buffer_free(&ids);
    if (!done) eval_ids_free(out);
    return done;
}

void eval_ids_free(struct eval_ids *ids) {
    free(ids->ids);
    free(ids->id_bytes);
    memset(ids, 0, sizeof *ids);
}
