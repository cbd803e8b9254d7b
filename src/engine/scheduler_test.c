/*
 * The scheduler's rules: who runs when, how sequences end, what is shared, what is refused. That company
 * changes nothing is tests/schedules_test.c.
 */
#include "engine/scheduler.h"

#include "test.h"
#include "watch.h"

#include <string.h>

static const int64_t ids[600] = { 3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3 };

struct bench {
    struct arena arena;
    struct tiny tiny;
    struct scheduler *s;
};

static void bench_open(struct bench *b, enum tiny_base base, struct tiny_run run) {
    struct spec spec;
    struct sy_error err = { 0 };
    run.level = level_of_machine();
    arena_open(&b->arena);
    tiny_spec(base, &b->arena, &spec);
    if (!tiny_open(&b->tiny, &spec, DTYPE_F32, &run, &err)) fail_msg("%s", err.message);
    if (!scheduler_open(&b->tiny.session, NULL, &b->s, &err)) fail_msg("%s", err.message);
}

static void bench_close(struct bench *b) {
    scheduler_close(b->s);
    assert_int_equal(kv_pool_free_pages(b->tiny.session.pool), kv_pool_pages(b->tiny.session.pool));
    tiny_close(&b->tiny);
    arena_close(&b->arena);
}

static void submit(struct bench *b, struct watch *w, struct sy_request request) {
    struct sy_error err = { 0 };
    if (!watch_submit(b->s, w, NULL, request, &err)) fail_msg("%s", err.message);
}

static int64_t step(struct bench *b) {
    int64_t active;
    struct sy_error err = { 0 };
    if (!scheduler_step(b->s, NULL, &active, &err)) fail_msg("%s", err.message);
    return active;
}

#define RUN(b, ...)                                                                                          \
    watch_run((b)->s, (struct watch *const[]){ __VA_ARGS__ },                                                \
              sizeof((struct watch *const[]){ __VA_ARGS__ }) / sizeof(struct watch *))

enum { ALL = SY_WANT_LOGITS | SY_WANT_ROUTING | SY_WANT_LOGPROBS | SY_IGNORE_END };

/* ---- one sequence ---- */

/* What was drawn, and every bit of logits and routing, is what the ids give when they are fed in the same
 * roles. */
TEST(a_sequence_alone_is_its_prompt_and_its_steps) {
    for (int base = 0; base < TINY_BASE_COUNT; base++) {
        struct bench b;
        struct watch w;
        print_message("%s\n", tiny_name((enum tiny_base)base));
        bench_open(&b, (enum tiny_base)base, (struct tiny_run){ 0 });
        submit(&b, &w, (struct sy_request){ .flags = ALL, .ids = ids, .count = 10, .new_count = 6 });
        RUN(&b, &w);
        assert_int_equal(w.last.finish, SY_FINISH_LENGTH);
        assert_int_equal(w.last.prompt_count, 10);
        assert_int_equal(w.last.token_count, 6);
        assert_int_equal(w.last.step_count, 5); /* the last token is not run */
        assert_int_equal(scheduler_length(b.s, w.number), 15);
        assert_memory_equal(scheduler_ids(b.s, w.number), w.ids, 15 * sizeof *w.ids);
        assert_true(w.last.prompt_seconds > 0 && w.last.step_seconds > 0);
        watch_check(&w, &b.tiny);
        bench_close(&b);
    }
}

static struct sy_request plain(int64_t count, int64_t new_count) {
    return (struct sy_request){ .flags = ALL, .ids = ids, .count = count, .new_count = new_count };
}

/* Nobody listens, or somebody to everything: the tokens are the same. */
TEST(generation_does_not_depend_on_who_listens) {
    for (int base = 0; base < TINY_BASE_COUNT; base++) {
        struct bench b;
        struct watch heard;
        struct sy_request request = plain(10, 8);
        int64_t number;
        bench_open(&b, (enum tiny_base)base, (struct tiny_run){ 0 });
        submit(&b, &heard, request);
        RUN(&b, &heard);
        request.flags = SY_IGNORE_END;
        assert_true(scheduler_submit(b.s, &request, &number, NULL));
        while (step(&b) > 0) continue;
        assert_memory_equal(scheduler_ids(b.s, number), heard.ids, 18 * sizeof *heard.ids);
        bench_close(&b);
    }
}

TEST(a_prompt_alone_draws_nothing) {
    struct bench b;
    struct watch w;
    bench_open(&b, TINY_QWEN2, (struct tiny_run){ 0 });
    submit(&b, &w, plain(10, 0));
    assert_int_equal(step(&b), 0);
    watch_poll(b.s, &w);
    assert_int_equal(w.last.finish, SY_FINISH_LENGTH);
    assert_int_equal(w.last.token_count + w.last.step_count, 0);
    watch_check(&w, &b.tiny);
    bench_close(&b);
}

