/*
 * Chat templates that a GGUF file carries: the program's own file says them as its folder did; one as other
 * converters write it, with tokens, merges and tokenizer.chat_template alone, says its own. `template` prints
 * the prompt, and `run --chat` takes the very same.
 */
#include "base/json.h"
#include "gguf_rewrite.h"
#include "speaker.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

static const struct json_limits limits = { 1 << 20, 16 };

/* A folder that speaks, and the GGUF file that convert makes of it. */
static void make_both(char folder[TEST_PATH_MAX], char file[TEST_PATH_MAX]) {
    test_temp_path(folder, "speaker");
    test_temp_path(file, "speaker.gguf");
    speaker_make(folder);
    struct test_output made = test_run("convert", folder, "--out", file);
    if (made.status != 0) fail_msg("convert: %s", made.err);
}

static const char *prompt_of(const char *model, const char *messages, const char *template) {
    struct test_output got = test_run("template", model, "-m", messages, "--template", template);
    if (got.status != 0) fail_msg("template: %s", got.err);
    return got.out;
}

static void write_messages(char path[TEST_PATH_MAX]) {
    test_temp_path(path, "messages.json");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("[{\"role\": \"user\", \"content\": \"the hen\"}]", file) >= 0 && fclose(file) == 0);
}

/* The member of the object that run prints with --json: a list of ids, or a number. */
static json_t *said(struct test_output output, const char *key) {
    if (output.status != 0) fail_msg("run: %s", output.err);
    json_t *root = json_parse(output.out, (int64_t)output.out_bytes, limits, NULL);
    json_t *value = json_incref(json_object_get(root, key));
    json_decref(root);
    assert_non_null(value);
    return value;
}

/* run --chat is run on the ids of what template prints. */
static void chat_must_take(const char *model, const char *prompt) {
    char list[1024], comma[1024] = "";
    struct test_output got =
        test_run("tokenize", model, "--text", prompt, "--no-special", "--parse-special", "--json");
    if (got.status != 0) fail_msg("tokenize: %s", got.err);
    json_t *ids = said(got, "ids");
    for (size_t i = 0; i < json_array_size(ids); i++) {
        snprintf(list, sizeof list, "%.1000s%s%lld", comma, i ? "," : "",
                 (long long)json_integer_value(json_array_get(ids, i)));
        memcpy(comma, list, sizeof comma);
    }
    struct test_output chat = test_run("run", model, "--chat", "-p", "the hen", "-n", "12", "--temp", "0",
                                       "--ignore-eos", "--json");
    json_t *chatted = said(chat, "tokens"), *count = said(chat, "prompt_tokens");
    json_t *plain =
        said(test_run("run", model, "--ids", comma, "-n", "12", "--temp", "0", "--ignore-eos", "--json"),
             "tokens");
    assert_int_equal(json_integer_value(count), json_array_size(ids));
    assert_int_equal(json_array_size(chatted), 12);
    assert_true(json_equal(chatted, plain));
    json_decref(ids);
    json_decref(chatted);
    json_decref(count);
    json_decref(plain);
}

TEST(a_converted_file_says_its_folders_template) {
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX], messages[TEST_PATH_MAX];
    make_both(folder, file);
    write_messages(messages);
    static const char want[] = "<s><|user|>the hen<|assistant|>";
    assert_string_equal(prompt_of(folder, messages, "default"), want);
    assert_string_equal(prompt_of(file, messages, "default"), want);
    chat_must_take(file, want);
}

/* ---- a file as others write it ---- */

enum { TOKENS_MAX = 512 };

struct vocabulary { /* GGUF's arrays, pointing into tokenizer.json */
    json_t *root;
    struct gguf_value tokens[TOKENS_MAX], merges[TOKENS_MAX];
    int32_t types[TOKENS_MAX];
    int64_t token_count, merge_count;
};

static void read_vocabulary(const char *folder, struct vocabulary *v) {
    char path[TEST_PATH_MAX + 32];
    struct sy_error err;
    const char *piece;
    json_t *id, *item;
    size_t i;
    snprintf(path, sizeof path, "%s/tokenizer.json", folder);
    v->root = json_parse_file(path, limits, &err);
    assert_non_null(v->root);
    json_t *model = json_object_get(v->root, "model");
    json_object_foreach(json_object_get(model, "vocab"), piece, id) {
        v->tokens[json_integer_value(id)] = gguf_text_of(piece);
        v->types[json_integer_value(id)] = 1; /* normal */
        v->token_count++;
    }
    json_array_foreach(json_object_get(v->root, "added_tokens"), i, item) {
        int64_t added = json_integer_value(json_object_get(item, "id"));
        v->tokens[added] = gguf_text_of(json_string_value(json_object_get(item, "content")));
        v->types[added] = 3; /* control */
        v->token_count++;
    }
    assert_int_equal(v->token_count, SPEAKER_VOCAB);
    json_array_foreach(json_object_get(model, "merges"), i, item) v->merges[v->merge_count++] =
        gguf_text_of(json_string_value(item));
}

TEST(a_file_of_others_says_its_own_template) {
    static struct vocabulary v;
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX], other[TEST_PATH_MAX], messages[TEST_PATH_MAX];
    make_both(folder, file);
    write_messages(messages);
    test_temp_path(other, "other.gguf");
    read_vocabulary(folder, &v);
    const struct gguf_change changes[] = {
        { "tokenizer.huggingface.json", { 0 }, true },
        { "switchyard.file.tokenizer_config.json", { 0 }, true },
        { "switchyard.file.generation_config.json", { 0 }, true },
        { "tokenizer.ggml.model", gguf_text_of("gpt2"), false },
        { "tokenizer.ggml.pre", gguf_text_of("gpt-2"), false },
        { "tokenizer.ggml.tokens", gguf_array_of(GGUF_STRING, v.token_count, NULL, v.tokens), false },
        { "tokenizer.ggml.token_type", gguf_array_of(GGUF_I32, v.token_count, v.types, NULL), false },
        { "tokenizer.ggml.merges", gguf_array_of(GGUF_STRING, v.merge_count, NULL, v.merges), false },
        { "tokenizer.ggml.bos_token_id", gguf_number_of(SPEAKER_BOS), false },
        { "tokenizer.ggml.eos_token_id", gguf_number_of(SPEAKER_END), false },
        { "tokenizer.chat_template",
          gguf_text_of(
              "{{ bos_token }}{% for m in messages %}<|{{ m.role }}|>{{ m.content|upper }}{{ eos_token }}"
              "{% endfor %}{% if add_generation_prompt %}<|assistant|>an{% endif %}"),
          false },
        { "tokenizer.chat_template.tool_use", gguf_text_of("T{{ messages|length }}"), false },
    };
    gguf_rewrite(file, other, changes, (int)(sizeof changes / sizeof changes[0]));
    static const char want[] = "<s><|user|>THE HEN<|end|><|assistant|>an";
    assert_string_equal(prompt_of(other, messages, "default"), want);
    assert_string_equal(prompt_of(other, messages, "tool_use"), "T1");
    assert_string_equal(test_run("template", other, "-m", messages).out, want);
    chat_must_take(other, want);
    json_decref(v.root);
}
