#include "commands/bench/work.h"

#include "base/checked.h"
#include "base/os.h"
#include "kernels/ops.h"
#include "moe/router.h"
#include "report/heat.h"

#include <stdlib.h>
#include <string.h>

#define PAGE          4096
#define TOUCH_AT_ONCE ((int64_t)64 << 20)

double bench_amount_sum(const struct bench_amount *amount) {
    double sum = 0;
    for (int a = 0; a < ARITHMETIC_COUNT; a++) sum += amount->of[a];
    return sum;
}

/* sum += factor * amount */
static void add_times(struct bench_amount *sum, double factor, const struct bench_amount *amount) {
    for (int a = 0; a < ARITHMETIC_COUNT; a++) sum->of[a] += factor * amount->of[a];
}

/* ---- a model ---- */

/* A matrix's weights, where its products are computed in. */
static void add_weights(const struct session *session, const struct weight *w, enum slot slot,
                        struct bench_amount amounts[BENCH_ROLES]) {
    for (int role = 0; role < BENCH_ROLES; role++) {
        enum arithmetic in = matmul_arithmetic(&session->kernels, &session->numerics, w, role == BENCH_STEP);
        if (slot == SLOT_ROUTER) in = ARITHMETIC_F32;
        amounts[role].of[in] += (double)w->rows * (double)w->cols;
    }
}

static void add_expert(struct bench_work *work, int64_t layer, int64_t index) {
    struct bench_expert *expert = &work->expert[layer * work->experts + index];
    for (int s = SLOT_EXPERT_GATE; s <= SLOT_EXPERT_DOWN; s++) {
        const struct weight *w = binding_expert(&work->session->model.binding, layer, (enum slot)s, index);
        if (!weight_exists(w)) continue;
        expert->bytes += (double)weight_bytes(w);
        add_weights(work->session, w, (enum slot)s, expert->weights);
    }
}

/* Its own matrices, or with layer -1 the model's. */
static void add_layer(struct bench_work *work, int64_t layer) {
    const struct session *session = work->session;
    for (int s = 0; s < SLOT_EXPERT_GATE; s++) {
        enum slot slot = (enum slot)s;
        if (slot_is_global(slot) != (layer < 0) || slot_is_vector(slot) || slot == SLOT_EMBED) continue;
        const struct weight *w = binding_weight(&session->model.binding, layer, slot);
        if (!weight_exists(w)) continue;
        work->dense_bytes += (double)weight_bytes(w);
        add_weights(session, w, slot, slot == SLOT_HEAD ? work->head : work->dense);
    }
}

bool bench_work_open(const struct session *session, struct bench_work *work, struct sy_error *err) {
    const struct spec *spec = &session->model.spec;
    *work = (struct bench_work){ .session = session,
                                 .layers = spec->decoder.layer_count,
                                 .experts = spec->router.experts };
    size_t cells = (size_t)(work->layers * work->experts) + 1;
    work->expert = calloc(cells, sizeof *work->expert);
    work->load = calloc(cells, sizeof *work->load);
    work->since = calloc((size_t)work->experts + 1, sizeof *work->since);
    if (!work->expert || !work->load || !work->since) {
        bench_work_close(work);
        return sy_fail(err, SY_ERR_MEMORY, "no memory to count the work of %zu experts", cells - 1);
    }
    for (int64_t layer = -1; layer < work->layers; layer++) {
        add_layer(work, layer);
        if (layer >= 0 && spec->decoder.layers[layer].ffn == FFN_MOE)
            for (int64_t e = 0; e < work->experts; e++) add_expert(work, layer, e);
    }
    return true;
}

void bench_work_close(struct bench_work *work) {
    free(work->expert);
    free(work->load);
    free(work->since);
    *work = (struct bench_work){ 0 };
}

void bench_work_reset(struct bench_work *work) {
    for (int64_t i = 0; i < work->layers * work->experts; i++) work->expert[i].last = 0;
    memcpy(work->load, work->session->stats.load,
           (size_t)(work->layers * work->experts) * sizeof *work->load);
    work->routed_bytes = work->once_bytes = 0;
    memset(work->routed, 0, sizeof work->routed);
}

double bench_work_evenness(const struct bench_work *work) {
    const struct spec *spec = &work->session->model.spec;
    const int64_t E = work->experts, *now = work->session->stats.load;
    int64_t moe_layers = 0;
    double sum = 0;
    for (int64_t layer = 0; layer < work->layers; layer++) {
        if (spec->decoder.layers[layer].ffn != FFN_MOE) continue;
        for (int64_t e = 0; e < E; e++) work->since[e] = now[layer * E + e] - work->load[layer * E + e];
        sum += heat_evenness(work->since, E);
        moe_layers++;
    }
    return moe_layers > 0 ? sum / (double)moe_layers : 0;
}