TEST(an_end_token_ends_a_sequence) {
    struct bench b;
    struct watch all, ended;
    bench_open(&b, TINY_MIXTRAL, (struct tiny_run){ 0 });
    submit(&b, &all, plain(10, 8));
    RUN(&b, &all);
    b.tiny.spec->tokens.eos[0] = 36;
    b.tiny.spec->tokens.eos[1] = all.ids[12]; /* any of them */
    b.tiny.spec->tokens.eos_count = 2;
    struct sy_request request = plain(10, 8);
    request.flags &= ~(uint32_t)SY_IGNORE_END;
    submit(&b, &ended, request);
    RUN(&b, &ended);
    assert_int_equal(ended.last.finish, SY_FINISH_END);
    assert_int_equal(ended.ids[ended.count - 1], all.ids[12]); /* it is among the tokens */
    assert_true(ended.count <= 13);
    assert_memory_equal(ended.ids, all.ids, (size_t)ended.count * sizeof *all.ids);
    submit(&b, &all, plain(10, 8));
    RUN(&b, &all);
    assert_int_equal(all.last.token_count, 8); /* SY_IGNORE_END */
    bench_close(&b);
}

TEST(a_scheduler_gives_the_lower_of_equal_ids) {
    struct bench b;
    struct watch w;
    bench_open(&b, TINY_MIXTRAL, (struct tiny_run){ 0 });
    struct weight *head = &b.tiny.session.model.binding.global[SLOT_HEAD];
    memset((void *)(uintptr_t)head->data, 0, (size_t)(head->rows * head->cols) * sizeof(float));
    submit(&b, &w, plain(3, 3));
    RUN(&b, &w);
    for (int i = 3; i < 6; i++) assert_int_equal(w.ids[i], 0);
    bench_close(&b);
}

TEST(log_probabilities_come_with_each_token) {
    struct bench b;
    struct watch w;
    struct sy_event event;
    bench_open(&b, TINY_QWEN3, (struct tiny_run){ 0 });
    struct sy_request request = plain(5, 4);
    request.sampling.logprobs = 3;
    submit(&b, &w, request);
    while (step(&b) > 0) {
    }
    for (int i = 0; i < 4; i++) {
        assert_true(scheduler_poll(b.s, w.number, &event, NULL));
        assert_int_equal(event.likeliest_count, 3);
        assert_int_equal(event.likeliest[0].token, event.token.token); /* greedy */
        assert_true(event.likeliest[0].logprob == event.token.logprob && event.token.logprob < 0);
        assert_true(event.likeliest[1].logprob <= event.likeliest[0].logprob);
    }
    bench_close(&b);
}

/* ---- ends from outside ---- */

TEST(cancelled_sequences_end_before_their_next_token) {
    struct bench b;
    struct watch waiting, early, late, other;
    bench_open(&b, TINY_OLMOE, (struct tiny_run){ .sequences = 3 });
    submit(&b, &early, plain(8, 20));
    submit(&b, &late, plain(9, 20));
    submit(&b, &other, plain(10, 12));
    submit(&b, &waiting, plain(5, 20)); /* three places are taken */
    scheduler_cancel(b.s, early.number);
    assert_int_equal(step(&b), 3);
    watch_poll(b.s, &early);
    assert_int_equal(early.last.finish, SY_FINISH_CANCELLED);
    assert_int_equal(early.last.token_count + early.last.prompt_count, 0);
    assert_true(early.last.prompt_seconds == 0 && early.last.step_seconds == 0);
    scheduler_cancel(b.s, early.number); /* finished: left alone */
    for (int i = 0; i < 4; i++) step(&b);
    watch_poll(b.s, &late);
    assert_int_equal(late.count, 9 + 5);
    scheduler_cancel(b.s, late.number);
    scheduler_cancel(b.s, 12345);
    scheduler_cancel(b.s, 0);
    scheduler_cancel(b.s, -1);
    RUN(&b, &late, &other, &waiting);
    assert_int_equal(late.last.finish, SY_FINISH_CANCELLED);
    assert_int_equal(late.last.token_count, 5);
    assert_int_equal(late.last.step_count, 4);
    assert_int_equal(other.last.finish, SY_FINISH_LENGTH);
    assert_int_equal(waiting.last.finish, SY_FINISH_LENGTH);
    watch_check(&other, &b.tiny);
    watch_check(&late, &b.tiny);
    watch_check(&waiting, &b.tiny);
    bench_close(&b);
}

struct canceller {
    struct scheduler *s;
    int64_t at;
};

static void cancel_at(void *argument, int64_t sequence, int64_t index, const float *logits, int64_t vocab) {
    struct canceller *c = argument;
    (void)logits, (void)vocab;
    if (index == c->at) scheduler_cancel(c->s, sequence);
}

