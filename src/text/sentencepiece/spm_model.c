/*
 * SentencePiece's model file: unpacked by protobuf-c after the schema in sentencepiece.proto, checked, and
 * copied into a plain struct.
 *
 * protobuf-c takes memory in proportion to what the file claims in few bytes (an empty piece is two bytes of
 * file and a hundred of memory), so it allocates through a budget. What must hold of pieces is what
 * sentencepiece's own loader demands (0.2.3, src/model_interface.cc, InitializePieces):
 *
 * - none is empty, and none is there twice, neither among those that are found in text nor among the others;
 * - one is the unknown piece, and all 256 byte pieces are there where bytes are the fallback;
 * - none holds a NUL, but for the lone one that converters leave, which counts as unused;
 * - scores are finite.
 *
 * Beside that we want texts to be UTF-8. Beginning, end and padding are found by the names that the trainer's
 * settings give, and count only where they are control pieces (src/sentencepiece_processor.cc).
 */
#include "text/sentencepiece/spm_model.h"
#include "base/checked.h"
#include "base/random.h"
#include "base/utf8.h"
#include "sentencepiece.pb-c.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROBES_MAX = 512 }; /* of the table of names; more only where somebody made them collide */
#define REMEDY "fetch the model file again, or export it anew"

/* ---- memory for protobuf-c ---- */

struct budget {
    int64_t left;
    bool exceeded, failed;
};

static void *budget_take(void *data, size_t size) {
    struct budget *budget = data;
    if (size > (size_t)budget->left) {
        budget->exceeded = true;
        return NULL;
    }
    budget->left -= (int64_t)size;
    void *memory = malloc(size + (size == 0));
    if (!memory) budget->failed = true;
    return memory;
}

static void budget_free(void *data, void *memory) {
    (void)data;
    free(memory);
}

/* ---- pieces ---- */

struct name_table { /* open addressing: ids of pieces by their texts; -1: free */
    int32_t *slots;
    int64_t mask;
};

/* Pieces that are never found in text may share one with those that are. */
static bool is_reserved(enum spm_piece_type type) {
    return type == SPM_UNKNOWN || type == SPM_CONTROL || type == SPM_BYTE;
}

/* The id of a text; -1 with *slot where it would go; -2 when the table is crowded. */
static int64_t name_find(const struct spm_model *model, const struct name_table *names, const char *text,
                         int64_t size, bool reserved, int64_t *slot) {
    uint64_t seed = (uint64_t)model->count * 2 + reserved;
    int64_t at = (int64_t)(random_hash(text, (uint64_t)size, seed) & (uint64_t)names->mask);
    for (int probe = 0; probe < PROBES_MAX; probe++, at = (at + 1) & names->mask) {
        int32_t id = names->slots[at];
        *slot = at;
        if (id < 0) return -1;
        const struct spm_piece *piece = &model->pieces[id];
        if (piece->size == size && is_reserved(piece->type) == reserved &&
            memcmp(piece->text, text, (size_t)size) == 0)
            return id;
    }
    return -2;
}

static bool piece_fail(struct sy_error *err, int64_t id) {
    sy_error_at(err, "piece %lld", (long long)id);
    return sy_error_remedy(err, REMEDY);
}

static bool text_is_sound(const char *text, int64_t size) {
    uint32_t point;
    for (int64_t at = 0; at < size;) {
        size_t length = utf8_decode(text + at, (size_t)(size - at), &point);
        if (length == 0) return false;
        at += (int64_t)length;
    }
    return true;
}

static bool is_lone_nul(const struct spm_piece *piece) {
    return piece->size == 1 && piece->text[0] == 0;
}

/* <0x00> .. <0xFF>, spelt exactly so; -1 for anything else. */
static int byte_of_piece(const struct spm_piece *piece) {
    static const char digits[] = "0123456789ABCDEF";
    if (piece->size != 6 || memcmp(piece->text, "<0x", 3) != 0 || piece->text[5] != '>') return -1;
    const char *high = memchr(digits, piece->text[3], 16), *low = memchr(digits, piece->text[4], 16);
    return high && low ? (int)(high - digits) * 16 + (int)(low - digits) : -1;
}

