#include "commands/convert/types.h"

static bool stays_f32(enum slot slot) {
    return slot_is_vector(slot) || slot == SLOT_ROUTER;
}

/* Where rows are no whole blocks of the wanted type. */
static enum dtype fallback(enum dtype wanted, enum dtype source, int64_t cols) {
    bool whole = cols % 32 == 0;
    if (wanted == DTYPE_Q4_K && whole) return DTYPE_Q5_0;
    if (wanted == DTYPE_Q6_K && whole) return DTYPE_Q8_0;
    return source == DTYPE_F32 || source == DTYPE_F16 ? source : DTYPE_BF16;
}

enum dtype convert_gguf_dtype(const struct planned_tensor *plan, const enum dtype *chosen, enum dtype source,
                              int64_t *fell_back) {
    bool narrow = source == DTYPE_BF16 || source == DTYPE_F16;
    int64_t elements, bytes;
    if (stays_f32(plan->slot) && (chosen || narrow)) return DTYPE_F32;
    if (!chosen) return source;
    enum dtype wanted = *chosen;
    if (wanted == DTYPE_MXFP4 && !slot_is_expert(plan->slot)) wanted = DTYPE_Q8_0;
    dtype_unit(wanted, &elements, &bytes);
    if (plan->shape[plan->rank - 1] % elements == 0) return wanted;
    ++*fell_back;
    return fallback(wanted, source, plan->shape[plan->rank - 1]);
}

int64_t convert_file_type(enum dtype dtype) {
    static const struct {
        enum dtype dtype;
        int number;
    } numbers[] = { { DTYPE_F32, 0 },   { DTYPE_F16, 1 },   { DTYPE_Q4_0, 2 },  { DTYPE_Q4_1, 3 },
                    { DTYPE_Q8_0, 7 },  { DTYPE_Q5_0, 8 },  { DTYPE_Q5_1, 9 },  { DTYPE_Q4_K, 14 },
                    { DTYPE_Q6_K, 18 }, { DTYPE_BF16, 32 }, { DTYPE_MXFP4, 38 } };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (numbers[i].dtype == dtype) return numbers[i].number;
    return 0;
}
