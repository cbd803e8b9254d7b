/*
 * The few things that can be asked of a tensor as a file holds it.
 */
#include "tensor/tensor.h"

#include "base/checked.h"

#include <stdio.h>

bool tensor_elements(const struct tensor *tensor, int64_t *out) {
    int64_t product = 1;
    bool empty = false;
    for (int i = 0; i < tensor->rank; i++) {
        if (tensor->shape[i] < 0) return false;
        if (tensor->shape[i] == 0)
            empty = true;
        else if (!size_mul(product, tensor->shape[i], &product))
            return false;
    }
    *out = empty ? 0 : product; /* a wrap is refused even where a zero side would hide it */
    return true;
}

const char *tensor_type(const struct tensor *tensor) {
    if (tensor->dtype != DTYPE_COUNT) return dtype_name(tensor->dtype);
    return tensor->type ? tensor->type : "a type without a name";
}

char *tensor_shape_text(const int64_t *shape, int rank, char *text, size_t size) {
    size_t used = 0;
    if (size == 0) return text;
    text[0] = 0;
    for (int i = 0; i <= rank && used < size; i++) {
        int n = i == rank
                    ? snprintf(text + used, size - used, rank == 0 ? "[]" : "]")
                    : snprintf(text + used, size - used, i == 0 ? "[%lld" : ", %lld", (long long)shape[i]);
        if (n < 0) break;
        used += (size_t)n;
    }
    return text;
}
