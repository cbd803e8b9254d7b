/*
 * eval: its figures against logits that the program itself writes, text by text.
 */
#include "base/json.h"
#include "formats/safetensors.h"
#include "speaker.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *json_of(struct test_output output) {
    struct sy_error err = { 0 };
    if (output.status != 0) fail_msg("exit %d: %s", output.status, output.err);
    json_t *root = json_parse(output.out, (int64_t)output.out_bytes,
                              (struct json_limits){ .bytes = 1 << 24, .depth = 8 }, &err);
    if (!root) fail_msg("%s: %s", err.message, output.out);
    return root;
}

static double real_of(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value)) fail_msg("no number %s", key);
    return json_number_value(value);
}

static void write_text(const char *name, const char *text, char path[TEST_PATH_MAX]) {
    test_temp_path(path, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void ids_text(const int64_t *ids, int64_t count, char *out, size_t size) {
    size_t at = 0;
    for (int64_t i = 0; i < count && at < size; i++)
        at += (size_t)snprintf(out + at, size - at, "%s%lld", i ? "," : "", (long long)ids[i]);
}

/* -ln p of ids[first, count) by the logits that `logits` writes of them. */
static double nll_of(const char *model, const int64_t *ids, int64_t count, int64_t first) {
    char list[8192], out[TEST_PATH_MAX];
    struct checkpoint file;
    struct sy_error err = { 0 };
    double nll = 0;
    ids_text(ids, count, list, sizeof list);
    test_temp_path(out, "logits.safetensors");
    assert_int_equal(test_run("logits", model, "--ids", list, "--out", out).status, 0);
    if (!checkpoint_open(out, &file, &err)) fail_msg("%s", err.message);
    const float *logits = (const float *)(const void *)checkpoint_find(&file, "logits")->data;
    for (int64_t i = first; i < count; i++) {
        const float *row = logits + (i - 1) * SPEAKER_VOCAB;
        double sum = 0;
        for (int64_t j = 0; j < SPEAKER_VOCAB; j++) sum += exp((double)row[j]);
        nll -= (double)row[ids[i]] - log(sum);
    }
    checkpoint_close(&file);
    return nll;
}

/* The speaker's ids of a text: its four merges, one after the other, over the bytes. */
static int64_t plain_ids(const char *text, bool bos, int64_t *ids) {
    static const int64_t merges[SPEAKER_MERGES][2] = {
        { 't', 'h' }, { 256, 'e' }, { 'i', 'n' }, { 'a', 'n' }
    };
    int64_t count = 0;
    if (bos) ids[count++] = SPEAKER_BOS;
    for (; *text; text++) ids[count++] = (unsigned char)*text;
    for (int m = 0; m < SPEAKER_MERGES; m++) {
        int64_t kept = 0;
        for (int64_t i = 0; i < count; i++) {
            bool pair = i + 1 < count && ids[i] == merges[m][0] && ids[i + 1] == merges[m][1];
            ids[kept++] = pair ? 256 + m : ids[i];
            i += pair;
        }
        count = kept;
    }
    return count;
}

static const char sentence[] = "the end in an inn: then they ate an ant, and then the hen ran in to the inn";

static void expect_near(double got, double want) {
    if (!(fabs(got - want) <= 2e-5 * fabs(want) + 1e-6)) fail_msg("%.9g, wanted %.9g", got, want);
}

TEST(perplexity_by_halves_is_that_of_the_logits) {
    char model[TEST_PATH_MAX], file[TEST_PATH_MAX];
    int64_t ids[128], window[12], count = plain_ids(sentence, true, ids);
    double nll = 0;
    test_temp_path(model, "speaker");
    speaker_make(model);
    write_text("text.txt", sentence, file);
    for (int64_t begin = 0; begin + 12 <= count; begin += 12) {
        memcpy(window, ids + begin, sizeof window);
        window[0] = SPEAKER_BOS;
        nll += nll_of(model, window, 12, 7);
    }
    json_t *got = json_of(test_run("eval", "ppl", model, "--file", file, "--ctx", "12", "--json"));
    int64_t scored = count / 12 * 5;
    assert_int_equal(json_integer_value(json_object_get(got, "tokens")), scored);
    expect_near(real_of(got, "nll_per_token"), nll / (double)scored);
    expect_near(real_of(got, "ppl"), exp(nll / (double)scored));
    int64_t bytes = json_integer_value(json_object_get(got, "bytes"));
    assert_true(bytes >= scored && bytes <= 3 * scored);
    expect_near(real_of(got, "bits_per_byte"), nll / log(2) / (double)bytes);
    json_decref(got);
}

TEST(perplexity_by_strides_scores_every_byte) {
    char model[TEST_PATH_MAX], file[TEST_PATH_MAX];
    int64_t ids[128], count = plain_ids(sentence, true, ids), scored = 1;
    double nll = 0;
    test_temp_path(model, "speaker");
    speaker_make(model);
    write_text("text.txt", sentence, file);
    for (int64_t begin = 0; scored < count; begin += 9) {
        int64_t end = begin + 16 < count ? begin + 16 : count;
        nll += nll_of(model, ids + begin, end - begin, scored - begin);
        scored = end;
    }
    json_t *got = json_of(test_run("eval", "ppl", model, "--file", file, "--method", "stride", "--ctx", "16",
                                   "--stride", "9", "--json"));
    assert_int_equal(json_integer_value(json_object_get(got, "tokens")), count - 1);
    assert_int_equal(json_integer_value(json_object_get(got, "bytes")), strlen(sentence));
    expect_near(real_of(got, "nll_per_token"), nll / (double)(count - 1));
    json_decref(got);
}

static double nll_after(const char *model, const char *context, const char *whole) {
    int64_t ids[128], past[128], count = plain_ids(whole, true, ids);
    return nll_of(model, ids, count, plain_ids(context, true, past));
}

TEST(choices_are_scored_after_their_context) {
    char model[TEST_PATH_MAX], file[TEST_PATH_MAX];
    double want[2] = { 0 };
    test_temp_path(model, "speaker");
    speaker_make(model);
    /* White space at the end of a context goes to the continuation; its length counts without it. */
    write_text("q.jsonl",
               "{\"context\":\"the hen ran \",\"choices\":[\"in\",\"to the inn\"],\"label\":1}\n\n"
               "{\"context\":\"\",\"choices\":[\"an ant\"]}\n",
               file);
    want[0] = nll_after(model, "the hen ran", "the hen ran in");
    want[1] = nll_after(model, "the hen ran", "the hen ran to the inn");
    json_t *got = json_of(test_run("eval", "choice", model, "--file", file, "--json"));
    json_t *line = json_array_get(json_object_get(got, "lines"), 0);
    for (size_t i = 0; i < 2; i++) {
        static const double characters[2] = { 2, 10 };
        double score = json_number_value(json_array_get(json_object_get(line, "scores"), i));
        double normalised = json_number_value(json_array_get(json_object_get(line, "normalised"), i));
        expect_near(score, -want[i]);
        expect_near(normalised, -want[i] / characters[i]);
    }
    int64_t best = want[0] <= want[1] ? 0 : 1;
    assert_int_equal(json_integer_value(json_object_get(line, "best")), best);
    assert_int_equal(json_integer_value(json_object_get(got, "questions")), 2);
    assert_int_equal(json_integer_value(json_object_get(got, "labelled")), 1);
    expect_near(real_of(got, "accuracy"), best == 1 ? 1 : 0);
    line = json_array_get(json_object_get(got, "lines"), 1);
    expect_near(json_number_value(json_array_get(json_object_get(line, "scores"), 0)),
                -nll_after(model, "", "an ant"));
    json_decref(got);
}

static void expect_refused(struct test_output got, int status, const char *word) {
    if (got.status != status || !strstr(got.err, word))
        fail_msg("exit %d, wanted %d with \"%s\": %s", got.status, status, word, got.err);
    assert_string_equal(got.out, "");
}

TEST(texts_and_questions_that_cannot_be_scored_are_refused) {
    char model[TEST_PATH_MAX], file[TEST_PATH_MAX];
    test_temp_path(model, "speaker");
    speaker_make(model);
    write_text("short.txt", "hi", file);
    expect_refused(test_run("eval", "ppl", model, "--file", file), 1, "3 tokens");
    expect_refused(test_run("eval", "ppl", model), 2, "--file");
    expect_refused(test_run("eval", "pppl", model, "--file", file), 2, "eval ppl");
    expect_refused(test_run("eval", "ppl", model, "--file", file, "--ctx", "2"), 2, "at least 4");
    expect_refused(
        test_run("eval", "ppl", model, "--file", file, "--method", "stride", "--ctx", "8", "--stride", "8"),
        2, "at most 7");
    write_text("bad.jsonl", "{\"context\":\"a\",\"choices\":[\"b\"]}\n{\"context\":\"a\",\"choices\":[]}\n",
               file);
    expect_refused(test_run("eval", "choice", model, "--file", file), 1, "line 2");
    write_text("label.jsonl", "{\"context\":\"a\",\"choices\":[\"b\"],\"label\":1}\n", file);
    expect_refused(test_run("eval", "choice", model, "--file", file), 1, "line 1");
    write_text("empty.jsonl", "{\"context\":\"a\",\"choices\":[\"\"]}\n", file);
    expect_refused(test_run("eval", "choice", model, "--file", file), 1, "without any token");
}
