#include "commands/synth_files.h"

#include "base/checked.h"
#include "base/os.h"
#include "commands/emit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SINGLE      "model.safetensors"
#define INDEX       SINGLE ".index.json"
#define CHUNK_BYTES ((int64_t)16 << 20)
#define TILE        (16 * SYNTH_BLOCK) /* elements that a thread fills at a time */

struct writing {
    const char *folder;
    const struct synth_plan *plan;
    struct team_pool *team;
    struct progress *progress;
    void *buffer; /* CHUNK_BYTES */
    int64_t done; /* bytes */
    int shards;
    int *shard_of; /* [tensors] from 0 */
};

static void path_in(const char *folder, const char *name, char *path, size_t size) {
    size_t length = strlen(folder);
    snprintf(path, size, "%s%s%s", folder, length > 0 && folder[length - 1] == '/' ? "" : "/", name);
}

static void shard_name(const struct writing *w, int shard, char *name, size_t size) {
    if (w->shards == 1)
        snprintf(name, size, SINGLE);
    else
        snprintf(name, size, "model-%05d-of-%05d.safetensors", shard + 1, w->shards);
}

/* ---- the folder ---- */

static bool not_empty(void *argument, const char *name) {
    (void)name;
    *(bool *)argument = false;
    return false;
}

bool synth_folder(const char *folder, bool force, struct sy_error *err) {
    if (strlen(folder) > 4000) return sy_fail(err, SY_ERR_INPUT, "the path of the folder is too long");
    if (!os_make_folder(folder, err)) return false;
    if (force) return true;
    bool empty = true;
    if (!os_list_folder(folder, not_empty, &empty, err)) return false;
    if (empty) return true;
    sy_fail(err, SY_ERR_INPUT, "the folder is not empty");
    sy_error_remedy(err, "name another, or add --force to replace the checkpoint in it");
    return sy_error_in(err, folder);
}

/* Files of a former checkpoint would contradict the new one. */
static void remove_stale(const struct writing *w) {
    char name[64], path[4200];
    if (w->shards > 1) {
        path_in(w->folder, SINGLE, path, sizeof path);
        remove(path);
        return;
    }
    path_in(w->folder, INDEX, path, sizeof path);
    if (!os_is_file(path)) return;
    remove(path);
    for (int of = 2; of <= 999; of++) {
        snprintf(name, sizeof name, "model-%05d-of-%05d.safetensors", 1, of);
        path_in(w->folder, name, path, sizeof path);
        for (int shard = 1; shard <= of && os_is_file(path); shard++) {
            remove(path);
            snprintf(name, sizeof name, "model-%05d-of-%05d.safetensors", shard + 1, of);
            path_in(w->folder, name, path, sizeof path);
        }
    }
}

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
        if (w->shard_of[i] == shard &&
            !safetensors_declare(writer, t->name, t->dtype, t->rank, t->shape, err))
            return false;
    }
    for (int64_t i = 0; i < plan->count; i++)
        if (w->shard_of[i] == shard && !write_tensor(w, &plan->tensors[i], writer, err)) return false;
    return true;
}

static bool write_shard(struct writing *w, int shard, struct sy_error *err) {
    char name[64], path[4200];
    struct safetensors_writer *writer;
    shard_name(w, shard, name, sizeof name);
    path_in(w->folder, name, path, sizeof path);
    if (!safetensors_writer_open(path, false, &writer, err)) return false;
    if (write_shard_data(w, shard, writer, err)) return safetensors_writer_commit(writer, err);
    safetensors_writer_abandon(writer);
    return false;
}

/* Tensors in order, a new shard where one is full. */
static void cut_into_shards(struct writing *w, int64_t shard_bytes) {
    int64_t filled = 0;
    int shard = 0;
    for (int64_t i = 0; i < w->plan->count; i++) {
        int64_t bytes = w->plan->tensors[i].bytes;
        if (filled > 0 && filled + bytes > shard_bytes) {
            shard++;
            filled = 0;
        }
        filled += bytes;
        w->shard_of[i] = shard;
    }
    w->shards = shard + 1;
}

/* ---- texts ---- */

static bool write_text(const struct writing *w, const char *name, const char *text, int64_t size,
                       struct sy_error *err) {
    char path[4200];
    struct os_writer *writer;
    path_in(w->folder, name, path, sizeof path);
    if (!os_writer_open(path, false, &writer, err)) return false;
    if (os_writer_write(writer, text, size, err)) return os_writer_commit(writer, err);
    os_writer_abandon(writer);
    return false;
}

static bool write_index(const struct writing *w, struct sy_error *err) {
    struct text text = { 0 };
    struct emit e = { .text = &text };
    emit_object(&e, NULL);
    emit_object(&e, "metadata");
    emit_int(&e, "total_size", w->plan->bytes);
    emit_end(&e);
    emit_object(&e, "weight_map");
    for (int64_t i = 0; i < w->plan->count; i++) {
        char name[64];
        shard_name(w, w->shard_of[i], name, sizeof name);
        emit_string(&e, w->plan->tensors[i].name, name);
    }
    emit_end(&e);
    emit_end(&e);
    bool done = text.failed ? sy_fail(err, SY_ERR_MEMORY, "no memory for the index")
                            : write_text(w, INDEX, text.data, (int64_t)text.size, err);
    text_free(&text);
    return done;
}

static bool write_all(struct writing *w, const char *config, int64_t config_bytes, struct sy_error *err) {
    char path[4200];
    path_in(w->folder, "config.json", path, sizeof path);
    remove(path); /* from here on, and until the end, this is no model */
    for (int shard = 0; shard < w->shards; shard++)
        if (!write_shard(w, shard, err)) return false;
    remove_stale(w);
    if (w->shards > 1 && !write_index(w, err)) return false;
    return write_text(w, "config.json", config, config_bytes, err);
}

bool synth_write(const char *folder, const struct synth_plan *plan, const char *config, int64_t config_bytes,
                 int64_t shard_bytes, struct team_pool *team, struct progress *progress, int *shards,
                 struct sy_error *err) {
    struct writing w = { .folder = folder, .plan = plan, .team = team, .progress = progress };
    w.buffer = malloc((size_t)CHUNK_BYTES);
    w.shard_of = calloc((size_t)plan->count + 1, sizeof *w.shard_of);
    bool done = w.buffer && w.shard_of;
    if (!done) sy_fail(err, SY_ERR_MEMORY, "no memory for a buffer");
    if (done) cut_into_shards(&w, shard_bytes > 0 ? shard_bytes : SYNTH_SHARD_BYTES);
    done = done && write_all(&w, config, config_bytes, err);
    *shards = w.shards;
    free(w.buffer);
    free(w.shard_of);
    return done;
}
