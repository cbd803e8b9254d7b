#include "commands/talk/run_routing.h"

#include "base/checked.h"
#include "base/os.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WRITE_BYTES ((size_t)1 << 16)

/* ---- which layers ---- */

static bool refuse_words(const char *words, struct sy_error *err) {
    sy_fail(err, SY_ERR_USAGE, "--layers takes numbers of layers, not '%.60s'", words);
    return sy_error_remedy(err, "such as --layers 0,3-5");
}

static bool show_range(const struct routing_log *log, int64_t first, int64_t last, bool *shown,
                       struct sy_error *err) {
    int64_t found = 0;
    for (int64_t i = 0; i < log->layers; i++)
        if (log->layer_of[i] >= first && log->layer_of[i] <= last) shown[i] = true, found++;
    if (found > 0 && found == last - first + 1) return true;
    sy_fail(err, SY_ERR_INPUT, "--layers: not each of the layers %lld to %lld is one with experts",
            (long long)first, (long long)last);
    if (log->layers == 0)
        return sy_error_remedy(err, "leave --layers out: no layer of this model has experts");
    return sy_error_remedy(err, "give some of those %lld that are, from layer %lld to %lld",
                           (long long)log->layers, (long long)log->layer_of[0],
                           (long long)log->layer_of[log->layers - 1]);
}

/* A number at *at, which moves behind it. */
static bool take_number(const char **at, int64_t *number) {
    char *end;
    if (**at < '0' || **at > '9') return false;
    errno = 0;
    *number = strtoll(*at, &end, 10);
    *at = end;
    return errno == 0;
}

bool run_routing_layers(const char *words, const struct routing_log *log, bool **shown,
                        struct sy_error *err) {
    *shown = calloc((size_t)log->layers + 1, sizeof **shown);
    if (!*shown) return sy_fail(err, SY_ERR_MEMORY, "no memory for a list of layers");
    for (const char *at = words;; at++) {
        int64_t first, last;
        if (!take_number(&at, &first)) return refuse_words(words, err);
        last = first;
        if (*at == '-' && (++at, !take_number(&at, &last))) return refuse_words(words, err);
        if (last < first || (*at && *at != ',')) return refuse_words(words, err);
        if (!show_range(log, first, last, *shown, err)) return false;
        if (!*at) return true;
    }
}

/* ---- one id ---- */

static int64_t token_of(const struct run_routing *r, int64_t index) {
    return index < r->prompt_count ? r->prompt[index] : r->tokens[index - r->prompt_count].token.token;
}

/* Its text, sy_free's; NULL where it has none. */
static char *text_of(const struct run_routing *r, int64_t id, size_t *size) {
    char *text = NULL;
    if (!r->engine || !sy_decode(r->engine, &id, 1, &text, size, NULL)) return NULL;
    return text;
}

static bool is_shown(const struct run_routing *r, int64_t moe_layer) {
    return !r->shown || r->shown[moe_layer];
}

#define HEAD "index\ttoken\ttext\trole\tlayer\trank\texpert\tweight\n"

void run_routing_head(struct text *out) {
    text_add(out, HEAD);
}

void run_routing_rows(const struct run_routing *r, int64_t index, struct text *out) {
    struct text word = { 0 };
    size_t size = 0;
    int64_t id = token_of(r, index);
    char *text = text_of(r, id, &size);
    text_add_json_bytes(&word, text ? text : "", text ? size : 0);
    sy_free(text);
    out->failed |= word.failed;
    for (int64_t i = 0; i < r->log->layers && !word.failed; i++) {
        const int32_t *choice = routing_log_choice(r->log, index, i);
        const float *weights = routing_log_weights(r->log, index, i);
        for (int64_t k = 0; is_shown(r, i) && k < r->log->most && choice[k] >= 0; k++) {
            text_add(out, "%lld\t%lld\t%.*s\t%s\t%lld\t%lld\t%d\t", (long long)index, (long long)id,
                     (int)word.size - 2, word.data + 1, index < r->prompt_count ? "prompt" : "generated",
                     (long long)r->log->layer_of[i], (long long)k, (int)choice[k]);
            text_add_json_number(out, (double)weights[k]);
            text_add(out, "\n");
        }
    }
    text_free(&word);
}

void run_routing_json(const struct run_routing *r, int64_t index, struct emit *e) {
    size_t size = 0;
    int64_t id = token_of(r, index);
    char *text = text_of(r, id, &size);
    emit_object(e, NULL);
    emit_int(e, "index", index);
    emit_int(e, "token", id);
    emit_string(e, "text", text);
    emit_string(e, "role", index < r->prompt_count ? "prompt" : "generated");
    sy_free(text);
    emit_list(e, "layers");
    for (int64_t i = 0; i < r->log->layers; i++) {
        const int32_t *choice = routing_log_choice(r->log, index, i);
        const float *weights = routing_log_weights(r->log, index, i);
        if (!is_shown(r, i)) continue;
        emit_object(e, NULL);
        emit_int(e, "layer", r->log->layer_of[i]);
        emit_list(e, "experts");
        for (int64_t k = 0; k < r->log->most && choice[k] >= 0; k++) emit_int(e, NULL, choice[k]);
        emit_end(e);
        emit_list(e, "weights");
        for (int64_t k = 0; k < r->log->most && choice[k] >= 0; k++) emit_real(e, NULL, (double)weights[k]);
        emit_end(e);
        emit_end(e);
    }
    emit_end(e);
    emit_end(e);
}

/* ---- a file ---- */

static bool flush(struct os_writer *writer, struct text *text, struct sy_error *err) {
    bool done = !text->failed || sy_fail(err, SY_ERR_MEMORY, "no memory for a table");
    done = done && os_writer_write(writer, text->data ? text->data : "", (int64_t)text->size, err);
    text_free(text);
    return done;
}

static bool is_table(const unsigned char *head, int64_t size) {
    return size >= (int64_t)strlen(HEAD) && memcmp(head, HEAD, strlen(HEAD)) == 0;
}

bool run_routing_write(const struct run_routing *r, const char *path, bool force, struct sy_error *err) {
    static const struct os_kind kind = { "table of routing by this program", is_table };
    const struct os_rule rule = { .private_mode = true, .force = force, .kind = &kind, .ask = "add --force" };
    struct os_writer *writer;
    struct text text = { 0 };
    if (!os_writer_open_by(&rule, path, &writer, err)) return false;
    bool done = true;
    run_routing_head(&text);
    for (int64_t i = 0; i < r->log->count && done; i++) {
        run_routing_rows(r, i, &text);
        if (text.failed || text.size >= WRITE_BYTES) done = flush(writer, &text, err);
    }
    if (done && flush(writer, &text, err)) return os_writer_commit(writer, err);
    text_free(&text);
    os_writer_abandon(writer);
    return false;
}
