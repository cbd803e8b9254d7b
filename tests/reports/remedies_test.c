/*
 * Advice that was followed and did not help. Each remedy of the sources stands in remedies.txt: with the
 * test that follows it, or with the reason why no test can. Those that a command line can follow are followed
 * here.
 */
#include "hostile.h"
#include "speaker.h"
#include "test.h"
#include "text_model.h"

#include <ctype.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- followed on the command line ---- */

enum { WORDS = 20 };

/* A command that is refused with this remedy, and what the remedy says to do. In the words "@x" is x in the
 * test's folder, "=x" a golden model, and "&&" joins commands that must all succeed. */
struct step {
    const char *remedy; /* as the source has it; what % stands for is not compared */
    const char *refused[WORDS], *followed[WORDS];
};

#define TEXT   "=mixtral_fused"
#define DENSE  "=llama_e5m2"
#define LOGITS "logits", "@letters", "--ids", "1"
#define TOKENIZE(name)                                                                                       \
    { "tokenize", "@" name, "--text", "a" }
#define LONG_4 "n234567890123456789012345678901234567890123456789012345678901234"
#define LONG   LONG_4 LONG_4 LONG_4 LONG_4
static const struct step steps[] = {
    { "--help lists the options", { "run", "-9" }, { "run", "--help" } },
    { "--help shows what is wanted",
      { "run", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17" },
      { "run", "--help" } },
    { "did you mean --%s?",
      { "run", "@letters", "--idz", "1" },
      { "run", "@letters", "--ids", "1", "-n", "1" } },
    { "did you mean %s?", { "lgits" }, { "help", "logits" } },
    { "switchyard help lists them", { "zzzzzz" }, { "help" } },
    { "usage: switchyard %s %s", { "run" }, { "run", "@letters", "--ids", "1", "-n", "1" } },
    { "usage: switchyard plan %s", { "plan" }, { "plan", "--list" } },
    { "usage: switchyard show %s", { "show" }, { "show", "@letters" } },
    { "bash, zsh and fish are known", { "completion", "tcsh" }, { "completion", "zsh" } },
    { "add %s, or leave %s out",
      { "plan", "olmoe-1b-7b", "--format", "csv" },
      { "plan", "--table", "--format", "csv" } },
    { "leave one of them out", { "plan", "--table", "--list" }, { "plan", "--table" } },
    { "--dtype bf16, f16 or f32",
      { "convert", "@letters", "--out", "@d1", "--dtype", "q8_0" },
      { "convert", "@letters", "--out", "@d1", "--dtype", "bf16" } },
    { "name another, or add --force to replace the checkpoint in it",
      { "convert", "@letters", "--out", "@d1" },
      { "convert", "@letters", "--out", "@d1", "--force" } },
    { "name another folder",
      { "convert", "@letters", "--out", "@letters" },
      { "convert", "@letters", "--out", "@d2" } },
    { "give --out FILE.gguf or --out DIR",
      { "convert", "@letters" },
      { "convert", "@letters", "--out", "@small.gguf" } },
    { "name another, or %s to replace it",
      { "convert", "@letters", "--out", "@small.gguf" },
      { "convert", "@letters", "--out", "@small.gguf", "--force" } },
    { "give --out DIR, or leave it out",
      { "convert", "@letters", "--out", "@e.gguf", "--shard-size", "1G" },
      { "convert", "@letters", "--out", "@e", "--shard-size", "1G" } },
    { "choose a type: --dtype bf16, f16, f32, q8_0 or another",
      { "convert", "=llama_e5m2", "--out", "@f.gguf" },
      { "convert", "=llama_e5m2", "--out", "@f.gguf", "--dtype", "bf16" } },
    { "choose a type: --dtype bf16, f16 or f32",
      { "convert", "@blocks.gguf", "--out", "@blocks" },
      { "convert", "@blocks.gguf", "--out", "@blocks", "--dtype", "bf16" } },
    { "give --out DIR or --out FILE.gguf",
      { "synth", "@letters/config.json" },
      { "synth", "@letters/config.json", "--out", "@s1" } },
    { "--out FILE.gguf, or --dtype bf16, f16, f32 or f8_e4m3",
      { "synth", "@letters/config.json", "--out", "@s2", "--dtype", "q8_0" },
      { "synth", "@letters/config.json", "--out", "@s2.gguf", "--dtype", "q8_0" } },
    { "--dtype bf16, q8_0 or another",
      { "synth", "@letters/config.json", "--out", "@s3.gguf", "--dtype", "f8_e4m3" },
      { "synth", "@letters/config.json", "--out", "@s3.gguf", "--dtype", "q8_0" } },
    { "`switchyard convert` writes the config.json of a GGUF file",
      { "synth", "@small.gguf", "--out", "@s4" },
      { "convert", "@small.gguf", "--out", "@s5", "&&", "synth", "@s5", "--out", "@s4" } },
    { "give --out FILE.safetensors",
      { "logits", "@letters", "--ids", "1" },
      { "logits", "@letters", "--ids", "1", "--out", "@o.safetensors" } },
    { "give them with --ids 1,2,3",
      { "logits", "@letters", "--out", "@o.safetensors" },
      { "logits", "@letters", "--out", "@o.safetensors", "--ids", "1,2,3" } },
    { "give --ctx %lld, or fewer ids",
      { "logits", "@letters", "--ids", "1,2", "--ctx", "1", "--out", "@o.safetensors" },
      { "logits", "@letters", "--ids", "1,2", "--ctx", "2", "--out", "@o.safetensors" } },
    { "give --ctx %lld, a smaller -n, or -n -1 for what fits",
      { "run", "@letters", "--ids", "1,2", "-n", "9", "--ctx", "8" },
      { "run", "@letters", "--ids", "1,2", "-n", "9", "--ctx", "10" } },
    { "give --ctx %lld, or shorter tests",
      { "bench", "@letters", "-p", "300", "-n", "0", "-r", "1" },
      { "bench", "@letters", "-p", "300", "-n", "0", "-r", "1", "--ctx", "300" } },
    { "give --ctx %lld, or shorter questions",
      { "eval", "choice", "@letters", "-f", "@q.jsonl", "--ctx", "2" },
      { "eval", "choice", "@letters", "-f", "@q.jsonl", "--ctx", "20" } },
    { "eval ppl MODEL, or eval choice MODEL",
      { "eval", "other", "@letters", "-f", "@t.txt" },
      { "eval", "ppl", "@letters", "-f", "@t.txt", "--ctx", "16" } },
    { "give --file F, or --file - for standard input",
      { "eval", "ppl", "@letters" },
      { "eval", "ppl", "@letters", "--file", "@t.txt", "--ctx", "16" } },
    { "give at most %lld",
      { "eval", "ppl", "@letters", "-f", "@t.txt", "--method", "stride", "--ctx", "16", "--stride", "16" },
      { "eval", "ppl", "@letters", "-f", "@t.txt", "--method", "stride", "--ctx", "16", "--stride", "15" } },
    { "give a longer text, or a smaller --ctx",
      { "eval", "ppl", "@letters", "-f", "@t.txt" },
      { "eval", "ppl", "@letters", "-f", "@t.txt", "--ctx", "16" } },
    { "give some text", { "run", "@letters", "-p", "" }, { "run", "@letters", "-p", "a", "-n", "1" } },
    { "give one of --ids 1,2,3, -p TEXT and -f FILE",
      { "run", "@letters" },
      { "run", "@letters", "-f", "@t.txt", "-n", "1" } },
    { "give one of --text, --file, --ids and --lines",
      { "tokenize", "@letters" },
      { "tokenize", "@letters", "--text", "a" } },
    { "ids go from 0 to %lld",
      { "tokenize", "@letters", "--ids", "61" },
      { "tokenize", "@letters", "--ids", "60" } },
    { "give ids from 0 to %lld",
      { "logits", "@letters", "--ids", "61", "--out", "@o.safetensors" },
      { "logits", "@letters", "--ids", "60", "--out", "@o.safetensors" } },
    { "name a MODEL, or give --file T.jinja", { "template" }, { "template", "--file", "@t.jinja" } },
    { "give --file T.jinja",
      { "template", "@letters", "-m", "@m.json" },
      { "template", "@letters", "-m", "@m.json", "--file", "@t.jinja" } },
    { "--template takes one of: %s",
      { "template", "@speaker", "-m", "@m.json", "--template", "x" },
      { "template", "@speaker", "-m", "@m.json", "--template", "default" } },
    { "write --set name=value",
      { "template", "--file", "@t.jinja", "--set", "x" },
      { "template", "--file", "@t.jinja", "--set", "x=1" } },
    { "write it as 2025-07-10T12:00:00Z",
      { "template", "--file", "@t.jinja", "--now", "x" },
      { "template", "--file", "@t.jinja", "--now", "2025-07-10T12:00:00Z" } },
    { "such as --logit-bias 42=-5",
      { "run", "@letters", "--ids", "1", "-n", "1", "--logit-bias", "x" },
      { "run", "@letters", "--ids", "1", "-n", "1", "--logit-bias", "42=-5" } },
    { "such as tokens=1T,batch=512",
      { "plan", "olmoe-1b-7b", "--train", "x" },
      { "plan", "olmoe-1b-7b", "--train", "tokens=1T,batch=512" } },
    { "`switchyard plan --list` has all presets", { "plan", "zzzzzz" }, { "plan", "--list" } },
    { "did you mean %s? `switchyard plan --list` has all presets",
      { "plan", "mixtral-8x7" },
      { "plan", "mixtral-8x7b" } },
    { "known: %s",
      { "plan", "olmoe-1b-7b", "--explain", "zzzzzz" },
      { "plan", "olmoe-1b-7b", "--explain", "verdict" } },
    { "`switchyard logits MODEL --routing` writes it",
      { "plan", "@letters", "--trace", "@o.safetensors" },
      { "logits", "@letters", "--ids", "1,2", "--routing", "--out", "@r.safetensors", "&&", "plan",
        "@letters", "--trace", "@r.safetensors" } },
    { "`switchyard run` takes ids in place of text: --ids 1,2,3",
      { "chat", TEXT },
      { "run", TEXT, "--ids", "1,2,3", "-n", "1" } },
    { "put tokenizer.json or tokenizer.model beside the model; to run it, ids do as well",
      { "run", TEXT, "-p", "a" },
      { "run", TEXT, "--ids", "1", "-n", "1", "&&", "run", "@letters", "-p", "a", "-n", "1" } },
    { "give a file with tokenizer.ggml.* keys; to run this one, ids do as well",
      { "run", "@bare.gguf", "-p", "a" },
      { "run", "@bare.gguf", "--ids", "1", "-n", "1" } },
    { "give 1 to %lld; the model was made for %lld",
      { "run", "@letters", "--ids", "1", "-n", "1", "--experts-per-token", "99" },
      { "run", "@letters", "--ids", "1", "-n", "1", "--experts-per-token", "6" } },
    { "give SY_PRECISION_FAST as well, or leave it out",
      { "logits", "@letters", "--ids", "1", "--out", "@o.safetensors", "--regime", "bf16" },
      { "logits", "@letters", "--ids", "1", "--out", "@o.safetensors", "--regime", "bf16", "--fast" } },
    { "%.1f MiB are needed without any cache: allow more, or give a smaller sy_options.context",
      { "run", "@letters", "--ids", "1", "--memory", "1M" },
      { "run", "@letters", "--ids", "1", "--memory", "2G", "-n", "1" } },
    { "give a .gguf file, or a folder with config.json and .safetensors",
      { "run", "@t.txt", "--ids", "1" },
      { "run", "@small.gguf", "--ids", "1", "-n", "1" } },
    { "a model is a .gguf file, or a folder with config.json and .safetensors",
      { "run", "@nowhere", "--ids", "1" },
      { "run", "@letters", "--ids", "1", "-n", "1" } },
    { "give the model's folder or .gguf file; `switchyard tokenize` takes this one",
      { "run", "@letters/tokenizer.json", "--ids", "1" },
      { "tokenize", "@letters/tokenizer.json", "--text", "a" } },
    { "make the folder first",
      { "logits", "@letters", "--ids", "1", "--out", "@none/o.safetensors" },
      { "logits", "@letters", "--ids", "1", "--out", "@d1/o.safetensors" } },
    { "name the file to write", { LOGITS, "--out", "" }, { LOGITS, "--out", "@o2" } },
    { "name the folder to make",
      { "convert", "@letters", "--out", "" },
      { "convert", "@letters", "--out", "@d3" } },
    { "name another folder",
      { "convert", "@letters", "--out", "@t.txt" },
      { "convert", "@letters", "--out", "@d4" } },
    { "make the folder above it first",
      { "convert", "@letters", "--out", "@d5/in" },
      { "convert", "@letters", "--out", "@d5", "&&", "convert", "@letters", "--out", "@d5/in" } },
    { "write to another file",
      { LOGITS, "--out", "@letters/model.safetensors", "--force" },
      { LOGITS, "--out", "@o3" } },
    { "write to another file",
      { "logits", "@letters", "--batch", "@ids.jsonl", "--out", "@ids.jsonl" },
      { "logits", "@letters", "--batch", "@ids.jsonl", "--out", "@o4" } },
    { "name another, or %s to replace it",
      { LOGITS, "--out", "@old.txt" },
      { LOGITS, "--out", "@o5", "&&", LOGITS, "--out", "@old.txt", "--force" } },
    { "name a file in it", { LOGITS, "--out", "@d3" }, { LOGITS, "--out", "@d3/o" } },
    { "a part of the path is a file: write elsewhere",
      { LOGITS, "--out", "@t.txt/o" },
      { LOGITS, "--out", "@o6" } },
    { "give it a shorter name", { LOGITS, "--out", "@" LONG }, { LOGITS, "--out", "@o7" } },
    { "give %s, which is what %s meant",
      { LOGITS, "--fast", "--regime", "step", "--out", "@o8" },
      { LOGITS, "--fast", "--regime", "integer", "--out", "@o8" } },
    { "leave one of them out; --dtype TYPE shows one type alone",
      { "plan", "--fit", "24G", "--memory", "48G" },
      { "plan", "--fit", "24G", "&&", "plan", "--fit", "24G", "--dtype", "q4_k_m" } },
    { "did you mean %s? `switchyard plan --machine list` has all",
      { "plan", "olmoe-1b-7b", "--machine", "h10" },
      { "plan", "--machine", "list" } },
    { "`switchyard plan --machine list` has all; any other is told by --memory, --bandwidth and --flops",
      { "plan", "olmoe-1b-7b", "--machine", "zzzzzzzz" },
      { "plan", "--machine", "list", "&&", "plan", "olmoe-1b-7b", "--memory", "24G", "--bandwidth", "1T",
        "--flops", "100T" } },
    { "--machine %s --ranks %lld --link RATE says how they are joined",
      { "plan", "olmoe-1b-7b", "--machine", "h100x99" },
      { "plan", "olmoe-1b-7b", "--machine", "h100", "--ranks", "99", "--link", "50G" } },
    { "a line has prompt, messages or ids, and may have id, n and seed",
      { "run", "@letters", "--prompts", "@other.jsonl" },
      { "run", "@letters", "--prompts", "@prompts.jsonl" } },
    { "-1 goes on to the end of the context",
      { "run", "@letters", "--ids", "1", "-n", "-2", "--ctx", "8" },
      { "run", "@letters", "--ids", "1", "-n", "-1", "--ctx", "8" } },
    { "give --ctx %lld, a smaller -n, or -n -1 for what fits",
      { "run", "@letters", "--ids", "1,2", "-n", "9", "--ctx", "8" },
      { "run", "@letters", "--ids", "1,2", "-n", "7", "--ctx", "8", "&&", "run", "@letters", "--ids", "1,2",
        "-n", "-1", "--ctx", "8" } },
    { "give --ctx %lld, or a shorter prompt",
      { "run", "@letters", "--ids", "1,2,3", "-n", "4", "--ctx", "2" },
      { "run", "@letters", "--ids", "1,2,3", "-n", "4", "--ctx", "6" } },
    { "give --ctx %lld, or a shorter prompt",
      { "run", "@letters", "--ids", "1,2,3", "--ctx", "2" },
      { "run", "@letters", "--ids", "1,2,3", "--ctx", "3", "&&", "run", "@letters", "--ids", "1", "--ctx",
        "2" } },
    { "put the model's tokenizer.json beside it; `switchyard tokenize --pre NAME` takes a file of ranks "
      "alone",
      { "tokenize", "@a.tiktoken", "--text", "a" },
      { "tokenize", "@letters", "--text", "a", "&&", "tokenize", "@a.tiktoken", "--text", "a", "--pre",
        "llama4" } },
    { "known are, among others, cl100k, o200k_harmony, llama4, llama-bpe and qwen2",
      { "tokenize", "@a.tiktoken", "--text", "a", "--pre", "zzz" },
      { "tokenize", "@a.tiktoken", "--text", "a", "--pre", "cl100k", "&&", "tokenize", "@a.tiktoken",
        "--text", "a", "--pre", "qwen2" } },
    { "known are BPE and Unigram", TOKENIZE("wordpiece.json"), TOKENIZE("sound.json") },
    { "known are ByteLevel, ByteFallback, Fuse, Strip, Replace, Metaspace and Sequence",
      TOKENIZE("decoder.json"), TOKENIZE("sound.json") },
    { "known are Split, ByteLevel, Metaspace, Digits, Punctuation, Whitespace(Split), BertPreTokenizer, "
      "CharDelimiterSplit and Sequence",
      TOKENIZE("pre.json"), TOKENIZE("sound.json") },
    { "known are TemplateProcessing, RobertaProcessing, BertProcessing, ByteLevel, Sequence",
      TOKENIZE("post.json"), TOKENIZE("sound.json") },
    { "use a tokenizer without it, or report it", TOKENIZE("normalizer.json"), TOKENIZE("sound.json") },
    { "use a tokenizer with a simpler pattern, or report this one", TOKENIZE("pattern.json"),
      TOKENIZE("sound.json") },
    { "this tokenizer has no unknown token: take that out of the text",
      { "tokenize", "@unigram.json", "--text", "abc" },
      { "tokenize", "@unigram.json", "--text", "ab" } },
    { "such as --layers 0,3-5",
      { "run", "@letters", "--ids", "1", "-n", "1", "--routing=tokens", "--layers", "a" },
      { "run", "@letters", "--ids", "1", "-n", "1", "--routing=tokens", "--layers", "0" } },
    { "give some of those %lld that are, from layer %lld to %lld",
      { "run", "@letters", "--ids", "1", "-n", "1", "--routing=tokens", "--layers", "9" },
      { "run", "@letters", "--ids", "1", "-n", "1", "--routing=tokens", "--layers", "0" } },
    { "leave --layers out: no layer of this model has experts",
      { "run", DENSE, "--ids", "1", "-n", "1", "--routing=tokens", "--layers", "0" },
      { "run", DENSE, "--ids", "1", "-n", "1", "--routing=tokens" } },
};
enum { STEPS = sizeof steps / sizeof steps[0] };

static void put(const char *name, const char *text) {
    hostile_file(name, text, (int64_t)strlen(text));
}

#define BPE "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1},\"merges\":[]}"
#define PRE BPE ",\"pre_tokenizer\":"

static void put_tokenizers(void) {
    put("sound.json",
        PRE "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"a+\"},\"behavior\":\"Isolated\",\"invert\":false},"
            "\"decoder\":{\"type\":\"Fuse\"},\"normalizer\":{\"type\":\"NFC\"},"
            "\"post_processor\":{\"type\":\"ByteLevel\"}}");
    put("wordpiece.json", "{\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"a\":0}}}");
    put("decoder.json", BPE ",\"decoder\":{\"type\":\"Zz\"}}");
    put("pre.json", PRE "{\"type\":\"Zz\"}}");
    put("post.json", BPE ",\"post_processor\":{\"type\":\"Zz\"}}");
    put("normalizer.json", BPE ",\"normalizer\":{\"type\":\"Zz\"}}");
    put("pattern.json", PRE
        "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(?R)\"},\"behavior\":\"Isolated\",\"invert\":false}}");
    put("unigram.json", "{\"model\":{\"type\":\"Unigram\",\"vocab\":[[\"a\",-1.0],[\"b\",-2.0]]}}");
}

static void prepare(void) {
    char path[TEST_PATH_MAX], out[TEST_PATH_MAX];
    static const char talk[] = "[{\"role\": \"user\", \"content\": \"hello\"}]";
    static const char text[] = "the cat sat on the mat and looked at the rat";
    static const char question[] =
        "{\"context\": \"the cat\", \"choices\": [\" sat\", \" ran\"], \"label\": 0}\n";
    text_model();
    test_temp_path(path, "speaker");
    speaker_make(path);
    put("m.json", talk);
    put("t.txt", text);
    put("q.jsonl", question);
    put("t.jinja", "{{ messages }}");
    put("ids.jsonl", "[1,2]\n");
    put("a.tiktoken", "YQ== 0\nYg== 1\n");
    put_tokenizers();
    put("old.txt", "mine\n");
    put("other.jsonl", "{\"promt\": \"a\"}\n");
    put("prompts.jsonl", "{\"prompt\": \"a\", \"n\": 1, \"id\": 7, \"seed\": 3}\n");
    test_temp_path(out, "bare.gguf");
    test_source(path, "tests/golden/mixtral_fused");
    assert_int_equal(test_run("convert", path, "--out", out).status, 0);
    test_temp_path(out, "blocks.gguf");
    test_temp_path(path, "speaker");
    assert_int_equal(test_run("convert", path, "--out", out, "--dtype", "q8_0").status, 0);
}

/* Runs words up to "&&" or the end, and moves on behind them. */
static struct test_output run_words(const char *const **words) {
    static char paths[WORDS][TEST_PATH_MAX];
    const char *own[WORDS + 1];
    int count = 0;
    for (; **words && strcmp(**words, "&&") != 0; ++*words, count++) {
        char golden[128];
        own[count] = **words;
        if (own[count][0] == '@') {
            test_temp_path(paths[count], own[count] + 1);
            own[count] = paths[count];
        } else if (own[count][0] == '=') {
            snprintf(golden, sizeof golden, "tests/golden/%s", own[count] + 1);
            test_source(paths[count], golden);
            own[count] = paths[count];
        }
    }
    if (**words) ++*words;
    own[count] = NULL;
    return test_run_program(own);
}

/* Does the line end in the remedy? Where the source has a %, anything may stand. The library's names for
 * options are the program's there. */
static bool ends_so(const char *line, const char *remedy) {
    const char *at = line;
    while (*remedy) {
        char piece[256];
        size_t length = strcspn(remedy, "%");
        snprintf(piece, sizeof piece, "%.*s", (int)length, remedy);
        char *own = strstr(piece, "SY_PRECISION_FAST");
        if (own) memcpy(own, "--fast", 6), memmove(own + 6, own + 17, strlen(own + 17) + 1);
        own = strstr(piece, "sy_options.context");
        if (own) memcpy(own, "--ctx", 5), memmove(own + 5, own + 18, strlen(own + 18) + 1);
        at = strstr(at, piece);
        if (!at) return false;
        at += strlen(piece);
        remedy += length;
        if (*remedy == '%') remedy += 1 + strcspn(remedy + 1, "sdfgi") + 1;
    }
    return true;
}

/* People did what the program told them to, and it was of no use. */
TEST(remedies_help) {
    prepare();
    for (int i = 0; i < STEPS; i++) {
        const char *const *words = steps[i].refused;
        struct test_output got = run_words(&words);
        if (got.status != 1 && got.status != 2) fail_msg("%s: status %d", steps[i].remedy, got.status);
        if (!ends_so(got.err, steps[i].remedy)) fail_msg("%s: %s", steps[i].remedy, got.err);
        for (words = steps[i].followed; *words;) {
            got = run_words(&words);
            if (got.status != 0) fail_msg("%s, followed: %s", steps[i].remedy, got.err);
        }
    }
}
