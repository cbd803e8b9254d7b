#include "hostile.h"

#include "base/os.h"
#include "engine/session.h"
#include "golden_weights.h"

#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the checkpoint ---- */

static const char config_text[] =
    "{\"architectures\": [\"MixtralForCausalLM\"], \"model_type\": \"mixtral\", \"vocab_size\": 11, "
    "\"hidden_size\": 8, \"intermediate_size\": 6, \"num_hidden_layers\": 1, \"num_attention_heads\": 2, "
    "\"num_key_value_heads\": 1, \"head_dim\": 4, \"num_local_experts\": 3, \"num_experts_per_tok\": 2, "
    "\"max_position_embeddings\": 64, \"rms_norm_eps\": 1e-05, \"rope_theta\": 10000.0, "
    "\"tie_word_embeddings\": false, \"bos_token_id\": 1, \"eos_token_id\": 2}";

struct hostile_tensor *hostile_tensor(struct hostile *hostile, const char *name) {
    for (int i = 0; i < hostile->count; i++)
        if (strcmp(hostile->tensors[i].name, name) == 0) return &hostile->tensors[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

struct hostile_tensor *hostile_add(struct hostile *hostile, const char *name, const char *dtype, int bits,
                                   int rank, const int64_t *shape) {
    assert_true(hostile->count < HOSTILE_TENSORS && rank <= 3);
    struct hostile_tensor *tensor = &hostile->tensors[hostile->count++];
    *tensor = (struct hostile_tensor){ .dtype = dtype, .rank = rank };
    snprintf(tensor->name, sizeof tensor->name, "%s", name);
    int64_t elements = 1;
    for (int i = 0; i < rank; i++) elements *= tensor->shape[i] = shape[i];
    tensor->bytes = elements * bits / 8;
    tensor->data = calloc((size_t)tensor->bytes + 1, 1);
    assert_non_null(tensor->data);
    return tensor;
}

static void add_values(struct hostile *hostile, const char *name, int64_t rows, int64_t cols) {
    int64_t shape[2] = { rows, cols };
    bool norm = rows == 0;
    struct hostile_tensor *tensor =
        hostile_add(hostile, name, "BF16", 16, norm ? 1 : 2, norm ? shape + 1 : shape);
    for (int64_t i = 0; i < tensor->bytes / 2; i++) {
        uint16_t code = golden_bf16(golden_mix(golden_hash(name), (uint64_t)i), norm, norm ? 0.25f : 0.5f);
        memcpy(tensor->data + 2 * i, &code, sizeof code);
    }
}

void hostile_open(struct hostile *hostile) {
    *hostile = (struct hostile){ .count = 0 };
    hostile->config = json_loads(config_text, 0, NULL);
    assert_non_null(hostile->config);
    add_values(hostile, "model.embed_tokens.weight", HOSTILE_VOCAB, 8);
    add_values(hostile, "model.layers.0.input_layernorm.weight", 0, 8);
    add_values(hostile, "model.layers.0.post_attention_layernorm.weight", 0, 8);
    add_values(hostile, "model.layers.0.self_attn.q_proj.weight", 8, 8);
    add_values(hostile, "model.layers.0.self_attn.k_proj.weight", 4, 8);
    add_values(hostile, "model.layers.0.self_attn.v_proj.weight", 4, 8);
    add_values(hostile, "model.layers.0.self_attn.o_proj.weight", 8, 8);
    add_values(hostile, "model.layers.0.block_sparse_moe.gate.weight", HOSTILE_EXPERTS, 8);
    for (int e = 0; e < HOSTILE_EXPERTS; e++)
        for (int w = 1; w <= 3; w++) {
            char name[96];
            snprintf(name, sizeof name, "model.layers.0.block_sparse_moe.experts.%d.w%d.weight", e, w);
            add_values(hostile, name, w == 2 ? 8 : 6, w == 2 ? 6 : 8);
        }
    add_values(hostile, "model.norm.weight", 0, 8);
    add_values(hostile, "lm_head.weight", HOSTILE_VOCAB, 8);
}

void hostile_remove(struct hostile *hostile, const char *name) {
    struct hostile_tensor *tensor = hostile_tensor(hostile, name);
    free(tensor->data);
    int at = (int)(tensor - hostile->tensors);
    memmove(tensor, tensor + 1, (size_t)(--hostile->count - at) * sizeof *tensor);
}

void hostile_close(struct hostile *hostile) {
    for (int i = 0; i < hostile->count; i++) free(hostile->tensors[i].data);
    json_decref(hostile->config);
}

/* ---- files ---- */

void hostile_file(const char *name, const void *bytes, int64_t size) {
    char path[TEST_PATH_MAX];
    test_temp_path(path, name);
    unlink(path); /* it may be a link */
    FILE *file = fopen(path, "wb");
    if (!file) fail_msg("%s: %s", path, strerror(errno));
    assert_int_equal(fwrite(bytes, 1, (size_t)size, file), size);
    assert_int_equal(fclose(file), 0);
}

char *hostile_header(const struct hostile *hostile) {
    char *text = NULL;
    size_t size;
    int64_t at = 0;
    FILE *file = open_memstream(&text, &size);
    assert_non_null(file);
    for (int i = 0; i < hostile->count; i++) {
        const struct hostile_tensor *t = &hostile->tensors[i];
        fprintf(file, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[", i ? "," : "{", t->name, t->dtype);
        for (int d = 0; d < t->rank; d++) fprintf(file, "%s%lld", d ? "," : "", (long long)t->shape[d]);
        fprintf(file, "],\"data_offsets\":[%lld,%lld]}", (long long)at, (long long)(at + t->bytes));
        at += t->bytes;
    }
    fprintf(file, "%s}", hostile->count ? "" : "{");
    fclose(file);
    return text;
}

void hostile_write_header(const struct hostile *hostile, const char *header) {
    char *bytes = NULL;
    size_t size;
    uint64_t length = strlen(header); /* little endian, as this machine */
    FILE *file = open_memstream(&bytes, &size);
    assert_non_null(file);
    fwrite(&length, sizeof length, 1, file);
    fwrite(header, 1, length, file);
    for (int i = 0; i < hostile->count; i++)
        fwrite(hostile->tensors[i].data, 1, (size_t)hostile->tensors[i].bytes, file);
    fclose(file);
    hostile_file("model.safetensors", bytes, (int64_t)size);
    free(bytes);
}

void hostile_config_text(const char *text) {
    hostile_file("config.json", text, (int64_t)strlen(text));
}

void hostile_config(const json_t *config) {
    char *text = json_dumps(config, 0);
    assert_non_null(text);
    hostile_config_text(text);
    free(text);
}

void hostile_write_config(const struct hostile *hostile) {
    hostile_config(hostile->config);
}

void hostile_write(const struct hostile *hostile) {
    char *header = hostile_header(hostile);
    hostile_write_header(hostile, header);
    hostile_write_config(hostile);
    free(header);
}

char *hostile_replace(const char *text, const char *from, const char *to) {
    const char *at = strstr(text, from);
    char *changed = NULL;
    if (!at) fail_msg("no \"%s\" in the header", from);
    assert_true(asprintf(&changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) >= 0);
    return changed;
}

/* Weights of an earlier case. */
static void remove_weights(void) {
    DIR *list = opendir(test_temp_dir());
    char path[TEST_PATH_MAX];
    assert_non_null(list);
    for (struct dirent *entry; (entry = readdir(list));) {
        if (strncmp(entry->d_name, "model", 5) != 0) continue;
        test_temp_path(path, entry->d_name);
        unlink(path);
    }
    closedir(list);
}

json_t *hostile_golden(const char *name) {
    char folder[TEST_PATH_MAX], place[128], target[TEST_PATH_MAX * 2], link[TEST_PATH_MAX];
    snprintf(place, sizeof place, "tests/golden/%s", name);
    test_source(folder, place);
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);
    assert_true(count > 0);
    remove_weights();
    for (int i = 0; i < count; i++) {
        if (strncmp(entries[i]->d_name, "model", 5) == 0) {
            snprintf(target, sizeof target, "%s/%s", folder, entries[i]->d_name);
            test_temp_path(link, entries[i]->d_name);
            assert_int_equal(symlink(target, link), 0);
        }
        free(entries[i]);
    }
    free(entries);
    snprintf(target, sizeof target, "%s/config.json", folder);
    json_t *config = json_load_file(target, 0, NULL);
    assert_non_null(config);
    return config;
}

void hostile_own(const char *name) {
    char path[TEST_PATH_MAX], *bytes;
    int64_t size;
    struct sy_error err = { 0 };
    test_temp_path(path, name);
    if (!os_read_file(path, 1 << 24, &bytes, &size, &err)) fail_msg("%s: %s", path, err.message);
    hostile_file(name, bytes, size);
    free(bytes);
}

/* ---- what must hold ---- */

static void one_line(const char *text) {
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f) fail_msg("an error's text holds byte %d: %s", *c, text);
}

void hostile_sound(const struct sy_error *err, bool anonymous) {
    char line[1024];
    sy_error_line(err, line, sizeof line);
    one_line(err->file);
    one_line(err->place);
    one_line(err->message);
    one_line(err->remedy);
    one_line(line);
    if (err->code == SY_OK || err->code == SY_ERR_INTERNAL) fail_msg("code %d: %s", (int)err->code, line);
    if (!err->message[0]) fail_msg("no message: %s", line);
    if (!err->remedy[0]) fail_msg("no remedy: %s", line);
    if (!anonymous && !err->file[0]) fail_msg("no file: %s", line);
}

struct sy_error hostile_refused_at(const char *path, const char *file, const char *place) {
    struct sy_error err = { 0 };
    struct model model;
    char line[1024];
    if (model_open(path, false, &model, &err)) fail_msg("the model opened");
    hostile_sound(&err, false);
    sy_error_line(&err, line, sizeof line);
    size_t length = strlen(err.file), suffix = strlen(file);
    if (length < suffix || strcmp(err.file + length - suffix, file) != 0)
        fail_msg("the error's file should be %s: %s", file, line);
    if (place && !strstr(err.place, place)) fail_msg("the error's place should be %s: %s", place, line);
    return err;
}

struct sy_error hostile_refused(const char *file, const char *place) {
    return hostile_refused_at(test_temp_dir(), file, place);
}

static bool take(void *argument, int64_t feed, int64_t index, const float *logits, struct sy_error *err) {
    (void)feed, (void)index, (void)logits, (void)err;
    ++*(int64_t *)argument;
    return true;
}

static bool runs(enum precision precision, const int64_t *ids, int64_t count, struct sy_error *err) {
    struct session session;
    struct session_options options = { .threads = 1,
                                       .precision = precision,
                                       .kv = -1,
                                       .cpu = LEVEL_COUNT - 1,
                                       .context = 32,
                                       .rows = 16,
                                       .memory = 1 << 28 };
    int64_t rows = 0;
    struct feed feed = { .ids = ids, .count = count, .every_logits = true };
    struct feed_sink sink = { &rows, take, NULL };
    *err = (struct sy_error){ 0 };
    if (!session_open(test_temp_dir(), &options, &session, err)) {
        hostile_sound(err, false);
        return false;
    }
    bool ok = session_check_ids(&session, ids, count, err) &&
              session_sequence(&session, count, &feed.sequence, err) &&
              session_feed(&session, &feed, 1, 0, &sink, err);
    kv_sequence_close(feed.sequence);
    session_close(&session);
    if (ok) assert_int_equal(rows, count);
    if (!ok) hostile_sound(err, true);
    return ok;
}

bool hostile_runs(const int64_t *ids, int64_t count, struct sy_error *err) {
    return runs(PRECISION_EXACT, ids, count, err);
}

bool hostile_runs_fast(const int64_t *ids, int64_t count, struct sy_error *err) {
    return runs(PRECISION_FAST, ids, count, err);
}

void hostile_accepted(void) {
    int64_t ids[HOSTILE_VOCAB];
    struct sy_error err;
    char line[1024];
    for (int64_t i = 0; i < HOSTILE_VOCAB; i++) ids[i] = i;
    if (!hostile_runs(ids, HOSTILE_VOCAB, &err)) fail_msg("%s", sy_error_line(&err, line, sizeof line));
}

/* ---- what is held ---- */

enum { HEAP_SLACK = 16384 }; /* malloc's caches count as used; thousands of leaks are more than that */

static int64_t count_open_files(void) {
    DIR *list = opendir("/proc/self/fd");
    int64_t count = 0;
    assert_non_null(list);
    while (readdir(list)) count++;
    closedir(list);
    return count;
}

/* Mappings of files below the test's folder. */
static int64_t count_mappings(void) {
    FILE *file = fopen("/proc/self/maps", "r");
    char *line = NULL;
    size_t room = 0;
    int64_t count = 0;
    assert_non_null(file);
    while (getline(&line, &room, file) >= 0) count += strstr(line, test_temp_dir()) != NULL;
    free(line);
    fclose(file);
    return count;
}

struct hostile_held hostile_held(void) {
    struct hostile_held held = { 0, count_open_files(), count_mappings() };
    struct mallinfo2 heap = mallinfo2(); /* under a sanitizer all 0; it looks for leaks itself */
    held.heap = (int64_t)(heap.uordblks + heap.hblkhd);
    return held;
}

void hostile_same(struct hostile_held before) {
    struct hostile_held now = hostile_held();
    assert_int_equal(now.files, before.files);
    assert_int_equal(now.mappings, before.mappings);
    if (now.heap > before.heap + HEAP_SLACK)
        fail_msg("the heap grew by %lld bytes", (long long)(now.heap - before.heap));
}