/* While its logits are being computed: the token is not drawn any more. */
TEST(a_cancel_within_a_step_draws_no_token) {
    struct bench b;
    struct canceller c = { .at = 7 };
    int64_t number;
    struct sy_event event;
    bench_open(&b, TINY_OLMOE, (struct tiny_run){ 0 });
    c.s = b.s;
    struct sy_request request = plain(6, 20);
    request.argument = &c;
    request.on_logits = cancel_at;
    assert_true(scheduler_submit(b.s, &request, &number, NULL));
    while (step(&b) > 0) {
    }
    for (int i = 0; i < 2; i++) {
        assert_true(scheduler_poll(b.s, number, &event, NULL));
        assert_int_equal(event.kind, SY_EVENT_TOKEN);
    }
    assert_true(scheduler_poll(b.s, number, &event, NULL));
    assert_int_equal(event.finish, SY_FINISH_CANCELLED);
    assert_int_equal(event.token_count, 2);
    bench_close(&b);
}

/* A NaN ends all that took part in the batch; who waited runs when all is well again. */
TEST(an_error_ends_those_who_took_part) {
    struct bench b;
    struct watch first, second, waiting;
    struct sy_error err = { 0 };
    int64_t active;
    bench_open(&b, TINY_QWEN2, (struct tiny_run){ .sequences = 2 });
    submit(&b, &first, plain(8, 20));
    struct sy_request keep = plain(4, 20);
    keep.flags |= SY_KEEP;
    submit(&b, &second, keep);
    submit(&b, &waiting, plain(6, 5));
    step(&b);
    struct weight *head = &b.tiny.session.model.binding.global[SLOT_HEAD];
    float *value = (float *)(uintptr_t)head->data, before = *value;
    *value = 0.0f / 0.0f;
    assert_false(scheduler_step(b.s, NULL, &active, &err));
    assert_int_equal(err.code, SY_ERR_NUMERIC);
    assert_int_equal(active, 1);
    *value = before;
    RUN(&b, &first, &second, &waiting);
    assert_int_equal(first.last.finish, SY_FINISH_ERROR);
    assert_int_equal(first.last.token_count, 1); /* what it had said before is still there */
    assert_int_equal(second.last.finish, SY_FINISH_ERROR);
    assert_null(scheduler_kept(b.s, second.number));
    assert_int_equal(waiting.last.finish, SY_FINISH_LENGTH);
    watch_check(&waiting, &b.tiny);
    bench_close(&b);
}

TEST(an_error_leaves_those_who_had_no_rows) {
    struct bench b;
    struct watch first, second, third;
    struct sy_error err = { 0 };
    int64_t active;
    bench_open(&b, TINY_QWEN2, (struct tiny_run){ .rows = 4 });
    submit(&b, &first, plain(50, 2));
    submit(&b, &second, plain(40, 2));
    submit(&b, &third, plain(45, 2)); /* no row is left for it */
    struct weight *embedding = &b.tiny.session.model.binding.global[SLOT_EMBED];
    float *value = (float *)(uintptr_t)embedding->data + 3 * b.tiny.spec->width, before = *value;
    *value = 0.0f / 0.0f; /* of id 3, their first */
    while (scheduler_step(b.s, NULL, &active, &err)) {
    }
    *value = before;
    RUN(&b, &first, &second, &third);
    assert_int_equal(first.last.finish + second.last.finish, 2 * SY_FINISH_ERROR);
    assert_int_equal(third.last.finish, SY_FINISH_LENGTH);
    watch_check(&third, &b.tiny);
    bench_close(&b);
}

TEST(released_sequences_are_forgotten) {
    struct bench b;
    struct watch running, waiting, finished;
    struct sy_error err = { 0 };
    struct sy_event event;
    bench_open(&b, TINY_QWEN2, (struct tiny_run){ .sequences = 1 });
    submit(&b, &finished, plain(3, 1));
    step(&b);
    submit(&b, &running, plain(3, 30));
    submit(&b, &waiting, plain(3, 30));
    assert_int_equal(step(&b), 2);
    scheduler_release(b.s, waiting.number);
    scheduler_release(b.s, finished.number);
    assert_int_equal(step(&b), 1);
    scheduler_release(b.s, running.number);
    scheduler_release(b.s, running.number);
    assert_int_equal(step(&b), 0);
    assert_false(scheduler_poll(b.s, running.number, &event, &err));
    assert_int_equal(err.code, SY_ERR_INPUT);
    assert_int_equal(scheduler_length(b.s, waiting.number), -1);
    assert_null(scheduler_ids(b.s, finished.number));
    assert_int_equal(kv_pool_free_pages(b.tiny.session.pool), kv_pool_pages(b.tiny.session.pool));
    bench_close(&b);
}

/* ---- places and pages ---- */

