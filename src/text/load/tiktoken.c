/*
 * Rank files: tiktoken's .tiktoken (one "base64 rank" a line) and Mistral's tekken.json. The rank of a piece
 * is the order of its merge; in a .tiktoken file it is the id too, in tekken.json ids begin behind the
 * special tokens. A .tiktoken file says neither its pattern nor its special tokens: pretokenize/names.c does.
 */
#include "text/base64.h"
#include "text/json_field.h"
#include "text/load/bpe.h"
#include "text/pretokenize/names.h"

#include "base/checked.h"
#include <stdio.h>
#include <stdlib.h>

#define TEKKEN_SPECIALS_MAX 100000

/* Puts a piece of raw bytes; doubles are an error, for then a rank would be lost. */
static bool put_bytes(struct tokenizer *t, int64_t id, const char *base64, int64_t size, char *room,
                      struct sy_error *err) {
    int64_t bytes = base64_decode(base64, size, room);
    if (bytes <= 0)
        return sy_fail(err, SY_ERR_FORMAT, "'%.*s' is no piece in base64", (int)min_i64(size, 80), base64);
    if (vocab_find(&t->vocab, room, bytes) >= 0)
        return sy_fail(err, SY_ERR_FORMAT, "this piece was there before");
    return vocab_put(&t->vocab, id, room, bytes, TOKEN_NORMAL, err);
}

static uint32_t *ranks_take(const struct tokenizer *t, struct sy_error *err) {
    uint32_t *ranks = malloc((size_t)max_i64(t->vocab.count, 1) * sizeof *ranks);
    if (!ranks) sy_fail(err, SY_ERR_MEMORY, "no memory for %lld ranks", (long long)t->vocab.count);
    return ranks;
}

/* Ids that came behind the first `count` have none. */
static bool ranks_grow(const struct tokenizer *t, uint32_t **ranks, int64_t count, struct sy_error *err) {
    uint32_t *grown = realloc(*ranks, (size_t)max_i64(t->vocab.count, 1) * sizeof *grown);
    if (!grown) return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld ranks", (long long)t->vocab.count);
    for (int64_t id = count; id < t->vocab.count; id++) grown[id] = BPE_NO_RANK;
    *ranks = grown;
    return true;
}

/* ---- tiktoken ---- */

/* "base64 rank": the rank, -1 when the line is none such. */
static int64_t line_rank(const char *line, int64_t size, int64_t *text_size) {
    const char *space = memchr(line, ' ', (size_t)size);
    int64_t rank = 0, at = space ? space - line + 1 : size;
    if (!space || at == size || size - at > 9) return -1;
    for (; at < size; at++) {
        if (line[at] < '0' || line[at] > '9') return -1;
        rank = rank * 10 + (line[at] - '0');
    }
    *text_size = space - line;
    return rank;
}

static bool put_line(struct tokenizer *t, const char *line, int64_t size, char *room, struct sy_error *err) {
    int64_t text_size = 0, rank = line_rank(line, size, &text_size);
    if (rank < 0) return sy_fail(err, SY_ERR_FORMAT, "is no base64 with a rank behind it");
    if (text_size > t->limits.piece_bytes * 4 / 3 + 4)
        return sy_fail(err, SY_ERR_LIMIT, "a piece of more than %lld bytes",
                       (long long)t->limits.piece_bytes);
    return put_bytes(t, rank, line, text_size, room, err);
}

static bool put_lines(struct tokenizer *t, const char *text, int64_t size, char *room, struct sy_error *err) {
    for (int64_t at = 0, line = 1; at < size; line++) {
        const char *newline = memchr(text + at, '\n', (size_t)(size - at));
        int64_t end = newline ? newline - text : size, length = end - at;
        if (length > 0 && text[end - 1] == '\r') length--;
        if (length > 0 && !put_line(t, text + at, length, room, err))
            return sy_error_at(err, "line %lld", (long long)line);
        at = end + 1;
    }
    return t->vocab.count > 0 || sy_fail(err, SY_ERR_FORMAT, "holds no pieces");
}

static int64_t count_lines(const char *text, int64_t size) {
    int64_t count = 1;
    for (int64_t at = 0; at < size; at++) count += text[at] == '\n';
    return count;
}

