/*
 * What comes out of a pass: for each sequence the bits that it gives alone, however its prompt was cut and
 * whatever else is in the batch; logits for the rows that want them, once, in order; each row counted once.
 */
#include "pass/pass.h"

#include "base/random.h"
#include "test.h"
#include "tiny.h"

#include <stdlib.h>
#include <string.h>

enum { VOCAB = 97, LAYERS = 2, EXPERTS = 18, ROWS = 320, SEQUENCES = 3 };

/* What came of the rows of one sequence, by position. */
struct record {
    float logits[ROWS][VOCAB];
    uint64_t routing[ROWS][LAYERS]; /* hashes of router logits, experts and weights */
};

/* A batch in the making, and where its rows go. */
struct draft {
    const struct spec *spec;
    struct batch_row rows[ROWS];
    struct record *record[ROWS]; /* by row */
    int64_t position[ROWS];
    int64_t count;
    struct kv_sequence *sequences[SEQUENCES];
    int64_t calls, last; /* logits that came; the row they came for last */
    int64_t wanted;      /* rows that want some */
};

static bool keep_logits(void *argument, int64_t row, const float *logits, struct sy_error *err) {
    struct draft *d = argument;
    (void)err;
    assert_true(row > d->last && row < d->count);
    assert_true(d->rows[row].wants & WANT_LOGITS);
    d->last = row;
    d->calls++;
    memcpy(d->record[row]->logits[d->position[row]], logits, (size_t)d->spec->vocab * sizeof *logits);
    return true;
}

static bool keep_routing(void *argument, int64_t layer, const struct routing *r, struct sy_error *err) {
    struct draft *d = argument;
    (void)err;
    assert_int_equal(r->tokens, d->count);
    for (int64_t row = 0; row < r->tokens; row++) {
        int64_t a = r->assignment_begin[row], n = r->assignment_begin[row + 1] - a;
        uint64_t hash = random_hash(routing_logits(r, row), (uint64_t)r->experts * sizeof(float), 1);
        hash = random_hash(r->expert_id + a, (uint64_t)n * sizeof *r->expert_id, hash);
        hash = random_hash(routing_weights(r) + a, (uint64_t)n * sizeof(float), hash);
        d->record[row]->routing[d->position[row]][layer] = hash;
    }
    return true;
}

/* Rows for ids [first, end) of a sequence. */
static void add(struct draft *d, int32_t sequence, struct record *record, const int64_t *ids, int64_t first,
                int64_t end, enum role role) {
    for (int64_t i = first; i < end; i++) {
        d->rows[d->count] = (struct batch_row){ (int32_t)ids[i], sequence, role, WANT_LOGITS | WANT_ROUTING };
        d->record[d->count] = record;
        d->position[d->count++] = i;
    }
}

static void run_draft(struct draft *d, struct pass *pass) {
    struct pass_sink sink = { d, keep_logits, keep_routing };
    struct sy_error err = { 0 };
    d->calls = d->wanted = 0;
    d->last = -1;
    for (int64_t i = 0; i < d->count; i++) d->wanted += (d->rows[i].wants & WANT_LOGITS) != 0;
    if (!pass_forward(pass, &(struct batch){ d->rows, d->count, d->sequences }, &sink, &err))
        fail_msg("%s", err.message);
    assert_int_equal(d->calls, d->wanted);
    d->count = 0;
}

static const int64_t *some_ids(int which, int64_t vocab) {
    static int64_t ids[SEQUENCES][ROWS];
    for (int64_t i = 0; i < ROWS; i++) ids[which][i] = (i * i * (7 + which) + 5 * i + which) % vocab;
    return ids[which];
}

static void open_spec(struct tiny *tiny, const struct spec *spec, bool fast, enum dtype dtype) {
    struct sy_error err = { 0 };
    struct tiny_run run = { .level = level_of_machine(), .threads = 2 };
    if (fast) run.compute = COMPUTE_BF16, run.kv = DTYPE_F16;
    assert_true(spec->vocab <= VOCAB && spec->router.experts <= EXPERTS);
    if (!tiny_open(tiny, spec, dtype, &run, &err)) fail_msg("%s", err.message);
}

