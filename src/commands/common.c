#include "commands/common.h"

#include "api/model_path.h"
#include "base/checked.h"
#include "commands/console.h"

#include <stdio.h>
#include <string.h>

#define KV_WORDS     "f32|f16|bf16|q8_0"
#define REGIME_WORDS "integer|bf16"     /* in the order of enum regime */
#define LAYOUT_WORDS "auto|file|kernel" /* in the order of enum weights_layout */
#define CPU_WORDS    "ref|avx2|avx512|avx512vnni|avx512bf16|amx"

static const struct option options[] = {
    { "threads", 't', OPTION_COUNT, "N", "threads (default: the physical cores it may use)",
      offsetof(struct common, threads) },
    { "ctx", 0, OPTION_SIZE, "N",
      "positions a sequence (default: what the ids need, at most "
      "the model's own or 4096)",
      offsetof(struct common, context) },
    { "exact", 0, OPTION_FLAG, NULL, "weights decoded exactly, everything else in f32",
      offsetof(struct common, exact) },
    { "fast", 0, OPTION_FLAG, NULL, "bf16 products where the weights are narrow, cache in f16",
      offsetof(struct common, fast) },
    { "kv", 0, OPTION_CHOICE, KV_WORDS, "type of the cached keys and values", offsetof(struct common, kv) },
    { "regime", 0, OPTION_CHOICE, REGIME_WORDS,
      "bf16: in fast, prompts unpack block formats (default: integers)", offsetof(struct common, regime) },
    { "layout", 0, OPTION_CHOICE, LAYOUT_WORDS,
      "weights: mapped as in the file, or brought into the kernels' order in memory (default: this, where it "
      "is free)",
      offsetof(struct common, layout) },
    { "cpu", 0, OPTION_CHOICE, CPU_WORDS, "highest instruction set to use", offsetof(struct common, cpu) },
    { "memory", 0, OPTION_BYTES, "SIZE", "refuse to take more than this (6G, 512M)",
      offsetof(struct common, memory) },
    { "ignore-unknown", 0, OPTION_FLAG, NULL, "load in spite of tensors that the family does not know",
      offsetof(struct common, ignore_unknown) },
    { "verbose", 'v', OPTION_FLAG, NULL, "say what runs and what memory it takes, on stderr",
      offsetof(struct common, verbose) },
    { "no-defaults", 0, OPTION_FLAG, NULL, "leave ~/.config/switchyard/config.yaml unread",
      offsetof(struct common, no_defaults) },
    OPTION_NOT_WITH("exact", "fast|regime=bf16"),
    OPTION_ONCE("regime", "step=integer|role=bf16"),
    OPTION_BETWEEN("threads", COMMON_THREADS),
    OPTION_BETWEEN("memory", "1K to 1000P"),
    OPTION_END,
};
const struct option_table common_table = { options, NULL };

/* The word with this index in "a|b|c"; NULL for -1. */
static const char *nth_word(const char *words, int index, char word[COMMON_WORD]) {
    if (index < 0) return NULL;
    for (; index > 0; index--) words = strchr(words, '|') + 1;
    snprintf(word, COMMON_WORD, "%.*s", (int)strcspn(words, "|"), words);
    return word;
}

const char *common_kv(const struct common *common, char word[COMMON_WORD]) {
    return nth_word(KV_WORDS, common->kv, word);
}

const char *common_cpu(const struct common *common, char word[COMMON_WORD]) {
    return nth_word(CPU_WORDS, common->cpu, word);
}

void common_warn_context(const struct common *common, int64_t used, int64_t made_for) {
    int64_t context = max_i64(common->context, used);
    if (made_for > 0 && context > made_for)
        console_warn("a context of %lld positions is more than the %lld that the model was made for",
                     (long long)context, (long long)made_for);
}
