/*
 * Sequences that go on from a past: what they share, what is run anew, what is refused.
 */
#include "engine/scheduler_bench.h"

#include <string.h>

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
    int64_t active = 1;
    bench_open(&b, TINY_PHI, (struct tiny_run){ .rows = 6 });
    assert_int_equal(b.tiny.spec->rope.original_context, 8);
    submit(&b, &w, plain(4, 8));
    submit(&b, &fits, plain(4, 5)); /* the eighth position is the last */
    submit(&b, &other, plain(30, 9));
    while (active > 0) {
        assert_true(scheduler_step(b.s, &active, NULL));
        watch_poll(b.s, &w), watch_poll(b.s, &fits), watch_poll(b.s, &other);
    }
    assert_int_equal(b.tiny.session.stats.tokens[0], 11 + 8 + 38); /* each id once */
    assert_true(w.last.prefilled_anew);
    assert_false(fits.last.prefilled_anew);
    assert_false(other.last.prefilled_anew); /* was longer from the start */
    assert_int_equal(w.last.prompt_count, 4);
    assert_int_equal(w.last.step_count, 7);
    watch_check(&w, &b.tiny);
    watch_check(&fits, &b.tiny);
    watch_check(&other, &b.tiny);
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
                 scheduler_step(b.s, &(int64_t){ 0 }, &err));
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
