/*
 * Fuzzing the earlier run that bench --compare reads: the input is its JSON. Of what is accepted every row
 * can be set beside a test of this run.
 */
#include "commands/bench/before.h"
#include "must.h"
#include "mutate.h"

#include <math.h>
#include <string.h>

#define FACTS                                                                                                \
    "\"model\":{\"path\":\"m\",\"family\":\"f\",\"weight_bytes\":9},\"precision\":\"fast\",\"regime\":"      \
    "\"integer\","                                                                                           \
    "\"kv\":\"f16\",\"level\":\"avx2\",\"version\":\"1\"}"
static const char seed_text[] =
    "[{\"test\":\"pp512\",\"batch\":1,\"threads\":2,\"tok_per_s\":25,\"runs_tok_per_s\":[30,10,25,26]," FACTS
    ",{\"test\":\"tg64\",\"batch\":4,\"threads\":2,\"tok_per_s\":7.5,\"runs_tok_per_s\":[7.5]," FACTS
    ",{\"test\":\"tg64\",\"batch\":16,\"threads\":2,\"tok_per_s\":null}]";
static const char *const words[] = { "test",
                                     "batch",
                                     "threads",
                                     "tok_per_s",
                                     "runs_tok_per_s",
                                     "model",
                                     "path",
                                     "family",
                                     "weight_bytes",
                                     "precision",
                                     "regime",
                                     "kv",
                                     "level",
                                     "version",
                                     "pp1",
                                     "tg",
                                     "pp99999999999999999999",
                                     "exact",
                                     "bf16",
                                     "",
                                     "\\u001b[2J",
                                     "\xc3\xa9" };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static struct bench_run run[] = { { .seconds = 1 }, { .seconds = 2 } };
    const struct bench_test test = { .length = 512, .batch = 1, .threads = 2, .runs = 2, .run = run };
    struct bench_before before;
    struct sy_error err = { 0 };
    must_begin();
    if (!bench_before_parse((const char *)bytes, (int64_t)size, &before, &err)) {
        must_deep += strstr(err.message, "bench --json") != NULL;
        must_refuse(&err);
        return 0;
    }
    must_deep++;
    must_good++;
    MUST(before.count > 0);
    for (int64_t i = 0; i < before.count; i++) {
        const struct bench_before_row *row = &before.rows[i];
        struct rank_verdict verdict = bench_before_change(row, &test);
        MUST(verdict.p > 0 && verdict.p <= 1 && row->rate > 0 && isfinite(row->rate));
        MUST(row->batch >= 1 && row->threads >= 1 && row->run_count >= 1);
    }
    if (!bench_before_meets(&before, &test, 1, &err)) must_refuse(&err);
    if (!bench_before_fits(&before, &before.identity, &err)) MUST(false);
    bench_before_close(&before);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed) {
    struct mutation m = mutation_of(bytes, size, room, seed, words, sizeof words / sizeof *words);
    if (room < sizeof seed_text) return size;
    if (size == 0 || mutate_below(&m, 16) == 0) {
        m.size = sizeof seed_text - 1;
        memcpy(bytes, seed_text, m.size);
    }
    for (size_t i = mutate_below(&m, 3) + 1; i > 0; i--) mutate_json(&m);
    return m.size;
}