TEST(first_come_is_first_served) {
    struct bench b;
    struct watch w[4];
    /* a page is 256 positions of one of two layers */
    bench_open(&b, TINY_QWEN2, (struct tiny_run){ .context = 1024, .pages = 12 });
    submit(&b, &w[0], plain(255, 10)); /* 264 positions: 4 pages, though it begins with 2 */
    submit(&b, &w[1], plain(200, 50)); /* 249: 2 */
    submit(&b, &w[2], plain(500, 30)); /* 529: 6 */
    submit(&b, &w[3], plain(2, 2));    /* 2: there would be none left */
    RUN(&b, &w[0], &w[1], &w[2], &w[3]);
    for (int i = 0; i < 4; i++) watch_check(&w[i], &b.tiny);
    assert_int_equal(kv_pool_free_pages(b.tiny.session.pool), 12);

    for (int i = 0; i < 4; i++) scheduler_release(b.s, w[i].number);
    submit(&b, &w[0], plain(255, 10));
    submit(&b, &w[1], plain(500, 300)); /* 8: all that is left */
    submit(&b, &w[2], plain(2, 2));
    step(&b), step(&b);
    watch_poll(b.s, &w[2]);
    assert_int_equal(w[2].count, 2); /* waits, though two pages are free today: they are promised */
    assert_true(kv_pool_free_pages(b.tiny.session.pool) >= 2);
    RUN(&b, &w[0], &w[1], &w[2]);

    submit(&b, &w[0], plain(255, 10));
    submit(&b, &w[3], plain(1, 2));
    submit(&b, &w[1], plain(500, 500)); /* 8 pages: do not fit beside the 4 and 2 */
    submit(&b, &w[2], plain(2, 2));     /* would fit, but came later */
    step(&b);
    watch_poll(b.s, &w[1]), watch_poll(b.s, &w[2]);
    assert_int_equal(w[1].count, 500);
    assert_int_equal(w[2].count, 2);
    RUN(&b, &w[0], &w[1], &w[2], &w[3]);
    bench_close(&b);
}

TEST(kept_sequences_hold_their_pages_and_places) {
    struct bench b;
    struct watch kept, second, third;
    struct sy_error err = { 0 };
    int64_t active;
    bench_open(&b, TINY_QWEN2, (struct tiny_run){ .context = 1024, .sequences = 2, .pages = 8 });
    struct sy_request request = plain(300, 1);
    request.flags |= SY_KEEP;
    submit(&b, &kept, request);
    RUN(&b, &kept);
    assert_int_equal(kv_pool_free_pages(b.tiny.session.pool), 4);
    assert_non_null(scheduler_kept(b.s, kept.number));
    submit(&b, &second, plain(600, 1)); /* 6 pages */
    assert_false(scheduler_step(b.s, NULL, &active, &err));
    assert_int_equal(err.code, SY_ERR_MEMORY);
    assert_non_null(strstr(err.message, "6 pages"));
    assert_non_null(strstr(err.remedy, "release"));
    assert_int_equal(active, 1); /* it waits on */
    scheduler_release(b.s, kept.number);
    RUN(&b, &second);
    request.count = 3;
    submit(&b, &second, request);
    submit(&b, &third, request);
    RUN(&b, &second, &third);
    submit(&b, &kept, plain(1, 1)); /* pages there are, but no place */
    assert_false(scheduler_step(b.s, NULL, &active, &err));
    assert_non_null(strstr(err.message, "2 of 2 places"));
    scheduler_cancel(b.s, kept.number);
    RUN(&b, &kept);
    bench_close(&b);
}

TEST(what_can_never_fit_is_refused_at_once) {
    struct bench b;
    struct watch w;
    struct sy_error err = { 0 };
    bench_open(&b, TINY_QWEN2, (struct tiny_run){ .context = 600, .pages = 4 });
    assert_false(watch_submit(b.s, &w, NULL, plain(590, 12), &err)); /* 601 positions */
    assert_int_equal(err.code, SY_ERR_INPUT);
    assert_non_null(strstr(err.message, "600 positions"));
    assert_true(err.remedy[0]);
    assert_false(watch_submit(b.s, &w, NULL, plain(590, 11), &err)); /* fits the context, but takes 6 pages */
    assert_int_equal(err.code, SY_ERR_MEMORY);
    assert_non_null(strstr(err.message, "6 pages"));
    assert_true(watch_submit(b.s, &w, NULL, plain(500, 13), &err)); /* 512 positions */
    RUN(&b, &w);
    assert_int_equal(w.last.token_count, 13);
    struct sy_request huge = plain(1, INT64_MAX);
    assert_false(watch_submit(b.s, &w, NULL, huge, &err));
    assert_int_equal(err.code, SY_ERR_INPUT);
    bench_close(&b);
}

