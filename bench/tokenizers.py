#!/usr/bin/env python3
"""Speed of tokenizers beside the libraries that they were made for, each measured in turn in one run.

    bench/tokenizers.py [BUILD] [--data ../shared/data] [--reps 5] [--megabytes 4]

Needs the PyPI packages tokenizers, tiktoken and sentencepiece, and the zstd program. Texts: novels (English), the Chinese documents of the
multilingual corpus over and over, Python's own library (code), and a megabyte of one letter. One core: processor time of encoding
alone, so that neighbours matter less (tokenizers and tiktoken run single-threaded here). Prints MB/s (medians of turns, with the range) and
switchyard's ratio to the peer.
"""
import argparse, base64, glob, json, os, re, statistics, subprocess, sys, tempfile, time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
here = os.path.dirname(os.path.abspath(__file__))
sys.path = [p for p in sys.path if os.path.abspath(p) != here]  # or this file would be found as the library of its name
sys.path.insert(0, os.path.join(here, "..", "tools", "golden"))
MODELS = [("cl100k_base.tiktoken", "cl100k"), ("o200k_base.tiktoken", "o200k_harmony"), ("llama4.tiktoken", "llama4"), ("kimi_k2.tiktoken", "kimi-k2"),
          ("qwen3.tokenizer.json", None), ("deepseek_v3.tokenizer.json", None), ("gpt_neox.tokenizer.json", None), ("mixtral.tokenizer.json", None),
          ("mixtral.model", None), ("t5.model", None)]


def unpack(path, out):
    subprocess.run(["zstd", "-dqf", "--long=31", path, "-o", out], check=True)
    return out


def texts(data, folder, size):
    corpora = os.path.join(data, "corpora")
    if not os.path.isdir(corpora):
        corpora = os.path.dirname(next(iter(glob.glob(os.path.join(data, "**", "novels.train.txt.zst"), recursive=True))))
    english = open(unpack(os.path.join(corpora, "novels.train.txt.zst"), os.path.join(folder, "en")), "rb").read(size)
    many = open(unpack(os.path.join(corpora, "multilingual.train.txt.zst"), os.path.join(folder, "many")), encoding="utf-8").read()
    chinese = "\n".join(l for l in many.split("\n") if len(l) > 0 and sum("\u4e00" <= c <= "\u9fff" for c in l) * 2 > len(l) and not re.search("[\u3040-\u30ff]", l))
    chinese = (chinese.encode() * (size // len(chinese.encode()) + 1))[:size]
    code = b"".join(open(f, "rb").read() for f in sorted(glob.glob(os.path.dirname(os.__file__) + "/*.py")))[:size]
    clean = lambda b: b.decode("utf-8", "ignore")
    return {"english": clean(english), "chinese": clean(chinese), "code": clean(code), "aaaa": "a" * 1000000}


def ours(binary, path, pre, file, special):
    done = subprocess.run([binary, "tokenize", path, *(["--pre", pre] if pre else []), "--file", file, "--no-special", *special, "--count", "--json"],
                          capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def peer(path, pre):
    if pre:
        import tiktoken
        from tokenizer_diff import PRE
        ranks = {base64.b64decode(a): int(b) for a, b in (l.split() for l in open(path, "rb") if l.strip())}
        encoding = tiktoken.Encoding(pre, pat_str=PRE[pre][0], mergeable_ranks=ranks, special_tokens={})
        return "tiktoken", lambda t: len(encoding.encode_ordinary(t))
    if path.endswith(".model"):
        from sentencepiece import SentencePieceProcessor
        sp = SentencePieceProcessor(model_file=path)
        return "sentencepiece", lambda t: len(sp.encode(t))
    from tokenizers import Tokenizer
    tok = Tokenizer.from_file(path)
    return "tokenizers", lambda t: len(tok.encode(t, add_special_tokens=False).ids)


def show(rates):
    return f"{statistics.median(rates):7.1f} [{min(rates):.1f} .. {max(rates):.1f}]"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("build", nargs="?", default="build")
    p.add_argument("--data", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "shared", "data"))
    p.add_argument("--reps", type=int, default=5)
    p.add_argument("--megabytes", type=int, default=4)
    p.add_argument("--only", default="")
    o = p.parse_args()
    binary = os.path.abspath(os.path.join(o.build, "switchyard"))
    with tempfile.TemporaryDirectory() as folder:
        corpus = texts(o.data, folder, o.megabytes * 1000000)
        print(f"{'':28}{'':10}{'switchyard MB/s':>28}{'peer MB/s':>42}  ratio")
        for name, pre in MODELS:
            if o.only not in name:
                continue
            path = unpack(os.path.join(o.data, "vectors", "tokenizers", name + ".zst"), os.path.join(folder, name))
            library, encode = peer(path, pre)
            for kind, text in corpus.items():
                if kind == "aaaa" and library == "tiktoken":
                    continue        # it takes minutes, or ends in an error of its pattern's stack
                file = os.path.join(folder, kind + ".txt")
                size = len(text.encode())
                with open(file, "w", encoding="utf-8", newline="") as f:
                    f.write(text)
                mine, theirs, counts = [], [], set()
                for _ in range(o.reps):
                    got = ours(binary, path, pre, file, ["--parse-special"] if library == "tokenizers" else [])
                    start = time.process_time()
                    count = encode(text)
                    theirs.append(size / (time.process_time() - start) / 1e6)
                    mine.append(size / got["cpu_seconds"] / 1e6)
                    counts |= {count, got["count"]}
                same = "" if len(counts) == 1 else f"  counts differ: {counts}"
                ratio = statistics.median(a / b for a, b in zip(mine, theirs))
                print(f"{name:28}{kind:10}{show(mine):>28}{library:>14}{show(theirs):>28}  {ratio:5.1f}{same}", flush=True)


if __name__ == "__main__":
    main()