/* A sequence's bits where nobody else runs: the prompt in one batch, then a step a batch. */
static void run_alone(struct tiny *tiny, const int64_t *ids, int64_t prompt, int64_t steps,
                      struct record *record) {
    static struct draft d;
    d.spec = tiny->spec;
    memset(record, 0, sizeof *record);
    assert_true(session_sequence(&tiny->session, prompt, &d.sequences[0], NULL));
    add(&d, 0, record, ids, 0, prompt, ROLE_PROMPT);
    run_draft(&d, tiny->session.pass);
    for (int64_t i = prompt; i < prompt + steps; i++) {
        add(&d, 0, record, ids, i, i + 1, ROLE_STEP);
        run_draft(&d, tiny->session.pass);
    }
    kv_sequence_close(d.sequences[0]);
}

static void same_record(const struct record *got, const struct record *want) {
    assert_same_bits(got->logits[0], want->logits[0], sizeof got->logits / sizeof(float));
    assert_memory_equal(got->routing, want->routing, sizeof got->routing);
}

/* ---- company, and the cut of a prompt ---- */

/*
 * The prompt of a, cut in two, between steps of b and the prompt and steps of c:
 *
 *     b prompt
 *     b step, a [0, cut), c prompt
 *     c 2 steps, b step, a [cut, n)
 *     a step, c step, b step
 *     a 3 steps
 */
static void run_together(struct tiny *tiny, int64_t n, int64_t cut, struct record *records) {
    static struct draft d;
    struct pass *pass = tiny->session.pass;
    struct record *a = records, *b = records + 1, *c = records + 2;
    const int64_t *of_a = some_ids(0, tiny->spec->vocab), *of_b = some_ids(1, tiny->spec->vocab),
                  *of_c = some_ids(2, tiny->spec->vocab);
    const int64_t prompts[SEQUENCES] = { n, 5, 3 };
    d.spec = tiny->spec;
    memset(records, 0, SEQUENCES * sizeof *records);
    for (int i = 0; i < SEQUENCES; i++)
        assert_true(session_sequence(&tiny->session, prompts[i], &d.sequences[i], NULL));
    add(&d, 1, b, of_b, 0, 5, ROLE_PROMPT);
    run_draft(&d, pass);
    add(&d, 1, b, of_b, 5, 6, ROLE_STEP);
    add(&d, 0, a, of_a, 0, cut, ROLE_PROMPT);
    add(&d, 2, c, of_c, 0, 3, ROLE_PROMPT);
    run_draft(&d, pass);
    add(&d, 2, c, of_c, 3, 5, ROLE_STEP);
    add(&d, 1, b, of_b, 6, 7, ROLE_STEP);
    add(&d, 0, a, of_a, cut, n, ROLE_PROMPT);
    run_draft(&d, pass);
    add(&d, 0, a, of_a, n, n + 1, ROLE_STEP);
    add(&d, 2, c, of_c, 5, 6, ROLE_STEP);
    add(&d, 1, b, of_b, 7, 8, ROLE_STEP);
    run_draft(&d, pass);
    add(&d, 0, a, of_a, n + 1, n + 4, ROLE_STEP);
    run_draft(&d, pass);
    const int64_t lengths[SEQUENCES] = { n + 4, 8, 6 };
    for (int i = 0; i < SEQUENCES; i++) {
        assert_int_equal(kv_length(d.sequences[i]), lengths[i]);
        kv_sequence_close(d.sequences[i]);
    }
}

