#include "commands/plan/asked.h"
#include "commands/common.h"

#include "base/checked.h"
#include "base/team.h"

#include <stdio.h>
#include <string.h>

static const struct option options[] = {
    { "dtype", 0, OPTION_STRING, "TYPE",
      "of the weights: f32, f16, bf16, f8_e4m3, q8_0, q4_k_m, mxfp4 or any other that plan lists, or "
      "published "
      "(default: as stored; of a config or preset as published)",
      offsetof(struct plan_args, dtype) },
    { "kv", 0, OPTION_CHOICE, "f32|f16|bf16|q8_0", "type of keys and values (default: f16)",
      offsetof(struct plan_args, kv) },
    { "ctx", 0, OPTION_SIZE, "N", "positions a sequence (default: the model's own, at most 4096)",
      offsetof(struct plan_args, context) },
    { "batch", 0, OPTION_COUNT, "N", "sequences at the same time (default: 1)",
      offsetof(struct plan_args, batch) },
    { "machine", 0, OPTION_STRING, "NAME",
      "on a machine known by name (h100, h100x8, rtx4090, m2-ultra, epyc-9654; list: all; here: this one, "
      "measured): its memory, rates, ranks and links, each of which its own option overrides",
      offsetof(struct plan_args, machine) },
    { "memory", 0, OPTION_BYTES, "SIZE", "memory there is (24G), of each rank: does it fit?",
      offsetof(struct plan_args, memory) },
    { "bandwidth", 0, OPTION_RATE, "RATE",
      "of reading memory, bytes a second (default: the machine's, else 20G)",
      offsetof(struct plan_args, bandwidth) },
    { "flops", 0, OPTION_RATE, "RATE", "of arithmetic, a second (default: the machine's, else 300G)",
      offsetof(struct plan_args, flops) },
    { "measure", 0, OPTION_FLAG, NULL, "measure both rates on this machine",
      offsetof(struct plan_args, measure) },
    { "fit", 0, OPTION_FLAG, NULL,
      "which presets run in a memory (plan --fit 24G) or on a --machine, in which types, how fast",
      offsetof(struct plan_args, fit) },
    { "price", 0, OPTION_REAL, "N",
      "of the machine an hour, in any currency: what a million tokens cost, dense beside sparse",
      offsetof(struct plan_args, price) },
    { "storage", 0, OPTION_RATE, "RATE", "of the disk that experts are fetched from (default: 3G)",
      offsetof(struct plan_args, storage) },
    { "ranks", 0, OPTION_COUNT, "N", "over so many machines, or devices of one",
      offsetof(struct plan_args, ranks) },
    { "link", 0, OPTION_RATE, "RATE",
      "of their links, bytes a second (default: the machine's, else 25G; "
      "200Gbit works too)",
      offsetof(struct plan_args, link) },
    { "latency", 0, OPTION_REAL, "US", "of a message, microseconds (default: 5)",
      offsetof(struct plan_args, latency) },
    { "replicas", 0, OPTION_COUNT, "N", "more copies of the hottest experts (default: one a rank)",
      offsetof(struct plan_args, replicas) },
    { "train", 0, OPTION_STRING, "tokens=N,batch=N,...",
      "training too: tokens=1T, batch=512 sequences a step, micro=1 at a time, precision=f32|bf16|fp8, "
      "moments=f32|bf16|f8, keep=all|inputs",
      offsetof(struct plan_args, train) },
    { "trace", 0, OPTION_STRING, "FILE", "a routing trace of this model instead of uniform routing",
      offsetof(struct plan_args, trace) },
    { "vs", 0, OPTION_STRING, "MODEL", "another model beside it", offsetof(struct plan_args, versus) },
    { "explain", 0, OPTION_STRING, "KEY", "the formula behind a figure, with its numbers",
      offsetof(struct plan_args, explain) },
    { "list", 0, OPTION_FLAG, NULL, "the presets", offsetof(struct plan_args, list) },
    { "table", 0, OPTION_FLAG, NULL, "all presets in one table", offsetof(struct plan_args, table) },
    { "format", 0, OPTION_CHOICE, "text|markdown|csv", "of --table and --fit",
      offsetof(struct plan_args, format) },
    { "svg", 0, OPTION_STRING, "FILE", "draw total against active, memory, the roofline",
      offsetof(struct plan_args, svg) },
    { "png", 0, OPTION_STRING, "FILE", "the same in pixels", offsetof(struct plan_args, png) },
    { "force", 0, OPTION_FLAG, NULL, "draw over a file that is no picture by plan",
      offsetof(struct plan_args, force) },
    { "json", 0, OPTION_FLAG, NULL, "print one JSON object", offsetof(struct plan_args, json) },
    { "ignore-unknown", 0, OPTION_FLAG, NULL, "in spite of tensors that the family does not know",
      offsetof(struct plan_args, ignore_unknown) },
    { "threads", 't', OPTION_COUNT, "N", "threads that run would have (default: the physical cores)",
      offsetof(struct plan_args, threads) },
    OPTION_NOT_WITH("table", "MODEL|list|fit|memory|storage|ranks|train|trace|vs|explain|svg|png|json"),
    OPTION_NOT_WITH("table", "price|ignore-unknown"),
    OPTION_NOT_WITH("list", "MODEL|dtype|kv|ctx|batch|memory|bandwidth|flops|measure|storage|ranks|train|"
                            "trace|vs|explain|svg|png"),
    OPTION_NOT_WITH("list", "fit|machine|price|json|ignore-unknown|threads"),
    OPTION_NOT_WITH("fit", "storage|ranks|train|trace|vs|explain|svg|png|ignore-unknown"),
    OPTION_ONLY_WITH("format", "table|fit"),
    OPTION_NOT_WITH("format", "json"),
    OPTION_NOT_WITH("machine=list", "fit|table|vs|explain|svg|png|price|train|trace"),
    OPTION_NOT_WITH("vs", "explain"),
    OPTION_NOT_WITH("explain", "json"),
    OPTION_ONLY_WITH("link", "ranks|machine"),
    OPTION_ONLY_WITH("latency", "ranks|machine"),
    OPTION_ONLY_WITH("replicas", "ranks|machine"),
    OPTION_BETWEEN("ctx", "1 to 2147483648"),
    OPTION_BETWEEN("batch", "1 to 1048576"),
    OPTION_BETWEEN("memory", "1M to 1000P"),
    OPTION_BETWEEN("ranks", "1 to 4096"),
    OPTION_BETWEEN("replicas", "0 to 65536"),
    OPTION_BETWEEN("latency", "0 to 10000000"),
    OPTION_BETWEEN("price", "0.000001 to 1000000000000"),
    /* 5 is five bytes a second, where somebody meant 5G */
    OPTION_BETWEEN("link", "1M to 1000P"),
    OPTION_BETWEEN("bandwidth", "1M to 1000P"),
    OPTION_BETWEEN("storage", "1M to 1000P"),
    OPTION_BETWEEN("flops", "1M to 1000000000P"),
    OPTION_BETWEEN("threads", COMMON_THREADS),
    OPTION_END,
};
_Static_assert(RANKS_MAX == 4096, "the bound of --ranks");
const struct option_table plan_options = { options, NULL };

