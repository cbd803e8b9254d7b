/*
 * What sequences say: text as it becomes sure, whole characters only, nothing of a stop text, which may span
 * tokens. Random texts, against what the ids decode to at once.
 */
#include "base/os.h"
#include "base/random.h"
#include "base/utf8.h"
#include "engine/scheduler.h"
#include "test.h"
#include "tiny.h"

#include <string.h>

enum { PIECES = 33, TOKENS = 24 }; /* the model's vocabulary of 37 is padded beyond the tokenizer's */

/* Byte-level: \u00c3 and \u00a9 spell the two bytes of an e with an acute accent, \u0120 a space. */
static const char vocabulary[] =
    "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"c\":2,\"\\u0120\":3,\"\\u00c3\":4,\"\\u00a9\":"
    "5,"
    "\"ab\":6,\"bc\":7,\"ca\":8,\"\\u0120a\":9,\"\\u0120b\":10,\"\\u00c3\\u00a9\":11,\"c\\u00c3\":12,"
    "\"\\u00a9b\":13,\"aa\":14,\"bb\":15,\"cc\":16,\"ac\":17,\"ba\":18,\"cb\":19,\"d\":20,\"e\":21,\"f\":22,"
    "\"g\":23,\"h\":24,\"i\":25,\"j\":26,\"k\":27,\"l\":28,\"m\":29,\"n\":30,\"o\":31,\"p\":32},"
    "\"merges\":[]},\"decoder\":{\"type\":\"ByteLevel\"}}";

struct speaker {
    struct arena arena;
    struct tiny tiny;
    struct tokenizer *tokenizer;
    struct scheduler *s;
};

/* Decoders that take a space away at the front of a text: by the first mark, and from what was decoded. */
#define MARKED                                                                                               \
    "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"\\u2581a\":2},\"merges\":[]},\"decoder\":"
static const char *const marked[] = {
    MARKED "{\"type\":\"Metaspace\",\"replacement\":\"\\u2581\",\"prepend_scheme\":\"always\"}}",
    MARKED "{\"type\":\"Sequence\",\"decoders\":["
           "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\\u2581\"},\"content\":\" \"},"
           "{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},"
           "{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}]}}",
};

static void speaker_open(struct speaker *stage, const char *words) {
    char path[TEST_PATH_MAX];
    struct os_writer *writer;
    struct spec spec;
    struct sy_error err = { 0 };
    struct tiny_run run = { .level = level_of_machine() };
    test_temp_path(path, "tokenizer.json");
    assert_true(os_writer_open(path, false, &writer, NULL));
    assert_true(os_writer_write(writer, words, (int64_t)strlen(words), NULL));
    assert_true(os_writer_commit(writer, NULL));
    if (!tokenizer_open(path, NULL, NULL, &stage->tokenizer, &err))
        fail_msg("%s: %s", err.place, err.message);
    arena_open(&stage->arena);
    tiny_spec(TINY_QWEN2, &stage->arena, &spec);
    assert_true(tiny_open(&stage->tiny, &spec, DTYPE_F32, &run, NULL));
    assert_true(scheduler_open(&stage->tiny.session, stage->tokenizer, &stage->s, NULL));
}

static void speaker_close(struct speaker *stage) {
    scheduler_close(stage->s);
    tiny_close(&stage->tiny);
    tokenizer_close(stage->tokenizer);
    arena_close(&stage->arena);
}

struct spoken {
    int64_t tokens[TOKENS], count;
    char text[TOKENS * 8];
    size_t size, size_after[TOKENS + 1]; /* of the text when token i had been told; at last: when it ended */
    enum sy_finish finish;
};

/* Whole characters, but for what the model itself has never finished. */
static bool whole(const char *text, size_t size) {
    for (size_t at = 0; at < size;) {
        uint32_t point;
        size_t length = utf8_decode(text + at, size - at, &point);
        if (length == 0) return false;
        at += length;
    }
    return true;
}

