/* Option tables: parsing, help, man page, completions. */
#include "base/options.h"
#include "base/os.h"
#include "test.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct args {
    bool exact, quiet;
    const char *ids, *out;
    int64_t threads, seed, memory;
    double temperature;
    int kv;
    struct option_list stops;
};

static const struct option own[] = {
    { "ids", 0, OPTION_STRING, "1,2,3", "token ids to run", offsetof(struct args, ids) },
    { "out", 'o', OPTION_STRING, "FILE", "where to write [it's: a \\ file]", offsetof(struct args, out) },
    { "seed", 0, OPTION_INT, "N",
      "of the sampler, any whole number; this help is long enough that it needs a second line",
      offsetof(struct args, seed) },
    { "temperature", 0, OPTION_REAL, "X", "0 for greedy", offsetof(struct args, temperature) },
    { "stop", 0, OPTION_LIST, "TEXT", "ends the answer", offsetof(struct args, stops) },
    OPTION_END,
};
static const struct option common[] = {
    { "threads", 't', OPTION_COUNT, "N", "threads (default: the physical cores)",
      offsetof(struct args, threads) },
    { "kv", 0, OPTION_CHOICE, "f32|f16|bf16", "precision of keys and values", offsetof(struct args, kv) },
    { "memory", 'm', OPTION_BYTES, "SIZE", "bound on memory, such as 6G", offsetof(struct args, memory) },
    { "exact", 'e', OPTION_FLAG, NULL, "as the authors computed it", offsetof(struct args, exact) },
    { "quiet", 'q', OPTION_FLAG, NULL, "say less", offsetof(struct args, quiet) },
    { "out", 'o', OPTION_STRING, "HIDDEN", "an earlier option hides this one", offsetof(struct args, ids) },
    OPTION_END,
};
static const struct option_table common_table = { common, NULL };
static const struct option_table table = { own, &common_table };
static const struct command_text command = {
    .name = "logits",
    .summary = "Logits of a model; one line",
    .usage = "MODEL (--ids 1,2,3 | --batch FILE.jsonl) --out FILE [--routing] [--precision WORD]",
    .details = "Runs the ids through the model and\nwrites what it says. Lines that follow one another are "
               "one paragraph, "
               "filled anew.\n\n.dots and -hyphens\n  kept = as it is\n",
    .examples =
        "switchyard logits olmoe --ids 1,2,3 --out l.safetensors  # three tokens\n"
        "switchyard logits olmoe --batch a-rather-long-name.jsonl --out l.safetensors  # many sequences",
};

struct result {
    bool good, help;
    int count;
    const char *positional[3];
    struct args args;
    struct sy_error err;
};

#define parse(...)                                                                                           \
    parse_words((char *[]){ __VA_ARGS__ }, (int)(sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *)))
static struct result parse_words(char **words, int count) {
    struct result r = { .args = { .threads = -1, .kv = -1 } };
    r.good = options_parse(&table, count, words, &r.args, r.positional, 3, &r.count, &r.help, &r.err);
    return r;
}

TEST(options_that_come_several_times) {
    struct result r = parse("--stop", "a", "m", "--stop=", "--stop", "-b");
    assert_true(r.good);
    assert_int_equal(r.args.stops.count, 3);
    assert_string_equal(r.args.stops.words[0], "a");
    assert_string_equal(r.args.stops.words[1], "");
    assert_string_equal(r.args.stops.words[2], "-b");
    char *words[OPTION_LIST_MAX + 1];
    for (int i = 0; i <= OPTION_LIST_MAX; i++) words[i] = "--stop=x";
    assert_true(parse_words(words, OPTION_LIST_MAX).good);
    r = parse_words(words, OPTION_LIST_MAX + 1);
    assert_true(!r.good && r.err.code == SY_ERR_USAGE && strstr(r.err.message, "--stop"));
}

TEST(options_every_type_and_form) {
    struct result r = parse("model", "--ids", "1,2", "--seed=-5", "-t2", "--kv", "f16", "-m", "1.5G",
                            "--temperature=0.5", "--exact", "-o", "f");
    assert_true(r.good && !r.help);
    assert_int_equal(r.count, 1);
    assert_string_equal(r.positional[0], "model");
    assert_string_equal(r.args.ids, "1,2");
    assert_string_equal(r.args.out, "f");
    assert_true(r.args.seed == -5 && r.args.threads == 2 && r.args.kv == 1 &&
                r.args.memory == (int64_t)3 << 29);
    assert_true(r.args.temperature == 0.5 && r.args.exact && !r.args.quiet);
    r = parse("-qet", "7", "--kv=bf16");
    assert_true(r.good && r.args.quiet && r.args.exact && r.args.threads == 7 && r.args.kv == 2);
    r = parse("-t", "1", "-t", "3"); /* the last one holds */
    assert_true(r.good && r.args.threads == 3);
}

