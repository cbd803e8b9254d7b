/*
 * run --routing=tokens: every id that ran, with the experts that it went to and their weights, as a table of
 * tab-separated values or within the JSON of run. One row a choice:
 *
 *     index  token  text  role    layer  rank  expert  weight
 *     0      1024   The   prompt  3      0     17      0.412
 *
 * A text is written as JSON writes it between its quotes, so that no tab or newline of it breaks a row. The
 * last id generated has not run, hence no rows.
 */
#ifndef COMMANDS_TALK_RUN_ROUTING_H
#define COMMANDS_TALK_RUN_ROUTING_H

#include "commands/emit.h"
#include "commands/talk/routing_log.h"
#include "commands/talk/run_tokens.h"

struct run_routing {
    const struct routing_log *log; /* with `every` */
    const bool *shown;             /* [log->layers] by --layers; NULL: all */
    const int64_t *prompt;         /* [prompt_count] */
    int64_t prompt_count;
    const struct run_token *tokens; /* generated */
    struct sy_engine *engine;       /* for the text of an id; NULL: no text */
};

/* "0,3-5": layers of the model, each of which must have experts. *shown is [moe_layers], the caller's. */
SY_MUST_CHECK bool run_routing_layers(const char *words, const struct routing_log *log, bool **shown,
                                      struct sy_error *err);

void run_routing_head(struct text *out);
void run_routing_rows(const struct run_routing *routing, int64_t index, struct text *out);
/* One object: {"index", "token", "text", "layers": [{"layer", "experts", "weights"}]}. */
void run_routing_json(const struct run_routing *routing, int64_t index, struct emit *emit);

/* The whole table, mode 0600: it reveals the text. Over an earlier table, or (force) over whatever stands
 * there. */
SY_MUST_CHECK bool run_routing_write(const struct run_routing *routing, const char *path, bool force,
                                     struct sy_error *err);

#endif
