/*
 * The rows of all tensors, made by a team and written in order, some MB at a time.
 *
 *     chunk of rows -> convert_row: made, read back -> held -> written
 *                                                   -> not held: the tensor once more, in a wider type
 *
 * Nothing of a chunk is written before all of it is known to be held, so what the file's head says of a type
 * can still be changed, and no file comes to hold what its reader would call damaged.
 */
#include "commands/convert/convert.h"

#include "base/checked.h"
#include "base/os.h"
#include "commands/console.h"

#include <stdlib.h>

#define CHUNK_BYTES ((int64_t)16 << 20)

struct stream {
    struct team_pool *team;
    unsigned char *buffer; /* [room] */
    int64_t room;
    float *scratch; /* [threads, scratch_each] */
    int64_t scratch_each, done;
    struct held *held; /* [threads] */
    int threads;
    struct progress progress;
    const struct convert_sink *sink;
    struct convert_result *result;
};

struct chunk {
    const struct stream *stream;
    const struct convert_tensor *tensor;
    int64_t first, count;
};

static void make_rows(struct team *team, void *argument) {
    const struct chunk *c = argument;
    const struct stream *s = c->stream;
    float *scratch = s->scratch + team->rank * s->scratch_each;
    int64_t tile = max_i64(1, 65536 / c->tensor->row_bytes);
    for (struct team_loop l = team_loop(team, ceil_div(c->count, tile)); team_next(&l);)
        for (int64_t i = l.tile * tile; i < min_i64(c->count, (l.tile + 1) * tile); i++)
            convert_row(c->tensor, c->first + i, scratch, s->buffer + i * c->tensor->row_bytes,
                        &s->held[team->rank]);
}

/* ---- what is not held ---- */

/* The narrowest type that has the range; the tensor's own where none is wider. */
static enum dtype wider(enum dtype dtype, enum dtype source) {
    if (dtype == DTYPE_F16) return source == DTYPE_BF16 ? DTYPE_BF16 : DTYPE_F32;
    return dtype_is_block(dtype) ? DTYPE_BF16 : DTYPE_F32;
}

static bool refuse_special(const char *name, enum held_fate fate, struct sy_error *err) {
    sy_fail(err, SY_ERR_NUMERIC, "holds %s, and a model that uses it fails",
            fate == HELD_NAN ? "NaN" : "infinity");
    sy_error_remedy(err, "the file is damaged: fetch or write it again");
    return sy_error_at(err, "%s", name);
}

/* "holds 3e+07, beyond the 65504 of F16" */
static void say_why(char *text, size_t size, enum held_fate fate, enum dtype dtype, float value) {
    float limit = held_limit(dtype, value);
    if (fate == HELD_LOST)
        snprintf(text, size, "holds nothing above %g, which %s makes zero", (double)value, dtype_name(dtype));
    else if (value < 0 ? value < limit : value > limit)
        snprintf(text, size, "holds %g, beyond the %g of %s", (double)value, (double)limit,
                 dtype_name(dtype));
    else
        snprintf(text, size, "holds %g, which is beyond %s", (double)value, dtype_name(dtype));
}

/* The tensor becomes another of a wider type, or is refused. */
static bool widen(struct stream *s, struct convert_tensor *tensor, const struct held *held, float value,
                  enum held_fate fate, struct sy_error *err) {
    struct weight source = convert_row_source(tensor, held->row);
    char why[128];
    if (fate == HELD_NAN || fate == HELD_INFINITE) return refuse_special(source.name, fate, err);
    enum dtype dtype = wider(tensor->dtype, source.dtype);
    say_why(why, sizeof why, fate, tensor->dtype, value);
    if (!s->sink->retype || tensor->raw || dtype == tensor->dtype) {
        sy_fail(err, SY_ERR_NUMERIC, "%s", why);
        if (dtype != tensor->dtype)
            sy_error_remedy(err, "--dtype %s holds it", dtype == DTYPE_BF16 ? "bf16" : "f32");
        return sy_error_at(err, "%s", source.name);
    }
    struct planned_tensor plan = tensor->plan;
    int64_t before = tensor->bytes;
    if (!s->sink->retype(s->sink->writer, dtype, err) ||
        !convert_prepare(tensor->source, tensor->target, &plan, dtype, tensor, err))
        return false;
    progress_end(&s->progress);
    if (++s->result->widened <= CONVERT_NAMED_MAX)
        console_warn("%s %s: it is kept in %s", plan.name, why, dtype_name(dtype));
    s->result->bytes += tensor->bytes - before;
    s->progress.total += tensor->bytes - before;
    return true;
}