static bool check_type(struct spm_model *model, int64_t id, struct sy_error *err) {
    const struct spm_piece *piece = &model->pieces[id];
    int byte = byte_of_piece(piece);
    switch (piece->type) {
    case SPM_NORMAL:
    case SPM_CONTROL:
    case SPM_USER_DEFINED:
    case SPM_UNUSED: return true;
    case SPM_UNKNOWN:
        if (model->unk >= 0)
            return sy_fail(err, SY_ERR_FORMAT, "a second unknown piece; piece %lld is one already",
                           (long long)model->unk);
        model->unk = id;
        return true;
    case SPM_BYTE:
        if (!model->byte_fallback)
            return sy_fail(err, SY_ERR_FORMAT, "a byte piece, but the model says that it has none");
        if (byte < 0) return sy_fail(err, SY_ERR_FORMAT, "a byte piece spelt '%.16s'", piece->text);
        model->bytes[byte] = (int32_t)id;
        return true;
    }
    return sy_fail(err, SY_ERR_FORMAT, "is of type %d; types are 1 to 6", (int)piece->type);
}

/* The text goes to *room, which moves on. */
static bool read_piece(const Sentencepiece__SentencePiece *from, const struct spm_limits *limits,
                       struct spm_model *model, int64_t id, char **room, struct sy_error *err) {
    const char *text = (const char *)from->piece.data;
    int64_t size = from->has_piece ? (int64_t)from->piece.len : 0;
    if (size == 0) return sy_fail(err, SY_ERR_FORMAT, "has no text");
    if (size > limits->piece_bytes)
        return sy_fail(err, SY_ERR_LIMIT, "has %lld bytes, at most %lld are read", (long long)size,
                       (long long)limits->piece_bytes);
    if (memchr(text, 0, (size_t)size) && !(size == 1 && model->byte_fallback))
        return sy_fail(err, SY_ERR_FORMAT, "its text holds a NUL");
    if (!text_is_sound(text, size)) return sy_fail(err, SY_ERR_FORMAT, "its text is not UTF-8");
    if (!isfinite(from->score)) return sy_fail(err, SY_ERR_FORMAT, "its score is %g", (double)from->score);
    memcpy(*room, text, (size_t)size); /* the NUL behind it is there already */
    model->pieces[id] = (struct spm_piece){ *room, size, from->score, (enum spm_piece_type)(int)from->type };
    *room += size + 1;
    if (is_lone_nul(&model->pieces[id])) model->pieces[id].type = SPM_UNUSED;
    return check_type(model, id, err);
}

static bool names_open(struct name_table *names, int64_t count, struct sy_error *err) {
    int64_t room = 16;
    while (room < count * 2) room *= 2;
    names->mask = room - 1;
    names->slots = malloc((size_t)room * sizeof *names->slots);
    if (!names->slots) return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld names", (long long)room);
    memset(names->slots, 0xff, (size_t)room * sizeof *names->slots);
    return true;
}

static bool read_pieces(const Sentencepiece__ModelProto *proto, const struct spm_limits *limits,
                        struct spm_model *model, struct name_table *names, struct sy_error *err) {
    int64_t text_bytes = model->count; /* a NUL each; the texts lie in the file, so nothing can overflow */
    for (int64_t id = 0; id < model->count; id++) text_bytes += (int64_t)proto->pieces[id]->piece.len;
    char *room = arena_new(&model->arena, char, text_bytes, err);
    model->pieces = arena_new(&model->arena, struct spm_piece, model->count, err);
    if (!room || !model->pieces || !names_open(names, model->count, err)) return false;
    for (int64_t id = 0; id < model->count; id++) {
        int64_t slot, other;
        if (!read_piece(proto->pieces[id], limits, model, id, &room, err)) return piece_fail(err, id);
        const struct spm_piece *piece = &model->pieces[id];
        if (is_lone_nul(piece)) continue;
        other = name_find(model, names, piece->text, piece->size, is_reserved(piece->type), &slot);
        if (other >= 0) {
            sy_fail(err, SY_ERR_FORMAT, "has the same text as piece %lld", (long long)other);
            return piece_fail(err, id);
        }
        if (other == -2) {
            sy_fail(err, SY_ERR_LIMIT, "the texts of pieces are chosen so that looking them up is slow");
            return piece_fail(err, id);
        }
        names->slots[slot] = (int32_t)id;
    }
    return true;
}

