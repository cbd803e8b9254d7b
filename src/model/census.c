/*
 * The census: who claims each tensor of a checkpoint. In order of preference
 *
 *   a rule of the family, for a layer and an expert that the model has     bound: one claim, two for a pair
 *   the scales of such a tensor                                            bound with it
 *   what the family lists as ignored, the head of a tied model             ignored, with the reason
 *   scales of a server's cache or activations                              ignored, with the reason
 *   planes of a form of storage that is not read                           refused, whatever is asked
 *   nothing                                                                refused by name; unknown if wished
 *
 * Codes of float8 mean nothing without their scales: where the config or another tensor says that this
 * checkpoint has scales, a matrix without is refused.
 */
#include "base/account.h"
#include "base/options.h"
#include "model/claims.h"
#include "model/foreign.h"
#include "model/pattern.h"
#include <stdio.h>
#include <string.h>

#define NAME_MAX_BYTES 1024

struct taking {
    const struct family *family;
    const struct spec *spec;
    const struct checkpoint *checkpoint;
    struct claims *claims;
    const char **reasons;      /* [count] of ignored tensors */
    unsigned char *fates;      /* [count] */
    int64_t beyond_layer;      /* an MTP layer found by its tensors; saves looking again */
    bool scaled;               /* some float8 tensor has scales, or the config says so */
    bool embedded;             /* the file has the table that a tied head would be */
    const struct tensor *bare; /* the first float8 matrix without scales */
    struct rule_walk near;     /* the rule that matched last: neighbours in the file often follow it */
};

/* A name as a rule sees it. */
struct match {
    const struct tensor_rule *rule;
    int64_t layer, expert;
    size_t prefix; /* bytes of the name before what the pattern covers */
};

/* ---- matching ---- */

static void rule_first(struct rule_walk *walk, const struct family *family) {
    *walk = rules_of(family);
    (void)rule_next(walk);
}

static bool match_plain(struct taking *t, const char *name, struct match *match) {
    struct rule_walk walk = t->near;
    if (!walk.rule) rule_first(&walk, t->family);
    const struct tensor_rule *start = walk.rule;
    do {
        if (pattern_match(walk.rule->pattern, name, &match->layer, &match->expert)) {
            match->rule = walk.rule;
            t->near = walk;
            return true;
        }
        if (!rule_next(&walk)) rule_first(&walk, t->family);
    } while (walk.rule != start);
    return false;
}

/* The name itself, then without each of the family's prefixes. */
static bool match_rule(struct taking *t, const char *name, struct match *match) {
    match->prefix = 0;
    if (match_plain(t, name, match)) return true;
    for (const char *const *prefix = t->family->prefixes; prefix && *prefix; prefix++) {
        match->prefix = strlen(*prefix);
        if (strncmp(name, *prefix, match->prefix) == 0 && match_plain(t, name + match->prefix, match))
            return true;
    }
    return false;
}

static bool in_range(const struct taking *t, const struct match *match) {
    return match->layer < t->spec->decoder.layer_count && match->expert < t->spec->router.experts;
}

/* Whether a layer behind the last is an MTP module: it brings the projection that only those have. What the
 * config announces is not enough: with num_hidden_layers one too low, a layer of the model would be dropped
 * without a word. */
static bool is_mtp(struct taking *t, const char *name, size_t prefix, const char *pattern, int64_t layer) {
    char projection[NAME_MAX_BYTES];
    if (layer < t->spec->decoder.layer_count) return false;
    if (layer == t->beyond_layer) return true;
    memcpy(projection, name, prefix);
    static const char *const spellings[] = { "eh_proj.weight", "nextn.eh_proj.weight" /* GGUF's */ };
    for (int i = 0; i < 2; i++) {
        if (!pattern_write(pattern, layer, -1, spellings[i], projection + prefix,
                           sizeof projection - prefix) ||
            !checkpoint_find(t->checkpoint, projection))
            continue;
        t->beyond_layer = layer;
        return true;
    }
    return false;
}