TEST(options_values_may_look_like_options) {
    struct result r = parse("--ids", "-5", "--out=", "--seed", "-7");
    assert_true(r.good && r.args.seed == -7);
    assert_string_equal(r.args.ids, "-5");
    assert_string_equal(r.args.out, "");
    r = parse("--ids=-5", "--out", "--exact");
    assert_true(r.good && !r.args.exact);
    assert_string_equal(r.args.out, "--exact");
}

/* ---- rules ---- */

struct ruled_args {
    bool exact, quiet, fold;
    const char *ids;
    double temperature, link;
    int64_t seed, memory, level;
    int kv;
};
static const struct option ruled_common[] = {
    { "memory", 'm', OPTION_BYTES, "SIZE", "of memory", offsetof(struct ruled_args, memory) },
    { "kv", 0, OPTION_CHOICE, "f32|f16|bf16", "a word", offsetof(struct ruled_args, kv) },
    { "exact", 'e', OPTION_FLAG, NULL, "a flag", offsetof(struct ruled_args, exact) },
    { "seed", 0, OPTION_STRING, "HIDDEN", "an earlier option hides it, and its rule", 0 },
    OPTION_BETWEEN("seed", "100 to 200"),
    { "level", 0, OPTION_COUNT, "HIDDEN", "the same", 0 },
    OPTION_BETWEEN("level", "100 to 200"),
    OPTION_BETWEEN("memory", "1K to 1P"),
    OPTION_NOT_WITH("exact", "kv=f16"),
    OPTION_END,
};
static const struct option_table ruled_common_table = { ruled_common, NULL };
static const struct option ruled_own[] = {
    { "fold", 0, OPTION_FLAG, NULL, "a flag", offsetof(struct ruled_args, fold) },
    { "quiet", 'q', OPTION_FLAG, NULL, "a flag", offsetof(struct ruled_args, quiet) },
    { "ids", 0, OPTION_STRING, "1,2", "ids", offsetof(struct ruled_args, ids) },
    { "link", 0, OPTION_RATE, "RATE", "of a link", offsetof(struct ruled_args, link) },
    { "temperature", 0, OPTION_REAL, "X", "a number", offsetof(struct ruled_args, temperature) },
    { "seed", 0, OPTION_INT, "N", "a whole number", offsetof(struct ruled_args, seed) },
    { "level", 0, OPTION_COUNT, "N", "without bounds", offsetof(struct ruled_args, level) },
    OPTION_ONLY_WITH("fold", "ids|kv=bf16|=eval"),
    OPTION_NOT_WITH("quiet", "MODEL|seed"),
    OPTION_BETWEEN("temperature", "0 to 10"),
    OPTION_BETWEEN("seed", "-9 to 9"),
    OPTION_BETWEEN("link", "1M to 1P"),
    OPTION_END,
};
static const struct option_table ruled_table = { ruled_own, &ruled_common_table };

#define ruled(...)                                                                                           \
    ruled_words((char *[]){ __VA_ARGS__ }, (int)(sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *)))
static struct result ruled_words(char **words, int count) {
    struct result r = { .good = false };
    struct ruled_args args = { .kv = -1 };
    r.good = options_parse(&ruled_table, count, words, &args, r.positional, 3, &r.count, &r.help, &r.err);
    return r;
}

static void assert_rule(struct result r, const char *message, const char *remedy) {
    assert_false(r.good);
    assert_int_equal(r.err.code, SY_ERR_USAGE);
    assert_string_equal(r.err.message, message);
    assert_string_equal(r.err.remedy, remedy);
}

TEST(options_that_go_together) {
    assert_rule(ruled("--fold"), "--fold goes with --ids, --kv bf16 or eval",
                "add one of them, or leave --fold out");
    assert_true(ruled("--fold", "--ids", "1").good);
    assert_true(ruled("--ids=1", "--fold").good); /* in any order */
    assert_true(ruled("--kv", "bf16", "--fold").good);
    assert_false(ruled("--kv", "f16", "--fold").good);           /* another value */
    assert_false(ruled("--kv=bf16", "--kv=f16", "--fold").good); /* the last one holds */
    assert_true(ruled("eval", "--fold").good);
    assert_false(ruled("evaluate", "--fold").good);
    assert_rule(ruled("-q", "--seed", "1"), "--quiet and --seed do not go together", "leave one of them out");
    assert_rule(ruled("m", "--quiet"), "--quiet and MODEL do not go together", "leave one of them out");
    assert_rule(ruled("-e", "--kv", "f16"), "--exact and --kv f16 do not go together",
                "leave one of them out");
    assert_true(ruled("-e", "--kv", "f32").good);
    struct result r = ruled("--fold", "--help");
    assert_true(r.good && r.help);
    assert_false(ruled("--OPTION", "x").good);
}

