/*
 * The scheduler's rules: who runs when, how sequences end, who waits, what is refused. What follows a past is
 * scheduler_past_test.c, that company changes nothing tests/schedules_test.c.
 */
#include "engine/scheduler_bench.h"

#include <string.h>

/* ---- one sequence ---- */

/* What was drawn, and every bit of logits and routing, is what the ids give when they are fed in the same
 * roles. */
TEST(a_sequence_alone_is_its_prompt_and_its_steps) {
    for (int base = 0; base < TINY_BASE_COUNT; base++) {
        struct bench b;
        struct watch w;
        print_message("%s\n", tiny_name((enum tiny_base)base));
        bench_open(&b, (enum tiny_base)base, (struct tiny_run){ 0 });
        submit(&b, &w, (struct sy_request){ .flags = ALL, .ids = bench_ids, .count = 10, .new_count = 6 });
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
    assert_false(scheduler_step(b.s, &active, &err));
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
    while (scheduler_step(b.s, &active, &err)) {
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

/* Who is too large for what is free holds up those behind it only as long as it waits. */
TEST(whoever_leaves_the_queue_lets_those_behind_it_in) {
    struct bench b;
    struct watch running, large, small;
    bench_open(&b, TINY_QWEN2, (struct tiny_run){ .context = 1024, .pages = 10 });
    submit(&b, &running, plain(255, 20)); /* 4 pages */
    for (int way = 0; way < 2; way++) {
        submit(&b, &large, plain(500, 500)); /* 8: does not fit beside it */
        submit(&b, &small, plain(2, 2));     /* 2: would */
        step(&b), step(&b);
        watch_poll(b.s, &small);
        assert_int_equal(small.count, 2);
        if (way == 0) scheduler_cancel(b.s, large.number);
        if (way == 1) scheduler_release(b.s, large.number);
        step(&b);
        watch_poll(b.s, &running), watch_poll(b.s, &small);
        assert_false(running.finished);
        assert_int_equal(small.count, 3);
        step(&b);
        watch_poll(b.s, &small);
        assert_true(small.finished);
    }
    RUN(&b, &running);
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
    assert_false(scheduler_step(b.s, &active, &err));
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
    assert_false(scheduler_step(b.s, &active, &err));
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
        { { .ids = bench_ids, .count = 0 }, SY_ERR_INPUT },
        { { .ids = NULL, .count = 1 }, SY_ERR_INPUT },
        { { .ids = bad, .count = 2 }, SY_ERR_INPUT },
        { { .ids = bench_ids, .count = 1, .new_count = -1 }, SY_ERR_INPUT },
        { { .ids = bench_ids, .count = 1, .flags = 1u << 31 }, SY_ERR_USAGE },
        { { .ids = bench_ids, .count = 1, .past = 7, .past_length = 1 }, SY_ERR_INPUT },
        { { .ids = bench_ids, .count = 1, .past_length = 1 }, SY_ERR_INPUT },
        { { .ids = bench_ids, .count = 1, .past = -3 }, SY_ERR_INPUT },
        { { .ids = bench_ids, .count = 1, .sampling = { .temperature = -1 } }, SY_ERR_INPUT },
        { { .ids = bench_ids, .count = 1, .stops = stops, .stop_count = 1 },
          SY_ERR_INPUT }, /* no tokenizer */
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
    struct sy_request request = { .ids = bench_ids, .count = 1, .new_count = 1 };
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
    assert_true(scheduler_bytes(&spec, &limits, 256, &bytes, &err));
    limits.sequences = 5;
    assert_true(scheduler_bytes(&spec, &limits, 256, &more, &err));
    assert_true(more > bytes && bytes > 0);
    limits.sequences = INT64_MAX / 8;
    assert_false(scheduler_bytes(&spec, &limits, 256, &more, &err));
    assert_int_equal(err.code, SY_ERR_LIMIT);
    arena_close(&arena);
}
