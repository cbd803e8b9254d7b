/*
 * Fuzzing SentencePiece's model files: read one, and put a text through its normaliser and, where it is a
 * Unigram model, its pieces. The mutator knows the wire format of protobuf: a field comes again, goes, or
 * gets another number or length; and it makes sound models to begin with.
 */
#include "text/sentencepiece/spm_model.h"
#include "mutate.h"
#include "refusal.h"
#include "text/normalize/normalize.h"
#include "text/sentencepiece/spm_sample.h"
#include "text/unigram.h"

static const char text[] = "  the abab  \xe2\x96\x81"
                           "a\xc3\xa9\xe4\xb8\xad ab<s>  ";

static long long inputs, deep, good;

static void print_counts(void) {
    fprintf(stderr, "fuzz: %lld of %lld inputs past the header, %lld accepted\n", deep, inputs, good);
}

static void check_model(const struct spm_model *model) {
    MUST(model->count > 0 && model->unk < model->count && (model->unk >= 0 || model->byte_fallback));
    MUST(model->kind == SPM_UNIGRAM || model->kind == SPM_BPE);
    for (int64_t i = 0; i < model->count; i++) {
        const struct spm_piece *piece = &model->pieces[i];
        MUST(piece->size > 0 && piece->text[piece->size] == 0);
        MUST(piece->score - piece->score == 0);
        MUST(piece->type >= SPM_NORMAL && piece->type <= SPM_BYTE);
    }
    for (int i = 0; i < 256; i++)
        MUST(model->bytes[i] < model->count && (model->bytes[i] >= 0 || !model->byte_fallback));
}

static void check_encoding(const struct spm_model *model, const struct text *normal) {
    struct unigram *unigram;
    struct unigram_scratch scratch = { 0 };
    struct id_buffer ids = { 0 };
    struct sy_error err;
    if (!unigram_open_spm(model, &unigram, &err)) return;
    MUST(unigram_encode(unigram, &scratch, normal->data, (int64_t)normal->size, &ids, &err));
    for (int64_t i = 0; i < ids.count; i++) MUST(ids.data[i] >= 0 && ids.data[i] < model->count);
    unigram_scratch_free(&scratch);
    id_buffer_free(&ids);
    unigram_close(unigram);
}

