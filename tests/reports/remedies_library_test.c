/*
 * Remedies for a caller of the library, followed by one: each call is refused, done as the remedy says, and
 * succeeds.
 */
#include "speaker.h"
#include "test.h"
#include "text_model.h"
#include <switchyard.h>

#include <stdio.h>
#include <string.h>

static const int64_t prompt[] = { 1, 2, 3, 4 };

static const char *speaker(void) {
    static char model[TEST_PATH_MAX];
    test_temp_path(model, "speaker");
    speaker_make(model);
    return model;
}

static void says(bool done, const struct sy_error *err, const char *remedy) {
    if (done) fail_msg("not refused: %s", remedy);
    if (!strstr(err->remedy, remedy)) fail_msg("'%s' is not: %s; %s", remedy, err->message, err->remedy);
}

static void good(bool done, const struct sy_error *err) {
    if (!done) fail_msg("%s; %s", err->message, err->remedy);
}

static struct sy_options options_of(int64_t context, int64_t sequences) {
    return (struct sy_options){ .struct_bytes = sizeof(struct sy_options),
                                .precision = SY_PRECISION_EXACT,
                                .threads = 1,
                                .context = context,
                                .sequences = sequences };
}

static struct sy_request request_of(int64_t count, int64_t new_count) {
    return (struct sy_request){ .struct_bytes = sizeof(struct sy_request),
                                .flags = SY_IGNORE_END | SY_KEEP,
                                .ids = prompt,
                                .count = count,
                                .new_count = new_count };
}

static struct sy_engine *open_engine(const char *model, const struct sy_options *options) {
    struct sy_engine *engine;
    struct sy_error err;
    good(sy_engine_open(model, options, &engine, &err), &err);
    return engine;
}

static void run(struct sy_engine *engine) {
    struct sy_error err;
    for (int64_t active = 1; active > 0;) good(sy_step(engine, &active, &err), &err);
}

static int64_t kept(struct sy_engine *engine, int64_t count) {
    struct sy_request request = request_of(count, 0);
    struct sy_error err;
    int64_t sequence;
    good(sy_submit(engine, &request, &sequence, &err), &err);
    run(engine);
    return sequence;
}

/* Somebody's program had a misspelt word in its options, or was built for another version. */
TEST(remedy_options_of_an_engine) {
    static const char *const kinds[] = { "f32", "f16", "bf16", "q8_0" }, *const levels[] = {
        "ref", "avx2", "avx512", "avx512vnni", "amx"
    };
    const char *model = speaker();
    struct sy_options options = options_of(64, 1);
    struct sy_engine *engine;
    struct sy_error err;
    options.kv = "f8";
    says(sy_engine_open(model, &options, &engine, &err), &err, "give f32, f16, bf16 or q8_0");
    for (int i = 0; i < 4; i++) options.kv = kinds[i], sy_engine_close(open_engine(model, &options));
    options.kv = NULL, options.cpu = "sse";
    says(sy_engine_open(model, &options, &engine, &err), &err,
         "give ref, avx2, avx512, avx512vnni, avx512bf16 or amx");
    for (int i = 0; i < 5; i++) options.cpu = levels[i], sy_engine_close(open_engine(model, &options));
    options.cpu = NULL, options.struct_bytes = 0;
    says(sy_engine_open(model, &options, &engine, &err), &err, "set it to sizeof(struct sy_options)");
    struct {
        struct sy_options options;
        int64_t later;
    } newer = { options_of(64, 1), 1 };
    newer.options.struct_bytes = sizeof newer;
    says(sy_engine_open(model, &newer.options, &engine, &err), &err,
         "leave it at zero, or use a newer library");
    newer.later = 0;
    sy_engine_close(open_engine(model, &newer.options));
}