static const char *ignored_reason(struct taking *t, const char *name) {
    const char *const *prefixes = t->family->prefixes;
    int64_t layer, expert;
    for (const struct tensor_ignore *i = t->family->ignored; i && i->pattern; i++) {
        size_t prefix = 0;
        for (int p = -1; p < 0 || (prefixes && prefixes[p]); p++) {
            prefix = p < 0 ? 0 : strlen(prefixes[p]);
            if (p >= 0 && strncmp(name, prefixes[p], prefix) != 0) continue;
            if (prefix >= NAME_MAX_BYTES / 2 || !pattern_match(i->pattern, name + prefix, &layer, &expert))
                continue;
            if (layer < 0 || is_mtp(t, name, prefix, i->pattern, layer)) return i->reason;
        }
    }
    return NULL;
}

static bool at_tensor(const struct tensor *tensor, struct sy_error *err) {
    sy_error_at(err, "%s", tensor->name);
    return sy_error_in(err, tensor->file);
}

/* ---- claiming ---- */

static const struct tensor *find_plane(const struct taking *t, const struct tensor *tensor) {
    char name[NAME_MAX_BYTES];
    if (!is_float8(tensor->dtype)) return NULL;
    int length = snprintf(name, sizeof name, "%s" PLANE_SUFFIX, tensor->name);
    return length < (int)sizeof name ? checkpoint_find(t->checkpoint, name) : NULL;
}

/* The tensor that `pattern` names beside this one. */
static const struct tensor *find_beside(const struct taking *t, const char *name, const struct match *match,
                                        const char *pattern) {
    char beside[NAME_MAX_BYTES];
    if (match->prefix >= sizeof beside / 2) return NULL;
    memcpy(beside, name, match->prefix);
    if (!pattern_write(pattern, match->layer, match->expert, "", beside + match->prefix,
                       sizeof beside - match->prefix))
        return NULL;
    return checkpoint_find(t->checkpoint, beside);
}

static void add_claims(struct taking *t, const struct tensor *tensor, const struct match *match) {
    const struct tensor_rule *rule = match->rule;
    struct claim claim = {
        .tensor = tensor, .rule = rule, .slot = rule->slot, .layer = match->layer, .expert = match->expert
    };
    claim.scales = rule->scales ? find_beside(t, tensor->name, match, rule->scales) : find_plane(t, tensor);
    if (t->spec->tied && claim.slot == SLOT_HEAD) claim.slot = SLOT_EMBED; /* stored under the head's name */
    if (is_float8(tensor->dtype) && !slot_is_vector(claim.slot)) {
        t->scaled = t->scaled || claim.scales;
        if (!claim.scales && !t->bare) t->bare = tensor;
    }
    t->claims->list[t->claims->count++] = claim;
    if (!layout_is_pair(rule->layout)) return;
    claim.slot = rule->second;
    claim.second = true;
    t->claims->list[t->claims->count++] = claim;
}

/* Is this the scale plane of a bound tensor? *wrong says that it is one, but belongs to nothing. */
static bool is_scales(struct taking *t, const struct tensor *tensor, bool *wrong) {
    const char *name = tensor->name;
    size_t length = strlen(name), suffix = strlen(PLANE_SUFFIX);
    char owner[NAME_MAX_BYTES];
    struct match match;
    *wrong = false;
    if (length > suffix && length < sizeof owner && strcmp(name + length - suffix, PLANE_SUFFIX) == 0) {
        memcpy(owner, name, length - suffix);
        owner[length - suffix] = 0;
        const struct tensor *whose = checkpoint_find(t->checkpoint, owner);
        if (!match_rule(t, owner, &match) || !in_range(t, &match)) return false;
        *wrong = !whose || !is_float8(whose->dtype);
        return !*wrong;
    }
    for (struct rule_walk walk = rules_of(t->family); rule_next(&walk);) {
        const struct tensor_rule *rule = walk.rule;
        if (!rule->scales) continue;
        for (int p = -1; p < 0 || (t->family->prefixes && t->family->prefixes[p]); p++) {
            match.prefix = p < 0 ? 0 : strlen(t->family->prefixes[p]);
            if (p >= 0 && strncmp(name, t->family->prefixes[p], match.prefix) != 0) continue;
            if (!pattern_match(rule->scales, name + match.prefix, &match.layer, &match.expert)) continue;
            if (!in_range(t, &match)) return false;
            *wrong = !find_beside(t, name, &match, rule->pattern);
            return !*wrong;
        }
    }
    return false;
}

