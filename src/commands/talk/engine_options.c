#include "commands/talk/engine_options.h"

#include "base/os.h"
#include "commands/console.h"
#include "report/number.h"

#define TEMPLATE_BYTES_MAX ((int64_t)4 << 20)

void engine_options(const struct common *common, struct engine_words *words, struct sy_options *options) {
    static const uint32_t layouts[] = { 0, SY_LAYOUT_FILE, SY_LAYOUT_KERNEL }; /* as --layout's words */
    *options = (struct sy_options){
        .struct_bytes = sizeof *options,
        .flags = (common->ignore_unknown ? SY_IGNORE_UNKNOWN : 0u) | (common->regime ? SY_REGIME_BF16 : 0u) |
                 layouts[common->layout],
        .precision = common->exact  ? SY_PRECISION_EXACT
                     : common->fast ? SY_PRECISION_FAST
                                    : SY_PRECISION_DEFAULT,
        .threads = (int32_t)common->threads,
        .kv = common_kv(common, words->kv),
        .cpu = common_cpu(common, words->cpu),
        .context = common->context,
        .memory_bytes = common->memory,
    };
}

bool engine_template(const char *file, char **source, struct sy_error *err) {
    int64_t size;
    *source = NULL;
    return !file || os_read_file(file, TEMPLATE_BYTES_MAX, source, &size, err);
}

static void tell(const struct sy_engine *engine) {
    struct sy_facts facts = { .struct_bytes = sizeof facts };
    char weights[NUMBER_TEXT], kv[NUMBER_TEXT], step[NUMBER_TEXT], other[NUMBER_TEXT], load[NUMBER_TEXT];
    sy_engine_facts(engine, &facts);
    console_note("model      %s (%s)", facts.path, facts.family);
    console_note("tokenizer  %s%s", facts.tokenizer ? facts.tokenizer : "none",
                 facts.chat_templates > 0 ? ", and a chat template" : "");
    console_note("runs       %s", facts.runs_as);
    console_note("memory     weights %s%s; cache %s for %lld positions; a step %s; other %s",
                 number_bytes(facts.weight_bytes, weights),
                 facts.record_bytes > 0 ? " in the kernels' order" : " mapped",
                 number_bytes(facts.kv_bytes, kv), (long long)facts.context,
                 number_bytes(facts.step_bytes, step), number_bytes(facts.other_bytes, other));
    console_note("loaded in  %s", number_seconds(facts.load_seconds, load));
}

bool engine_open(const struct common *common, const char *word, const struct sy_options *options,
                 struct sy_engine **engine, struct sy_error *err) {
    if (!sy_engine_open(word, options, engine, err)) return false;
    if (common->verbose) tell(*engine);
    return true;
}

void engine_warn(const struct common *common, const struct sy_engine *engine, int64_t used) {
    struct sy_facts facts = { .struct_bytes = sizeof facts };
    sy_engine_facts(engine, &facts);
    if (facts.departure) console_warn("%s", facts.departure);
    for (int64_t i = 0; sy_engine_warning(engine, i); i++) console_warn("%s", sy_engine_warning(engine, i));
    common_warn_context(common, used, facts.context_trained);
}
