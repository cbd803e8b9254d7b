/*
 * Tiny models in memory (tiny.h).
 */
#include "tiny.h"

#include "base/checked.h"
#include "base/random.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- base specs ---- */

static const char *const names[TINY_BASE_COUNT] = { "mixtral", "qwen2",    "qwen3",    "olmoe",   "granite",
                                                    "phi",     "deepseek", "latent_q", "gpt_oss", "llama4",
                                                    "dense",   "capped",   "top_p" };

const char *tiny_name(enum tiny_base base) {
    return names[base];
}

static void all_moe(struct spec *s) {
    for (int64_t l = 0; l < s->decoder.layer_count; l++) s->decoder.layers[l].ffn = FFN_MOE;
}

static void dense_layer(struct spec *s, int64_t layer) {
    s->decoder.layers[layer].ffn = FFN_DENSE;
    s->decoder.layers[layer].dense_width = 28;
}

static void basics(struct spec *s, struct arena *arena, int64_t layers) {
    spec_init(s);
    s->family = "tiny";
    s->width = 24;
    s->vocab = 37;
    s->context = 4096;
    s->norm_eps = 1e-3; /* large enough to be seen */
    s->gated = true;
    s->attention.heads = 4;
    s->attention.kv_heads = 2;
    s->attention.head_width = s->attention.value_width = 8;
    s->attention.scale = 0.35;
    s->rope.theta = 500;
    s->rope.dims = 8;
    s->router.experts = 6;
    s->router.top_k = 2;
    s->router.weigh = WEIGH_NORMALISED;
    s->expert_width = 20;
    assert_true(spec_layers(s, arena, layers, NULL));
}

static void latent(struct spec *s) {
    struct attention_spec *a = &s->attention;
    a->kind = ATTENTION_LATENT;
    a->kv_heads = 4;
    a->kv_lora_rank = 14;
    a->nope_width = 8;
    a->head_width = 14;
    a->value_width = 10;
    a->latent_norm_eps = 1e-3;
    s->rope.dims = 6;
    s->rope.interleaved = true;
}

static double *factors(struct arena *arena, int64_t count, double first, double step) {
    double *f = arena_new(arena, double, count, NULL);
    for (int64_t i = 0; i < count; i++) f[i] = first + step * (double)i;
    return f;
}