/* ---- refusing ---- */

static bool refuse_scales(const struct tensor *tensor, struct sy_error *err) {
    sy_fail(err, SY_ERR_SHAPE, "scales without a tensor that needs them");
    sy_error_remedy(err, "the tensor that they belong to is missing, or is not in 8 or 4 bits: take the "
                         "checkpoint from where it was published");
    return at_tensor(tensor, err);
}

static bool refuse_range(const struct taking *t, const struct tensor *tensor, const struct match *match,
                         struct sy_error *err) {
    const char *by = family_described_by(t->family);
    if (match->layer >= t->spec->decoder.layer_count)
        sy_fail(err, SY_ERR_SHAPE, "of layer %lld, but %s says that there are %lld layers",
                (long long)match->layer, by, (long long)t->spec->decoder.layer_count);
    else
        sy_fail(err, SY_ERR_SHAPE, "of expert %lld, but %s says that there are %lld experts",
                (long long)match->expert, by, (long long)t->spec->router.experts);
    sy_error_remedy(
        err, "the weights and %s are not of the same model: take both from where it was published", by);
    return at_tensor(tensor, err);
}

static bool refuse_form(const struct tensor *tensor, const struct foreign *foreign, struct sy_error *err) {
    if (foreign->what)
        sy_fail(err, SY_ERR_FORMAT, "a part of weights stored by %s, which is not read here", foreign->what);
    else
        sy_fail(err, SY_ERR_FORMAT, "scales in a form that is not read here");
    sy_error_remedy(err, STORAGE_REMEDY);
    return at_tensor(tensor, err);
}

static bool refuse_bare(const struct taking *t, struct sy_error *err) {
    sy_fail(err, SY_ERR_SHAPE, "stored as %s, and its scale (this name and " PLANE_SUFFIX ") is missing",
            dtype_name(t->bare->dtype));
    sy_error_remedy(err,
                    "its numbers mean nothing without it: take the checkpoint from where it was published");
    return at_tensor(t->bare, err);
}

/* Names the known tensor that is spelt most like this one. */
static bool refuse_unknown(const struct taking *t, const struct tensor *tensor, struct sy_error *err) {
    const char *patterns[256], *near;
    char form[256], name[256];
    int64_t layer, expert;
    int count = 0;
    for (struct rule_walk walk = rules_of(t->family); count < 256 && rule_next(&walk);)
        patterns[count++] = walk.rule->pattern;
    pattern_of(tensor->name, form, sizeof form, &layer, &expert);
    near = nearest_word(form, patterns, count);
    sy_fail(err, SY_ERR_SHAPE, "no tensor of a %s model is called so", t->family->name);
    if (near && pattern_write(near, layer < 0 ? 0 : layer, expert < 0 ? 0 : expert, "", name, sizeof name))
        sy_error_remedy(err, "did you mean %s? SY_IGNORE_UNKNOWN leaves it out", name);
    else
        sy_error_remedy(err, "SY_IGNORE_UNKNOWN leaves it out");
    return at_tensor(tensor, err);
}

/* ---- all of them ---- */

