/*
 * Records: a matrix in the order in which products read it, output rows side by side. RECORD rows by one unit
 * of k (32, or a block of the format) make a record, of exactly the bytes that the file has for them:
 *
 *     unit of a row      | rest | word 0 | word 1 | ...       rest: bytes % 4, a scale of f16 mostly
 *
 *     record, blocks     | word 0 of rows 0..15 | word 1 of rows 0..15 | ... | the same of rows 16..31 |
 *                        | rests of rows 0..31 |
 *     record, plain      | word 0 of rows 0..31 | word 1 of rows 0..31 | ...
 *
 * A word is 4 bytes, so a line of 64 holds one word of 16 rows: a register of four k of int8, of eight of
 * nibbles, of a pair of bf16. A record of bf16 is what panel_bf16 makes of the rows, one of f32 what
 * panel_f32 does (kernels/types.h), and both halves of bf16, or eight lines of int8, are a tile of AMX. The
 * halves of blocks stand apart because one row of activations wants lines in the order of addresses, half by
 * half.
 *
 * Records of a panel (RECORD rows) follow one another along k, panels along n. Rows behind the last whole
 * panel stay rows, behind the records. So nothing is padded, and nothing is lost: records_rows gives any part
 * back as the file had it.
 *
 * Layout and its reasons: measured on machines with AMX and with AVX-512 VNNI alone (docs/performance.md).
 */
#ifndef TENSOR_RECORDS_H
#define TENSOR_RECORDS_H

#include "tensor/weight.h"

enum {
    RECORD = 32,      /* rows of a panel */
    RECORD_UNIT = 256 /* bytes of a unit, at most */
};

struct record_form {
    int64_t elements, bytes; /* of a row's unit */
    int64_t words;           /* of 4 bytes */
    int64_t rest;            /* bytes beside them */
    bool rest_first;         /* in the row's unit; in a record they stand last */
    bool apart;              /* the halves */
};
/* Any type of whole bytes. */
struct record_form record_form(enum dtype dtype);

/* Can this view be brought into records? Rows of the file, side by side or in stripes, in whole units. */
bool records_fit(const struct weight *w);
/* What such a view is, once its bytes are at `data`: weight_bytes of them, but for the scales, which stay. */
struct weight records_weight(const struct weight *w, const void *data);
/* Brings panels [first, first + count) of the rows of `from` to their place in the records at `to`; one
 * behind the last panel: the rows that are left. */
void records_pack(const struct weight *from, int64_t first, int64_t count, unsigned char *to);
static inline int64_t records_panels(const struct weight *w) {
    return w->rows / RECORD + (w->rows % RECORD > 0);
}

/* Where a panel lies; and one of its rows, for the rows behind the last whole panel. */
static inline const unsigned char *records_panel(const struct weight *w, int64_t n0) {
    return w->data + n0 / RECORD * RECORD * w->row_stride;
}

/* The unit of row n that holds column k, as the file had it: in place where it is a row's, else in `room`,
 * which has room for one (RECORD_UNIT bytes at most). */
const unsigned char *records_unit(const struct weight *w, int64_t n, int64_t k, unsigned char *room);

/* Rows [n0, n0 + count) of one panel, by columns [k0, k0 + kc), as a view of rows: of the weight itself where
 * these are rows, else brought back into `room`, records_room(w, kc) bytes. k0 begins a unit. Scales stay
 * those of the weight. */
struct weight records_rows(const struct weight *w, int64_t n0, int64_t count, int64_t k0, int64_t kc,
                           unsigned char *room);
int64_t records_room(const struct weight *w, int64_t kc);

#endif