static void speak(struct speaker *stage, const struct sy_request *request, struct spoken *spoken) {
    int64_t number, active;
    struct sy_event event;
    memset(spoken, 0, sizeof *spoken);
    assert_true(scheduler_submit(stage->s, request, &number, NULL));
    do {
        assert_true(scheduler_step(stage->s, &active, NULL));
        for (;;) {
            assert_true(scheduler_poll(stage->s, number, &event, NULL));
            if (event.kind == SY_EVENT_NONE) break;
            assert_non_null(event.text);
            assert_true(spoken->size + event.text_size < sizeof spoken->text);
            memcpy(spoken->text + spoken->size, event.text, event.text_size);
            spoken->size += event.text_size;
            if (event.kind == SY_EVENT_TOKEN) {
                spoken->tokens[spoken->count] = event.token.token;
                spoken->size_after[spoken->count++] = spoken->size;
            } else {
                spoken->finish = event.finish;
            }
        }
    } while (active > 0);
    spoken->size_after[spoken->count] = spoken->size;
    scheduler_release(stage->s, number);
}

/* What these ids say together; ids that the tokenizer does not know say nothing. */
static void decode(const struct speaker *stage, const int64_t *tokens, int64_t count, struct text *out) {
    int32_t ids[TOKENS], n = 0;
    for (int64_t i = 0; i < count; i++)
        if (tokens[i] < PIECES) ids[n++] = (int32_t)tokens[i];
    out->size = 0;
    assert_true(tokenizer_decode(stage->tokenizer, ids, n, out, NULL));
}

static struct sy_request random_request(uint64_t seed) {
    static const int64_t ids[] = { 0, 1, 2 };
    return (struct sy_request){ .flags = SY_IGNORE_END,
                                .ids = ids,
                                .count = 3,
                                .new_count = TOKENS,
                                .sampling = { .temperature = 1.5, .seed = seed } };
}

TEST(text_comes_in_whole_characters) {
    struct speaker stage;
    struct text want = { 0 };
    int64_t held = 0;
    speaker_open(&stage, vocabulary);
    assert_int_equal(tokenizer_facts(stage.tokenizer).count, PIECES);
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct sy_request request = random_request(seed);
        struct spoken spoken;
        speak(&stage, &request, &spoken);
        assert_int_equal(spoken.count, TOKENS);
        assert_int_equal(spoken.finish, SY_FINISH_LENGTH);
        decode(&stage, spoken.tokens, TOKENS, &want);
        assert_int_equal(spoken.size, want.size);
        if (want.size > 0) assert_memory_equal(spoken.text, want.data, want.size);
        for (int64_t i = 0; i < TOKENS; i++) {
            decode(&stage, spoken.tokens, i + 1, &want);
            size_t shown =
                spoken.size_after[i]; /* less than is decoded only where a character is half there */
            assert_true(shown <= want.size);
            if (whole(want.data ? want.data : "", want.size)) assert_int_equal(shown, want.size);
            if (shown < want.size) held++, assert_int_equal((unsigned char)spoken.text[shown], 0xc3);
        }
    }
    assert_true(held > 10);
    text_free(&want);
    speaker_close(&stage);
}

/* Where the first of these texts is complete: the tokens until then, and how much may be shown. */
static bool first_stop(const struct spoken *all, const char *const *stops, int64_t *tokens, size_t *shown) {
    for (int64_t i = 0; i < all->count; i++) {
        size_t first_end = SIZE_MAX;
        for (int64_t k = 0; k < 2; k++) {
            const char *at = memmem(all->text, all->size_after[i], stops[k], strlen(stops[k]));
            if (!at) continue;
            size_t begin = (size_t)(at - all->text), end = begin + strlen(stops[k]);
            if (end > first_end || (end == first_end && begin > *shown)) continue;
            first_end = end;
            *shown = begin;
        }
        if (first_end == SIZE_MAX) continue;
        *tokens = i + 1;
        return true;
    }
    return false;
}

