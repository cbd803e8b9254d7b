/*
 * synth: a checkpoint of any supported shape with random weights, for tests, benchmarks and the curious.
 */
#include "base/options.h"
#include "base/os.h"
#include "commands/command.h"
#include "commands/common_session.h"
#include "commands/console.h"
#include "commands/shards.h"
#include "commands/synth/config.h"
#include "commands/synth/files.h"
#include "commands/synth/gguf.h"
#include "report/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_BYTES_MAX ((int64_t)16 << 20)

struct args {
    const char *out;
    int dtype;
    int64_t seed, threads;
    bool force;
};

static const struct args defaults = { .dtype = 1 };
static const enum dtype dtypes[] = { DTYPE_F32,  DTYPE_BF16, DTYPE_F16,  DTYPE_F8_E4M3,
                                     DTYPE_Q8_0, DTYPE_Q4_0, DTYPE_Q4_1, DTYPE_Q5_0,
                                     DTYPE_Q5_1, DTYPE_Q4_K, DTYPE_Q6_K, DTYPE_MXFP4 };

static const struct option options[] = {
    { "out", 'o', OPTION_STRING, "DIR|FILE.gguf", "the folder to write, or a GGUF file",
      offsetof(struct args, out) },
    { "dtype", 0, OPTION_CHOICE, "f32|bf16|f16|f8_e4m3|q8_0|q4_0|q4_1|q5_0|q5_1|q4_k|q6_k|mxfp4",
      "type of the weights (default: bf16)", offsetof(struct args, dtype) },
    { "seed", 0, OPTION_COUNT, "S", "another seed, other weights (default: 0)", offsetof(struct args, seed) },
    { "force", 0, OPTION_FLAG, NULL, "write although the folder is not empty", offsetof(struct args, force) },
    { "threads", 't', OPTION_COUNT, "N", "threads (default: the physical cores it may use)",
      offsetof(struct args, threads) },
    OPTION_BETWEEN("threads", COMMON_THREADS),
    OPTION_END,
};
static const struct option_table table = { options, NULL };

struct source { /* the config given, read */
    struct arena arena;
    struct config config;
    const struct family *family;
    struct spec spec;
};

static bool read_source(const char *word, struct source *source, struct sy_error *err) {
    struct given given;
    char path[4200];
    if (strcmp(word, "-") != 0) {
        if (!common_model(word, GIVEN_AS_CONFIG, &given, err)) return false;
        if (given.kind == GIVEN_GGUF) return recognize_refuse(&given, err);
        snprintf(path, sizeof path, os_is_folder(given.path) ? "%s/config.json" : "%s", given.path);
        return config_open(path, &source->arena, &source->config, err);
    }
    char *text;
    int64_t size;
    if (!os_read_stdin(CONFIG_BYTES_MAX, &text, &size, err)) return false;
    bool done = config_parse(text, size, "standard input", &source->arena, &source->config, err);
    free(text);
    return done;
}

/* Not where this config.json lies, for the folder would get another. */
static bool check_place(const char *word, const char *out, struct sy_error *err) {
    char path[4200], target[4200];
    snprintf(path, sizeof path, os_is_folder(word) ? "%s/config.json" : "%s", word);
    snprintf(target, sizeof target, "%s/config.json", out);
    if (!os_is_same(path, target)) return true;
    sy_fail(err, SY_ERR_USAGE, "--out would write over the config that it is made from");
    return sy_error_remedy(err, "name another folder");
}

static bool write_model(const struct args *args, const struct synth_options *wanted,
                        const struct synth_plan *plan, const json_t *config, struct sy_error *err) {
    struct team_pool *team = NULL;
    struct style style = console_style(stderr);
    int shards = 0;
    char *text = synth_config_text(config, wanted, plan, err);
    int threads = args->threads > 0 ? (int)args->threads : team_default_count();
    bool made = false, done = text && shards_make_folder(args->out, args->force, &made, err) &&
                              team_pool_open(threads, &team, err);
    double start = os_seconds();
    struct progress progress =
        progress_begin(console_progress(), &style, "writing weights", plan->bytes, "B/s", start);
    done =
        done && synth_write(args->out, plan, text, (int64_t)strlen(text), 0, team, &progress, &shards, err);
    progress_end(&progress);
    double seconds = os_seconds() - start;
    team_pool_close(team);
    free(text);
    if (!done) shards_drop_folder(args->out, made);
    if (!done) return false;

    struct text line = { 0 };
    char bytes[NUMBER_TEXT], took[NUMBER_TEXT], rate[NUMBER_TEXT];
    text_add(&line, "%s: %lld tensors, %s in %d file%s, %s (%s)\n", args->out, (long long)plan->count,
             number_bytes(plan->bytes, bytes), shards, shards == 1 ? "" : "s", number_seconds(seconds, took),
             number_rate((double)plan->bytes / seconds, "B/s", rate));
    return console_print(&line, err);
}

