/*
 * The program from outside: exit statuses, one-line errors, and the JSON that is a contract.
 */
#include "base/json.h"
#include "base/os.h"
#include "formats/safetensors.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char small_config[] =
    "{\"architectures\": [\"MixtralForCausalLM\"], \"model_type\": \"mixtral\", \"hidden_size\": 32,"
    " \"intermediate_size\": 48, \"num_hidden_layers\": 2, \"num_attention_heads\": 4, "
    "\"num_key_value_heads\": 2,"
    " \"num_local_experts\": 5, \"num_experts_per_tok\": 2, \"vocab_size\": 100, \"rms_norm_eps\": 1e-5,"
    " \"rope_theta\": 1e6, \"sliding_window\": null, \"max_position_embeddings\": 64, "
    "\"tie_word_embeddings\": false,"
    " \"hidden_act\": \"silu\"}";

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* A small mixtral in this test's folder. */
static const char *small_model(void) {
    static char config[TEST_PATH_MAX], model[TEST_PATH_MAX];
    test_temp_path(config, "small.json");
    test_temp_path(model, "small");
    write_file(config, small_config);
    struct test_output made = test_run("synth", config, "--out", model, "--dtype", "f32", "--seed", "1");
    assert_string_equal(made.err, "");
    assert_int_equal(made.status, 0);
    return model;
}

static void expect_error(struct test_output output, int status, const char *words) {
    if (output.status != status || !strstr(output.err, words))
        print_error("status %d: %s", output.status, output.err);
    assert_int_equal(output.status, status);
    assert_string_equal(output.out, "");
    assert_int_equal(strncmp(output.err, "switchyard: ", 12), 0);
    assert_non_null(strstr(output.err, words));
    assert_ptr_equal(strchr(output.err, '\n'), output.err + output.err_bytes - 1); /* one line */
}

static json_t *expect_json(struct test_output output) {
    assert_string_equal(output.err, "");
    assert_int_equal(output.status, 0);
    json_t *root =
        json_parse(output.out, (int64_t)output.out_bytes, (struct json_limits){ 1 << 24, 16 }, NULL);
    assert_non_null(root);
    return root;
}

TEST(wrong_usage_is_status_2) {
    expect_error(test_run_program((const char *const[]){ NULL }), 2, "no command");
    expect_error(test_run("lgits"), 2, "did you mean logits?");
    expect_error(test_run("run"), 2, "too few arguments");
    expect_error(test_run("run", "a", "b"), 2, "too many arguments");
    expect_error(test_run("run", "a", "--idz", "1"), 2, "--ids");
    expect_error(test_run("run", "a"), 2, "--ids");
    expect_error(test_run("run", "a", "--ids", "1", "--temp", "warm"), 2, "--temp");
    expect_error(test_run("run", "a", "--ids", "1", "-p", "x"), 2, "--prompt and --ids");
    expect_error(test_run("run", "a", "--ids", "1", "--chat"), 2, "--chat");
    expect_error(test_run("run", "a", "-p", "1", "--system", "s"), 2, "--system");
    expect_error(test_run("run", "a", "--ids", "1", "--logit-bias", "x=1"), 2, "--logit-bias");
    expect_error(test_run("run", "a", "--ids", "1", "--seed", "-1"), 2, "--seed");
    expect_error(test_run("run", "a", "--ids", "1", "--exact", "--fast"), 2, "--exact and --fast");
    expect_error(test_run("run", "a", "--ids", "1", "--kv", "f64"), 2, "--kv");
    expect_error(test_run("run", "a", "--ids", "1", "--temp", "-1"), 2, "--temp");
    expect_error(test_run("run", "a", "--ids", "1", "--top-p", "1.5"), 2, "--top-p");
    expect_error(test_run("run", "a", "--ids", "1", "--min-p", "-0.1"), 2, "--min-p");
    expect_error(test_run("run", "a", "--ids", "1", "--repeat-penalty", "-2"), 2, "--repeat-penalty");
    expect_error(test_run("run", "a", "--ids", "1", "--logprobs", "65"), 2, "--logprobs");
    expect_error(test_run("run", "a", "--ids", "1", "--experts-per-token", "0"), 2, "--experts-per-token");
    expect_error(test_run("logits", "a", "--ids", "1"), 2, "--out");
    expect_error(test_run("logits", "a", "--ids", "1,x", "--out", "o"), 2, "--ids");
    expect_error(test_run("logits", "a", "--ids", "1", "--batch", "b", "--out", "o"), 2, "--batch");
    expect_error(test_run("show"), 2, "no model");
    expect_error(test_run("help", "nothing"), 2, "nothing");
    expect_error(test_run("completion", "tcsh"), 2, "bash, zsh and fish");
}