TEST(requests_are_checked) {
    struct bench b;
    struct sy_error err = { 0 };
    int64_t number;
    static const int64_t bad[] = { 1, 37 };
    static const char *const stops[] = { "x" };
    bench_open(&b, TINY_QWEN2, (struct tiny_run){ 0 });
    const struct {
        struct sy_request request;
        enum sy_code code;
    } cases[] = {
        { { .ids = ids, .count = 0 }, SY_ERR_INPUT },
        { { .ids = NULL, .count = 1 }, SY_ERR_INPUT },
        { { .ids = bad, .count = 2 }, SY_ERR_INPUT },
        { { .ids = ids, .count = 1, .new_count = -1 }, SY_ERR_INPUT },
        { { .ids = ids, .count = 1, .flags = 1u << 31 }, SY_ERR_USAGE },
        { { .ids = ids, .count = 1, .past = 7, .past_length = 1 }, SY_ERR_INPUT },
        { { .ids = ids, .count = 1, .past_length = 1 }, SY_ERR_INPUT },
        { { .ids = ids, .count = 1, .past = -3 }, SY_ERR_INPUT },
        { { .ids = ids, .count = 1, .sampling = { .temperature = -1 } }, SY_ERR_INPUT },
        { { .ids = ids, .count = 1, .stops = stops, .stop_count = 1 }, SY_ERR_INPUT }, /* no tokenizer */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memset(&err, 0, sizeof err);
        print_message("case %zu\n", i);
        assert_false(scheduler_submit(b.s, &cases[i].request, &number, &err));
        assert_int_equal(err.code, cases[i].code);
    }
    assert_int_equal(step(&b), 0);
    bench_close(&b);
}

TEST(the_queue_has_an_end) {
    struct bench b;
    struct sy_error err = { 0 };
    struct sy_request request = { .ids = ids, .count = 1, .new_count = 1 };
    int64_t number, last = 0;
    bench_open(&b, TINY_DENSE, (struct tiny_run){ 0 });
    for (int i = 0; i < SCHEDULER_WAITING_MAX; i++) {
        assert_true(scheduler_submit(b.s, &request, &number, &err));
        assert_true(number > last);
        last = number;
    }
    assert_false(scheduler_submit(b.s, &request, &number, &err));
    assert_int_equal(err.code, SY_ERR_LIMIT);
    step(&b); /* four run, and end */
    for (int i = 0; i < 4; i++) assert_true(scheduler_submit(b.s, &request, &number, &err));
    assert_false(scheduler_submit(b.s, &request, &number, &err));
    step(&b);
    assert_false(
        scheduler_submit(b.s, &request, &number, &err)); /* four wait less, but eight were not released */
    assert_non_null(strstr(err.remedy, "release"));
    assert_non_null(strstr(err.message, "8 have finished"));
    for (int64_t i = 1; i <= 8; i++) scheduler_release(b.s, i);
    assert_true(scheduler_submit(b.s, &request, &number, &err));
    assert_true(number > last);
    bench_close(&b);
}

TEST(a_scheduler_takes_the_bytes_that_it_says) {
    struct spec spec;
    struct arena arena;
    struct pass_limits limits = { 512, 4, 1 };
    int64_t bytes, more;
    struct sy_error err = { 0 };
    arena_open(&arena);
    tiny_spec(TINY_QWEN2, &arena, &spec);
    assert_true(scheduler_bytes(&spec, &limits, &bytes, &err));
    limits.sequences = 5;
    assert_true(scheduler_bytes(&spec, &limits, &more, &err));
    assert_true(more > bytes && bytes > 0);
    limits.sequences = INT64_MAX / 8;
    assert_false(scheduler_bytes(&spec, &limits, &more, &err));
    assert_int_equal(err.code, SY_ERR_LIMIT);
    arena_close(&arena);
}

/* ---- a shared past ---- */

static void keep(struct bench *b, struct watch *w, int64_t count, int64_t new_count) {
    struct sy_request request = plain(count, new_count);
    request.flags |= SY_KEEP;
    submit(b, w, request);
    RUN(b, w);
}

static bool follow(struct bench *b, struct watch *w, const struct watch *from, int64_t past_length,
                   int64_t count, int64_t new_count, struct sy_error *err) {
    struct sy_request request = plain(count, new_count);
    request.past = from->number;
    request.past_length = past_length;
    return watch_submit(b->s, w, from, request, err);
}

