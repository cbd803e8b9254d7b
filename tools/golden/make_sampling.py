#!/usr/bin/env python3
"""Makes tests/golden/sampling.json: the distribution that transformers' logits processors leave of random logits.

    pip install torch==2.13.0 transformers==5.23.0 numpy
    python tools/golden/make_sampling.py [--check]      --check: write nothing, compare

A list of cases: the options by their names in switchyard.h, `ids` (the sequence so far, all of it a prompt), `logits`,
and `kept`: what may be drawn, [id, probability] by rising id. In f64, so that no sum lies near its bound by rounding; a
case where one does all the same is drawn again.
"""

import json
import os
import sys

import numpy as np
import torch
from transformers.generation.logits_process import (
    LogitsProcessorList, MinPLogitsWarper, RepetitionPenaltyLogitsProcessor, SequenceBiasLogitsProcessor,
    TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper, TypicalLogitsWarper)

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "golden", "sampling.json")
OPTIONS = [
    {"temperature": 1},
    {"temperature": 0.3},
    {"temperature": 2.5},
    {"temperature": 1, "top_k": 1},
    {"temperature": 0.8, "top_k": 7},
    {"temperature": 1, "top_k": 1000},
    {"temperature": 1, "top_p": 0.9},
    {"temperature": 1.5, "top_p": 0.5},
    {"temperature": 0.7, "top_p": 0.01},
    {"temperature": 1, "min_p": 0.05},
    {"temperature": 3, "min_p": 0.5},
    {"temperature": 1, "typical": 0.9},
    {"temperature": 1.3, "typical": 0.3},
    {"temperature": 1, "repeat_penalty": 1.3},
    {"temperature": 1, "repeat_penalty": 0.7, "top_p": 0.8},
    {"temperature": 1, "bias": [[3, 4.5], [10, -6.25], [11, 2]], "top_k": 9},
    {"temperature": 0.9, "top_k": 20, "top_p": 0.85},
    {"temperature": 1.8, "top_k": 30, "min_p": 0.1},
    {"temperature": 1.8, "top_p": 0.97, "min_p": 0.07},
    {"temperature": 2, "top_k": 25, "typical": 0.6},
    {"temperature": 2, "top_k": 30, "top_p": 0.9, "min_p": 0.03, "typical": 0.8, "repeat_penalty": 1.1,
     "bias": [[0, 1.5]]},
]


def processors(options):
    """In the order in which generation/utils.py puts them."""
    one = []
    if "bias" in options:
        one.append(SequenceBiasLogitsProcessor([[[token], float(bias)] for token, bias in options["bias"]]))
    if "repeat_penalty" in options:
        one.append(RepetitionPenaltyLogitsProcessor(float(options["repeat_penalty"])))
    one.append(TemperatureLogitsWarper(float(options["temperature"])))
    if "top_k" in options:
        one.append(TopKLogitsWarper(options["top_k"]))
    if "top_p" in options:
        one.append(TopPLogitsWarper(float(options["top_p"])))
    if "min_p" in options:
        one.append(MinPLogitsWarper(float(options["min_p"])))
    if "typical" in options:
        one.append(TypicalLogitsWarper(float(options["typical"])))
    return LogitsProcessorList(one)


def kept(options, ids, logits):
    scores = processors(options)(torch.tensor([ids]), torch.tensor([logits], dtype=torch.float64))
    probabilities = torch.softmax(scores, -1)[0]
    return {i: p for i, p in enumerate(probabilities.tolist()) if p > 0}


def sure(options, ids, logits):
    """Does the kept set stand when each bound moves a little?"""
    want = set(kept(options, ids, logits))
    for name in ("top_p", "min_p", "typical"):
        for by in (0.9999, 1.0001):
            if name in options and set(kept({**options, name: options[name] * by}, ids, logits)) != want:
                return False
    return True


def main():
    random, cases = np.random.default_rng(8), []
    for options in OPTIONS:
        for spread in (0.5, 2, 6):
            while True:
                logits = [round(x, 3) for x in (random.standard_normal(60) * spread).tolist()]
                logits = [float(np.float32(x)) for x in logits]
                ids = random.integers(0, 60, 12).tolist()
                if len(set(logits)) == 60 and sure(options, ids, logits):
                    break
            distribution = [[i, float(f"{p:.9g}")] for i, p in kept(options, ids, logits).items()]
            short = [float(f"{x:.3f}") for x in logits]
            cases.append({"options": options, "ids": ids, "logits": short, "kept": distribution})
    text = "[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n"
    if "--check" in sys.argv:
        same = open(PATH).read() == text
        print("equal" if same else "DIFFERENT")
        return 0 if same else 1
    with open(PATH, "w") as file:
        file.write(text)
    print(f"{len(cases)} cases, {len(text)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
