#include "gguf_rewrite.h"

#include "test.h"

#include <string.h>

static bool is_changed(const char *key, const struct gguf_change *changes, int count) {
    for (int i = 0; i < count; i++) {
        size_t length = strlen(changes[i].key);
        bool all = length > 0 && changes[i].key[length - 1] == '*';
        if (all ? strncmp(key, changes[i].key, length - 1) == 0 : strcmp(key, changes[i].key) == 0)
            return true;
    }
    return false;
}

const struct gguf_change gguf_no_files[2] = { { "tokenizer.huggingface.json", { 0 }, true },
                                              { "switchyard.file.*", { 0 }, true } };

void gguf_rewrite(const char *from, const char *to, const struct gguf_change *changes, int count) {
    struct checkpoint checkpoint;
    struct gguf gguf;
    struct gguf_writer *writer;
    struct sy_error err = { 0 };
    assert_true(gguf_open(from, &checkpoint, &gguf, &err));
    assert_true(gguf_writer_open(to, &writer, &err));
    for (int64_t i = 0; i < gguf.key_count; i++)
        if (!is_changed(gguf.keys[i].name, changes, count))
            assert_true(gguf_set(writer, gguf.keys[i].name, &gguf.keys[i].value, &err));
    for (int i = 0; i < count; i++)
        if (!changes[i].drop && !gguf_set(writer, changes[i].key, &changes[i].value, &err))
            fail_msg("%s: %s", changes[i].key, err.message);
    for (int64_t i = 0; i < checkpoint.count; i++) {
        const struct tensor *t = &checkpoint.tensors[i];
        assert_true(gguf_declare(writer, t->name, t->dtype, t->rank, t->shape, &err));
    }
    for (int64_t i = 0; i < checkpoint.count; i++)
        assert_true(gguf_write(writer, checkpoint.tensors[i].data, checkpoint.tensors[i].bytes, &err));
    assert_true(gguf_writer_commit(writer, &err));
    checkpoint_close(&checkpoint);
}

struct gguf_value gguf_text_of(const char *text) {
    return (struct gguf_value){ .type = GGUF_STRING, .text = { text, (int64_t)strlen(text) } };
}

struct gguf_value gguf_number_of(uint64_t number) {
    return (struct gguf_value){ .type = GGUF_U32, .u = number };
}

struct gguf_value gguf_array_of(enum gguf_type type, int64_t count, const void *bytes,
                                const struct gguf_value *items) {
    struct gguf_value value = { .type = GGUF_ARRAY };
    value.array.type = type;
    value.array.count = count;
    value.array.bytes = bytes;
    value.array.items = items;
    return value;
}