static bool add_specials(struct tokenizer *t, const struct special_name *specials, struct sy_error *err) {
    for (; specials && specials->text; specials++) {
        for (int32_t i = 0; i < specials->count; i++) {
            char text[64];
            const char *number = strstr(specials->text, "%d");
            if (number)
                snprintf(text, sizeof text, "%.*s%d%s", (int)(number - specials->text), specials->text,
                         specials->first + i, number + 2);
            else
                snprintf(text, sizeof text, "%s", specials->text);
            struct added_token token = { .special = true };
            if (!load_added(t, text, (int64_t)strlen(text), specials->id + i, false, token, err))
                return false;
        }
    }
    return true;
}

static const struct pre_name *pre_of(const struct tokenizer *t, const char *name, struct sy_error *err) {
    const struct pre_name *pre = name ? pre_name_find(name) : pre_name_of_ranks(t->vocab.count);
    if (pre) return pre;
    if (name)
        sy_fail(err, SY_ERR_INPUT, "no pre-tokeniser is called '%.80s'", name);
    else
        sy_fail(err, SY_ERR_INPUT, "a rank file of %lld pieces does not say how text is cut",
                (long long)t->vocab.count);
    sy_error_remedy(err, name ? "known are, among others, cl100k, o200k_harmony, llama4, llama-bpe and qwen2"
                              : "put the model's tokenizer.json beside it; `switchyard tokenize --pre NAME` "
                                "takes a file of ranks alone");
    return NULL;
}

bool load_tiktoken(struct tokenizer *t, const char *text, int64_t size, const char *pre_name,
                   struct sy_error *err) {
    t->ranks = true;
    char *room = malloc((size_t)t->limits.piece_bytes + 16);
    if (!room) return sy_fail(err, SY_ERR_MEMORY, "no memory for a piece");
    bool done = vocab_index(&t->vocab, min_i64(count_lines(text, size), t->limits.pieces) + 2048, err) &&
                put_lines(t, text, size, room, err);
    free(room);
    const struct pre_name *pre = done ? pre_of(t, pre_name, err) : NULL;
    uint32_t *ranks = pre ? ranks_take(t, err) : NULL;
    if (!ranks) return false;
    int64_t count = t->vocab.count;
    for (int64_t id = 0; id < count; id++) ranks[id] = vocab_has(&t->vocab, id) ? (uint32_t)id : BPE_NO_RANK;
    done = load_pre(t, pre, err) && add_specials(t, pre->specials, err) &&
           ranks_grow(t, &ranks, count, err) && load_ranks(t, ranks, err);
    free(ranks);
    if (!done) return false;
    t->bos = pre->bos ? vocab_find(&t->vocab, pre->bos, (int64_t)strlen(pre->bos)) : -1;
    t->eos = pre->eos ? vocab_find(&t->vocab, pre->eos, (int64_t)strlen(pre->eos)) : -1;
    return !pre->adds_bos || t->bos < 0 || frame_before(&t->frame, t->bos, err);
}

/* ---- tekken ---- */

static bool tekken_specials(struct tokenizer *t, const json_t *root, int64_t count, struct sy_error *err) {
    /* Of files before version 7, which do not list them. */
    static const char *const old[] = {
        "<unk>",
        "<s>",
        "</s>",
        "[INST]",
        "[/INST]",
        "[AVAILABLE_TOOLS]",
        "[/AVAILABLE_TOOLS]",
        "[TOOL_RESULTS]",
        "[/TOOL_RESULTS]",
        "[TOOL_CALLS]",
        "[IMG]",
        "<pad>",
        "[IMG_BREAK]",
        "[IMG_END]",
        "[PREFIX]",
        "[MIDDLE]",
        "[SUFFIX]",
        "[SYSTEM_PROMPT]",
        "[/SYSTEM_PROMPT]",
        "[TOOL_CONTENT]",
    };
    const json_t *list = json_object_get(root, "special_tokens"), *item;
    int64_t listed =
        json_is_array(list) ? (int64_t)json_array_size(list) : (int64_t)(sizeof old / sizeof old[0]);
    struct added_token token = { .special = true };
    size_t index;
    if (listed > count)
        return sy_fail(err, SY_ERR_FORMAT, "%lld special tokens, where config says %lld", (long long)listed,
                       (long long)count);
    json_array_foreach(list, index, item) {
        const char *text = json_string_value(json_object_get(item, "token_str"));
        int64_t rank = -1;
        if (!text || !json_to_i64(json_object_get(item, "rank"), &rank) || rank < 0 || rank >= count)
            return sy_fail(err, SY_ERR_FORMAT, "special token %zu has no text or no rank", index);
        if (!load_added(t, text, (int64_t)strlen(text), rank, false, token, err)) return false;
    }
    for (int64_t id = json_is_array(list) ? listed : 0; id < count; id++) {
        char text[40];
        if (id < listed)
            snprintf(text, sizeof text, "%s", old[id]);
        else
            snprintf(text, sizeof text, "<SPECIAL_%lld>", (long long)id);
        if (!load_added(t, text, (int64_t)strlen(text), id, false, token, err)) return false;
    }
    return true;
}