TEST(wrong_input_is_status_1) {
    char out[TEST_PATH_MAX];
    const char *model = small_model();
    test_temp_path(out, "o.safetensors");
    expect_error(test_run("run", "/nowhere/at/all", "--ids", "1"), 1, "/nowhere/at/all");
    expect_error(test_run("logits", model, "--ids=1,100", "--out", out), 1, "100");
    expect_error(test_run("logits", model, "--ids=-5", "--out", out), 1, "-5");
    expect_error(test_run("logits", model, "--batch", "/nowhere", "--out", out), 1, "/nowhere");
    expect_error(test_run("logits", model, "--ids", "1,2", "--ctx", "1", "--out", out), 1, "--ctx 2");
    expect_error(test_run("run", model, "--ids", "1,2", "-n", "9", "--ctx", "8"), 1, "10 positions");
    expect_error(test_run("run", model, "--ids", "1,2", "-n", "64"), 1, "--ctx 65"); /* made for 64 */
    expect_error(test_run("run", model, "--ids", "1", "--memory", "1K"), 1, "--memory");
    expect_error(test_run("run", model, "--ids", "1", "--logit-bias", "999=1"), 1, "999");
    expect_error(test_run("run", model, "--ids", "1", "--experts-per-token", "6"), 1, "1 to 5");
    expect_error(test_run("run", model, "-p", "words"), 1, "tokenizer");
    expect_error(test_run("run", model, "-f", "/nowhere/text"), 1, "/nowhere/text");
    expect_error(test_run("run", model, "--ids", "1", "--stop", "x"), 1, "tokenizer");
    expect_error(test_run("logits", model, "--ids", "1", "--out", "/nowhere/o"), 1, "/nowhere/o");
    expect_error(test_run("synth", "/nowhere.json", "--out", out), 1, "/nowhere.json");
    assert_int_equal(access(out, F_OK), -1); /* nothing half-done is left */
}

/* A context beyond the model's own must be asked for by --ctx (which is then warned of: context_test.c). */
TEST(a_context_beyond_the_model_is_asked_for) {
    const char *model = small_model(); /* made for 64 */
    struct test_output got =
        test_run("run", model, "--ids", "1,2", "-n", "64", "--ctx", "65", "--ignore-eos");
    assert_int_equal(got.status, 0);
    got = test_run("run", model, "--ids", "1", "--ctx", "1000000000000000000");
    assert_int_equal(got.status, 1);
    assert_non_null(strstr(got.err, "more pages than can be counted"));
    got = test_run("run", model, "--ids", "1", "--ctx", "100000000");
    assert_int_equal(got.status, 1);
    assert_non_null(strstr(got.err, "would fit"));
}

/* MiB that run says it needs, for 100,000 positions. */
static double needed(const char *model, const char *option, const char *value) {
    const char *words[] = { "run",    model,      "--ids", "1",    "-n",  "100000", "--ctx",
                            "100000", "--memory", "1K",    option, value, NULL };
    struct test_output got = test_run_program(words);
    const char *at = strstr(got.err, "needs ");
    double mib = 0;
    assert_int_equal(got.status, 1);
    if (!at || sscanf(at, "needs %lf MiB", &mib) != 1) fail_msg("%s", got.err);
    return mib;
}

