/*
 * A spec as GGUF metadata: the standard keys of the family's form, then a key of ours for each field that a
 * reader of those would get wrong (meta_fields.c).
 */
#ifndef MODEL_META_WRITE_H
#define MODEL_META_WRITE_H

#include "model/gguf_form.h"

struct gguf_vector { /* a tensor that belongs to the description, not to the weights: F32 */
    const char *name;
    const float *values;
    int64_t count;
};

struct gguf_description {        /* all in the arena */
    const struct family *family; /* as GGUF names it */
    struct spec spec;            /* as the file holds it: q and k permuted, no scales beside */
    struct gguf_key *keys;
    int64_t count, ours; /* the last `ours` are switchyard.* */
    struct gguf_vector vectors[2];
    int vector_count;
};

SY_MUST_CHECK bool gguf_describe(const struct family *family, const struct spec *spec, struct arena *arena,
                                 struct gguf_description *out, struct sy_error *err);

#endif