static bool tekken_pieces(struct tokenizer *t, const json_t *vocab, int64_t specials, int64_t inner,
                          char *room, struct sy_error *err) {
    const json_t *item;
    size_t index;
    json_array_foreach(vocab, index, item) {
        const json_t *text = json_object_get(item, "token_bytes");
        int64_t rank = -1;
        bool good = json_is_string(text) && json_to_i64(json_object_get(item, "rank"), &rank) && rank >= 0;
        if (good && rank >= inner) continue;
        if (!good)
            sy_fail(err, SY_ERR_FORMAT, "has no token_bytes or no rank");
        else if ((int64_t)json_string_length(text) > t->limits.piece_bytes)
            sy_fail(err, SY_ERR_LIMIT, "is longer than %lld bytes", (long long)t->limits.piece_bytes);
        else if (put_bytes(t, rank + specials, json_string_value(text), (int64_t)json_string_length(text),
                           room, err))
            continue;
        return sy_error_at(err, "vocab, piece %zu", index);
    }
    return true;
}

static bool tekken_merge(struct tokenizer *t, int64_t specials, struct sy_error *err) {
    uint32_t *ranks = ranks_take(t, err);
    if (!ranks) return false;
    for (int64_t id = 0; id < t->vocab.count; id++)
        ranks[id] = id >= specials && vocab_has(&t->vocab, id) ? (uint32_t)(id - specials) : BPE_NO_RANK;
    bool done = load_ranks(t, ranks, err);
    free(ranks);
    return done;
}

bool load_tekken(struct tokenizer *t, const json_t *root, struct sy_error *err) {
    const json_t *config = json_object_get(root, "config");
    const char *pattern;
    int64_t size, specials;
    if (!field_string(config, "pattern", &pattern, err) ||
        !field_int(config, "default_vocab_size", -1, &size, err) ||
        !field_int(config, "default_num_special_tokens", -1, &specials, err))
        return sy_error_at(err, "config");
    if (!pattern || specials < 0 || specials > TEKKEN_SPECIALS_MAX || size <= specials ||
        size > t->limits.pieces) {
        sy_fail(err, SY_ERR_FORMAT,
                "wants a pattern, default_vocab_size and default_num_special_tokens, the last the least");
        return sy_error_at(err, "config");
    }
    char *room = malloc((size_t)t->limits.piece_bytes + 16);
    if (!room) return sy_fail(err, SY_ERR_MEMORY, "no memory for a piece");
    bool done = vocab_index(&t->vocab, size, err) && tekken_specials(t, root, specials, err) &&
                tekken_pieces(t, json_object_get(root, "vocab"), specials, size - specials, room, err);
    free(room);
    if (!done || !tekken_merge(t, specials, err)) return false;
    if (!pretokenizer_add_pattern(&t->pre, pattern, (int64_t)strlen(pattern), PATTERN_RUST, err))
        return false;
    t->bos = vocab_find(&t->vocab, "<s>", 3);
    t->eos = vocab_find(&t->vocab, "</s>", 4);
    t->unk = vocab_find(&t->vocab, "<unk>", 5);
    t->pad = vocab_find(&t->vocab, "<pad>", 5);
    return t->bos < 0 || frame_before(&t->frame, t->bos, err);
}
