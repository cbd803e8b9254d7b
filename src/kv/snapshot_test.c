#include "base/checked.h"
#include "base/os.h"
#include "base/random.h"
#include "kv/snapshot_file.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Two layers, the second with a window of 300. */
static void small_spec(struct spec *spec, struct arena *arena, bool latent) {
    arena_open(arena);
    spec_init(spec);
    spec->vocab = 100;
    spec->attention.kv_heads = 2;
    spec->attention.head_width = spec->attention.value_width = 4;
    if (latent) {
        spec->attention.kind = ATTENTION_LATENT;
        spec->attention.kv_lora_rank = 5;
        spec->attention.nope_width = 2;
    }
    assert_true(spec_layers(spec, arena, 2, NULL));
    spec->decoder.layers[1].window = WINDOW_SLIDING;
    spec->decoder.layers[1].window_size = 300;
}

static struct kv_snapshot_key some_key(void) {
    struct kv_snapshot_key key = { .arithmetic = "fast" };
    for (int i = 0; i < 32; i++) key.model[i] = (uint8_t)(i * 7 + 1);
    return key;
}

struct saved_sequence { /* a sequence, its pool, and what it was saved as */
    struct spec spec;
    struct arena arena;
    struct kv_pool *pool;
    struct kv_sequence *sequence;
    int64_t ids[2000], count;
    char path[TEST_PATH_MAX], *bytes;
    int64_t size;
    struct kv_snapshot_key key;
};

/* Bytes by place into the whole page of a position in each layer: rows that never ran, too. */
static void fill_pages(struct kv_sequence *s, int64_t from) {
    for (int64_t layer = 0; layer < s->layers; layer++) {
        unsigned char *page = kv_key(s, layer, from / KV_PAGE * KV_PAGE);
        for (int64_t i = 0; i < s->pool->layout.page_bytes; i++)
            page[i] = (unsigned char)(i * 31 + layer * 5 + from / KV_PAGE);
    }
}

static void save(struct saved_sequence *t, enum dtype dtype, bool latent, int64_t length, int64_t steps) {
    memset(t, 0, sizeof *t);
    small_spec(&t->spec, &t->arena, latent);
    t->key = some_key();
    assert_true(kv_pool_open(&t->spec, dtype, 16, &t->pool, NULL));
    assert_true(kv_sequence_open(t->pool, 1024, &t->sequence, NULL));
    for (int64_t at = 0; at < length; at += KV_PAGE) {
        int64_t n = min_i64(KV_PAGE, length - at);
        assert_true(kv_reserve(t->sequence, n, NULL));
        fill_pages(t->sequence, at);
        kv_commit(t->sequence, n, at + n > length - steps ? KV_BY_STEP : KV_BY_PROMPT);
    }
    t->count = length + 1;
    for (int64_t i = 0; i < t->count; i++) t->ids[i] = i * 37 % 100;
    test_temp_path(t->path, "kept");
    struct sy_error err = { 0 };
    if (!kv_snapshot_write(t->sequence, t->ids, t->count, &t->key, t->path, &err))
        fail_msg("%s", err.message);
    assert_true(os_read_file(t->path, 1 << 24, &t->bytes, &t->size, &err));
}

static void forget(struct saved_sequence *t) {
    free(t->bytes);
    kv_sequence_close(t->sequence);
    assert_int_equal(kv_pool_free_pages(t->pool), t->pool->page_count);
    kv_pool_close(t->pool);
    arena_close(&t->arena);
}

/* Must be refused; no page is taken. */
static struct sy_error refusal(struct saved_sequence *t, const void *bytes, int64_t size, int64_t positions) {
    struct sy_error err = { 0 };
    struct kv_sequence *sequence;
    int64_t *ids, count, before = kv_pool_free_pages(t->pool);
    if (kv_snapshot_parse(t->pool, positions, &t->key, bytes, size, &sequence, &ids, &count, &err))
        fail_msg("taken");
    assert_int_equal(kv_pool_free_pages(t->pool), before);
    assert_true(err.message[0] && err.remedy[0]);
    return err;
}

