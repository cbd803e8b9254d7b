#include "commands/common_session.h"

#include "api/model_path.h"
#include "base/checked.h"
#include "commands/console.h"
#include "report/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT_DEFAULT 4096

_Static_assert(TEAM_MAX == 256, "what may be asked for (COMMON_THREADS) is what there can be");

bool common_options(const struct common *common, bool exact_default, int64_t positions,
                    struct session_options *out, struct sy_error *err) {
    static const enum dtype kv_types[] = { DTYPE_F32, DTYPE_F16, DTYPE_BF16,
                                           DTYPE_Q8_0 }; /* as --kv's words */
    char word[COMMON_WORD];
    *out = (struct session_options){
        .threads = (int)common->threads,
        .precision = common->exact  ? PRECISION_EXACT
                     : common->fast ? PRECISION_FAST
                                    : PRECISION_DEFAULT,
        .exact_default = exact_default,
        .kv = common->kv < 0 ? -1 : (int)kv_types[common->kv],
        .regime = (enum regime)common->regime,
        .layout = (enum weights_layout)common->layout,
        .cpu = LEVEL_COUNT - 1,
        .context = common->context,
        .memory = common->memory,
        .ignore_unknown = common->ignore_unknown,
    };
    if (!common->context && positions < CONTEXT_DEFAULT) out->context = positions;
    if (common_cpu(common, word) && !level_from_name(word, &out->cpu))
        return sy_fail(err, SY_ERR_USAGE, "--cpu %s: no such level", word);
    return true;
}

int64_t common_room(const struct common *common, const struct session *session) {
    int64_t made_for = session->model.spec.context;
    if (common->context > 0 || made_for <= 0) return session->context;
    return min_i64(session->context, made_for);
}

void common_warn(const struct common *common, const struct session *session, int64_t used) {
    const struct model *model = &session->model;
    for (int64_t i = 0; i < model->warning_count; i++) console_warn("%s", model->warnings[i]);
    common_warn_context(common, used, model->spec.context);
}

static void tell(const struct session *session) {
    const struct memory_need *n = &session->need;
    char text[160], weights[NUMBER_TEXT], cache[NUMBER_TEXT], step[NUMBER_TEXT], other[NUMBER_TEXT],
        load[NUMBER_TEXT];
    console_note("model      %s (%s)", session->model.path, session->model.family->name);
    console_note("runs       %s", session_runs_as(session, text, sizeof text));
    console_note("memory     weights %s%s; cache %s for %lld positions; a step %s; other %s",
                 number_bytes(memory_weights(n), weights),
                 n->records > 0 ? " in the kernels' order" : " mapped", number_bytes(n->cache, cache),
                 (long long)session->context, number_bytes(n->step, step),
                 number_bytes(memory_total(n) - memory_weights(n) - n->cache - n->step, other));
    console_note("loaded in  %s", number_seconds(session->load_seconds, load));
}

bool common_model(const char *word, enum given_want want, struct given *given, struct sy_error *err) {
    char path[4096];
    return model_path_find(word, path, sizeof path, err) && model_given(path, want, given, err);
}

bool common_open(const struct common *common, const char *word, const struct session_options *wanted,
                 struct session *session, struct sy_error *err) {
    struct given given;
    if (!common_model(word, GIVEN_AS_MODEL, &given, err)) return false;
    if (!session_open(given.path, wanted, session, err)) return false;
    if (common->verbose) tell(session);
    return true;
}
