#!/usr/bin/env python3
"""Random strings through switchyard and through the libraries that tokenizers were made for; reports every difference.

    tools/golden/tokenizer_diff.py build/switchyard FILE ... [--strings 100000] [--seed 1] [--pre NAME]

FILE is a tokenizer.json (Hugging Face's tokenizers), a .model (sentencepiece) or a .tiktoken (tiktoken; --pre names pattern and special
tokens). Strings mix words, scripts, spaces, digits, punctuation, emoji, marks, special tokens of the file, and single code points that
are assigned in Unicode 14, which is what PCRE2 10.42 knows. Ids are compared, as plain text and (tokenizers, tiktoken) with special tokens
read as such, and then what the ids decode to. Exit status 1 where something differs.
"""
import argparse, base64, json, os, random, re, subprocess, sys, tempfile, unicodedata

O200K = ("[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?"
         "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|"
         "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+")
HAN = "&&[^\\p{Han}]]"
KIMI = "[\\p{Han}]+|" + O200K.replace("\\p{M}]", "\\p{M}" + HAN).replace("[\\r\\n/]*", "[\\r\\n]*")
CL100K = ("'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s")
PRE = {"cl100k": (CL100K, {"<|endoftext|>": 100257, "<|endofprompt|>": 100276}), "kimi-k2": (KIMI, {"[BOS]": 163584, "<|im_end|>": 163586}),
       "o200k_harmony": (O200K, {"<|endoftext|>": 199999, "<|start|>": 200006, "<|call|>": 200012}),
       "llama4": (O200K, {"<|begin_of_text|>": 200000, "<|eot|>": 200008})}


def assigned():
    """By category group: code points of Unicode 14 (Python's own tables are at least as new; what is newer is left out by block)."""
    newer = [(0x1B132, 0x1B132), (0x1B155, 0x1B155), (0x11F00, 0x11F59), (0x13430, 0x13455), (0x1D2C0, 0x1D2D3), (0x1DF25, 0x1DF2A), (0x1E030, 0x1E08F),
             (0x1E4D0, 0x1E4F9), (0x31350, 0x323AF), (0x10EFD, 0x10EFF), (0xCF3, 0xCF3), (0xECE, 0xECE), (0x11240, 0x11241), (0x11B00, 0x11B09),
             (0x1F6DC, 0x1F6DC), (0x1F774, 0x1F776), (0x1F77B, 0x1F77F), (0x1F7D9, 0x1F7D9), (0x1FA75, 0x1FA77), (0x1FA87, 0x1FA88),
             (0x1FAAD, 0x1FAAF), (0x1FABB, 0x1FABD), (0x1FABF, 0x1FABF), (0x1FACE, 0x1FACF), (0x1FADA, 0x1FADB), (0x1FAE8, 0x1FAE8),
             (0x1FAF7, 0x1FAF8), (0x2EBF0, 0x2EE5D), (0x2FFC, 0x2FFF), (0x31EF, 0x31EF)]
    out = {}
    for c in range(0x110000):
        kind = unicodedata.category(chr(c))
        if kind not in ("Cn", "Cs", "Co") and not any(a <= c <= b for a, b in newer):
            out.setdefault(kind[0], []).append(chr(c))
    return out


def strings(count, seed, specials):
    rng = random.Random(seed)
    groups = assigned()
    words = "the The THE it's don't We'll I'M hello world Switchyard naïve Москва данные 世界 数据 模型 こんにちは 한국어 สวัสดี हिन्दी العربية def return x1 y_2 http://a.b/c".split()
    pieces = [lambda: rng.choice(words), lambda: " ", lambda: rng.choice([" ", "  ", "\n", "\n\n", "\r\n", "\t", "\u00a0", "\u3000", "   "]),
              lambda: str(rng.randrange(10 ** rng.randint(1, 7))), lambda: rng.choice(".,;:!?'\"()[]{}<>/\\|@#$%^&*-_=+~`…—“”¿。，、"),
              lambda: rng.choice(groups[rng.choice("LLLMNPSZC")]), lambda: rng.choice(["🙂", "👍🏽", "👩‍👩‍👧", "🇩🇪", "e\u0301", "\u1e9b\u0323", "▁", "Ġ"]),
              lambda: rng.choice(["'s", "'S", "'ll", "'RE", "ſ", "K", "İ", "ß"]), lambda: rng.choice("aAbzé世") * rng.randint(1, 9),
              lambda: rng.choice(specials) if specials else "x"]
    weights = [6, 6, 3, 2, 4, 5, 1, 2, 1, 0.4]
    for _ in range(count):
        yield "".join(rng.choices(pieces, weights)[0]() for _ in range(rng.randint(1, 24)))


