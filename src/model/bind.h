/*
 * Binding: names -> slots, shapes checked, once. Afterwards nobody looks at a name again.
 *
 * The census: each tensor of the checkpoint is claimed by exactly one rule of the family, or listed by it as
 * ignored with a reason; anything else refuses the load by name (unless MODEL_IGNORE_UNKNOWN). Each slot that
 * the spec says exists must be claimed by one tensor (one an expert), of the shape that model/slots.c says,
 * of a floating dtype; NAME_scale_inv beside a float8 NAME is its scale plane.
 *
 * The account says the same of keys: each is used, ignored with a reason, warned of, or unknown.
 */
#ifndef MODEL_BIND_H
#define MODEL_BIND_H

#include "base/account.h"
#include "formats/recognize.h"
#include "formats/safetensors.h"
#include "model/family.h"
#include "tensor/weight.h"

struct census {
    int64_t bound, ignored, unknown;               /* tensors */
    const char **ignored_names, **ignored_reasons; /* [ignored] */
    const char **unknown_names;                    /* [unknown]; not empty only under ignore_unknown */
    const char **unknown_keys;                     /* of the config */
    int64_t unknown_key_count;
    int64_t mtp_params;                     /* elements of tensors ignored as MTP */
    int64_t dtype_tensors[DTYPE_COUNT + 1]; /* how many bound tensors have each dtype; last: none of them */
    int64_t dtype_bytes[DTYPE_COUNT + 1];   /* of types that are not read: as far as the file's format says */
};

/* All weights of a model as views into the checkpoint's mappings. */
struct binding {
    struct weight global[SLOT_ATTENTION_NORM]; /* by slot; data NULL where the model has none */
    struct weight *layer;                      /* [layers * SLOT_COUNT] */
    struct weight *expert; /* [layers * 6 * E]: layer-major, then slot - SLOT_EXPERT_GATE, then expert */
    int64_t layers, experts;
};

const struct weight *binding_weight(const struct binding *binding, int64_t layer,
                                    enum slot slot); /* layer -1: global; never NULL */
const struct weight *binding_expert(const struct binding *binding, int64_t layer, enum slot slot,
                                    int64_t expert);

struct model { /* an opened checkpoint: all tables in its arena */
    struct arena arena;
    struct checkpoint checkpoint;
    const struct family *family;
    struct spec spec;
    struct binding binding;
    struct census census;
    struct account account;      /* of keys, and what of the tensors is to be warned of (model_account.h) */
    const char *const *warnings; /* what of it is to be said, a line each */
    int64_t warning_count;
    char path[512]; /* what was opened: of a folder with one GGUF file that file */
};

/* What `path` leads to (formats/recognize.h), where it is what is wanted; of a preset's name the refusal says
 * where its files are. All that open a model by its path ask here first. */
SY_MUST_CHECK bool model_given(const char *path, enum given_want want, struct given *given,
                               struct sy_error *err);

enum {                           /* how a model is opened */
       MODEL_IGNORE_UNKNOWN = 1, /* in spite of tensors that nobody claims */
       MODEL_DESCRIBE = 2,       /* only to be looked at: weights may have types that are not read */
};

/* MODEL is a folder or a .safetensors file (or index) with config.json beside it, or a GGUF file, or a folder
 * with one. Errors name file, tensor or key. */
SY_MUST_CHECK bool model_open(const char *path, unsigned flags, struct model *model, struct sy_error *err);
void model_close(struct model *model);

/* Bytes of the tables of an open model, at most: views of its weights, names and shapes of its tensors. By
 * the spec alone. */
SY_MUST_CHECK bool model_tables_bytes(const struct spec *spec, int64_t *bytes, struct sy_error *err);

enum { BIND_SCALED = 4 }; /* beside the flags above: the config says that float8 weights have scales */

#define ACCOUNT_WEIGHTS "weights" /* in the account: what the lines of tensors give as their file */

/* If the spec says that the head is the table, but the file holds two matrices that differ: it is so no more,
 * and the account has a warning. Before binding. */
SY_MUST_CHECK bool head_settle(const struct family *family, const struct checkpoint *checkpoint,
                               struct spec *spec, struct account *account, struct sy_error *err);

/* The inner step, for tests and other formats: bind an opened checkpoint. */
SY_MUST_CHECK bool bind_checkpoint(const struct family *family, const struct spec *spec,
                                   const struct checkpoint *checkpoint, unsigned flags, struct arena *arena,
                                   struct binding *binding, struct census *census, struct sy_error *err);

/* The first bound weight that holds a NaN or infinity, by tensor name; false when there is none. Reads
 * everything: for error messages. */
bool binding_find_nonfinite(const struct binding *binding, char *name, size_t size);

/* ---- writing: synth walks the same rules backwards ---- */

struct planned_tensor { /* a tensor of a checkpoint that a spec and a family ask for */
    const char *name;
    enum slot slot, second; /* what it holds; second == SLOT_COUNT: one slot */
    enum layout layout;
    int64_t layer, expert; /* -1: none; expert -1 with an expert slot: all experts fused */
    bool scales;           /* the powers of two beside MXFP4 blocks */
    int rank;
    int64_t shape[TENSOR_RANK_MAX];
};
/* The published form of every slot, in the order of layers. Arrays in the arena. */
SY_MUST_CHECK bool plan_tensors(const struct family *family, const struct spec *spec, struct arena *arena,
                                struct planned_tensor **out, int64_t *count, struct sy_error *err);
/* The same with the experts' matrices in MXFP4, blocks and scales beside each other, where the family has
 * such names (family_has_mxfp4). */
SY_MUST_CHECK bool plan_tensors_mxfp4(const struct family *family, const struct spec *spec,
                                      struct arena *arena, struct planned_tensor **out, int64_t *count,
                                      struct sy_error *err);
bool family_has_mxfp4(const struct family *family);
/* Tensors of these names, in any form that the family reads. */
SY_MUST_CHECK bool plan_named(const struct family *family, const struct spec *spec, const char *const *names,
                              int64_t count, struct arena *arena, struct planned_tensor **out,
                              struct sy_error *err);

#endif