void tiny_spec(enum tiny_base base, struct arena *arena, struct spec *s) {
    basics(s, arena, 2);
    struct router_spec *r = &s->router;
    all_moe(s);
    switch (base) {
    case TINY_MIXTRAL:
        for (int l = 0; l < 2; l++) {
            s->decoder.layers[l].window = WINDOW_SLIDING;
            s->decoder.layers[l].window_size = 5;
        }
        break;
    case TINY_QWEN2:
        s->attention.qkv_bias = true;
        r->weigh = WEIGH_SCORE;
        s->shared_width = 12;
        s->shared_gate = true;
        s->rope.scaling = ROPE_LINEAR;
        s->rope.factor = 4;
        break;
    case TINY_QWEN3:
        s->attention.qk_norm = QK_NORM_HEAD;
        s->rope.scaling = ROPE_YARN;
        s->rope.factor = 8;
        s->rope.original_context = 64;
        s->rope.theta = 20;
        s->rope.beta_fast = 3;
        s->rope.beta_slow = 1;
        s->rope.magnitude = 1.2;
        s->tied = true;
        break;
    case TINY_OLMOE:
        s->attention.qk_norm = QK_NORM_WIDTH;
        s->attention.clamp = 1.5;
        r->weigh = WEIGH_SCORE;
        s->activation = ACTIVATION_GELU;
        break;
    case TINY_GRANITE:
        r->score = SCORE_RAW;
        r->weigh = WEIGH_SOFTMAX_OF_SELECTED;
        s->embedding_multiplier = 3;
        s->residual_multiplier = 0.6;
        s->logits_multiplier = 0.5;
        s->rope.scaling = ROPE_LLAMA3;
        s->rope.factor = 8;
        s->rope.original_context = 24;
        s->rope.low_freq_factor = 0.5;
        s->rope.high_freq_factor = 3;
        break;
    case TINY_PHI:
        s->norm = NORM_LAYER;
        s->attention.qkv_bias = s->attention.output_bias = true;
        s->head_bias = true;
        r->score = SCORE_SPARSEMIXER;
        r->weigh = WEIGH_SCORE;
        r->jitter = 0.4;
        s->rope.scaling = ROPE_LONGROPE;
        s->rope.original_context = 8;
        s->rope.factor_count = s->rope.dims / 2;
        s->rope.short_factor = factors(arena, s->rope.factor_count, 1, 0.3);
        s->rope.long_factor = factors(arena, s->rope.factor_count, 2, 1);
        s->rope.magnitude = 1.1;
        s->rope.long_magnitude = 1.3;
        break;
    case TINY_DEEPSEEK:
    case TINY_LATENT_Q:
        latent(s);
        dense_layer(s, 0);
        s->shared_width = 16;
        r->experts = 12;
        r->top_k = 3;
        r->score = SCORE_SIGMOID;
        r->selection_bias = true;
        r->select = SELECT_TOP_K_IN_GROUPS;
        r->groups = 3;
        r->groups_kept = 2;
        r->group_score = GROUP_BEST_TWO;
        r->epsilon = 0.01;
        r->scale = 2.5;
        if (base == TINY_LATENT_Q) {
            s->attention.q_lora_rank = 18;
            s->attention.qkv_bias = true;
            r->group_mask_zero = true; /* seen where fewer than top_k of the kept scores are positive */
            r->top_k = 6;
            r->score = SCORE_RAW;
            r->weigh = WEIGH_SOFTMAX_OF_SELECTED;
        }
        break;
    case TINY_GPT_OSS:
        s->attention.sinks = s->attention.qkv_bias = s->attention.output_bias = true;
        s->activation = ACTIVATION_SWIGLU_OAI;
        s->activation_limit = 0.7;
        s->activation_alpha = 1.7;
        s->expert_bias = true;
        r->bias = true;
        r->score = SCORE_RAW;
        r->weigh = WEIGH_SOFTMAX_OF_SELECTED;
        s->decoder.layers[0].window = WINDOW_SLIDING;
        s->decoder.layers[0].window_size = 4;
        break;
    case TINY_LLAMA4:
        s->attention.qk_norm = QK_NORM_L2_AFTER_ROPE;
        s->rope.interleaved = true;
        s->decoder.layers[0].window = WINDOW_CHUNKED;
        s->decoder.layers[0].window_size = 6;
        s->decoder.layers[1].rope = false;
        s->attention.tuned = true;
        s->attention.tune_floor = 4;
        s->attention.tune_scale = 0.3;
        r->top_k = 1;
        r->score = SCORE_RAW;
        r->weigh = WEIGH_SIGMOID_ON_INPUT;
        s->shared_width = 20;
        break;
    case TINY_DENSE:
        r->experts = r->top_k = 0;
        dense_layer(s, 0);
        dense_layer(s, 1);
        s->ffn_bias = true;
        s->norm = NORM_LAYER_NO_BIAS;
        s->activation = ACTIVATION_GELU_TANH;
        break;
    case TINY_CAPPED:
        s->attention.soft_cap = 0.8;
        s->logits_cap = 2;
        r->soft_cap = 0.7;
        s->gated = false;
        s->activation = ACTIVATION_RELU;
        r->score = SCORE_RELU;
        r->select = SELECT_ALL_POSITIVE;
        r->weigh = WEIGH_SCORE;
        break;
    default: /* TINY_TOP_P */
        r->select = SELECT_TOP_P;
        r->weigh = WEIGH_SCORE;
        r->top_p = 0.6;
        break;
    }
}

void tiny_spec_wide(enum tiny_base base, struct arena *arena, struct spec *s) {
    tiny_spec(base, arena, s);
    s->width = 256;
    s->vocab = 97;
    struct attention_spec *a = &s->attention;
    if (a->kind == ATTENTION_LATENT) {
        a->kv_lora_rank = 72;
        a->nope_width = 32;
        a->head_width = 56;
        a->value_width = 40;
        s->rope.dims = 24;
    } else {
        a->head_width = a->value_width = 40;
        s->rope.dims = 32;
        if (s->rope.scaling == ROPE_LONGROPE) {
            s->rope.factor_count = 16;
            s->rope.short_factor = factors(arena, 16, 1, 0.1);
            s->rope.long_factor = factors(arena, 16, 2, 0.4);
        }
    }
    a->scale = 0.2;
    s->expert_width = 72;
    if (s->shared_width) s->shared_width = 50;
    if (s->router.experts) {
        s->router.experts = s->router.groups > 1 ? 18 : 17;
        s->router.top_k = s->router.top_k > 1 ? 3 : 1;
    }
    for (int64_t l = 0; l < s->decoder.layer_count; l++) {
        if (s->decoder.layers[l].ffn == FFN_DENSE) s->decoder.layers[l].dense_width = 90;
        if (s->decoder.layers[l].window != WINDOW_NONE) s->decoder.layers[l].window_size = 150 + 140 * l;
    }
    assert_true(spec_check(s, NULL));
}

