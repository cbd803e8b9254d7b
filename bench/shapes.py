#!/usr/bin/env python3
"""The shapes that peers are measured on, as checkpoints with random weights, made by our own `synth` and `convert`.

    bench/shapes.py B:q4_0,B:q8_0,C:q4_k [--folder DIR] [--build build] [--keep-folders] [--list]

Writes DIR/B-q4_0.gguf and so on where they are missing; DIR is --folder, else $SWITCHYARD_BENCH_DIR, else a folder of the temporary one, and
never within the repository. Routers are random too, so routing is nearly uniform. llama.cpp loads no file without a tokenizer, so each gets a
byte-level one, whose words nobody needs: benchmarks feed ids. The weights are drawn once a shape, in bf16 (or f32 for f32), into a folder that
is removed when its files are made, unless --keep-folders: A wants 14 GB, C 16.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COMMON = {"max_position_embeddings": 4096, "tie_word_embeddings": False, "rms_norm_eps": 1e-5, "hidden_act": "silu"}


def shape(family, layers, width, heads, kv, head, experts, chosen, inner, vocab, theta, **more):
    return dict(COMMON, model_type=family, num_hidden_layers=layers, hidden_size=width, num_attention_heads=heads, num_key_value_heads=kv,
                head_dim=head, num_experts_per_tok=chosen, vocab_size=vocab, rope_theta=theta, intermediate_size=inner,
                **{"num_local_experts" if family == "mixtral" else "num_experts": experts}, **more)


SHAPES = {
    "A": shape("olmoe", 16, 2048, 16, 16, 128, 64, 8, 1024, 50304, 1e4, norm_topk_prob=False),   # OLMoE-1B-7B itself
    "A8": shape("olmoe", 8, 2048, 16, 16, 128, 64, 8, 1024, 50304, 1e4, norm_topk_prob=False),   # half of it
    "B": shape("mixtral", 8, 1024, 16, 4, 64, 8, 2, 3584, 32000, 1e6),                            # 0.79 B parameters
    "C": shape("qwen3_moe", 12, 2048, 32, 4, 128, 128, 8, 6144, 151936, 1e6, moe_intermediate_size=768, norm_topk_prob=True),
    "T": shape("mixtral", 8, 512, 8, 8, 64, 8, 2, 1024, 8192, 1e6),                               # of the training step
    "tiny": shape("mixtral", 2, 256, 4, 2, 64, 8, 2, 512, 2048, 1e6),                             # to try the scripts
}


def bench_folder(option=None):
    folder = os.path.abspath(option or os.environ.get("SWITCHYARD_BENCH_DIR") or os.path.join(tempfile.gettempdir(), "switchyard-bench"))
    if os.path.commonpath([folder, ROOT]) == ROOT:
        sys.exit(f"{folder}: is within the repository; name another folder")
    os.makedirs(folder, exist_ok=True)
    return folder


def call(binary, *words):
    done = subprocess.run([binary, *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))[:100]}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def bytes_as_letters():
    """The letters that byte-level tokenizers write bytes with: printable ones stand for themselves."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(b) if b in printable else chr(next(others)) for b in range(256)]


def tokenizer(vocab):
    """A byte-level BPE of exactly so many tokens: bytes, pairs, threes; the last is the end of a text."""
    letters = bytes_as_letters()
    ids, merges = {letter: i for i, letter in enumerate(letters)}, []

    def words():
        yield from ((a, b) for a in letters for b in letters)
        yield from ((a + b, c) for a in letters for b in letters for c in letters)

    for first, second in words():
        if len(ids) == vocab - 1:
            break
        ids[first + second] = len(ids)
        merges.append(f"{first} {second}")
    end = "<|endoftext|>"
    ids[end] = len(ids)
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    added = {"id": ids[end], "content": end, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [added], "normalizer": None, "pre_tokenizer": level,
            "post_processor": None, "decoder": level,
            "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
                      "fuse_unk": False, "byte_fallback": False, "vocab": ids, "merges": merges}}


def drawn(binary, folder, name, dtype):
    """A folder of Hugging Face's layout with this shape's weights."""
    path = os.path.join(folder, f"{name}-{dtype}-drawn")
    if not os.path.exists(os.path.join(path, "tokenizer.json")):
        shutil.rmtree(path, ignore_errors=True)
        config = path + ".json"
        with open(config, "w", encoding="utf-8") as file:
            json.dump(dict(SHAPES[name], eos_token_id=SHAPES[name]["vocab_size"] - 1), file)
        call(binary, "synth", config, "--out", path, "--dtype", dtype, "--seed", 1)
        os.remove(config)
        with open(os.path.join(path, "tokenizer.json"), "w", encoding="utf-8") as file:
            json.dump(tokenizer(SHAPES[name]["vocab_size"]), file)
    return path


def make(binary, folder, cases, keep=False):
    """The files of cases such as "B:q4_0", made where they are missing."""
    paths, sources = [], set()
    for name, dtype in (case.split(":") for case in cases):
        path = os.path.join(folder, f"{name}-{dtype}.gguf")
        if not os.path.exists(path):
            source = drawn(binary, folder, name, "f32" if dtype == "f32" else "bf16")
            sources.add(source)
            print(call(binary, "convert", source, "--out", path, "--dtype", dtype).strip(), flush=True)
        paths.append(path)
    for source in () if keep else sources:
        shutil.rmtree(source)
    return paths


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("cases", nargs="*", metavar="SHAPE:TYPE")
    p.add_argument("--folder")
    p.add_argument("--build", default="build")
    p.add_argument("--keep-folders", action="store_true")
    p.add_argument("--list", action="store_true", help="the shapes that are known")
    o = p.parse_args()
    cases = [case for word in o.cases for case in word.split(",")]
    if o.list or not cases:
        return print(*SHAPES, sep="\n")
    wrong = [case for case in cases if case.count(":") != 1 or case.split(":")[0] not in SHAPES]
    if wrong:
        sys.exit(f"{wrong[0]}: is no SHAPE:TYPE such as B:q4_0; --list names the shapes")
    print(*make(os.path.abspath(os.path.join(o.build, "switchyard")), bench_folder(o.folder), cases, o.keep_folders), sep="\n")


if __name__ == "__main__":
    main()