TEST(options_values_lie_within_bounds) {
    assert_rule(ruled("--temperature", "10.5"), "--temperature takes a number from 0 to 10, not '10.5'", "");
    assert_rule(ruled("--seed=-10"), "--seed takes a whole number from -9 to 9, not '-10'", "");
    assert_true(ruled("--seed", "-9", "--temperature", "10").good);
    assert_rule(ruled("-m", "5"), "-m takes a size such as 512M, 1.5G or 6GB, from 1K to 1P, not '5'", "");
    assert_true(ruled("-m", "1K").good);
    assert_rule(ruled("--link", "5"),
                "--link takes a rate a second such as 20G or 25Gbit, from 1M to 1P, not '5'", "");
    assert_true(ruled("--link", "25Gbit").good);
    assert_true(ruled("--level", "7").good); /* what hides an option hides its bounds */
}

TEST(rules_are_no_options) {
    struct text text = { 0 };
    options_help(&ruled_table, &command, &text);
    assert_null(strstr(text.data, " to "));
    assert_null(strstr(strstr(text.data, "--fold") + 1, "--fold"));
    text_free(&text);
    assert_non_null(strstr(ruled("--foldd").err.remedy, "--fold"));
}

TEST(options_positionals) {
    struct result r = parse("-", "--exact", "--", "--quiet", "-t");
    assert_true(r.good && r.args.exact && !r.args.quiet);
    assert_int_equal(r.count, 3);
    assert_string_equal(r.positional[0], "-");
    assert_string_equal(r.positional[1], "--quiet");
    assert_string_equal(r.positional[2], "-t");
    r = parse("a", "b", "c", "d");
    assert_false(r.good);
    assert_string_equal(r.err.message, "'d' is one argument too many");
    r = parse_words(NULL, 0);
    assert_true(r.good && r.count == 0);
}

TEST(options_help_wins) {
    assert_true(parse("--help", "--bogus").help && parse("-h").help && parse("-qh", "a", "b", "c", "d").help);
    assert_false(parse("--", "--help").help);
    struct result r = parse("--bogus", "--help");
    assert_false(r.good);
}

static void assert_usage(struct result r, const char *want) {
    char line[1024];
    assert_false(r.good);
    assert_int_equal(r.err.code, SY_ERR_USAGE);
    assert_string_equal(sy_error_line(&r.err, line, sizeof line), want);
}

TEST(options_refusals) {
    assert_usage(parse("--thread", "3"), "unknown option --thread; did you mean --threads?");
    assert_usage(parse("--thread=3"), "unknown option --thread; did you mean --threads?");
    assert_usage(parse("--hlep"), "unknown option --hlep; did you mean --help?");
    assert_usage(parse("--no-such"), "unknown option --no-such; --help lists the options");
    assert_usage(parse("-x"), "unknown option -x; --help lists the options");
    assert_usage(parse("-5"), "unknown option -5; --help lists the options");
    assert_usage(parse("--threads"), "--threads needs a value: N");
    assert_usage(parse("-t"), "-t needs a value: N");
    assert_usage(parse("--exact=1"), "--exact takes no value");
    assert_usage(parse("--help=1"), "--help takes no value");
    assert_usage(parse("--threads", "-1"), "--threads takes a whole number, 0 or more, not '-1'");
    assert_usage(parse("-t1x"), "-t takes a whole number, 0 or more, not '1x'");
    assert_usage(parse("-t", ""), "-t takes a whole number, 0 or more, not ''");
    assert_usage(parse("-t", "9223372036854775808"),
                 "-t takes a whole number, 0 or more, not '9223372036854775808'");
    assert_usage(parse("--seed", "0x10"), "--seed takes a whole number, not '0x10'");
    assert_usage(parse("--seed", " 1"), "--seed takes a whole number, not ' 1'");
    assert_usage(parse("--temperature", "nan"), "--temperature takes a number, not 'nan'");
    assert_usage(parse("--temperature", "1e999"), "--temperature takes a number, not '1e999'");
    assert_usage(parse("--temperature", "1,5"), "--temperature takes a number, not '1,5'");
    assert_usage(parse("--memory", "6X"), "--memory takes a size such as 512M, 1.5G or 6GB, not '6X'");
    assert_usage(parse("--kv", "f17"), "--kv is one of f32|f16|bf16, not 'f17'");
    assert_usage(parse("--kv", "f1"), "--kv is one of f32|f16|bf16, not 'f1'");
    assert_usage(parse("--kv="), "--kv is one of f32|f16|bf16, not ''");
    assert_usage(parse("--\x1b[31m"), "unknown option --?[31m; --help lists the options");
    assert_true(parse("--seed", "-9223372036854775808").good && parse("--temperature", "-1.5e-3").good);
}