/* ---- --train ---- */

static int word_at(const char *const *words, const char *word) {
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], word) == 0) return i;
    return -1;
}

static bool take_pair(const char *key, const char *value, struct training_request *r, struct sy_error *err) {
    static const char *const precisions[] = { "f32", "bf16", "fp8", NULL };
    static const char *const moments[] = { "f32", "bf16", "f8", NULL };
    static const enum dtype types[] = { DTYPE_F32, DTYPE_BF16, DTYPE_F8_E4M3 };
    static const char *const keeps[] = { "all", "inputs", NULL };
    double number;
    int word;
    if (strcmp(key, "tokens") == 0 && parse_rate(value, &number)) {
        r->tokens = number;
    } else if (strcmp(key, "batch") == 0 && parse_rate(value, &number) && number >= 1 && number <= 1e9) {
        r->batch = (int64_t)number;
    } else if (strcmp(key, "micro") == 0 && parse_rate(value, &number) && number >= 1 && number <= 1e9) {
        r->micro = (int64_t)number;
    } else if (strcmp(key, "precision") == 0 && (word = word_at(precisions, value)) >= 0) {
        r->precision = (enum train_precision)word;
    } else if (strcmp(key, "moments") == 0 && (word = word_at(moments, value)) >= 0) {
        r->moments = types[word];
    } else if (strcmp(key, "keep") == 0 && (word = word_at(keeps, value)) >= 0) {
        r->recompute = word == 1;
    } else {
        sy_fail(err, SY_ERR_USAGE, "--train: %s=%s is not understood", key, value);
        return sy_error_remedy(err, "tokens=1T,batch=512,micro=1,precision=f32|bf16|fp8,moments=f32|bf16|f8,"
                                    "keep=all|inputs");
    }
    return true;
}

bool plan_parse_train(const char *text, struct training_request *request, struct sy_error *err) {
    *request = (struct training_request){ .wanted = true,
                                          .tokens = 1e12,
                                          .batch = 512,
                                          .micro = 1,
                                          .precision = TRAIN_BF16,
                                          .moments = DTYPE_F32 };
    for (const char *at = text; *at;) {
        char pair[64], *value;
        size_t length = strcspn(at, ",");
        snprintf(pair, sizeof pair, "%.*s", (int)(length < sizeof pair ? length : sizeof pair - 1), at);
        value = strchr(pair, '=');
        if (!value) {
            sy_fail(err, SY_ERR_USAGE, "--train: '%s' is no key=value", pair);
            return sy_error_remedy(err, "such as tokens=1T,batch=512");
        }
        *value = 0;
        if (!take_pair(pair, value + 1, request, err)) return false;
        at += length + (at[length] == ',');
    }
    if (request->micro > request->batch)
        return sy_fail(err, SY_ERR_USAGE, "--train: micro=%lld is more than batch=%lld",
                       (long long)request->micro, (long long)request->batch);
    return true;
}