TEST(stop_texts_span_tokens_and_are_cut_off) {
    static const char *const stops[] = { "b\303\251", "ca a", "cab", " bb", "ac" };
    struct speaker stage;
    int64_t stopped = 0, spanning = 0;
    speaker_open(&stage, vocabulary);
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct sy_request request = random_request(seed);
        struct spoken all, cut;
        int64_t tokens = 0;
        size_t shown = 0;
        speak(&stage, &request, &all);
        request.stops = stops + seed % 4;
        request.stop_count = 2;
        bool stops_here = first_stop(&all, request.stops, &tokens, &shown);
        speak(&stage, &request, &cut);
        assert_int_equal(cut.finish, stops_here ? SY_FINISH_STOP : SY_FINISH_LENGTH);
        if (!stops_here) tokens = TOKENS, shown = all.size;
        assert_int_equal(cut.count, tokens);
        assert_int_equal(cut.size, shown);
        assert_memory_equal(cut.text, all.text, shown);
        stopped += stops_here;
        spanning += stops_here && tokens > 1 && all.size_after[tokens - 2] > shown;
    }
    print_message("%lld of 200 stopped, %lld stop texts spanned tokens\n", (long long)stopped,
                  (long long)spanning);
    assert_true(stopped > 40 && stopped < 195 && spanning > 30);
    speaker_close(&stage);
}

/* The end token's own text is not said; what was held back for a stop text is. */
TEST(an_end_token_says_nothing) {
    struct speaker stage;
    struct spoken all, cut;
    static const char *const stops[] = { "a never said" };
    speaker_open(&stage, vocabulary);
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct sy_request request = random_request(seed);
        speak(&stage, &request, &all);
        stage.tiny.spec->tokens.eos[0] = (int32_t)all.tokens[TOKENS / 2];
        stage.tiny.spec->tokens.eos_count = 1;
        request.flags = 0;
        request.stops = stops;
        request.stop_count = 1;
        speak(&stage, &request, &cut);
        assert_int_equal(cut.finish, SY_FINISH_END);
        struct text want = { 0 };
        decode(&stage, all.tokens, cut.count - 1, &want);
        assert_int_equal(cut.size, want.size);
        if (want.size > 0) assert_memory_equal(cut.text, want.data, want.size);
        text_free(&want);
    }
    speaker_close(&stage);
}

/* The answer goes on where the prompt ends, in the middle of a character too. */
TEST(an_answer_continues_its_prompt) {
    static const int64_t ids[] = { 0, 4 }; /* a, and half an e */
    static const struct sy_logit_bias bias = { 5, 100 };
    struct speaker stage;
    struct spoken spoken;
    speaker_open(&stage, vocabulary);
    struct sy_request request = {
        .ids = ids, .count = 2, .new_count = 1, .sampling = { .biases = &bias, .bias_count = 1 }
    };
    speak(&stage, &request, &spoken);
    assert_int_equal(spoken.size, 2);
    assert_memory_equal(spoken.text, "\303\251", 2);
    request.new_count = 0; /* says nothing: the half is the prompt's */
    speak(&stage, &request, &spoken);
    assert_int_equal(spoken.size, 0);
    speaker_close(&stage);
}

/* An answer is no text of its own, at whose front a space would fall away: not behind a prompt that says
 * nothing either (ids of the padding). */
TEST(an_answer_keeps_its_first_space) {
    static const int64_t prompts[][2] = { { 36, 36 }, { 36, 0 }, { 0, 2 } };
    static const struct sy_logit_bias bias = { 2, 100 };
    for (size_t i = 0; i < 6; i++) {
        struct speaker stage;
        struct spoken spoken;
        struct sy_request request = { .ids = prompts[i % 3],
                                      .count = 2,
                                      .new_count = 2,
                                      .flags = SY_IGNORE_END,
                                      .sampling = { .biases = &bias, .bias_count = 1 } };
        print_message("decoder %zu, prompt %zu\n", i / 3, i % 3);
        speaker_open(&stage, marked[i / 3]);
        speak(&stage, &request, &spoken);
        assert_int_equal(spoken.size, 4);
        assert_memory_equal(spoken.text, " a a", 4);
        speaker_close(&stage);
    }
}
