/*
 * Fuzzing the GGUF writer: what the reader accepted is written back and must read the same, after the writer
 * was also asked for things that it must refuse. Files are held in memory, by way of /dev/fd.
 */
#include "gguf_inputs.h"
#include "gguf_mutate.h"

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);

static bool is_writers(const char *key) {
    return strcmp(key, GGUF_ALIGNMENT_KEY) == 0 || strncmp(key, "split.", 6) == 0;
}

/* Boundaries, of which most must be refused and none may hurt. What got in stays in: *added counts. */
static void ask_much(struct gguf_writer *writer, struct random *random, int64_t *declared, int64_t *set) {
    static const int64_t sides[] = { 0,         1,         2,         32,        256,
                                     -1,        7,         1ll << 31, 1ll << 32, 1ll << 58,
                                     1ll << 62, INT64_MAX, INT64_MIN, 1ll << 42, (1ll << 42) + 1 };
    static const char *const names[] = { "",   "\n", "\xff", "split.count", GGUF_ALIGNMENT_KEY,
                                         "k0", "t0", "zz",   "a b" };
    int64_t shape[6];
    for (int i = 0; i < 6; i++) shape[i] = sides[random_below(random, sizeof sides / sizeof *sides)];
    enum dtype dtype = (enum dtype)random_below(random, DTYPE_COUNT);
    const char *name = names[random_below(random, 9)], *key = names[random_below(random, 9)];
    *declared += gguf_declare(writer, name, dtype, (int)random_below(random, 7), shape, NULL);
    struct gguf_value value = { .type = (enum gguf_type)random_below(random, GGUF_TYPE_COUNT + 1) };
    value.i = shape[0];
    if (value.type == GGUF_STRING)
        value.text = (struct gguf_text){ "text", (int64_t)random_below(random, 5) };
    if (value.type == GGUF_ARRAY) {
        value.array.type = (enum gguf_type)random_below(random, GGUF_TYPE_COUNT + 1);
        value.array.count = 0;
        value.array.bytes = NULL;
        value.array.items = NULL;
    }
    *set += gguf_set(writer, key, &value, NULL);
}

static bool same_value(const struct gguf_value *a, const struct gguf_value *b) {
    if (a->type != b->type) return false;
    if (a->type == GGUF_STRING)
        return a->text.size == b->text.size && memcmp(a->text.data, b->text.data, (size_t)a->text.size) == 0;
    if (a->type != GGUF_ARRAY) return a->u == b->u;
    int64_t each = gguf_scalar_bytes(a->array.type), count = a->array.count;
    if (a->array.type != b->array.type || count != b->array.count) return false;
    if (each > 0) return memcmp(a->array.bytes, b->array.bytes, (size_t)(count * each)) == 0;
    for (int64_t i = 0; i < count; i++) {
        if (!same_value(&a->array.items[i], &b->array.items[i])) return false;
    }
    return true;
}

static void must_be_same(const struct checkpoint *checkpoint, const struct gguf *gguf,
                         const struct inputs *written) {
    struct checkpoint again;
    struct gguf keys;
    MUST(gguf_open_memory(written->files, 1, &again, &keys, NULL));
    accepted_must_hold(written, &again, &keys);
    for (int64_t i = 0; i < gguf->key_count; i++) {
        if (is_writers(gguf->keys[i].name)) continue;
        const struct gguf_value *value = gguf_find(&keys, gguf->keys[i].name);
        MUST(value && same_value(value, &gguf->keys[i].value));
    }
    for (int64_t i = 0; i < checkpoint->count; i++) {
        const struct tensor *a = &checkpoint->tensors[i], *b = checkpoint_find(&again, a->name);
        if (a->dtype == DTYPE_COUNT) continue;
        MUST(b && a->dtype == b->dtype && a->rank == b->rank && a->bytes == b->bytes);
        MUST(memcmp(a->shape, b->shape, sizeof a->shape) == 0);
        MUST(memcmp(a->data, b->data, (size_t)a->bytes) == 0);
    }
    checkpoint_close(&again);
}

static void give_all(struct gguf_writer *writer, const struct checkpoint *checkpoint, struct random *random) {
    for (int64_t i = 0; i < checkpoint->count; i++) {
        const struct tensor *tensor = &checkpoint->tensors[i];
        if (tensor->dtype == DTYPE_COUNT) continue;
        int64_t cut = (int64_t)random_below(random, (uint64_t)tensor->bytes + 1);
        MUST(gguf_write(writer, tensor->data, cut, NULL));
        MUST(gguf_write(writer, tensor->data + cut, tensor->bytes - cut, NULL));
    }
}

static void write_back(const struct checkpoint *checkpoint, const struct gguf *gguf, struct random *random) {
    struct gguf_writer *writer;
    char path[32];
    int fd = memfd_create("gguf", MFD_CLOEXEC);
    int64_t declared = 0, set = 0;
    snprintf(path, sizeof path, "/dev/fd/%d", fd);
    MUST(fd >= 0 && gguf_writer_open(path, &writer, NULL));
    for (int64_t i = 0; i < gguf->key_count; i++) {
        const struct gguf_key *key = &gguf->keys[i];
        MUST(gguf_set(writer, key->name, &key->value, NULL) != is_writers(key->name));
    }
    for (int64_t i = 0; i < checkpoint->count; i++) {
        const struct tensor *a = &checkpoint->tensors[i];
        if (a->dtype == DTYPE_COUNT) continue;
        MUST(gguf_declare(writer, a->name, a->dtype, a->rank, a->shape, NULL));
    }
    if (random_below(random, 2)) ask_much(writer, random, &declared, &set);
    give_all(writer, checkpoint, random);
    bool good = gguf_writer_commit(writer, NULL);
    MUST(good == (declared == 0)); /* nobody gave the data of what was declared in between */
    off_t size = lseek(fd, 0, SEEK_END);
    unsigned char *bytes = good ? malloc((size_t)size) : NULL;
    if (good) {
        MUST(size > 0 && bytes && pread(fd, bytes, (size_t)size, 0) == size);
        must_be_same(checkpoint, gguf, &(struct inputs){ { { "back", bytes, size } }, 1 });
    }
    free(bytes);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct inputs inputs = inputs_of(bytes, size);
    struct random random = random_seed(random_hash(bytes, size, 1));
    struct checkpoint checkpoint;
    struct gguf gguf;
    if (inputs_open(&inputs, &checkpoint, &gguf)) write_back(&checkpoint, &gguf, &random);
    checkpoint_close(&checkpoint);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed) {
    return gguf_mutate(bytes, size, room, seed);
}
