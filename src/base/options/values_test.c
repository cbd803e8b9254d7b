/* Sizes, lists of ids and nearest words. */
#include "base/options.h"
#include "base/random.h"
#include "test.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TEST(parse_bytes_table) {
    static const struct {
        const char *text;
        int64_t bytes; /* -1: refused */
    } cases[] = { { "0", 0 },
                  { "4096", 4096 },
                  { "4096B", 4096 },
                  { "1K", 1024 },
                  { "1KB", 1000 },
                  { "1KiB", 1024 },
                  { "6G", (int64_t)6 << 30 },
                  { "6g", (int64_t)6 << 30 },
                  { "2GB", 2000000000 },
                  { "1.5G", (int64_t)3 << 29 },
                  { "0.25K", 256 },
                  { "0.29KB", 290 },
                  { "1.1MB", 1100000 },
                  { "512M", 512 << 20 },
                  { "1T", (int64_t)1 << 40 },
                  { "3TB", 3000000000000 },
                  { "8191P", (int64_t)8191 << 50 },
                  { "9223372036854775807", INT64_MAX },
                  { "9223372036854775808", -1 },
                  { "8192P", -1 },
                  { "8191.9999999999999999999P", -1 },
                  { "99999999999999999999999", -1 },
                  { "", -1 },
                  { "-1", -1 },
                  { "+1", -1 },
                  { " 1", -1 },
                  { "1 ", -1 },
                  { "1X", -1 },
                  { "1KK", -1 },
                  { "1bit", -1 },
                  { "1.", -1 },
                  { ".5G", -1 },
                  { "1.5.5G", -1 },
                  { "1e3", -1 },
                  { "1.5e3", -1 },
                  { "0x10", -1 },
                  { "G", -1 },
                  { "nan", -1 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
        int64_t bytes = -7;
        bool good = parse_bytes(cases[i].text, &bytes);
        if (good != (cases[i].bytes >= 0) || bytes != (good ? cases[i].bytes : -7))
            fail_msg("'%s' gave %d, %" PRId64, cases[i].text, good, bytes);
    }
}

static void assert_ids_refused(const char *text, enum sy_code code, const char *place, const char *message) {
    struct sy_error err;
    int64_t *ids, count;
    assert_false(parse_ids(text, &ids, &count, &err));
    assert_int_equal(err.code, code);
    assert_string_equal(err.place, place);
    assert_string_equal(err.message, message);
}

TEST(parse_ids_refuses) {
    assert_ids_refused("", SY_ERR_USAGE, "", "the list of token ids is empty");
    assert_ids_refused(" \n", SY_ERR_USAGE, "", "the list of token ids is empty");
    assert_ids_refused("1,", SY_ERR_USAGE, "token id 2", "a token id is missing");
    assert_ids_refused(",1", SY_ERR_USAGE, "token id 1", "',1' is no token id");
    assert_ids_refused("1,,2", SY_ERR_USAGE, "token id 2", "',2' is no token id");
    assert_ids_refused("1 2", SY_ERR_USAGE, "token id 2", "'2' stands where a comma or the end belongs");
    assert_ids_refused("1,2x", SY_ERR_USAGE, "token id 3", "'x' stands where a comma or the end belongs");
    assert_ids_refused("--5", SY_ERR_USAGE, "token id 1", "'--5' is no token id");
    assert_ids_refused("+5", SY_ERR_USAGE, "token id 1", "'+5' is no token id");
    assert_ids_refused("1.5", SY_ERR_USAGE, "token id 2", "'.5' stands where a comma or the end belongs");
    assert_ids_refused("0,9223372036854775808", SY_ERR_INPUT, "token id 2",
                       "'9223372036854775808...' is beyond any token id");
}

TEST(parse_ids_accepts) {
    int64_t *ids, count;
    assert_true(parse_ids(" 1, 2 ,\n-3,9223372036854775807 \n", &ids, &count, NULL));
    assert_int_equal(count, 4);
    assert_true(ids[0] == 1 && ids[1] == 2 && ids[2] == -3 && ids[3] == INT64_MAX);
    free(ids);
}

/* Law: what is printed is read back. */
TEST(parse_ids_of_random_lists) {
    struct random random = random_seed(9);
    for (int round = 0; round < 200; ++round) {
        int64_t want[500], *ids, count, length = 1 + (int64_t)random_below(&random, 500);
        struct text text = { 0 };
        for (int64_t i = 0; i < length; ++i) {
            want[i] = (int64_t)(random_u64(&random) >> (1 + random_below(&random, 63)));
            if (random_below(&random, 4) == 0) want[i] = -want[i];
            text_add(&text, "%s%" PRId64, i ? "," : "", want[i]);
        }
        assert_true(parse_ids(text.data, &ids, &count, NULL));
        assert_int_equal(count, length);
        assert_memory_equal(ids, want, (size_t)length * sizeof *ids);
        free(ids);
        text_free(&text);
    }
}

TEST(nearest_words) {
    static const char *const words[] = { "threads", "ids", "out", "exact", "kv", "memory", "routing", "run" };
    enum { WORDS = sizeof words / sizeof words[0] };
    static const char *const cases[][2] = {
        { "thread", "threads" }, { "trheads", "threads" },
        { "treads", "threads" }, { "memroy", "memory" },
        { "mem", "memory" },     { "rnu", "run" },
        { "exakt", "exact" },    { "threads", "threads" },
        { "r", NULL },           { "", NULL },
        { "bogus", NULL },       { "x", NULL },
        { "iids", "ids" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
        const char *got = nearest_word(cases[i][0], words, WORDS);
        if ((got == NULL) != (cases[i][1] == NULL) || (got && strcmp(got, cases[i][1]) != 0))
            fail_msg("'%s' gave '%s'", cases[i][0], got ? got : "nothing");
    }
    char endless[200];
    memset(endless, 'a', sizeof endless);
    endless[199] = 0;
    assert_null(nearest_word(endless, words, WORDS));
    assert_null(nearest_word("ids", words, 0));
    assert_string_equal(nearest_word("ids", (const char *const[]){ endless, "ids" }, 2), "ids");
}

TEST(rates_are_decimal) {
    static const struct {
        const char *text;
        double rate;
    } good[] = { { "20G", 20e9 }, { "1.5T", 1.5e12 }, { "25Gbit", 25e9 / 8 }, { "7", 7 }, { "3kB", 3000 } };
    static const char *const bad[] = {
        "", "G", "-1G", "0", "1Gi", "1GiB", "1e400", "nan", "0x10", "5 G", "2X"
    };
    double rate;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(parse_rate(good[i].text, &rate));
        assert_true(rate > good[i].rate * (1 - 1e-12) && rate < good[i].rate * (1 + 1e-12));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (parse_rate(bad[i], &rate)) fail_msg("%s passed as %g", bad[i], rate);
}
