#!/usr/bin/env python3
"""Makes the golden cases under tests/golden: tiny checkpoints with the logits, routing and greedy tokens that their
authors' code gives.

    pip install torch==2.13.0 transformers==5.23.0 safetensors numpy
    python tools/golden/make_cases.py                     all cases, small and wide
    python tools/golden/make_cases.py --only NAME ...     those whose name contains NAME
    python tools/golden/make_cases.py --full DIR          wide cases also as whole model folders, for accept.py
    python tools/golden/make_cases.py --table             the tables of tests/golden/README.md
    python tools/golden/make_cases.py --check             write nothing: make again, compare bytes, load the folders

Everything follows from the case lists (small_cases.py, wide_cases.py) and a seed, the first whose margins are large
enough for f32 to be judged by. README.md here states the rule of the weights, tests/golden/README.md the files.
"""

import argparse
import filecmp
import json
import os
import shutil
import sys
import tempfile

import numpy as np
from safetensors.numpy import load

import layout
import reference
import weights
from small_cases import SMALL
from wide_cases import WIDE

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "..", "..", "tests", "golden")
ROUTER_MARGIN, GREEDY_MARGIN, WIDE_MARGIN = 0.002, 0.01, 1e-4
GREEDY = 20


# ---- parts shared by both kinds --------------------------------------------------------------------------------------

def spec_list(case):
    keys = ("dtype", "grid", "gains", "fused", "fp8", "mxfp4", "extra")
    return layout.specs(case["config"], **{k: case[k] for k in keys if k in case})


def built(case, seed):
    """(specs, tensors on disk, the same as plain f32)"""
    specs = spec_list(case)
    tensors = {s["name"]: (s["dtype"], weights.fill(s, seed)) for s in specs}
    return specs, tensors, layout.canonical(case["config"], tensors)


def prompt(case, seed):
    r = weights.stream("input_ids", seed, case.get("tokens", 28))
    return [int(x) for x in r % np.uint64(layout.text_config(case["config"])["vocab_size"])]


def write_json(path, value, indent=None):
    with open(path, "w") as f:
        json.dump(value, f, indent=indent, separators=None if indent else (",", ":"))
        f.write("\n")


def rounded(x):
    return float(f"{x:.4g}")


def routing_tensors(routing):
    out = {}
    for layer, (z, ids, w) in routing.items():
        out[f"layers.{layer}.router_logits"] = ("F32", z.astype(np.float32))
        out[f"layers.{layer}.topk_ids"] = ("I32", ids)
        out[f"layers.{layer}.topk_weights"] = ("F32", w)
    return out


def meta_of(case, seed, ids, routing_gap, logits):
    moe = layout.moe_layers(case["config"])
    out = {"family": layout.text_config(case["config"])["model_type"], "exercises": case["note"], "seed": seed,
           "tolerance": case.get("tolerance", 1e-4), "moe_layers": moe, "input_ids": ids}
    if moe and np.isfinite(routing_gap):                         # K = E leaves nothing to choose
        out["router_min_margin"] = rounded(routing_gap)
    out["logits_std"] = rounded(float(logits.std()))
    return out


# ---- small cases -----------------------------------------------------------------------------------------------------

def greedy(model, ids, n):
    """n tokens, each from a run of the whole sequence; (tokens, smallest lead of the best logit over the second)."""
    seq, lead = list(ids), float("inf")
    for _ in range(n):
        last = model.run(seq)[0][-1]
        order = np.argsort(-last, kind="stable")
        lead = min(lead, float(last[order[0]] - last[order[1]]))
        if lead < GREEDY_MARGIN:
            break
        seq.append(int(order[0]))
    return seq[len(ids):], lead


