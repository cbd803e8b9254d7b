/*
 * Memory as a promise: sums, limits, and what would fit.
 */
#include "engine/memory.h"

#include "base/checked.h"
#include "base/memory_limit.h"
#include "engine/batcher.h"

#include <stdio.h>

#define ROWS_MOST  512
#define ROWS_LEAST 32

static bool tables(const struct spec *spec, const struct pass_limits *limits, int64_t context, int64_t pages,
                   int64_t *bytes, struct sy_error *err) {
    int64_t model, store, of_pages, sequence, sequences, pass, batcher, stats;
    if (!model_tables_bytes(spec, &model, err) || !store_tables_bytes(spec, &store, err)) return false;
    if (size_add(model, store, &model) && kv_tables_bytes(pages, &of_pages) &&
        kv_sequence_bytes(spec, context, &sequence) && size_mul(sequence, limits->sequences, &sequences) &&
        pass_table_bytes(limits, &pass) && batcher_bytes(limits, &batcher) &&
        moe_stats_bytes(spec, false, &stats) && size_add(model, of_pages, bytes) &&
        size_add(*bytes, sequences, bytes) && size_add(*bytes, pass, bytes) &&
        size_add(*bytes, batcher, bytes) && size_add(*bytes, stats, bytes))
        return true;
    return sy_fail(err, SY_ERR_LIMIT, "the tables of %lld positions overflow 64 bits", (long long)context);
}

bool cache_pages(const struct spec *spec, int64_t sequences, const struct cache_size *size, int64_t *pages,
                 struct sy_error *err) {
    int64_t own;
    if (!kv_pages_needed(spec, sequences, size->context, pages, err)) return false;
    if (size->pool > 0 && kv_pages_needed(spec, 1, size->pool, &own, NULL)) *pages = min_i64(*pages, own);
    return true;
}

bool memory_need(const struct spec *spec, const struct numerics *numerics, const struct pass_limits *limits,
                 const struct cache_size *size, struct memory_need *need, struct sy_error *err) {
    int64_t pages;
    if (!store_bytes(spec, &need->vectors, err) || !cache_pages(spec, limits->sequences, size, &pages, err) ||
        !kv_pool_bytes(spec, numerics->kv, pages, &need->cache, err) ||
        !pass_bytes(spec, numerics, limits, &need->step, err) ||
        !tables(spec, limits, size->context, pages, &need->tables, err))
        return false;
    need->program = MEMORY_PROGRAM + limits->threads * MEMORY_THREAD;
    return true;
}

int64_t memory_rows(const struct spec *spec, const struct numerics *numerics,
                    const struct pass_limits *limits) {
    struct pass_limits trial = *limits;
    for (trial.rows = ROWS_MOST; trial.rows > ROWS_LEAST; trial.rows /= 2) {
        struct memory_need need = { 0 };
        const struct cache_size page = { .context = KV_PAGE };
        /* a page a sequence: the cache is not counted, and its tables are small */
        if (memory_need(spec, numerics, &trial, &page, &need, NULL) &&
            memory_anonymous(&need) - need.cache <= MEMORY_BESIDE - MEMORY_TEXT)
            break;
    }
    return trial.rows;
}

int64_t memory_anonymous(const struct memory_need *n) {
    const int64_t parts[] = { n->records, n->vectors, n->cache, n->step, n->tables, n->program, n->beside };
    int64_t sum = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!size_add(sum, parts[i], &sum)) return INT64_MAX;
    return sum;
}

int64_t memory_total(const struct memory_need *n) {
    int64_t sum;
    return size_add(memory_anonymous(n), n->weights, &sum) ? sum : INT64_MAX;
}

int64_t memory_weights(const struct memory_need *n) {
    return n->weights + n->records;
}

/* A sixteenth of what is free is left to others. */
bool memory_holds(const struct memory_need *need, int64_t bytes, int64_t asked) {
    struct memory_limit machine = memory_limit("");
    int64_t free_now = machine.available - machine.available / 16, total = memory_total(need);
    return total <= machine.bytes && (asked == 0 || total <= asked) &&
           memory_anonymous(need) <= free_now - bytes;
}

/* The longest context (the largest pool, where one is asked for), in whole pages, with which all is within
 * `limit`; 0: none. */
static int64_t fitting_positions(const struct spec *spec, const struct numerics *numerics,
                                 const struct pass_limits *limits, const struct cache_size *size,
                                 const struct memory_need *need, int64_t limit) {
    struct cache_size trial = *size;
    int64_t *positions = size->pool > 0 ? &trial.pool : &trial.context;
    int64_t fits = 0, over = ceil_div(*positions, KV_PAGE);
    while (over - fits > 1) {
        int64_t middle = fits + (over - fits) / 2;
        struct memory_need smaller = *need;
        *positions = middle * KV_PAGE;
        if (memory_need(spec, numerics, limits, &trial, &smaller, NULL) && memory_total(&smaller) <= limit)
            fits = middle;
        else
            over = middle;
    }
    return fits * KV_PAGE;
}

/* One line of numbers, in MiB. */
static bool refuse(const struct memory_need *n, int64_t limit, const char *whose, struct sy_error *err) {
    const double mib = 1 << 20;
    return sy_fail(
        err, SY_ERR_MEMORY,
        "needs %.1f MiB (weights %.1f, cache %.1f, a step %.1f, all else %.1f), %.1f MiB more than %s",
        (double)memory_total(n) / mib, (double)memory_weights(n) / mib, (double)n->cache / mib,
        (double)n->step / mib, (double)(n->vectors + n->tables + n->program + n->beside) / mib,
        (double)(memory_total(n) - limit) / mib, whose);
}

bool memory_check(const struct spec *spec, const struct numerics *numerics, const struct pass_limits *limits,
                  const struct cache_size *size, const struct memory_need *need, int64_t asked,
                  struct sy_error *err) {
    struct memory_limit machine = memory_limit("");
    int64_t limit = machine.bytes;
    const char *whose = machine.whose;
    if (asked > 0 &&
        (asked < limit || memory_anonymous(need) <= limit)) /* weights may be read again and again */
        limit = asked, whose = "sy_options.memory_bytes allows";
    if (memory_total(need) > limit) {
        refuse(need, limit, whose, err);
        int64_t fits = fitting_positions(spec, numerics, limits, size, need, limit);
        if (fits > 0 && size->pool > 0)
            return sy_error_remedy(err, "sy_options.kv_positions %lld would fit", (long long)fits);
        if (fits > 0) return sy_error_remedy(err, "sy_options.context %lld would fit", (long long)fits);
        return sy_error_remedy(
            err, "%.1f MiB are needed without any cache: allow more, or give a smaller sy_options.context",
            (double)(memory_total(need) - need->cache) / (1 << 20));
    }
    if (memory_anonymous(need) <= machine.available) return true;
    sy_fail(err, SY_ERR_MEMORY, "needs %.1f MiB beside the weights, and the machine has %.1f free now",
            (double)memory_anonymous(need) / (1 << 20), (double)machine.available / (1 << 20));
    return sy_error_remedy(err, "close other programs, or give a smaller sy_options.context");
}
