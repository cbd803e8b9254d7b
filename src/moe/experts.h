/*
 * Experts: each expert's own feed-forward network on the rows that came to it.
 */
#ifndef MOE_EXPERTS_H
#define MOE_EXPERTS_H

#include "layers/ffn.h"
#include "moe/grouping.h"
#include "store/store.h"

struct experts_kept {
    struct ffn_kept ffn;
    struct rows out; /* [R, D] what comes from them; where nothing is kept, over the rows that went in */
};

/* Room for a slice that experts and whoever comes after them share, of up to `rows` rows. */
struct ffn_slice experts_slice_take(struct exec *exec, const struct spec *spec, int64_t tokens, int64_t rows);
/* What experts_forward takes beside it, for who computes sizes. */
void experts_take(struct exec *exec, const struct spec *spec, int64_t rows);

/* rows [R, D] by expert, as dispatch gives them, where up to `most` may come. */
struct experts_kept experts_forward(struct exec *exec, struct store *store, int64_t layer,
                                    const struct grouping *grouping, int64_t most, struct rows rows,
                                    const struct ffn_slice *slice);

#endif
