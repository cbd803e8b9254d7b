/*
 * Fuzzing chat templates: source -> tree -> text, over one context, within small bounds. What is accepted
 * must render twice to the same bytes of valid UTF-8; a refusal must be one line with line and column.
 * Whatever is not so aborts, which is a finding.
 *
 * The mutator knows the grammar: it puts in prints of expressions that parse, statements around parts, other
 * expressions into prints; and now and then it breaks a token or a byte.
 */
#include "template/template.h"
#include "base/utf8.h"
#include "check.h"
#include "mutate.h"

static const char *const seeds[] = {
    "{% for m in messages %}{% if m['role'] == 'user' %}<|u|>{{ m.content|trim }}{% elif m.role != 'x' %}{{ "
    "m.content }}"
    "{% else %}{{ raise_exception('no') }}{% endif %}{% endfor %}{% if add_generation_prompt %}<|a|>{% endif "
    "%}",
    "{%- set ns = namespace(s='', n=0) -%}{% for x in l recursive %}{{ loop.index }}{% set ns.s = ns.s ~ x %}"
    "{% if loop.last %}{% break %}{% endif %}{% else %}e{% endfor %}{{ ns.s }}",
    "{% macro f(a, b=2) %}{{ a }}{{ caller() if caller }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1) }}"
    "{% call(x) f(2, k=3) %}{{ x }}{% endcall %}",
    "{{ l|map('string')|select|list|sort(reverse=true)|join(', ') }}{{ d|dictsort|tojson(indent=2) }}"
    "{{ s.split(' ')[0][::-1].upper()|replace('L', 'x') }}{{ '%5.2f|%-4d' % (2.5, 7) }}{{ '{:>8}'.format(s) "
    "}}",
    "{% set x %}{% filter upper %}a{{ n }}{% endfilter %}{% endset %}{% with a = 1, b = a %}{{ a + b }}{% "
    "endwith %}{{ x }}"
    "{% raw %}{{ }}{% endraw %}{# c #}{% block b %}{{ n }}{% endblock %}{% generation %}g{% endgeneration %}",
    "{{ users|groupby('age')|list }}{{ users|map(attribute='name')|unique|batch(2, 'f')|list }}{{ l|sum + 2 "
    "** 70 // 3 }}"
    "{{ s|wordwrap(4) }}{{ s|indent(2, true) }}{{ html|escape|striptags }}{{ mixed|pprint }}{{ "
    "strftime_now('%Y') }}",
};

static const char *const pieces[] = {
    "{{ ",
    " }}",
    "{% ",
    " %}",
    "{%- ",
    " -%}",
    "{# ",
    " #}",
    "{% if n %}",
    "{% endif %}",
    "{% else %}",
    "{% elif z %}",
    "{% for x in l %}",
    "{% for k, v in d.items() %}",
    "{% for x in tree recursive %}",
    "{% endfor %}",
    "{% set a = l %}",
    "{% set ns.n = ns.n + 1 %}",
    "{% set a %}",
    "{% endset %}",
    "{% macro g(x, y=1) %}",
    "{% endmacro %}",
    "{% call g(1) %}",
    "{% endcall %}",
    "{% filter trim %}",
    "{% endfilter %}",
    "{% with a = n %}",
    "{% endwith %}",
    "{% raw %}",
    "{% endraw %}",
    "{% break %}",
    "{% continue %}",
    "{% block c scoped %}",
    "{% endblock %}",
    "{% autoescape true %}",
    "{% endautoescape %}",
    "{% generation %}",
    "{% endgeneration %}",
    "{{ loop.nextitem }}",
    "{{ loop(x.c) }}",
    "{{ g(*l, **d) }}",
    "{{ n }}",
    "\n",
    "  ",
};