static bool take_tensor(struct taking *t, int64_t index, unsigned flags, struct sy_error *err) {
    const struct tensor *tensor = &t->checkpoint->tensors[index];
    const struct foreign *foreign;
    struct match match = { 0 };
    bool known = match_rule(t, tensor->name, &match), lost = false;
    if (known && match.rule->slot == SLOT_HEAD && t->spec->tied && t->embedded) {
        t->reasons[index] = "tied head";
    } else if (known && in_range(t, &match)) {
        add_claims(t, tensor, &match);
        return true;
    } else {
        t->reasons[index] = ignored_reason(t, tensor->name);
    }
    if (t->reasons[index]) {
        t->fates[index] = FATE_IGNORED;
        return true;
    }
    if (known) return refuse_range(t, tensor, &match, err);
    if (is_scales(t, tensor, &lost)) return true;
    if (lost) return refuse_scales(tensor, err);
    foreign = foreign_find(tensor->name);
    if (foreign && !foreign->beside) return refuse_form(tensor, foreign, err);
    t->fates[index] = foreign ? FATE_IGNORED : FATE_UNKNOWN;
    if (foreign) t->reasons[index] = foreign->what;
    return foreign || (flags & MODEL_IGNORE_UNKNOWN) || refuse_unknown(t, tensor, err);
}

static bool is_plane(const char *name) {
    size_t length = strlen(name), suffix = strlen(PLANE_SUFFIX);
    return length > suffix && strcmp(name + length - suffix, PLANE_SUFFIX) == 0;
}

static bool sum_up(const struct taking *t, struct arena *arena, struct census *census, struct sy_error *err) {
    int64_t counts[FATE_COUNT] = { 0 }, elements;
    for (int64_t i = 0; i < t->checkpoint->count; i++) counts[t->fates[i]]++;
    census->ignored_names = arena_new(arena, const char *, counts[FATE_IGNORED], err);
    census->ignored_reasons = arena_new(arena, const char *, counts[FATE_IGNORED], err);
    census->unknown_names = arena_new(arena, const char *, counts[FATE_UNKNOWN], err);
    if (!census->ignored_names || !census->ignored_reasons || !census->unknown_names) return false;
    for (int64_t i = 0; i < t->checkpoint->count; i++) {
        const struct tensor *tensor = &t->checkpoint->tensors[i];
        if (t->fates[i] == FATE_USED) {
            census->bound++;
            census->dtype_tensors[tensor->dtype]++;
            census->dtype_bytes[tensor->dtype] += tensor->bytes;
        } else if (t->fates[i] == FATE_UNKNOWN) {
            census->unknown_names[census->unknown++] = tensor->name;
        } else {
            bool mtp = strcmp(t->reasons[i], "MTP") == 0 && !is_plane(tensor->name);
            if (mtp && tensor_elements(tensor, &elements)) census->mtp_params += elements;
            census->ignored_reasons[census->ignored] = t->reasons[i];
            census->ignored_names[census->ignored++] = tensor->name;
        }
    }
    return true;
}

bool census_take(const struct family *family, const struct spec *spec, const struct checkpoint *checkpoint,
                 unsigned flags, struct arena *scratch, struct arena *arena, struct claims *claims,
                 struct census *census, struct sy_error *err) {
    struct taking t = { .family = family,
                        .spec = spec,
                        .checkpoint = checkpoint,
                        .claims = claims,
                        .beyond_layer = -1,
                        .scaled = flags & BIND_SCALED,
                        .embedded = tensor_of_slot(family, checkpoint, SLOT_EMBED) };
    memset(census, 0, sizeof *census);
    claims->count = 0;
    claims->list = arena_new(scratch, struct claim, checkpoint->count * 2, err);
    t.reasons = arena_new(scratch, const char *, checkpoint->count, err);
    t.fates = arena_new(scratch, unsigned char, checkpoint->count, err);
    if (!claims->list || !t.reasons || !t.fates) return false;
    memset(t.fates, FATE_USED, (size_t)checkpoint->count);
    memset(t.reasons, 0, (size_t)checkpoint->count * sizeof *t.reasons);
    for (int64_t i = 0; i < checkpoint->count; i++)
        if (!take_tensor(&t, i, flags, err)) return false;
    if (t.bare && t.scaled) return refuse_bare(&t, err);
    return sum_up(&t, arena, census, err);
}
