#!/usr/bin/env python3
"""How far `fast` stays from `exact`, and narrow caches from f32: the tables of docs/numerics.md.

    tools/fast_table.py [--bin build/switchyard] FOLDER ...
    tools/fast_table.py --kv f16,bf16,q8_0 FOLDER ...         exact but for the cache

Each FOLDER is a model whose matrices are bf16 or narrower, with an expected.json that holds input_ids (the wide golden cases:
tools/golden/make_cases.py --full DIR). Both precisions run on the same ids; printed are the largest difference of a logit over the
root mean square of exact's, the cosine, how often the largest logit is the same, and how many routing choices are.
"""
import argparse, array, json, math, os, struct, subprocess, sys, tempfile


def tensors(path):
    with open(path, "rb") as f:
        size = struct.unpack("<Q", f.read(8))[0]
        head = json.loads(f.read(size))
        body = f.read()
    out = {}
    for name, t in head.items():
        if name == "__metadata__":
            continue
        a = array.array({"F32": "f", "I32": "i"}[t["dtype"]])
        a.frombytes(body[t["data_offsets"][0]:t["data_offsets"][1]])
        out[name] = (t["shape"], a)
    return out


def run(binary, model, ids, *precision):
    with tempfile.TemporaryDirectory() as d:
        out = os.path.join(d, "o.safetensors")
        subprocess.run([binary, "logits", model, "--ids", ids, *precision, "--routing", "--out", out], check=True,
                       stdout=subprocess.DEVNULL)
        return tensors(out)


def compare(exact, fast):
    (rows, vocab), a = exact["logits"]
    b = fast["logits"][1]
    rms = math.sqrt(sum(x * x for x in a) / len(a))
    worst = max(abs(x - y) for x, y in zip(a, b)) / rms
    cosine = sum(x * y for x, y in zip(a, b)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))
    top = sum(max(range(vocab), key=a[r * vocab:(r + 1) * vocab].__getitem__) ==
              max(range(vocab), key=b[r * vocab:(r + 1) * vocab].__getitem__) for r in range(rows)) / rows
    same = total = 0
    for name, ((n, k), ids) in ((n, t) for n, t in exact.items() if n.endswith("topk_ids")):
        other = fast[name][1]
        for r in range(n):
            same += len(set(ids[r * k:(r + 1) * k]) & set(other[r * k:(r + 1) * k]))
        total += n * k
    return worst, cosine, top, same / total if total else 1.0


def ids_of(folder):
    with open(os.path.join(folder, "expected.json")) as f:
        ids = json.load(f)["input_ids"]
    return len(ids), ",".join(map(str, ids)), os.path.basename(folder.rstrip("/"))


def fast_table(binary, folders):
    print("| model | rows | largest error / rms | cosine | same top-1 | same experts |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for folder in folders:
        rows, ids, name = ids_of(folder)
        worst, cosine, top, experts = compare(run(binary, folder, ids, "--exact"), run(binary, folder, ids, "--fast"))
        print(f"| {name} | {rows} | {worst:.3f} | {cosine:.5f} | {top:.1%} | {experts:.2%} |", flush=True)


def cache_table(binary, types, folders):
    print("| model | rows |" + "".join(f" {t}: error / rms | cosine | same experts |" for t in types))
    print("| --- | ---: |" + " ---: | ---: | ---: |" * len(types))
    for folder in folders:
        rows, ids, name = ids_of(folder)
        exact = run(binary, folder, ids, "--exact")
        cells = ""
        for t in types:
            worst, cosine, _, experts = compare(exact, run(binary, folder, ids, "--exact", "--kv", t))
            cells += f" {worst:.3f} | {cosine:.5f} | {experts:.2%} |"
        print(f"| {name} | {rows} |{cells}", flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bin", default="build/switchyard")
    p.add_argument("--kv", help="types of the cache to hold against f32, in exact")
    p.add_argument("folders", nargs="+")
    a = p.parse_args()
    if a.kv:
        cache_table(a.bin, a.kv.split(","), a.folders)
    else:
        fast_table(a.bin, a.folders)


if __name__ == "__main__":
    sys.exit(main())