void tiny_spec_blocks(enum tiny_base base, bool narrow, struct arena *arena, struct spec *spec) {
    tiny_spec_wide(base, arena, spec);
    spec->expert_width = narrow ? 96 : 256;
    if (spec->router.groups == 1) spec->router.experts = 5; /* encoding takes its time */
    if (spec->shared_width) spec->shared_width = 256;
    if (spec->attention.kind == ATTENTION_GROUPED)
        spec->attention.head_width = spec->attention.value_width = narrow ? 40 : 64;
    for (int64_t l = 0; l < spec->decoder.layer_count; l++)
        if (spec->decoder.layers[l].ffn == FFN_DENSE) spec->decoder.layers[l].dense_width = 256;
}

/* ---- weights ---- */

/* Uniform in [-1, 1), by place alone. */
static float place_value(uint64_t slot, uint64_t layer, uint64_t expert, uint64_t index) {
    uint64_t h = random_mix(slot * 1000003 + layer * 10007 + expert * 101 + 7);
    return (float)((double)(random_mix(h ^ (index * 0x9e3779b97f4a7c15u)) >> 40) / (double)(1 << 23) - 1);
}

/* As files of block formats have it: vectors and routers in f32, q8_0 where a row has no whole number of
 * larger blocks, f32 where not even that fits. */
static enum dtype fitting(enum dtype dtype, enum slot slot, int64_t cols) {
    int64_t elements, bytes;
    if (!dtype_is_block(dtype)) return dtype;
    if (slot_is_vector(slot) || slot == SLOT_ROUTER) return DTYPE_F32;
    dtype_unit(dtype, &elements, &bytes);
    if (cols % elements == 0) return dtype;
    return cols % 32 == 0 ? DTYPE_Q8_0 : DTYPE_F32;
}

static struct weight make_weight(struct arena *arena, enum slot slot, int64_t layer, int64_t expert,
                                 int64_t rows, int64_t cols, enum dtype wanted) {
    enum dtype dtype = fitting(wanted, slot, cols);
    int64_t n = rows * cols, bytes;
    float *values = malloc((size_t)n * sizeof *values);
    bool norm = slot_part(slot) == PART_NORMS && slot != SLOT_FINAL_NORM_BIAS &&
                slot != SLOT_ATTENTION_NORM_BIAS && slot != SLOT_FFN_NORM_BIAS;
    uint64_t own = random_hash(slot_name(slot), strlen(slot_name(slot)), 2); /* slots may be added */
    float scale = slot_is_vector(slot) ? 0.3f : slot == SLOT_EMBED ? 1 : sqrtf(3.0f / (float)cols);
    if (slot == SLOT_ROUTER || slot == SLOT_SINKS) scale *= 4;
    if (slot == SLOT_Q || slot == SLOT_Q_B || slot == SLOT_K) scale *= 2;
    for (int64_t i = 0; i < n; i++)
        values[i] = (norm ? 1 : 0) +
                    scale * place_value(own, (uint64_t)(layer + 1), (uint64_t)(expert + 1), (uint64_t)i);
    assert_true(dtype_bytes(dtype, n, &bytes));
    void *data = arena_take(arena, bytes, 1, NULL);
    dtype_from_f32(dtype, values, n, data);
    free(values);
    struct weight w = weight_matrix(data, dtype, rows, cols);
    w.name = slot_name(slot);
    return w;
}

static void make_binding(struct model *model, enum dtype dtype) {
    const struct spec *spec = &model->spec;
    struct binding *b = &model->binding;
    int64_t L = spec->decoder.layer_count, E = spec->router.experts;
    b->layers = L;
    b->experts = E;
    b->layer = arena_new(&model->arena, struct weight, L * SLOT_COUNT, NULL);
    b->expert = arena_new(&model->arena, struct weight, L * 6 * max_i64(E, 1), NULL);
    for (int64_t layer = -1; layer < L; layer++)
        for (int s = 0; s < SLOT_COUNT; s++) {
            enum slot slot = (enum slot)s;
            int64_t rows, cols;
            if (slot_is_global(slot) != (layer < 0) || !slot_shape(spec, layer, slot, &rows, &cols)) continue;
            if (slot == SLOT_HEAD && spec->tied) continue;
            if (layer < 0) {
                b->global[slot] = make_weight(&model->arena, slot, layer, -1, rows, cols, dtype);
            } else if (!slot_is_expert(slot)) {
                b->layer[layer * SLOT_COUNT + slot] =
                    make_weight(&model->arena, slot, layer, -1, rows, cols, dtype);
            } else {
                for (int64_t e = 0; e < E; e++)
                    b->expert[(layer * 6 + slot - SLOT_EXPERT_GATE) * E + e] =
                        make_weight(&model->arena, slot, layer, e, rows, cols, dtype);
            }
        }
    if (spec->tied) b->global[SLOT_HEAD] = b->global[SLOT_EMBED];
}

