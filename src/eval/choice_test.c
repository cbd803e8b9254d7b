/*
 * Choices that share a past score what each scores alone, to the bit.
 */
#include "eval/choice.h"

#include "test.h"
#include "tiny.h"

enum { CHOICES = 4, ROOM = 320 };

static void check_base(enum tiny_base base, int64_t context) {
    struct arena arena = { 0 };
    struct spec spec;
    struct tiny tiny;
    struct sy_error err = { 0 };
    struct tiny_run how = { .threads = 2, .level = LEVEL_COUNT - 1 };
    struct scorer *scorer;
    int64_t ids[CHOICES][ROOM];
    struct choice_ids choices[CHOICES];
    struct choice_score together[CHOICES], alone;

    tiny_spec(base, &arena, &spec);
    for (int64_t c = 0; c < CHOICES; c++) {
        for (int64_t i = 0; i < ROOM; i++)
            ids[c][i] =
                (i < context ? i * 5 + 1 : i * 7 + c + 1) % spec.vocab; /* the context, then its own */
        choices[c] = (struct choice_ids){ ids[c], context + 1 + 2 * c, context };
    }
    choices[2].first = context - 1; /* as where a tokenizer joins context and continuation */
    assert_true(tiny_open(&tiny, &spec, DTYPE_F32, &how, &err));
    assert_true(scorer_open(&tiny.session, &scorer, &err));
    if (!choice_score(scorer, &tiny.session, choices, CHOICES, together, &err)) fail_msg("%s", err.message);
    for (int64_t c = 0; c < CHOICES; c++) {
        assert_true(choice_score(scorer, &tiny.session, &choices[c], 1, &alone, &err));
        assert_true(alone.logprob == together[c].logprob);
        assert_int_equal(alone.greedy, together[c].greedy);
        assert_true(alone.logprob < 0);
    }
    assert_true(together[1].logprob != together[3].logprob);
    scorer_close(scorer);
    tiny_close(&tiny);
    arena_close(&arena);
}

TEST(choices_share_a_past_without_a_trace) {
    check_base(TINY_MIXTRAL, 9);
    check_base(TINY_DEEPSEEK, 9);
    check_base(TINY_GPT_OSS, 40);
}

TEST(a_context_of_one_id_will_do) {
    check_base(TINY_OLMOE, 2);
}
