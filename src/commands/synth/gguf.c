#include "commands/synth/gguf.h"

#include "base/checked.h"
#include "base/os.h"
#include "base/team.h"
#include "commands/console.h"
#include "commands/convert/types.h"
#include "formats/gguf.h"
#include "model/meta_write.h"
#include "report/progress.h"

#include <stdlib.h>
#include <string.h>

#define TILE  (16 * SYNTH_BLOCK) /* elements that a thread draws at a time: whole blocks of every type */
#define TILES 64                 /* at once */

struct target {
    const struct synth_tensor *drawn; /* as F32 */
    enum dtype dtype;
};

struct making {
    struct gguf_description described;
    struct target *targets;
    int64_t count, total;
    struct gguf_writer *writer;
    struct team_pool *team;
    unsigned char *out;
    float *drawn; /* [threads, TILE] */
    struct progress progress;
    int64_t done;
};

bool synth_is_gguf(const char *path) {
    size_t length = strlen(path);
    return length > 5 && strcmp(path + length - 5, ".gguf") == 0;
}

static bool plan(struct making *m, const struct synth_options *options, struct arena *arena,
                 struct synth_gguf_result *result, struct sy_error *err) {
    const struct gguf_description *d = &m->described;
    struct synth_options as_f32 = { .dtype = DTYPE_F32, .seed = options->seed };
    struct planned_tensor *planned;
    struct synth_plan drawn;
    uint32_t id;
    if (!plan_tensors(d->family, &d->spec, arena, &planned, &m->count, err) ||
        !synth_plan(d->family, &d->spec, &as_f32, arena, &drawn, err))
        return false;
    m->targets = arena_new(arena, struct target, m->count, err);
    if (!m->targets) return false;
    for (int64_t i = 0; i < m->count; i++) { /* both in the order of plan_tensors */
        struct target *t = &m->targets[i];
        int64_t bytes;
        t->drawn = &drawn.tensors[i];
        t->dtype = convert_gguf_dtype(&planned[i], &options->dtype, DTYPE_BF16, &result->fell_back);
        if (!gguf_type_of(t->dtype, &id)) {
            sy_fail(err, SY_ERR_USAGE, "GGUF has no place for %s", dtype_name(t->dtype));
            return sy_error_remedy(err, "--dtype bf16, q8_0 or another");
        }
        if (!dtype_bytes(t->dtype, t->drawn->elements, &bytes) || !size_add(m->total, bytes, &m->total))
            return sy_fail(err, SY_ERR_LIMIT, "the file would pass 2^63 bytes");
    }
    result->tensors = m->count + d->vector_count;
    result->bytes = m->total;
    return true;
}

static bool declare(struct making *m, enum dtype dtype, struct sy_error *err) {
    const struct gguf_description *d = &m->described;
    for (int64_t i = 0; i < d->count; i++)
        if (!gguf_set(m->writer, d->keys[i].name, &d->keys[i].value, err)) return false;
    if (!gguf_set_u32(m->writer, "general.file_type", convert_file_type(dtype), err) ||
        !gguf_set_u32(m->writer, "general.quantization_version", 2, err) ||
        !gguf_set_text(m->writer, "tokenizer.ggml.model", "none", 4, err))
        return false;
    for (int i = 0; i < d->vector_count; i++)
        if (!gguf_declare(m->writer, d->vectors[i].name, DTYPE_F32, 1, &d->vectors[i].count, err))
            return false;
    for (int64_t i = 0; i < m->count; i++) {
        const struct target *t = &m->targets[i];
        if (!gguf_declare(m->writer, t->drawn->name, t->dtype, t->drawn->rank, t->drawn->shape, err))
            return false;
    }
    for (int i = 0; i < d->vector_count; i++)
        if (!gguf_write(m->writer, d->vectors[i].values, d->vectors[i].count * 4, err)) return false;
    return true;
}

struct chunk {
    const struct making *m;
    const struct target *target;
    int64_t first, count; /* elements */
};

static int64_t bytes_of(enum dtype dtype, int64_t count) {
    int64_t elements, bytes;
    dtype_unit(dtype, &elements, &bytes);
    return count / elements * bytes;
}

static void draw(struct team *team, void *argument) {
    const struct chunk *c = argument;
    float *drawn = c->m->drawn + (int64_t)team->rank * TILE;
    for (struct team_loop l = team_loop(team, ceil_div(c->count, TILE)); team_next(&l);) {
        int64_t at = l.tile * TILE, count = min_i64(TILE, c->count - at);
        synth_fill(c->target->drawn, c->first + at, count, drawn);
        dtype_from_f32(c->target->dtype, drawn, count, c->m->out + bytes_of(c->target->dtype, at));
    }
}

static bool write_tensor(struct making *m, const struct target *target, struct sy_error *err) {
    for (int64_t first = 0; first < target->drawn->elements; first += TILES * TILE) {
        struct chunk chunk = { m, target, first, min_i64(TILES * TILE, target->drawn->elements - first) };
        int64_t bytes = bytes_of(target->dtype, chunk.count);
        team_run(m->team, draw, &chunk);
        if (!gguf_write(m->writer, m->out, bytes, err)) return false;
        if (os_interrupted()) return sy_fail(err, SY_ERR_STOPPED, "interrupted");
        m->done += bytes;
        progress_show(&m->progress, m->done, os_seconds());
    }
    return true;
}

static bool write_all(struct making *m, int threads, enum dtype dtype, struct sy_error *err) {
    struct style style = console_style(stderr);
    m->out = malloc((size_t)TILES * TILE * 8);
    m->drawn = malloc((size_t)threads * TILE * sizeof *m->drawn);
    bool ok = m->out && m->drawn;
    if (!ok) sy_fail(err, SY_ERR_MEMORY, "no memory for a buffer");
    ok = ok && team_pool_open(threads, &m->team, err) && declare(m, dtype, err);
    m->progress =
        progress_begin(console_progress(), &style, "writing weights", m->total, "B/s", os_seconds());
    for (int64_t i = 0; i < m->count && ok; i++) ok = write_tensor(m, &m->targets[i], err);
    progress_end(&m->progress);
    team_pool_close(m->team);
    free(m->out);
    free(m->drawn);
    return ok;
}

bool synth_gguf(const char *path, bool force, const struct family *family, const struct spec *spec,
                const struct synth_options *options, int threads, struct arena *arena,
                struct synth_gguf_result *result, struct sy_error *err) {
    struct making m = { .total = 0 };
    const struct os_rule rule = { .force = force, .ask = "add --force" };
    if (!os_may_write(path, &rule, err) || !gguf_describe(family, spec, arena, &m.described, err) ||
        !plan(&m, options, arena, result, err) || !gguf_writer_open_by(&rule, path, &m.writer, err))
        return false;
    if (write_all(&m, threads, options->dtype, err)) return gguf_writer_commit(m.writer, err);
    gguf_writer_abandon(m.writer);
    return false;
}