/* ---- what is printed ---- */

TEST(options_help_text) {
    struct text text = { 0 };
    options_help(&table, &command, &text);
    assert_false(text.failed);
    assert_string_equal(text.data,
                        "Usage: switchyard logits MODEL (--ids 1,2,3 | --batch FILE.jsonl) --out FILE\n"
                        "    [--routing] [--precision WORD]\n"
                        "\n"
                        "Logits of a model; one line\n"
                        "\n"
                        "Runs the ids through the model and writes what it says. Lines that follow one\n"
                        "another are one paragraph, filled anew.\n"
                        "\n"
                        ".dots and -hyphens\n"
                        "  kept = as it is\n"
                        "\n"
                        "Options:\n"
                        "      --ids 1,2,3         token ids to run\n"
                        "  -o, --out FILE          where to write [it's: a \\ file]\n"
                        "      --seed N            of the sampler, any whole number; this help is long\n"
                        "                          enough that it needs a second line\n"
                        "      --temperature X     0 for greedy\n"
                        "      --stop TEXT         ends the answer\n"
                        "  -t, --threads N         threads (default: the physical cores)\n"
                        "      --kv f32|f16|bf16   precision of keys and values\n"
                        "  -m, --memory SIZE       bound on memory, such as 6G\n"
                        "  -e, --exact             as the authors computed it\n"
                        "  -q, --quiet             say less\n"
                        "  -h, --help              show this help\n"
                        "\n"
                        "Examples:\n"
                        "  switchyard logits olmoe --ids 1,2,3 --out l.safetensors  # three tokens\n"
                        "  # many sequences\n"
                        "  switchyard logits olmoe --batch a-rather-long-name.jsonl --out l.safetensors\n");
    text_free(&text);
}

TEST(options_man_page) {
    struct text text = { 0 };
    options_man(&table, &command, &text);
    assert_memory_equal(text.data, ".TH \"SWITCHYARD\\-LOGITS\" \"1\"", 27);
    static const char *const parts[] = {
        ".SH NAME\nswitchyard\\-logits \\- Logits of a model; one line\n",
        ".SH SYNOPSIS\n\\fBswitchyard logits\\fR MODEL (\\-\\-ids 1,2,3",
        "\\&.dots and \\-hyphens\n.nf\n  kept = as it is\n.fi\n",
        ".TP\n\\fB\\-o\\fR, \\fB\\-\\-out\\fR \\fIFILE\\fR\nwhere to write [it's: a \\e file]\n",
        ".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\n",
        ".SH EXAMPLES\n.nf\nswitchyard"
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; ++i)
        if (!strstr(text.data, parts[i])) fail_msg("no %s in %s", parts[i], text.data);
    assert_null(strstr(text.data, "HIDDEN"));
    text_free(&text);
}

static char *completion(const char *shell) {
    static const struct command_text run = { "run", "Run it; it's \\ fast", "MODEL", NULL, NULL };
    static const struct command_text *const commands[] = { &command, &run };
    static const struct option_table *const tables[] = { &table, &common_table };
    struct text text = { 0 };
    assert_true(options_completion(shell, commands, tables, 2, &text));
    assert_false(text.failed);
    return text.data;
}

/* What bash offers for a line whose last word is being typed. */
static void assert_bash(const char *words, const char *want) {
    char path[TEST_PATH_MAX], line[TEST_PATH_MAX + 512], got[2048] = "";
    test_temp_path(path, "bash.sh");
    snprintf(
        line, sizeof line,
        "bash -c '. \"%s\"; COMP_WORDS=(switchyard %s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _switchyard; "
        "echo \"${COMPREPLY[*]}\"'",
        path, words);
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(got, sizeof got, pipe));
    assert_int_equal(pclose(pipe), 0);
    got[strcspn(got, "\n")] = 0;
    assert_string_equal(got, want);
}

