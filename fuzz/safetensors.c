/*
 * Fuzzing one safetensors file. Mutations strike its header; the length in front of it is then made right
 * again, except now and then, so that most inputs get past it.
 */
#include "mutate.h"
#include "outcome.h"

#include "tensor/dtype.h"

enum { PREFIX_BYTES = 8, TENSORS_MAX = 5, SEED_BYTES_MAX = 4096 };

static const char *const words[] = {
    "F32",
    "F16",
    "BF16",
    "F64",
    "F8_E4M3",
    "F8_E5M2",
    "F8_E8M0",
    "F4",
    "BOOL",
    "I8",
    "U8",
    "I16",
    "U16",
    "I32",
    "U32",
    "I64",
    "U64",
    "f32",
    "C64",
    "F8_E4M3FNUZ",
    "dtype",
    "shape",
    "data_offsets",
    "__metadata__",
    "t0",
    "t1",
    "t2",
    "a.b",
    "",
    "\\u0000",
    "\\u0041",
    "\\n",
    "\\ud83d\\ude00",
    "\\ud800",
    "\xc3\xa9",
    "\xff",
    "\x7f",
    "{",
    "]",
    ",",
    "../x",
    "\\\"",
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    outcome_check(&(struct memory_file){ "m.safetensors", bytes, (int64_t)size }, 1);
    return 0;
}

static void length_put(uint8_t *bytes, uint64_t length) {
    for (int i = 0; i < PREFIX_BYTES; i++) bytes[i] = (uint8_t)(length >> 8 * i);
}

static uint64_t length_get(const uint8_t *bytes) {
    uint64_t length = 0;
    for (int i = PREFIX_BYTES - 1; i >= 0; i--) length = length << 8 | bytes[i];
    return length;
}

/* One tensor's member of the header; *offset moves on behind its data. */
static int entry_print(char *text, size_t room, struct random *random, int index, int64_t *offset) {
    enum dtype dtype = (enum dtype)random_below(random, DTYPE_PLAIN_COUNT);
    int rank = (int)random_below(random, 4), used;
    int64_t elements = 1, bytes = 0;
    used = snprintf(text, room, "%s\"t%d\":{\"dtype\":\"%s\",\"shape\":[", index > 0 ? "," : "", index,
                    dtype_name(dtype));
    for (int i = 0; i < rank; i++) {
        int64_t side = (int64_t)random_below(random, 4) * (dtype == DTYPE_F4_E2M1 ? 2 : 1);
        elements *= side;
        used += snprintf(text + used, room - (size_t)used, "%s%lld", i > 0 ? "," : "", (long long)side);
    }
    if (!dtype_bytes(dtype, elements, &bytes)) bytes = 1; /* one nibble: no valid file, for once */
    used += snprintf(text + used, room - (size_t)used, "],\"data_offsets\":[%lld,%lld]}", (long long)*offset,
                     (long long)(*offset + bytes));
    *offset += bytes;
    return used;
}

/* A valid file of a few tensors. */
static size_t seed_make(uint8_t *bytes, size_t room, struct random *random) {
    char header[SEED_BYTES_MAX] = "{";
    size_t used = 1;
    int64_t offset = 0;
    if (random_below(random, 3) == 0) {
        used +=
            (size_t)snprintf(header + used, sizeof header - used, "\"__metadata__\":{\"format\":\"pt\"},");
    }
    int count = (int)random_below(random, TENSORS_MAX) + 1;
    for (int i = 0; i < count; i++)
        used += (size_t)entry_print(header + used, sizeof header - used, random, i, &offset);
    header[used++] = '}';
    while (used % 8 != 0) header[used++] = ' ';
    if (PREFIX_BYTES + used + (size_t)offset > room) return 0;
    length_put(bytes, used);
    memcpy(bytes + PREFIX_BYTES, header, used);
    for (int64_t i = 0; i < offset; i++) bytes[PREFIX_BYTES + used + (size_t)i] = (uint8_t)i;
    return PREFIX_BYTES + used + (size_t)offset;
}

/* Changes the header; the data keep their place behind it. */
static size_t header_change(uint8_t *bytes, size_t size, size_t room, struct random *random) {
    size_t length = (size_t)length_get(bytes), data_bytes = size - PREFIX_BYTES - length;
    uint8_t *header = malloc(room);
    if (!header) return size;
    memcpy(header, bytes + PREFIX_BYTES, length);
    struct mutation m = { header,  length, room - PREFIX_BYTES - data_bytes,
                          *random, words,  sizeof words / sizeof *words };
    for (size_t i = mutate_below(&m, 3) + 1; i > 0; i--) mutate_json(&m);
    *random = m.random;
    memmove(bytes + PREFIX_BYTES + m.size, bytes + PREFIX_BYTES + length, data_bytes);
    memcpy(bytes + PREFIX_BYTES, header, m.size);
    length_put(bytes, m.size);
    free(header);
    return PREFIX_BYTES + m.size + data_bytes;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed) {
    static const uint64_t lengths[] = { 0,          1,         2, 1ull << 31, 1ull << 32, (1ull << 42) + 1,
                                        1ull << 63, UINT64_MAX };
    struct random random = random_seed(seed);
    bool whole = size >= PREFIX_BYTES && length_get(bytes) <= size - PREFIX_BYTES;
    if (room < SEED_BYTES_MAX) return LLVMFuzzerMutate ? LLVMFuzzerMutate(bytes, size, room) : size;
    if (!whole || random_below(&random, 16) == 0) size = seed_make(bytes, room, &random);
    if (size == 0) return 0;
    switch (random_below(&random, 32)) {
    case 0: length_put(bytes, lengths[random_below(&random, 8)]); return size;
    case 1: length_put(bytes, length_get(bytes) + random_below(&random, 17) - 8); return size;
    case 2: return (size_t)random_below(&random, size + 1); /* cut */
    case 3:
    case 4: /* more data */
        for (uint64_t n = random_below(&random, 9); n > 0 && size < room; n--) bytes[size++] = (uint8_t)n;
        return size;
    default: return header_change(bytes, size, room, &random);
    }
}