static void check_text(const struct spm_model *model) {
    struct normalizer *normalizer;
    struct text normal = { 0 };
    struct sy_error err = { .code = SY_OK };
    if (!normalizer_open_spm(&model->rules, &normalizer, &err)) {
        refusal_check(&err);
        return;
    }
    good++;
    MUST(normalizer_apply(normalizer, text, (int64_t)sizeof text - 1, true, &normal, &err));
    if (model->kind == SPM_UNIGRAM) check_encoding(model, &normal);
    text_free(&normal);
    normalizer_close(normalizer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct spm_model model;
    struct sy_error err = { .code = SY_OK };
    if (inputs++ == 0) atexit(print_counts);
    if (spm_model_read(bytes, (int64_t)size, NULL, &model, &err)) {
        deep++;
        check_model(&model);
        check_text(&model);
    } else {
        deep += err.place[0] != 0;
        refusal_check(&err);
    }
    spm_model_close(&model);
    return 0;
}

/* ---- mutation ---- */

/* A map of one key, laid out as in charsmap.c: one node, its value, its replacement. */
static size_t small_map(uint8_t *at, unsigned byte) {
    uint32_t units[256] = { 1u << 10 };
    uint32_t bytes = sizeof units;
    units[1 ^ byte] = 4u << 10 | 1u << 8 | byte;
    units[1 ^ byte ^ 4] = 0x80000000u;
    memcpy(at, &bytes, 4);
    memcpy(at + 4, units, sizeof units);
    memcpy(at + 4 + sizeof units, "xy", 3);
    return 4 + sizeof units + 3;
}

static size_t sound_model(struct mutation *m) {
    static const char *const texts[] = { "\xe2\x96\x81",
                                         "\xe2\x96\x81the",
                                         "a",
                                         "b",
                                         "ab",
                                         "\xe4\xb8\xad",
                                         "e",
                                         ("\xe2\x96\x81"
                                          "a") };
    uint8_t map[1100];
    struct spm_sample made = { m->at, 0, m->room };
    bool bytes = mutate_below(m, 4) == 0;
    const bool rules[3] = { mutate_below(m, 2), mutate_below(m, 2), mutate_below(m, 2) };
    size_t map_size = mutate_below(m, 2) ? small_map(map, 'a' + (unsigned)mutate_below(m, 5)) : 0;
    sample_pieces(&made, bytes, texts, (int)mutate_below(m, 9));
    if (mutate_below(m, 2)) sample_piece(&made, "aba", 3, 0, (unsigned)mutate_below(m, 8));
    sample_trainer(&made, 1 + (unsigned)mutate_below(m, 2), bytes, mutate_below(m, 2));
    sample_rules(&made, map, map_size, rules);
    return made.size;
}

/* Protobuf as far as it can be told apart: a field from `from`, its payload, its end. */
struct field {
    size_t from, payload, end;
};

static size_t varint_end(const struct mutation *m, size_t at, uint64_t *value) {
    *value = 0;
    for (int shift = 0; at < m->size && shift < 64; shift += 7) {
        *value |= (uint64_t)(m->at[at] & 0x7f) << shift;
        if (m->at[at++] < 0x80) break;
    }
    return at;
}

static struct field field_at(const struct mutation *m, size_t from) {
    uint64_t tag, value;
    struct field field = { from, varint_end(m, from, &tag), 0 };
    field.end = field.payload;
    if ((tag & 7) == 0) field.end = varint_end(m, field.payload, &value);
    if ((tag & 7) == 1) field.end += 8;
    if ((tag & 7) == 5) field.end += 4;
    if ((tag & 7) == 2) {
        field.payload = varint_end(m, field.payload, &value);
        field.end = value > m->size ? m->size : field.payload + value;
    }
    if (field.end > m->size) field.end = m->size;
    return field;
}

/* A random field of what lies in [from, end), or of a message within. */
static struct field pick_field(struct mutation *m, size_t from, size_t end, int depth) {
    struct field chosen = { from, from, end };
    size_t seen = 0;
    for (size_t at = from; at < end;) {
        struct field field = field_at(m, at);
        if (mutate_below(m, ++seen) == 0) chosen = field;
        at = field.end > at ? field.end : at + 1;
    }
    bool message = depth < 2 && chosen.end > chosen.payload + 2 && (m->at[chosen.from] & 7) == 2;
    if (seen == 0 || !message || mutate_below(m, 2) == 0) return chosen;
    return pick_field(m, chosen.payload, chosen.end, depth + 1);
}

static void mutate_field(struct mutation *m) {
    static const uint64_t boundaries[] = { 0,   1,   2,        3,          4,         6,
                                           127, 128, 1u << 31, UINT32_MAX, INT64_MAX, UINT64_MAX };
    struct field field = pick_field(m, 0, m->size, 0);
    uint8_t room[4096], number[10];
    struct spm_sample varint = { number, 0, sizeof number };
    size_t size = field.end - field.from;
    sample_varint(&varint, boundaries[mutate_below(m, 12)]);
    switch (mutate_below(m, 6)) {
    case 0: /* once more */
        if (size > sizeof room) return;
        memcpy(room, m->at + field.from, size);
        mutate_splice(m, field.end, 0, room, size);
        break;
    case 1: mutate_splice(m, field.from, size, "", 0); break;
    case 2: /* another number, or length, or content */
        mutate_splice(m, field.from + 1 < field.end ? field.from + 1 : field.from, 1, number, varint.size);
        break;
    case 3: /* another tag */ m->at[field.from] = (uint8_t)random_below(&m->random, 64); break;
    default: /* a byte of what it holds */
        if (field.end > field.payload)
            m->at[field.payload + mutate_below(m, field.end - field.payload)] =
                (uint8_t)random_below(&m->random, 256);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed) {
    struct mutation m = { bytes, size, room, random_seed(seed), NULL, 0 };
    if (size < 4 || mutate_below(&m, 8) == 0) m.size = sound_model(&m);
    for (size_t i = mutate_below(&m, 3); i > 0 && m.size > 0; i--) mutate_field(&m);
    return m.size;
}