/* Cuts in first, first + by, ... below n. */
static void cuts_of(enum tiny_base base, bool fast, int64_t n, int64_t first, int64_t by) {
    static struct record want[SEQUENCES], got[SEQUENCES];
    struct arena arena;
    struct spec spec;
    struct tiny tiny;
    arena_open(&arena);
    tiny_spec(base, &arena, &spec);
    open_spec(&tiny, &spec, fast, fast ? DTYPE_BF16 : DTYPE_F32);
    run_alone(&tiny, some_ids(0, spec.vocab), n, 4, &want[0]);
    run_alone(&tiny, some_ids(1, spec.vocab), 5, 3, &want[1]);
    run_alone(&tiny, some_ids(2, spec.vocab), 3, 3, &want[2]);
    for (int64_t cut = first; cut < n; cut += by) {
        print_message("%s: cut at %d of %d\n", tiny_name(base), (int)cut, (int)n);
        run_together(&tiny, n, cut, got);
        for (int i = 0; i < SEQUENCES; i++) same_record(&got[i], &want[i]);
    }
    tiny_close(&tiny);
    arena_close(&arena);
}

TEST(a_batch_gives_each_sequence_the_bits_it_gives_alone) {
    for (int base = 0; base < TINY_BASE_COUNT; base++) cuts_of((enum tiny_base)base, false, 13, 1, 1);
    cuts_of(TINY_GPT_OSS, true, 13, 1, 1);
    cuts_of(TINY_DEEPSEEK, true, 13, 1, 1);
}

/* Around the end of a page: 1, 64, 127, 190, 253; and 254 to 258 one by one. */
TEST(a_prompt_may_be_cut_at_pages) {
    static const enum tiny_base bases[] = { TINY_MIXTRAL, TINY_GPT_OSS, TINY_LLAMA4, TINY_LATENT_Q };
    for (int i = 0; i < 4; i++) {
        cuts_of(bases[i], false, KV_PAGE + 3, 1, 63);
        cuts_of(bases[i], false, KV_PAGE + 3, KV_PAGE - 2, 1);
    }
}

/* Two steps of a sequence and the prompt of its next turn in one batch, as in three. */
TEST(a_prompt_may_follow_steps_of_its_sequence_at_once) {
    static struct record want, got, others[2];
    static struct draft d;
    for (int base = 0; base < TINY_BASE_COUNT; base++) {
        struct arena arena;
        struct spec spec;
        struct tiny tiny;
        arena_open(&arena);
        tiny_spec((enum tiny_base)base, &arena, &spec);
        open_spec(&tiny, &spec, false, DTYPE_F32);
        const int64_t *ids = some_ids(0, spec.vocab), *of_b = some_ids(1, spec.vocab);
        struct pass *pass = tiny.session.pass;
        d.spec = &spec;
        memset(&want, 0, sizeof want);
        memset(&got, 0, sizeof got);
        for (int together = 0; together < 2; together++) {
            struct record *a = together ? &got : &want;
            for (int i = 0; i < SEQUENCES; i++)
                assert_true(session_sequence(&tiny.session, 6, &d.sequences[i], NULL));
            add(&d, 0, a, ids, 0, 6, ROLE_PROMPT);
            run_draft(&d, pass);
            if (together) add(&d, 1, &others[0], of_b, 0, 1, ROLE_STEP);
            add(&d, 0, a, ids, 6, 8, ROLE_STEP);
            if (!together) run_draft(&d, pass);
            add(&d, 0, a, ids, 8, 13, ROLE_PROMPT);
            if (together) add(&d, 2, &others[1], of_b, 0, 3, ROLE_PROMPT);
            run_draft(&d, pass);
            assert_int_equal(kv_length(d.sequences[0]), 13);
            for (int i = 0; i < SEQUENCES; i++) kv_sequence_close(d.sequences[i]);
        }
        print_message("%s\n", tiny_name((enum tiny_base)base));
        same_record(&got, &want);
        tiny_close(&tiny);
        arena_close(&arena);
    }
}

/* ---- what rows want ---- */

static bool nothing(int64_t i) {
    return i < 0;
}
static bool everything(int64_t i) {
    return i >= 0;
}
static bool every_third(int64_t i) {
    return i % 3 == 1;
}
static bool first_31(int64_t i) {
    return i < 31;
}
static bool first_32(int64_t i) {
    return i < 32;
}
static bool first_33(int64_t i) {
    return i < 33;
}
static bool some_64(int64_t i) {
    return i >= 5 && i < 69;
}
static bool last_65(int64_t i) {
    return i >= 15;
}
static bool last_only(int64_t i) {
    return i == 79;
}

