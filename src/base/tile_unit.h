/*
 * The tile unit (AMX): whether this process may use it. The processor must have it, the system must save its
 * registers, and Linux wants to be asked once a process, since threads that use it need 8 KiB more each.
 */
#ifndef BASE_TILE_UNIT_H
#define BASE_TILE_UNIT_H

#include <stdbool.h>
#include <stdint.h>

enum tile_unit_state {
    TILE_UNIT_NONE,    /* the processor has none, or not all of what is needed */
    TILE_UNIT_REFUSED, /* it has, but the system does not let this process use it */
    TILE_UNIT_READY,
};

/* Asks; no harm is done by asking again, which takes a microsecond. */
enum tile_unit_state tile_unit_state(void);

/* What the answer follows from; for tests. */
struct tile_unit_facts {
    uint32_t features;        /* CPUID 7.0, EDX */
    uint32_t palette[3];      /* CPUID 1D.1, EAX, EBX, ECX */
    uint64_t saved;           /* XCR0 */
    bool (*permission)(void); /* asked only where all else is there */
};
enum tile_unit_state tile_unit_state_of(const struct tile_unit_facts *facts);

#endif
