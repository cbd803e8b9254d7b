/*
 * A family: how to read a spec from config.json, and the names of its tensors, as tables of patterns. No
 * forward code. What seems to need some becomes a field of the spec that any family may use.
 *
 * To add one: write families/X.c with a `const struct family family_X`, and one line in families/list.h.
 */
#ifndef MODEL_FAMILY_H
#define MODEL_FAMILY_H

#include "model/config.h"
#include "model/slots.h"

/* How a tensor in the file gives a slot. */
enum layout {
    LAYOUT_PLAIN,      /* [rows, cols]; a vector [n]; experts: [E, rows, cols] unless the name holds {E} */
    LAYOUT_TRANSPOSED, /* [cols, rows], [E, cols, rows] */
    LAYOUT_HALVES,     /* [.., 2 rows, cols]: first `slot`, then `second` (vectors: [.., 2 n]) */
    LAYOUT_HALVES_TRANSPOSED, /* [.., cols, 2 rows]: first half of the columns `slot`, then `second` */
    LAYOUT_ALTERNATE,         /* [.., 2 rows, cols]: rows 0, 2, .. `slot`; 1, 3, .. `second` */
    LAYOUT_ALTERNATE_TRANSPOSED,
    LAYOUT_MX_BLOCKS, /* MXFP4 blocks u8 [E, rows, cols / 32, 16] with `scales` beside; see tensor/weight.h */
    LAYOUT_MX_BLOCKS_ALTERNATE, /* the same, [E, 2 rows, ..]: gate and up alternate */
    LAYOUT_HEADS,               /* [H, rows / H, cols]: a matrix whose rows are cut by heads */
};

/* Patterns: {L} is a layer's index, {E} an expert's; both plain decimals without leading zeros. */
struct tensor_rule {
    enum slot slot;
    const char *pattern;
    enum layout layout;
    enum slot second;   /* the other half, where the layout has one */
    const char *scales; /* MX: pattern of the scale tensor, claimed with it */
};

/* Tensors that are there but not for us: claimed, counted, and listed with the reason. '*' matches any text.
 * A pattern with {L} matches only layers behind the model's last, and of those only what is an MTP module: as
 * many as the spec's mtp_layers, or with an eh_proj of its own. */
struct tensor_ignore {
    const char *pattern;
    const char *reason; /* "vision tower", "MTP", "computed buffer" */
};

struct family {
    const char *name;                 /* "mixtral" */
    const char *const *architectures; /* of config.json, NULL-terminated */
    const char *const *model_types;   /* NULL-terminated */
    void (*read)(struct config *config,
                 struct spec *spec); /* errors are kept in the config (model/config.h) */
    /* Lists of names, each of which ends with pattern NULL; they end with NULL. The first form of a slot is
     * the published one, which synth writes. NULL: only described, for `plan`; no checkpoint is opened. */
    const struct tensor_rule *const *rules;
    const struct tensor_ignore *ignored; /* ends with pattern NULL */
    const char *const
        *prefixes; /* alternatives to strip from names ("language_model."), NULL-terminated; may be NULL */
    const struct gguf_form *gguf;       /* the same in GGUF (model/gguf_form.h); NULL: it has no form there */
    const struct key_meaning *meanings; /* its own, before those of all (model/meanings.h); may be NULL */
    const char *described_by;           /* where the sizes come from, for messages; NULL: config.json */
};

/* All rules of a family, list after list:
 *
 *     for (struct rule_walk walk = rules_of(family); rule_next(&walk);) ... walk.rule ...
 */
struct rule_walk {
    const struct tensor_rule *const *list;
    const struct tensor_rule *rule; /* NULL before the first, and behind the last */
};

static inline struct rule_walk rules_of(const struct family *family) {
    return (struct rule_walk){ family->rules, NULL };
}

static inline bool rule_next(struct rule_walk *walk) {
    if (!walk->list || !*walk->list) return false;
    walk->rule = walk->rule ? walk->rule + 1 : *walk->list;
    while (walk->rule && !walk->rule->pattern) walk->rule = *++walk->list;
    return walk->rule != NULL;
}

extern const struct family *const families[]; /* NULL-terminated; from families/list.h */
const struct family *family_find(const char *architecture,
                                 const char *model_type); /* either may be NULL; NULL: none */

/* Only described: nothing binds or runs it. The refusal that names it is family_refuse's, which returns
 * false. */
static inline bool family_is_described_only(const struct family *family) {
    return !family->rules;
}
bool family_refuse(const struct family *family, struct sy_error *err);

const char *family_described_by(const struct family *family);

/* The family of a parsed config and its spec, checked (spec_check). The family's own name for it goes to
 * spec->family. unknown keys: names in *unknown (arena), count in *unknown_count. */
SY_MUST_CHECK bool spec_from_config(struct config *config, struct arena *arena, const struct family **family,
                                    struct spec *spec, struct sy_error *err);

#endif
