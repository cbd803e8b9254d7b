/*
 * The table of kernels: one function pointer an operation, filled once for this machine, passed as const.
 * kernels/list.h names each variant once; prototypes, this table, kernel-check and its benchmark all expand
 * that list.
 */
#ifndef KERNELS_KERNELS_H
#define KERNELS_KERNELS_H

#include "kernels/list.h"
#include "kernels/types.h"

enum level {
    LEVEL_REF,
    LEVEL_AVX2,
    LEVEL_AVX512,
    LEVEL_AVX512VNNI,
    LEVEL_AVX512BF16,
    LEVEL_AMX,
    LEVEL_COUNT,
    LEVEL_TILES = LEVEL_COUNT, /* amx with the tile unit in plain C: for tests, never chosen */
};

const char *level_name(enum level level);                /* "ref", "avx2", "avx512", .. */
bool level_from_name(const char *name, enum level *out); /* not "tiles" */
enum level level_of_machine(void); /* the best that CPU and system offer and this build holds */
bool level_runs(enum level level); /* on this machine; LEVEL_TILES too */
/* Behind a level's name: why it is not amx, where the processor has the tiles and the system does not let
 * this process use them; else "". */
const char *level_remark(enum level level);

struct kernels {
    enum level level;
#define OPERATION(op) op##_fn *op;
    OPERATION_LIST(OPERATION)
#undef OPERATION
};

/* The best variant of each operation at or below `highest`. LEVEL_TILES: its own, and below those the best of
 * this machine; where it does not run, the machine's own level. */
struct kernels kernels_select(enum level highest);

/* Prototypes of all variants, for the files that define them. */
#define KERNEL(op, level) op##_fn op##_##level;
KERNEL_LIST(KERNEL)
#undef KERNEL

#endif
