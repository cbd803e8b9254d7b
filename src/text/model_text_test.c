/* What a model's folder says of text beside its tokenizer. */
#include "base/os.h"
#include "test.h"
#include "text/model_text.h"

#include <stdio.h>
#include <string.h>

static void write_file(const char *name, const char *text) {
    char path[TEST_PATH_MAX];
    struct os_writer *writer;
    test_temp_path(path, name);
    assert_true(os_writer_open(path, false, &writer, NULL));
    assert_true(os_writer_write(writer, text, (int64_t)strlen(text), NULL));
    assert_true(os_writer_commit(writer, NULL));
}

static void open_text(struct model_text *text) {
    struct sy_error err;
    char line[1024];
    if (!model_text_open(test_temp_dir(), text, &err)) fail_msg("%s", sy_error_line(&err, line, sizeof line));
}

static const char tokenizer[] =
    "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"<s>\":1,\"</"
    "s>\":2},\"merges\":[]},\"added_tokens\":[{\"id\":1,"
    "\"content\":\"<s>\",\"special\":true},{\"id\":2,\"content\":\"</s>\",\"special\":true}]}";

static void assert_framed(const struct model_text *text, bool bos, bool eos) {
    struct id_buffer ids = { 0 };
    assert_true(tokenizer_encode(text->tokenizer, "a", 1, (struct encode_options){ 0 }, &ids, NULL));
    assert_int_equal(ids.count, 1 + bos + eos);
    assert_int_equal(ids.data[bos], 0);
    if (bos) assert_int_equal(ids.data[0], 1);
    if (eos) assert_int_equal(ids.data[ids.count - 1], 2);
    assert_int_equal(tokenizer_facts(text->tokenizer).adds_bos, bos);
    assert_int_equal(tokenizer_facts(text->tokenizer).adds_eos, eos);
    id_buffer_free(&ids);
}

TEST(a_model_without_a_tokenizer_opens) {
    struct model_text text;
    open_text(&text);
    assert_null(text.tokenizer);
    assert_int_equal(text.missing.code, SY_ERR_IO);
    assert_int_equal(text.template_count, 0);
    model_text_close(&text);
}

TEST(a_broken_tokenizer_is_an_error) {
    struct model_text text;
    struct sy_error err;
    write_file("tokenizer.json", "{");
    assert_false(model_text_open(test_temp_dir(), &text, &err));
    assert_int_equal(err.code, SY_ERR_FORMAT);
    assert_non_null(strstr(err.file, "tokenizer.json"));
}

TEST(templates_and_special_tokens_of_a_folder) {
    struct model_text text;
    write_file("tokenizer.json", tokenizer);
    write_file("tokenizer_config.json",
               "{\"bos_token\":{\"content\":\"<s>\"},\"eos_token\":\"</"
               "s>\",\"add_bos_token\":true,\"chat_template\":"
               "[{\"name\":\"tool_use\",\"template\":\"T\"},{\"name\":\"default\",\"template\":\"old\"}],"
               "\"added_tokens_decoder\":{\"3\":{\"content\":\"<x>\",\"special\":true}},\"model_max_length\":"
               "1000000000000000019884624838656}");
    write_file("chat_template.jinja", "new");
    open_text(&text);
    assert_int_equal(text.template_count, 2);
    assert_string_equal(text.templates[0].name, "default");
    assert_string_equal(text.templates[0].source, "new");
    assert_string_equal(text.templates[1].source, "T");
    assert_string_equal(json_string_value(json_object_get(text.special, "bos_token")), "<s>");
    assert_string_equal(json_string_value(json_object_get(text.special, "eos_token")), "</s>");
    assert_int_equal(tokenizer_find(text.tokenizer, "<x>", 3), 3);
    assert_int_equal(tokenizer_kind(text.tokenizer, 3), TOKEN_CONTROL);
    assert_int_equal(tokenizer_facts(text.tokenizer).eos, 2);
    assert_framed(&text, true, false);
    model_text_close(&text);
}

TEST(the_config_outranks_the_template) {
    struct model_text text;
    write_file("tokenizer.json", tokenizer);
    write_file("tokenizer_config.json",
               "{\"bos_token\":\"<s>\",\"eos_token\":\"</s>\",\"add_eos_token\":true}");
    open_text(&text);
    assert_framed(&text, false, true);
    model_text_close(&text);
    write_file("tokenizer_config.json", "{\"added_tokens_decoder\":{\"x\":{\"content\":\"<x>\"}}}");
    struct sy_error err;
    assert_false(model_text_open(test_temp_dir(), &text, &err));
    assert_non_null(strstr(err.message, "'x' is no id"));
}

TEST(generation_settings_of_a_folder) {
    struct model_text text;
    struct sy_error err;
    write_file("tokenizer.json", tokenizer);
    write_file("generation_config.json",
               "{\"do_sample\":true,\"temperature\":0.6,\"top_k\":20,\"top_p\":0.95,\"eos_token_id\":[2,1,2],"
               "\"repetition_penalty\":1.05,\"min_p\":null,\"transformers_version\":\"4.51.0\"}");
    open_text(&text);
    const struct generation_defaults *g = &text.generation;
    assert_true(g->has_sample && g->sample && g->has_temperature && g->has_top_k && g->has_top_p &&
                !g->has_min_p);
    assert_true(g->temperature == 0.6 && g->top_k == 20 && g->top_p == 0.95 && g->repeat_penalty == 1.05);
    assert_int_equal(g->eos_count, 2);
    assert_int_equal(g->eos[0], 2);
    model_text_close(&text);
    write_file("generation_config.json", "{\"temperature\":\"hot\"}");
    assert_false(model_text_open(test_temp_dir(), &text, &err));
    assert_non_null(strstr(err.message, "'temperature'"));
    write_file("generation_config.json", "{\"eos_token_id\":-2}");
    assert_false(model_text_open(test_temp_dir(), &text, &err));
    assert_non_null(strstr(err.message, "'eos_token_id'"));
}
