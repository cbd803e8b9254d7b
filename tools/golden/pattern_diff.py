#!/usr/bin/env python3
"""Hold our matches of tokenizers' patterns beside those of the engines that they were written for.

    ninja -C build tests/pattern-matches
    /tmp/venv/bin/python tools/golden/pattern_diff.py [--build build] [--count 100000] [--seed 1] [WORD ...]

Each pattern is run over COUNT random strings of code points assigned in Unicode 14 (this Python's unicodedata must be
of 14.0), by ours and by: tokenizers (Oniguruma), tiktoken (Rust's fancy-regex), Python's regex. Exit status 1 when any
differs. WORD: only patterns whose name holds it.

tiktoken tells pieces only through ids: its vocabulary is made of all bytes and of the pieces that we found, without those
of two bytes, so that nothing can be merged and a piece of another cut falls into single bytes.
"""
import argparse
import glob
import json
import pathlib
import random
import re
import subprocess
import sys
import unicodedata

ONIGURUMA, RUST, PYTHON = 0, 1, 2
ROOT = pathlib.Path(__file__).resolve().parents[2]
CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
SPACES = r"\s*[\r\n]+|\s+(?!\S)|\s+"
WORD = r"[^\r\n\p{L}\p{N}]?\p{L}+"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
BEFORE = r"[^\r\n\p{L}\p{N}]?"
HAN_UPPER, HAN_LOWER = UPPER[:-1] + r"&&[^\p{Han}]]", LOWER[:-1] + r"&&[^\p{Han}]]"
LETTERS = ("A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af\u0370-\u0373"
           "\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f")

