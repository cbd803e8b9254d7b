#include "tensor/tensor.h"

#include "test.h"

#include <string.h>

static bool elements(int rank, const int64_t *shape, int64_t *out) {
    struct tensor tensor = { .rank = rank };
    memcpy(tensor.shape, shape, (size_t)rank * sizeof *shape);
    return tensor_elements(&tensor, out);
}
#define ELEMENTS(out, ...)                                                                                   \
    elements((int)(sizeof((int64_t[]){ __VA_ARGS__ }) / 8), (const int64_t[]){ __VA_ARGS__ }, out)

TEST(elements_are_checked) {
    int64_t count = -7;
    struct tensor scalar = { .rank = 0 };
    assert_true(tensor_elements(&scalar, &count));
    assert_int_equal(count, 1);
    assert_true(ELEMENTS(&count, 3, 5, 7));
    assert_int_equal(count, 105);
    assert_true(ELEMENTS(&count, 3, 0, 7));
    assert_int_equal(count, 0);
    assert_true(ELEMENTS(&count, 1ll << 31, 1ll << 31));
    assert_true(count == 1ll << 62);
    count = -7;
    assert_false(ELEMENTS(&count, 1ll << 32, 1ll << 31));
    assert_false(ELEMENTS(&count, (1ll << 42) + 1, 1ll << 22));
    assert_false(ELEMENTS(&count, 1ll << 16, 1ll << 16, 1ll << 16, 1ll << 16)); /* 2^64 wraps to 0 */
    assert_false(ELEMENTS(&count, INT64_MAX, INT64_MAX, 0)); /* a zero side hides nothing */
    assert_false(ELEMENTS(&count, 2, -1));
    assert_false(ELEMENTS(&count, -1, 0));
    assert_int_equal(count, -7);
}

TEST(shapes_are_printed_and_cut) {
    static const int64_t shape[] = { 5, 32, INT64_MAX };
    char text[64];
    assert_string_equal(tensor_shape_text(shape, 2, text, sizeof text), "[5, 32]");
    assert_string_equal(tensor_shape_text(shape, 0, text, sizeof text), "[]");
    assert_string_equal(tensor_shape_text(shape, 3, text, sizeof text), "[5, 32, 9223372036854775807]");
    for (size_t size = 0; size < 20; size++) { /* always ended, never beyond */
        memset(text, 'x', sizeof text);
        tensor_shape_text(shape, 3, text, size);
        assert_true(size == 0 || strlen(text) < size);
        assert_int_equal(text[size], 'x');
    }
}
