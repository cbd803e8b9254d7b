#!/usr/bin/env python3
"""Random strings through switchyard and through the libraries that tokenizers were made for; reports every difference.

    tools/golden/tokenizer_diff.py build/switchyard FILE ... [--strings 100000] [--seed 1] [--pre NAME]

FILE is a tokenizer.json (Hugging Face's tokenizers), a .model (sentencepiece), a .tiktoken (tiktoken; --pre names pattern and special
tokens) or a .gguf (tokenizers, built from the file's arrays as the authors' tokenizer.json has it; with --llama-cpp llama.cpp). Strings mix
words, scripts, spaces, digits, punctuation, emoji, marks, special tokens of the file, and single code points that are assigned in Unicode
14, which is what PCRE2 10.42 knows. Ids are compared, as plain text and (but for sentencepiece) with special tokens read as such, and then
the bytes that the ids decode to. Exit status 1 where something differs. What came of it stands in README.md.
"""
import argparse, base64, json, os, random, subprocess, sys, tempfile, unicodedata

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


# The authors' pre-tokenisers, by tokenizer.ggml.pre. deepseek-llm: tokenizer.json of deepseek-ai/deepseek-llm-7b-base.
CASED = """41-5A 61-7A B5 C0-D6 D8-F6 F8-1BA 1BC-1BF 1C4-293 295-2AF 370-373 376 377 37B-37D 37F 386 388-38A 38C 38E-3A1 3A3-3F5 3F7-481 48A-52F 531-556
    10A0-10C5 13A0-13F5 13F8-13FD 1C90-1CBA 1CBD-1CBF 1D00-1D2B 1D6B-1D77 1D79-1D9A 1E00-1F15 1F18-1F1D 1F20-1F45 1F48-1F4D 1F50-1F57 1F59 1F5B 1F5D
    1F5F-1F7D 1F80-1FB4 1FB6-1FBC 1FBE 1FC2-1FC4 1FC6-1FCC 1FD0-1FD3 1FD6-1FDB 1FE0-1FEC 1FF2-1FF4 1FF6-1FFC 2102 2107 210A-2113 2115 2119-211D 2124 2126
    2128 212A-212D 212F-2134 2139 213C-213F 2145-2149 214E 2183 2184 2C00-2C7B 2C7E-2CE4 2CEB-2CEE 2CF2 2CF3 A640-A66D A680-A69B A722-A76F A771-A787
    A78B-A78E AB70-ABBF FB00-FB06 FB13-FB17 FF21-FF3A FF41-FF5A 10400-1044F 104B0-104D3 104D8-104FB 10C80-10CB2 10CC0-10CF2 118A0-118DF 1E900-1E943"""


def gguf_pre(name):
    from tokenizers import Regex, pre_tokenizers as P
    if name == "starcoder":
        return P.Sequence([P.Digits(individual_digits=True), P.ByteLevel(add_prefix_space=False, use_regex=True)])
    if name == "deepseek-llm":
        cased = "".join("-".join(chr(int(end, 16)) for end in r.split("-")) for r in CASED.split())
        splits = ["[\r\n]", "\\s?[" + cased + "]+", "\\s?[!-/:-~！-／：-～‘-‟\u3000-。]+", "\\s+$", "[一-龥\u0800-一가-\ud7ff]+"]
        return P.Sequence([P.Split(Regex(x), "isolated") for x in splits] + [P.Digits(individual_digits=True), P.ByteLevel(add_prefix_space=False, use_regex=False)])
    sys.exit(f"no reference for pre-tokeniser {name}")


