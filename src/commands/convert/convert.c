/*
 * convert: a folder of Hugging Face's into a GGUF file, and back; and either into other types.
 */
#include "commands/convert/convert.h"

#include "base/options.h"
#include "base/os.h"
#include "commands/command.h"
#include "commands/common_session.h"
#include "commands/console.h"
#include "formats/gguf.h"
#include "report/number.h"

#include <stdio.h>
#include <string.h>

struct args {
    const char *out;
    int dtype; /* -1: as stored */
    int64_t threads, shard_bytes;
    bool force, ignore_unknown;
};

static const struct args defaults = { .dtype = -1 };
static const enum dtype dtypes[] = { DTYPE_F32,  DTYPE_BF16, DTYPE_F16,   DTYPE_Q8_0, DTYPE_Q4_0, DTYPE_Q4_1,
                                     DTYPE_Q5_0, DTYPE_Q5_1, DTYPE_MXFP4, DTYPE_Q4_K, DTYPE_Q6_K };

static const struct option options[] = {
    { "out", 'o', OPTION_STRING, "FILE.gguf|DIR", "what to write", offsetof(struct args, out) },
    { "dtype", 0, OPTION_CHOICE, "f32|bf16|f16|q8_0|q4_0|q4_1|q5_0|q5_1|mxfp4|q4_k|q6_k",
      "type of the weights (default: as they are)", offsetof(struct args, dtype) },
    { "force", 0, OPTION_FLAG, NULL, "write although something is there", offsetof(struct args, force) },
    { "ignore-unknown", 0, OPTION_FLAG, NULL, "leave out tensors that the family does not know",
      offsetof(struct args, ignore_unknown) },
    { "shard-size", 0, OPTION_BYTES, "SIZE", "weights of a folder in files of at most this (default: 5GB)",
      offsetof(struct args, shard_bytes) },
    { "threads", 't', OPTION_COUNT, "N", "threads (default: the physical cores it may use)",
      offsetof(struct args, threads) },
    OPTION_BETWEEN("threads", COMMON_THREADS),
    OPTION_BETWEEN("shard-size", "1K to 1000P"),
    OPTION_END,
};
static const struct option_table table = { options, NULL };

static bool ends_in_gguf(const char *path) {
    size_t length = strlen(path);
    return length > 5 && strcmp(path + length - 5, ".gguf") == 0;
}

/* Is `out` the folder of the model, or the one that its file lies in? */
static bool is_itself(const char *path, const char *out) {
    const char *slash = strrchr(path, '/');
    char folder[4200];
    if (os_is_folder(path)) return os_is_same(path, out);
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path + 1) : 1, slash ? path : ".");
    return os_is_same(folder, out);
}

/* Which way, and is there room? */
static bool check(const struct args *args, const char *path, const struct convert_options *wanted,
                  bool from_gguf, struct sy_error *err) {
    bool to_gguf = ends_in_gguf(args->out);
    if (!from_gguf && !to_gguf && is_itself(path, args->out)) {
        sy_fail(err, SY_ERR_USAGE, "--out is the model itself");
        return sy_error_remedy(err, "name another folder");
    }
    if (!to_gguf && wanted->typed && dtype_is_block(wanted->dtype)) {
        sy_fail(err, SY_ERR_USAGE, "safetensors has no place for %s", dtype_name(wanted->dtype));
        return sy_error_remedy(err, "--dtype bf16, f16 or f32");
    }
    const struct os_rule rule = convert_rule(args->force);
    return !to_gguf || os_may_write(args->out, &rule, err);
}