/* The past's steps stay steps (latent attention tells the roles apart), its pages are not computed again. */
TEST(a_past_keeps_its_roles) {
    for (int base = 0; base < TINY_BASE_COUNT; base++) {
        struct bench b;
        struct watch first, second, third;
        struct sy_error err = { 0 };
        print_message("%s\n", tiny_name((enum tiny_base)base));
        bench_open(&b, (enum tiny_base)base, (struct tiny_run){ 0 });
        keep(&b, &first, 8, 6);
        assert_true(follow(&b, &second, &first, 12, 5, 4, &err));
        RUN(&b, &second);
        assert_int_equal(second.last.prompt_count, 5);
        assert_int_equal(scheduler_length(b.s, second.number), 12 + 5 + 3);
        watch_check(&second, &b.tiny);
        assert_true(follow(&b, &third, &first, 3, 5, 4, &err)); /* back to within the prompt: another way */
        RUN(&b, &third);
        watch_check(&third, &b.tiny);
        assert_false(follow(&b, &third, &first, 14, 5, 4, &err)); /* 13 have run */
        assert_int_equal(err.code, SY_ERR_INPUT);
        assert_false(follow(&b, &third, &second, 4, 5, 4, &err)); /* not kept */
        assert_non_null(strstr(err.message, "not kept"));
        bench_close(&b);
    }
}

/* Rolling back costs nothing, and afterwards all is as if the sequence had never gone further. */
TEST(going_back_is_as_never_having_gone_further) {
    for (int base = 0; base < TINY_BASE_COUNT; base++) {
        struct bench b;
        struct watch went, back, never, on;
        struct sy_error err = { 0 };
        bench_open(&b, (enum tiny_base)base, (struct tiny_run){ 0 });
        keep(&b, &went, 6, 9);
        keep(&b, &never, 6, 2); /* the same, but two tokens only: 7 have run */
        assert_true(follow(&b, &back, &went, 7, 4, 5, &err));
        assert_true(follow(&b, &on, &never, 7, 4, 5, &err));
        RUN(&b, &back, &on);
        for (int64_t i = 7; i < on.count - 1; i++) assert_true(back.logits[i] == on.logits[i]);
        assert_memory_equal(back.ids, on.ids, (size_t)on.count * sizeof *on.ids);
        watch_check(&back, &b.tiny);
        bench_close(&b);
    }
}

TEST(pages_of_a_past_are_shared) {
    struct bench b;
    struct watch first, second, third;
    struct sy_error err = { 0 };
    bench_open(&b, TINY_QWEN2, (struct tiny_run){ .context = 1024, .pages = 16 });
    struct kv_pool *pool = b.tiny.session.pool;
    keep(&b, &first, 550, 1);
    assert_int_equal(kv_pool_free_pages(pool), 16 - 6);
    assert_true(follow(&b, &second, &first, 550, 3, 5, &err));
    assert_true(follow(&b, &third, &first, 550, 4, 5, &err));
    assert_int_equal(kv_pool_free_pages(pool), 16 - 6); /* waiting costs no page */
    step(&b);
    assert_int_equal(kv_pool_free_pages(pool),
                     16 - 6 - 2 - 2); /* the pages in which the past ends are copied */
    scheduler_release(b.s, first.number);
    assert_int_equal(kv_pool_free_pages(pool), 16 - 6 - 2); /* its own last pages go; the others are held */
    RUN(&b, &second, &third);
    watch_check(&second, &b.tiny);
    watch_check(&third, &b.tiny);
    assert_int_equal(kv_pool_free_pages(pool), 16);
    bench_close(&b);
}

/* The past may be released as soon as what follows it is submitted: a conversation with one place. */
TEST(a_past_may_be_released_while_its_heirs_wait) {
    struct bench b, alone;
    struct watch turn[5];
    struct sy_error err = { 0 };
    bench_open(&b, TINY_DEEPSEEK, (struct tiny_run){ .context = 512, .sequences = 1, .pages = 4 });
    bench_open(&alone, TINY_DEEPSEEK, (struct tiny_run){ 0 });
    keep(&b, &turn[0], 250, 4);
    for (int i = 1; i < 5; i++) {
        struct sy_request request = plain(10, 4);
        request.flags |= SY_KEEP;
        request.past = turn[i - 1].number;
        request.past_length = scheduler_length(b.s, turn[i - 1].number);
        assert_true(watch_submit(b.s, &turn[i], &turn[i - 1], request, &err));
        scheduler_release(b.s, turn[i - 1].number);
        assert_int_equal(scheduler_length(b.s, turn[i - 1].number), -1);
        RUN(&b, &turn[i]);
        watch_check(&turn[i], &alone.tiny);
    }
    assert_int_equal(scheduler_length(b.s, turn[4].number), 253 + 4 * 13);
    scheduler_release(b.s, turn[4].number);
    struct watch heir;
    keep(&b, &turn[0], 20, 4);
    assert_true(follow(&b, &heir, &turn[0], 20, 4, 4, &err));
    scheduler_release(b.s, turn[0].number);
    scheduler_release(b.s, heir.number); /* and with the heir, what it held */
    assert_int_equal(kv_pool_free_pages(b.tiny.session.pool), 4);
    bench_close(&alone);
    bench_close(&b);
}