def try_small(case, seed):
    """One seed: the files' contents, or None with the reason when a margin is too small."""
    specs, tensors, plain = built(case, seed)
    model = reference.Model(case["config"], plain)
    ids = prompt(case, seed)
    logits, routing = model.run(ids)
    assert np.isfinite(logits).all(), case["name"]
    gap = reference.check_routing(case["config"], plain, routing)
    if gap < ROUTER_MARGIN:
        return None, f"router {gap:.5f}"
    tokens, lead = greedy(model, ids, GREEDY)
    if lead < GREEDY_MARGIN:
        return None, f"greedy {lead:.4f}"
    if len(set(tokens)) < 4:
        return None, "greedy repeats itself"
    last, routing_all = model.run(ids + tokens)
    gap = min(gap, reference.check_routing(case["config"], plain, routing_all))
    if gap < ROUTER_MARGIN:
        return None, f"router {gap:.5f} while generating"
    meta = meta_of(case, seed, ids, gap, logits)
    meta["greedy_ids"], meta["greedy_min_margin"] = tokens, rounded(lead)
    expected = {"input_ids": ("I32", np.array(ids, np.int32)), "logits": ("F32", logits), **routing_tensors(routing),
                "greedy_ids": ("I32", np.array(tokens, np.int32)), "logits_last_of_full": ("F32", last[-1].copy())}
    return (tensors, meta, expected), ""


def make_small(case, folder):
    first = case.get("seed", 1)
    why = []
    for seed in range(first, first + 400):
        made, reason = try_small(case, seed)
        if made:
            break
        why.append(reason)
    else:
        raise SystemExit(f"{case['name']}: no seed has margins large enough: {why[:12]}")
    tensors, meta, expected = made
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    write_json(os.path.join(folder, "config.json"), case["config"], 1)
    weights.write_model(folder, tensors, case.get("shards", 1))
    write_json(os.path.join(folder, "expected.json"), meta)
    weights.write_safetensors(os.path.join(folder, "expected.safetensors"), expected)
    return meta


# ---- wide cases ------------------------------------------------------------------------------------------------------