/* A batch of 80 rows, of which some want logits, against the same rows one a batch. */
static void wanted(struct tiny *tiny, int64_t steps, bool (*wants)(int64_t i), const struct record *want) {
    static struct draft d;
    static struct record got[2];
    struct stage_times times = { 0 };
    d.spec = tiny->spec;
    memset(got, 0, sizeof got);
    for (int i = 0; i < 2; i++) assert_true(session_sequence(&tiny->session, 81, &d.sequences[i], NULL));
    add(&d, 0, &got[0], some_ids(0, VOCAB), 0, 1, ROLE_PROMPT);
    run_draft(&d, tiny->session.pass);
    add(&d, 0, &got[0], some_ids(0, VOCAB), 1, 1 + steps, ROLE_STEP);
    add(&d, 1, &got[1], some_ids(1, VOCAB), 0, 80 - steps, ROLE_PROMPT);
    for (int64_t i = 0; i < 80; i++)
        if (!wants(i)) d.rows[i].wants = WANT_NOTHING;
    pass_time(tiny->session.pass, &times);
    run_draft(&d, tiny->session.pass);
    pass_time(tiny->session.pass, NULL);
    assert_int_equal(times.seconds[STAGE_HEAD] > 0, d.wanted > 0); /* no row, no head */
    for (int64_t i = 0; i < 80; i++) {
        int s = i >= steps;
        int64_t at = s ? i - steps : i + 1;
        static const float none[VOCAB];
        assert_same_bits(got[s].logits[at], wants(i) ? want[s].logits[at] : none, VOCAB);
    }
    for (int i = 0; i < 2; i++) kv_sequence_close(d.sequences[i]);
}

TEST(rows_that_want_logits_get_them_once_in_order) {
    static bool (*const patterns[])(int64_t) = { nothing,  everything, every_third, first_31, first_32,
                                                 first_33, some_64,    last_65,     last_only };
    static struct record want[2];
    for (int blocks = 0; blocks < 2; blocks++) { /* in blocks, steps take other products than prompts */
        struct arena arena;
        struct spec spec;
        struct tiny tiny;
        int64_t steps = blocks ? 43 : 0;
        arena_open(&arena);
        if (blocks)
            tiny_spec_blocks(TINY_MIXTRAL, false, &arena, &spec);
        else
            tiny_spec_wide(TINY_GRANITE, &arena, &spec);
        open_spec(&tiny, &spec, blocks, blocks ? DTYPE_Q8_0 : DTYPE_F32);
        run_alone(&tiny, some_ids(0, VOCAB), 1, steps, &want[0]);
        run_alone(&tiny, some_ids(1, VOCAB), 80 - steps, 0, &want[1]);
        for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
            print_message("%d: pattern %d\n", blocks, (int)i);
            wanted(&tiny, steps, patterns[i], want);
        }
        tiny_close(&tiny);
        arena_close(&arena);
    }
}

/* ---- statistics ---- */

struct count { /* of a batch's routing, by hand */
    const struct batch_row *rows;
    struct moe_stats stats;
};

static bool count_layer(void *argument, int64_t layer, const struct routing *r, struct sy_error *err) {
    struct count *c = argument;
    int64_t E = r->experts;
    (void)err;
    for (int64_t t = 0; t < r->tokens; t++) {
        if (c->rows[t].wants & WANT_UNCOUNTED) continue;
        c->stats.tokens[layer]++;
        for (int64_t a = 0; a < E; a++) {
            bool has_a = false;
            for (int64_t i = r->assignment_begin[t]; i < r->assignment_begin[t + 1]; i++)
                has_a |= r->expert_id[i] == a;
            c->stats.load[layer * E + a] += has_a;
            for (int64_t b = a + 1; b < E; b++) {
                bool has_b = false;
                for (int64_t i = r->assignment_begin[t]; i < r->assignment_begin[t + 1]; i++)
                    has_b |= r->expert_id[i] == b;
                c->stats.pairs[(layer * E + a) * E + b] += has_a && has_b;
            }
        }
    }
    return true;
}

