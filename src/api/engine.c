/*
 * An engine's life: options checked and translated, then a session and a scheduler over it; and what it tells
 * of itself.
 */
#include "api/engine.h"

#include "api/model_path.h"
#include "api/structs.h"
#include "api/text_memory.h"
#include "base/checked.h"
#include "base/memory_limit.h"
#include "base/os.h"
#include "model/presets.h"
#include "moe/router.h"
#include "plan/unpublished.h"
#include "template/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BESIDE_MOST ((int64_t)1 << 60)

/* ---- one at a time ---- */

static atomic_bool *busy_of(const struct sy_engine *engine) {
    return &((struct sy_engine *)engine)->busy; /* who only looks says so to others, too */
}

bool engine_enter(const struct sy_engine *engine, struct sy_error *err) {
    if (!engine) return sy_fail(err, SY_ERR_USAGE, "the engine is NULL");
    if (!atomic_exchange_explicit(busy_of(engine), true, memory_order_acquire)) return true;
    sy_fail(err, SY_ERR_USAGE, "another call is inside this engine");
    return sy_error_remedy(err, "one thread at a time, and none from a callback; sy_cancel alone may");
}

void engine_leave(const struct sy_engine *engine) {
    atomic_store_explicit(busy_of(engine), false, memory_order_release);
}

/* ---- options ---- */

static bool choose_kv(const char *word, int *kv, struct sy_error *err) {
    static const struct {
        const char *word;
        enum dtype dtype;
    } types[] = {
        { "f32", DTYPE_F32 }, { "f16", DTYPE_F16 }, { "bf16", DTYPE_BF16 }, { "q8_0", DTYPE_Q8_0 }
    };
    *kv = -1;
    if (!word) return true;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(word, types[i].word) == 0) {
            *kv = (int)types[i].dtype;
            return true;
        }
    sy_fail(err, SY_ERR_INPUT, "kv: keys and values cannot be kept as '%s'", word);
    return sy_error_remedy(err, "give f32, f16, bf16 or q8_0");
}

static bool choose_level(const char *word, enum level *level, struct sy_error *err) {
    *level = LEVEL_COUNT - 1;
    if (!word || level_from_name(word, level)) return true;
    sy_fail(err, SY_ERR_INPUT, "cpu: there is no level '%s'", word);
    return sy_error_remedy(err, "give ref, avx2, avx512, avx512vnni, avx512bf16 or amx");
}