/* ---- all of it ---- */

#define LINK_DEFAULT    25e9
#define LATENCY_DEFAULT 5e-6
#define PRICE_BATCH     32 /* beside one sequence, where --batch names no other */

static bool no_type(const char *name, struct sy_error *err) {
    const char *nearest = recipe_nearest(name);
    char known[240] = "";
    for (const struct recipe *r = recipes; r->name; r++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, " %s", r->name);
    }
    sy_fail(err, SY_ERR_USAGE, "--dtype %s: no type is called so", name);
    if (nearest) return sy_error_remedy(err, "did you mean %s?", nearest);
    return sy_error_remedy(err, "known:%s", known);
}

static void take_machine(const struct plan_args *args, struct plan_asked *out) {
    const struct named_machine *machine = &out->machine;
    struct plan_input *input = &out->input;
    if (args->memory == -1) input->memory.memory = (int64_t)machine->memory.value;
    input->rates.read = machine->read.value;
    input->rates.read_source = RATES_MACHINE;
    memcpy(out->flops, machine->flops, sizeof out->flops);
    if (args->ranks == -1 && machine->devices > 1) input->cluster.ranks = machine->devices;
    if (machine->link.value > 0) input->cluster.link = machine->link.value;
}

bool plan_asked(const struct plan_args *args, struct plan_asked *out, struct sy_error *err) {
    static const enum dtype kv_types[] = { DTYPE_F32, DTYPE_F16, DTYPE_BF16, DTYPE_Q8_0 };
    static const struct rates assumed = RATES_DEFAULT;
    *out = (struct plan_asked){ .input = { .rates = assumed }, .named = args->machine != NULL };
    bool typed = args->dtype && strcmp(args->dtype, "published") != 0;
    out->recipe = typed ? recipe_find(args->dtype) : NULL;
    if (typed && !out->recipe) return no_type(args->dtype, err);
    struct plan_input *input = &out->input;
    struct memory_input *m = &input->memory;
    m->traffic.kv = kv_types[args->kv];
    m->batch = args->batch > 0 ? args->batch : 1;
    m->memory = args->memory > 0 ? args->memory : 0;
    m->threads = args->threads > 0 ? (int)args->threads : team_default_count();
    input->cluster =
        (struct cluster_request){ .ranks = args->ranks > 0 ? args->ranks : 0,
                                  .link = LINK_DEFAULT,
                                  .latency = isnan(args->latency) ? LATENCY_DEFAULT : args->latency * 1e-6,
                                  .replicas = args->replicas };
    if (!isnan(args->price))
        input->price = (struct price_request){ args->price, m->batch > 1 ? m->batch : PRICE_BATCH };
    if (args->machine && !machine_find(args->machine, &out->machine, err)) return false;
    if (args->machine) take_machine(args, out);
    if (args->bandwidth > 0) input->rates.read = args->bandwidth, input->rates.read_source = RATES_GIVEN;
    if (args->storage > 0) input->rates.storage = args->storage;
    if (args->link > 0) input->cluster.link = args->link;
    return !args->train || plan_parse_train(args->train, &input->training, err);
}

/* ---- for one model ---- */

static void take_flops(const struct plan_args *args, const struct plan_asked *asked, enum rate_type wanted,
                       struct rates *rates) {
    struct named_machine known = { 0 };
    memcpy(known.flops, asked->flops, sizeof known.flops);
    enum rate_type type = machine_rate_type(&known, wanted);
    if (args->flops > 0) {
        rates->flops = args->flops;
        rates->flops_source = RATES_GIVEN;
    } else if (known.flops[type].value > 0) {
        rates->flops = known.flops[type].value;
        rates->flops_source = asked->named ? RATES_MACHINE : RATES_MEASURED;
        rates->flops_type = rate_type_name(type);
    }
}

struct plan_input plan_input_for(const struct plan_args *args, const struct plan_asked *asked,
                                 const struct weights *weights) {
    static const enum rate_type of_precision[] = {
        [TRAIN_F32] = RATE_F32, [TRAIN_BF16] = RATE_BF16, [TRAIN_FP8] = RATE_F8
    };
    struct plan_input input = asked->input;
    struct rates training = input.rates;
    input.memory.traffic.weights = *weights;
    input.memory.traffic.context =
        args->context > 0 ? args->context : min_i64(weights->spec->context, PLAN_CONTEXT);
    take_flops(args, asked, rate_type_of(weights), &input.rates);
    take_flops(args, asked, of_precision[input.training.precision], &training);
    input.training.flops = training.flops;
    return input;
}
