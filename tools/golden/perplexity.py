#!/usr/bin/env python3
"""Perplexity by halves (disjoint windows, the second half scored, bos first where the model adds it): ours beside
llama.cpp's arithmetic on the same GGUF file and the same text.

    tools/golden/perplexity.py FILE.gguf TEXT [--bin build/switchyard] [--ctx 512] [--bytes 40000] [-- OPTIONS OF EVAL]

Needs numpy and llama-cpp-python. Prints both and their ratio; exit status 1 where they differ by more than 0.5 %.
"""
import argparse
import json
import math
import subprocess
import sys
import tempfile

import numpy
from llama_cpp import Llama


def theirs(model, text, ctx):
    llama = Llama(model_path=model, n_ctx=ctx, n_batch=ctx, logits_all=True, verbose=False)
    bos = llama.token_bos()
    ids = llama.tokenize(text, add_bos=True, special=False)
    adds_bos = bool(ids) and ids[0] == bos
    nll, scored = 0.0, 0
    for begin in range(0, len(ids) - ctx + 1, ctx):
        window = list(ids[begin:begin + ctx])
        if adds_bos:
            window[0] = bos
        llama.reset()
        llama.eval(window)
        logits = numpy.array(llama.scores[:ctx], dtype=numpy.float64)
        for i in range(ctx // 2, ctx - 1):
            row = logits[i] - logits[i].max()
            nll -= row[window[i + 1]] - math.log(numpy.exp(row).sum())
            scored += 1
    return math.exp(nll / scored), scored


def main():
    p = argparse.ArgumentParser()
    p.add_argument("model")
    p.add_argument("text")
    p.add_argument("--bin", default="build/switchyard")
    p.add_argument("--ctx", type=int, default=512)
    p.add_argument("--bytes", type=int, default=40000)
    p.add_argument("options", nargs="*")
    a = p.parse_args()
    with open(a.text, "rb") as f:
        text = f.read(a.bytes).decode("utf-8", "ignore").encode()
    with tempfile.NamedTemporaryFile() as f:
        f.write(text)
        f.flush()
        out = subprocess.run([a.bin, "eval", "ppl", a.model, "--file", f.name, "--ctx", str(a.ctx), "--json"] + a.options,
                             check=True, capture_output=True, text=True).stdout
    ours = json.loads(out)
    ppl, scored = theirs(a.model, text, a.ctx)
    ratio = ours["ppl"] / ppl
    print(f"ours {ours['ppl']:.4f} over {ours['tokens']} tokens, llama.cpp {ppl:.4f} over {scored}: ratio {ratio:.5f}")
    return 0 if ours["tokens"] == scored and abs(ratio - 1) <= 0.005 else 1


if __name__ == "__main__":
    sys.exit(main())