# name -> (pattern, engines that it is written for)
KNOWN = {
    "gpt2": (r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", "orp"),
    "gpt2-tiktoken": (r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s", "rp"),
    "cl100k": (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|"
               r"\s*[\r\n]|\s+(?!\S)|\s", "rp"),
    "llama3": (f"{CONTRACTION}|{WORD}|" + r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + SPACES, "orp"),
    "qwen2": (f"{CONTRACTION}|{WORD}|" + r"\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + SPACES, "orp"),
    "o200k": (f"{BEFORE}{UPPER}*{LOWER}+{CONTRACTION}?|{BEFORE}{UPPER}+{LOWER}*{CONTRACTION}?|"
              + r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|" + SPACES, "orp"),
    "tekken": (f"{BEFORE}{UPPER}*{LOWER}+|{BEFORE}{UPPER}+{LOWER}*|" + r"\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|" + SPACES,
               "orp"),
    "kimi-k2": (r"[\p{Han}]+|" f"{BEFORE}{HAN_UPPER}*{HAN_LOWER}+{CONTRACTION}?|{BEFORE}{HAN_UPPER}+{HAN_LOWER}*"
                f"{CONTRACTION}?|" + r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + SPACES, "orp"),
    "deepseek-llm-1": (r"[\r\n]", "orp"),
    "deepseek-llm-2": (r"\s?[" + LETTERS + "]+", "orp"),
    "deepseek-llm-3": ("\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+", "orp"),
    "deepseek-llm-4": (r"\s+$", "o"),
    "deepseek-llm-4r": (r"\s+$", "r"),
    "deepseek-llm-4p": (r"\s+$", "p"),
    "deepseek-llm-5": ("[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+", "orp"),
    "deepseek-llm-6": (r"\p{N}+", "orp"),
    "deepseek-coder-3": (r"\s?\p{P}+", "orp"),
    "starcoder": (r"\p{N}", "orp"),
    "falcon": (r"[\p{P}\$\+<=>\^~\|`]+", "orp"),
    "bloom": (" ?[^(\\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+", "o"),
    "words-o": (r"\w+|[^\w\s]+", "o"),
    "words": (r"\w+|[^\w\s]+|\b", "rp"),
    "boundaries": (r"\b\S|\w\B\w", "orp"),
    "digits-by-three": (r"\d{1,3}(?=(?:\d{3})*\b)", "rp"),
    "sets": (r"[\S&&[^a-e\d]]+|[\s\p{Lu}\-]|[^\S\n]+", "or"),
    "words-without-digits": (r"[^\W\d_]+", "orp"),
    "lines": (r"^.|.$", "o"),
    "lines-r": (r"^.|.$", "r"),
    "lines-p": (r"^.|.$", "p"),
    "scripts": (r"\p{Han}+|\p{Greek}+|\p{Cyrillic}+|\p{Hiragana}+|\p{Arabic}+|\p{Latin}+|\p{Thai}+", "orp"),
    "categories": ("|".join(r"\p{%s}+" % c for c in "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So "
                            "Zs Zl Zp Cc Cf Co".split()), "orp"),
    "folded": (r"(?i:[a-z]+|_)|(?i:x)", "rp"),
}


def patterns_of_files(folder):
    """Every Regex in the tokenizer.json files of the test vectors."""
    found = {}

    def walk(value, name):
        if isinstance(value, dict):
            if isinstance(value.get("Regex"), str):
                found[f"{name}-{len(found)}"] = (value["Regex"], "o")
            for inner in value.values():
                walk(inner, name)
        elif isinstance(value, list):
            for inner in value:
                walk(inner, name)

    for path in sorted(glob.glob(f"{folder}/*tokenizer.json*")):
        data = subprocess.run(["zstd", "-dc", "--long=27", path], capture_output=True, check=True).stdout \
            if path.endswith(".zst") else open(path, "rb").read()
        tokenizer = json.loads(data)
        for part in ("normalizer", "pre_tokenizer", "decoder"):
            walk(tokenizer.get(part), pathlib.Path(path).name.split(".")[0])
    for path in sorted(glob.glob(f"{folder}/*.jsonl.zst")):
        data = subprocess.run(["zstd", "-dc", "--long=27", path], capture_output=True, check=True).stdout
        header = json.loads(data.split(b"\n", 1)[0])
        for key, value in header.items():
            if key in ("pattern", "pat_str") and isinstance(value, str):
                found[f"{pathlib.Path(path).name.split('.')[0]}-header"] = (value, "r")
    return found


def strings(count, seed):
    rng = random.Random(seed)
    moved = {0x295}  # Ll until Unicode 16, Lo in 17, which the regex module of 2026 knows
    assigned = [c for c in range(1, 0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs") and c not in moved]
    groups = {}
    for c in assigned:
        groups.setdefault(unicodedata.category(chr(c)), []).append(c)
    kinds = list(groups)
    odd = [0x85, 0xA0, 0x1C, 0x1F, 0x180E, 0x200B, 0x200C, 0x200D, 0x2028, 0x3000, 0x3001, 0x17F, 0x212A, 0x130, 0x131,
           0x345, 0xB2, 0x2160, 0x24D0, 0x3007, 0x4E2D, 0x3042, 0xAC00, 0x301, 0x600, 0x1F600]
    pieces = ["'s", "'S", "'LL", "'re", " ", "  ", "\n", "\r\n", " \n", "\t", "ab", "AB", "Ab", "aB", "12", "1234", "...", "//",
              "_", "\u4e2d\u6587", "\u2019t", "a\u0301"]

    def one():
        kind = rng.randrange(10)
        if kind < 3:
            return rng.choice(pieces)
        if kind < 5:
            return chr(rng.randrange(0x20, 0x7F))
        if kind == 5:
            return chr(rng.choice(odd))
        if kind < 8:
            return chr(rng.choice(groups[rng.choice(kinds)]))
        if kind == 8:
            return rng.choice(" \n\r\t") * rng.randrange(1, 4)
        return chr(rng.choice(assigned))

    return ["".join(one() for _ in range(rng.randrange(1, 24))) for _ in range(count)]


def ours(program, pattern, dialect, texts):
    lines = [f"{dialect} {pattern.encode().hex()}"] + [t.encode().hex() for t in texts]
    ran = subprocess.run([program], input="\n".join(lines) + "\n", capture_output=True, text=True)
    if ran.returncode:
        raise SystemExit(f"{pattern}: {ran.stderr}")
    return [[tuple(map(int, span.split("-"))) for span in line.split()] for line in ran.stdout.split("\n")[:-1]]


def by_oniguruma(pattern, texts):
    from tokenizers import Regex, pre_tokenizers
    split = pre_tokenizers.Split(Regex(pattern), "removed", invert=True)  # what matches stays
    for text in texts:
        at = [0]
        for c in text:
            at.append(at[-1] + len(c.encode()))
        yield [(at[a], at[b]) for _, (a, b) in split.pre_tokenize_str(text)]


def by_python(pattern, texts):
    import regex
    flags = regex.V1 if "&&" in pattern else regex.V0
    compiled = regex.compile(pattern, flags)
    for text in texts:
        at = [0]
        for c in text:
            at.append(at[-1] + len(c.encode()))
        yield [(at[m.start()], at[m.end()]) for m in compiled.finditer(text) if m.end() > m.start()]


def rust_differs(pattern, texts, spans):
    """Indices of texts that tiktoken cuts otherwise."""
    import tiktoken
    bad = []
    for begin in range(0, len(texts), 2000):
        batch = range(begin, min(begin + 2000, len(texts)))
        vocabulary = {bytes([b]): b for b in range(256)}
        for i in batch:
            data = texts[i].encode()
            for a, b in spans[i]:
                if b - a > 2:
                    vocabulary.setdefault(data[a:b], len(vocabulary))
        encoding = tiktoken.Encoding("x", pat_str=pattern, mergeable_ranks=vocabulary, special_tokens={})
        for i in batch:
            data = texts[i].encode()
            want = []
            for a, b in spans[i]:
                want += [data[a:b]] if b - a > 2 else [data[k:k + 1] for k in range(a, b)]
            if encoding.decode_tokens_bytes(encoding.encode_ordinary(texts[i])) != want:
                bad.append(i)
    return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", default=str(ROOT / "build"))
    parser.add_argument("--count", type=int, default=100000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    if unicodedata.unidata_version != "14.0.0":
        raise SystemExit(f"this Python knows Unicode {unicodedata.unidata_version}, not 14.0")
    program = f"{options.build}/tests/pattern-matches"
    known = dict(KNOWN)
    known.update(patterns_of_files(ROOT.parent / "shared/data/vectors/tokenizers"))
    texts = strings(options.count, options.seed)
    differing = 0
    for name, (pattern, engines) in known.items():
        if options.words and not any(word in name for word in options.words):
            continue
        for engine in engines:
            dialect = {"o": ONIGURUMA, "r": RUST, "p": PYTHON}[engine]
            spans = ours(program, pattern, dialect if "&&" not in pattern or engine != "p" else RUST, texts)
            if engine == "r":
                bad = rust_differs(pattern, texts, spans)
            else:
                theirs = (by_oniguruma if engine == "o" else by_python)(pattern, texts)
                bad = [i for i, want in enumerate(theirs) if spans[i] != want]
            label = {"o": "Oniguruma", "r": "tiktoken", "p": "Python's regex"}[engine]
            print(f"{name:24} {label:15} {len(texts)} strings, {len(bad)} differ", flush=True)
            if bad:
                differing += 1
                worst = min((texts[i] for i in bad), key=len)
                print("   shortest:", " ".join(f"{ord(c):04X}" for c in worst))
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
