#include "commands/common.h"

#include "base/checked.h"
#include "base/os.h"
#include "commands/console.h"
#include "report/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT_DEFAULT 4096
#define KV_WORDS        "f32|f16|bf16|q8_0"
#define REGIME_WORDS    "role|step" /* in the order of enum regime */
#define CPU_WORDS       "ref|avx2|avx512|avx512vnni|amx"

static const struct option options[] = {
    { "threads", 't', OPTION_COUNT, "N", "threads (default: the physical cores it may use)",
      offsetof(struct common, threads) },
    { "ctx", 0, OPTION_COUNT, "N",
      "positions a sequence (default: what the ids need, at most "
      "the model's own or 4096)",
      offsetof(struct common, context) },
    { "exact", 0, OPTION_FLAG, NULL, "weights decoded exactly, everything else in f32",
      offsetof(struct common, exact) },
    { "fast", 0, OPTION_FLAG, NULL, "bf16 products where the weights are narrow, cache in f16",
      offsetof(struct common, fast) },
    { "kv", 0, OPTION_CHOICE, KV_WORDS, "type of the cached keys and values", offsetof(struct common, kv) },
    { "regime", 0, OPTION_CHOICE, REGIME_WORDS,
      "step: in fast, prompts take block formats in integers as steps do", offsetof(struct common, regime) },
    { "cpu", 0, OPTION_CHOICE, CPU_WORDS, "highest instruction set to use", offsetof(struct common, cpu) },
    { "memory", 0, OPTION_BYTES, "SIZE", "refuse to take more than this (6G, 512M)",
      offsetof(struct common, memory) },
    { "ignore-unknown", 0, OPTION_FLAG, NULL, "load in spite of tensors that the family does not know",
      offsetof(struct common, ignore_unknown) },
    { "verbose", 'v', OPTION_FLAG, NULL, "say what runs and what memory it takes, on stderr",
      offsetof(struct common, verbose) },
    OPTION_END,
};
const struct option_table common_table = { options, NULL };

/* The word with this index in "a|b|c". */
static void nth_word(const char *words, int index, char *word, size_t size) {
    for (; index > 0; index--) words = strchr(words, '|') + 1;
    snprintf(word, size, "%.*s", (int)strcspn(words, "|"), words);
}

static bool exists(const char *path) {
    return os_is_folder(path) || os_is_file(path);
}

bool common_model_path(const char *word, char *path, size_t size, struct sy_error *err) {
    snprintf(path, size, "%s", word);
    const char *home = getenv("SWITCHYARD_MODELS");
    if (!exists(word) && home && home[0] && word[0] != '/') {
        char named[4096];
        int length = snprintf(named, sizeof named, "%s/%s", home, word);
        if (length > 0 && (size_t)length < size && exists(named)) {
            memcpy(path, named, (size_t)length + 1);
            return true;
        }
    }
    if (strlen(word) < size) return true; /* what is wrong with it shows when it is opened */
    return sy_fail(err, SY_ERR_INPUT, "the path of the model is longer than %zu bytes", size - 1);
}

bool common_options(const struct common *common, bool exact_default, int64_t positions,
                    struct session_options *out, struct sy_error *err) {
    static const enum dtype kv_types[] = { DTYPE_F32, DTYPE_F16, DTYPE_BF16, DTYPE_Q8_0 };
    *out = (struct session_options){
        .threads = (int)min_i64(common->threads, TEAM_MAX + 1),
        .precision = common->exact  ? PRECISION_EXACT
                     : common->fast ? PRECISION_FAST
                                    : PRECISION_DEFAULT,
        .exact_default = exact_default,
        .kv = common->kv < 0 ? -1 : (int)kv_types[common->kv],
        .regime = (enum regime)common->regime,
        .cpu = LEVEL_COUNT - 1,
        .context = common->context,
        .memory = common->memory,
        .ignore_unknown = common->ignore_unknown,
    };
    if (common->exact && common->fast)
        return sy_fail(err, SY_ERR_USAGE, "--exact and --fast contradict each other");
    if (common->threads > TEAM_MAX)
        return sy_fail(err, SY_ERR_USAGE, "--threads %lld: at most %d", (long long)common->threads, TEAM_MAX);
    if (!common->context && positions < CONTEXT_DEFAULT) out->context = positions;
    char level[16];
    if (common->cpu >= 0) {
        nth_word(CPU_WORDS, common->cpu, level, sizeof level);
        if (!level_from_name(level, &out->cpu))
            return sy_fail(err, SY_ERR_USAGE, "--cpu %s: no such level", level);
    }
    return true;
}

int64_t common_room(const struct common *common, const struct session *session) {
    int64_t made_for = session->model.spec.context;
    if (common->context > 0 || made_for <= 0) return session->context;
    return min_i64(session->context, made_for);
}

char *common_precision(const struct session *session, char *text, size_t size) {
    char kv[16];
    snprintf(kv, sizeof kv, "%s", dtype_name(session->numerics.kv));
    snprintf(text, size, "%s%s, %s cache, %s kernels, %d thread%s",
             session->numerics.compute == COMPUTE_F32 ? "exact" : "fast",
             session->numerics.regime == REGIME_STEP ? ", step regime" : "", kv,
             level_name(session->kernels.level), team_pool_count(session->team),
             team_pool_count(session->team) == 1 ? "" : "s");
    return text;
}

static void tell(const struct session *session) {
    char text[160], weights[NUMBER_TEXT], store[NUMBER_TEXT], kv[NUMBER_TEXT], pass[NUMBER_TEXT],
        load[NUMBER_TEXT];
    console_note("model      %s (%s)", session->model.path, session->model.family->name);
    console_note("runs       %s", common_precision(session, text, sizeof text));
    console_note("memory     weights %s mapped, %s decoded; cache %s for %lld positions; pass %s",
                 number_bytes(session->weight_bytes, weights), number_bytes(session->store_bytes, store),
                 number_bytes(session->kv_bytes, kv), (long long)session->context,
                 number_bytes(session->pass_bytes, pass));
    console_note("loaded in  %s", number_seconds(session->load_seconds, load));
}

bool common_open(const struct common *common, const char *word, const struct session_options *wanted,
                 struct session *session, struct sy_error *err) {
    char path[sizeof session->model.path];
    if (!common_model_path(word, path, sizeof path, err)) return false;
    if (!session_open(path, wanted, session, err)) return false;
    if (common->verbose) tell(session);
    return true;
}
