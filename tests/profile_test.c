/*
 * Where the time of a pass goes: the parts add up to the whole, each kind of layer charges its own, and bits
 * do not notice.
 */
#include "base/os.h"
#include "test.h"
#include "tiny.h"

#include <string.h>

enum { VOCAB_MAX = 128 };

struct seen {
    float logits[VOCAB_MAX];
    int64_t vocab;
};

static bool keep(void *argument, int64_t lane, int64_t index, const float *logits, struct sy_error *err) {
    struct seen *seen = argument;
    (void)lane, (void)index, (void)err;
    memcpy(seen->logits, logits, (size_t)seen->vocab * sizeof *logits);
    return true;
}

/* A prompt and some steps; the seconds that it took. */
static double run_ids(struct tiny *tiny, struct seen *seen) {
    enum { PROMPT = 30, STEPS = 20 };
    int64_t ids[PROMPT + STEPS];
    struct kv_sequence *sequence;
    struct sy_error err = { 0 };
    struct feed_sink sink = { seen, keep, NULL };
    for (int i = 0; i < PROMPT + STEPS; i++) ids[i] = i * 5 % 37;
    assert_true(session_sequence(&tiny->session, PROMPT, &sequence, &err));
    struct feed feed = { ids, PROMPT + STEPS, STEPS, sequence, false, false };
    double begin = os_seconds();
    assert_true(session_feed(&tiny->session, &feed, 1, 0, &sink, &err));
    double seconds = os_seconds() - begin;
    kv_sequence_close(sequence);
    return seconds;
}

TEST(parts_of_a_pass_add_up_to_the_whole) {
    for (int base = 0; base < TINY_BASE_COUNT; base++) {
        struct arena arena;
        struct spec spec;
        struct tiny tiny;
        struct sy_error err = { 0 };
        struct tiny_run run = { .level = level_of_machine(), .threads = 2 };
        struct stage_times times = { 0 };
        arena_open(&arena);
        tiny_spec((enum tiny_base)base, &arena, &spec);
        assert_true(tiny_open(&tiny, &spec, DTYPE_BF16, &run, &err));
        struct seen off = { .vocab = spec.vocab }, on = { .vocab = spec.vocab };
        assert_true(spec.vocab <= VOCAB_MAX);
        run_ids(&tiny, &off);
        assert_int_equal(times.passes, 0);
        pass_time(tiny.session.pass, &times);
        double seconds = run_ids(&tiny, &on), sum = 0;
        pass_time(tiny.session.pass, NULL);
        struct stage_times before = times;
        run_ids(&tiny, &off);
        assert_memory_equal(&before, &times, sizeof times); /* off again */
        assert_same_bits(on.logits, off.logits, (size_t)spec.vocab);
        bool moe = false, dense = false;
        for (int64_t l = 0; l < spec.decoder.layer_count; l++)
            *(spec.decoder.layers[l].ffn == FFN_MOE ? &moe : &dense) = true;
        for (int s = 0; s < STAGE_COUNT; s++) {
            bool runs = s == STAGE_DENSE ? dense : s <= STAGE_COMBINE ? moe : true;
            if ((times.seconds[s] > 0) != runs)
                fail_msg("base %d: stage %d took %g s", base, s, times.seconds[s]);
            sum += times.seconds[s];
        }
        assert_true(times.passes >= 21);
        assert_true(sum <= seconds);
        assert_true(sum > 0.5 * seconds); /* the rest: forming batches, taking logits */
        tiny_close(&tiny);
        arena_close(&arena);
    }
}