/* ---- one tensor ---- */

static void join(struct stream *s, struct held *all) {
    for (int i = 0; i < s->threads; i++) held_join(all, &s->held[i]);
}

/* *again: it has another type now, and nothing of it is written. */
static bool stream_rows(struct stream *s, struct convert_tensor *tensor, bool *again, struct sy_error *err) {
    int64_t most = max_i64(1, s->room / tensor->row_bytes), before = s->done;
    struct held all = { .fate = HELD };
    float value;
    *again = false;
    for (int i = 0; i < s->threads; i++) s->held[i] = (struct held){ .infinities = tensor->plan.rank == 1 };
    for (int64_t first = 0; first < tensor->rows; first += most) {
        struct chunk chunk = { s, tensor, first, min_i64(most, tensor->rows - first) };
        bool last = first + chunk.count == tensor->rows;
        team_run(s->team, make_rows, &chunk);
        join(s, &all);
        enum held_fate fate = held_verdict(&all, &value);
        if (fate != HELD && (last || fate != HELD_LOST)) {
            *again = true;
            s->done = before;
            return widen(s, tensor, &all, value, fate, err);
        }
        if (!s->sink->write(s->sink->writer, s->buffer, chunk.count * tensor->row_bytes, err)) return false;
        if (os_interrupted()) return sy_fail(err, SY_ERR_STOPPED, "interrupted");
        s->done += chunk.count * tensor->row_bytes;
        progress_show(&s->progress, s->done, os_seconds());
    }
    return true;
}

static bool stream_tensor(struct stream *s, struct convert_tensor *tensor, struct sy_error *err) {
    for (bool again = true; again;) /* each time in a wider type: twice at most */
        if (!stream_rows(s, tensor, &again, err)) return false;
    return true;
}

/* ---- all of them ---- */

static bool take_buffers(struct stream *s, int64_t cols, struct sy_error *err) {
    int64_t row, scratch;
    if (!size_mul(cols, (int64_t)sizeof(float), &row) || !size_mul(row, 2 * (int64_t)s->threads, &scratch))
        return sy_fail(err, SY_ERR_LIMIT, "rows too long to convert");
    s->room = max_i64(s->room, row); /* of any type */
    s->scratch_each = 2 * cols;
    s->buffer = malloc((size_t)s->room);
    s->scratch = malloc((size_t)scratch);
    s->held = calloc((size_t)s->threads, sizeof *s->held);
    return (s->buffer && s->scratch && s->held) || sy_fail(err, SY_ERR_MEMORY, "no memory for a buffer");
}

bool convert_stream(struct convert_tensor *tensors, int64_t count, int threads,
                    const struct convert_sink *sink, struct convert_result *result, struct sy_error *err) {
    struct stream s = { .room = CHUNK_BYTES, .threads = threads, .sink = sink, .result = result };
    int64_t total = 0, cols = 1;
    struct style style = console_style(stderr);
    for (int64_t i = 0; i < count; i++) {
        if (!size_add(total, tensors[i].bytes, &total))
            return sy_fail(err, SY_ERR_LIMIT, "more than 2^63 bytes");
        s.room = max_i64(s.room, tensors[i].row_bytes);
        cols = max_i64(cols, tensors[i].cols);
    }
    bool ok = take_buffers(&s, cols, err) && team_pool_open(threads, &s.team, err);
    s.progress = progress_begin(console_progress(), &style, "converting", total, "B/s", os_seconds());
    for (int64_t i = 0; i < count && ok; i++) ok = stream_tensor(&s, &tensors[i], err);
    progress_end(&s.progress);
    team_pool_close(s.team);
    free(s.buffer);
    free(s.scratch);
    free(s.held);
    return ok;
}
