/*
 * Fuzzing what lies beside a tokenizer: one JSON object whose members are files kept in a GGUF file
 * (tokenizer_config.json, special_tokens_map.json, added_tokens.json, generation_config.json, vocab.json,
 * merges.txt, tokenizer.json, config.json), and whose member "keys" holds keys of its own. What must hold of
 * a tokenizer that was accepted: tokenizer_outcome.h; ids that end an answer are of the vocabulary, settings
 * are within their ranges, and what is written of them is read back the same.
 */
#include "formats/gguf.h"
#include "mutate.h"
#include "text/ends.h"
#include "text/load/side.h"
#include "tokenizer_outcome.h"

enum { KEYS_MAX = 64, VOCAB = 300 };

static const char *const words[] = {
    "a",
    "b",
    "ab",
    "a b",
    "<s>",
    "</s>",
    "<x>",
    "<|im_end|>",
    "<|end|>",
    "<|return|>",
    "",
    "GPT2Tokenizer",
    "Qwen2TokenizerFast",
    "LlamaTokenizer",
    "content",
    "special",
    "bos_token",
    "eos_token",
    "pad_token",
    "unk_token",
    "additional_special_tokens",
    "added_tokens_decoder",
    "add_bos_token",
    "add_eos_token",
    "legacy",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "generation_config.json",
    "vocab.json",
    "merges.txt",
    "tokenizer.json",
    "keys",
    "do_sample",
    "temperature",
    "top_k",
    "num_beams",
    "eos_token_id",
    "general.sampling.temp",
    "general.sampling.top_k",
    "general.sampling.top_p",
    "general.sampling.penalty_last_n",
    "general.sampling.penalty_repeat",
    "general.sampling.mirostat",
    "general.sampling.sequence",
    "top_k;top_p;temperature",
    "tokenizer.ggml.bos_token_id",
    "tokenizer.ggml.eos_token_id",
    "tokenizer.ggml.eot_token_id",
    "tokenizer.ggml.add_bos_token",
    "tokenizer.ggml.tokens",
    "\\u0001",
    "\xf0\x9f\x99\x82",
};

static const char pair[] =
    "{\"tokenizer_config.json\":{\"tokenizer_class\":\"GPT2Tokenizer\",\"bos_token\":\"<s>\",\"eos_token\":"
    "{\"content\":\"</"
    "s>\"},\"add_bos_token\":true},\"special_tokens_map.json\":{\"additional_special_tokens\":"
    "[\"<x>\"],\"pad_token\":\"<s>\"},\"added_tokens.json\":{\"<s>\":4,\"</"
    "s>\":5,\"<x>\":6,\"<y>\":7},\"vocab."
    "json\":{\"a\":0,\"b\":1,\"ab\":2,\"\\u0120\":3},\"merges.txt\":\"#version: 0.2\\na b\\n\",\"generation_"
    "config.json\":{\"do_sample\":true,\"temperature\":0.6,\"top_k\":20,\"top_p\":0.95,\"num_beams\":2,"
    "\"eos_token_id\":[5,6]},\"keys\":{\"tokenizer.ggml.model\":\"gpt2\",\"tokenizer.ggml.bos_token_id\":5,"
    "\"tokenizer.ggml.add_bos_token\":false,\"tokenizer.ggml.eot_token_id\":[7,9],\"general.sampling.temp\":"
    "0.7,"
    "\"general.sampling.top_k\":40,\"general.sampling.penalty_last_n\":-1,\"general.sampling.sequence\":"
    "\"top_k;"
    "temperature\"}}";

static const char whole[] =
    "{\"tokenizer.json\":{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},\"merges\":[\"a "
    "b\"]},"
    "\"added_tokens\":[{\"id\":3,\"content\":\"<s>\",\"special\":true}]},\"tokenizer_config.json\":{\"bos_"
    "token\":"
    "\"<s>\",\"unk_token\":\"a\",\"add_eos_token\":true,\"eos_token\":\"b\",\"added_tokens_decoder\":{\"4\":"
    "{\"content\":\"<x>\",\"special\":true,\"lstrip\":true}}},\"generation_config.json\":{\"eos_token_id\":3,"
    "\"repetition_penalty\":1.1},\"keys\":{\"tokenizer.ggml.eos_token_id\":4,\"tokenizer.ggml.unknown_token_"
    "id\":"
    "4294967295,\"general.sampling.min_p\":0.1,\"general.sampling.penalty_repeat\":1.2}}";

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);

/* ---- a GGUF file's keys, in memory ---- */

struct made {
    struct gguf_key keys[KEYS_MAX];
    struct gguf gguf;
    struct arena arena;
};

static struct gguf_value value_of(struct made *made, const json_t *value) {
    struct gguf_value out = { .type = GGUF_BOOL, .u = json_is_true(value) };
    if (json_is_integer(value)) {
        int64_t number = json_integer_value(value);
        bool wide = number < INT32_MIN || number > INT32_MAX;
        out.type = wide ? GGUF_I64 : GGUF_I32;
        out.i = number;
    } else if (json_is_real(value)) {
        out.type = GGUF_F32;
        out.f = (float)json_real_value(value);
    } else if (json_is_string(value)) {
        out.type = GGUF_STRING;
        out.text = (struct gguf_text){ json_string_value(value), (int64_t)json_string_length(value) };
    } else if (json_is_array(value)) {
        int64_t count = (int64_t)json_array_size(value);
        bool texts = count > 0 && json_is_string(json_array_get(value, 0));
        struct gguf_value *items = arena_new(&made->arena, struct gguf_value, count + 1, NULL);
        int32_t *numbers = arena_new(&made->arena, int32_t, count + 1, NULL);
        MUST(items && numbers);
        for (int64_t i = 0; i < count; i++) {
            const json_t *item = json_array_get(value, (size_t)i);
            const char *text = json_string_value(item);
            items[i].type = GGUF_STRING;
            items[i].text = (struct gguf_text){ text ? text : "", (int64_t)json_string_length(item) };
            numbers[i] = (int32_t)json_integer_value(item);
        }
        out.type = GGUF_ARRAY;
        out.array.type = texts ? GGUF_STRING : GGUF_I32;
        out.array.count = count;
        out.array.items = texts ? items : NULL;
        out.array.bytes = texts ? NULL : (const unsigned char *)numbers;
    }
    return out;
}

