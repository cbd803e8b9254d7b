/*
 * Tokens, their types, the special ids and the chat templates as GGUF's keys; merges, scores and rules are of
 * one kind of model each (bpe.c, spm.c).
 *
 * Rows of the embedding that no token has become "[PAD7]", of type unused, as llama.cpp's converter has it.
 * Further ids that end an answer (generation_config.json) are written as the ends of a turn and of a message:
 * there other programs stop too.
 */
#include "text/vocab_keys/vocab_keys.h"

#include "base/checked.h"
#include "base/os.h"
#include "base/utf8.h"
#include "text/byte_alphabet.h"
#include "text/load/load.h"
#include "text/load/vocab_merges.h"
#include "text/model_text.h"
#include "text/vocab_keys/parts.h"

#include <stdio.h>
#include <stdlib.h>

#define TEMPLATE_NAME_MAX 64
#define PAD_BYTES         32

/* ---- tokens ---- */

/* Pieces of rank files are bytes; in GGUF they are spelled in the byte alphabet: two bytes each, or one. */
static int64_t spell(const char *bytes, int64_t size, char *out) {
    int64_t used = 0;
    for (int64_t i = 0; i < size; i++)
        used += utf8_encode(byte_to_point((unsigned char)bytes[i]), out + used);
    return used;
}

static enum spm_piece_type type_of(const struct vocab_making *m, int64_t id) {
    if (id < m->spm.count) return m->spm.pieces[id].type;
    switch (m->t->vocab.kinds[id]) {
    case TOKEN_BYTE: return SPM_BYTE;
    case TOKEN_CONTROL: return id == m->t->unk && !m->t->byte_level ? SPM_UNKNOWN : SPM_CONTROL;
    case TOKEN_ADDED: return SPM_USER_DEFINED;
    case TOKEN_UNKNOWN: return SPM_UNKNOWN;
    default: return id == m->t->unk && !m->t->byte_level ? SPM_UNKNOWN : SPM_NORMAL;
    }
}

/* Writes the text of a token to `out`: how many bytes. */
static int64_t put_token(struct vocab_making *m, int64_t id, char *out) {
    const struct vocab *vocab = &m->t->vocab;
    if (!vocab_has(vocab, id)) {
        m->types[id] = SPM_UNUSED;
        return snprintf(out, PAD_BYTES, "[PAD%lld]", (long long)id);
    }
    struct piece piece = vocab->spelled[id];
    m->types[id] = (int32_t)type_of(m, id);
    if (m->t->byte_level && !m->spelled && m->types[id] == SPM_NORMAL)
        return spell(vocab_text(vocab, piece), piece.size, out);
    memcpy(out, vocab_text(vocab, piece), piece.size);
    return piece.size;
}

static int by_text(const void *a, const void *b) {
    const struct gguf_text *left = a, *right = b;
    int order = memcmp(left->data, right->data, (size_t)min_i64(left->size, right->size));
    return order ? order : (left->size > right->size) - (left->size < right->size);
}

/* Two tokens of one text: llama.cpp ends the program at such a file. */
static bool find_double(const struct vocab_making *m, struct gguf_text *found, struct sy_error *err) {
    struct gguf_text *texts = malloc((size_t)m->rows * sizeof *texts);
    if (!texts) return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld tokens", (long long)m->rows);
    for (int64_t id = 0; id < m->rows; id++) texts[id] = m->tokens[id].text;
    qsort(texts, (size_t)m->rows, sizeof *texts, by_text);
    for (int64_t i = 1; i < m->rows && !found->data; i++)
        if (by_text(&texts[i - 1], &texts[i]) == 0) *found = texts[i];
    free(texts);
    return true;
}

static bool put_tokens(struct vocab_making *m, struct sy_error *err) {
    int64_t size = 0;
    m->tokens = arena_new(m->arena, struct gguf_value, m->rows, err);
    m->types = arena_new(m->arena, int32_t, m->rows, err);
    for (int64_t id = 0; id < m->rows; id++)
        size += vocab_has(&m->t->vocab, id) ? 2 * (int64_t)m->t->vocab.spelled[id].size : PAD_BYTES;
    char *room = m->tokens && m->types ? arena_new(m->arena, char, size, err) : NULL;
    if (!room) return false;
    for (int64_t id = 0; id < m->rows; id++) {
        m->tokens[id].type = GGUF_STRING;
        m->tokens[id].text = (struct gguf_text){ room, put_token(m, id, room) };
        room += m->tokens[id].text.size;
    }
    vocab_key_array(m, VOCAB_KEY "tokens", GGUF_STRING, m->tokens, m->rows);
    vocab_key_array(m, VOCAB_KEY "token_type", GGUF_I32, m->types, m->rows);
    return true;
}

/* ---- special ids ---- */

