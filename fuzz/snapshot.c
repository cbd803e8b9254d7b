/*
 * Fuzzing saved keys and values: the input is a file. The mutator strikes a field of the header, an id or the
 * table of pages, and mostly puts the checksum right again, so that what lies behind it is reached.
 */
#include "base/random.h"
#include "check.h"
#include "kv/snapshot_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POSITIONS = 600, VOCAB = 50, PAGES = 12, LENGTH = 290, IDS = LENGTH + 1 };

__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t room);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);

static long long inputs, deep, good;

static void print_counts(void) {
    fprintf(stderr, "fuzz: %lld of %lld inputs past the header, %lld accepted\n", deep, inputs, good);
}

/* A model of two layers, the second with a window, and a pool for it. */
static struct kv_pool *pool_of(struct spec *spec, struct layer_spec layers[2]) {
    struct kv_pool *pool;
    spec_init(spec);
    spec->vocab = VOCAB;
    spec->attention.kv_heads = 1;
    spec->attention.head_width = spec->attention.value_width = 2;
    for (int l = 0; l < 2; l++) layers[l] = (struct layer_spec){ .rope = true };
    layers[1].window = WINDOW_SLIDING;
    layers[1].window_size = 20;
    spec->decoder.layers = layers;
    spec->decoder.layer_count = 2;
    MUST(kv_pool_open(spec, DTYPE_F16, PAGES, &pool, NULL));
    return pool;
}

static struct kv_snapshot_key key_of(void) {
    return (struct kv_snapshot_key){ .model = { 7 }, .arithmetic = "fast" };
}

static void check_good(const struct kv_pool *pool, const struct kv_sequence *s, const int64_t *ids,
                       int64_t count) {
    volatile unsigned char sink = 0;
    MUST(kv_length(s) >= 0 && kv_length(s) <= POSITIONS && count >= kv_length(s));
    for (int64_t i = 0; i < count; i++) MUST(ids[i] >= 0 && ids[i] < VOCAB);
    for (int64_t layer = 0; layer < 2; layer++)
        for (int64_t p = kv_first_visible(&pool->spec->decoder.layers[layer], kv_length(s)); p < kv_length(s);
             p++) {
            MUST(kv_pages(s, layer)[p / KV_PAGE]);
            sink ^= *(unsigned char *)kv_key(s, layer, p) ^ *(unsigned char *)kv_value(s, layer, p);
        }
    (void)sink;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct spec spec;
    struct layer_spec layers[2];
    struct kv_pool *pool = pool_of(&spec, layers);
    struct kv_snapshot_key key = key_of();
    struct kv_sequence *s;
    struct sy_error err = { .code = SY_OK };
    int64_t *ids, count;
    if (inputs++ == 0) atexit(print_counts);
    if (kv_snapshot_parse(pool, POSITIONS, &key, bytes, (int64_t)size, &s, &ids, &count, &err)) {
        good++;
        deep++;
        check_good(pool, s, ids, count);
        free(ids);
        kv_sequence_close(s);
    } else {
        deep += !strstr(err.message, "damaged") && !strstr(err.message, "cut off");
        MUST(err.code == SY_ERR_FORMAT || err.code == SY_ERR_INPUT || err.code == SY_ERR_LIMIT);
        MUST(err.message[0] && err.remedy[0]);
    }
    MUST(kv_pool_free_pages(pool) == PAGES);
    kv_pool_close(pool);
    return 0;
}

/* ---- mutation ---- */

