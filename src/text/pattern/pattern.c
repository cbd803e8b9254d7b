/*
 * Compiling and matching (pattern.h), with PCRE2.
 *
 * Bounds. JIT code counts matches in a way that says little, and its stack is small; so the translation
 * leaves call-outs where PCRE2 may turn back, and we count: a step each, and one for every 8 bytes that lie
 * between two of them. A text may cost STEPS_FREE and STEPS_A_BYTE for each of its bytes; patterns that
 * people use need less than ten a byte. The code is interpreted where there is no JIT, or its stack ends.
 */
#include "text/pattern/pattern.h"
#include "base/checked.h"
#include "text/pattern/translate.h"
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
    STEPS_A_BYTE = 64,
    STEPS_FREE = 1 << 20,
    STEP_BYTES = 8,
    STACK_FIRST = 32 << 10,
    STACK_MOST = 8 << 20, /* of JIT code */
    HEAP_KIB = 64 << 10,  /* of the interpreter */
    MATCHES_MOST = 50000000,
};

struct pattern {
    pcre2_code *code;
    bool jit;
    char *source; /* as it was given; NULL: a literal */
    int64_t source_size;
};

struct pattern_scratch {
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    const char *text; /* that the steps are counted for */
    int64_t size;
    int64_t steps; /* left for it */
    int64_t start; /* where the match that is tried begins */
    int64_t last;  /* place of the last call-out */
};

/* ---- compiling ---- */

static bool compile(const char *text, size_t size, uint32_t options, struct pattern **out,
                    struct sy_error *err) {
    struct pattern *pattern = *out = calloc(1, sizeof *pattern);
    int code = 0;
    PCRE2_SIZE place = 0;
    if (!pattern) return sy_fail(err, SY_ERR_MEMORY, "no memory for a pattern");
    pattern->code = pcre2_compile((PCRE2_SPTR)text, size, PCRE2_UTF | options, &code, &place, NULL);
    if (!pattern->code) {
        char why[128];
        pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof why);
        pattern_close(pattern);
        *out = NULL;
        sy_fail(err, SY_ERR_FORMAT, "%s", why);
        sy_error_at(err, "pattern");
        return sy_error_remedy(err, "use a tokenizer with a simpler pattern, or report this one");
    }
    pattern->jit = pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE) == 0;
    return true;
}

bool pattern_open(const char *source, int64_t size, enum pattern_dialect dialect, struct pattern **out,
                  struct sy_error *err) {
    struct text text = { 0 };
    *out = NULL;
    bool ok = pattern_translate(source, size, dialect, &text, err) &&
              compile(text.data ? text.data : "", text.size, PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, out, err);
    text_free(&text);
    if (!ok) return false;
    (*out)->source = malloc((size_t)size + 1);
    (*out)->source_size = size;
    if ((*out)->source) {
        memcpy((*out)->source, source, (size_t)size);
        return true;
    }
    pattern_close(*out);
    *out = NULL;
    return sy_fail(err, SY_ERR_MEMORY, "no memory for a pattern");
}

bool pattern_is(const struct pattern *pattern, const char *source) {
    struct text a = { 0 }, b = { 0 };
    struct sy_error err;
    bool same = pattern->source &&
                pattern_translate(pattern->source, pattern->source_size, PATTERN_RUST, &a, &err) &&
                pattern_translate(source, (int64_t)strlen(source), PATTERN_RUST, &b, &err) &&
                a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
    text_free(&a);
    text_free(&b);
    return same;
}

bool pattern_open_literal(const char *text, int64_t size, struct pattern **out, struct sy_error *err) {
    return compile(text, (size_t)size, PCRE2_LITERAL, out, err);
}

void pattern_close(struct pattern *pattern) {
    if (!pattern) return;
    pcre2_code_free(pattern->code);
    free(pattern->source);
    free(pattern);
}

/* ---- matching ---- */

static int count_steps(pcre2_callout_block *block, void *argument) {
    struct pattern_scratch *scratch = argument;
    int64_t at = (int64_t)block->current_position, start = (int64_t)block->start_match;
    if (start != scratch->start) scratch->start = scratch->last = start;
    int64_t far = at - scratch->last;
    scratch->last = at;
    scratch->steps -= 1 + (far < 0 ? -far : far) / STEP_BYTES;
    return scratch->steps < 0 ? PCRE2_ERROR_CALLOUT : 0;
}

