/*
 * Bits and numbers: Intel 64 and IA-32 Architectures Software Developer's Manual, CPUID and XCR0; Linux,
 * Documentation/arch/x86/xstate.rst. The permission is the process's and stays; threads that run already have
 * it too. It is refused where a thread has an alternate signal stack too small for the larger frames.
 */
#include "base/tile_unit.h"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#define BF16       (1U << 22)
#define TILE       (1U << 24)
#define INT8       (1U << 25)
#define SAVED_BITS (3ULL << 17) /* XTILECFG, XTILEDATA */

enum tile_unit_state tile_unit_state_of(const struct tile_unit_facts *facts) {
    const uint32_t all = BF16 | TILE | INT8, *p = facts->palette;
    bool whole = p[0] >> 16 >= 1024 && (p[1] & 0xffff) >= 64 && p[1] >> 16 >= 8 && (p[2] & 0xffff) >= 16;
    if ((facts->features & all) != all || !whole) return TILE_UNIT_NONE;
    if ((facts->saved & SAVED_BITS) != SAVED_BITS) return TILE_UNIT_REFUSED;
    return facts->permission() ? TILE_UNIT_READY : TILE_UNIT_REFUSED;
}

#if defined(__x86_64__) && defined(__linux__) && defined(SYS_arch_prctl)

static bool ask_linux(void) {
    enum { GET = 0x1022, REQUEST = 0x1023, TILE_DATA = 18 }; /* ARCH_GET_XCOMP_PERM, ARCH_REQ_XCOMP_PERM */
    uint64_t permitted = 0;
    if (syscall(SYS_arch_prctl, REQUEST, TILE_DATA) != 0) return false;
    return syscall(SYS_arch_prctl, GET, &permitted) == 0 && permitted >> TILE_DATA & 1;
}

enum tile_unit_state tile_unit_state(void) {
    struct tile_unit_facts facts = { .permission = ask_linux };
    unsigned a, b, c, d, low, high;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return TILE_UNIT_NONE;
    facts.features = d;
    uint32_t *p = facts.palette;
    if (!(d & TILE) || !__get_cpuid_count(0x1d, 1, &p[0], &p[1], &p[2], &d)) return TILE_UNIT_NONE;
    if (__get_cpuid(1, &a, &b, &c, &d) && c & bit_OSXSAVE) {
        __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
        facts.saved = (uint64_t)high << 32 | low;
    }
    return tile_unit_state_of(&facts);
}

#else

enum tile_unit_state tile_unit_state(void) {
    return TILE_UNIT_NONE; /* nobody knows how to ask */
}

#endif