/* What is kept for the report is in the sum: 2 layers, 2 experts a token, 4 bytes each; and 16 bytes for each
 * of the likeliest, twice: in the engine, too. */
TEST(what_a_report_keeps_is_part_of_the_sum) {
    const char *model = small_model();
    double bare = needed(model, NULL, NULL), routing = needed(model, "--routing", NULL),
           likeliest = needed(model, "--logprobs", "20");
    print_message("%.1f MiB, with routing %.1f, with log-probabilities %.1f\n", bare, routing, likeliest);
    assert_true(fabs(routing - bare - 1.6e6 / (1 << 20)) < 0.15);
    assert_true(fabs(likeliest - bare - 64e6 / (1 << 20)) < 0.15);
}

TEST(help_man_completion_and_version_print) {
    static const char *const verbs[] = { "run",  "logits", "show",       "synth",  "plan",
                                         "help", "man",    "completion", "version" };
    assert_non_null(strstr(test_run("--help").out, "logits"));
    static const char *const libraries[] = { "jansson", "pcre2",   "utf8proc", "protobuf-c",
                                             "libedit", "libyaml", "cairo" };
    const char *version = test_run("--version").out;
    assert_non_null(strstr(version, "switchyard "));
    for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++)
        assert_non_null(strstr(version, libraries[i]));
    assert_non_null(strstr(test_run("man").out, "SWITCHYARD_MODELS"));
    assert_non_null(strstr(test_run("man", "run").out, "config.yaml"));
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        struct test_output help = test_run("help", verbs[i]), man = test_run("man", verbs[i]);
        assert_int_equal(help.status, 0);
        assert_int_equal(man.status, 0);
        assert_true(help.out_bytes > 0 && man.out_bytes > 0);
        for (const char *line = help.out, *end; (end = strchr(line, '\n')); line = end + 1)
            assert_true(end - line <= 80);
    }
    assert_non_null(strstr(test_run("completion", "bash").out, "logits"));
    assert_non_null(strstr(test_run("completion", "zsh").out, "logits"));
    assert_non_null(strstr(test_run("completion", "fish").out, "logits"));
    assert_string_equal(test_run("run", "--help").out, test_run("help", "run").out);
}

TEST(run_prints_its_json) {
    static const int64_t large = 256 << 20; /* what the parent has while it runs; sanitizers take much, too */
    void *parents;
    assert_true(os_memory_take(large, &parents, NULL));
    json_t *root = expect_json(
        test_run("run", small_model(), "--ids", "1,2,3", "-n", "4", "--ignore-eos", "--routing", "--json"));
    json_t *routing = json_object_get(root, "routing");
    os_memory_release(parents, large);
    assert_true(json_is_null(json_object_get(root, "text")));
    assert_int_equal(json_array_size(json_object_get(root, "tokens")), 4);
    assert_int_equal(json_integer_value(json_object_get(root, "prompt_tokens")), 3);
    assert_true(json_is_number(json_object_get(root, "prefill_tok_per_s")));
    assert_true(json_is_number(json_object_get(root, "decode_tok_per_s")));
    assert_true(json_is_number(json_object_get(root, "load_ms")));
    int64_t peak = json_integer_value(json_object_get(root, "peak_rss_bytes"));
    assert_in_range(peak, 1 << 20, large - 1); /* its own, not its parent's */
    assert_int_equal(json_array_size(json_object_get(routing, "moe_layers")), 2);
    assert_int_equal(json_array_size(json_object_get(routing, "choices")), 6);
    for (size_t layer = 0; layer < 2; layer++) {
        json_t *counts = json_array_get(json_object_get(routing, "counts"), layer);
        json_int_t sum = 0;
        for (size_t e = 0; e < json_array_size(counts); e++)
            sum += json_integer_value(json_array_get(counts, e));
        assert_int_equal(sum, 2 * 6);
    }
    json_decref(root);
}

