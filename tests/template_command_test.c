/*
 * switchyard template: what it prints, and what it refuses.
 */
#include "test.h"

#include <stdio.h>
#include <string.h>

static void write_file(char path[TEST_PATH_MAX], const char *name, const char *text) {
    test_temp_path(path, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
}

TEST(template_prints_the_prompt_alone) {
    char source[TEST_PATH_MAX], messages[TEST_PATH_MAX], tools[TEST_PATH_MAX], context[TEST_PATH_MAX];
    write_file(
        source, "t.jinja",
        "{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}"
        "{% if tools %}{{ tools[0].name }}{% endif %}{% if add_generation_prompt %}<assistant>{% endif %}"
        "{% if think is defined %}{{ think }}{% endif %}{{ strftime_now('%Y-%m-%d %H') if when }}");
    write_file(messages, "m.json", "[{\"role\": \"user\", \"content\": \"hi\"}]");
    write_file(tools, "tools.json", "[{\"name\": \"add\"}]");
    write_file(context, "c.json", "{\"messages\": [], \"think\": 12345678901234567890}");
    struct test_output got = test_run("template", "--file", source, "--messages", messages);
    assert_int_equal(got.status, 0);
    assert_string_equal(got.out, "<user>hi\n<assistant>");
    assert_string_equal(got.err, "");
    got = test_run("template", "--file", source, "-m", messages, "--tools", tools, "--no-generation-prompt",
                   "--set", "think=false");
    assert_string_equal(got.out, "<user>hi\naddFalse");
    got = test_run("template", "--file", source, "-m", messages, "--set", "think=a b", "--set", "when=1",
                   "--now", "2025-07-10T12:00:00Z");
    assert_string_equal(got.out, "<user>hi\n<assistant>a b2025-07-10 12");
    got = test_run("template", "--file", source, "--context", context);
    assert_string_equal(got.out, "12345678901234567890");
}

static void assert_error(struct test_output got, int status, const char *words) {
    if (got.status != status || !strstr(got.err, words)) fail_msg("status %d: %s", got.status, got.err);
    assert_string_equal(got.out, "");
    assert_ptr_equal(strchr(got.err, '\n'), got.err + got.err_bytes - 1);
}

TEST(template_refuses_in_one_line) {
    char source[TEST_PATH_MAX], broken[TEST_PATH_MAX], list[TEST_PATH_MAX];
    write_file(source, "t.jinja", "ab\n  {{ raise_exception('No,\nnever') }}");
    write_file(broken, "b.jinja", "{% if x %}");
    write_file(list, "l.json", "[1]");
    assert_error(test_run("template", "--file", source), 1, "line 2, column");
    assert_error(test_run("template", "--file", source), 1, "No,?never");
    assert_error(test_run("template", "--file", broken), 1, "b.jinja: line 1, column");
    assert_error(test_run("template", "--file", source, "--context", list), 1, "l.json");
    assert_error(test_run("template", "--file", source, "--messages", list), 1, "message 1");
    assert_error(test_run("template", "--file", source, "--messages", "/nowhere.json"), 1, "/nowhere.json");
    assert_error(test_run("template"), 2, "--file");
    assert_error(test_run("template", "--file", source, "--messages", list, "--context", list), 2,
                 "--context");
    assert_error(test_run("template", "--file", source, "--tools", list), 2, "--tools");
    assert_error(test_run("template", "--file", source, "--set", "x"), 2, "name=value");
    assert_error(test_run("template", "--file", source, "--now", "yesterday"), 2, "2025-07-10T12:00:00Z");
}

TEST(template_takes_the_templates_of_a_model) {
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX], messages[TEST_PATH_MAX], tools[TEST_PATH_MAX];
    snprintf(folder, sizeof folder, "%s", test_temp_dir());
    write_file(file, "config.json", "{\"model_type\": \"llama\"}");
    write_file(file, "tokenizer_config.json",
               "{\"bos_token\": \"<s>\", \"eos_token\": {\"content\": \"</s>\"}, \"chat_template\": ["
               "{\"name\": \"tool_use\", \"template\": \"T{{ tools|length }}\"},"
               "{\"name\": \"default\", \"template\": \"{{ bos_token }}{{ messages[0].content }}{{ eos_token "
               "}}\"}]}");
    write_file(messages, "m.json", "[{\"role\": \"user\", \"content\": \"hi\"}]");
    write_file(tools, "tools.json", "[{}]");
    assert_string_equal(test_run("template", folder, "-m", messages).out, "<s>hi</s>");
    assert_string_equal(test_run("template", folder, "-m", messages, "--tools", tools).out, "T1");
    assert_string_equal(
        test_run("template", folder, "-m", messages, "--tools", tools, "--template", "default").out,
        "<s>hi</s>");
    assert_string_equal(test_run("template", folder, "-m", messages, "--set", "bos_token=B").out, "Bhi</s>");
    assert_error(test_run("template", folder, "-m", messages, "--template", "x"), 1, "tool_use");
    write_file(file, "tokenizer_config.json", "{}");
    assert_error(test_run("template", folder, "-m", messages), 1, "no chat template");
}
