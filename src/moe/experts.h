/*
 * Experts: each expert's own feed-forward network on the rows that came to it.
 */
#ifndef MOE_EXPERTS_H
#define MOE_EXPERTS_H

#include "layers/ffn.h"
#include "moe/dispatch.h"
#include "store/store.h"

/* rows [R, D] in expert order -> out [R, D]. parts: room for E, this thread's. */
void experts_forward(struct exec *exec, const struct store *store, int64_t layer,
                     const struct dispatch_map *map, const float *rows, struct ffn_part *parts,
                     struct ffn_scratch *scratch, float *out);

#endif
