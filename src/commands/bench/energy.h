/*
 * Energy, where the machine's counters can be read: Linux's power capping zones, which count microjoules of a
 * processor package and of its memory (RAPL; Documentation/power/powercap in the kernel's tree).
 *
 *     ROOT/intel-rapl:0/name                 "package-0"      AMD's processors too bear this name
 *     ROOT/intel-rapl:0/energy_uj            a counter, which begins anew at
 *     ROOT/intel-rapl:0/max_energy_range_uj  this, so that what was used since an earlier reading is their
 *                                            difference, plus the range where it is negative
 *     ROOT/intel-rapl:0:1/name               "dram": a zone within the package's, not contained in its sum
 *
 * Packages and memory are summed; other zones are parts of a package (core, uncore) or count it again (psys,
 * and intel-rapl-mmio). Most systems let root alone read the counters, and most virtual machines have none:
 * then nothing is said. So too where one package can be read and another cannot: half a sum would be wrong.
 * A counter that goes round twice within one run (a range is about 260 kJ: 20 minutes at 200 W) counts once.
 */
#ifndef COMMANDS_BENCH_ENERGY_H
#define COMMANDS_BENCH_ENERGY_H

#include <stdbool.h>
#include <stdint.h>

#define ENERGY_ROOT "/sys/class/powercap"
enum { ENERGY_ZONES_MAX = 32, ENERGY_PATH = 300 };

struct energy {
    int count; /* 0: no counter tells */
    struct energy_zone {
        char path[ENERGY_PATH]; /* of energy_uj */
        int64_t range;
    } zone[ENERGY_ZONES_MAX];
};
struct energy_reading {
    bool read;
    int64_t microjoules[ENERGY_ZONES_MAX];
};

void energy_open(const char *root, struct energy *energy);
void energy_read(const struct energy *energy, struct energy_reading *reading);
/* Joules since the reading; NAN where no counter tells. */
double energy_since(const struct energy *energy, const struct energy_reading *before);

#endif