TEST(run_of_nothing_new_runs_the_prompt) {
    json_t *root =
        expect_json(test_run("run", small_model(), "--ids", "1,2,3", "-n", "0", "--routing", "--json"));
    assert_int_equal(json_array_size(json_object_get(root, "tokens")), 0);
    assert_int_equal(json_array_size(json_object_get(json_object_get(root, "routing"), "choices")), 3);
    json_decref(root);
}

TEST(show_prints_its_json) {
    json_t *root = expect_json(test_run("show", small_model(), "--json", "--tensors"));
    json_t *spec = json_object_get(root, "spec"), *census = json_object_get(root, "census");
    assert_string_equal(json_string_value(json_object_get(root, "family")), "mixtral");
    assert_int_equal(json_integer_value(json_object_get(spec, "width")), 32);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(spec, "router"), "experts")), 5);
    assert_int_equal(json_array_size(json_object_get(spec, "layers")), 2);
    json_int_t total = json_integer_value(json_object_get(root, "total_params")), sum = 0;
    const char *part;
    json_t *count;
    json_object_foreach(json_object_get(root, "params_by_part"), part, count) sum +=
        json_integer_value(count);
    assert_int_equal(sum, total);
    assert_true(json_integer_value(json_object_get(root, "active_params")) < total);
    assert_int_equal(json_integer_value(json_object_get(census, "bound")),
                     json_array_size(json_object_get(root, "tensors")));
    assert_true(json_is_object(json_object_get(census, "ignored")));
    assert_true(json_is_array(json_object_get(census, "unknown_keys")));
    assert_non_null(json_object_get(json_object_get(root, "dtypes"), "F32"));
    json_decref(root);
}

static const struct tensor *expect_tensor(const struct checkpoint *file, const char *name, enum dtype dtype,
                                          int64_t rows, int64_t columns) {
    const struct tensor *tensor = checkpoint_find(file, name);
    if (!tensor) print_error("%s is missing\n", name);
    assert_non_null(tensor);
    assert_int_equal(tensor->dtype, dtype);
    assert_int_equal(tensor->rank, 2);
    assert_int_equal(tensor->shape[0], rows);
    assert_int_equal(tensor->shape[1], columns);
    return tensor;
}

