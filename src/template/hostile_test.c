/*
 * Templates that want everything: each ends within two seconds, mostly in an error with line and column, and
 * never takes more memory than the bound.
 */
#include "template/rendering_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SECONDS_MAX (TEST_SANITIZED ? 20.0 : 2.0)

static void survives(const char *name, const char *source, int64_t size) {
    clock_t start = clock(); /* of this process: others may keep it waiting */
    struct rendering got = render_bytes(source, size, NULL, NULL);
    double took = (double)(clock() - start) / CLOCKS_PER_SEC;
    if (getenv("SY_TEMPLATE_TIMES")) fprintf(stderr, "%6.2f s  %.70s\n", took, name);
    if (took > SECONDS_MAX) fail_msg("%.60s: %.1f s", name, took);
    if (!got.done && (!strstr(got.err.place, "line ") || !got.err.message[0]))
        fail_msg("%.60s: no place", name);
    text_free(&got.text);
}

static const char *const hostile[] = {
    "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
    "{% for a in range(100000) %}{% for b in range(100000) %}{{ a * b }}{% endfor %}{% endfor %}",
    "{% macro f(n) %}{{ f(n) }}{{ f(n) }}{% endmacro %}{{ f(1) }}",
    "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "{% macro f() %}{{ caller() }}{% endmacro %}{% macro g() %}{% call f() %}{{ g() }}{% endcall %}{% "
    "endmacro %}{{ g() }}",
    "{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s "
    "}}",
    "{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
    "{% set ns = namespace(s='a') %}{% for i in range(100000) %}{% set ns.s = 'b' ~ ns.s %}{% endfor %}{{ "
    "ns.s|length }}",
    "{% set ns = namespace(s='a') %}{% for i in range(100000) %}{% set ns.s = ns.s ~ 'b' %}{% endfor %}{{ "
    "ns.s|length }}",
    "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
    "{% set ns = namespace(l=[]) %}{% for i in range(99999) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}",
    "{% set ns = namespace(l=[]) %}{% for i in range(99999) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ "
    "ns.l == ns.l + [] }}",
    "{% set ns = namespace(l=[1]) %}{% for i in range(40) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l "
    "}}",
    "{% set ns = namespace(l=[1], m=[1]) %}{% for i in range(40) %}{% set ns.l = [ns.l, ns.l] %}{% set ns.m "
    "= [ns.m, ns.m] %}{% endfor %}{{ ns.l == ns.m }}",
    "{% set ns = namespace(l=[1]) %}{% for i in range(40) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ "
    "ns.l|tojson }}",
    "{% set ns = namespace(l=(1,)) %}{% for i in range(40) %}{% set ns.l = (ns.l, ns.l) %}{% endfor %}{{ "
    "{ns.l: 1} }}",
    "{% set ns = namespace(l=[1]) %}{% for i in range(40) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ "
    "ns.l|pprint }}",
    "{% set ns = namespace(x=1) %}{% set ns.x = ns %}{{ ns }}",
    "{% set ns = namespace(x=1) %}{% set ns.x = [ns] %}{{ ns.x|tojson }}{{ ns.x == ns.x }}",
    "{{ 'a' * 10 ** 18 }}",
    "{{ [0] * 10 ** 18 }}",
    "{{ 'a' * 200000000 * 10 }}",
    "{{ [[0] * 1000] * 100000 }}",
    "{{ ('a' * 100000000)|upper }}",
    "{{ 'a'.ljust(10 ** 18) }}",
    "{{ 'a'.center(10 ** 11) }}",
    "{{ 'a'.zfill(10 ** 11) }}",
    "{{ 'a\\tb'.expandtabs(10 ** 15) }}",
    "{{ 'a'|center(10 ** 18) }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%.1000000000f' % 1.0 }}",
    "{{ '%*d' % (10 ** 18, 1) }}",
    "{{ '%.999999999d' % 1 }}",
    "{{ '%s' % ('a' * 1000000) * 1000 }}",
    "{{ '{:9999999999999}'.format(1) }}",
    "{{ '{:.2147483647f}'.format(1.5) }}",
    "{{ '{:0999999999,}'.format(1) }}",
    "{{ 'a'|indent(10 ** 15) }}",
    "{{ ('a\\n' * 10000)|indent(100000) }}",
    "{{ [1]|tojson(indent=10 ** 12) }}",
    "{{ ('x' * 100000)|wordwrap(1) }}",
    "{{ ('x-' * 50000)|wordwrap(3) }}",
    "{{ ('-' * 100000)|wordwrap(5) }}",
    "{{ [1]|batch(10 ** 18, 'x')|list }}",
    "{{ [1]|slice(10 ** 18)|list }}",
    "{{ [1]|slice(10 ** 9, 1)|list|length }}",
    "{{ range(100000)|batch(1, 2)|list|length }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ 10 ** 10000000 }}",
    "{{ (10 ** 4000) * (10 ** 4000) }}",
    "{{ 2 ** 130000 // 3 ** 20000 }}",
    "{{ (2 ** 131000)|string }}",
    "{{ '{:b}'.format(2 ** 131000)|length }}",
    "{{ ('9' * 100000)|int }}",
    "{{ ('1' * 1000000)|float }}",
    "{{ (7 ** 30000) % (3 ** 20000) }}",
    "{{ 1.5 ** 1e308 }}",
    "{{ 1e308 ** 2 }}",
    "{{ -9223372036854775808 // -1 }}",
    "{{ -9223372036854775808 % -1 }}",
    "{{ (-9223372036854775807 - 1)|abs }}",
    "{{ 1|round(10 ** 18) }}",
    "{{ 1.5|round(-(10 ** 18)) }}",
    "{{ 15|round(-(10 ** 18)) }}",
    "{{ 1.5|round(10 ** 18, 'ceil') }}",
    "{{ 5|round(-(10 ** 18), 'ceil') }}",
    "{{ 1e300|int|string }}",
    "{% for i in range(200) %}{% set x = 3 ** 80000 * 3 ** 80000 %}{% endfor %}",
    "{% set ns = namespace(v=3) %}{% for i in range(99) %}{% set ns.v = ns.v * ns.v %}{% endfor %}",
    "{% for i in range(9999) %}{{ '1' * 4000|int }}{% endfor %}",
    "{{ ('a' * 1000000).replace('', 'b' * 1000) }}",
    "{{ ('a' * 1000000).replace('a', 'b' * 1000) }}",
    "{{ ('a' * 1000000).split('a')|length }}",
    "{{ ('a b' * 1000000).split()|length }}",
    "{% for i in range(100000) %}{{ 'a' in 'b' * 10000 }}{% endfor %}",
    "{{ ('a' * 5000000).count('a' * 2500000) }}",
    "{{ ('a' * 1000000).find('a' * 500000 ~ 'b') }}",
    "{{ ('a' * 1000000).rfind('ba' ~ 'a' * 50000) }}",
    "{{ ('ba' * 500000).rsplit('ab' * 2000) }}",
    "{{ ('ab' * 500000).strip('xyzab') }}",
    "{{ ('Σ' * 1000000)|lower }}",
    "{{ (\"'\" * 1000000)|e|length }}",
    "{{ ('é' * 1000000)[::-1]|length }}",
    "{% for i in range(100000) %}{{ ('é' * 10000)[i] }}{% endfor %}",
    "{% set s = 'é' * 100000 %}{% for i in range(100000) %}{{ s[i] }}{% endfor %}",
    "{% set s = 'é' * 100000 %}{% for i in range(100000) %}{{ s[i:] }}{% endfor %}",
    "{{ range(100000)|sort(attribute='a.b.c.d.e')|length }}",
    "{{ range(100000)|map('string')|join|length }}",
    "{{ range(100000)|unique|list|length }}",
    "{{ range(100000)|groupby('real')|list|length }}",
    "{{ range(100000)|sum }}",
    "{{ range(100000)|list|sort(reverse=true)|length }}",
    "{{ dict(range(100000)|map('string')|map('list')|batch(1)|list) }}",
    "{% set l = range(100000)|list %}{% for x in l %}{{ x in l }}{% endfor %}",
    "{% set l = range(3000)|map('string')|list %}{% for x in l %}{{ l.index(x) }}{% endfor %}",
    "{% set ns = namespace(g=range(3)) %}{% for i in range(100000) %}{% set ns.g = ns.g|map('string') %}{% "
    "endfor %}{{ ns.g|list }}",
    "{% set ns = namespace(g='a') %}{% for i in range(100000) %}{% set ns.g = ns.g|select %}{% endfor %}{{ "
    "ns.g|first }}",
    "{% for x in range(100000) recursive %}{{ loop(range(100000)) }}{% endfor %}",
    "{% for x in [1] recursive %}{{ loop([1, 1]) }}{% endfor %}",
    "{% set ns = namespace(f=0) %}{% macro f(x) %}{{ ns.f(x) }}{% endmacro %}{% set ns.f = f %}{{ f(1) }}",
    "{% block a %}{{ self.a() }}{% endblock %}",
    "{{ strftime_now('%999999999d') }}",
    "{{ strftime_now('%Y' * 1000000)|length }}",
    "{{ strftime_now('%' * 1000001)|length }}",
    "{{ '{0:{0:{0:{0}}}}'.format(1) }}",
    "{{ ('{}' * 100000).format(*range(100000))|length }}",
    "{{ ('{0.' ~ 'a.' * 100000 ~ 'b}').format(1) }}",
    "{{ ('%s' * 100000) % range(100000) }}",
    "{{ [1]|map(attribute='a.' * 100000)|list }}",
    "{{ '<' * 1000000|striptags }}",
    "{{ ('<a' * 300000)|striptags }}",
    "{{ ('&' * 1000000)|striptags|length }}",
    "{{ ('a ' * 1000000)|title|length }}",
    "{{ ('x' * 1000000)|urlencode|length }}",
    "{{ ('a.b' * 100000)|wordcount }}",
    "{{ ('a' * 100000)|list|batch(3)|map('join')|join|length }}",
    "{{ (range(100000)|list * 100)|length }}",
    "{{ ('\\n' * 1000000)|indent|length }}",
    "{{ ('\\n' * 1000000).splitlines()|length }}",
    "{{ [[[[1] * 100] * 100] * 100] * 100 }}",
    "{{ ([[1] * 1000] * 1000)|tojson|length }}",
    "{{ ([[1] * 1000] * 1000)|sum(start=[])|length }}",
    "{% for i in range(100000) %}{% set x = range(100000)|list %}{% endfor %}",
    "{% filter upper %}{% for i in range(100000) %}{% filter upper %}{{ 'x' * 1000 }}{% endfilter %}{% "
    "endfor %}{% endfilter %}",
    "{% for i in range(100000) %}{{ 'x' * 1000 }}{% endfor %}",
};

TEST(hostile_templates_end) {
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++)
        survives(hostile[i], hostile[i], (int64_t)strlen(hostile[i]));
}

