/* The inside of an engine, for the files of this folder alone. */
#ifndef API_ENGINE_H
#define API_ENGINE_H

#include "engine/scheduler.h"
#include "engine/session.h"
#include "text/ends.h"
#include "text/model_text.h"

#include <stdatomic.h>

#define WARNING_BYTES 400

struct sy_engine {
    /* Somebody is inside: one thread at a time. Who comes second is refused, not queued. */
    atomic_bool busy;

    struct session session;
    struct model_text text; /* .tokenizer NULL: ids only */
    char *chat_template;    /* instead of the model's own; NULL: its own */
    struct scheduler *scheduler;
    struct stage_times times; /* with SY_PROFILE */
    bool profiled;
    double load_seconds;
    char runs_as[160];
    int64_t *moe_layer, moe_layers; /* [moe_layers] */
    int64_t text_most;              /* bytes of a text that can fit the context.. */
    int64_t text_room;              /* ..and whose copies fit what is allowed beside all that was computed */
    struct end_tokens ends;
    int64_t end_ids[ENDS_MAX];
    char (*warnings)[WARNING_BYTES]; /* [warning_count] */
    int64_t warning_count;
};

/* Begins a call. SY_ERR_USAGE, with nothing changed, where there is no engine or another call is inside. */
SY_MUST_CHECK bool engine_enter(const struct sy_engine *engine, struct sy_error *err);
void engine_leave(const struct sy_engine *engine);

/* Of what was noted of the model's texts: lines for whoever asks. */
SY_MUST_CHECK bool engine_take_notes(struct sy_engine *engine, const struct text_notes *notes,
                                     struct sy_error *err);

#endif