static const char *const operands[] = {
    "n",
    "s",
    "l",
    "d",
    "e",
    "u",
    "f",
    "big",
    "mixed",
    "users",
    "nest.x.y",
    "tree",
    "none",
    "true",
    "q",
    "loop",
    "self",
    "x",
    "a",
    "k",
    "html",
    "messages",
    "d.items()",
    "loop.index",
    "0",
    "1",
    "-1",
    "2",
    "7",
    "100000",
    "9223372036854775807",
    "1e308",
    "0.5",
    "1e-5",
    "''",
    "'a'",
    "'\\u00e9\\ud800'",
    "'%s %d'",
    "'{0} {a}'",
    "[]",
    "{}",
    "()",
    "[1, 'b', none]",
    "{'a': 1, 2: [3]}",
    "range(5)",
    "range(9, 0, -3)",
    "namespace(a=1)",
    "dict(a=1)",
    "cycler(1, 2)",
    "joiner()",
    "strftime_now('%d %B %-d')",
    "g(1)",
    "caller()",
    "loop(l)",
};
static const char *const signs[] = { " + ",  " - ",      " * ",   " / ",  " // ",        " % ",
                                     " ** ", " ~ ",      " == ",  " < ",  " >= ",        " != ",
                                     " in ", " not in ", " and ", " or ", " if n else ", ", " };
static const char *const suffixes[] = {
    "|upper",
    "|tojson(indent=1)",
    "|tojson",
    "|list",
    "|join(',')",
    "|sort",
    "|sort(reverse=true)",
    "|first",
    "|last",
    "|length",
    "|int",
    "|float",
    "|round(1)",
    "|round(-2)",
    "|round(1, 'ceil')",
    "|map('upper')",
    "|map('string')",
    "|map(attribute='a')",
    "|select('odd')",
    "|select",
    "|selectattr('on')",
    "|rejectattr('age', 'gt', 26)",
    "|groupby('age')",
    "|unique",
    "|batch(2, 0)",
    "|slice(3)",
    "|reverse",
    "|default('D', true)",
    "|indent(3)",
    "|indent(2, true, true)",
    "|truncate(5)",
    "|wordwrap(3)",
    "|replace('a', 'bb')",
    "|replace('', '.')",
    "|urlencode",
    "|xmlattr",
    "|urlize",
    "|urlize(9, true, '_b', 'a b', ['tel:', 'ftp://'])",
    "|pprint",
    "|escape",
    "|safe",
    "|striptags",
    "|title",
    "|capitalize",
    "|center(9)",
    "|filesizeformat",
    "|items",
    "|dictsort",
    "|sum(start=0)",
    "|min",
    "|max",
    "|abs",
    "|format(1)",
    "|string",
    "|attr('a')",
    "|trim",
    "|random",
    "|wordcount",
    "|lower",
    ".upper()",
    ".split()",
    ".split('a', 1)",
    ".strip('ab')",
    ".items()",
    ".get('a', 1)",
    ".keys()",
    ".values()",
    ".format(1, a=2)",
    ".join(l)",
    ".replace('', 'x')",
    ".find('l')",
    ".rfind('o', 2)",
    ".center(9, '*')",
    ".zfill(5)",
    ".splitlines()",
    ".partition(' ')",
    ".title()",
    ".append(1)",
    ".__class__",
    ".x.y",
    ".0",
    ".count('a')",
    ".rsplit(none, 1)",
    ".expandtabs(3)",
    ".index(1)",
    ".hex()",
    ".swapcase()",
    ".isdigit()",
    ".endswith(('a', 'd'))",
    ".as_integer_ratio()",
    ".real",
    ".name",
    "[0]",
    "[-1]",
    "['a']",
    "[::-1]",
    "[1:]",
    "[:2]",
    "[n:]",
    "[1:9:2]",
    " is odd",
    " is defined",
    " is string",
    " is mapping",
    " is not none",
    " is divisibleby 3",
    " is sameas none",
    " is in l",
    "()",
};
static const char *const pairs[][2] = {
    { "{% if n %}", "{% endif %}" },
    { "{% if q %}", "{% else %}b{% endif %}" },
    { "{% for x in l %}", "{% endfor %}" },
    { "{% for k, v in d.items() %}", "{% else %}e{% endfor %}" },
    { "{% for x in l if x > 1 %}", "{% if loop.last %}{% break %}{% endif %}{% endfor %}" },
    { "{% for x in tree recursive %}", "{{ loop(x.c) }}{% endfor %}" },
    { "{% set a %}", "{% endset %}{{ a }}" },
    { "{% macro g(x, y=1) %}", "{% endmacro %}{{ g(1) }}" },
    { "{% macro h() %}{{ caller(2) }}{% endmacro %}{% call(x) h() %}", "{% endcall %}" },
    { "{% filter trim %}", "{% endfilter %}" },
    { "{% with a = n, b = l %}", "{% endwith %}" },
    { "{% raw %}", "{% endraw %}" },
    { "{% autoescape true %}", "{% endautoescape %}" },
    { "{% generation %}", "{% endgeneration %}" },
    { "{#", "#}" },
    { "{% set ns = namespace(n=0) %}{% for x in 'ab' %}", "{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}" },
    { "{%- if f -%} ", " {%- endif -%}" },
};