/* ---- settings ---- */

static int64_t control_id(const struct spm_model *model, const struct name_table *names,
                          const ProtobufCBinaryData *name, const char *otherwise) {
    const char *text = name && name->len > 0 ? (const char *)name->data : otherwise;
    int64_t size = name && name->len > 0 ? (int64_t)name->len : (int64_t)strlen(otherwise), slot;
    int64_t id = name_find(model, names, text, size, true, &slot);
    return id >= 0 && model->pieces[id].type == SPM_CONTROL ? id : -1;
}

static bool read_kind(const Sentencepiece__TrainerSpec *trainer, struct spm_model *model,
                      struct sy_error *err) {
    switch ((int)trainer->model_type) {
    case SENTENCEPIECE__TRAINER_SPEC__MODEL_TYPE__UNIGRAM: model->kind = SPM_UNIGRAM; break;
    case SENTENCEPIECE__TRAINER_SPEC__MODEL_TYPE__BPE: model->kind = SPM_BPE; break;
    case SENTENCEPIECE__TRAINER_SPEC__MODEL_TYPE__WORD:
        sy_fail(err, SY_ERR_FORMAT, "the model is of type 'word', which is not known here");
        return sy_error_remedy(err, "use a tokenizer model of type Unigram or BPE");
    case SENTENCEPIECE__TRAINER_SPEC__MODEL_TYPE__CHAR:
        sy_fail(err, SY_ERR_FORMAT, "the model is of type 'char', which is not known here");
        return sy_error_remedy(err, "use a tokenizer model of type Unigram or BPE");
    default:
        sy_fail(err, SY_ERR_FORMAT, "the model is of type %d; types are 1 to 4", (int)trainer->model_type);
        return sy_error_remedy(err, REMEDY);
    }
    model->byte_fallback = trainer->byte_fallback;
    model->rules.whitespace_as_suffix = trainer->treat_whitespace_as_suffix;
    return true;
}

static bool read_rules(const Sentencepiece__NormalizerSpec *rules, struct spm_model *model,
                       struct sy_error *err) {
    struct spm_rules *out = &model->rules;
    out->add_dummy_prefix = rules->add_dummy_prefix;
    out->remove_extra_whitespaces = rules->remove_extra_whitespaces;
    out->escape_whitespaces = rules->escape_whitespaces;
    if (rules->precompiled_charsmap.len == 0) return true;
    out->charsmap_size = (int64_t)rules->precompiled_charsmap.len;
    unsigned char *copy = arena_new(&model->arena, unsigned char, out->charsmap_size, err);
    if (!copy) return false;
    memcpy(copy, rules->precompiled_charsmap.data, rules->precompiled_charsmap.len);
    out->charsmap = copy;
    return true;
}

static bool read_settings(const Sentencepiece__ModelProto *proto, struct spm_model *model,
                          struct sy_error *err) {
    const Sentencepiece__TrainerSpec trainer = SENTENCEPIECE__TRAINER_SPEC__INIT;
    const Sentencepiece__NormalizerSpec rules = SENTENCEPIECE__NORMALIZER_SPEC__INIT;
    if (!read_kind(proto->trainer_spec ? proto->trainer_spec : &trainer, model, err)) {
        return sy_error_at(err, "trainer_spec.model_type");
    }
    if (proto->denormalizer_spec && proto->denormalizer_spec->precompiled_charsmap.len > 0) {
        sy_fail(err, SY_ERR_FORMAT, "a character map for decoding is not known here");
        sy_error_at(err, "denormalizer_spec");
        return sy_error_remedy(err, "use a tokenizer model without one");
    }
    return read_rules(proto->normalizer_spec ? proto->normalizer_spec : &rules, model, err);
}