static void put_ids(struct vocab_making *m, const struct model_text *text,
                    const struct vocab_wanted *wanted) {
    static const char *const further[] = { VOCAB_KEY "eot_token_id", VOCAB_KEY "eom_token_id" };
    static const char *const named[][2] = { { "sep_token", VOCAB_KEY "seperator_token_id" },
                                            { "mask_token", VOCAB_KEY "mask_token_id" } };
    const struct tokenizer *t = m->t;
    const struct frame *frame = &t->frame;
    const struct generation_defaults *generation = &text->generation;
    int64_t count = generation->eos_count > 0 ? generation->eos_count : wanted->eos_count;
    const int64_t *ends = generation->eos_count > 0 ? generation->eos : wanted->eos;
    int64_t bos = t->bos >= 0 ? t->bos : frame->before_count == 1 ? frame->before[0] : wanted->bos;
    int64_t eos = t->eos >= 0                ? t->eos
                  : frame->behind_count == 1 ? frame->behind[0]
                  : count > 0                ? ends[0]
                                             : -1;
    vocab_key_id(m, VOCAB_KEY "bos_token_id", bos);
    vocab_key_id(m, VOCAB_KEY "eos_token_id", eos);
    vocab_key_id(m, VOCAB_KEY "unknown_token_id", t->unk);
    vocab_key_id(m, VOCAB_KEY "padding_token_id", t->pad >= 0 ? t->pad : wanted->pad);
    for (int64_t i = 0, next = 0; i < count && next < 2; i++)
        if (ends[i] != eos) vocab_key_id(m, further[next++], ends[i]);
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        const json_t *token = json_object_get(text->special, named[i][0]);
        if (token)
            vocab_key_id(m, named[i][1],
                         vocab_find(&t->vocab, json_string_value(token), (int64_t)json_string_length(token)));
    }
    vocab_key_bool(m, VOCAB_KEY "add_bos_token",
                   bos >= 0 && frame->before_count > 0 && frame->before[0] == bos);
    vocab_key_bool(m, VOCAB_KEY "add_eos_token",
                   eos >= 0 && frame->behind_count > 0 && frame->behind[frame->behind_count - 1] == eos);
}

/* ---- templates ---- */

static bool is_plain(const char *name) {
    size_t length = strlen(name);
    for (const char *c = name; *c; c++)
        if (*c <= ' ' || *c > '~') return false;
    return length > 0 && length <= TEMPLATE_NAME_MAX;
}

static bool put_templates(struct vocab_making *m, const struct model_text *text, struct sy_error *err) {
    int64_t count = 0;
    struct gguf_value *names = arena_new(m->arena, struct gguf_value, text->template_count, err);
    if (!names) return false;
    for (int i = 0; i < text->template_count; i++) {
        const struct chat_template_source *from = &text->templates[i];
        const char *source = arena_string(m->arena, from->source, strlen(from->source), err);
        if (!source) return false;
        if (strcmp(from->name, "default") == 0) {
            vocab_key_text(m, "tokenizer.chat_template", source);
        } else if (is_plain(from->name)) {
            const char *key = arena_format(m->arena, err, "tokenizer.chat_template.%s", from->name);
            if (!key) return false;
            vocab_key_text(m, key, source);
            const char *name = key + strlen("tokenizer.chat_template.");
            names[count].type = GGUF_STRING;
            names[count++].text = (struct gguf_text){ name, (int64_t)strlen(name) };
        }
    }
    if (count > 0) vocab_key_array(m, "tokenizer.chat_templates", GGUF_STRING, names, count);
    return true;
}

/* ---- generation settings ---- */

static void put_sampling(struct vocab_making *m, const struct generation_defaults *generation) {
    struct gguf_key keys[GENERATION_KEYS_MAX];
    int count = generation_to_keys(generation, keys);
    for (int i = 0; i < count; i++) vocab_key(m, keys[i].name, keys[i].value);
}

/* ---- the tokenizer's own file, once more ---- */

static bool open_pair(struct vocab_making *m, struct sy_error *err) {
    char folder[sizeof m->t->file];
    snprintf(folder, sizeof folder, "%s", m->t->file);
    char *slash = strrchr(folder, '/');
    if (slash) *slash = 0;
    const struct side_files sides = { .folder = slash ? folder : "." };
    m->json = vocab_merges_read(&sides, NULL, err);
    return m->json != NULL;
}

