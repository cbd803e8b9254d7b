#!/usr/bin/env python3
"""Small tokenizers of every kind, and what Hugging Face's tokenizers makes of tricky texts with them.

    tools/golden/make_tokenizers.py tests/golden/tokenizers

Needs tokenizers 0.23 (PyPI). Writes NAME.json (a tokenizer.json) and NAME.cases.jsonl: {"text", "ids", "plain", "framed", "decoded"}: ids
with special tokens read as such and nothing around, with special tokens as plain text, and with the template; the text that `ids` decode to.
"""
import json, os, random, sys
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

TEXT = ["The quick brown fox jumps over the lazy dog. It's 12 345 o'clock, isn't it? We'll see: don't.",
        "Der schnelle braune Fuchs; naïve café, Ünïcödé — “quotes” … and an em–dash!", "数 据 模型 训练 是 一个 问题。 世界 你好 世界",
        "def f(x):\n    return x * 2  # twice\n\n\nprint(f(21))\n", "aaaa aaaaaaaa baba abab abcabcabc the the then than that"] * 20
QWEN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def texts():
    rng = random.Random(7)
    out = ["", " ", "  ", "a", "The quick brown fox", "it's IT'S we'll", "  two  spaces  ", "x\n\n y\r\n\tz ", "12345 67", "naïve café", "e\u0301\u212b",
           "数据模型世界你好", "<s>hello</s>", "a<mask>b", "a <mask> b", "<pad><pad>", "foo<tag>bar <tag> baz", "xwordx word word.", "the_word", "▁a▁ b", "Ġa",
           "<0x0A>", "\u0000\u0001\x7f", "🙂👍🏽", "\u200b\u00a0\u3000x", "...!?;:", "--foo-bar--", "a" * 300, "ab" * 200, " " * 100, "世" * 120, "def f(x):\n    return x",
           "NORM norm Norm", "<unk>", "zzz qqq", "\ufffd", "don't", "1a2b3c", "a-b_c", "tail <mask>", "<mask>  head"]
    pools = ["abcdef THE the", "数据模型世界 你好。", "\n\t \u00a0", "0123456789.,;", "éèêëÉ\u0301\u0323", "<s></s><mask><tag>word ", "🙂👍🏽\U0001f1e9\U0001f1ea\u200d"]
    for _ in range(80):
        pool = "".join(rng.sample(pools, rng.randint(1, 3)))
        out.append("".join(rng.choice(pool) for _ in range(rng.randint(1, 60))))
    return out


def added(tok):
    tok.add_special_tokens(["<s>", "</s>", "<pad>", AddedToken("<mask>", lstrip=True, rstrip=True)])
    tok.add_tokens([AddedToken("<tag>", normalized=False, rstrip=True), AddedToken("word", single_word=True, normalized=True), AddedToken("NORM", normalized=True)])


def template(tok):
    tok.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", tok.token_to_id("<s>")), ("</s>", tok.token_to_id("</s>"))])


def byte_level(pre, ignore=False, norm=None):
    tok = Tokenizer(models.BPE(ignore_merges=ignore))
    if norm:
        tok.normalizer = norm
    tok.pre_tokenizer = pre
    tok.decoder = decoders.ByteLevel()
    tok.train_from_iterator(TEXT, trainers.BpeTrainer(vocab_size=500, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    added(tok)
    template(tok)
    return tok


def fallback(split, fuse, norm=None):
    names = ["<unk>"] + [f"<0x{b:02X}>" for b in range(256)]
    tok = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=fuse, byte_fallback=True))
    tok.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first" if not split else "always", split=split)
    if norm:
        tok.normalizer = norm
    tok.train_from_iterator(TEXT[:2] + TEXT[3:5], trainers.BpeTrainer(vocab_size=500, special_tokens=names, show_progress=False))
    data = json.loads(tok.to_str())
    data["added_tokens"] = [t for t in data["added_tokens"] if t["content"] == "<unk>"]      # the byte pieces are plain pieces
    tok = Tokenizer.from_str(json.dumps(data))
    tok.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    added(tok)
    template(tok)
    return tok


def plain_bpe(pre):
    tok = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=False))
    tok.pre_tokenizer = pre
    tok.train_from_iterator(TEXT, trainers.BpeTrainer(vocab_size=300, special_tokens=["<unk>"], show_progress=False))
    added(tok)
    template(tok)
    return tok


def unigram():
    tok = Tokenizer(models.Unigram())
    tok.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tok.pre_tokenizer = pre_tokenizers.Metaspace()
    tok.decoder = decoders.Metaspace()
    tok.train_from_iterator(TEXT, trainers.UnigramTrainer(vocab_size=300, special_tokens=["<unk>"], unk_token="<unk>", show_progress=False))
    added(tok)
    tok.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", tok.token_to_id("</s>"))])])
    return tok


def split(pattern, behavior, invert=False):
    return pre_tokenizers.Split(Regex(pattern), behavior, invert)


def all_of_them():
    P, seq = pre_tokenizers, pre_tokenizers.Sequence
    yield "byte_level", byte_level(P.ByteLevel(add_prefix_space=False))
    yield "byte_level_prefix", byte_level(P.ByteLevel(add_prefix_space=True), norm=normalizers.NFC())
    yield "byte_level_split", byte_level(seq([split(QWEN, "isolated"), P.ByteLevel(add_prefix_space=False, use_regex=False)]), ignore=True, norm=normalizers.NFC())
    yield "byte_level_digits", byte_level(seq([P.Digits(individual_digits=True), P.ByteLevel(add_prefix_space=False)]))
    yield "fallback_whole", fallback(False, True)
    yield "fallback_split", fallback(True, False, norm=normalizers.NFKC())
    yield "unigram", unigram()
    yield "removed", plain_bpe(seq([split(r"\s+", "removed"), P.Punctuation("merged_with_previous")]))
    yield "contiguous", plain_bpe(seq([P.WhitespaceSplit(), P.Punctuation("contiguous"), P.Digits()]))
    yield "with_next", plain_bpe(seq([split(r"[aeiou]", "merged_with_next"), P.CharDelimiterSplit(" ")]))
    yield "with_previous", plain_bpe(seq([split(r"[aeiou ]", "merged_with_previous"), split("-", "merged_with_next")]))
    yield "inverted", plain_bpe(seq([split(r"\p{L}+", "removed", True), P.Split("th", "isolated")]))
    yield "bert", plain_bpe(P.BertPreTokenizer())
    yield "whitespace", plain_bpe(P.Whitespace())


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name, tok in all_of_them():
        with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as f:
            json.dump(json.loads(tok.to_str()), f, ensure_ascii=False, separators=(",", ":"))
            f.write("\n")
        with open(os.path.join(folder, name + ".cases.jsonl"), "w", encoding="ascii") as f:
            for index, text in enumerate(texts()):
                tok.encode_special_tokens = False
                ids = tok.encode(text, add_special_tokens=False).ids
                framed = tok.encode(text).ids
                tok.encode_special_tokens = True
                plain = tok.encode(text, add_special_tokens=False).ids
                tok.encode_special_tokens = False
                row = {"text": text, "ids": ids, "plain": plain, "framed": framed if index < 12 else ids, "decoded": tok.decode(ids, skip_special_tokens=False)}
                f.write(json.dumps({k: v for k, v in row.items() if k in ("text", "ids", "decoded") or v != ids}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
