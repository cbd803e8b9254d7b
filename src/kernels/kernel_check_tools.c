/*
 * The tools of kernel-check: guarded buffers, data that hurts, comparisons, clocks, and the machine's own
 * limits.
 */
#include "base/checked.h"
#include "kernels/kernel_check.h"
#include "kernels/peaks.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { PAGE = 4096, BAND = 64, POISON = 0xa5, SHOWN_MAX = 5, BATCHES = 9 };
static const double batch_seconds = 2e-3;
static const int64_t memory_bytes = (int64_t)1 << 30;

static void *map_or_die(int64_t bytes) {
    void *memory = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) return memory;
    perror("kernel-check: mmap");
    exit(3);
}

/* ---- buffers ---- */

struct check_buffer { /* [BAND or more bytes of poison | user's bytes] | a page that must not be touched */
    struct check_buffer *next;
    unsigned char *base, *user;
    int64_t room, bytes;
    bool taken, output;
};

static struct check_buffer *buffer_take(struct check *check, int64_t bytes) {
    int64_t room = round_up(bytes + BAND, PAGE);
    struct check_buffer *buffer = check->buffers;
    while (buffer && (buffer->taken || buffer->room != room)) buffer = buffer->next;
    if (!buffer) {
        buffer = calloc(1, sizeof *buffer);
        if (!buffer) abort();
        buffer->base = map_or_die(room + PAGE);
        if (mprotect(buffer->base + room, PAGE, PROT_NONE) != 0) abort();
        buffer->room = room;
        buffer->next = check->buffers;
        check->buffers = buffer;
    }
    buffer->taken = true;
    buffer->bytes = bytes;
    buffer->user = buffer->base + room - bytes;
    memset(buffer->base, POISON, (size_t)room);
    return buffer;
}

void *check_input(struct check *check, int64_t bytes) {
    struct check_buffer *buffer = buffer_take(check, bytes);
    buffer->output = false;
    return buffer->user;
}

void *check_output(struct check *check, int64_t bytes) {
    struct check_buffer *buffer = buffer_take(check, bytes);
    buffer->output = true;
    return buffer->user;
}

void check_done(struct check *check) {
    for (struct check_buffer *buffer = check->buffers; buffer; buffer = buffer->next) {
        if (!buffer->taken) continue;
        buffer->taken = false;
        for (unsigned char *byte = buffer->base; buffer->output && byte < buffer->user; byte++)
            if (*byte != POISON) {
                check->wrong++;
                printf("  %s: wrote %ld bytes before an output of %ld bytes\n", check->operation,
                       (long)(buffer->user - byte), (long)buffer->bytes);
                break;
            }
    }
}

void check_release(struct check *check) {
    while (check->buffers) {
        struct check_buffer *buffer = check->buffers;
        check->buffers = buffer->next;
        munmap(buffer->base, (size_t)buffer->room + PAGE);
        free(buffer);
    }
}

/* ---- data ---- */

static float from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float special(struct random *random) {
    static const uint32_t bits[] = { 0x7fc00000, 0xffc00001, 0x7f800000, 0xff800000, 0,          0x80000000,
                                     1,          0x807fffff, 0x00800000, 0x7f7fffff, 0x3f7fffff, 0x7fa00000 };
    return from_bits(bits[random_below(random, sizeof bits / sizeof bits[0])]);
}

static float one_value(struct random *random, enum check_data data, int64_t i) {
    float normal = (float)random_normal(random);
    switch (data) {
    case DATA_WIDE: return ldexpf(normal, (int)random_below(random, 81) - 40);
    case DATA_ZERO: return random_below(random, 2) ? 0.0F : -0.0F;
    case DATA_HUGE: return normal * 0x1p126F;
    case DATA_TINY: /* denormals would be flushed if they were computed */
        return random_below(random, 2) ? from_bits((uint32_t)random_u64(random) & 0x807fffff)
                                       : normal * 0x1p-70F;
    case DATA_EQUAL: return (float)((int)random_below(random, 5) - 2);
    case DATA_CANCELLING: return (i % 2 ? -1.0F : 1.0F) * 0x1p20F + normal;
    case DATA_SPECIAL: return random_below(random, 16) ? normal : special(random);
    default: return normal;
    }
}

void check_fill(struct check *check, enum check_data data, float *x, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        float value = one_value(&check->random, data, i);
        memcpy((unsigned char *)x + i * (int64_t)sizeof value, &value, sizeof value);
    }
}

/* ---- comparisons ---- */

static bool is_nan(uint32_t bits) {
    return (bits & 0x7fffffff) > 0x7f800000;
}

static void show(struct check *check, int64_t index, double got, double want, const char *format,
                 va_list args) {
    if (check->wrong++ >= SHOWN_MAX) return;
    printf("  %s %s [%ld]: %.9g, must be %.9g: ", check->operation, level_name(check->test->level),
           (long)index, got, want);
    vprintf(format, args);
    putchar('\n');
}