def rows_of(case):
    """Rows whose logits are kept: the ends, both sides of the key block of 256, and some between."""
    t = case["tokens"]
    return sorted({0, 1, 7, 63, 100, 127, 128, 150, 200, 255, 256, 257, t // 2, t - 40, t - 2, t - 1})


def make_wide(case, folder, full):
    for seed in range(case.get("seed", 1), case.get("seed", 1) + 400):
        specs, tensors, plain = built(case, seed)
        model = reference.Model(case["config"], plain)
        ids = prompt(case, seed)
        logits, routing = model.run(ids)
        gap = reference.check_routing(case["config"], plain, routing)
        if gap >= WIDE_MARGIN:
            break
    else:
        raise SystemExit(f"{case['name']}: no seed has margins large enough")
    rows = rows_of(case)
    meta = meta_of(case, seed, ids, gap, logits)
    meta["logits_rows"] = rows
    kept = {"logits_rows": ("I32", np.array(rows, np.int32)), "logits": ("F32", logits[rows])}
    for name, (dtype, a) in routing_tensors(routing).items():
        kept[name] = (dtype, a[rows] if name.endswith("router_logits") else a)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    write_json(os.path.join(folder, "config.json"), case["config"], 1)
    with open(os.path.join(folder, "weights.json"), "w") as f:
        lines = ",\n".join(json.dumps(s, separators=(",", ":")) for s in specs)
        f.write(f'{{"seed":{seed},"tensors":[\n{lines}\n]}}\n')
    write_json(os.path.join(folder, "expected.json"), meta)
    weights.write_safetensors(os.path.join(folder, "expected.safetensors"), kept)
    if full:
        whole = os.path.join(full, case["name"])
        shutil.rmtree(whole, ignore_errors=True)
        os.makedirs(whole)
        shutil.copy(os.path.join(folder, "config.json"), whole)
        weights.write_model(whole, tensors)
        write_json(os.path.join(whole, "expected.json"), {k: v for k, v in meta.items() if k != "logits_rows"})
        everything = {"input_ids": ("I32", np.array(ids, np.int32)), "logits": ("F32", logits)}
        everything.update(routing_tensors(routing))
        weights.write_safetensors(os.path.join(whole, "expected.safetensors"), everything)
    return meta


# ---- checks ----------------------------------------------------------------------------------------------------------

def same_bytes(a, b):
    """Both folders hold the same files with the same bytes."""
    names = sorted(os.listdir(a))
    return names == sorted(os.listdir(b)) and not any(filecmp.cmpfiles(a, b, names, shallow=False)[1:])


def load_published(case, folder):
    """Whether transformers, reading the committed folder itself, gives the committed logits; or why it is not asked."""
    config = case["config"]
    if config["model_type"] == "deepseek":
        return "not asked: it has no such class"
    if config.get("quantization_config", {}).get("quant_method") == "fp8":
        return "not asked: its fp8 loader misreads edge blocks"
    if config["model_type"] == "qwen2_moe" and config["use_sliding_window"] and "layer_types" not in config:
        return "not asked: it reads max_window_layers otherwise than the authors"
    with open(os.path.join(folder, "expected.json")) as f:
        ids = json.load(f)["input_ids"]
    with open(os.path.join(folder, "expected.safetensors"), "rb") as f:
        want = load(f.read())["logits"]
    got = reference.published_logits(folder, config, ids)
    return "same" if np.array_equal(got, want) else f"differs by {np.abs(got - want).max():.2e}"


def check_deepseek_v1():
    """The numpy reference against transformers' mixtral: one model if weights are normalised and nothing shared."""
    config = {**next(c for c in SMALL if c["name"] == "mixtral_window")["config"], "num_experts_per_tok": 2,
              "sliding_window": None, "rope_scaling": {"type": "linear", "factor": 2.0}}
    _, _, plain = built({"config": config}, 1)
    v1 = {**config, "model_type": "deepseek", "n_routed_experts": config["num_local_experts"],
          "moe_intermediate_size": config["intermediate_size"], "norm_topk_prob": True, "first_k_dense_replace": 0}
    names = {"block_sparse_moe": "mlp", ".w1.": ".gate_proj.", ".w3.": ".up_proj.", ".w2.": ".down_proj."}
    renamed = {}
    for name, a in plain.items():
        for old, new in names.items():
            name = name.replace(old, new)
        renamed[name] = a
    ids = prompt({"config": config}, 1)
    a, b = reference.Model(config, plain).run(ids)[0], reference.Model(v1, renamed).run(ids)[0]
    worst = float(np.abs(a - b).max())
    print(f"deepseek v1 reference against mixtral: differs by {worst:.1e}")
    return worst < 1e-4


def print_tables():
    for title, cases in (("small", SMALL), ("wide", WIDE)):
        print(f"| {title} case | exercises |\n| --- | --- |")
        for c in cases:
            tokens = f"{c['tokens']} tokens: " if cases is WIDE else ""
            print(f"| {c['name']} | {tokens}{c['note']} |")
        print()
    return 0


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--only", nargs="*", default=[])
    p.add_argument("--small", action="store_true", help="small cases only")
    p.add_argument("--wide", action="store_true", help="wide cases only")
    p.add_argument("--full", metavar="DIR", help="write wide cases as whole model folders too")
    p.add_argument("--check", action="store_true", help="compare with what lies in tests/golden instead of writing")
    p.add_argument("--table", action="store_true", help="print the cases as the tables of tests/golden/README.md")
    args = p.parse_args()
    if args.table:
        return print_tables()
    wanted = lambda c: not args.only or any(x in c["name"] for x in args.only)
    todo = [(c, False) for c in SMALL if wanted(c) and not args.wide]
    todo += [(c, True) for c in WIDE if wanted(c) and not args.small]
    bad = int(args.check and not check_deepseek_v1())
    for case, wide in todo:
        home = os.path.join(GOLDEN, *(["wide"] if wide else []), case["name"])
        with tempfile.TemporaryDirectory() as d:
            target = os.path.join(d, "case") if args.check else home
            meta = make_wide(case, target, args.full) if wide else make_small(case, target)
            size = sum(os.path.getsize(os.path.join(target, f)) for f in os.listdir(target))
            line = f"{case['name']:25} {size / 1024:6.1f} KiB  seed {meta['seed']:3}  std {meta['logits_std']:6.3f}"
            line += f"  router {meta.get('router_min_margin', '-'):9}  greedy {meta.get('greedy_min_margin', '-'):8}"
            if args.check:
                same = same_bytes(target, home)
                bad += not same
                line += "  bytes equal" if same else "  BYTES DIFFER"
                if not wide:
                    line += f"  transformers: {load_published(case, home)}"
            print(line, flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
