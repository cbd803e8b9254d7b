#include "commands/synth/files.h"

#include "base/checked.h"
#include "base/os.h"
#include "commands/shards.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((int64_t)16 << 20)
#define TILE        (16 * SYNTH_BLOCK) /* elements that a thread fills at a time */

struct writing {
    const char *folder;
    const struct synth_plan *plan;
    struct team_pool *team;
    struct progress *progress;
    void *buffer; /* CHUNK_BYTES */
    int64_t done; /* bytes */
    struct shards shards;
};

/* ---- weights ---- */

struct chunk {
    const struct synth_tensor *tensor;
    int64_t first, count, width;
    char *out;
};

static void fill_chunk(struct team *team, void *argument) {
    const struct chunk *c = argument;
    for (struct team_loop l = team_loop(team, ceil_div(c->count, TILE)); team_next(&l);) {
        int64_t at = l.tile * TILE;
        synth_fill(c->tensor, c->first + at, min_i64(TILE, c->count - at), c->out + at * c->width);
    }
}

static bool write_tensor(struct writing *w, const struct synth_tensor *tensor,
                         struct safetensors_writer *writer, struct sy_error *err) {
    int64_t width = dtype_bits(tensor->dtype) / 8, room = CHUNK_BYTES / width / TILE * TILE;
    for (int64_t first = 0; first < tensor->elements; first += room) {
        struct chunk chunk = { tensor, first, min_i64(room, tensor->elements - first), width, w->buffer };
        if (chunk.count <= TILE)
            synth_fill(tensor, first, chunk.count, w->buffer);
        else
            team_run(w->team, fill_chunk, &chunk);
        if (!safetensors_write(writer, w->buffer, chunk.count * width, err)) return false;
        if (os_interrupted()) return sy_fail(err, SY_ERR_STOPPED, "interrupted");
        w->done += chunk.count * width;
        progress_show(w->progress, w->done, os_seconds());
    }
    return true;
}

static bool write_shard_data(struct writing *w, int shard, struct safetensors_writer *writer,
                             struct sy_error *err) {
    const struct synth_plan *plan = w->plan;
    if (!safetensors_metadata(writer, "format", "pt", err)) return false; /* transformers asks for it */
    for (int64_t i = 0; i < plan->count; i++) {
        const struct synth_tensor *t = &plan->tensors[i];
        if (w->shards.of[i] == shard &&
            !safetensors_declare(writer, t->name, t->dtype, t->rank, t->shape, err))
            return false;
    }
    for (int64_t i = 0; i < plan->count; i++)
        if (w->shards.of[i] == shard && !write_tensor(w, &plan->tensors[i], writer, err)) return false;
    return true;
}

static bool write_shard(struct writing *w, int shard, struct sy_error *err) {
    char path[4200];
    struct safetensors_writer *writer;
    shards_path(&w->shards, shard, path, sizeof path);
    if (!safetensors_writer_open(path, false, &writer, err)) return false;
    if (write_shard_data(w, shard, writer, err)) {
        shards_replace(&w->shards);
        return safetensors_writer_commit(writer, err);
    }
    safetensors_writer_abandon(writer);
    return false;
}

/* ---- all of it ---- */

static bool cut(struct writing *w, int64_t *bytes, const char **names, int64_t shard_bytes,
                struct sy_error *err) {
    for (int64_t i = 0; i < w->plan->count; i++) {
        bytes[i] = w->plan->tensors[i].bytes;
        names[i] = w->plan->tensors[i].name;
    }
    return shards_open(&w->shards, w->folder, bytes, w->plan->count, shard_bytes, err);
}

static bool write_all(struct writing *w, const char *const *names, const char *config, int64_t config_bytes,
                      struct sy_error *err) {
    for (int shard = 0; shard < w->shards.count; shard++)
        if (!write_shard(w, shard, err)) return false;
    return shards_finish(&w->shards, names, err) &&
           shards_write_text(w->folder, "config.json", config, config_bytes, err);
}

bool synth_write(const char *folder, const struct synth_plan *plan, const char *config, int64_t config_bytes,
                 int64_t shard_bytes, struct team_pool *team, struct progress *progress, int *shards,
                 struct sy_error *err) {
    struct writing w = { .folder = folder, .plan = plan, .team = team, .progress = progress };
    int64_t *bytes = calloc((size_t)plan->count + 1, sizeof *bytes);
    const char **names = calloc((size_t)plan->count + 1, sizeof *names);
    w.buffer = malloc((size_t)CHUNK_BYTES);
    bool done = w.buffer && bytes && names;
    if (!done) sy_fail(err, SY_ERR_MEMORY, "no memory for a buffer");
    done = done && cut(&w, bytes, names, shard_bytes, err) && write_all(&w, names, config, config_bytes, err);
    *shards = w.shards.count;
    shards_close(&w.shards);
    free(w.buffer);
    free(bytes);
    free(names);
    return done;
}