TEST(logits_writes_the_tensors_of_its_contract) {
    char out[TEST_PATH_MAX];
    struct checkpoint file;
    struct stat status;
    test_temp_path(out, "o.safetensors");
    struct test_output done = test_run("logits", small_model(), "--ids", "1,2,3", "--routing", "--out", out);
    assert_int_equal(done.status, 0);
    assert_true(checkpoint_open(out, &file, NULL));
    assert_int_equal(file.count, 7);
    expect_tensor(&file, "logits", DTYPE_F32, 3, 100);
    expect_tensor(&file, "router.0.logits", DTYPE_F32, 3, 5);
    expect_tensor(&file, "router.1.topk_ids", DTYPE_I32, 3, 2);
    expect_tensor(&file, "router.1.topk_weights", DTYPE_F32, 3, 2);
    checkpoint_close(&file);
    assert_int_equal(stat(out, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600); /* choices reveal the text */
}

TEST(a_batch_gives_each_sequence_its_own_tensors) {
    char batch[TEST_PATH_MAX], out[TEST_PATH_MAX], alone[TEST_PATH_MAX];
    struct checkpoint together, single;
    const char *model = small_model();
    test_temp_path(batch, "b.jsonl");
    test_temp_path(out, "o.safetensors");
    test_temp_path(alone, "a.safetensors");
    write_file(batch, "[1,2,3]\n[9]\n[4,5,6,7]\n");
    assert_int_equal(
        test_run("logits", model, "--batch", batch, "--routing", "--chunk", "2", "--out", out).status, 0);
    assert_int_equal(test_run("logits", model, "--ids", "4,5,6,7", "--routing", "--out", alone).status, 0);
    assert_true(checkpoint_open(out, &together, NULL));
    assert_true(checkpoint_open(alone, &single, NULL));
    expect_tensor(&together, "logits.1", DTYPE_F32, 1, 100);
    static const char *const names[] = { "logits", "router.0.logits", "router.1.topk_ids",
                                         "router.1.topk_weights" };
    for (size_t i = 0; i < 4; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s.2", names[i]);
        const struct tensor *a = checkpoint_find(&single, names[i]), *b = checkpoint_find(&together, name);
        assert_non_null(a);
        assert_non_null(b);
        assert_int_equal(a->bytes, b->bytes);
        assert_memory_equal(a->data, b->data, (size_t)a->bytes);
    }
    checkpoint_close(&together);
    checkpoint_close(&single);
}

TEST(steps_and_generation_agree) {
    char out[TEST_PATH_MAX], ids[64];
    struct checkpoint file;
    const char *model = small_model();
    json_t *root =
        expect_json(test_run("run", model, "--ids", "1,2,3", "-n", "2", "--exact", "--ignore-eos", "--json"));
    json_t *tokens = json_object_get(root, "tokens");
    int first = (int)json_integer_value(json_array_get(tokens, 0)),
        second = (int)json_integer_value(json_array_get(tokens, 1));
    json_decref(root);
    test_temp_path(out, "o.safetensors");
    snprintf(ids, sizeof ids, "1,2,3,%d", first);
    assert_int_equal(test_run("logits", model, "--ids", ids, "--steps", "1", "--out", out).status, 0);
    assert_true(checkpoint_open(out, &file, NULL));
    const struct tensor *logits = expect_tensor(&file, "logits", DTYPE_F32, 4, 100);
    int best = 0;
    for (int i = 1; i < 100; i++)
        if (dtype_get(DTYPE_F32, logits->data, 300 + i) > dtype_get(DTYPE_F32, logits->data, 300 + best))
            best = i;
    assert_int_equal(best, second);
    checkpoint_close(&file);
}

TEST(synth_is_the_same_whatever_the_threads) {
    char config[TEST_PATH_MAX], one[TEST_PATH_MAX], two[TEST_PATH_MAX];
    struct checkpoint a, b;
    test_temp_path(config, "c.json");
    test_temp_path(one, "one");
    test_temp_path(two, "two");
    write_file(config, small_config);
    assert_int_equal(test_run("synth", config, "--out", one, "-t", "1", "--seed", "4").status, 0);
    assert_int_equal(test_run("synth", config, "--out", two, "-t", "3", "--seed", "4").status, 0);
    assert_true(checkpoint_open(one, &a, NULL));
    assert_true(checkpoint_open(two, &b, NULL));
    assert_int_equal(a.count, b.count);
    for (int64_t i = 0; i < a.count; i++) {
        assert_string_equal(a.tensors[i].name, b.tensors[i].name);
        assert_memory_equal(a.tensors[i].data, b.tensors[i].data, (size_t)a.tensors[i].bytes);
    }
    checkpoint_close(&a);
    checkpoint_close(&b);
    expect_error(test_run("synth", config, "--out", one), 1, "not empty");
    assert_int_equal(test_run("synth", config, "--out", one, "--force").status, 0);
}

TEST(every_type_of_weights_runs) {
    static const char *const types[] = { "bf16", "f16", "f8_e4m3" };
    char config[TEST_PATH_MAX], model[TEST_PATH_MAX];
    test_temp_path(config, "c.json");
    write_file(config, small_config);
    for (size_t i = 0; i < 3; i++) {
        test_temp_path(model, types[i]);
        assert_int_equal(test_run("synth", config, "--out", model, "--dtype", types[i]).status, 0);
        json_decref(expect_json(test_run("run", model, "--ids", "1,2", "-n", "2", "--exact", "--json")));
        json_decref(expect_json(test_run("run", model, "--ids", "1,2", "-n", "2", "--fast", "--json")));
    }
}
