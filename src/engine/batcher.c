#include "engine/batcher.h"

#include "base/checked.h"

#include <stdlib.h>

struct batcher {
    int64_t rows_max;
    struct lane *const *lanes; /* of the batch in hand */
    int64_t lane_count;
    struct batch_row *rows; /* [rows_max] */
    int64_t *index;         /* [rows_max] of the row's id within its lane */
    int64_t row_count;
    struct kv_sequence **sequences; /* [sequences] by lane */
    const struct feed_sink *sink;
};

bool batcher_bytes(const struct pass_limits *limits, int64_t *bytes) {
    const struct batcher *f = NULL;
    int64_t rows;
    return size_mul_add(limits->rows, sizeof *f->rows + sizeof *f->index, sizeof *f, &rows) &&
           size_mul_add(limits->sequences, sizeof *f->sequences, rows, bytes);
}

bool batcher_open(const struct pass_limits *limits, struct batcher **out, struct sy_error *err) {
    struct batcher *f = calloc(1, sizeof *f);
    if (!f) return sy_fail(err, SY_ERR_MEMORY, "no memory for a batch");
    size_t rows = (size_t)limits->rows;
    f->rows_max = limits->rows;
    f->rows = calloc(rows, sizeof *f->rows);
    f->index = calloc(rows, sizeof *f->index);
    f->sequences = calloc((size_t)limits->sequences, sizeof *f->sequences);
    if (!f->rows || !f->index || !f->sequences) {
        batcher_close(f);
        return sy_fail(err, SY_ERR_MEMORY, "no memory for a batch of %zu rows", rows);
    }
    *out = f;
    return true;
}

void batcher_close(struct batcher *f) {
    if (!f) return;
    free(f->rows);
    free(f->index);
    free(f->sequences);
    free(f);
}

/* ---- who gets how many rows ---- */

static bool at_step(const struct lane *lane) {
    return lane->done >= lane->prompt && lane->done < lane->count;
}

/* Ids of its prompt that are in no batch yet. */
static int64_t prompt_left(const struct lane *lane) {
    return max_i64(0, lane->prompt - lane->done - lane->taken);
}

static int64_t give(struct lane *lane, int64_t most, int64_t chunk) {
    int64_t n = min_i64(prompt_left(lane), most);
    if (chunk > 0) n = min_i64(n, chunk - lane->taken);
    lane->taken += n;
    return n;
}

/* The prompt that has least to run and may still get rows; NULL: none. */
static struct lane *shortest(const struct batcher *f, int64_t chunk) {
    struct lane *best = NULL;
    for (int64_t i = 0; i < f->lane_count; i++) {
        struct lane *lane = f->lanes[i];
        int64_t left = prompt_left(lane);
        if (left == 0 || (chunk > 0 && lane->taken >= chunk)) continue;
        if (!best || left < prompt_left(best)) best = lane;
    }
    return best;
}

static void share_out(struct batcher *f, int64_t rows, int64_t chunk) {
    int64_t oldest = 0;
    while (oldest < f->lane_count && prompt_left(f->lanes[oldest]) == 0) oldest++;
    if (oldest == f->lane_count) return;
    rows -= give(f->lanes[oldest], ceil_div(rows, 2), chunk);
    while (rows > 0) {
        struct lane *lane = shortest(f, chunk);
        if (!lane) return;
        rows -= give(lane, rows, chunk);
    }
}

/* ---- rows ---- */

static void add_rows(struct batcher *f, int64_t number, enum role role) {
    const struct lane *lane = f->lanes[number];
    for (int64_t i = lane->done; i < lane->done + lane->taken; i++) {
        unsigned wants = WANT_UNCOUNTED;
        if (i >= lane->silent)
            wants = (lane->every_logits || i == lane->count - 1 ? WANT_LOGITS : 0u) |
                    (lane->routing ? WANT_ROUTING : 0u);
        f->index[f->row_count] = i;
        f->rows[f->row_count++] = (struct batch_row){
            .token = (int32_t)lane->ids[i], .sequence = (int32_t)number, .role = role, .wants = wants
        };
    }
}

int64_t batcher_next(struct batcher *f, struct lane *const *lanes, int64_t count, int64_t chunk) {
    f->lanes = lanes;
    f->lane_count = count;
    f->row_count = 0;
    for (int64_t i = 0; i < count; i++) {
        lanes[i]->taken = at_step(lanes[i]) && f->row_count < f->rows_max;
        f->sequences[i] = lanes[i]->sequence;
        if (lanes[i]->taken) add_rows(f, i, ROLE_STEP);
    }
    share_out(f, f->rows_max - f->row_count, chunk);
    for (int64_t i = 0; i < count; i++)
        if (lanes[i]->done < lanes[i]->prompt) add_rows(f, i, ROLE_PROMPT);
    return f->row_count;
}

/* ---- running ---- */

static bool give_logits(void *argument, int64_t row, const float *logits, struct sy_error *err) {
    struct batcher *f = argument;
    return f->sink->logits(f->sink->argument, f->rows[row].sequence, f->index[row], logits, err);
}

static bool give_routing(void *argument, int64_t layer, const struct routing *routing, struct sy_error *err) {
    struct batcher *f = argument;
    if (!f->sink->routing) return true;
    for (int64_t row = 0; row < f->row_count; row++) {
        if (!(f->rows[row].wants & WANT_ROUTING)) continue;
        int64_t begin = routing->assignment_begin[row];
        const struct sy_routed_row routed = {
            .sequence = f->rows[row].sequence,
            .index = f->index[row],
            .layer = layer,
            .count = routing->assignment_begin[row + 1] - begin,
            .experts = routing->expert_id + begin,
            .weights = routing_weights(routing) + begin,
            .logits = routing_logits(routing, row),
        };
        if (!f->sink->routing(f->sink->argument, &routed, err)) return false;
    }
    return true;
}

bool batcher_run(struct batcher *f, struct pass *pass, const struct feed_sink *sink, struct sy_error *err) {
    struct pass_sink rows = { f, give_logits, give_routing };
    struct batch batch = { f->rows, f->row_count, f->sequences };
    f->sink = sink;
    if (!pass_forward(pass, &batch, &rows, err)) return false;
    for (int64_t i = 0; i < f->lane_count; i++) f->lanes[i]->done += f->lanes[i]->taken;
    return true;
}
