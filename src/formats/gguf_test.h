/*
 * For the tests of GGUF: files drawn field by field, right or wrong, and what must hold of every result.
 */
#ifndef FORMATS_GGUF_TEST_H
#define FORMATS_GGUF_TEST_H

#include "formats/gguf_memory.h"
#include "formats/gguf_parts.h"
#include "formats/safetensors_test.h"

enum { DRAFT_FIELDS_MAX = 400 };

struct draft {
    struct gguf_bytes bytes;
    struct {
        int64_t at, size;
        bool is_size; /* a count, length, side or offset: no large number can be right */
    } fields[DRAFT_FIELDS_MAX];
    int field_count;
};

static inline void draft_number(struct draft *draft, uint64_t number, int64_t size, bool is_size) {
    assert_true(draft->field_count < DRAFT_FIELDS_MAX);
    draft->fields[draft->field_count].at = draft->bytes.size;
    draft->fields[draft->field_count].size = size;
    draft->fields[draft->field_count++].is_size = is_size;
    for (int64_t i = 0; i < size; i++) gguf_put(&draft->bytes, &(char){ (char)(number >> 8 * i) }, 1);
}

static inline void draft_head(struct draft *draft, uint32_t version, uint64_t tensors, uint64_t keys) {
    gguf_put(&draft->bytes, GGUF_MAGIC, 4);
    draft_number(draft, version, 4, false);
    draft_number(draft, tensors, 8, true);
    draft_number(draft, keys, 8, true);
}

static inline void draft_text(struct draft *draft, const char *text) {
    draft_number(draft, strlen(text), 8, true);
    gguf_put(&draft->bytes, text, (int64_t)strlen(text));
}

/* A key's name and type; its value follows. */
static inline void draft_key(struct draft *draft, const char *name, uint32_t type) {
    draft_text(draft, name);
    draft_number(draft, type, 4, false);
}

static inline void draft_scalar(struct draft *draft, const char *name, enum gguf_type type, uint64_t number) {
    draft_key(draft, name, type);
    draft_number(draft, number, gguf_scalar_bytes(type), false);
}

static inline void draft_array(struct draft *draft, enum gguf_type type, uint64_t count) {
    draft_number(draft, type, 4, false);
    draft_number(draft, count, 8, true);
}

/* Sides in the file's order: contiguous first. */
static inline void draft_tensor(struct draft *draft, const char *name, uint32_t rank, const uint64_t *sides,
                                uint32_t type, uint64_t offset) {
    draft_text(draft, name);
    int64_t elements, bytes; /* where a type's size is not known, so is that of the tensor */
    bool known = gguf_type_unit(type, &elements, &bytes);
    draft_number(draft, rank, 4, false);
    for (uint32_t i = 0; i < rank; i++) draft_number(draft, sides[i], 8, known);
    draft_number(draft, type, 4, false);
    draft_number(draft, offset, 8, true);
}

/* Padding, then data 0, 1, 2, ... */
static inline void draft_data(struct draft *draft, int64_t alignment, int64_t bytes) {
    while (draft->bytes.size % alignment != 0) gguf_put(&draft->bytes, "", 1);
    for (int64_t i = 0; i < bytes; i++) gguf_put(&draft->bytes, &(char){ (char)i }, 1);
}

/* A head and one key, whose value follows. */
static inline struct draft one_key(const char *name, uint32_t type) {
    struct draft draft = { .field_count = 0 };
    draft_head(&draft, 3, 0, 1);
    draft_key(&draft, name, type);
    return draft;
}

/* A file of one tensor, and some data. */
static inline struct draft one_tensor(const char *name, uint32_t rank, const uint64_t *sides, uint32_t type,
                                      uint64_t offset) {
    struct draft draft = { .field_count = 0 };
    draft_head(&draft, 3, 1, 0);
    draft_tensor(&draft, name, rank, sides, type, offset);
    draft_data(&draft, 32, 256);
    return draft;
}

static inline void draft_free(struct draft *draft) {
    free(draft->bytes.at);
    *draft = (struct draft){ .field_count = 0 };
}

static inline void assert_gguf_sound(const struct checkpoint *checkpoint, const struct gguf *gguf) {
    unsigned sum = 0;
    assert_true(gguf->version == 2 || gguf->version == 3);
    assert_true(gguf->alignment >= 8 && gguf->alignment <= GGUF_ALIGNMENT_MAX);
    for (int64_t i = 0; i < gguf->key_count; i++)
        assert_ptr_equal(gguf_find(gguf, gguf->keys[i].name), &gguf->keys[i].value);
    for (int64_t i = 0; i < checkpoint->count; i++) {
        const struct tensor *tensor = &checkpoint->tensors[i];
        int64_t elements = 0, bytes = 0;
        enum dtype dtype = DTYPE_COUNT;
        assert_true(tensor->rank >= 1 && tensor->rank <= GGUF_RANK_MAX);
        assert_true(tensor_elements(tensor, &elements) && elements > 0);
        if (gguf_dtype_of(gguf->types[i], &dtype))
            assert_true(dtype_bytes(dtype, elements, &bytes) && bytes == tensor->bytes);
        assert_true(dtype == tensor->dtype);
        assert_true(i == 0 || strcmp(checkpoint->tensors[i - 1].name, tensor->name) < 0);
        assert_ptr_equal(checkpoint_find(checkpoint, tensor->name), tensor);
        for (int64_t k = 0; k < tensor->bytes; k++) sum += tensor->data[k];
    }
    assert_true(sum < UINT32_MAX);
}

/* Opens `size` bytes, copied to a block of just that size; sound, or the refusal is told (left in *err). */
static inline bool gguf_opens(const void *bytes, int64_t size, struct sy_error *err) {
    struct checkpoint checkpoint;
    struct gguf gguf;
    void *exact = malloc((size_t)size + (size == 0));
    if (size > 0) memcpy(exact, bytes, (size_t)size);
    memset(err, 0, sizeof *err);
    bool good = gguf_open_memory(&(struct memory_file){ "m.gguf", exact, size }, 1, &checkpoint, &gguf, err);
    if (good) {
        assert_gguf_sound(&checkpoint, &gguf);
    } else {
        assert_told(err);
        assert_true(checkpoint.count == 0 && !checkpoint.tensors && !gguf.keys && gguf.key_count == 0);
    }
    checkpoint_close(&checkpoint);
    free(exact);
    return good;
}

/* Frees the draft. */
static inline void assert_refused(struct draft *draft, const char *place, const char *message) {
    struct sy_error err;
    if (gguf_opens(draft->bytes.at, draft->bytes.size, &err)) fail_msg("accepted, not \"%s\"", message);
    assert_says(&err, place, message);
    assert_string_equal(err.file, "m.gguf");
    draft_free(draft);
}

static inline void assert_accepted(struct draft *draft) {
    struct sy_error err;
    if (!gguf_opens(draft->bytes.at, draft->bytes.size, &err))
        fail_msg("refused: %s: %s", err.place, err.message);
    draft_free(draft);
}

/* Every type of value, alone and in arrays, nested too, and tensors of several types. */
void draft_everything(struct draft *draft);
enum { EVERYTHING_KEYS = 31, EVERYTHING_TENSORS = 4, EVERYTHING_DATA = 64 + 96 + 96 + 1 };

#endif
