#include "commands/convert/convert.h"

#include "base/checked.h"
#include "base/os.h"
#include "commands/console.h"

#include <stdlib.h>

#define CHUNK_BYTES ((int64_t)16 << 20)

struct chunk {
    const struct convert_tensor *tensor;
    int64_t first, count;
    unsigned char *out;
    float *scratch; /* of all threads */
    int64_t scratch_each;
};

static void make_rows(struct team *team, void *argument) {
    const struct chunk *c = argument;
    float *scratch = c->scratch + team->rank * c->scratch_each;
    int64_t tile = max_i64(1, 65536 / c->tensor->row_bytes);
    for (struct team_loop l = team_loop(team, ceil_div(c->count, tile)); team_next(&l);)
        for (int64_t i = l.tile * tile; i < min_i64(c->count, (l.tile + 1) * tile); i++)
            convert_row(c->tensor, c->first + i, scratch, c->out + i * c->tensor->row_bytes);
}

struct stream {
    struct team_pool *team;
    unsigned char *buffer;
    int64_t room;
    float *scratch;
    int64_t scratch_each, done;
    struct progress progress;
    bool (*write)(void *writer, const void *bytes, int64_t size, struct sy_error *err);
    void *writer;
};

static bool stream_tensor(struct stream *s, const struct convert_tensor *tensor, struct sy_error *err) {
    int64_t most = max_i64(1, s->room / tensor->row_bytes);
    for (int64_t first = 0; first < tensor->rows; first += most) {
        struct chunk chunk = { tensor,    first,      min_i64(most, tensor->rows - first),
                               s->buffer, s->scratch, s->scratch_each };
        team_run(s->team, make_rows, &chunk);
        if (!s->write(s->writer, s->buffer, chunk.count * tensor->row_bytes, err)) return false;
        if (os_interrupted()) return sy_fail(err, SY_ERR_STOPPED, "interrupted");
        s->done += chunk.count * tensor->row_bytes;
        progress_show(&s->progress, s->done, os_seconds());
    }
    return true;
}

bool convert_stream(const struct convert_tensor *tensors, int64_t count, int threads,
                    bool (*write)(void *writer, const void *bytes, int64_t size, struct sy_error *err),
                    void *writer, struct sy_error *err) {
    struct stream s = { .room = CHUNK_BYTES, .write = write, .writer = writer };
    int64_t total = 0, cols = 1, scratch;
    struct style style = console_style(stderr);
    for (int64_t i = 0; i < count; i++) {
        if (!size_add(total, tensors[i].bytes, &total))
            return sy_fail(err, SY_ERR_LIMIT, "more than 2^63 bytes");
        s.room = max_i64(s.room, tensors[i].row_bytes);
        cols = max_i64(cols, tensors[i].cols);
    }
    if (!size_mul(cols, 2 * (int64_t)sizeof(float), &scratch) || !size_mul(scratch, threads, &scratch))
        return sy_fail(err, SY_ERR_LIMIT, "rows too long to convert");
    s.scratch_each = 2 * cols;
    s.buffer = malloc((size_t)s.room);
    s.scratch = malloc((size_t)scratch);
    bool ok = s.buffer && s.scratch;
    if (!ok) sy_fail(err, SY_ERR_MEMORY, "no memory for a buffer");
    ok = ok && team_pool_open(threads, &s.team, err);
    s.progress = progress_begin(console_progress(), &style, "converting", total, "B/s", os_seconds());
    for (int64_t i = 0; i < count && ok; i++) ok = stream_tensor(&s, &tensors[i], err);
    progress_end(&s.progress);
    team_pool_close(s.team);
    free(s.buffer);
    free(s.scratch);
    return ok;
}