/* A valid file of LENGTH positions. Returns its size, 0 where there is no room. */
static size_t make_seed(uint8_t *bytes, size_t room) {
    struct spec spec;
    struct layer_spec layers[2];
    struct kv_pool *pool = pool_of(&spec, layers);
    struct snapshot_body body;
    MUST(snapshot_body_of(pool, LENGTH, IDS, &body));
    struct snapshot_header h = {
        .version = SNAPSHOT_VERSION,
        .header_bytes = sizeof h,
        .key = key_of(),
        .dtype = DTYPE_F16,
        .page = KV_PAGE,
        .layers = 2,
        .heads = 1,
        .key_width = 2,
        .value_width = 2,
        .length = LENGTH,
        .id_count = IDS,
        .body_bytes = body.ids_bytes + body.table_bytes + body.page_bytes,
    };
    memcpy(h.magic, SNAPSHOT_MAGIC, sizeof h.magic);
    size_t size = sizeof h + (size_t)h.body_bytes + HASH_BYTES;
    if (size <= room) {
        memset(bytes, 0, size);
        memcpy(bytes, &h, sizeof h);
        for (int64_t layer = 0; layer < 2; layer++)
            for (int64_t p = 0; p < body.pages; p++)
                bytes[sizeof h + (size_t)(body.ids_bytes + layer * body.pages + p)] =
                    snapshot_holds(pool, layer, p, LENGTH);
    }
    kv_pool_close(pool);
    return size <= room ? size : 0;
}

static int64_t boundary(struct random *random, int64_t was) {
    static const int64_t values[] = { 0,         1,        -1,       2,         255,
                                      256,       257,      512,      600,       601,
                                      INT32_MAX, 1L << 32, 1L << 40, INT64_MAX, INT64_MAX / 8,
                                      INT64_MIN, -8,       1L << 61 };
    if (random_below(random, 2)) return (int64_t)((uint64_t)was + random_below(random, 17) - 8);
    return values[random_below(random, sizeof values / sizeof *values)];
}

static void strike(uint8_t *bytes, size_t size, struct random *random) {
    struct snapshot_header h;
    memcpy(&h, bytes, sizeof h);
    int64_t *const wide[] = { &h.layers, &h.heads,    &h.key_width,  &h.value_width,
                              &h.length, &h.id_count, &h.body_bytes, &h.length };
    uint32_t *const narrow[] = { &h.version, &h.header_bytes, &h.dtype, &h.page, &h.long_rope, &h.zero };
    size_t body = size - sizeof h - HASH_BYTES;
    switch (random_below(random, 8)) {
    case 0:
    case 1:
    case 2: {
        int64_t *field = wide[random_below(random, 8)];
        *field = boundary(random, *field);
        break;
    }
    case 3: {
        uint32_t *field = narrow[random_below(random, 6)];
        *field = (uint32_t)boundary(random, *field);
        break;
    }
    case 4: h.key.arithmetic[random_below(random, 64)] = (char)random_u64(random); break;
    case 5: h.key.model[random_below(random, 32)] ^= (uint8_t)(1 + random_below(random, 255)); break;
    case 6: /* an id */
        if (body >= 8) {
            int64_t id = boundary(random, VOCAB);
            memcpy(bytes + sizeof h + random_below(random, body / 8) * 8, &id, sizeof id);
        }
        break;
    default: /* the table, or any other byte */
        if (body > 0) {
            size_t at =
                random_below(random, 2) ? IDS * 8 + random_below(random, 8) : random_below(random, body);
            if (at < body) bytes[sizeof h + at] = (uint8_t)random_below(random, 6);
        }
    }
    memcpy(bytes, &h, sizeof h);
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed) {
    struct random random = random_seed(seed);
    if (size < sizeof(struct snapshot_header) + HASH_BYTES || random_below(&random, 16) == 0)
        size = make_seed(bytes, room);
    if (size == 0) return 0;
    for (uint64_t i = random_below(&random, 3) + 1; i > 0; i--) strike(bytes, size, &random);
    if (random_below(&random, 12) == 0) { /* shorter or longer, the header told so or not */
        size_t least = sizeof(struct snapshot_header) + HASH_BYTES;
        size = least + (size_t)random_below(&random, size - least + 16);
        if (size > room) size = room;
        int64_t body = (int64_t)(size - least);
        if (random_below(&random, 2))
            memcpy(bytes + offsetof(struct snapshot_header, body_bytes), &body, sizeof body);
    }
    if (random_below(&random, 8)) {
        struct hash hash = hash_begin();
        hash_add(&hash, bytes, (int64_t)size - HASH_BYTES);
        hash_end(&hash, bytes + size - HASH_BYTES);
    } else if (LLVMFuzzerMutate) {
        size = LLVMFuzzerMutate(bytes, size, room);
    }
    return size;
}