static void same_stats(const struct moe_stats *got, const struct moe_stats *want, int64_t times) {
    int64_t cells = got->layers * got->experts;
    for (int64_t i = 0; i < cells; i++) assert_int_equal(got->load[i], times * want->load[i]);
    for (int64_t i = 0; i < cells * got->experts; i++)
        assert_int_equal(got->pairs[i], times * want->pairs[i]);
    for (int64_t l = 0; l < got->layers; l++) {
        assert_int_equal(got->tokens[l], times * want->tokens[l]);
        assert_int_equal(got->dropped[l], 0);
    }
}

/* Of 24 rows, 4 steps behind the first 5 of them; those of the mask are left out. */
static void counted(enum tiny_base base, uint64_t uncounted) {
    struct arena arena;
    struct spec spec;
    struct tiny tiny;
    struct kv_sequence *sequences[2];
    struct batch_row rows[24];
    struct moe_stats stats;
    struct count c = { .rows = rows };
    arena_open(&arena);
    tiny_spec(base, &arena, &spec);
    open_spec(&tiny, &spec, false, DTYPE_F32);
    assert_true(moe_stats_open(&spec, true, &arena, &stats, NULL));
    assert_true(moe_stats_open(&spec, true, &arena, &c.stats, NULL));
    const struct pass_sink sink = { &c, NULL, count_layer };
    pass_count(tiny.session.pass, &stats);
    int64_t load = 0, pairs = 0, rows_counted = 0, K = spec.router.top_k, moe_layers = 0;
    for (int round = 0; round < 2;
         round++) { /* the second time nobody wants the routing: it is counted all the same */
        for (int i = 0; i < 2; i++) assert_true(session_sequence(&tiny.session, 20, &sequences[i], NULL));
        for (int i = 0; i < 5; i++) rows[i] = (struct batch_row){ i, 0, ROLE_PROMPT, WANT_UNCOUNTED };
        assert_true(pass_forward(tiny.session.pass, &(struct batch){ rows, 5, sequences }, &sink, NULL));
        for (int i = 0; i < 24; i++) {
            unsigned wants = (round ? 0u : WANT_ROUTING) | (uncounted >> i & 1 ? WANT_UNCOUNTED : 0u);
            rows[i] = (struct batch_row){ 3 + i, i >= 4, i < 4 ? ROLE_STEP : ROLE_PROMPT, wants };
        }
        assert_true(pass_forward(tiny.session.pass, &(struct batch){ rows, 24, sequences }, &sink, NULL));
        same_stats(&stats, &c.stats, 1 + round);
        for (int i = 0; i < 2; i++) kv_sequence_close(sequences[i]);
    }
    for (int i = 0; i < 24; i++) rows_counted += !(uncounted >> i & 1);
    for (int64_t l = 0; l < spec.decoder.layer_count; l++) {
        bool moe = spec.decoder.layers[l].ffn == FFN_MOE;
        moe_layers += moe;
        assert_int_equal(stats.tokens[l], moe ? 2 * rows_counted : 0);
    }
    for (int64_t i = 0; i < stats.layers * stats.experts; i++) load += stats.load[i];
    for (int64_t i = 0; i < stats.layers * stats.experts * stats.experts; i++) pairs += stats.pairs[i];
    if (spec.router.select <= SELECT_TOP_K_IN_GROUPS) {
        assert_int_equal(load, 2 * rows_counted * K * moe_layers);
        assert_int_equal(pairs, 2 * rows_counted * K * (K - 1) / 2 * moe_layers);
    }
    tiny_close(&tiny);
    arena_close(&arena);
}

TEST(each_row_is_counted_once_but_those_left_out) {
    static const uint64_t masks[] = { 0, 0xffffff, 1, 0x800000, 0x5a5a5a, 0x0ff0, 0x38e38f };
    for (int base = 0; base < TINY_BASE_COUNT; base++)
        for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) counted((enum tiny_base)base, masks[i]);
}
