/*
 * Attention: x [T, D] (normalised) -> out [T, D], over pages of keys and values that it extends.
 *
 * attention.c holds the grouped form (MHA, GQA, MQA), latent.c the latent one (MLA). Both are told there.
 */
#ifndef LAYERS_ATTENTION_H
#define LAYERS_ATTENTION_H

#include "kernels/ops.h"
#include "layers/rows.h"
#include "store/store.h"

/* What backward needs; nothing is saved when serving (NULL). Its fields come with training. */
struct attention_saved;

void attention_forward(struct exec *exec, const struct store *store, int64_t layer,
                       const struct row_map *rows, const float *x, struct attention_saved *saved, float *out);
/* Step memory that it takes for so many rows. */
int64_t attention_bytes(const struct spec *spec, const struct numerics *numerics, int64_t rows,
                        int team_count);

/* The two forms; attention_forward chooses by the spec. */
void grouped_forward(struct exec *exec, const struct store *store, int64_t layer, const struct row_map *rows,
                     const float *x, float *out);
int64_t grouped_bytes(const struct spec *spec, const struct numerics *numerics, int64_t rows, int team_count);
void latent_forward(struct exec *exec, const struct store *store, int64_t layer, const struct row_map *rows,
                    const float *x, float *out);
int64_t latent_bytes(const struct spec *spec, const struct numerics *numerics, int64_t rows, int team_count);

#endif
