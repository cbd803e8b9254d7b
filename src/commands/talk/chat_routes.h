/*
 * The last answer coloured by expert: each token's text in the colour of the expert that it went to first, at
 * one MoE layer.
 */
#ifndef COMMANDS_TALK_CHAT_ROUTES_H
#define COMMANDS_TALK_CHAT_ROUTES_H

#include "base/error.h"
#include "base/json.h"
#include "report/style.h"
#include <stdint.h>

struct chat_routes {     /* of one answer; starts as { 0 } */
    int64_t layers;      /* of the model */
    int64_t first_index; /* of the sequence: that of the first generated token */
    int64_t count, room; /* tokens */
    int16_t *expert;     /* [room][layers] the best; -1: dense, or not run */
    int64_t *text_end;   /* [room] bytes of text when the token was there */
    struct text text;
};

/* Bytes that the routing of such an answer takes, but for its text; false where that cannot be counted. */
SY_MUST_CHECK bool chat_routes_bytes(int64_t layers, int64_t tokens, int64_t *bytes);

/* Room for an answer of so many tokens, forgetting the last one. */
SY_MUST_CHECK bool chat_routes_begin(struct chat_routes *routes, int64_t layers, int64_t first_index,
                                     int64_t tokens, struct sy_error *err);
void chat_routes_free(struct chat_routes *routes);
void chat_routes_token(struct chat_routes *routes, const char *text, size_t size);
void chat_routes_choice(struct chat_routes *routes, int64_t index, int64_t layer, int32_t expert);

/* The layer shown when nobody names one: the middle one of those with experts; -1: none has any. */
int64_t chat_routes_layer(const struct chat_routes *routes);
/* Text, then a legend of the experts by use. SY_ERR_INPUT: no answer yet, no such layer, no experts there. */
SY_MUST_CHECK bool chat_routes_show(const struct chat_routes *routes, int64_t layer,
                                    const struct style *style, struct text *out, struct sy_error *err);

#endif