/* `times` of a piece, between two others. */
static void repeated(const char *before, const char *piece, const char *between, const char *behind,
                     int times) {
    size_t size = strlen(before) + (strlen(piece) + strlen(behind)) * (size_t)times + strlen(between) + 1;
    char *source = malloc(size), *at = source;
    at = stpcpy(at, before);
    for (int i = 0; i < times; i++) at = stpcpy(at, piece);
    at = stpcpy(at, between);
    for (int i = 0; i < times; i++) at = stpcpy(at, behind);
    survives(before[0] ? before : piece, source, at - source);
    free(source);
}

TEST(deep_and_long_templates_end) {
    static const int times[] = { 50, 150, 199, 500, 5000, 100000 };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        int n = times[i];
        repeated("{{ ", "(", "1", ")", n);
        repeated("{{ ", "[", "", "]", n);
        repeated("{{ ", "{'a':", "1", "}", n);
        repeated("{{ ", "-", "1 }}", "", n);
        repeated("{{ ", "not ", "1 }}", "", n);
        repeated("{{ 1", " + 1", " }}", "", n);
        repeated("{{ 1", " ** 1", " }}", "", n);
        repeated("{{ 1", " ~ 1", " }}", "", n);
        repeated("{{ 1", " and 1", " }}", "", n);
        repeated("{{ 1", " < 2", " }}", "", n);
        repeated("{{ 1", " if 1 else 2", " }}", "", n);
        repeated("{{ 'a'", "|upper", " }}", "", n);
        repeated("{{ 'a'", " is string", " }}", "", n);
        repeated("{{ a", ".a", " }}", "", n);
        repeated("{{ a", "[0]", " }}", "", n);
        repeated("{{ a", "()", " }}", "", n);
        repeated("{{ f(", "f(", "1", ")", n);
        repeated("", "{% if 1 %}", "x", "{% endif %}", n);
        repeated("", "{% for x in [1] %}", "{{ x }}", "{% endfor %}", n);
        repeated("", "{% for x in [1, 2] %}", "{{ loop.index }}", "{% endfor %}", n);
        repeated("", "{% macro f() %}", "x", "{% endmacro %}", n);
        repeated("", "{% filter upper %}", "x", "{% endfilter %}", n);
        repeated("", "{% set x %}", "x", "{% endset %}", n);
        repeated("", "{% with a = 1 %}", "{{ a }}", "{% endwith %}", n);
        repeated("{% if 0 %}", "{% elif 0 %}", "{% endif %}", "", n);
        repeated("", "{% set a = a|default(1) + 1 %}", "{{ a }}", "", n);
        repeated("", "{% for x in [1] %}{% endfor %}", "", "", n);
        repeated("", "{{", "", "", n);
        repeated("", "{%", "", "", n);
        repeated("", "{#", "", "", n);
        repeated("", "{% raw ", "", "", n);
        repeated("{% raw %}", "{% endraw ", "", "", n);
        repeated("{{ '", "\\x41", "' }}", "", n);
        repeated("{{ ", "'a' ", "}}", "", n);
        repeated("{{ [", "1,", "] }}", "", n);
        repeated("{{ f(", "a=1,", ") }}", "", n);
        repeated("{{ ", "1", " }}", "", n);
        repeated("{{ 0x", "f", " }}", "", n);
        repeated("{{ 1.", "1", " }}", "", n);
        repeated("{% ", "\n", "%}", "", n);
        repeated("{% set ", "a,", " = 1 %}", "", n);
    }
}

static void names(const char *form, int count) {
    size_t room = (size_t)count * 80 + 64, used = 0;
    char *source = malloc(room);
    for (int i = 0; i < count; i++) used += (size_t)snprintf(source + used, room - used, form, i, i, i);
    survives(form, source, (int64_t)used);
    free(source);
}

TEST(many_names_end) {
    names("{%% set a%d = 1 %%}{{ a%d }}", 30000);
    names("{%% if a%d %%}{%% set b%d = 1 %%}{%% endif %%}", 20000);
    names("{%% for x%d in [1] %%}{{ x%d }}{%% endfor %%}", 10000);
    names("{%% macro m%d(x) %%}{{ x }}{%% endmacro %%}{{ m%d(1) }}", 10000);
    names("{%% block b%d %%}{%% endblock %%}", 20000);
}
