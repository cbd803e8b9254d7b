/*
 * Text: to ids and back by the model's own tokenizer, and conversations by its own chat template.
 */
#include "api/engine.h"
#include "api/prompt.h"
#include "api/text_memory.h"
#include "base/checked.h"
#include "base/os.h"

#include <stdlib.h>
#include <string.h>

static bool enter(struct sy_engine *e, struct sy_error *err) {
    if (!engine_enter(e, err)) return false;
    if (e->text.tokenizer) return true;
    if (err) *err = e->text.missing;
    engine_leave(e);
    return false;
}

/* The growing text becomes the caller's, NUL-terminated also when it is empty. */
static bool give_text(struct text *text, char **out, size_t *size, struct sy_error *err) {
    if (!text->data) text_add_bytes(text, "", 0);
    char *data = text->failed ? NULL : text->data ? text->data : calloc(1, 1);
    if (!data) {
        text_free(text);
        return sy_fail(err, SY_ERR_MEMORY, "no memory for the text");
    }
    *out = data;
    if (size) *size = text->size;
    return true;
}

static bool give_ids(const struct id_buffer *ids, int64_t **out, int64_t *count, struct sy_error *err) {
    int64_t *wide = calloc((size_t)ids->count + 1, sizeof *wide);
    if (!wide) return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld ids", (long long)ids->count);
    for (int64_t i = 0; i < ids->count; i++) wide[i] = ids->data[i];
    *out = wide;
    *count = ids->count;
    return true;
}

#define FEWER_REMEDY "give less text, or a larger sy_options.context"

/* Told before anything is made of the text. */
static bool fits(const struct sy_engine *e, int64_t size, struct sy_error *err) {
    if (size <= e->text_most && size <= e->text_room) return true;
    if (size <= e->text_most) {
        sy_fail(err, SY_ERR_MEMORY, "a text of %lld bytes; in the memory that is allowed %lld are taken",
                (long long)size, (long long)e->text_room);
        return sy_error_remedy(err, "give less text, or a larger sy_options.memory_bytes");
    }
    sy_fail(err, SY_ERR_INPUT, "a text of %lld bytes; with %lld positions of context at most %lld can fit",
            (long long)size, (long long)e->session.context, (long long)e->text_most);
    return sy_error_remedy(err, FEWER_REMEDY);
}

#define SHORT_STRING 16 /* names, roles: a template has its own for them */

/* Bytes of text in a conversation's longer strings, an escaped character counted as one. */
static int64_t said_at_least(const char *json) {
    int64_t sum = 0;
    while (*json) {
        int64_t length = 0;
        if (*json++ != '"') continue;
        for (; *json && *json != '"'; length++) {
            bool escaped = *json == '\\' && json[1], long_one = escaped && json[1] == 'u';
            json += escaped ? 2 : 1;
            for (int digit = 0; long_one && digit < 4 && *json && *json != '"'; digit++) json++;
        }
        json += *json == '"';
        sum += max_i64(0, length - SHORT_STRING);
    }
    return sum;
}

bool sy_encode(struct sy_engine *engine, const char *text, size_t size, uint32_t flags, int64_t **ids,
               int64_t *count, struct sy_error *err) {
    struct id_buffer own = { 0 };
    struct encode_options how = { .no_special = flags & SY_NO_SPECIAL,
                                  .parse_special = flags & SY_PARSE_SPECIAL };
    if (!text || !ids || !count) return sy_fail(err, SY_ERR_USAGE, "text, ids or count is NULL");
    if (flags & ~(uint32_t)(SY_NO_SPECIAL | SY_PARSE_SPECIAL))
        return sy_fail(err, SY_ERR_USAGE, "unknown flags 0x%x in sy_encode", flags);
    if (size > PTRDIFF_MAX) return sy_fail(err, SY_ERR_USAGE, "a text of %zu bytes", size);
    if (!enter(engine, err)) return false;
    own.most = text_ids_most(engine->session.context);
    bool done = fits(engine, (int64_t)size, err) &&
                tokenizer_encode(engine->text.tokenizer, text, (int64_t)size, how, &own, err) &&
                give_ids(&own, ids, count, err);
    if (!done && own.count == own.most) sy_error_remedy(err, FEWER_REMEDY);
    engine_leave(engine);
    id_buffer_free(&own);
    return done;
}

static bool narrow_ids(const int64_t *ids, int64_t count, int32_t **out, struct sy_error *err) {
    int32_t *narrow = calloc((size_t)count + 1, sizeof *narrow);
    if (!narrow) return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld ids", (long long)count);
    for (int64_t i = 0; i < count; i++) narrow[i] = (int32_t)max_i64(-1, min_i64(ids[i], INT32_MAX));
    *out = narrow;
    return true;
}

bool sy_decode(struct sy_engine *engine, const int64_t *ids, int64_t count, char **text, size_t *size,
               struct sy_error *err) {
    struct text own = { 0 };
    int32_t *narrow = NULL;
    if (!text || (!ids && count > 0) || count < 0)
        return sy_fail(err, SY_ERR_USAGE, "text or ids is NULL, or their count negative");
    if (!enter(engine, err)) return false;
    bool done = narrow_ids(ids, count, &narrow, err) &&
                tokenizer_decode(engine->text.tokenizer, narrow, count, &own, err) &&
                give_text(&own, text, size, err);
    engine_leave(engine);
    free(narrow);
    if (!done) text_free(&own);
    return done;
}

bool sy_chat(struct sy_engine *engine, const char *messages, const char *context, char **text, size_t *size,
             struct sy_error *err) {
    struct text own = { 0 };
    if (!messages || !text) return sy_fail(err, SY_ERR_USAGE, "%s is NULL", text ? "messages" : "text");
    if (!enter(engine, err)) return false;
    struct prompt_request request = {
        .messages = messages,
        .messages_size = (int64_t)strlen(messages),
        .context = context,
        .context_size = context ? (int64_t)strlen(context) : 0,
        .source = engine->chat_template,
        .clock = { os_local_seconds() },
    };
    bool done = fits(engine, said_at_least(messages), err) &&
                prompt_render(&engine->text, &request, &own, err) && give_text(&own, text, size, err);
    engine_leave(engine);
    if (!done) text_free(&own);
    return done;
}

/* As transformers reads generation_config.json: nothing is drawn unless do_sample says so; then the fifty
 * likeliest, unless top_k says otherwise (GenerationConfig's own default). GGUF: text/generation.h. */
void sy_recommended(const struct sy_engine *engine, struct sy_sampling *sampling) {
    if (!sampling) return;
    *sampling = (struct sy_sampling){ 0 };
    if (!engine) return;
    const struct generation_defaults *g = &engine->text.generation;
    *sampling = (struct sy_sampling){
        .repeat_penalty = g->has_repeat_penalty ? g->repeat_penalty : 0,
        .presence_penalty = g->has_presence_penalty ? g->presence_penalty : 0,
        .frequency_penalty = g->has_frequency_penalty ? g->frequency_penalty : 0,
        .penalty_last = g->penalty_last,
    };
    if (!g->has_sample || !g->sample) return;
    sampling->temperature = g->has_temperature ? g->temperature : 1;
    sampling->top_k = g->has_top_k ? g->top_k : GENERATION_TOP_K;
    sampling->top_p = g->has_top_p ? g->top_p : 0;
    sampling->min_p = g->has_min_p ? g->min_p : 0;
    sampling->typical = g->has_typical ? g->typical : 0;
}
