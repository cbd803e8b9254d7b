#include "api/text_memory.h"

#include "base/checked.h"

#define IDS_SLACK 4096
#define TEXT_COPIES                                                                                          \
    6 /* of a conversation: parsed, as the template's values, rendered (it grows), normalised */

int64_t text_ids_most(int64_t context) {
    return context <= (INT64_MAX - IDS_SLACK) / 2 ? 2 * context + IDS_SLACK : INT64_MAX;
}

int64_t text_bytes_within(int64_t context, int64_t left) {
    int64_t text;
    return size_mul(context, TEXT_PIECE, &text) && size_add(text, max_i64(0, left) / TEXT_COPIES, &text)
               ? text
               : INT64_MAX;
}

int64_t text_call_bytes(int64_t context, int64_t text_most) {
    int64_t text, ids, sum;
    const int64_t an_id = 3 * sizeof(int32_t) + sizeof(int64_t); /* it grows by doubling, and becomes wide */
    if (!size_mul(context, TEXT_PIECE, &text) || !size_mul(min_i64(text, text_most), TEXT_COPIES, &text) ||
        !size_mul(text_ids_most(context), an_id, &ids) || !size_add(text, ids, &sum))
        return INT64_MAX / 4;
    return sum;
}