/* Somebody's requests had no ids, were too long, or named a sequence that was gone. */
TEST(remedy_requests) {
    const char *model = speaker();
    struct sy_options options = options_of(8, 2);
    struct sy_engine *engine = open_engine(model, &options);
    struct sy_request request = request_of(0, 1);
    struct sy_event event = { .struct_bytes = sizeof event };
    struct sy_error err;
    int64_t sequence;
    says(sy_submit(engine, &request, &sequence, &err), &err, "give one id or more");
    request.count = 1;
    good(sy_submit(engine, &request, &sequence, &err), &err);
    run(engine);
    good(sy_poll(engine, sequence, &event, &err), &err);
    sy_release(engine, sequence);
    says(sy_poll(engine, sequence, &event, &err), &err,
         "give the number of one that was submitted, and not released since");
    request = request_of(4, 40);
    says(sy_submit(engine, &request, &sequence, &err), &err,
         "open with a larger sy_options.context, or ask for fewer ids");
    request.new_count = 4;
    good(sy_submit(engine, &request, &sequence, &err), &err);
    sy_engine_close(engine);
    options.context = 64;
    engine = open_engine(model, &options);
    request.new_count = 40;
    good(sy_submit(engine, &request, &sequence, &err), &err);
    sy_engine_close(engine);
}

/* Somebody went on from a sequence that had not been kept, and kept more than there were places. */
TEST(remedy_kept_sequences) {
    const char *model = speaker();
    struct sy_options options = options_of(600, 2);
    struct sy_engine *engine = open_engine(model, &options);
    struct sy_request request = request_of(4, 0), next = request_of(2, 2);
    struct sy_error err;
    char path[TEST_PATH_MAX];
    int64_t sequence, active;
    test_temp_path(path, "state");
    request.flags = SY_IGNORE_END;
    good(sy_submit(engine, &request, &next.past, &err), &err);
    next.past_length = 4;
    says(sy_submit(engine, &next, &sequence, &err), &err,
         "submit it with SY_KEEP, and wait until it has finished");
    says(sy_save(engine, next.past, path, &err), &err, "submit it with SY_KEEP, and wait for its end");
    run(engine);
    sy_release(engine, next.past);
    next.past = kept(engine, 4);
    good(sy_save(engine, next.past, path, &err), &err);
    good(sy_submit(engine, &next, &sequence, &err), &err);
    run(engine); /* both places are kept now */
    says(sy_restore(engine, path, &active, &err), &err,
         "release one, or open with more sy_options.sequences");
    good(sy_submit(engine, &request, &active, &err), &err);
    says(sy_step(engine, &active, &err), &err, "release a kept sequence");
    sy_release(engine, next.past);
    run(engine);
    good(sy_restore(engine, path, &sequence, &err), &err);
    sy_engine_close(engine);
    options.sequences = 3;
    engine = open_engine(model, &options);
    kept(engine, 4), kept(engine, 3);
    good(sy_restore(engine, path, &sequence, &err), &err);
    sy_engine_close(engine);
}

/* Somebody's pages were all taken when a conversation was to be read back. */
TEST(remedy_pages_that_are_taken) {
    struct sy_options options = options_of(64, 2);
    struct sy_engine *engine = open_engine(speaker(), &options);
    struct sy_error err;
    char path[TEST_PATH_MAX];
    int64_t sequence, first = kept(engine, 4);
    test_temp_path(path, "state");
    good(sy_save(engine, first, path, &err), &err);
    kept(engine, 3);
    says(sy_restore(engine, path, &sequence, &err), &err, "release other sequences first");
    sy_release(engine, first);
    good(sy_restore(engine, path, &sequence, &err), &err);
    sy_engine_close(engine);
}

/* Somebody took a saved conversation to another model, another arithmetic, or a smaller context. */
TEST(remedy_saved_sequences) {
    const char *model = speaker();
    struct sy_options options = options_of(64, 2), other = options_of(64, 2), small = options_of(2, 2);
    struct sy_engine *engine = open_engine(model, &options), *second;
    struct sy_error err;
    char path[TEST_PATH_MAX], golden[TEST_PATH_MAX];
    int64_t sequence;
    test_temp_path(path, "state");
    test_source(golden, "tests/golden/olmoe_clip");
    good(sy_save(engine, kept(engine, 4), path, &err), &err);
    second = open_engine(golden, &options);
    says(sy_restore(second, path, &sequence, &err), &err, "give the model that it was saved with");
    sy_engine_close(second);
    other.kv = "f16";
    second = open_engine(model, &other);
    says(sy_restore(second, path, &sequence, &err), &err, "run it as it was saved, or begin anew");
    sy_engine_close(second);
    second = open_engine(model, &small);
    says(sy_restore(second, path, &sequence, &err), &err, "open with a larger sy_options.context");
    sy_engine_close(second);
    second = open_engine(model, &options);
    good(sy_restore(second, path, &sequence, &err), &err);
    FILE *file = fopen(path, "r+b");
    assert_true(file && fseek(file, -9, SEEK_END) == 0 && fputc('x', file) == 'x' && fclose(file) == 0);
    says(sy_restore(second, path, &sequence, &err), &err,
         "save it again: the conversation's text is the only source of its keys");
    good(sy_save(engine, kept(engine, 3), path, &err), &err);
    good(sy_restore(second, path, &sequence, &err), &err);
    sy_engine_close(second);
    sy_engine_close(engine);
}

