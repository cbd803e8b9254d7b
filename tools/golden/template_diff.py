#!/usr/bin/env python3
"""Renders random and hand-picked templates with jinja2 and with switchyard, and reports where they differ.

    template_diff.py [--bin build/switchyard] [--count N] [--seed S] [--only WORD] [--golden FILE] [--library]

Needs jinja2 3.1.6 and markupsafe; the environment is the one that transformers makes. An error on both sides counts as
equal, whatever its words. --golden FILE writes the hand-picked cases with jinja2's results as lines of JSON, which
src/template/cases_test.c reads. --library takes every filter and test that jinja2 has, on every name of the context, with
arguments drawn from few values: random templates come to few of these pairs."""
import argparse, json, os, random, re, subprocess, sys, tempfile
from datetime import datetime

import jinja2, jinja2.ext, jinja2.nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from template_cases import CASES, CONTEXT, STATEMENTS

NOW = datetime(2026, 3, 14, 15, 9, 26)


class Generation(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_keep"), [], [], body).set_lineno(line)

    def _keep(self, caller):
        return caller()


def environment():
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = lambda format: NOW.strftime(format)
    return env


ENV = environment()


def theirs(source):
    try:
        out = ENV.from_string(source).render(**json.loads(json.dumps(CONTEXT)))
        out.encode("utf-8")
        return out, None
    except RecursionError:
        return None, "RecursionError"
    except Exception as e:  # every kind of error is one here
        return None, f"{type(e).__name__}: {e}"


def ours(binary, folder, source):
    with open(os.path.join(folder, "t.jinja"), "w", encoding="utf-8", newline="", errors="surrogatepass") as f:
        f.write(source)
    p = subprocess.run([binary, "template", "--file", os.path.join(folder, "t.jinja"), "--context", os.path.join(folder, "c.json"),
                        "--now", "2026-03-14T15:09:26Z"], capture_output=True, timeout=20)
    if p.returncode == 0:
        return p.stdout.decode("utf-8"), None
    error = p.stderr.decode("utf-8", "replace").strip()
    return None, error if p.returncode == 1 and "line " in error else f"CRASH {p.returncode} {error}"


# ---- random templates ------------------------------------------------------------------------------------------------

NAMES = ["n", "z", "neg", "f", "s", "t", "e", "l", "ls", "d", "nest", "users", "none", "tr", "fa", "u", "html", "multi", "big",
         "mixed", "eld", "emd", "q"]
LITERALS = ["0", "1", "2", "-1", "3", "10", "0.5", "2.0", "-7", "1e3", "''", "'a'", "'abc'", "'A b-c'", "' x '", "'é日'", "'1'", "'3.7'",
            "[]", "[1, 2, 3]", "['a', 'B']", "{}", "{'a': 1}", "(1, 2)", "true", "false", "none", "range(3)", "range(5, 0, -2)"]
FILTERS = ["abs", "attr('a')", "batch(2)", "batch(2, 'x')", "capitalize", "center(9)", "count", "default('D')", "default('D', true)",
           "dictsort", "dictsort(false, 'value')", "e", "escape", "filesizeformat", "first", "float", "forceescape", "groupby('age')", "indent", "indent(2, true)",
           "int", "items", "join", "join('-')", "last", "length", "list", "lower", "map('upper')", "map(attribute='name')", "max", "min",
           "pprint", "reject('odd')", "rejectattr('on')", "replace('l', 'L')", "reverse", "round", "round(1)", "round(1, 'floor')", "safe", "select",
           "select('string')", "selectattr('age', 'gt', 26)", "slice(2)", "slice(2, 0)", "sort", "sort(reverse=true)", "sort(attribute='age')", "string",
           "striptags", "sum", "sum(start=1)", "title", "tojson", "tojson(indent=1)", "tojson(sort_keys=true)", "trim", "truncate(5)", "truncate(6, true, '.')", "unique",
           "upper", "urlencode", "urlize", "urlize(5, true)", "wordcount", "wordwrap(5)", "xmlattr", "list|tojson", "list|length", "string|length", "d|list", "format(1)", "format"]
TESTS = ["defined", "undefined", "none", "string", "number", "integer", "float", "mapping", "sequence", "iterable", "callable", "odd", "even", "true", "false", "boolean",
         "upper", "lower", "escaped", "in [1, 'a']", "eq 1", "ne 1", "lt 2", "gt 'a'", "divisibleby 2", "sameas none", "divisibleby 0", "ge 1.5"]
METHODS = [".upper()", ".strip()", ".split()", ".split('b')", ".keys()|list", ".values()|list", ".items()|list", ".get('a')", ".a", ".name", "[0]", "[-1]", "['a']", "[1:]",
           "[::-1]", "[:-1]", "[::2]", "[5]", ".x.y", ".title()", ".index(1)", ".count(1)", ".count('l')", ".find('l')", ".startswith('H')", ".endswith(('d', 'x'))", ".join(ls)",
           ".replace('l', 'x', 1)", ".zfill(6)", ".rsplit(None, 1)", ".partition(' ')", ".isdigit()", ".format(1, a=2)", ".splitlines()", ".real", ".is_integer()", ".bit_length()",
           ".copy()", ".append(1)", ".pop()", ".update({})", ".__class__", "._x", ".0", "['upper']()", "[1:5:2]", "[tr]", "[none]", "[:n]", "[2.0]"]
BINARY = ["+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or"]


def expression(rng, depth):
    if depth <= 0:
        return rng.choice(NAMES if rng.random() < 0.6 else LITERALS)
    kind = rng.random()
    sub = lambda: expression(rng, depth - 1)
    if kind < 0.28:
        return f"{sub()}|{rng.choice(FILTERS)}"
    if kind < 0.45:
        return f"({sub()}){rng.choice(METHODS)}"
    if kind < 0.72:
        return f"{sub()} {rng.choice(BINARY)} {sub()}"
    if kind < 0.80:
        return f"{sub()} is {'not ' if rng.random() < 0.3 else ''}{rng.choice(TESTS)}"
    if kind < 0.85:
        return f"({sub()})"
    if kind < 0.90:
        return f"{rng.choice(['not ', '-', '+'])}{sub()}"
    if kind < 0.95:
        return f"{sub()} if {sub()} else {sub()}"
    return rng.choice([f"[{sub()}, {sub()}]", f"({sub()}, {sub()})", f"{{'a': {sub()}, 1: {sub()}}}", f"[{sub()}]|map('string')|list"])


ADDRESSES = """( ) < > [ ] &lt; &gt; . , : / // @ - _ % # ? & ; ' " http:// https:// HTTP:// www. WWW. mailto: ftp:// tel: xn-- com net org info museum a b ab abc d12
    1 12 123 1234 :80 :123456 /x ?y=1 #z example a.b .com .org .de @b.co a@b.c [::1] [1:2:3] :: 1.2.3.4 é 日 ١ ſ K İ ı \\n \\t \\u00a0 \\u2028 \\x1d \\x00""".split() + [" "] * 12


def addresses(rng):
    """Words that nearly are addresses, through urlize with any of its arguments."""
    text = "".join(rng.choices(ADDRESSES, k=rng.randrange(1, 14))).replace("'", "\\'")
    given = rng.sample(["trim_url_limit=" + rng.choice(["0", "3", "9", "20", "-2", "none"]), "nofollow=" + rng.choice(["true", "false"]), "target='_b'",
                        "rel='" + rng.choice(["", "x a", "noopener me"]) + "'", "extra_schemes=['tel:', 'ftp://']"], rng.choice([0, 0, 1, 2]))
    return "{{ '" + text + "'" + rng.choice(["", "|safe", "|e"]) + "|urlize(" + ", ".join(given) + ") }}"


def statement(rng, depth, loop=False):
    name = rng.choice("abxy")
    body = lambda inner=loop: block(rng, depth - 1, inner)
    kind = rng.randrange(16 if depth > 0 else 5)
    if kind < 2:
        return "{{ " + rng.choice(["a", "b", "x", "y", "loop.index", "ns.v", "n", "l"] + ([] if not loop else ["loop.last", "loop.first"])) + " }}"
    if kind == 2:
        return "{% set " + name + " = " + rng.choice(["1", "n", "a", "x ~ 'q'", "b|default(3)", "[a, b]", "ns"]) + " %}"
    if kind == 3:
        return "{% set ns.v = " + rng.choice(["ns.v + 1", "a", "x", "ns.v ~ y"]) + " %}"
    if kind == 4:
        return rng.choice([" text ", "\n", "  \n\t", "{# note #}", "{{- n -}}", "{%- if n %} k {% endif -%}\n", "é"])
    if kind < 7:
        return "{% if " + rng.choice(["a", "x is defined", "n > 3", "loop is defined", "ns.v", "not b"]) + " %}" + body() + rng.choice(["", "{% else %}" + body(), "{% elif y %}" + body() + "{% else %}" + body()]) + "{% endif %}"
    if kind < 10:
        jump = rng.choice(["", "", "{% if loop.index == 2 %}{% break %}{% endif %}", "{% if x %}{% continue %}{% endif %}"])
        head = rng.choice(["for x in l", "for a in range(3)", "for x in eld", "for a, b in d.items()", "for y in l if y > 1", "for x in 'ab'", "for x in l|map('string')"])
        return "{% " + head + " %}" + body(True) + jump + body(True) + rng.choice(["", "{% else %}" + body(loop)]) + "{% endfor %}"
    if kind == 10:
        return "{% macro " + name + "(x, b=" + rng.choice(["2", "a", "x"]) + ") %}" + block(rng, depth - 1, False) + rng.choice(["", "{{ caller() if caller }}", "{{ varargs }}", "{{ kwargs }}"]) + "{% endmacro %}"
    if kind == 11:
        return "{{ " + name + "(" + rng.choice(["1", "", "n, 2", "b=3", "1, 2, 3", "x=1, k=2"]) + ") if " + name + " is callable }}"
    if kind == 12:
        return "{% with " + name + " = " + rng.choice(["1", "n", "x"]) + " %}" + body() + "{% endwith %}"
    if kind == 13:
        return "{% filter " + rng.choice(["upper", "trim", "replace('1', '-')"]) + " %}" + body() + "{% endfilter %}"
    if kind == 14:
        return "{% set " + name + rng.choice(["", " | upper"]) + " %}" + body() + "{% endset %}"
    return "{% call " + name + "(1) %}" + block(rng, depth - 1, False) + "{% endcall %}"


def block(rng, depth, loop=False):
    return "".join(statement(rng, depth, loop) for _ in range(rng.randrange(1, 4)))


def random_template(rng):
    if rng.random() < 0.1:
        return addresses(rng)
    if rng.random() < 0.6:
        return "{{ " + expression(rng, rng.randrange(1, 4)) + " }}"
    return "{% set ns = namespace(v=0) %}" + block(rng, 3)


def library(rng):
    """Each filter and test of jinja2's environment, by name."""
    values = ["", "1", "2, 'x'", "'a'", "true", "'age'", "q", "none", "-1, 2", "['a']", "0, true, 1", "'n', 1, 2"]
    for kind, names in (("|", ENV.filters), ("is", ENV.tests)):
        for name in sorted(set(names) - {"random"}):
            for subject in NAMES + ["loop", "range(3)", "'5'|safe", "users|first", "'a b'", "(1, 2)"]:
                for given in {"", *rng.sample(values, 4)}:
                    if kind == "|":
                        yield "{{ %s|%s(%s)%s }}" % (subject, name, given, rng.choice(["", "|list", "|string", "|length"]))
                    elif name.isalpha():
                        yield "{{ %s is %s(%s) }}" % (subject, name, given)
                    else:  # an operator: select knows it by name
                        yield "{{ [%s]|select('%s'%s)|list }}" % (subject, name, given and ", " + given)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bin", default="build/switchyard")
    p.add_argument("--count", type=int, default=2000)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--only")
    p.add_argument("--golden")
    p.add_argument("--library", action="store_true")
    args = p.parse_args()
    cases = ["{{ " + c + " }}" for c in CASES] + STATEMENTS
    if args.golden:
        with open(args.golden, "w", encoding="utf-8") as f:
            f.write(json.dumps(CONTEXT, ensure_ascii=True) + "\n")
            for source in cases:
                out, error = theirs(source)
                if out is not None and " at 0x" in out:
                    continue
                f.write(json.dumps({"template": source, **({"expected": out} if error is None else {"error": error.split("\n")[0][:80]})}, ensure_ascii=True) + "\n")
        return 0
    rng = random.Random(args.seed)
    cases += library(rng) if args.library else [random_template(rng) for _ in range(args.count)]
    bad = good = errors = 0
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "c.json"), "w") as f:
            json.dump(CONTEXT, f)
        for source in cases:
            if args.only and args.only not in source:
                continue
            want, why = theirs(source)
            if want is not None and ("generatorobject" in re.sub(r"\W", "", want.lower()) or " at 0x" in want or "lipsum" in source):
                continue
            got, error = ours(args.bin, folder, source)
            same = want == got and not (error or "").startswith("CRASH")
            good += same
            errors += same and why is not None
            if not same:
                bad += 1
                print(f"{source!r}\n    jinja2:     {want if why is None else why!r}\n    switchyard: {got if error is None else error!r}")
    print(f"{good} the same ({errors} of them errors), {bad} differ")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