static void assert_same_rows(const struct kv_sequence *a, const struct kv_sequence *b, int64_t length) {
    const struct kv_layout *l = &a->pool->layout;
    int64_t heads = l->value_width ? a->pool->spec->attention.kv_heads : 1;
    for (int64_t layer = 0; layer < a->layers; layer++)
        for (int64_t p = 0; p < length; p++) {
            bool there = kv_pages(a, layer)[p / KV_PAGE] != NULL;
            assert_int_equal(there, kv_pages(b, layer)[p / KV_PAGE] != NULL);
            for (int64_t h = 0; there && h < heads; h++) {
                assert_memory_equal((char *)kv_key(a, layer, p) + h * l->key_head_stride,
                                    (char *)kv_key(b, layer, p) + h * l->key_head_stride,
                                    (size_t)l->key_stride);
                assert_memory_equal((char *)kv_value(a, layer, p) + h * l->value_head_stride,
                                    (char *)kv_value(b, layer, p) + h * l->value_head_stride,
                                    (size_t)l->value_stride);
            }
        }
}

TEST(what_was_saved_comes_back) {
    static const enum dtype types[] = { DTYPE_F32, DTYPE_F16, DTYPE_BF16, DTYPE_Q8_0 };
    static const int64_t lengths[] = { 0, 1, 256, 555, 1024 };
    for (int i = 0; i < 4 * 2 * 5; i++) {
        struct saved_sequence t;
        struct kv_sequence *back;
        struct sy_error err = { 0 };
        struct stat status;
        int64_t *ids, count, length = lengths[i / 8];
        save(&t, types[i % 4], i / 4 % 2, length, 100);
        assert_int_equal(stat(t.path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
        if (!kv_snapshot_read(t.pool, 1100, &t.key, t.path, &back, &ids, &count, &err))
            fail_msg("%s", err.message);
        assert_int_equal(kv_length(back), length);
        assert_int_equal(kv_room(back), 1100);
        assert_int_equal(count, t.count);
        assert_memory_equal(ids, t.ids, (size_t)count * sizeof *ids);
        assert_same_rows(t.sequence, back, length);
        assert_int_equal(back->rollback_to, t.sequence->rollback_to);
        if (length > 0)
            assert_int_equal(
                t.pool->roles[pool_index(t.pool, kv_pages(back, 0)[(length - 1) / KV_PAGE])],
                t.pool->roles[pool_index(t.pool, kv_pages(t.sequence, 0)[(length - 1) / KV_PAGE])]);
        free(ids);
        kv_sequence_close(back);
        forget(&t);
    }
}

/* The file holds nothing but what ran: a page's other rows may be another sequence's. */
TEST(a_snapshot_holds_no_rows_of_others) {
    struct saved_sequence a, b;
    save(&a, DTYPE_F32, false, 3, 0);
    save(&b, DTYPE_F32, false, 3, 0);
    struct kv_sequence *s = b.sequence;
    for (int64_t h = 0; h < 2; h++) memset((char *)kv_key(s, 0, 0) + h * 256 * 16 + 3 * 16, 1, 253 * 16);
    assert_true(kv_snapshot_write(s, b.ids, b.count, &b.key, b.path, NULL));
    free(b.bytes);
    assert_true(os_read_file(b.path, 1 << 24, &b.bytes, &b.size, NULL));
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.bytes, b.bytes, (size_t)a.size);
    forget(&a);
    forget(&b);
}

TEST(each_bit_of_a_snapshot_counts) {
    struct saved_sequence t;
    save(&t, DTYPE_Q8_0, false, 2, 1);
    for (int64_t bit = 0; bit < 8 * t.size; bit++) {
        t.bytes[bit / 8] ^= (char)(1 << bit % 8);
        struct sy_error err = refusal(&t, t.bytes, t.size, 1024);
        assert_int_equal(err.code, SY_ERR_FORMAT);
        t.bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    forget(&t);
}

static void seal(struct saved_sequence *t) {
    struct hash hash = hash_begin();
    hash_add(&hash, t->bytes, t->size - HASH_BYTES);
    hash_end(&hash, (uint8_t *)t->bytes + t->size - HASH_BYTES);
}

TEST(a_snapshot_that_was_cut_is_refused) {
    struct saved_sequence t;
    save(&t, DTYPE_F32, true, 2, 0);
    for (int64_t size = 0; size < t.size; size++) {
        char *exact = memcpy(malloc((size_t)size + 1), t.bytes, (size_t)size);
        assert_int_equal(refusal(&t, exact, size, 1024).code, SY_ERR_FORMAT);
        free(exact);
    }
    for (int64_t size = sizeof(struct snapshot_header) + HASH_BYTES; size < t.size; size++) {
        struct saved_sequence cut = t; /* and sealed again */
        cut.bytes = memcpy(malloc((size_t)size), t.bytes, (size_t)size);
        cut.size = size;
        seal(&cut);
        assert_int_equal(refusal(&cut, cut.bytes, size, 1024).code, SY_ERR_FORMAT);
        free(cut.bytes);
    }
    char *longer = calloc((size_t)t.size + 8, 1);
    memcpy(longer, t.bytes, (size_t)t.size);
    assert_int_equal(refusal(&t, longer, t.size + 8, 1024).code, SY_ERR_FORMAT);
    free(longer);
    forget(&t);
}

static void assert_refused_with(struct saved_sequence *t, const char *word) {
    seal(t);
    struct sy_error err = refusal(t, t->bytes, t->size, 1024);
    if (!strstr(err.message, word)) fail_msg("%s, wanted: %s", err.message, word);
}

/* Whole files that were made by something else: each names what. */
TEST(a_snapshot_of_something_else_is_refused_by_name) {
    struct saved_sequence t;
    save(&t, DTYPE_F16, false, 5, 0);
    struct snapshot_header *h = (void *)t.bytes, kept = *h;
    h->key.model[3] ^= 1, assert_refused_with(&t, "another model"), *h = kept;
    memcpy(h->key.arithmetic, "exact", 6), assert_refused_with(&t, "precision exact, and this is fast"),
        *h = kept;
    h->dtype = DTYPE_Q8_0, assert_refused_with(&t, "a cache of Q8_0, and this is F16"), *h = kept;
    h->dtype = 1000, assert_refused_with(&t, "cache of ?"), *h = kept;
    h->version = 2, assert_refused_with(&t, "version 2"), *h = kept;
    memset(h->key.arithmetic, 'x', 64), assert_refused_with(&t, "no version writes"), *h = kept;
    h->key.arithmetic[5] = '\n', h->key.arithmetic[4] = 'x', assert_refused_with(&t, "precision fastx?"),
    *h = kept;
    h->long_rope = 1, assert_refused_with(&t, "contradicts the model"), *h = kept;
    int64_t *const fields[] = { &h->layers, &h->heads, &h->key_width, &h->value_width };
    for (int i = 0; i < 4; i++) ++*fields[i], assert_refused_with(&t, "contradicts the model"), *h = kept;
    seal(&t);
    assert_int_equal(refusal(&t, t.bytes, t.size, 4).code, SY_ERR_LIMIT); /* no room */
    forget(&t);
}

/* Counts of any size, with a checksum that is right: refused before anything is allocated by them. */
TEST(hostile_counts_of_a_snapshot_are_refused) {
    static const int64_t wild[] = {
        -1,        1,        6, 7, 255, 256, 1 << 20, INT32_MAX, 1L << 40, INT64_MAX / 8, INT64_MAX / 4,
        INT64_MAX, INT64_MIN
    };
    struct saved_sequence t;
    save(&t, DTYPE_F16, false, 5, 0);
    struct snapshot_header *h = (void *)t.bytes, kept = *h;
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++)
        for (int field = 0; field < 3; field++)
            for (size_t j = 0; j < sizeof wild / sizeof *wild; j++) {
                *(field == 0 ? &h->length : field == 1 ? &h->id_count : &h->body_bytes) = wild[i];
                if (field < 2) h->body_bytes = j == 0 ? kept.body_bytes : wild[j];
                if (memcmp(h, &kept, sizeof kept) != 0) {
                    seal(&t);
                    struct sy_error err = refusal(&t, t.bytes, t.size, INT64_MAX / 512);
                    assert_true(err.code == SY_ERR_FORMAT || err.code == SY_ERR_LIMIT);
                }
                *h = kept;
            }
    int64_t *ids = (void *)(t.bytes + sizeof *h);
    ids[5] = 100, assert_refused_with(&t, "not in the vocabulary"), ids[5] = -1;
    assert_refused_with(&t, "not in the vocabulary"), ids[5] = 1;
    char *table = t.bytes + sizeof *h + 6 * 8;
    for (int i = 0; i < 8; i++) {
        char was = table[i];
        table[i] = i < 2 ? 4 : 1, assert_refused_with(&t, "table of pages");
        table[i] = i < 2 ? 0 : 2, assert_refused_with(&t, "table of pages");
        table[i] = was;
    }
    forget(&t);
}

TEST(a_snapshot_needs_free_pages) {
    struct saved_sequence t;
    struct kv_sequence *hog;
    save(&t, DTYPE_F32, false, 300, 0);
    assert_true(kv_sequence_open(t.pool, 4096, &hog, NULL));
    assert_true(kv_reserve(hog, 5 * KV_PAGE, NULL)); /* 16 - 4 - 10 = 2 are left */
    assert_int_equal(refusal(&t, t.bytes, t.size, 1024).code, SY_ERR_MEMORY);
    kv_sequence_close(hog);
    forget(&t);
}

/* Whatever call of the system fails, what stood there before still stands, or the new file does. */
TEST(a_snapshot_is_whole_or_not_there) {
    struct saved_sequence t;
    save(&t, DTYPE_F32, false, 300, 0);
    bool done = false;
    for (int64_t at = 1; !done; at++) {
        struct os_fault_plan plan = { .fault = OS_FAULT_FAIL, .at = at };
        struct sy_error err = { 0 };
        char *now;
        int64_t size;
        os_fault_install(&plan);
        done = kv_snapshot_write(t.sequence, t.ids, t.count, &t.key, t.path, &err);
        os_fault_install(NULL);
        if (done && plan.calls >= at) done = false; /* a fault that did not matter */
        if (!done && err.code) assert_string_equal(err.file, t.path);
        assert_true(os_read_file(t.path, 1 << 24, &now, &size, &err));
        assert_int_equal(size, t.size);
        assert_memory_equal(now, t.bytes, (size_t)size);
        free(now);
    }
    struct sy_error err = { 0 };
    assert_false(kv_snapshot_write(t.sequence, t.ids, 299, &t.key, t.path, &err));
    assert_int_equal(err.code, SY_ERR_USAGE);
    forget(&t);
}

int fuzz_snapshot(const uint8_t *bytes, size_t size);
size_t fuzz_snapshot_mutate(uint8_t *bytes, size_t size, size_t room, unsigned seed);

TEST(mutated_snapshots) {
    static uint8_t bytes[8192];
    struct random random = random_seed(2026);
    size_t size = 0;
    for (int i = 0; i < 20000; i++) {
        if (random_below(&random, 6) == 0) size = 0;
        size = fuzz_snapshot_mutate(bytes, size, sizeof bytes, (unsigned)random_u64(&random));
        uint8_t *exact = malloc(size + (size == 0));
        memcpy(exact, bytes, size);
        fuzz_snapshot(exact, size);
        free(exact);
    }
}