static bool open_source(struct vocab_making *m, struct sy_error *err) {
    const struct tokenizer *t = m->t;
    struct json_limits limits = { .bytes = t->limits.file_bytes, .depth = LOAD_JSON_DEPTH };
    struct spm_limits spm = { .file_bytes = t->limits.file_bytes,
                              .memory_bytes = t->limits.memory_bytes,
                              .pieces = t->limits.pieces,
                              .piece_bytes = t->limits.piece_bytes };
    bool done;
    char *text;
    int64_t size, at = 0;
    m->spelled = t->decoder.count > 0 && t->decoder.steps[0].kind == DECODE_BYTE_LEVEL;
    if (t->byte_level && !m->spelled) return true; /* ranks say all that there is */
    if (t->vocab_merges) return open_pair(m, err);
    if (!os_read_file(t->file, t->limits.file_bytes, &text, &size, err)) return false;
    while (at < size && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t')) at++;
    if (at < size && text[at] == '{') {
        m->json = json_parse(text, size, limits, err);
        done = m->json != NULL;
    } else {
        done = spm_model_read((const unsigned char *)text, size, &spm, &m->spm, err);
    }
    free(text);
    return done;
}

/* ---- all of it ---- */

/* Keys, or in `why` the reason that there are none. */
static bool make(struct vocab_making *m, const struct model_text *text, const struct vocab_wanted *wanted,
                 char *why, size_t size, struct sy_error *err) {
    const struct tokenizer *t = m->t;
    struct gguf_text twice = { 0 };
    const char *form = t->byte_level                ? "gpt2"
                       : t->unigram                 ? "t5"
                       : t->bpe.rules.spell_unknown ? "llama"
                                                    : NULL;
    if (!form) {
        snprintf(why, size, "they know no BPE over characters without byte pieces");
        return true;
    }
    if (t->vocab.count > m->rows) {
        snprintf(why, size, "it has %lld tokens and the model %lld rows for them", (long long)t->vocab.count,
                 (long long)m->rows);
        return true;
    }
    if (!open_source(m, err)) return false;
    vocab_key_text(m, VOCAB_KEY "model", form);
    if (!put_tokens(m, err) || !find_double(m, &twice, err)) return false;
    if (twice.data) {
        snprintf(why, size, "two of its tokens are called '%.*s'", (int)min_i64(twice.size, 40), twice.data);
        return true;
    }
    put_ids(m, text, wanted);
    return t->byte_level ? vocab_keys_gpt2(m, err) : vocab_keys_spm(m, err);
}

static void warn(struct vocab_keys *out, const char *format, const char *reason) {
    snprintf(out->warning, sizeof out->warning, format, reason);
}

static bool make_and_check(struct vocab_making *m, const struct model_text *text,
                           const struct vocab_wanted *wanted, struct vocab_keys *out, struct sy_error *err) {
    char why[256] = "";
    bool same = true;
    if (!make(m, text, wanted, why, sizeof why, err)) return false;
    if (!why[0] && !vocab_keys_check(m, &same, why, sizeof why, err)) return false;
    if (why[0]) {
        m->count = 0;
        vocab_key_text(m, VOCAB_KEY "model", "none");
        warn(out, "GGUF's own keys cannot hold this tokenizer (%s): other programs find none in the file",
             why);
    } else if (m->t->byte_level && !m->pre) {
        warn(out, "%s",
             "no name is known for how this tokenizer cuts words (tokenizer.ggml.pre is left "
             "out): other programs will not tokenise the same");
    } else if (!same) {
        warn(out, "%s",
             "GGUF's own keys cannot say all that this tokenizer does: other programs will not "
             "tokenise every text the same");
    }
    return true;
}

static bool make_all(struct vocab_making *m, const struct model_text *text, const struct vocab_wanted *wanted,
                     struct vocab_keys *out, struct sy_error *err) {
    bool done = true;
    m->t = text->tokenizer;
    if (m->t)
        done = make_and_check(m, text, wanted, out, err);
    else
        vocab_key_text(m, VOCAB_KEY "model", "none");
    done = done && put_templates(m, text, err);
    put_sampling(m, &text->generation);
    spm_model_close(&m->spm);
    json_decref(m->json);
    return done;
}

bool vocab_keys_make(const char *path, const struct vocab_wanted *wanted, struct arena *arena,
                     struct vocab_keys *out, struct sy_error *err) {
    struct vocab_making m = { .arena = arena, .rows = wanted->rows };
    struct sy_error why = { .code = SY_OK };
    struct model_text text;
    char line[300];
    bool done = true;
    *out = (struct vocab_keys){ .count = 0 };
    m.keys = arena_new(arena, struct gguf_key, VOCAB_KEYS_MAX, err);
    if (!m.keys) return false;
    if (model_text_open(path, &text, &why)) {
        done = make_all(&m, &text, wanted, out, err);
        model_text_close(&text);
    } else {
        vocab_key_text(&m, VOCAB_KEY "model", "none");
        warn(out, "other programs find no tokenizer in the file: %s", sy_error_line(&why, line, sizeof line));
    }
    out->keys = m.keys;
    out->count = m.count;
    return done;
}