static int64_t total_of(const struct sy_engine *engine) {
    struct sy_facts facts = { .struct_bytes = sizeof facts };
    sy_engine_facts(engine, &facts);
    return facts.weight_bytes + facts.kv_bytes + facts.step_bytes + facts.other_bytes;
}

/* Somebody's pool of pages was too small for a request, and then too large for the memory. */
TEST(remedy_the_size_of_the_pool) {
    struct sy_options options = options_of(4096, 2);
    struct sy_request request = request_of(4, 600);
    struct sy_engine *engine;
    struct sy_error err;
    char model[TEST_PATH_MAX]; /* without a tokenizer, whose share is another */
    long long fits = 0;
    int64_t sequence;
    test_source(model, "tests/golden/mixtral_fused");
    options.kv_positions = 256;
    engine = open_engine(model, &options);
    says(sy_submit(engine, &request, &sequence, &err), &err,
         "open with a larger sy_options.kv_positions, or ask for fewer ids");
    request.new_count = 100;
    good(sy_submit(engine, &request, &sequence, &err), &err);
    sy_engine_close(engine);
    options.kv_positions = 1024;
    engine = open_engine(model, &options);
    request.new_count = 600;
    good(sy_submit(engine, &request, &sequence, &err), &err);
    options.memory_bytes = total_of(engine);
    sy_engine_close(engine);
    options.kv_positions = 8192;
    says(sy_engine_open(model, &options, &engine, &err), &err, " would fit");
    assert_int_equal(sscanf(err.remedy, "sy_options.kv_positions %lld would fit", &fits), 1);
    options.kv_positions = fits;
    sy_engine_close(open_engine(model, &options));
}

static void step_within(void *argument, int64_t sequence, int64_t index, const float *logits, int64_t vocab) {
    struct sy_error err;
    int64_t active;
    (void)sequence, (void)index, (void)logits, (void)vocab;
    says(sy_step(argument, &active, &err), &err,
         "one thread at a time, and none from a callback; sy_cancel alone may");
    sy_cancel(argument, sequence);
}

/* Somebody called the engine from within one of its calls. */
TEST(remedy_calls_from_a_callback) {
    struct sy_options options = options_of(64, 1);
    struct sy_engine *engine = open_engine(speaker(), &options);
    struct sy_request request = request_of(4, 20);
    struct sy_event event = { .struct_bytes = sizeof event };
    struct sy_error err;
    int64_t sequence;
    request.argument = engine;
    request.on_logits = step_within;
    good(sy_submit(engine, &request, &sequence, &err), &err);
    run(engine);
    do good(sy_poll(engine, sequence, &event, &err), &err);
    while (event.kind == SY_EVENT_TOKEN);
    assert_int_equal(event.finish, SY_FINISH_CANCELLED);
    sy_engine_close(engine);
}

/* Somebody had messages for a model that only continues a text. */
TEST(remedy_messages_without_a_template) {
    struct sy_options options = options_of(64, 1);
    struct sy_engine *engine = open_engine(text_model(), &options);
    struct sy_error err;
    int64_t *ids, count;
    size_t size;
    char *text;
    says(sy_chat(engine, "[{\"role\": \"user\", \"content\": \"Ab\"}]", NULL, &text, &size, &err), &err,
         "give plain text, or sy_options.chat_template");
    good(sy_encode(engine, "Ab", 2, 0, &ids, &count, &err), &err);
    sy_free(ids);
    sy_engine_close(engine);
    options.chat_template = "{{ messages[0].content }}";
    engine = open_engine(text_model(), &options);
    good(sy_chat(engine, "[{\"role\": \"user\", \"content\": \"Ab\"}]", NULL, &text, &size, &err), &err);
    assert_string_equal(text, "Ab");
    sy_free(text);
    sy_engine_close(engine);
}
