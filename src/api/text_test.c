/*
 * Text through the public library: ids and back, what an answer says, stop texts that span tokens, and the
 * authors' settings.
 */
#include "base/json.h"
#include "speaker.h"
#include "test.h"

#include <string.h>
#include <switchyard.h>

static struct sy_engine *open_speaker(int sequences) {
    char model[TEST_PATH_MAX];
    struct sy_options options = { .struct_bytes = sizeof options, .sequences = sequences, .threads = 1 };
    struct sy_engine *engine;
    struct sy_error err;
    test_temp_path(model, "speaker");
    speaker_make(model);
    if (!sy_engine_open(model, &options, &engine, &err)) fail_msg("%s", err.message);
    return engine;
}

struct said {
    struct text text;
    int64_t tokens[64], count;
    enum sy_finish finish;
};

static void answer(struct sy_engine *engine, struct sy_request request, struct said *said) {
    static const int64_t prompt[3] = { SPEAKER_BOS, 't', 'h' };
    struct sy_error err;
    int64_t sequence, active = 1;
    memset(said, 0, sizeof *said);
    request.struct_bytes = sizeof request;
    request.ids = prompt;
    request.count = 3;
    request.new_count = 40;
    request.flags |= SY_IGNORE_END;
    if (!sy_submit(engine, &request, &sequence, &err)) fail_msg("%s", err.message);
    while (said->finish == SY_FINISH_NONE) {
        struct sy_event event = { .struct_bytes = sizeof event };
        assert_true(sy_poll(engine, sequence, &event, &err));
        text_add_bytes(&said->text, event.text, event.text_size);
        if (event.kind == SY_EVENT_TOKEN) said->tokens[said->count++] = event.token.token;
        if (event.kind == SY_EVENT_FINISHED) said->finish = event.finish;
        if (event.kind == SY_EVENT_NONE) assert_true(active > 0 && sy_step(engine, &active, &err));
    }
    sy_release(engine, sequence);
}

TEST(an_answer_says_what_its_ids_decode_to) {
    struct sy_engine *engine = open_speaker(1);
    struct said said;
    char *text;
    size_t size;
    struct sy_error err;
    for (uint64_t seed = 1; seed < 6; seed++) {
        answer(engine, (struct sy_request){ .sampling = { .temperature = 1.5, .seed = seed } }, &said);
        assert_int_equal(said.finish, SY_FINISH_LENGTH);
        assert_int_equal(said.count, 40);
        assert_true(sy_decode(engine, said.tokens, said.count, &text, &size, &err));
        assert_int_equal(said.text.size, size);
        assert_memory_equal(said.text.data, text, size);
        sy_free(text);
        text_free(&said.text);
    }
    sy_engine_close(engine);
}

TEST(a_stop_text_may_span_tokens) {
    struct sy_engine *engine = open_speaker(1);
    struct sy_request request = { .sampling = { .temperature = 1.5, .seed = 3 } };
    struct said whole, cut;
    char stop[4];
    answer(engine, request, &whole);
    assert_true(whole.text.size > 12);
    memcpy(stop, whole.text.data + 8, 3); /* of several tokens: these have a byte, or two */
    stop[3] = 0;
    assert_int_equal(strlen(stop), 3);
    request.stops = (const char *const[]){ stop };
    request.stop_count = 1;
    answer(engine, request, &cut);
    const char *first = strstr(whole.text.data, stop);
    assert_int_equal(cut.finish, SY_FINISH_STOP);
    assert_int_equal(cut.text.size, first - whole.text.data);
    if (cut.text.size > 0) assert_memory_equal(cut.text.data, whole.text.data, cut.text.size);
    assert_true(cut.count < whole.count);
    assert_memory_equal(cut.tokens, whole.tokens, (size_t)cut.count * sizeof *cut.tokens);
    text_free(&cut.text);
    text_free(&whole.text);
    sy_engine_close(engine);
}

TEST(text_goes_to_ids_and_back) {
    struct sy_engine *engine = open_speaker(1);
    static const char words[] = "the<|user|>in";
    int64_t *ids, count;
    char *text;
    size_t size;
    struct sy_error err;
    assert_true(sy_encode(engine, words, sizeof words - 1, SY_PARSE_SPECIAL, &ids, &count, &err));
    assert_int_equal(count, 4); /* <s> the <|user|> in */
    assert_true(ids[0] == SPEAKER_BOS && ids[1] == 257 && ids[2] == SPEAKER_USER && ids[3] == 258);
    assert_true(sy_decode(engine, ids + 1, 3, &text, &size, &err));
    assert_string_equal(text, words);
    sy_free(text);
    sy_free(ids);
    assert_true(sy_encode(engine, words, sizeof words - 1, SY_NO_SPECIAL, &ids, &count, &err));
    assert_int_equal(ids[0], 257);
    assert_int_equal(count, 1 + 8 + 1); /* "<|user|>" is plain text */
    sy_free(ids);
    int64_t wild[2] = { 5, (int64_t)1 << 40 };
    assert_false(sy_decode(engine, wild, 2, &text, &size, &err));
    assert_int_equal(err.code, SY_ERR_INPUT);
    assert_true(sy_decode(engine, NULL, 0, &text, &size, &err));
    assert_string_equal(text, "");
    sy_free(text);
    sy_engine_close(engine);
}

TEST(the_authors_settings_are_recommended) {
    struct sy_engine *engine = open_speaker(1);
    struct sy_sampling sampling;
    struct sy_facts facts = { .struct_bytes = sizeof facts };
    sy_recommended(engine, &sampling);
    assert_true(sampling.temperature == 0.7 && sampling.top_p == 0.9 && sampling.top_k == 50);
    assert_true(sy_is_end(engine, SPEAKER_END) && !sy_is_end(engine, SPEAKER_USER));
    sy_engine_facts(engine, &facts);
    assert_non_null(facts.tokenizer);
    sy_engine_close(engine);
}

TEST(a_model_without_a_tokenizer_says_so) {
    char model[TEST_PATH_MAX];
    struct sy_engine *engine;
    struct sy_error err;
    int64_t *ids, count;
    test_source(model, "tests/golden/mixtral_fused");
    assert_true(sy_engine_open(model, NULL, &engine, &err));
    assert_false(sy_encode(engine, "a", 1, 0, &ids, &count, &err));
    assert_true(err.message[0] && strchr(err.message, '\n') == NULL);
    sy_engine_close(engine);
}
