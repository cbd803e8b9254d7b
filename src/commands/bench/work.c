#include "commands/bench/work.h"

#include "base/checked.h"
#include "base/os.h"
#include "moe/router.h"
#include "report/heat.h"

#include <stdlib.h>
#include <string.h>

#define PAGE          4096
#define TOUCH_AT_ONCE ((int64_t)64 << 20)

static void add_matrix(struct bench_work *work, const struct weight *w, enum slot slot) {
    double weights = (double)w->rows * (double)w->cols;
    work->dense_bytes += (double)weight_bytes(w);
    if (slot == SLOT_HEAD)
        work->head_weights += weights;
    else
        work->dense_weights += weights;
}

static void add_expert(struct bench_work *work, int64_t layer, int64_t expert) {
    int64_t at = layer * work->experts + expert;
    for (int s = SLOT_EXPERT_GATE; s <= SLOT_EXPERT_DOWN; s++) {
        const struct weight *w = binding_expert(&work->session->model.binding, layer, (enum slot)s, expert);
        if (!weight_exists(w)) continue;
        work->expert_bytes[at] += (double)weight_bytes(w);
        work->expert_weights[at] += (double)w->rows * (double)w->cols;
    }
}

bool bench_work_open(const struct session *session, struct bench_work *work, struct sy_error *err) {
    const struct spec *spec = &session->model.spec;
    *work = (struct bench_work){ .session = session,
                                 .layers = spec->decoder.layer_count,
                                 .experts = spec->router.experts };
    size_t cells = (size_t)(work->layers * work->experts) + 1;
    work->expert_bytes = calloc(cells, sizeof *work->expert_bytes);
    work->expert_weights = calloc(cells, sizeof *work->expert_weights);
    work->last = calloc(cells, sizeof *work->last);
    work->load = calloc(cells, sizeof *work->load);
    work->since = calloc((size_t)work->experts + 1, sizeof *work->since);
    if (!work->expert_bytes || !work->expert_weights || !work->last || !work->load || !work->since) {
        bench_work_close(work);
        return sy_fail(err, SY_ERR_MEMORY, "no memory to count the work of %zu experts", cells - 1);
    }
    for (int64_t layer = -1; layer < work->layers; layer++) {
        for (int s = 0; s < SLOT_EXPERT_GATE; s++) {
            enum slot slot = (enum slot)s;
            if (slot_is_global(slot) != (layer < 0) || slot_is_vector(slot) || slot == SLOT_EMBED) continue;
            const struct weight *w = binding_weight(&session->model.binding, layer, slot);
            if (weight_exists(w)) add_matrix(work, w, slot);
        }
        if (layer >= 0 && spec->decoder.layers[layer].ffn == FFN_MOE)
            for (int64_t e = 0; e < work->experts; e++) add_expert(work, layer, e);
    }
    return true;
}

void bench_work_close(struct bench_work *work) {
    free(work->expert_bytes);
    free(work->expert_weights);
    free(work->last);
    free(work->load);
    free(work->since);
    *work = (struct bench_work){ 0 };
}

void bench_work_reset(struct bench_work *work) {
    memset(work->last, 0, (size_t)(work->layers * work->experts) * sizeof *work->last);
    memcpy(work->load, work->session->stats.load,
           (size_t)(work->layers * work->experts) * sizeof *work->load);
    work->routed_bytes = work->routed_weights = 0;
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
        int64_t at = row->layer * work->experts + row->experts[i];
        work->routed_weights += work->expert_weights[at];
        if (work->last[at] != row->index + 1) work->routed_bytes += work->expert_bytes[at];
        work->last[at] = row->index + 1;
    }
}

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

double bench_work_step_bytes(const struct bench_work *work, int64_t first, int64_t count, int64_t batch) {
    const struct kv_layout *kv = kv_pool_layout(work->session->pool);
    double cache = keys_seen(&work->session->model.spec, first, count) * (double)batch;
    return work->dense_bytes * (double)count + work->routed_bytes +
           cache * (double)(kv->page_bytes / KV_PAGE);
}

double bench_work_prompt_flops(const struct bench_work *work, int64_t count) {
    const struct spec *spec = &work->session->model.spec;
    const struct attention_spec *a = &spec->attention;
    double products = work->dense_weights * (double)count + work->routed_weights + work->head_weights;
    double attention = keys_seen(spec, 0, count) * (double)(a->heads * (a->head_width + a->value_width));
    return 2 * (products + attention);
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
