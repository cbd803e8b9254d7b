/*
 * The choice of kernels: what this machine can run, and the table filled from kernels/list.h. Nothing is kept
 * between calls: asking the CPU costs a microsecond, and a table is a value that its owner passes on.
 */
#include "kernels/kernels.h"
#include "base/tile_unit.h"

#include <string.h>

#if defined(__x86_64__) && !defined(SY_REF_ONLY)
#include <cpuid.h>
#endif

static const char *const level_names[] = {
    "ref", "avx2", "avx512", "avx512vnni", "avx512bf16", "amx", "tiles"
};

const char *level_name(enum level level) {
    return level_names[level];
}

bool level_from_name(const char *name, enum level *out) {
    for (int i = 0; i < LEVEL_COUNT; i++)
        if (strcmp(name, level_names[i]) == 0) {
            *out = (enum level)i;
            return true;
        }
    return false;
}

/* But for the tile unit, which is more than a matter of the processor. */
static enum level level_of_vectors(void) {
#if defined(__x86_64__) && !defined(SY_REF_ONLY)
    unsigned a, b, c, d;
    __builtin_cpu_init(); /* its answers take into account which registers the system saves */
    bool f16c = __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
    bool avx2 = f16c && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    bool vnni = avx512 && __builtin_cpu_supports("avx512vnni");
    if (vnni && __builtin_cpu_supports("avx512bf16")) return LEVEL_AVX512BF16;
    if (vnni) return LEVEL_AVX512VNNI;
    if (avx512) return LEVEL_AVX512;
    if (avx2) return LEVEL_AVX2;
#endif
    return LEVEL_REF;
}

enum level level_of_machine(void) {
    enum level vectors = level_of_vectors();
    return vectors == LEVEL_AVX512BF16 && tile_unit_state() == TILE_UNIT_READY ? LEVEL_AMX : vectors;
}

const char *level_remark(enum level level) {
    bool refused = level == LEVEL_AVX512BF16 && level_runs(level) && tile_unit_state() == TILE_UNIT_REFUSED;
    return refused ? " (the system refuses amx)" : "";
}

bool level_runs(enum level level) {
    return level == LEVEL_TILES ? level_of_vectors() >= LEVEL_AVX2 : level <= level_of_machine();
}

/* The list spells levels in small letters, as they stand in function names. */
enum {
    LEVEL_ref = LEVEL_REF,
    LEVEL_avx2 = LEVEL_AVX2,
    LEVEL_avx512 = LEVEL_AVX512,
    LEVEL_avx512vnni = LEVEL_AVX512VNNI,
    LEVEL_avx512bf16 = LEVEL_AVX512BF16,
    LEVEL_amx = LEVEL_AMX,
    LEVEL_tiles = LEVEL_TILES
};

struct kernels kernels_select(enum level highest) {
    enum level machine = level_of_machine(), best = highest < machine ? highest : machine;
    bool tiles = highest == LEVEL_TILES && level_runs(LEVEL_TILES);
    struct kernels kernels = { .level = tiles ? LEVEL_TILES : best };
    /* The list ascends, so a later line overrides an earlier one. */
#define KERNEL(op, variant)                                                                                  \
    if ((int)LEVEL_##variant <= (int)best || (tiles && (int)LEVEL_##variant == (int)LEVEL_TILES))            \
        kernels.op = op##_##variant;
    KERNEL_LIST(KERNEL)
#undef KERNEL
    return kernels;
}