class Gguf(Tokenizers):
    """What the model's tokenizer.json says, from GGUF's arrays: llama is BPE by scores behind a space, gpt2 byte-level BPE."""
    def __init__(self, path):
        from gguf import GGUFReader
        from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers
        fields = GGUFReader(path).fields
        get = lambda key: fields["tokenizer.ggml." + key].contents()
        tokens, types = get("tokens"), get("token_type")
        vocab = {t: i for i, t in enumerate(tokens)}
        if get("model") == "llama":
            merges = self.merges(vocab, get("scores"), types)
            self.tok = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
            self.tok.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
            self.tok.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
        else:
            self.tok = Tokenizer(models.BPE(vocab, [tuple(m.split(" ")) for m in get("merges")]))
            self.tok.pre_tokenizer = gguf_pre(get("pre"))
            self.tok.decoder = decoders.ByteLevel()
        self.skips = get("model") == "llama"  # sentencepiece decodes control pieces to nothing
        self.specials = []
        phi3 = "phi3" in fields["general.name"].contents().lower()
        for token, kind in zip(tokens, types):
            if kind in (2, 3, 4):  # unknown, control, user-defined
                strips = phi3 and token not in ("<unk>", "<s>", "<|endoftext|>")
                added = AddedToken(token, special=kind != 4, normalized=False, rstrip=strips)
                (self.tok.add_tokens if kind == 4 else self.tok.add_special_tokens)([added])
                self.specials += [token] if len(self.specials) < 60 and kind != 2 and token != "<unk>" else []

    def decode(self, ids):
        return self.tok.decode(ids, skip_special_tokens=self.skips).encode()

    @staticmethod
    def merges(vocab, scores, types):
        """Each piece of two others, best score first: how transformers converts sentencepiece's BPE."""
        found = []
        for piece, i in vocab.items():
            if types[i] == 1:
                cuts = [(piece[:k], piece[k:]) for k in range(1, len(piece)) if piece[:k] in vocab and piece[k:] in vocab]
                found += [(scores[i], cut) for cut in sorted(cuts, key=lambda c: (vocab[c[0]], vocab[c[1]]))]
        return [cut for _, cut in sorted(found, key=lambda f: -f[0])]


class LlamaCpp:
    decode = None
    def __init__(self, path):
        from llama_cpp import Llama
        self.specials = ["<s>", "</s>", "<|endoftext|>", "<|user|>", "<|end|>", "<fim_prefix>"]
        self.model = Llama(model_path=path, vocab_only=True, verbose=False)
    def plain(self, text):
        return self.model.tokenize(text.encode(), add_bos=False, special=False)
    def special(self, text):
        return self.model.tokenize(text.encode(), add_bos=False, special=True)


def lines(binary, path, flags, values):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
        f.writelines(json.dumps(v) + "\n" for v in values)
        f.flush()
        done = subprocess.run([binary, "tokenize", path, "--lines", f.name, "--no-special", *flags], capture_output=True)
    if done.returncode:
        sys.exit(f"{path}: {done.stderr.decode()}")
    return [json.loads(l) for l in done.stdout.decode().split("\n")[:-1]]


def compare(binary, path, options):
    pre = ["--pre", options.pre] if path.endswith(".tiktoken") else []
    kind = SentencePiece if path.endswith(".model") else Tokenizers if not path.endswith(".gguf") else LlamaCpp if options.llama_cpp else Gguf
    ref = Tiktoken(path, options.pre) if pre else kind(path)
    texts = list(strings(options.strings, options.seed, ref.specials))
    wrong = lossy = 0
    bad = []
    for name, flags in (("plain", []), ("special", ["--parse-special"])):
        if getattr(ref, name) is None:
            continue
        got = lines(binary, path, pre + flags, texts)
        want = [getattr(ref, name)(t) for t in texts]
        bad = [(t, g, w) for t, g, w in zip(texts, got, want) if g != w]
        wrong += len(bad)
        for t, g, w in bad[:options.show]:
            print(f"  {name} {t!r}\n    got  {g}\n    want {w}")
        if ref.decode:
            back = [bytes.fromhex(b) for b in lines(binary, path, pre + ["--decode", "--hex"], want)]
            if not pre:  # the others' decode gives text
                back = [b.decode("utf-8", "replace").encode() for b in back]
            bad = [(i, b, ref.decode(i)) for i, b in zip(want, back) if b != ref.decode(i)]
            lossy += len(bad)
            for i, b, w in bad[:options.show]:
                print(f"  decode {i}\n    got  {b!r}\n    want {w!r}")
    print(f"{os.path.basename(path)}: {len(texts)} strings, {wrong} differ in ids, {lossy} in what they decode to", flush=True)
    return wrong + lossy


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("binary")
    p.add_argument("files", nargs="+")
    p.add_argument("--strings", type=int, default=100000)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--pre")
    p.add_argument("--llama-cpp", action="store_true")
    p.add_argument("--show", type=int, default=3)
    o = p.parse_args()
    sys.exit(1 if sum(compare(o.binary, f, o) for f in o.files) else 0)


if __name__ == "__main__":
    main()
