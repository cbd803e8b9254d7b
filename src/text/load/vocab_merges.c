/*
 * vocab.json and merges.txt, the pair of files that byte-level BPE came in before tokenizer.json. How text is
 * cut they do not say; the class that reads them does (tokenizer_config.json's tokenizer_class, else
 * config.json's, else the one of its model_type). As transformers does (convert_slow_tokenizer.py), they
 * become a tokenizer.json, and are read as that.
 */
#include "text/load/vocab_merges.h"

#include "text/load/load.h"
#include "text/pretokenize/names.h"

#include <stdlib.h>
#include <string.h>

#define END "<|endoftext|>"

/* What each class calls its tokens where nobody says so. */
static const char *const gpt2_names[][2] = {
    { "bos_token", END }, { "eos_token", END }, { "unk_token", END }, { NULL, NULL }
};
static const char *const qwen2_names[][2] = {
    { "eos_token", END }, { "unk_token", END }, { "pad_token", END }, { NULL, NULL }
};

struct pair_class {
    const char *name; /* without "Fast" behind it */
    const char *pre;  /* of names.h; NULL: GPT-2's own */
    const char *const (*names)[2];
    const char *model_types; /* with spaces around */
};
static const struct pair_class classes[] = {
    { "GPT2Tokenizer", NULL, gpt2_names, " gpt2 gpt_neo gpt_bigcode starcoder2 " },
    { "CodeGenTokenizer", NULL, gpt2_names, " codegen phi " },
    { "GPTNeoXTokenizer", NULL, gpt2_names, " gpt_neox olmo olmo2 olmoe " },
    { "Qwen2Tokenizer", "qwen2", qwen2_names, " qwen2 qwen2_moe qwen3 qwen3_moe " },
};
enum { CLASSES = sizeof classes / sizeof classes[0] };

/* ---- which class ---- */

static const struct pair_class *by_name(const char *name) {
    size_t length = strlen(name);
    if (length > 4 && strcmp(name + length - 4, "Fast") == 0) length -= 4;
    for (int i = 0; i < CLASSES; i++)
        if (strlen(classes[i].name) == length && memcmp(classes[i].name, name, length) == 0)
            return &classes[i];
    return NULL;
}

static const struct pair_class *by_model_type(const char *type) {
    char word[80];
    snprintf(word, sizeof word, " %.70s ", type);
    for (int i = 0; i < CLASSES; i++)
        if (strstr(classes[i].model_types, word)) return &classes[i];
    return NULL;
}

static const struct pair_class *refuse(const char *name, struct sy_error *err) {
    if (name)
        sy_fail(err, SY_ERR_FORMAT, "how a %.80s cuts text is not known here", name);
    else
        sy_fail(err, SY_ERR_FORMAT, "how text is cut is said nowhere: no tokenizer_class, no model_type");
    sy_error_remedy(err,
                    "put tokenizer.json beside them; without one, the tokenizer_class may be GPT2Tokenizer, "
                    "Qwen2Tokenizer, CodeGenTokenizer or GPTNeoXTokenizer");
    return NULL;
}

static const struct pair_class *choose(const json_t *tokenizer, const json_t *config, struct sy_error *err) {
    const char *name = json_string_value(json_object_get(tokenizer, "tokenizer_class"));
    const char *type = json_string_value(json_object_get(config, "model_type"));
    if (!name) name = json_string_value(json_object_get(config, "tokenizer_class"));
    const struct pair_class *found = name ? by_name(name) : type ? by_model_type(type) : NULL;
    return found ? found : refuse(name ? name : type, err);
}

/* ---- the parts ---- */

static json_t *read_merges(const char *text, int64_t size) {
    json_t *list = json_array();
    for (int64_t at = 0, line = 0; list && at < size; line++) {
        const char *newline = memchr(text + at, '\n', (size_t)(size - at));
        int64_t end = newline ? newline - text : size, next = end + 1;
        if (end > at && text[end - 1] == '\r') end--;
        bool head = line == 0 && end - at >= 8 && memcmp(text + at, "#version", 8) == 0;
        if (!head && end > at &&
            json_array_append_new(list, json_stringn(text + at, (size_t)(end - at))) != 0) {
            json_decref(list);
            return NULL; /* no UTF-8, or no memory */
        }
        at = next;
    }
    return list;
}

static json_t *pre_tokenizer(const struct pair_class *class, bool prefix) {
    if (!class->pre)
        return json_pack("{s:s, s:b, s:b}", "type", "ByteLevel", "add_prefix_space", prefix, "use_regex", 1);
    return json_pack("{s:s, s:[{s:s, s:{s:s}, s:s, s:b}, {s:s, s:b, s:b}]}", "type", "Sequence",
                     "pretokenizers", "type", "Split", "pattern", "Regex",
                     pre_name_find(class->pre)->patterns[0], "behavior", "Isolated", "invert", 0, "type",
                     "ByteLevel", "add_prefix_space", 0, "use_regex", 0);
}

/* Takes the reference to vocab. */
static json_t *join(const struct pair_class *class, json_t *vocab, json_t *merges, bool prefix) {
    bool nfc = class->pre && pre_name_find(class->pre)->nfc;
    json_t *normalizer = nfc ? json_pack("{s:s}", "type", "NFC") : json_null();
    return json_pack("{s:o, s:o, s:{s:s}, s:{s:s, s:o, s:o}}", "normalizer", normalizer, "pre_tokenizer",
                     pre_tokenizer(class, prefix), "decoder", "type", "ByteLevel", "model", "type", "BPE",
                     "vocab", vocab, "merges", merges);
}

/* ---- all of it ---- */

bool vocab_merges_is(const struct side_files *sides) {
    return side_is(sides, VOCAB_FILE) && side_is(sides, "merges.txt");
}

json_t *vocab_merges_read(const struct side_files *sides, const char *const (**names)[2],
                          struct sy_error *err) {
    json_t *tokenizer = NULL, *config = NULL, *vocab = NULL, *root = NULL;
    char *text = NULL;
    int64_t size = 0;
    const struct pair_class *class = NULL;
    if (side_json(sides, "tokenizer_config.json", &tokenizer, err) &&
        side_json(sides, "config.json", &config, err) && (class = choose(tokenizer, config, err)) != NULL &&
        side_json(sides, VOCAB_FILE, &vocab, err) && side_read(sides, "merges.txt", &text, &size, err)) {
        json_t *merges = read_merges(text, size);
        if (merges)
            root = join(class, json_incref(vocab), merges,
                        json_is_true(json_object_get(tokenizer, "add_prefix_space")));
        else
            sy_fail(err, SY_ERR_FORMAT, "is no UTF-8");
        if (!merges) sy_error_in(err, "merges.txt");
        if (merges && !root) sy_fail(err, SY_ERR_MEMORY, "no memory for a vocabulary and its merges");
    }
    if (names && class) *names = class->names;
    free(text);
    json_decref(tokenizer);
    json_decref(config);
    json_decref(vocab);
    return root;
}

bool load_vocab_merges(struct tokenizer *t, const struct side_files *sides, const char *const (**names)[2],
                       struct sy_error *err) {
    char *text;
    int64_t size;
    if (!side_read(sides, VOCAB_FILE, &text, &size, err)) return false;
    free(text);
    if (!load_reading(t, size, err)) return false;
    json_t *root = vocab_merges_read(sides, names, err);
    bool done = root && load_json(t, root, err);
    json_decref(root);
    t->vocab_merges = t->counts_on = true;
    return done || sy_error_remedy(err, "get the file anew");
}