void check_same(struct check *check, const float *got, const float *want, int64_t count, const char *format,
                ...) {
    for (int64_t i = 0; i < count; i++) {
        uint32_t g, w;
        memcpy(&g, (const unsigned char *)got + 4 * i, sizeof g);
        memcpy(&w, (const unsigned char *)want + 4 * i, sizeof w);
        if (g == w || (is_nan(g) && is_nan(w))) continue;
        va_list args;
        va_start(args, format);
        show(check, i, from_bits(g), from_bits(w), format, args);
        va_end(args);
    }
    check->compared += count;
}

void check_same_ids(struct check *check, const int32_t *got, const int32_t *want, int64_t count,
                    const char *format, ...) {
    for (int64_t i = 0; i < count; i++) {
        int32_t g, w;
        memcpy(&g, (const unsigned char *)got + 4 * i, sizeof g);
        memcpy(&w, (const unsigned char *)want + 4 * i, sizeof w);
        if (g == w) continue;
        va_list args;
        va_start(args, format);
        show(check, i, g, w, format, args);
        va_end(args);
    }
    check->compared += count;
}

void check_same_bytes(struct check *check, const void *got, const void *want, int64_t count,
                      const char *format, ...) {
    const unsigned char *g = got, *w = want;
    for (int64_t i = 0; i < count; i++) {
        if (g[i] == w[i]) continue;
        va_list args;
        va_start(args, format);
        show(check, i, g[i], w[i], format, args);
        va_end(args);
    }
    check->compared += count;
}

void check_near(struct check *check, double got, double want, double bound) {
    if (!isfinite(want)) return;
    double error = fabs(got - want), share = error == 0 ? 0 : error / bound;
    if (!(share <= 1) && check->wrong++ < SHOWN_MAX)
        printf("  %s %s: %.12g is further than %.3g from %.12g\n", check->operation,
               level_name(check->test->level), got, bound, want);
    if (share > check->worst) {
        check->worst = share;
        check->worst_error = error;
        check->worst_bound = bound;
    }
}

/* ---- speed ---- */

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The thread's own time: that of the processes it shares the core with does not count. */
static double thread_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static double batch(void (*body)(void *argument), void *argument, int64_t calls) {
    double start = thread_seconds();
    for (int64_t i = 0; i < calls; i++) body(argument);
    return thread_seconds() - start;
}

double check_seconds(void (*body)(void *argument), void *argument) {
    int64_t calls = 1;
    while (batch(body, argument, calls) < batch_seconds) calls *= 2;
    double seconds[BATCHES];
    for (int i = 0; i < BATCHES; i++) seconds[i] = batch(body, argument, calls) / (double)calls;
    qsort(seconds, BATCHES, sizeof *seconds, by_value);
    return seconds[BATCHES / 2];
}

void check_rate(struct check *check, const char *shape, double amount, double seconds, const char *unit,
                double limit) {
    double rate = amount / seconds;
    printf("    %-14s %-7s %-34s %8.2f %s", check->operation, level_name(check->test->level), shape,
           rate * 1e-9, unit);
    if (limit > 0) printf("  %3.0f %% of %.1f", 100 * rate / limit, limit * 1e-9);
    putchar('\n');
    fflush(stdout);
}

/* Filled once a run: the only state of the program that is not passed around. */
static unsigned char *shared_memory;

const unsigned char *check_memory(int64_t *bytes) {
    *bytes = memory_bytes;
    if (shared_memory) return shared_memory;
    enum { HUGE_PAGE = 2 << 20 };
    unsigned char *memory = map_or_die(memory_bytes + HUGE_PAGE);
    memory += -(uintptr_t)memory % HUGE_PAGE;
    madvise(memory, (size_t)memory_bytes, MADV_HUGEPAGE); /* a wish */
    struct random random = random_seed(1);
    for (int64_t i = 0; i < memory_bytes; i += 4) { /* numbers near 1 as f32 and as bf16 */
        uint64_t bits = random_u64(&random);
        uint32_t word = ((uint32_t)bits & 0x80ff80ff) | 0x3e003e00 | ((uint32_t)(bits >> 32) & 0x01000100);
        memcpy(memory + i, &word, sizeof word);
    }
    shared_memory = memory;
    return memory;
}

enum { PART = 64 << 20 };
struct read_part {
    const unsigned char *memory;
    int64_t bytes, at;
    const struct peak_read *read;
    volatile uint64_t sink;
};

static void read_next(void *argument) {
    struct read_part *part = argument;
    part->sink = part->read->sum(part->memory + part->at, PART);
    part->at = (part->at + PART) % part->bytes;
}

double check_bandwidth(void) {
    struct read_part part = { 0 };
    double best = 0;
    part.memory = check_memory(&part.bytes);
    for (int i = 0; (part.read = peak_read(level_of_machine(), i)); i++)
        best = fmax(best, PART / check_seconds(read_next, &part));
    return best;
}

double check_flops(enum level level) {
    _Alignas(64) unsigned char sink[PEAK_SINK];
    const struct peak_loop loop = peak_loop(level, ARITHMETIC_F32, 0);
    return loop.run ? loop.operations / check_seconds(loop.run, sink) : 0; /* ref is no competitor */
}