static bool check_numbers(const struct sy_options *o, struct sy_error *err) {
    const uint32_t known = SY_IGNORE_UNKNOWN | SY_REGIME_BF16 | SY_PROFILE | SY_EXACT_DEFAULT |
                           SY_LAYOUT_FILE | SY_LAYOUT_KERNEL;
    const struct {
        const char *name;
        int64_t value, most;
    } numbers[] = {
        { "precision", (int64_t)o->precision, SY_PRECISION_FAST },
        { "threads", o->threads, TEAM_MAX },
        { "context", o->context, INT64_MAX },
        { "sequences", o->sequences, INT32_MAX },
        { "batch_rows", o->batch_rows, INT32_MAX },
        { "memory_bytes", o->memory_bytes, INT64_MAX },
        { "kv_positions", o->kv_positions, INT64_MAX },
        { "experts_per_token", o->experts_per_token, INT64_MAX },
    };
    if (o->flags & ~known)
        return sy_fail(err, SY_ERR_USAGE, "unknown flags 0x%x in sy_options", o->flags & ~known);
    if ((o->flags & SY_LAYOUT_FILE) && (o->flags & SY_LAYOUT_KERNEL)) {
        sy_fail(err, SY_ERR_USAGE, "SY_LAYOUT_FILE and SY_LAYOUT_KERNEL are given together");
        return sy_error_remedy(err, "give one of them, or neither");
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (numbers[i].value < 0 || numbers[i].value > numbers[i].most)
            return sy_fail(err, SY_ERR_INPUT, "%s is %lld, but must be between 0 and %lld", numbers[i].name,
                           (long long)numbers[i].value, (long long)numbers[i].most);
    return true;
}

static bool translate(const struct sy_options *o, struct session_options *out, struct sy_error *err) {
    static const enum precision precisions[] = { PRECISION_DEFAULT, PRECISION_EXACT, PRECISION_FAST };
    if (!check_numbers(o, err)) return false;
    *out = (struct session_options){
        .threads = o->threads,
        .precision = precisions[o->precision],
        .exact_default = o->flags & SY_EXACT_DEFAULT,
        .regime = o->flags & SY_REGIME_BF16 ? REGIME_BF16 : REGIME_INTEGER,
        .layout = o->flags & SY_LAYOUT_FILE     ? WEIGHTS_FILE
                  : o->flags & SY_LAYOUT_KERNEL ? WEIGHTS_KERNEL
                                                : WEIGHTS_AUTO,
        .context = o->context,
        .sequences = o->sequences,
        .kv_positions = o->kv_positions,
        .rows = o->batch_rows,
        .memory = o->memory_bytes,
        .ignore_unknown = o->flags & SY_IGNORE_UNKNOWN,
        .experts_per_token = o->experts_per_token,
    };
    return choose_kv(o->kv, &out->kv, err) && choose_level(o->cpu, &out->cpu, err);
}

/* ---- open and close ---- */

/* Those that are known as soon as the model is. */
static struct sy_facts model_facts(const struct session *s) {
    const struct spec *spec = &s->model.spec;
    struct sy_facts facts = {
        .layers = spec->decoder.layer_count,
        .experts = spec->router.experts,
        .experts_per_token = spec->router.experts > 0 ? router_choices(&spec->router) : 0,
        .vocab = spec->vocab,
        .context = s->context,
        .context_trained = max_i64(0, spec->context),
        .context_before = spec->rope.scaling == ROPE_LONGROPE ? spec->rope.original_context : 0,
    };
    for (int64_t l = 0; l < spec->decoder.layer_count; l++)
        facts.moe_layers += spec->decoder.layers[l].ffn == FFN_MOE;
    return facts;
}

static int64_t ask_caller(const struct sy_options *o, const struct session *s) {
    struct sy_facts facts = model_facts(s);
    int64_t bytes = o->beside ? o->beside(o->argument, &facts) : 0;
    return bytes < 0 || bytes > BESIDE_MOST ? BESIDE_MOST
                                            : bytes; /* fits nowhere: refused with the numbers */
}

struct beside {
    const struct sy_engine *engine;
    const struct sy_options *options;
};

/* Of the engine and its caller beside the session: the scheduler, a text on its way to ids, and what the
 * caller says. */
static bool bytes_beside(void *argument, const struct session *s, int64_t *bytes, struct sy_error *err) {
    int64_t scheduler;
    const struct beside *beside = argument;
    const struct tokenizer *t = beside->engine->text.tokenizer;
    int64_t texts = t ? text_call_bytes(s->context, tokenizer_bytes_most(t, s->context)) : 0;
    if (!scheduler_bytes(&s->model.spec, &s->limits, s->context, &scheduler, err)) return false;
    return (size_add(*bytes, scheduler, bytes) && size_add(*bytes, texts, bytes) &&
            size_add(*bytes, ask_caller(beside->options, s), bytes)) ||
           sy_fail(err, SY_ERR_LIMIT, "what the caller takes beside the engine overflows 64 bits");
}

static bool list_moe_layers(struct sy_engine *e, struct sy_error *err) {
    const struct spec *spec = &e->session.model.spec;
    e->moe_layer = calloc((size_t)spec->decoder.layer_count + 1, sizeof *e->moe_layer);
    if (!e->moe_layer) return sy_fail(err, SY_ERR_MEMORY, "no memory for a list of layers");
    for (int64_t l = 0; l < spec->decoder.layer_count; l++)
        if (spec->decoder.layers[l].ffn == FFN_MOE) e->moe_layer[e->moe_layers++] = l;
    return true;
}

/* Whoever gives a template learns what is wrong with it here, not in the middle of a conversation. */
static bool take_template(struct sy_engine *e, const char *source, struct sy_error *err) {
    struct chat_template *parsed = NULL;
    if (!source) return true;
    if (!template_parse(source, (int64_t)strlen(source), NULL, &parsed, err))
        return sy_error_in(err, "the chat template that was given");
    template_free(parsed);
    e->chat_template = strdup(source);
    return e->chat_template || sy_fail(err, SY_ERR_MEMORY, "no memory for a chat template");
}

/* Other files may know more ids that end an answer than config.json does. */
static void find_ends(struct sy_engine *e) {
    const struct spec *spec = &e->session.model.spec;
    const struct ends_known known = { spec->tokens.eos, spec->tokens.eos_count, spec->vocab };
    ends_collect(&e->text, &known, &e->ends, &e->text.notes);
    for (int i = 0; i < e->ends.count; i++) e->end_ids[i] = e->ends.list[i].id;
    e->session.ends = e->end_ids;
    e->session.end_count = e->ends.count;
}

static int64_t allowed(const struct sy_options *o) {
    struct memory_limit machine = memory_limit("");
    return o->memory_bytes > 0 ? o->memory_bytes : machine.bytes;
}

/* What a tokenizer may take while it is read, before anything else is taken but the program. */
static int64_t reading_room(const struct sy_options *o) {
    return max_i64(1, allowed(o) - MEMORY_PROGRAM);
}

static bool open_parts(struct sy_engine *e, const char *path, const struct sy_options *o,
                       const struct session_options *wanted, struct sy_error *err) {
    double begin = os_seconds();
    struct session_options whole = *wanted;
    const struct beside beside = { e, o };
    struct sy_error wrong = { 0 }; /* with the text; what is wrong with the model is said first */
    if (!take_template(e, o->chat_template, err)) return false;
    bool readable = model_text_open_within(path, reading_room(o), &e->text, &wrong);
    os_memory_trim(); /* of the JSON that was read */
    whole.caller_takes = bytes_beside;
    whole.argument = (void *)(uintptr_t)&beside;
    if (readable && e->text.tokenizer) {
        struct tokenizer_facts facts = tokenizer_facts(e->text.tokenizer);
        whole.beside += facts.bytes;
        whole.before = facts.reading;
    }
    if (!session_open(path, &whole, &e->session, err)) return false;
    if (!readable) {
        if (err) *err = wrong;
        return false;
    }
    find_ends(e);
    if (e->text.tokenizer) {
        int64_t left = allowed(o) - memory_total(&e->session.need);
        e->text_most = tokenizer_bytes_most(e->text.tokenizer, e->session.context);
        e->text_room = text_bytes_within(e->session.context, left);
    }
    if (!scheduler_open(&e->session, e->text.tokenizer, &e->scheduler, err)) return sy_error_in(err, path);
    if (!list_moe_layers(e, err) || !engine_take_notes(e, &e->text.notes, err)) return false;
    session_runs_as(&e->session, e->runs_as, sizeof e->runs_as);
    e->profiled = o->flags & SY_PROFILE;
    if (e->profiled) pass_time(e->session.pass, &e->times);
    e->load_seconds = os_seconds() - begin;
    return true;
}

bool sy_engine_open(const char *model, const struct sy_options *options, struct sy_engine **out,
                    struct sy_error *err) {
    struct sy_options own = { .struct_bytes = sizeof own };
    struct session_options wanted;
    char path[sizeof((struct model *)0)->path];
    if (!model || !out) return sy_fail(err, SY_ERR_USAGE, "%s is NULL", model ? "out" : "model");
    *out = NULL;
    if (options && !struct_take(options, &own, sizeof own, "sy_options", err)) return false;
    if (!translate(&own, &wanted, err)) return false;
    if (!model_path_find(model, path, sizeof path, err)) return false;
    struct unpublished closed;
    if (!os_is_there(path) && !preset_find(model) && unpublished_find(model, &closed))
        return unpublished_refuse(&closed, err) || sy_error_in(err, model);
    struct sy_engine *e = calloc(1, sizeof *e);
    if (!e) return sy_fail(err, SY_ERR_MEMORY, "no memory for an engine");
    atomic_init(&e->busy, false);
    if (!open_parts(e, path, &own, &wanted, err)) {
        sy_engine_close(e);
        return false;
    }
    *out = e;
    return true;
}

void sy_engine_close(struct sy_engine *e) {
    if (!e || !engine_enter(e, NULL)) return;
    scheduler_close(e->scheduler);
    if (e->session.model.path[0]) session_close(&e->session);
    model_text_close(&e->text);
    free(e->warnings);
    free(e->chat_template);
    free(e->moe_layer);
    free(e);
}

/* ---- what it tells of itself ---- */

void sy_engine_facts(const struct sy_engine *e, struct sy_facts *facts) {
    struct tokenizer_facts text = { 0 };
    struct sy_facts own = { 0 };
    if (e) {
        const struct session *s = &e->session;
        if (e->text.tokenizer) text = tokenizer_facts(e->text.tokenizer);
        own = model_facts(s);
        own.path = s->model.path;
        own.family = s->model.family->name;
        own.runs_as = e->runs_as;
        own.departure = s->departure[0] ? s->departure : NULL;
        own.tokenizer = text.kind;
        own.moe_layer = e->moe_layer;
        own.threads = team_pool_count(s->team);
        own.weight_bytes = memory_weights(&s->need);
        own.record_bytes = s->need.records;
        own.kv_bytes = s->need.cache;
        own.step_bytes = s->need.step;
        own.other_bytes = memory_total(&s->need) - own.weight_bytes - own.kv_bytes - own.step_bytes;
        own.load_seconds = e->load_seconds;
        own.chat_templates = e->chat_template ? 1 : e->text.template_count;
        own.text_bytes = min_i64(e->text_most, e->text_room);
    }
    if (!struct_give(&own, sizeof own, facts, "sy_facts", NULL)) return;
}

bool sy_is_end(const struct sy_engine *engine, int64_t token) {
    for (int i = 0; engine && i < engine->ends.count; i++)
        if (engine->ends.list[i].id == token) return true;
    return false;
}

bool sy_engine_end(const struct sy_engine *engine, int64_t index, struct sy_end *end) {
    bool there = engine && index >= 0 && index < engine->ends.count;
    const struct end_token *from = there ? &engine->ends.list[index] : NULL;
    if (end)
        *end = there ? (struct sy_end){ from->id, from->text, from->source } : (struct sy_end){ .token = -1 };
    return there;
}

int64_t sy_engine_experts(const struct sy_engine *e, int64_t layer, int64_t *counts, int64_t size,
                          int64_t *picks) {
    int64_t sum = 0, experts = 0;
    if (e && layer >= 0 && layer < e->moe_layers && engine_enter(e, NULL)) {
        const struct moe_stats *stats = &e->session.stats;
        const int64_t *load = stats->load + e->moe_layer[layer] * stats->experts;
        experts = stats->experts;
        for (int64_t x = 0; x < experts; x++) {
            sum += load[x];
            if (counts && x < size) counts[x] = load[x];
        }
        engine_leave(e);
    }
    if (picks) *picks = sum;
    return experts;
}

void sy_engine_profile(const struct sy_engine *e, struct sy_profile *profile) {
    struct sy_profile own = { 0 };
    if (e && e->profiled && engine_enter(e, NULL)) {
        const double *seconds = e->times.seconds;
        own = (struct sy_profile){
            .router = seconds[STAGE_ROUTER],
            .dispatch = seconds[STAGE_DISPATCH],
            .experts = seconds[STAGE_EXPERTS],
            .combine = seconds[STAGE_COMBINE],
            .attention = seconds[STAGE_ATTENTION],
            .dense = seconds[STAGE_DENSE],
            .head = seconds[STAGE_HEAD],
            .other = seconds[STAGE_OTHER],
            .steps = e->times.passes,
        };
        for (int s = 0; s < STAGE_COUNT; s++) own.total += seconds[s];
        team_pool_barriers(e->session.team, &own.barrier_count, &own.barriers);
        engine_leave(e);
    }
    if (!struct_give(&own, sizeof own, profile, "sy_profile", NULL)) return;
}