static const char context_json[] =
    "{\"n\":7,\"z\":0,\"f\":2.5,\"s\":\"Hello "
    "World\",\"e\":\"\",\"l\":[3,1,2],\"d\":{\"b\":2,\"a\":1},\"u\":\"\\u00e9\\u65e5\\ud83d\\ude00\",\"big\":"
    "12345678901234567890,"
    "\"nest\":{\"x\":{\"y\":[1,{\"z\":2}]}},\"users\":[{\"name\":\"Al\",\"age\":30,\"on\":true},{\"name\":"
    "\"bo\",\"age\":25,\"on\":false}],\"html\":\"<a>&'</a>\",\"none\":null,"
    "\"mixed\":[1,\"a\",null,true,2.0,[1],{\"k\":\"v\"}],\"tree\":[{\"v\":1,\"c\":[{\"v\":2,\"c\":[]}]}],"
    "\"add_generation_prompt\":true,"
    "\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\" hi "
    "\"},{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"function\":{\"name\":\"f\","
    "\"arguments\":{\"a\":1}}}]}]}";

static long long inputs, parsed, rendered;

static void print_counts(void) {
    fprintf(stderr, "fuzz: %lld of %lld inputs past the parser, %lld rendered\n", parsed, inputs, rendered);
}

static void check_refusal(const struct sy_error *err) {
    int line, column;
    MUST(err->code == SY_ERR_FORMAT || err->code == SY_ERR_LIMIT || err->code == SY_ERR_INPUT);
    MUST(sscanf(err->place, "line %d, column %d", &line, &column) == 2 && line > 0 && column > 0);
    MUST(err->code == SY_ERR_INPUT || err->message[0]);
    for (const unsigned char *c = (const unsigned char *)err->message; *c; c++)
        MUST(*c >= 0x20 && *c != 0x7f);
}

