/*
 * Added tokens, as all loaders put them into a tokenizer, and as tokenizer.json lists them. Those that are
 * looked for in normalised text are normalised themselves.
 */
#include "text/json_field.h"
#include "text/load/load.h"

bool load_added(struct tokenizer *t, const char *text, int64_t size, int64_t id, bool normalized,
                struct added_token token, struct sy_error *err) {
    enum token_kind kind = token.special ? TOKEN_CONTROL : TOKEN_ADDED;
    struct text made = { 0 }, spare = { 0 };
    int64_t known = vocab_find(&t->vocab, text, size);
    bool done = true, byte;
    if (size == 0) return true;
    if (known < 0) {
        known = id < 0 ? t->vocab.count : id;
        decoder_piece(&t->decoder, text, size, &made, &spare, &byte);
        done = vocab_put(&t->vocab, known, text, size, kind, err) &&
               vocab_decodes(&t->vocab, known, made.data, (int64_t)made.size, err);
    }
    made.size = 0;
    if (done && normalized && t->normalizer)
        done = normalizer_apply(t->normalizer, text, size, false, &made, err);
    else if (done)
        text_add_bytes(&made, text, (size_t)size);
    if (done) {
        token.id = (int32_t)known;
        if (t->vocab.kinds[known] != TOKEN_UNKNOWN) t->vocab.kinds[known] = (unsigned char)kind;
        done = made.failed ? sy_fail(err, SY_ERR_MEMORY, "no memory for an added token")
                           : added_put(normalized ? &t->added_normalized : &t->added, made.data,
                                       (int64_t)made.size, token, err);
    }
    text_free(&made);
    text_free(&spare);
    return done;
}

/* ---- listed ---- */

static bool add_token(struct tokenizer *t, const json_t *item, struct sy_error *err) {
    struct added_token token = { 0 };
    int64_t id;
    bool normalized;
    const char *text;
    if (!field_string(item, "content", &text, err) || !field_int(item, "id", -1, &id, err) ||
        !field_bool(item, "special", false, &token.special, err) ||
        !field_bool(item, "normalized", !token.special, &normalized, err) ||
        !field_bool(item, "lstrip", false, &token.lstrip, err) ||
        !field_bool(item, "rstrip", false, &token.rstrip, err) ||
        !field_bool(item, "single_word", false, &token.single_word, err))
        return false;
    if (!text) return sy_fail(err, SY_ERR_FORMAT, "has no content");
    return load_added(t, text, (int64_t)strlen(text), id, normalized, token, err);
}

bool load_added_list(struct tokenizer *t, const json_t *list, struct sy_error *err) {
    const json_t *item;
    size_t index;
    json_array_foreach(list, index, item) {
        if (!add_token(t, item, err)) return sy_error_at(err, "added token %zu", index);
    }
    return true;
}