bool pattern_scratch_open(struct pattern_scratch **out, struct sy_error *err) {
    struct pattern_scratch *scratch = *out = calloc(1, sizeof *scratch);
    if (!scratch) return sy_fail(err, SY_ERR_MEMORY, "no memory to match patterns");
    scratch->data = pcre2_match_data_create(1, NULL);
    scratch->context = pcre2_match_context_create(NULL);
    scratch->stack = pcre2_jit_stack_create(STACK_FIRST, STACK_MOST, NULL); /* NULL where there is no JIT */
    if (!scratch->data || !scratch->context) {
        pattern_scratch_close(scratch);
        *out = NULL;
        return sy_fail(err, SY_ERR_MEMORY, "no memory to match patterns");
    }
    pcre2_set_match_limit(scratch->context, MATCHES_MOST);
    pcre2_set_heap_limit(scratch->context, HEAP_KIB);
    pcre2_set_callout(scratch->context, count_steps, scratch);
    if (scratch->stack) pcre2_jit_stack_assign(scratch->context, NULL, scratch->stack);
    return true;
}

void pattern_scratch_close(struct pattern_scratch *scratch) {
    if (!scratch) return;
    pcre2_match_data_free(scratch->data);
    pcre2_match_context_free(scratch->context);
    pcre2_jit_stack_free(scratch->stack);
    free(scratch);
}

static bool match_fail(int code, int64_t from, struct sy_error *err) {
    char why[128];
    switch (code) {
    case PCRE2_ERROR_CALLOUT:
    case PCRE2_ERROR_MATCHLIMIT:
        sy_fail(err, SY_ERR_LIMIT, "the tokenizer's pattern tries too many ways at byte %lld of the text",
                (long long)from);
        break;
    case PCRE2_ERROR_HEAPLIMIT:
    case PCRE2_ERROR_DEPTHLIMIT:
        sy_fail(err, SY_ERR_LIMIT, "the tokenizer's pattern takes over %d MiB at byte %lld of the text",
                HEAP_KIB >> 10, (long long)from);
        break;
    case PCRE2_ERROR_NOMEMORY: return sy_fail(err, SY_ERR_MEMORY, "no memory to match a pattern");
    default:
        pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof why);
        return sy_fail(err, SY_ERR_INTERNAL, "matching a pattern at byte %lld: %s", (long long)from, why);
    }
    return sy_error_remedy(err, "cut the text into shorter ones");
}

bool pattern_next(const struct pattern *pattern, struct pattern_scratch *scratch, const char *text,
                  int64_t size, int64_t from, int64_t *begin, int64_t *end, struct sy_error *err) {
    int code = PCRE2_ERROR_JIT_STACKLIMIT;
    const char *subject = text ? text : "";
    if (from == 0 || text != scratch->text || size != scratch->size) {
        scratch->steps = size > INT64_MAX / 128 ? INT64_MAX : STEPS_FREE + size * STEPS_A_BYTE;
        scratch->text = text;
        scratch->size = size;
    }
    scratch->start = scratch->last = from;
    *begin = *end = -1;
    if (pattern->jit)
        code = pcre2_jit_match(pattern->code, (PCRE2_SPTR)subject, (PCRE2_SIZE)size, (PCRE2_SIZE)from,
                               PCRE2_NO_UTF_CHECK, scratch->data, scratch->context);
    if (code == PCRE2_ERROR_JIT_STACKLIMIT)
        code = pcre2_match(pattern->code, (PCRE2_SPTR)subject, (PCRE2_SIZE)size, (PCRE2_SIZE)from,
                           PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, scratch->data, scratch->context);
    if (code == PCRE2_ERROR_NOMATCH) return true;
    if (code < 0) return match_fail(code, from, err);
    const PCRE2_SIZE *places = pcre2_get_ovector_pointer(scratch->data);
    *begin = (int64_t)places[0];
    *end = (int64_t)places[1];
    return true;
}

bool pattern_walk(const struct pattern *pattern, struct pattern_scratch *scratch, const char *text,
                  int64_t size, pattern_visit *visit, void *argument, struct sy_error *err) {
    for (int64_t from = 0, begin, end; from <= size;) {
        if (!pattern_next(pattern, scratch, text, size, from, &begin, &end, err)) return false;
        if (begin < 0) return true;
        if (end > begin && !visit(argument, begin, end, err)) return false;
        from = end;
        if (end > begin) continue;
        do from++;
        while (from < size && ((unsigned char)text[from] & 0xc0) == 0x80);
    }
    return true;
}