static bool synthesize_gguf(const struct args *args, struct source *source,
                            const struct synth_options *wanted, struct sy_error *err) {
    struct synth_gguf_result result = { 0 };
    int threads = args->threads > 0 ? (int)args->threads : team_default_count();
    double start = os_seconds();
    if (!spec_from_config(&source->config, &source->arena, &source->family, &source->spec, err) ||
        !synth_gguf(args->out, args->force, source->family, &source->spec, wanted, threads, &source->arena,
                    &result, err))
        return false;
    struct text line = { 0 };
    char bytes[NUMBER_TEXT], took[NUMBER_TEXT];
    if (result.fell_back > 0)
        console_warn("%lld tensors have rows that are no whole blocks of %s and got another type",
                     (long long)result.fell_back, dtype_name(wanted->dtype));
    text_add(&line, "%s: %lld tensors, %s, %s\n", args->out, (long long)result.tensors,
             number_bytes(result.bytes, bytes), number_seconds(os_seconds() - start, took));
    return console_print(&line, err);
}

static bool synthesize(const char *word, const struct args *args, struct source *source,
                       struct sy_error *err) {
    struct synth_plan plan;
    struct synth_options wanted = {
        .dtype = dtypes[args->dtype],
        .mxfp4 = synth_config_mxfp4(source->config.root),
        .seed = (uint64_t)args->seed,
    };
    if (synth_is_gguf(args->out)) return synthesize_gguf(args, source, &wanted, err);
    if (dtype_is_block(wanted.dtype)) {
        sy_fail(err, SY_ERR_USAGE, "safetensors has no place for %s", dtype_name(wanted.dtype));
        return sy_error_remedy(err, "--out FILE.gguf, or --dtype bf16, f16, f32 or f8_e4m3");
    }
    if (wanted.mxfp4 && wanted.dtype == DTYPE_F8_E4M3)
        return sy_fail(err, SY_ERR_USAGE, "--dtype f8_e4m3, but the config asks for MXFP4");
    return spec_from_config(&source->config, &source->arena, &source->family, &source->spec, err) &&
           synth_plan(source->family, &source->spec, &wanted, &source->arena, &plan, err) &&
           check_place(word, args->out, err) && write_model(args, &wanted, &plan, source->config.root, err);
}

static bool run(const struct call *call, struct sy_error *err) {
    const struct args *args = call->args;
    struct source source = { .family = NULL };
    if (!args->out) {
        sy_fail(err, SY_ERR_USAGE, "nowhere to write the checkpoint");
        return sy_error_remedy(err, "give --out DIR or --out FILE.gguf");
    }
    arena_open(&source.arena);
    bool done = read_source(call->words[0], &source, err);
    if (done) {
        done = synthesize(call->words[0], args, &source, err);
        if (!done && err->code != SY_ERR_IO && err->code != SY_ERR_USAGE && err->code != SY_ERR_STOPPED)
            sy_error_in(err, call->words[0]);
        config_close(&source.config);
    }
    arena_close(&source.arena);
    return done;
}

const struct command command_synth = {
    .text = {
        .name = "synth",
        .summary = "write a checkpoint with random weights",
        .usage = "CONFIG.json --out DIR",
        .details =
            "Writes DIR/config.json and DIR/model.safetensors (shards and an index above 5 GB) in the\n"
            "names that the model's authors publish. The same config, seed and type give the same weights.\n"
            "\n"
            "f8_e4m3 stores linear layers in float8 with inverse scales for each 128 x 128 block,\n"
            "everything else in bf16. A gpt_oss config that asks for mxfp4 gets its experts in MXFP4.\n"
            "\n"
            "A name that ends in .gguf gives a GGUF file; the q types are for those.",
        .examples = "switchyard synth config.json --out models/small\n"
                    "switchyard synth config.json --out models/small-f8 --dtype f8_e4m3 --seed 7",
    },
    .table = &table,
    .args_size = sizeof(struct args),
    .defaults = &defaults,
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