int64_t bench_work_load(const struct bench_work *work, int64_t *load) {
    const struct spec *spec = &work->session->model.spec;
    const int64_t E = work->experts, *now = work->session->stats.load;
    int64_t choices = 0, i = 0;
    for (int64_t layer = 0; layer < work->layers; layer++) {
        if (spec->decoder.layers[layer].ffn != FFN_MOE) continue;
        for (int64_t e = 0; e < E; e++) {
            int64_t since = now[layer * E + e] - work->load[layer * E + e];
            load[i * E + e] += since;
            if (i == 0) choices += since;
        }
        i++;
    }
    return i > 0 ? choices / router_choices(&spec->router) : 0;
}

void bench_work_route(struct bench_work *work, const struct sy_routed_row *row) {
    for (int64_t i = 0; i < row->count; i++) {
        struct bench_expert *expert = &work->expert[row->layer * work->experts + row->experts[i]];
        for (int role = 0; role < BENCH_ROLES; role++)
            add_times(&work->routed[role], 1, &expert->weights[role]);
        if (expert->last != row->index + 1) work->routed_bytes += expert->bytes;
        if (expert->last == 0) work->once_bytes += expert->bytes;
        expert->last = row->index + 1;
    }
}

/* ---- what was done ---- */

/* Keys that the row at `position` sees. */
static int64_t visible(const struct layer_spec *layer, int64_t position) {
    int64_t all = position + 1;
    switch (layer->window) {
    case WINDOW_SLIDING: return min_i64(all, layer->window_size);
    case WINDOW_CHUNKED: return position % layer->window_size + 1;
    default: return all;
    }
}

/* Of all layers, for `count` rows from `first` on. */
static double keys_seen(const struct spec *spec, int64_t first, int64_t count) {
    double keys = 0;
    for (int64_t layer = 0; layer < spec->decoder.layer_count; layer++)
        for (int64_t i = 0; i < count; i++) keys += (double)visible(&spec->decoder.layers[layer], first + i);
    return keys;
}

static double cache_bytes(const struct bench_work *work, double keys) {
    return keys * (double)(kv_pool_layout(work->session->pool)->page_bytes / KV_PAGE);
}

double bench_work_step_bytes(const struct bench_work *work, int64_t first, int64_t count, int64_t batch) {
    double keys = keys_seen(&work->session->model.spec, first, count) * (double)batch;
    return work->dense_bytes * (double)count + work->routed_bytes + cache_bytes(work, keys);
}

double bench_work_prompt_bytes(const struct bench_work *work, int64_t count) {
    return work->dense_bytes + work->once_bytes + cache_bytes(work, (double)(count * work->layers));
}

/* Products of one query with one key and value, of all heads: MLA's steps attend to the latent. */
static double products_a_key(const struct attention_spec *a, enum bench_role role) {
    if (a->kind == ATTENTION_LATENT && role == BENCH_STEP)
        return (double)(a->heads * (2 * a->kv_lora_rank + a->head_width - a->nope_width));
    return (double)(a->heads * (a->head_width + a->value_width));
}

/* `rows` of them, `head_rows` with logits, that see so many keys. */
static struct bench_amount operations(const struct bench_work *work, enum bench_role role, double rows,
                                      double head_rows, double keys) {
    struct bench_amount sum = { 0 };
    add_times(&sum, 2 * rows, &work->dense[role]);
    add_times(&sum, 2 * head_rows, &work->head[role]);
    add_times(&sum, 2, &work->routed[role]);
    sum.of[ARITHMETIC_F32] += 2 * keys * products_a_key(&work->session->model.spec.attention, role);
    return sum;
}

struct bench_amount bench_work_step_ops(const struct bench_work *work, int64_t first, int64_t count,
                                        int64_t batch) {
    double rows = (double)(count * batch);
    double keys = keys_seen(&work->session->model.spec, first, count) * (double)batch;
    return operations(work, BENCH_STEP, rows, rows, keys);
}

struct bench_amount bench_work_prompt_ops(const struct bench_work *work, int64_t count) {
    double keys = keys_seen(&work->session->model.spec, 0, count);
    return operations(work, BENCH_PROMPT, (double)count, 1, keys);
}

bool bench_work_touch(const struct session *session) {
    const struct checkpoint *checkpoint = &session->model.checkpoint;
    unsigned char sum = 0;
    for (int64_t t = 0; t < checkpoint->count; t++) {
        const struct tensor *tensor = &checkpoint->tensors[t];
        const volatile unsigned char *data = tensor->data;
        for (int64_t i = 0; i < tensor->bytes; i += PAGE) {
            if (i % TOUCH_AT_ONCE == 0 && os_interrupted()) return false;
            sum ^= data[i];
        }
    }
    (void)sum;
    return true;
}