static void add_key(struct made *made, const char *name, struct gguf_value value) {
    if (made->gguf.key_count == KEYS_MAX || gguf_find(&made->gguf, name)) return;
    made->keys[made->gguf.key_count++] = (struct gguf_key){ name, value };
}

static void add_file(struct made *made, const char *name, const json_t *value) {
    bool tokenizer = strcmp(name, "tokenizer.json") == 0;
    const char *key =
        tokenizer ? SIDE_JSON_KEY : arena_format(&made->arena, NULL, SIDE_FILE_KEY "%.80s", name);
    struct gguf_value text = { .type = GGUF_STRING };
    if (json_is_string(value)) {
        text = value_of(made, value);
    } else {
        char *dumped = json_dumps(value, JSON_ENCODE_ANY);
        const char *kept = dumped ? arena_string(&made->arena, dumped, strlen(dumped), NULL) : "";
        free(dumped);
        text.text = (struct gguf_text){ kept, (int64_t)strlen(kept) };
    }
    MUST(key);
    add_key(made, key, text);
}

static void make(struct made *made, const json_t *root) {
    const char *name;
    json_t *value, *keys = json_object_get(root, "keys");
    arena_open(&made->arena);
    made->gguf = (struct gguf){ .keys = made->keys };
    json_object_foreach((json_t *)root, name, value) {
        if (value != keys) add_file(made, name, value);
    }
    json_object_foreach(keys, name, value) add_key(made, name, value_of(made, value));
}

/* ---- what must hold ---- */

static bool within(const struct generation_defaults *g) {
    return (!g->has_temperature || (g->temperature >= 0 && g->temperature <= 1e6)) &&
           (!g->has_top_p || (g->top_p >= 0 && g->top_p <= 1)) && (!g->has_top_k || g->top_k >= 0) &&
           (!g->has_repeat_penalty || (g->repeat_penalty >= 0 && g->repeat_penalty <= 1e6)) &&
           g->penalty_last >= 0 && g->eos_count <= GENERATION_EOS_MAX;
}

static void settings_must_hold(const struct gguf *gguf) {
    struct generation_defaults g = { 0 }, again = { 0 };
    struct gguf_key keys[GENERATION_KEYS_MAX];
    struct sy_error err = { .code = SY_OK };
    json_t *config = NULL;
    generation_keys(gguf, &g, NULL);
    MUST(within(&g));
    struct gguf written = { .keys = keys };
    written.key_count = generation_to_keys(&g, keys);
    MUST(written.key_count <= GENERATION_KEYS_MAX);
    generation_keys(&written, &again, NULL);
    MUST(within(&again) && again.sample == g.sample && again.top_k == (g.sample ? g.top_k : 0));
    if (!generation_of_gguf(gguf, &config, &err)) {
        refusal_check(&err);
    } else if (config) {
        struct generation_defaults read = { 0 };
        MUST(generation_read(config, &read, NULL, &err) && within(&read));
        json_decref(config);
    }
}

static void ends_must_hold(const struct gguf *gguf, struct tokenizer *t) {
    struct model_text text = { .tokenizer = t, .in_gguf = true };
    const int64_t eos[] = { 0, VOCAB, -1 };
    const struct ends_known known = { eos, 3, VOCAB };
    struct end_tokens ends;
    generation_key_ends(gguf, &text.ends);
    ends_collect(&text, &known, &ends, &text.notes);
    for (int i = 0; i < ends.count; i++) MUST(ends.list[i].id >= 0 && ends.list[i].id < VOCAB);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    const struct json_limits bounds = { 1 << 16, 32 };
    struct sy_error err = { .code = SY_OK };
    if (inputs++ == 0) atexit(print_counts);
    json_t *root = json_parse((const char *)bytes, (int64_t)size, bounds, NULL);
    if (json_is_object(root)) {
        struct made made;
        make(&made, root);
        settings_must_hold(&made.gguf);
        struct tokenizer *t = tokenizer_blank("fuzz", &limits, NULL);
        bool accepted = load_gguf(t, &made.gguf, &err);
        deep++;
        good += accepted;
        if (!accepted) sy_error_remedy(&err, "get the file anew"); /* as load/open.c does for all of GGUF */
        if (!accepted) refusal_check(&err);
        if (accepted) ends_must_hold(&made.gguf, t);
        if (accepted && !may_refuse_text(t)) accepted_must_hold(t, bytes, size);
        tokenizer_close(t);
        arena_close(&made.arena);
    }
    json_decref(root);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed) {
    struct mutation m = mutation_of(bytes, size, room, seed, words, sizeof words / sizeof words[0]);
    if (size < 2 || mutate_below(&m, 64) == 0) { /* begin anew */
        const char *made = mutate_below(&m, 2) ? pair : whole;
        m.size = strlen(made) < room ? strlen(made) : room;
        memcpy(bytes, made, m.size);
    }
    for (size_t changes = mutate_below(&m, 3) + 1; changes > 0; changes--) mutate_json(&m);
    return m.size;
}
