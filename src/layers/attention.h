/*
 * Attention: x [T, D] (normalised) -> out [T, D], over pages of keys and values that it extends.
 *
 * attention.c holds the grouped form (MHA, GQA, MQA), latent.c the latent one (MLA). Both are told there.
 */
#ifndef LAYERS_ATTENTION_H
#define LAYERS_ATTENTION_H

#include "layers/row_map.h"
#include "store/store.h"

/* Queries or keys on their way: where nothing is kept all three are the same rows. */
struct heads {
    struct rows raw;    /* [T, heads * head width] as the product gives them */
    struct rows normed; /* with the norm before the rotation; rotated here, in place */
    struct rows done;   /* with the norm behind it */
};

/* What backward needs beside x and the pages. */
struct attention_kept {
    struct heads q, k; /* grouped; latent: q.raw, and k the rows of the cache [latent | rotary] */
    struct rows v;     /* grouped */
    struct rows q_a;   /* latent with q_lora: before its norm, and behind it */
    struct rows q_a_normed;
    struct rows softmax; /* as op_attention gives it; none where nothing is kept */
    struct rows mixed;   /* before the last product */
};

struct attention_kept attention_forward(struct exec *exec, const struct store *store, int64_t layer,
                                        const struct row_map *map, struct rows x, struct rows out);
/* Step memory that it takes for so many rows. */
int64_t attention_step_bytes(const struct spec *spec, const struct numerics *numerics, int64_t rows,
                             int team_count);

/* The two forms; attention_forward chooses by the spec. */
struct attention_kept grouped_forward(struct exec *exec, const struct store *store, int64_t layer,
                                      const struct row_map *map, struct rows x, struct rows out);
void grouped_take(struct exec *exec, const struct spec *spec, const struct row_map *map);
struct attention_kept latent_forward(struct exec *exec, const struct store *store, int64_t layer,
                                     const struct row_map *map, struct rows x, struct rows out);
void latent_take(struct exec *exec, const struct spec *spec, const struct row_map *map);

#endif
