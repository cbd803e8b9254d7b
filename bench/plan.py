#!/usr/bin/env python3
"""What `plan` says beside what happens: peak memory for every family, and the roofline on shapes that peers are measured on.

    bench/plan.py [--memory] [--speed] [--shapes B,B:q8_0,...] [--program build/switchyard] [--keep FOLDER]

--memory  a synthetic checkpoint of each family the engine runs, run with a prompt that touches every weight: the peak
          resident memory over the plan's `peak`. Exit status 1 when one is off by more than 3 %, or when the bytes of
          weights are not equal.
--speed   (of shapes, or of a checkpoint's path) `plan --measure` and `bench` in turn on the same machine: tokens a second at most and measured, and the share.

Checkpoints go to --keep (default: a temporary folder) and are used again from there.
"""
import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

from shapes import SHAPES

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

BASE = {"hidden_size": 768, "num_hidden_layers": 4, "num_attention_heads": 12, "num_key_value_heads": 4, "head_dim": 64,
        "vocab_size": 4096, "intermediate_size": 1536, "moe_intermediate_size": 512, "max_position_embeddings": 4096,
        "num_experts_per_tok": 4, "tie_word_embeddings": False, "rms_norm_eps": 1e-6}
LATENT = {"q_lora_rank": 384, "kv_lora_rank": 256, "qk_nope_head_dim": 64, "qk_rope_head_dim": 32, "v_head_dim": 64,
          "n_routed_experts": 16, "n_shared_experts": 1, "first_k_dense_replace": 1}
FAMILIES = {
    "llama": {"intermediate_size": 8192},
    "qwen3": {"intermediate_size": 8192},
    "mixtral": {"num_local_experts": 8, "num_experts_per_tok": 2},
    "qwen2_moe": {"num_experts": 16, "shared_expert_intermediate_size": 1024},
    "qwen3_moe": {"num_experts": 16, "norm_topk_prob": True},
    "olmoe": {"num_experts": 16, "intermediate_size": 512},
    "granitemoe": {"num_local_experts": 16, "intermediate_size": 512, "attention_multiplier": 0.125,
                   "embedding_multiplier": 1.0, "residual_multiplier": 1.0, "logits_scaling": 1.0},
    "phimoe": {"num_local_experts": 8, "num_experts_per_tok": 2},
    "deepseek": {"n_routed_experts": 16, "n_shared_experts": 1, "first_k_dense_replace": 1},
    "deepseek_v2": dict(LATENT, topk_method="greedy"),
    "deepseek_v3": dict(LATENT, norm_topk_prob=True),
    "gpt_oss": {"num_local_experts": 8, "sliding_window": 128, "intermediate_size": 768},
    "llama4_text": {"num_local_experts": 8, "num_experts_per_tok": 1, "intermediate_size_mlp": 2048},
    "glm4_moe": {"n_routed_experts": 16, "n_shared_experts": 1, "first_k_dense_replace": 1, "partial_rotary_factor": 0.5},
}


class Bench:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def call(self, *words):
        done = subprocess.run([self.program, *map(str, words)], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit("%s: %s" % (" ".join(map(str, words)), done.stderr.strip()))
        return done.stdout

    def json(self, *words):
        return json.loads(self.call(*words, "--json"))

    def model(self, name, config, dtype):
        block = dtype not in ("f32", "bf16", "f16", "f8_e4m3")
        path = os.path.join(self.folder, "%s-%s%s" % (name, dtype, ".gguf" if block else ""))
        if not os.path.exists(path):
            written = os.path.join(self.folder, name + ".json")
            with open(written, "w", encoding="utf-8") as file:
                json.dump(config, file)
            self.call("synth", written, "--out", path, "--dtype", dtype)
        return path


def memory(bench):
    print("| family | weights, plan | weights, checkpoint | peak, plan | peak, measured | off |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    draw, bad = random.Random(7), 0
    for family, extra in FAMILIES.items():
        config = dict(BASE, model_type=family, **{k: v for k, v in extra.items() if k not in BASE})
        config.update(extra)
        model = bench.model(family, config, "bf16")
        described = bench.json("plan", os.path.join(bench.folder, family + ".json"), "--dtype", "bf16")
        stored = sum(d["bytes"] for d in bench.json("show", model)["dtypes"].values())
        ids = list(range(0, config["vocab_size"], 2)) + [draw.randrange(config["vocab_size"]) for _ in range(1500)]
        options = ["--ctx", 4096, "-t", 2]
        planned = bench.json("plan", model, *options)["memory"]["peak"]
        peak = bench.json("run", model, "--ids", ",".join(map(str, ids)), "-n", 8, "--ignore-eos", *options)["peak_rss_bytes"]
        off = peak / planned - 1
        wrong = described["memory"]["weights"] != stored or abs(off) > 0.03
        bad += wrong
        print("| %s | %d | %d | %.1f MiB | %.1f MiB | %+.1f %%%s |"
              % (family, described["memory"]["weights"], stored, planned / 2**20, peak / 2**20, 100 * off,
                 " !" if wrong else ""), flush=True)
    return bad


def speed(bench, shapes):
    print("| shape | type | batch | roofline | measured | share |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    for shape in shapes:
        name, _, dtype = shape.partition(":")
        dtype = dtype or "bf16"
        if os.path.exists(shape):
            name, dtype, model = os.path.basename(shape), "as stored", shape
        else:
            model = bench.model(name, SHAPES[name], dtype)
        # bench's steps follow 32 ids, or 8 with several sequences, and go on for 64.
        for batch, ctx in ((1, 64), (16, 40)):
            limit = bench.json("plan", model, "--measure", "--ctx", ctx, "--batch", batch)["roofline"]["tok_per_s"]
            rows = bench.json("bench", model, "-p", 0, "-n", 64, "-b", batch)
            got = next(row["tok_per_s"] for row in rows if row["test"].startswith("tg"))
            print("| %s | %s | %d | %.1f | %.1f | %.0f %% |" % (name, dtype, batch, limit, got, 100 * got / limit), flush=True)
        limit = bench.json("plan", model, "--measure", "--ctx", 512)["roofline"]["prompt_tok_per_s"]
        rows = bench.json("bench", model, "-p", 512, "-n", 0)
        got = next(row["tok_per_s"] for row in rows if row["test"].startswith("pp"))
        print("| %s | %s | prompt 512 | %.0f | %.0f | %.0f %% |" % (name, dtype, limit, got, 100 * got / limit), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--shapes", default="B,B:q8_0,B:q4_k,T")
    parser.add_argument("--program", default=os.path.join(ROOT, "build", "switchyard"))
    parser.add_argument("--keep")
    args = parser.parse_args()
    folder = args.keep or tempfile.mkdtemp()
    os.makedirs(folder, exist_ok=True)
    bench, bad = Bench(os.path.abspath(args.program), folder), 0
    try:
        if args.memory or not args.speed:
            bad = memory(bench)
        if args.speed or not args.memory:
            speed(bench, args.shapes.split(","))
    finally:
        if not args.keep:
            shutil.rmtree(folder)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
