#include "commands/talk/chat_routes.h"

#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

#define LEGEND_MAX      12
#define LEGEND_COLOURED 8

bool chat_routes_bytes(int64_t layers, int64_t tokens, int64_t *bytes) {
    const struct chat_routes *routes = NULL;
    int64_t a_token;
    return size_mul_add(layers, sizeof *routes->expert, sizeof *routes->text_end, &a_token) &&
           size_mul_add(tokens, a_token, sizeof *routes->text_end, bytes);
}

bool chat_routes_begin(struct chat_routes *routes, int64_t layers, int64_t first_index, int64_t tokens,
                       struct sy_error *err) {
    int64_t cells;
    chat_routes_free(routes);
    if (!size_mul(layers, tokens, &cells) || cells > INT32_MAX)
        return sy_fail(err, SY_ERR_LIMIT, "an answer of %lld tokens is too long to keep its routing",
                       (long long)tokens);
    routes->expert = malloc((size_t)cells * sizeof *routes->expert + 1);
    routes->text_end = calloc((size_t)tokens + 1, sizeof *routes->text_end);
    if (!routes->expert || !routes->text_end) {
        chat_routes_free(routes);
        return sy_fail(err, SY_ERR_MEMORY, "no memory for the routing of %lld tokens", (long long)tokens);
    }
    memset(routes->expert, 0xff, (size_t)cells * sizeof *routes->expert); /* -1 */
    routes->layers = layers;
    routes->first_index = first_index;
    routes->room = tokens;
    return true;
}

void chat_routes_free(struct chat_routes *routes) {
    free(routes->expert);
    free(routes->text_end);
    text_free(&routes->text);
    memset(routes, 0, sizeof *routes);
}

void chat_routes_token(struct chat_routes *routes, const char *text, size_t size) {
    if (routes->count == routes->room) return;
    text_add_bytes(&routes->text, text, size);
    routes->text_end[routes->count++] = (int64_t)routes->text.size;
}

void chat_routes_choice(struct chat_routes *routes, int64_t index, int64_t layer, int32_t expert) {
    int64_t token = index - routes->first_index;
    if (token < 0 || token >= routes->room || layer < 0 || layer >= routes->layers) return;
    routes->expert[token * routes->layers + layer] = (int16_t)expert;
}

static int expert_of(const struct chat_routes *routes, int64_t token, int64_t layer) {
    return routes->expert[token * routes->layers + layer];
}

static bool has_experts(const struct chat_routes *routes, int64_t layer) {
    for (int64_t t = 0; t < routes->count; t++)
        if (expert_of(routes, t, layer) >= 0) return true;
    return false;
}

int64_t chat_routes_layer(const struct chat_routes *routes) {
    int64_t sparse = 0, seen = 0;
    for (int64_t l = 0; l < routes->layers; l++) sparse += has_experts(routes, l);
    for (int64_t l = 0; l < routes->layers; l++)
        if (has_experts(routes, l) && seen++ == sparse / 2) return l;
    return -1;
}

/* Neighbouring numbers get colours far apart: steps of 7/36 around a ring of the 256-colour cube's outside.
 */
static int colour_of(int expert) {
    static const unsigned char ring[36] = { 196, 202, 208, 214, 220, 226, 190, 154, 118, 82,  46,  47,
                                            48,  49,  50,  51,  45,  39,  33,  27,  63,  99,  135, 171,
                                            207, 206, 205, 204, 203, 209, 215, 221, 227, 191, 155, 119 };
    return ring[expert * 7 % 36];
}

static void show_token(const struct style *style, int expert, const char *text, int64_t size, bool more,
                       struct text *out) {
    if (style->colour && expert >= 0)
        text_add(out, "\033[38;5;%dm%.*s\033[0m", colour_of(expert), (int)size, text);
    else if (expert >= 0)
        text_add(out, "%.*s[%d]%s", (int)size, text, expert, more ? "|" : "");
    else
        text_add(out, "%.*s", (int)size, text);
}

/* Where the line is once `text` is behind it; *column may be moved to a new line before. On a terminal a
 * token that begins with a space and does not fit loses it, and begins the next line. */
static const char *wrap_token(const struct style *style, const char *text, int64_t *size, int *column,
                              struct text *out) {
    int width = 0;
    for (int64_t i = 0; i < *size; i++) width += ((unsigned char)text[i] & 0xc0) != 0x80;
    if (style->colour && *size > 0 && text[0] == ' ' && *column + width >= style->columns) {
        text_add(out, "\n");
        text++, --*size, --width;
        *column = 0;
    }
    *column += width;
    for (int64_t i = 0; i < *size; i++)
        if (text[i] == '\n') *column = (int)(*size - 1 - i);
    return text;
}

struct use {
    int expert;
    int64_t count;
};

static int by_count(const void *left, const void *right) {
    const struct use *a = left, *b = right;
    if (a->count != b->count) return a->count < b->count ? 1 : -1;
    return a->expert - b->expert;
}

static bool show_legend(const struct chat_routes *routes, int64_t layer, const struct style *style,
                        struct text *out, struct sy_error *err) {
    struct use *uses = calloc(INT16_MAX + 1, sizeof *uses);
    int64_t used = 0, choices = 0;
    if (!uses) return sy_fail(err, SY_ERR_MEMORY, "no memory for a legend");
    for (int e = 0; e <= INT16_MAX; e++) uses[e].expert = e;
    for (int64_t t = 0; t < routes->count; t++) {
        int expert = expert_of(routes, t, layer);
        if (expert < 0) continue;
        used += uses[expert].count++ == 0;
        choices++;
    }
    qsort(uses, INT16_MAX + 1, sizeof *uses, by_count);
    text_add(out, "\nlayer %lld, first choice of %lld tokens, %lld experts:%s", (long long)layer,
             (long long)choices, (long long)used, style->colour ? "\n" : "");
    int64_t most = style->colour ? LEGEND_COLOURED : LEGEND_MAX; /* in one line */
    for (int64_t i = 0; i < used && i < most; i++) {
        if (style->colour)
            text_add(out, "  \033[38;5;%dm%d\033[0m x%lld", colour_of(uses[i].expert), uses[i].expert,
                     (long long)uses[i].count);
        else
            text_add(out, "  %d x%lld", uses[i].expert, (long long)uses[i].count);
    }
    text_add(out, "%s\n", used > most ? "  ..." : "");
    free(uses);
    return true;
}

bool chat_routes_show(const struct chat_routes *routes, int64_t layer, const struct style *style,
                      struct text *out, struct sy_error *err) {
    if (routes->count == 0) return sy_fail(err, SY_ERR_INPUT, "there is no answer to show yet");
    if (layer < 0 || layer >= routes->layers)
        return sy_fail(err, SY_ERR_INPUT, "the model has the layers 0 to %lld",
                       (long long)routes->layers - 1);
    if (!has_experts(routes, layer))
        return sy_fail(err, SY_ERR_INPUT, "layer %lld has no experts to choose from", (long long)layer);
    int64_t begin = 0;
    int column = 0;
    for (int64_t t = 0; t < routes->count; t++) {
        int64_t size = routes->text_end[t] - begin;
        const char *text = size > 0 ? routes->text.data + begin : "";
        text = wrap_token(style, text, &size, &column, out);
        show_token(style, expert_of(routes, t, layer), text, size, t + 1 < routes->count, out);
        begin = routes->text_end[t];
    }
    return show_legend(routes, layer, style, out, err);
}
