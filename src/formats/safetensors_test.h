/*
 * For the tests of this folder: files made of a header's text, and what must hold of every result.
 */
#ifndef FORMATS_SAFETENSORS_TEST_H
#define FORMATS_SAFETENSORS_TEST_H

#include "formats/safetensors_memory.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

struct bytes {
    unsigned char *at; /* malloc'ed, exactly `size` */
    int64_t size;
};

/* 8 bytes of length, the header, and data 0, 1, 2, ... */
static inline struct bytes file_make(const char *header, int64_t data_bytes) {
    size_t length = strlen(header);
    struct bytes file = { malloc(8 + length + (size_t)data_bytes), 8 + (int64_t)length + data_bytes };
    for (int i = 0; i < 8; i++) file.at[i] = (unsigned char)((uint64_t)length >> 8 * i);
    memcpy(file.at + 8, header, length);
    for (int64_t i = 0; i < data_bytes; i++) file.at[8 + (int64_t)length + i] = (unsigned char)i;
    return file;
}

/* One line that names the file and says what to do. */
static inline void assert_told(const struct sy_error *err) {
    char line[1024];
    assert_int_not_equal(err->code, SY_OK);
    assert_int_not_equal(err->code, SY_ERR_INTERNAL);
    assert_true(err->file[0] && err->message[0] && err->remedy[0] && err->source);
    sy_error_line(err, line, sizeof line);
    for (const unsigned char *c = (const unsigned char *)line; *c; c++) assert_true(*c >= 0x20 && *c != 0x7f);
}

/* What the reader promises of a checkpoint that it accepted; reads every byte of data. */
static inline void assert_sound(const struct checkpoint *checkpoint) {
    unsigned sum = 0;
    for (int64_t i = 0; i < checkpoint->count; i++) {
        const struct tensor *tensor = &checkpoint->tensors[i];
        int64_t elements, bytes = tensor->bytes;
        assert_true(tensor->rank >= 0 && tensor->rank <= TENSOR_RANK_MAX);
        bool known = tensor->dtype != DTYPE_COUNT;
        assert_true(tensor_elements(tensor, &elements) && known == !tensor->type);
        assert_true(!known || dtype_bytes(tensor->dtype, elements, &bytes));
        assert_true(bytes == tensor->bytes);
        assert_true(i == 0 || strcmp(checkpoint->tensors[i - 1].name, tensor->name) < 0);
        assert_ptr_equal(checkpoint_find(checkpoint, tensor->name), tensor);
        for (int64_t k = 0; k < bytes; k++) sum += tensor->data[k];
    }
    assert_true(sum < UINT32_MAX);
}

/* Opens files in memory; either it is sound, or the refusal is told in one line (left in *err). */
static inline bool opens(const struct memory_file *files, int count, struct sy_error *err) {
    struct checkpoint checkpoint;
    memset(err, 0, sizeof *err);
    bool good = checkpoint_open_memory(files, count, &checkpoint, err);
    if (good)
        assert_sound(&checkpoint);
    else
        assert_told(err);
    assert_true(good || (checkpoint.count == 0 && checkpoint.tensors == NULL));
    checkpoint_close(&checkpoint);
    return good;
}

static inline bool opens_bytes(struct bytes file, struct sy_error *err) {
    return opens(&(struct memory_file){ "m.safetensors", file.at, file.size }, 1, err);
}

/* Fails unless place and message hold these words. */
static inline void assert_says(const struct sy_error *err, const char *place, const char *message) {
    if (strstr(err->place, place) && strstr(err->message, message)) return;
    fail_msg("\"%s\": \"%s\" lacks \"%s\" or \"%s\"", err->place, err->message, place, message);
}

/* Writes bytes to disc, in the test's own folder. */
void test_file(char path[TEST_PATH_MAX], const char *name, const void *bytes, int64_t size);

#endif