/* After all pieces are there. */
static bool check_whole(const Sentencepiece__TrainerSpec *trainer, const struct name_table *names,
                        struct spm_model *model, struct sy_error *err) {
    if (model->unk < 0 && !model->byte_fallback) {
        sy_fail(err, SY_ERR_FORMAT, "no piece is the unknown one (type 2)");
        return sy_error_remedy(err, REMEDY);
    }
    for (int byte = 0; byte < 256 && model->byte_fallback; byte++) {
        if (model->bytes[byte] >= 0) continue;
        sy_fail(err, SY_ERR_FORMAT, "bytes are the fallback, but there is no byte piece <0x%02X>", byte);
        return sy_error_remedy(err, REMEDY);
    }
    model->bos = control_id(model, names, trainer ? &trainer->bos_piece : NULL, "<s>");
    model->eos = control_id(model, names, trainer ? &trainer->eos_piece : NULL, "</s>");
    model->pad = control_id(model, names, trainer ? &trainer->pad_piece : NULL, "<pad>");
    model->rules.pieces = model->pieces;
    model->rules.piece_count = model->count;
    return true;
}

static bool read_model(const Sentencepiece__ModelProto *proto, const struct spm_limits *limits,
                       struct spm_model *model, struct sy_error *err) {
    struct name_table names = { NULL, 0 };
    model->count = (int64_t)proto->n_pieces;
    if (model->count == 0) {
        sy_fail(err, SY_ERR_FORMAT, "no pieces; this is no SentencePiece model");
        return sy_error_remedy(err, REMEDY);
    }
    if (model->count > limits->pieces) {
        sy_fail(err, SY_ERR_LIMIT, "%lld pieces, at most %lld are read", (long long)model->count,
                (long long)limits->pieces);
        return sy_error_remedy(err, "use a tokenizer model with fewer pieces");
    }
    bool ok = read_settings(proto, model, err) && read_pieces(proto, limits, model, &names, err) &&
              check_whole(proto->trainer_spec, &names, model, err);
    free(names.slots);
    return ok;
}

static struct spm_limits limits_of(const struct spm_limits *given, int64_t size) {
    struct spm_limits limits = given ? *given : (struct spm_limits){ 0 };
    if (limits.file_bytes <= 0) limits.file_bytes = (int64_t)32 << 20;
    if (limits.memory_bytes <= 0) limits.memory_bytes = min_i64(size, limits.file_bytes) * 32 + (1 << 20);
    if (limits.pieces <= 0) limits.pieces = (int64_t)4 << 20;
    if (limits.piece_bytes <= 0) limits.piece_bytes = 7999; /* as sentencepiece */
    limits.pieces = min_i64(limits.pieces, INT32_MAX / 4);
    return limits;
}

bool spm_model_read(const unsigned char *bytes, int64_t size, const struct spm_limits *given,
                    struct spm_model *out, struct sy_error *err) {
    struct spm_limits limits = limits_of(given, size);
    struct budget budget = { .left = limits.memory_bytes };
    ProtobufCAllocator allocator = { budget_take, budget_free, &budget };
    *out = (struct spm_model){ .unk = -1, .bos = -1, .eos = -1, .pad = -1 };
    memset(out->bytes, 0xff, sizeof out->bytes);
    arena_open(&out->arena);
    if (size > limits.file_bytes) {
        sy_fail(err, SY_ERR_LIMIT, "%lld bytes, at most %lld are read", (long long)size,
                (long long)limits.file_bytes);
        return sy_error_remedy(err, "use a tokenizer model with fewer pieces");
    }
    Sentencepiece__ModelProto *proto = sentencepiece__model_proto__unpack(&allocator, (size_t)size, bytes);
    if (!proto && budget.exceeded) {
        sy_fail(err, SY_ERR_LIMIT, "needs more than %lld bytes of memory", (long long)limits.memory_bytes);
        return sy_error_remedy(err, REMEDY);
    }
    if (!proto && budget.failed)
        return sy_fail(err, SY_ERR_MEMORY, "no memory for a model of %lld bytes", (long long)size);
    if (!proto) {
        sy_fail(err, SY_ERR_FORMAT, "this is no SentencePiece model: its protobuf is broken or cut short");
        return sy_error_remedy(err, REMEDY);
    }
    bool ok = read_model(proto, &limits, out, err);
    sentencepiece__model_proto__free_unpacked(proto, &allocator);
    if (!ok) spm_model_close(out);
    return ok;
}

void spm_model_close(struct spm_model *model) {
    arena_close(&model->arena);
    *model = (struct spm_model){ .unk = -1, .bos = -1, .eos = -1, .pad = -1 };
    arena_open(&model->arena);
}
