/*
 * A short run of the fuzz targets with a fixed seed (the long one is `make fuzz`): chains of mutations from
 * valid files. And what the reader accepts, the writer writes back: read again, it is the same.
 */
#include "base/random.h"
#include "formats/safetensors_test.h"

enum { ROUNDS = 20000, ROOM = 8192, CHAIN_MAX = 6, REWRITTEN_MAX = 40 };

int fuzz_safetensors(const uint8_t *bytes, size_t size);
size_t fuzz_safetensors_mutate(uint8_t *bytes, size_t size, size_t room, unsigned seed);
int fuzz_index(const uint8_t *bytes, size_t size);
size_t fuzz_index_mutate(uint8_t *bytes, size_t size, size_t room, unsigned seed);

/* Runs `rounds` mutations, each input in a block of exactly its size; `then` sees the input too. */
static void run(int (*target)(const uint8_t *, size_t), size_t (*mutate)(uint8_t *, size_t, size_t, unsigned),
                void (*then)(const uint8_t *, size_t)) {
    static uint8_t bytes[ROOM];
    struct random random = random_seed(2026);
    size_t size = 0;
    for (int i = 0; i < ROUNDS; i++) {
        if (random_below(&random, CHAIN_MAX) == 0) size = 0;
        size = mutate(bytes, size, ROOM, (unsigned)random_u64(&random));
        assert_true(size <= ROOM);
        uint8_t *exact = malloc(size + (size == 0));
        memcpy(exact, bytes, size);
        target(exact, size);
        if (then) then(exact, size);
        free(exact);
    }
}

static bool rewrite(const struct checkpoint *checkpoint, const char *path) {
    struct safetensors_writer *writer;
    struct sy_error err;
    bool good = safetensors_writer_open(path, false, &writer, &err);
    assert_true(good);
    for (int64_t i = 0; i < checkpoint->count; i++) {
        const struct tensor *tensor = &checkpoint->tensors[i];
        good = good &&
               safetensors_declare(writer, tensor->name, tensor->dtype, tensor->rank, tensor->shape, &err);
    }
    for (int64_t i = 0; i < checkpoint->count; i++) {
        good = good &&
               safetensors_write(writer, checkpoint->tensors[i].data, checkpoint->tensors[i].bytes, &err);
    }
    return good && safetensors_writer_commit(writer, &err);
}

static void assert_equal(const struct checkpoint *a, const struct checkpoint *b) {
    assert_int_equal(a->count, b->count);
    for (int64_t i = 0; i < a->count; i++) {
        const struct tensor *x = &a->tensors[i], *y = &b->tensors[i];
        assert_string_equal(x->name, y->name);
        assert_true(x->dtype == y->dtype && x->rank == y->rank && x->bytes == y->bytes);
        assert_memory_equal(x->shape, y->shape, sizeof x->shape);
        assert_memory_equal(x->data, y->data, (size_t)x->bytes);
    }
}

static void write_back(const uint8_t *bytes, size_t size) {
    static int rewritten;
    struct checkpoint first, second;
    if (rewritten == REWRITTEN_MAX) return;
    if (!checkpoint_open_memory(&(struct memory_file){ "m", bytes, (int64_t)size }, 1, &first, NULL)) return;
    char path[TEST_PATH_MAX];
    for (int64_t i = 0; i < first.count; i++) {
        if (first.tensors[i].dtype != DTYPE_COUNT) continue;
        checkpoint_close(&first); /* nobody writes a type that is not read */
        return;
    }
    test_temp_path(path, "back.safetensors");
    assert_true(rewrite(&first, path));
    assert_true(checkpoint_open(path, &second, NULL));
    assert_equal(&first, &second);
    checkpoint_close(&first);
    checkpoint_close(&second);
    rewritten++;
}

TEST(mutated_safetensors) {
    run(fuzz_safetensors, fuzz_safetensors_mutate, write_back);
}

TEST(mutated_indices) {
    run(fuzz_index, fuzz_index_mutate, NULL);
}