class Tokenizers:
    def __init__(self, path):
        from tokenizers import Tokenizer
        self.tok = Tokenizer.from_file(path)
        self.specials = [t["content"] for t in json.load(open(path, encoding="utf-8"))["added_tokens"]][:60]
    def plain(self, text):
        self.tok.encode_special_tokens = True
        return self.tok.encode(text, add_special_tokens=False).ids
    def special(self, text):
        self.tok.encode_special_tokens = False
        return self.tok.encode(text, add_special_tokens=False).ids
    def decode(self, ids):
        return self.tok.decode(ids, skip_special_tokens=False).encode()


class SentencePiece:
    special = None
    def __init__(self, path):
        from sentencepiece import SentencePieceProcessor
        self.sp = SentencePieceProcessor(model_file=path)
        self.specials = ["<s>", "</s>", "<unk>", "[INST]", "<extra_id_3>"]
    def plain(self, text):
        return self.sp.encode(text)
    def decode(self, ids):
        return self.sp.decode(ids).encode()


class Tiktoken:
    def __init__(self, path, pre):
        import tiktoken
        ranks = {base64.b64decode(a): int(b) for a, b in (l.split() for l in open(path, "rb") if l.strip())}
        self.enc = tiktoken.Encoding(pre, pat_str=PRE[pre][0], mergeable_ranks=ranks, special_tokens=PRE[pre][1])
        self.specials = list(PRE[pre][1])
    def plain(self, text):
        return self.enc.encode_ordinary(text)
    def special(self, text):
        return self.enc.encode(text, allowed_special="all")
    def decode(self, ids):
        return self.enc.decode_bytes(ids)


def lines(binary, path, flags, values):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
        f.writelines(json.dumps(v) + "\n" for v in values)
        f.flush()
        done = subprocess.run([binary, "tokenize", path, "--lines", f.name, "--no-special", *flags], capture_output=True)
    if done.returncode:
        sys.exit(f"{path}: {done.stderr.decode()}")
    return [json.loads(l) for l in done.stdout.decode().split("\n")[:-1]]


def fold(data):
    return re.sub("\ufffd+", "\ufffd", data.decode("utf-8", "replace"))


def compare(binary, path, options):
    pre = ["--pre", options.pre] if path.endswith(".tiktoken") else []
    ref = Tiktoken(path, options.pre) if pre else SentencePiece(path) if path.endswith(".model") else Tokenizers(path)
    texts = list(strings(options.strings, options.seed, ref.specials))
    wrong = 0
    for name, flags in (("plain", []), ("special", ["--parse-special"])):
        if getattr(ref, name) is None:
            continue
        got = lines(binary, path, pre + flags, texts)
        want = [getattr(ref, name)(t) for t in texts]
        bad = [(t, g, w) for t, g, w in zip(texts, got, want) if g != w]
        wrong += len(bad)
        for t, g, w in bad[:options.show]:
            print(f"  {name} {t!r}\n    got  {g}\n    want {w}")
    back = lines(binary, path, pre + ["--decode", "--hex"], want)
    bad = [(i, g, ref.decode(i)) for i, g in zip(want, back) if fold(bytes.fromhex(g)) != fold(ref.decode(i))]
    for i, g, w in bad[:options.show]:
        print(f"  decode {i}\n    got  {bytes.fromhex(g)!r}\n    want {w!r}")
    print(f"{os.path.basename(path)}: {len(texts)} strings, {wrong} differ in ids, {len(bad)} in what they decode to", flush=True)
    return wrong + len(bad)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("binary")
    p.add_argument("files", nargs="+")
    p.add_argument("--strings", type=int, default=100000)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--pre")
    p.add_argument("--show", type=int, default=3)
    o = p.parse_args()
    sys.exit(1 if sum(compare(o.binary, f, o) for f in o.files) else 0)


if __name__ == "__main__":
    main()