static void check_text(const struct text *text) {
    for (size_t at = 0; at < text->size;) {
        uint32_t point;
        size_t bytes = utf8_decode(text->data + at, text->size - at, &point);
        MUST(bytes > 0);
        at += bytes;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    const struct template_limits limits = { .steps = 200000,
                                            .memory_bytes = (int64_t)32 << 20,
                                            .output_bytes = 1 << 20 };
    struct template_clock clock = { 1773500966 };
    struct chat_template *template;
    struct template_context *context;
    struct template_spans spans = { 0 };
    struct text first = { 0 }, second = { 0 };
    struct sy_error err = { 0 };
    if (inputs++ == 0) atexit(print_counts);
    if (!template_parse((const char *)bytes, (int64_t)size, &limits, &template, &err)) {
        check_refusal(&err);
        return 0;
    }
    parsed++;
    MUST(template_context_open(&context, &err));
    MUST(template_context_text(context, NULL, context_json, sizeof context_json - 1, &err));
    bool done = template_render(template, context, clock, &first, &spans, &err);
    if (!done) check_refusal(&err);
    rendered += done;
    MUST(template_render(template, context, clock, &second, NULL, &err) == done);
    MUST(first.size == second.size && (first.size == 0 || memcmp(first.data, second.data, first.size) == 0));
    check_text(&first);
    for (int64_t i = 0; i < spans.count; i++)
        MUST(spans.data[i].begin >= 0 && spans.data[i].begin <= spans.data[i].end);
    template_spans_free(&spans);
    text_free(&first);
    text_free(&second);
    template_context_close(context);
    template_free(template);
    return 0;
}

/* ---- mutation ---- */

#define COUNT(list)  (sizeof(list) / sizeof(list)[0])
#define ANY(m, list) ((list)[mutate_below(m, COUNT(list))])

/* An expression that parses, most of the time. */
static void expression(struct mutation *m, int depth, char *out, size_t room) {
    size_t used = (size_t)snprintf(out, room, "%s", ANY(m, operands));
    for (size_t i = mutate_below(m, 3); i > 0 && used + 40 < room; i--)
        used += (size_t)snprintf(out + used, room - used, "%s", ANY(m, suffixes));
    if (depth == 0 || mutate_below(m, 2) || used + 80 > room) return;
    used += (size_t)snprintf(out + used, room - used, "%s(", ANY(m, signs));
    expression(m, depth - 1, out + used, room - used - 2);
    used += strlen(out + used);
    snprintf(out + used, room - used, ")");
}

/* Where a tag or a piece of text begins, so that what is put there stands outside of tags. */
static size_t outside(struct mutation *m) {
    size_t at = mutate_below(m, m->size + 1);
    while (at < m->size && !(m->at[at] == '{' && at + 1 < m->size && memchr("{%#", m->at[at + 1], 3))) at++;
    return at;
}

static void insert(struct mutation *m, size_t at, const char *text) {
    mutate_splice(m, at, 0, text, strlen(text));
}

/* The first print behind `at`: what stands between its braces. */
static size_t print_at(const struct mutation *m, size_t at, size_t *from) {
    for (; at + 1 < m->size; at++) {
        if (m->at[at] != '{' || m->at[at + 1] != '{') continue;
        for (size_t end = at + 2; end + 1 < m->size; end++)
            if (m->at[end] == '}' && m->at[end + 1] == '}') {
                *from = at + 2;
                return end - at - 2;
            }
    }
    return 0;
}

static void mutate_tokens(struct mutation *m) {
    size_t at = mutate_below(m, m->size + 1), size = 0;
    while (at + size < m->size && size < 16 && !memchr(" {}()[]|.%~,", m->at[at + size], 12)) size++;
    switch (mutate_below(m, 5)) {
    case 0: mutate_splice(m, at, size, NULL, 0); break;
    case 1: insert(m, at, ANY(m, suffixes)); break;
    case 2: insert(m, at, ANY(m, pieces)); break;
    case 3:
        if (m->size > 0) m->at[mutate_below(m, m->size)] = (uint8_t)random_u64(&m->random);
        break;
    default:
        if (LLVMFuzzerMutate && m->size > 0) m->size = LLVMFuzzerMutate(m->at, m->size, m->room);
    }
}

static void mutate_once(struct mutation *m) {
    size_t choice = mutate_below(m, 16), at = outside(m), from = 0, size;
    char text[400] = " ";
    if (choice < 5) { /* a print more */
        expression(m, 2, text, sizeof text - 4);
        insert(m, at, " }}");
        insert(m, at, text);
        insert(m, at, "{{ ");
    } else if (choice < 9) { /* a statement around a part */
        size_t pair = mutate_below(m, COUNT(pairs)), end = outside(m);
        insert(m, at < end ? end : at, pairs[pair][1]);
        insert(m, at < end ? at : end, pairs[pair][0]);
    } else if (choice < 12) { /* a print prints something else */
        size = print_at(m, mutate_below(m, m->size + 1), &from);
        expression(m, 2, text, sizeof text);
        if (size > 0) mutate_splice(m, from, size, text, strlen(text));
    } else if (choice < 14) { /* or that, and more */
        size = print_at(m, mutate_below(m, m->size + 1), &from);
        if (size > 0) insert(m, from + size, ANY(m, suffixes));
    } else {
        mutate_tokens(m);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed) {
    struct mutation m = { bytes, size, room, random_seed(seed), operands, COUNT(operands) };
    if (size == 0 || mutate_below(&m, 40) == 0) {
        const char *text = ANY(&m, seeds);
        if (strlen(text) > room) return size;
        m.size = strlen(text);
        memcpy(bytes, text, m.size);
    }
    for (size_t i = mutate_below(&m, 2) + 1; i > 0; i--) mutate_once(&m);
    return m.size;
}