/* All that stands on the model. */
static bool open_parts(struct tiny *tiny, const struct tiny_run *run, struct sy_error *err) {
    struct session *s = &tiny->session;
    struct model *model = &s->model;
    s->context = run->context ? run->context : 4096;
    s->numerics = (struct numerics){ run->compute, run->kv, run->regime };
    s->kernels = kernels_select(run->level);
    s->limits = (struct pass_limits){ run->rows ? run->rows : 512, run->sequences ? run->sequences : 4,
                                      run->threads ? run->threads : 1 };
    int64_t pages;
    return kv_pages_needed(&model->spec, s->limits.sequences, s->context, &pages, err) &&
           store_open(model, &s->store, err) &&
           kv_pool_open(&model->spec, run->kv, run->pages ? run->pages : pages, &s->pool, err) &&
           team_pool_open(s->limits.threads, &s->team, err) &&
           pass_open(&s->store, &s->kernels, &s->numerics, &s->limits, s->team, &s->pass, err) &&
           batcher_open(&s->limits, &s->batcher, err) &&
           feeder_open(&s->limits, s->batcher, s->pass, &s->feeder, err) && session_count(s, err);
}

static void close_parts(struct tiny *tiny) {
    struct session *s = &tiny->session;
    feeder_close(s->feeder);
    batcher_close(s->batcher);
    pass_close(s->pass);
    team_pool_close(s->team);
    kv_pool_close(s->pool);
    store_close(&s->store);
    s->feeder = NULL, s->batcher = NULL, s->pass = NULL, s->team = NULL, s->pool = NULL;
}

bool tiny_open(struct tiny *tiny, const struct spec *spec, enum dtype dtype, const struct tiny_run *run,
               struct sy_error *err) {
    struct session *s = &tiny->session;
    memset(tiny, 0, sizeof *tiny);
    struct model *model = &s->model;
    arena_open(&model->arena);
    if (!spec_copy(spec, &model->spec, &model->arena, err)) return false;
    tiny->spec = &model->spec;
    if (!spec_check(spec, err)) {
        arena_close(&model->arena);
        return false;
    }
    make_binding(model, dtype);
    bool ok = open_parts(tiny, run, err);
    if (!ok) tiny_close(tiny);
    return ok;
}

bool tiny_reopen(struct tiny *tiny, const struct tiny_run *run, struct sy_error *err) {
    close_parts(tiny);
    bool ok = open_parts(tiny, run, err);
    if (!ok) tiny_close(tiny);
    return ok;
}

void tiny_close(struct tiny *tiny) {
    close_parts(tiny);
    arena_close(&tiny->session.model.arena);
}

/* ---- running ---- */

struct catch {
    float *logits;
    int32_t *experts;
    int64_t vocab, layers;
};

static bool catch_logits(void *argument, int64_t feed, int64_t index, const float *logits,
                         struct sy_error *err) {
    struct catch *c = argument;
    (void)feed, (void)err;
    memcpy(c->logits + index * c->vocab, logits, (size_t)c->vocab * sizeof *logits);
    return true;
}

static bool catch_routing(void *argument, const struct sy_routed_row *row, struct sy_error *err) {
    struct catch *c = argument;
    (void)err;
    for (int64_t j = 0; c->experts && j < 8; j++)
        c->experts[(row->index * c->layers + row->layer) * 8 + j] = j < row->count ? row->experts[j] : -1;
    return true;
}

void tiny_logits(struct tiny *tiny, const struct tiny_run *run, const int64_t *ids, int64_t n, float *logits,
                 int32_t *experts) {
    struct session *s = &tiny->session;
    struct sy_error err = { 0 };
    struct kv_sequence *sequence;
    struct moe_stats stats;
    struct arena arena;
    arena_open(&arena);
    assert_true(session_sequence(s, n, &sequence, &err));
    assert_true(moe_stats_open(tiny->spec, true, &arena, &stats, &err));
    struct catch c = { logits, experts, tiny->spec->vocab, tiny->spec->decoder.layer_count };
    struct feed feed = { ids, n, run->steps, sequence, true, run->statistics || experts };
    struct feed_sink sink = { &c, catch_logits, catch_routing };
    pass_count(s->pass, run->statistics ? &stats : NULL);
    if (!session_feed(s, &feed, 1, run->chunk, &sink, &err)) {
        char line[1024];
        fail_msg("%s", sy_error_line(&err, line, sizeof line));
    }
    pass_count(s->pass, &s->stats);
    kv_sequence_close(sequence);
    arena_close(&arena);
}

void tiny_eval(const struct spec *spec, enum dtype dtype, const struct tiny_run *run, const int64_t *ids,
               int64_t n, float *logits, int32_t *experts) {
    struct tiny tiny;
    struct sy_error err = { 0 };
    if (!tiny_open(&tiny, spec, dtype, run, &err)) {
        char line[1024];
        fail_msg("%s", sy_error_line(&err, line, sizeof line));
    }
    tiny_logits(&tiny, run, ids, n, logits, experts);
    tiny_close(&tiny);
}
