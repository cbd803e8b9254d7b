#!/usr/bin/env python3
"""Every character through each normaliser, here and in Hugging Face's tokenizers; reports the characters that differ.

    tools/golden/normalize_diff.py build/switchyard [NAME ...] [--all]

A tokenizer of 256 bytes stands behind each normaliser, so that ids are the bytes that it made. Each character of Unicode 14 (with --all of
any version, and those of none) comes alone, within letters, before a mark and doubled. Needs a Python whose unicodedata is 14.0 (3.11).
Exit status 1 where something differs.
"""
import argparse, json, os, subprocess, sys, tempfile, unicodedata

from tokenizers import Tokenizer, decoders, models, normalizers as N, pre_tokenizers

NORMALIZERS = {
    "NFC": N.NFC(), "NFD": N.NFD(), "NFKC": N.NFKC(), "NFKD": N.NFKD(), "Lowercase": N.Lowercase(), "StripAccents": N.StripAccents(), "Nmt": N.Nmt(),
    "NFD+StripAccents": N.Sequence([N.NFD(), N.StripAccents()]), "Bert": N.BertNormalizer(),
    "Bert_cased": N.BertNormalizer(lowercase=False), "Bert_accents": N.BertNormalizer(lowercase=False, strip_accents=True),
    "Bert_raw": N.BertNormalizer(clean_text=False, handle_chinese_chars=False, lowercase=True, strip_accents=False),
}
CONTEXTS = ["{}", "a{}b", "e{}\u0301", "{0}{0}"]


def byte_alphabet():
    seen = [b for b in range(256) if 0x21 <= b <= 0x7E or (b >= 0xA1 and b != 0xAD)]
    others = (chr(0x100 + i) for i in range(256))
    return [chr(b) if b in seen else next(others) for b in range(256)]


def ours(binary, path, texts):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
        f.writelines(json.dumps(t) + "\n" for t in texts)
        f.flush()
        done = subprocess.run([binary, "tokenize", path, "--lines", f.name, "--no-special"], capture_output=True)
    if done.returncode:
        sys.exit(done.stderr.decode())
    return [bytes(json.loads(l)) for l in done.stdout.decode().split("\n")[:-1]]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("binary")
    p.add_argument("names", nargs="*")
    p.add_argument("--all", action="store_true")
    o = p.parse_args()
    if unicodedata.unidata_version != "14.0.0":
        sys.exit(f"unicodedata is {unicodedata.unidata_version}, not 14.0.0")
    points = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000 and (o.all or unicodedata.category(chr(c)) not in ("Cn", "Co"))]
    wrong = 0
    for name in o.names or NORMALIZERS:
        tok = Tokenizer(models.BPE({c: b for b, c in enumerate(byte_alphabet())}, []))
        tok.normalizer = NORMALIZERS[name]
        tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        tok.decoder = decoders.ByteLevel()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "tokenizer.json")
            tok.save(path)
            bad = set()
            for context in CONTEXTS:
                texts = [context.format(chr(c)) for c in points]
                for c, t, got in zip(points, texts, ours(o.binary, path, texts)):
                    if got != NORMALIZERS[name].normalize_str(t).encode():
                        bad.add(c)
        wrong += len(bad)
        print(f"{name}: {len(points)} characters, {len(bad)} differ", *(f"U+{c:04X}" for c in sorted(bad)[:20]), flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