/* Pages inherited from a past that is gone are no part of what was promised beside it. */
TEST(an_heir_still_gets_what_it_was_promised) {
    struct bench b, alone;
    struct watch first, heir, other;
    struct sy_error err = { 0 };
    bench_open(&b, TINY_QWEN2, (struct tiny_run){ .context = 1024, .pages = 10 });
    bench_open(&alone, TINY_QWEN2, (struct tiny_run){ 0 });
    keep(&b, &first, 512, 1);                                  /* 4 pages, all full */
    assert_true(follow(&b, &heir, &first, 512, 3, 300, &err)); /* 4 more, of which it takes 2 at once */
    scheduler_release(b.s, first.number);
    step(&b);
    assert_int_equal(kv_pool_free_pages(b.tiny.session.pool), 4);
    submit(&b, &other, plain(250, 260)); /* 4 pages, and they are free: but must wait */
    RUN(&b, &heir, &other);
    watch_check(&heir, &alone.tiny);
    watch_check(&other, &alone.tiny);
    bench_close(&alone);
    bench_close(&b);
}

/* What windows have given back is gone. */
TEST(a_past_behind_a_window_is_refused) {
    struct bench b;
    struct watch first, second;
    struct sy_error err = { 0 };
    bench_open(&b, TINY_MIXTRAL, (struct tiny_run){ 0 }); /* a window of 5 */
    keep(&b, &first, 300, 4);
    assert_false(follow(&b, &second, &first, 100, 5, 4, &err));
    assert_int_equal(err.code, SY_ERR_INPUT);
    assert_non_null(strstr(err.message, "260"));
    assert_true(err.remedy[0]);
    assert_true(follow(&b, &second, &first, 260, 5, 4, &err));
    RUN(&b, &second);
    watch_check(&second, &b.tiny);
    bench_close(&b);
}

/* ---- longrope: the original context of 8 ---- */

TEST(a_sequence_that_outgrows_its_factors_is_run_anew_once) {
    struct bench b;
    struct watch w, other, fits;
    struct moe_stats stats;
    int64_t active = 1;
    bench_open(&b, TINY_PHI, (struct tiny_run){ .rows = 6 });
    assert_int_equal(b.tiny.spec->rope.original_context, 8);
    assert_true(moe_stats_open(b.tiny.spec, false, &b.arena, &stats, NULL));
    submit(&b, &w, plain(4, 8));
    submit(&b, &fits, plain(4, 5)); /* the eighth position is the last */
    submit(&b, &other, plain(30, 9));
    while (active > 0) {
        assert_true(scheduler_step(b.s, &stats, &active, NULL));
        watch_poll(b.s, &w), watch_poll(b.s, &fits), watch_poll(b.s, &other);
    }
    assert_true(w.last.prefilled_anew);
    assert_false(fits.last.prefilled_anew);
    assert_false(other.last.prefilled_anew); /* was longer from the start */
    assert_int_equal(w.last.prompt_count, 4);
    assert_int_equal(w.last.step_count, 7);
    watch_check(&w, &b.tiny);
    watch_check(&fits, &b.tiny);
    watch_check(&other, &b.tiny);
    assert_int_equal(stats.tokens[0], 11 + 8 + 38); /* each id once */
    bench_close(&b);
}

/* Kept in the midst of being run anew: what is there again can be gone on from. */
TEST(a_sequence_cancelled_while_it_runs_anew_keeps_what_it_has) {
    struct bench b;
    struct watch w, heir;
    struct sy_error err = { 0 };
    bench_open(&b, TINY_PHI, (struct tiny_run){ .rows = 4 });
    struct sy_request request = plain(4, 8);
    request.flags |= SY_KEEP;
    submit(&b, &w, request);
    while (w.count < 9) step(&b), watch_poll(b.s, &w);
    assert_int_equal(scheduler_length(b.s, w.number), 8);
    step(&b); /* four rows of eight */
    assert_int_equal(scheduler_length(b.s, w.number), 8);
    scheduler_cancel(b.s, w.number);
    RUN(&b, &w);
    assert_int_equal(scheduler_length(b.s, w.number), 4);
    assert_false(follow(&b, &heir, &w, 5, 8, 2, &err));
    assert_true(follow(&b, &heir, &w, 4, 8, 2, &err));
    RUN(&b, &heir);
    assert_false(heir.last.prefilled_anew);
    watch_check(&heir, &b.tiny);
    bench_close(&b);
}

