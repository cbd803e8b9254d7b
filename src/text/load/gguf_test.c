/*
 * Vocabularies of GGUF files: what the file leaves unsaid of its added tokens. Ids and texts are those that
 * Hugging Face's tokenizers has for the same vocabulary (tools/golden/tokenizer_diff.py builds it so).
 */
#include "gguf_rewrite.h"
#include "test.h"
#include "text/tokenizer.h"

#include <string.h>

enum { TOKENS = 8 };

struct small_file {
    const char *name, *kind;
    const char *tokens[TOKENS];
    int32_t types[TOKENS];
    float scores[TOKENS];
};

static struct tokenizer *open_small(const struct small_file *file) {
    struct gguf_value tokens[TOKENS];
    const struct gguf_value merge = gguf_text_of("a b");
    char path[TEST_PATH_MAX];
    struct gguf_writer *writer;
    struct tokenizer *t;
    struct sy_error err = { 0 };
    for (int i = 0; i < TOKENS; i++) tokens[i] = gguf_text_of(file->tokens[i]);
    const struct gguf_change keys[] = {
        { "general.name", gguf_text_of(file->name), false },
        { "tokenizer.ggml.model", gguf_text_of(file->kind), false },
        { "tokenizer.ggml.tokens", gguf_array_of(GGUF_STRING, TOKENS, NULL, tokens), false },
        { "tokenizer.ggml.token_type", gguf_array_of(GGUF_I32, TOKENS, file->types, NULL), false },
        { "tokenizer.ggml.scores", gguf_array_of(GGUF_F32, TOKENS, file->scores, NULL), false },
        { "tokenizer.ggml.merges", gguf_array_of(GGUF_STRING, 1, NULL, &merge), false },
        { "tokenizer.ggml.add_bos_token", { .type = GGUF_BOOL }, false },
    };
    test_temp_path(path, "small.gguf");
    assert_true(gguf_writer_open(path, &writer, &err));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        assert_true(gguf_set(writer, keys[i].key, &keys[i].value, &err));
    assert_true(gguf_writer_commit(writer, &err));
    if (!tokenizer_open(path, NULL, NULL, &t, &err)) fail_msg("%s: %s", err.place, err.message);
    return t;
}

#define becomes(t, text, ...)                                                                                \
    check_ids(t, text, (const int32_t[]){ __VA_ARGS__ }, sizeof((int32_t[]){ __VA_ARGS__ }) / 4)

static void check_ids(const struct tokenizer *t, const char *text, const int32_t *want, size_t count) {
    struct id_buffer ids = { 0 };
    struct sy_error err;
    struct encode_options how = { .no_special = true, .parse_special = true };
    assert_true(tokenizer_encode(t, text, (int64_t)strlen(text), how, &ids, &err));
    if (ids.count != (int64_t)count || memcmp(ids.data, want, count * 4) != 0)
        fail_msg("%s: %lld ids, %d %d %d", text, (long long)ids.count, ids.data[0],
                 ids.count > 1 ? ids.data[1] : -1, ids.count > 2 ? ids.data[2] : -1);
    id_buffer_free(&ids);
}

static struct small_file pieces(const char *name) {
    return (struct small_file){
        name,
        "llama",
        { "<unk>", "<s>", "</s>", "\xe2\x96\x81", "a",
          "\xe2\x96\x81"
          "a",
          "<|user|>", "  " },
        { 2, 3, 4, 1, 1, 1, 3, 4 },
        { 0, 0, 0, -3, -2, -1, 0, 0 },
    };
}

/* User-defined pieces are added tokens: what stands behind one begins anew, with a space of its own. */
TEST(user_defined_pieces_of_gguf_are_cut_out) {
    const struct small_file file = pieces("Mistral");
    struct tokenizer *t = open_small(&file);
    becomes(t, "a</s>a", 5, 2, 5);
    becomes(t, "a</s> a", 5, 2, 3, 5);
    becomes(t, "a  a", 5, 7, 5);
    becomes(t, "<|user|> a", 6, 3, 5);
    tokenizer_close(t);
}

TEST(added_tokens_of_phi_3_take_white_space_along) {
    const struct small_file file = pieces("Some Phi-3 mini"), other = pieces("Phi3");
    struct tokenizer *t = open_small(&file);
    becomes(t, "a</s> \n\xe3\x80\x80 a", 5, 2, 5);
    becomes(t, "<|user|>\n a", 6, 5);
    becomes(t, "<s> a", 1, 3, 5); /* but for three */
    tokenizer_close(t);
    t = open_small(&other);
    becomes(t, "<|user|> a", 6, 5);
    tokenizer_close(t);
}

/* Byte-level decoding reads the byte alphabet in added tokens, too: DeepSeek-LLM has such for the bytes that
 * no text holds. */
TEST(added_tokens_of_gguf_decode_as_bytes) {
    const struct small_file file = { "small",
                                     "gpt2",
                                     { "a", "b", "ab", "\xc3\xb6", "<s>", "\xef\xbd\x9c", "c", "d" },
                                     { 1, 1, 1, 4, 3, 3, 1, 1 },
                                     { 0 } };
    struct tokenizer *t = open_small(&file);
    static const int32_t ids[] = { 2, 3, 4, 5 };
    struct text out = { 0 };
    struct sy_error err;
    becomes(t, "ab\xc3\xb6<s>\xef\xbd\x9c", 2, 3, 4, 5);
    assert_true(tokenizer_decode(t, ids, 4, &out, &err));
    static const char want[] = "ab\xf6<s>\xef\xbd\x9c";
    assert_int_equal(out.size, sizeof want - 1);
    assert_memory_equal(out.data, want, out.size);
    text_free(&out);
    tokenizer_close(t);
}
