/*
 * How many barriers a layer costs in steps: five where everything between the large products is small.
 *
 *     q, k, v | attention | o | gate, up of the experts | down
 *
 * The head and the end of a pass have some of their own, whatever the number of layers.
 */
#include "test.h"
#include "tiny.h"

#include <stdlib.h>

enum { PROMPT = 20, FEW = 3, MANY = 13, VOCAB = 97, LAYER = 5, HEAD = 4 };

static int64_t barriers_of(struct tiny *tiny, const struct tiny_run *run, int64_t count) {
    int64_t ids[PROMPT + MANY], before, after;
    float *logits = malloc(sizeof *logits * (PROMPT + MANY) * VOCAB);
    double seconds;
    for (int64_t i = 0; i < count; i++) ids[i] = i * 5 % VOCAB;
    team_pool_barriers(tiny->session.team, &before, &seconds);
    tiny_logits(tiny, run, ids, count, logits, NULL);
    team_pool_barriers(tiny->session.team, &after, &seconds);
    free(logits);
    return after - before;
}

static int64_t barriers_a_step(const struct spec *spec, enum dtype dtype, int threads) {
    struct tiny tiny;
    struct tiny_run run = { .level = level_of_machine(), .threads = threads, .compute = COMPUTE_BF16 };
    assert_true(tiny_open(&tiny, spec, dtype, &run, NULL));
    run.steps = FEW;
    int64_t few = barriers_of(&tiny, &run, PROMPT + FEW);
    run.steps = MANY;
    int64_t many = barriers_of(&tiny, &run, PROMPT + MANY);
    tiny_close(&tiny);
    assert_int_equal((many - few) % (MANY - FEW), 0); /* all steps alike */
    return (many - few) / (MANY - FEW);
}

TEST(a_layer_of_a_step_has_five_barriers) {
    static const enum tiny_base bases[] = { TINY_MIXTRAL, TINY_GPT_OSS };
    for (int i = 0; i < (int)(sizeof bases / sizeof *bases); i++)
        for (int threads = 1; threads <= 3; threads += 2) {
            struct arena arena;
            struct spec spec;
            arena_open(&arena);
            tiny_spec_blocks(bases[i], false, &arena, &spec);
            spec.expert_width = 512; /* enough that products are shared */
            int64_t layers = spec.decoder.layer_count;
            for (int q8 = 0; q8 < 2; q8++) {
                int64_t count = barriers_a_step(&spec, q8 ? DTYPE_Q8_0 : DTYPE_BF16, threads);
                print_message("%s, %d threads: %d barriers a step of %d layers\n", tiny_name(bases[i]),
                              threads, (int)count, (int)layers);
                assert_in_range(count, 4 * layers, LAYER * layers + HEAD);
            }
            arena_close(&arena);
        }
}