/* A past whose keys have other factors than the whole prompt asks for is run anew, shared by nobody. */
TEST(a_past_with_other_factors_is_run_anew) {
    struct bench b;
    struct watch short_one, long_one, w;
    struct sy_error err = { 0 };
    bench_open(&b, TINY_PHI, (struct tiny_run){ 0 });
    keep(&b, &short_one, 4, 3);
    keep(&b, &long_one, 9, 3);
    static const struct {
        bool from_long, anew;
        int64_t past, count;
    } cases[] = {
        { false, false, 6, 2 },
        { false, true, 6, 3 },
        { true, false, 7, 2 },
        { true, true, 5, 2 },
    };
    for (size_t i = 0; i < 4; i++) {
        print_message("case %zu\n", i);
        const struct watch *from = cases[i].from_long ? &long_one : &short_one;
        assert_true(follow(&b, &w, from, cases[i].past, cases[i].count, 1, &err));
        RUN(&b, &w);
        assert_int_equal(w.last.prefilled_anew, cases[i].anew);
        assert_int_equal(w.last.prompt_count, cases[i].count);
        watch_check(&w, &b.tiny);
    }
    bench_close(&b);
}

/* It needs all its pages anew, though it shares some until then: they are promised from the start. */
TEST(pages_for_running_anew_are_promised) {
    struct bench b;
    struct watch first, second, third;
    struct sy_error err = { 0 };
    bench_open(&b, TINY_PHI, (struct tiny_run){ .context = 1024, .sequences = 3, .pages = 10 });
    b.tiny.spec->rope.original_context = 600;
    keep(&b, &first, 590, 1); /* 6 pages */
    assert_false(follow(&b, &second, &first, 590, 3, 300, &err) &&
                 scheduler_step(b.s, NULL, &(int64_t){ 0 }, &err));
    assert_int_equal(err.code, SY_ERR_MEMORY); /* 8 pages beside the 6 */
    scheduler_release(b.s, second.number);
    assert_true(follow(&b, &third, &first, 590, 3, 8, &err)); /* up to the limit: 2 do */
    RUN(&b, &third);
    assert_false(third.last.prefilled_anew);
    assert_true(follow(&b, &second, &first, 590, 3, 20, &err)); /* 612 positions: 6 pages */
    scheduler_release(b.s, first.number);
    RUN(&b, &second); /* of 10, 6 are held until it runs anew */
    bench_close(&b);
}

/* With one place and the pages of one: what its past left to the heir alone is among what it needs anew. */
TEST(a_conversation_with_one_place_may_outgrow_its_factors) {
    struct bench b, alone;
    struct watch first, second;
    struct sy_error err = { 0 };
    bench_open(&b, TINY_PHI, (struct tiny_run){ .context = 1024, .sequences = 1, .pages = 8 });
    bench_open(&alone, TINY_PHI, (struct tiny_run){ 0 });
    b.tiny.spec->rope.original_context = alone.tiny.spec->rope.original_context = 600;
    keep(&b, &first, 590, 1);
    assert_true(follow(&b, &second, &first, 590, 3, 300, &err)); /* 892 positions: all 8 pages */
    scheduler_release(b.s, first.number);
    RUN(&b, &second);
    assert_true(second.last.prefilled_anew);
    assert_int_equal(second.last.token_count, 300);
    watch_check(&second, &alone.tiny);
    bench_close(&alone);
    bench_close(&b);
}

/* ---- restored sequences ---- */

TEST(adopted_pages_are_a_kept_sequence) {
    struct bench b;
    struct watch first, w, parent = { 0 };
    struct sy_error err = { 0 };
    struct kv_sequence *copy;
    int64_t number;
    bench_open(&b, TINY_DEEPSEEK, (struct tiny_run){ .sequences = 2 });
    keep(&b, &first, 8, 6);
    assert_true(kv_sequence_fork(scheduler_kept(b.s, first.number), &copy, NULL));
    assert_true(scheduler_adopt(b.s, copy, scheduler_ids(b.s, first.number), 13, &number, &err));
    assert_int_equal(scheduler_length(b.s, number), 13);
    assert_memory_equal(scheduler_ids(b.s, number), first.ids, 13 * sizeof *first.ids);
    struct sy_event event;
    assert_true(scheduler_poll(b.s, number, &event, NULL));
    assert_int_equal(event.kind, SY_EVENT_NONE);
    struct kv_sequence *third;
    assert_true(kv_sequence_fork(scheduler_kept(b.s, first.number), &third, NULL));
    assert_false(scheduler_adopt(b.s, third, first.ids, 13, &number, &err)); /* two places are taken */
    assert_int_equal(err.code, SY_ERR_MEMORY);
    scheduler_release(b.s, first.number);
    assert_false(scheduler_adopt(b.s, third, first.ids, 12, &number, &err));
    kv_sequence_close(third);
    parent = first;
    parent.number = number;
    assert_true(follow(&b, &w, &parent, 13, 4, 4, &err));
    RUN(&b, &w);
    watch_check(&w, &b.tiny);
    bench_close(&b);
}
