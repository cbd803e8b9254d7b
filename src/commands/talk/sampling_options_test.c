#include "commands/talk/sampling_options.h"

#include "test.h"

#include <string.h>

static const struct sampling_args silent = SAMPLING_DEFAULTS;
static const struct sy_sampling authors = { .temperature = 0.6, .top_p = 0.95, .top_k = 20 };

TEST(what_the_user_does_not_say_the_authors_do) {
    struct sampling_given got;
    struct sy_error err;
    assert_true(sampling_given(&silent, &authors, &got, &err));
    assert_true(got.sampling.temperature == 0.6 && got.sampling.top_p == 0.95 && got.sampling.top_k == 20);
    struct sampling_args args = silent;
    args.temperature = 0;
    args.top_k = 0;
    args.repeat_penalty = 1.1;
    args.seed = "18446744073709551615";
    assert_true(sampling_given(&args, &authors, &got, &err));
    assert_true(got.sampling.temperature == 0 && got.sampling.top_k == 0 && got.sampling.top_p == 0.95);
    assert_true(got.sampling.repeat_penalty == 1.1 && got.sampling.seed == UINT64_MAX);
}

TEST(biases_are_ids_and_numbers) {
    struct sampling_args args = silent;
    struct sampling_given got;
    struct sy_error err;
    args.biases = (struct option_list){ { "42=-5", "7=1e1" }, 2 };
    assert_true(sampling_given(&args, &authors, &got, &err));
    assert_int_equal(got.sampling.bias_count, 2);
    assert_true(got.sampling.biases == got.biases && got.biases[0].token == 42 && got.biases[0].bias == -5);
    assert_true(got.biases[1].token == 7 && got.biases[1].bias == 10);
    static const char *const bad[] = { "",    "5",     "=1",   "5=",    "x=1",
                                       "5=x", "5=nan", "-5=1", "5=1=2", "99999999999999999999=1",
                                       " 5=1" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        args.biases = (struct option_list){ { bad[i] }, 1 };
        if (sampling_given(&args, &authors, &got, &err)) fail_msg("took '%s'", bad[i]);
        assert_int_equal(err.code, SY_ERR_USAGE);
    }
}

TEST(seeds_are_whole_numbers) {
    static const char *const bad[] = { "", "-1", "1.5", "x", "18446744073709551616" };
    struct sampling_args args = silent;
    struct sampling_given got;
    struct sy_error err;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        args.seed = bad[i];
        if (sampling_given(&args, &authors, &got, &err)) fail_msg("took '%s'", bad[i]);
    }
}
