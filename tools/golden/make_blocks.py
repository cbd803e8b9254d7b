#!/usr/bin/env python3
"""Makes tests/golden/blocks/FORMAT.bin: what the gguf package decodes from random blocks, and encodes from random rows.

    pip install gguf==0.19.0 numpy
    python tools/golden/make_blocks.py [--check]      --check: write nothing, compare bytes

    u32 decoded, u32 encoded                 counts of blocks, little endian as everything
    decoded blocks of random bytes, then their numbers in f32
    encoded blocks' numbers in f32, then their bytes as the package writes them (formats that src/tensor writes by the
    reference's rules; the others have 0)
"""

import os
import sys

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quants

FORMATS = "Q8_0 Q4_0 Q4_1 Q5_0 Q5_1 Q2_K Q3_K Q4_K Q5_K Q6_K IQ4_NL IQ4_XS MXFP4".split()
ENCODED = "Q8_0 Q4_0 Q4_1 Q5_0 Q5_1 MXFP4".split()
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "golden", "blocks")


def rows(random, count, width):
    """Normal numbers of all magnitudes; bf16 numbers; few distinct values; one sign; zeros; one large among small."""
    x = random.standard_normal((count, width)).astype(np.float32)
    x *= (2.0 ** random.integers(-18, 8, (count, 1))).astype(np.float32)
    kind = np.arange(count) % 8
    x[kind == 1] = (x[kind == 1].view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)
    x[kind == 2] = np.round(x[kind == 2] / np.abs(x[kind == 2]).max(axis=1, keepdims=True) * 4) / 4
    x[kind == 3] = np.abs(x[kind == 3])
    x[kind == 4] = -np.abs(x[kind == 4])
    x[kind == 5, : width // 2] = 0
    x[kind == 6, 5] *= 1000
    x[7] = 0
    x[15] = 0.375
    return x


def case(name):
    kind = GGMLQuantizationType[name]
    elements, size = GGML_QUANT_SIZES[kind]
    random = np.random.default_rng(FORMATS.index(name) + 1)
    blocks = random.integers(0, 256, (64 if elements == 32 else 16, size), dtype=np.uint8)
    if name == "MXFP4":
        blocks[:4, 0] = [0, 1, 2, 255]  # denormal scales, and what E8M0 calls NaN
    with np.errstate(all="ignore"):
        values = quants.dequantize(blocks, kind)
    inputs, codes = np.zeros((0, elements), np.float32), np.zeros((0, size), np.uint8)
    if name in ENCODED:
        inputs = rows(random, 96, elements)
        codes = quants.quantize(inputs, kind)
    counts = np.array([len(blocks), len(inputs)], np.uint32)
    return b"".join(part.tobytes() for part in (counts, blocks, values, inputs, codes))


def main():
    wrong = 0
    for name in FORMATS:
        path, content = os.path.join(FOLDER, name.lower() + ".bin"), case(name)
        if "--check" in sys.argv[1:]:
            with open(path, "rb") as file:
                if file.read() != content:
                    print(f"{path}: other bytes")
                    wrong += 1
        else:
            os.makedirs(FOLDER, exist_ok=True)
            with open(path, "wb") as file:
                file.write(content)
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