static bool tell(const struct convert_options *wanted, const struct convert_result *result, double seconds,
                 struct sy_error *err) {
    struct text line = { 0 };
    char bytes[NUMBER_TEXT], took[NUMBER_TEXT];
    if (result->ours > 0)
        console_warn("other programs ignore %s%s: to them it is another model", result->first_ours,
                     result->ours > 1 ? " and the keys beside it" : "");
    if (result->fell_back > 0)
        console_warn("%lld tensors have rows that are no whole blocks of %s and got another type",
                     (long long)result->fell_back, dtype_name(wanted->dtype));
    if (result->widened > CONVERT_NAMED_MAX)
        console_warn("%lld tensors in all are kept in a wider type than %s", (long long)result->widened,
                     dtype_name(wanted->dtype));
    if (result->left_out > 0)
        console_warn("%lld tensors that the model does not use are left out", (long long)result->left_out);
    if (result->text[0]) console_warn("%s", result->text);
    if (result->lacks[0]) console_warn("%s", result->lacks);
    text_add(&line, "%s: %lld tensors, ", wanted->out, (long long)result->tensors);
    if (result->widened > 0) text_add(&line, "%lld of them in a wider type, ", (long long)result->widened);
    text_add(&line, "%s, ", number_bytes(result->bytes, bytes));
    if (result->files > 1) text_add(&line, "%lld files, ", (long long)result->files);
    text_add(&line, "%s\n", number_seconds(seconds, took));
    return console_print(&line, err);
}

static bool run(const struct call *call, struct sy_error *err) {
    const struct args *args = call->args;
    struct convert_options wanted = { .out = args->out,
                                      .force = args->force,
                                      .shard_bytes = args->shard_bytes };
    struct convert_result result = { 0 };
    struct model model;
    struct given given;
    if (!args->out) {
        sy_fail(err, SY_ERR_USAGE, "nowhere to write");
        return sy_error_remedy(err, "give --out FILE.gguf or --out DIR");
    }
    if (args->shard_bytes > 0 && ends_in_gguf(args->out)) {
        sy_fail(err, SY_ERR_USAGE, "--shard-size goes with a folder: a GGUF file is written whole");
        return sy_error_remedy(err, "give --out DIR, or leave it out");
    }
    wanted.threads = args->threads > 0 ? (int)args->threads : team_default_count();
    wanted.typed = args->dtype >= 0;
    wanted.dtype = wanted.typed ? dtypes[args->dtype] : DTYPE_F32;
    if (!common_model(call->words[0], GIVEN_AS_MODEL, &given, err)) return false;
    const char *path = given.path;
    bool from_gguf = given.kind == GIVEN_GGUF;
    if (!check(args, path, &wanted, from_gguf, err)) return false;
    double start = os_seconds();
    if (!model_open(path, args->ignore_unknown, &model, err)) return false;
    bool ok = ends_in_gguf(args->out) ? convert_to_gguf(&model, path, &wanted, &result, err)
                                      : convert_to_folder(&model, path, &wanted, &result, err);
    for (int64_t i = 0; i < model.warning_count && ok; i++) console_warn("%s", model.warnings[i]);
    model_close(&model);
    return ok ? tell(&wanted, &result, os_seconds() - start, err) : sy_error_in(err, path);
}

const struct command command_convert = {
    .text = {
        .name = "convert",
        .summary = "between Hugging Face's folders, GGUF files, and types of weights",
        .usage = "MODEL --out (FILE.gguf | DIR)",
        .details =
            "Without --dtype every tensor keeps its values; only their arrangement changes. GGUF wants\n"
            "norms, biases and routers in F32, and gets them so. config.json, the tokenizer and other\n"
            "side files travel inside the file and come out again. GGUF's own keys say the tokenizer\n"
            "and the chat template too, for other programs; what they cannot say a warning tells.\n"
            "\n"
            "A GGUF file becomes another with --out FILE.gguf: all its metadata stay, also what nobody\n"
            "here knows, and split files become one. A folder becomes another with --out DIR.\n"
            "\n"
            "With --dtype matrices are stored so, everything else in F32. mxfp4 is for experts: other\n"
            "matrices become q8_0. Where a row is no multiple of 256, q4_k becomes q5_0 and q6_k q8_0.\n"
            "\n"
            "What is written is read back. A tensor with numbers that its type cannot hold is kept in bf16\n"
            "or f32, which is said (on the way to a folder: refused); one that holds NaN is refused.",
        .examples = "switchyard convert models/small --out small.gguf\n"
                    "switchyard convert models/small --out small-q4.gguf --dtype q4_k\n"
                    "switchyard convert small.gguf --out models/again\n"
                    "switchyard convert small.gguf --out small-q8.gguf --dtype q8_0",
    },
    .table = &table,
    .args_size = sizeof(struct args),
    .defaults = &defaults,
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
