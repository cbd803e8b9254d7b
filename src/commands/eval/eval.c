#include "commands/eval/eval.h"

#include "commands/command.h"

#include <stdlib.h>
#include <string.h>

static const struct eval_args defaults = { .common = COMMON_DEFAULTS, .method = -1 };

static const struct option options[] = {
    { "file", 'f', OPTION_STRING, "F", "the text (ppl), or the questions (choice); - is stdin",
      offsetof(struct eval_args, file) },
    { "method", 0, OPTION_CHOICE, "halves|stride", "ppl: which windows (default: halves)",
      offsetof(struct eval_args, method) },
    { "stride", 0, OPTION_COUNT, "N", "ppl --method stride: from window to window (default: half of --ctx)",
      offsetof(struct eval_args, stride) },
    { "json", 0, OPTION_FLAG, NULL, "print one JSON object", offsetof(struct eval_args, json) },
    OPTION_END,
};
static const struct option_table table = { options, &common_table };

bool eval_text_open(const char *word, char *path, size_t path_size, struct model_text *text,
                    struct sy_error *err) {
    if (!common_model_path(word, path, path_size, err) || !model_text_open(path, text, err)) return false;
    if (text->tokenizer) return true;
    if (err) *err = text->missing;
    model_text_close(text);
    return false;
}

/* The bytes that each id adds to the decoded text, also where a character is split between two. */
static bool count_bytes(const struct tokenizer *tokenizer, const struct id_buffer *ids, struct eval_ids *out,
                        struct sy_error *err) {
    struct token_stream stream = token_stream_begin(tokenizer);
    struct text text = { 0 };
    int64_t before = 0;
    bool done = true;
    for (int64_t i = 0; done && i < ids->count; i++) {
        enum token_kind kind = tokenizer_kind(tokenizer, ids->data[i]);
        done = token_stream_next(&stream, ids->data[i], &text, err);
        int64_t after = (int64_t)text.size + stream.pending_count;
        out->ids[i] = ids->data[i];
        out->id_bytes[i] = kind == TOKEN_CONTROL ? 0 : (int32_t)(after - before);
        before = after;
    }
    if (done && text.failed) done = sy_fail(err, SY_ERR_MEMORY, "no memory for the text");
    text_free(&text);
    return done;
}

bool eval_encode(const struct tokenizer *tokenizer, const char *bytes, int64_t size, struct eval_ids *out,
                 struct sy_error *err) {
    struct id_buffer ids = { 0 };
    memset(out, 0, sizeof *out);
    bool done = tokenizer_encode(tokenizer, bytes, size, (struct encode_options){ 0 }, &ids, err);
    if (done) {
        out->count = ids.count;
        out->ids = calloc((size_t)ids.count + 1, sizeof *out->ids);
        out->id_bytes = calloc((size_t)ids.count + 1, sizeof *out->id_bytes);
        done = out->ids && out->id_bytes
                   ? count_bytes(tokenizer, &ids, out, err)
                   : sy_fail(err, SY_ERR_MEMORY, "no memory for %lld ids", (long long)ids.count);
    }
    id_buffer_free(&ids);
    if (!done) eval_ids_free(out);
    return done;
}

void eval_ids_free(struct eval_ids *ids) {
    free(ids->ids);
    free(ids->id_bytes);
    memset(ids, 0, sizeof *ids);
}

static bool run(const struct call *call, struct sy_error *err) {
    const struct eval_args *args = call->args;
    bool ppl = strcmp(call->words[0], "ppl") == 0, choice = strcmp(call->words[0], "choice") == 0;
    if (!ppl && !choice) {
        sy_fail(err, SY_ERR_USAGE, "there is no eval %.40s", call->words[0]);
        return sy_error_remedy(err, "eval ppl MODEL, or eval choice MODEL");
    }
    if (!args->file) {
        sy_fail(err, SY_ERR_USAGE, ppl ? "no text to read" : "no questions to read");
        return sy_error_remedy(err, "give --file F, or --file - for standard input");
    }
    if (choice && (args->method >= 0 || args->stride))
        return sy_fail(err, SY_ERR_USAGE, "--method and --stride are for eval ppl");
    return ppl ? eval_ppl(args, call->words[1], err) : eval_choice(args, call->words[1], err);
}

const struct command command_eval = {
    .text = {
        .name = "eval",
        .summary = "perplexity of a text, or answers to multiple choice",
        .usage = "ppl MODEL --file F.txt | choice MODEL --file F.jsonl",
        .details =
            "ppl: --method halves cuts the text into windows of --ctx tokens (default 512) and scores the\n"
            "second half of each, with the model's bos in front, as llama.cpp does; --method stride moves\n"
            "a window on by --stride tokens and scores each token once. Perplexity, nats a token, and bits\n"
            "a byte of what was scored.\n"
            "\n"
            "choice: each line is {\"context\": TEXT, \"choices\": [TEXT, ...], \"label\": INDEX};\n"
            "the label may be missing. The likeliest continuation is the answer, by its\n"
            "log-likelihood and by that a character, as lm-evaluation-harness counts. White space at\n"
            "the end of a context is moved to the continuations.\n"
            "\n"
            "Exact by default.",
        .examples = "switchyard eval ppl models/olmoe --file wiki.test.txt\n"
                    "switchyard eval ppl models/olmoe --file t.txt --method stride --ctx 1024 --stride 512\n"
                    "switchyard eval choice models/olmoe --file questions.jsonl --json",
    },
    .table = &table,
    .args_size = sizeof(struct eval_args),
    .defaults = &defaults,
    .words_min = 2,
    .words_max = 2,
    .run = run,
};
