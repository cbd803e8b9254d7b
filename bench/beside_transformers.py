#!/usr/bin/env python3
"""Ours and transformers on the same checkpoint, in turn, in one run: medians and ratios.

    bench/beside_transformers.py FOLDER [--bin build/switchyard] [--reps 3] [--threads 2] [--prompt 512] [--steps 32]

FOLDER is a model that both can read (bench/run leaves some). transformers runs in the checkpoint's own dtype with its default attention and
experts, keeps the model in memory between rounds, and has its cache; loading is outside both clocks. Needs torch and transformers from PyPI.
"""
import argparse, json, random, statistics, subprocess, sys, time

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("folder")
p.add_argument("--bin", default="build/switchyard")
p.add_argument("--reps", type=int, default=3)
p.add_argument("--threads", type=int, default=2)
p.add_argument("--prompt", type=int, default=512)
p.add_argument("--steps", type=int, default=32)
o = p.parse_args()

import torch
from transformers import AutoModelForCausalLM

torch.set_num_threads(o.threads)
model = AutoModelForCausalLM.from_pretrained(o.folder, dtype="auto").eval()


def ours(ids):
    got = subprocess.run([o.bin, "run", o.folder, "--ids", ",".join(map(str, ids)), "-n", str(o.steps + 1), "--ignore-eos", "--json",
                          "-t", str(o.threads)], capture_output=True, text=True)
    if got.returncode:
        sys.exit(got.stderr.strip())
    got = json.loads(got.stdout)
    return got["prefill_tok_per_s"], got["decode_tok_per_s"]


@torch.no_grad()
def theirs(ids):
    start = time.perf_counter()
    out = model(torch.tensor([ids]), use_cache=True, logits_to_keep=1)
    prompt = time.perf_counter() - start
    cache, token = out.past_key_values, out.logits[0, -1].argmax().view(1, 1)
    start = time.perf_counter()
    for _ in range(o.steps):
        out = model(token, past_key_values=cache, use_cache=True)
        token = out.logits[0, -1].argmax().view(1, 1)
    return len(ids) / prompt, o.steps / (time.perf_counter() - start)


rounds = []
for _ in range(o.reps):
    ids = [random.randrange(model.config.vocab_size) for _ in range(o.prompt)]
    rounds.append((*ours(ids), *theirs(ids)))
names = ("prompt", "step")
for i, name in enumerate(names):
    a, b = [r[i] for r in rounds], [r[i + 2] for r in rounds]
    ratios = [x / y for x, y in zip(a, b)]
    print(f"{name:7} ours {statistics.median(a):8.1f} tok/s, transformers {statistics.median(b):8.1f} tok/s, "
          f"ratio {statistics.median(ratios):.2f} [{min(ratios):.2f} .. {max(ratios):.2f}]")