TEST(options_completion_of_bash) {
    char path[TEST_PATH_MAX], *script = completion("bash");
    struct os_writer *writer;
    test_temp_path(path, "bash.sh");
    assert_true(os_writer_open(path, false, &writer, NULL) &&
                os_writer_write(writer, script, (int64_t)strlen(script), NULL) &&
                os_writer_commit(writer, NULL));
    free(script);
    if (system("command -v bash >/dev/null") != 0) test_skip("no bash");
    assert_bash("\"\"", "logits run");
    assert_bash("lo", "logits");
    assert_bash("help r", "run");
    assert_bash("logits --t", "--temperature --threads");
    assert_bash("run --t", "--threads");
    assert_bash("run --kv \"\"", "f32 f16 bf16");
    assert_bash("run --kv = f", "f32 f16");
    assert_bash("run --kv =", "f32 f16 bf16");
    assert_bash("logits --out \"\"", ""); /* bash itself offers files then */
    assert_bash("logits \"\"", "");
    /* names come from the program, whatever else it says of them */
    assert_bash("run ol); switchyard() { echo \"olmoe 7B\"; }; COMP_WORDS=(switchyard run ol", "olmoe");
}

TEST(options_completion_of_zsh_and_fish) {
    char *script = completion("zsh");
    static const char *const zsh[] = {
        "#compdef switchyard\n",
        "'run:Run it; it'\\''s \\\\ fast'\n",
        "'(-o --out)'{-o+,--out=}'[where to write \\[it'\\''s\\: a \\\\ file\\]]:FILE:_files' \\\n",
        "'--kv=[precision of keys and values]:value:(f32 f16 bf16)' \\\n",
        "'(-e --exact)'{-e,--exact}'[as the authors computed it]' \\\n",
        "'*:argument:_switchyard_names \"models --names\"' ;;\n"
    };
    for (size_t i = 0; i < sizeof zsh / sizeof zsh[0]; ++i)
        if (!strstr(script, zsh[i])) fail_msg("no %s in %s", zsh[i], script);
    free(script);
    script = completion("fish");
    static const char *const fish[] = {
        "complete -c switchyard -n __fish_use_subcommand -f -a run -d 'Run it; it\\'s \\\\ fast'\n",
        "from run' -l kv -x -a 'f32 f16 bf16' -d 'precision of keys and values'\n",
        "from logits' -l out -s o -r -d 'where to write [it\\'s: a \\\\ file]'\n",
        "from run' -l exact -s e -d 'as", "from run' -a '(switchyard models --names 2>/dev/null |"
    };
    for (size_t i = 0; i < sizeof fish / sizeof fish[0]; ++i)
        if (!strstr(script, fish[i])) fail_msg("no %s in %s", fish[i], script);
    free(script);
    struct text text = { 0 };
    assert_false(options_completion("tcsh", NULL, NULL, 0, &text));
}

TEST(a_mode_is_a_flag_that_may_name_a_word) {
    struct shown {
        int mode;
        const char *word;
    } got;
    static const struct option options[] = {
        { "routing", 'r', OPTION_MODE, "tokens|load", "show it", offsetof(struct shown, mode) },
        OPTION_END,
    };
    static const struct option_table modes = { options, NULL };
    static const struct command_text text = { .name = "run", .summary = "Run", .usage = "MODEL" };
    const struct {
        const char *word;
        int mode;
    } cases[] = { { "--routing", 1 }, { "-r", 1 }, { "--routing=tokens", 2 }, { "--routing=load", 3 } };
    const char *positional[1];
    int count;
    bool help;
    struct sy_error err;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *argv[] = { (char *)(uintptr_t)cases[i].word, (char *)(uintptr_t) "tokens" };
        got.mode = 0;
        assert_true(options_parse(&modes, 2, argv, &got, positional, 1, &count, &help, &err));
        assert_int_equal(got.mode, cases[i].mode);
        assert_int_equal(count, 1); /* the next word is none of its own */
    }
    char *wrong[] = { (char *)(uintptr_t) "--routing=loud" };
    assert_false(options_parse(&modes, 1, wrong, &got, positional, 1, &count, &help, &err));
    assert_string_equal(err.message, "--routing is given alone, or one of tokens|load, not 'loud'");
    struct text shown = { 0 };
    options_help(&modes, &text, &shown);
    assert_non_null(strstr(shown.data, "-r, --routing[=tokens|load]"));
    text_free(&shown);
}
