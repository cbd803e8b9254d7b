"""Random weights that any language can rebuild, and the safetensors files that hold them.

The rule is the contract with tests/ (the C helper that rebuilds the wide cases follows it to the bit);
README.md in this folder states it in full. In short, for element i (row-major) of tensor NAME with seed S:

    r = splitmix64 output i of the state fnv1a64(NAME) xor S
    v = (int16)(r >> 48) / 32768            in [-1, 1), 16 bits
    x = offset + scale * v                  in f32; scale has 8 significant bits, so the product is exact
    the stored value is x rounded to bf16 (nearest, ties to even), written in the tensor's dtype

A `spec` is one line of weights.json: name, dtype, shape, and either offset and scale, or a byte rule.
"""

import json
import os
import struct

import numpy as np

U64 = np.uint64
GAMMA = 0x9E3779B97F4A7C15
MASK = (1 << 64) - 1
ITEM = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "U8": 1, "I32": 4, "I64": 8}


# ---- the hash --------------------------------------------------------------------------------------------------------

def fnv1a64(text):
    h = 0xCBF29CE484222325
    for byte in text.encode():
        h = ((h ^ byte) * 0x100000001B3) & MASK
    return h


def stream(name, seed, n):
    """The first n outputs of splitmix64 from the state fnv1a64(name) ^ seed."""
    state = fnv1a64(name) ^ (seed & MASK)
    with np.errstate(over="ignore"):
        z = U64(state) + (np.arange(1, n + 1, dtype=U64) * U64(GAMMA))
        z = (z ^ (z >> U64(30))) * U64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> U64(27))) * U64(0x94D049BB133111EB)
        return z ^ (z >> U64(31))


# ---- rounding --------------------------------------------------------------------------------------------------------

def to_bf16_bits(x):
    """f32 -> the upper half, nearest, ties to even (finite input)."""
    u = np.ascontiguousarray(x, np.float32).view(np.uint32)
    return ((u + np.uint32(0x7FFF) + ((u >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)).astype(np.uint16)


def from_bf16_bits(b):
    return (b.astype(np.uint32) << np.uint32(16)).view(np.float32)


def bf16(x):
    """A Python float rounded to the nearest bf16: offsets and scales are such numbers."""
    return float(from_bf16_bits(to_bf16_bits(np.array([x], np.float32)))[0])


def e4m3_table():
    t = np.zeros(256, np.float32)
    for b in range(256):
        e, m = (b >> 3) & 15, b & 7
        v = m * 2.0 ** -9 if e == 0 else (1 + m / 8) * 2.0 ** (e - 7)
        t[b] = np.nan if (b & 127) == 127 else (-v if b & 128 else v)
    return t


def e5m2_table():
    return (np.arange(256, dtype=np.uint16) << np.uint16(8)).view(np.float16).astype(np.float32)


E4M3, E5M2 = e4m3_table(), e5m2_table()
E2M1 = np.array([0, .5, 1, 1.5, 2, 3, 4, 6, -0., -.5, -1, -1.5, -2, -3, -4, -6], np.float32)


# ---- one tensor ------------------------------------------------------------------------------------------------------

def fill(spec, seed):
    """spec -> a numpy array whose bytes are what the file holds (bf16 and fp8 as integer codes)."""
    n = int(np.prod(spec["shape"], dtype=np.int64))
    r = stream(spec["name"], seed, n)
    rule = spec.get("fill", "real")
    if rule == "real":
        raw = real(r, spec)
    elif rule == "bytes":
        raw = fp8_bytes(r, spec["dtype"])
    else:
        raw = (U64(spec["low"]) + r % U64(spec["count"])).astype(np.uint8)
        if rule == "signed":                                    # "range" is the same without the sign
            raw |= (r >> U64(63)).astype(np.uint8) << np.uint8(7)
    return raw.reshape(spec["shape"])


def real(r, spec):
    offset, scale, grid, dtype = spec["offset"], spec["scale"], spec.get("grid", "bf16"), spec["dtype"]
    if grid == "f64":                                           # 53 random bits
        x = offset + scale * ((r >> U64(11)).astype(np.float64) * 2.0 ** -52 - 1)
    elif grid == "f32":                                         # 24 random bits, rounded once
        x = (offset + scale * ((r >> U64(40)).astype(np.float64) * 2.0 ** -23 - 1)).astype(np.float32)
    else:
        v = (r >> U64(48)).astype(np.uint16).view(np.int16).astype(np.float32) / np.float32(32768)
        x = np.float32(offset) + np.float32(scale) * v
        x = x.astype(np.float16) if grid == "f16" else from_bf16_bits(to_bf16_bits(x))
    if dtype == "BF16":
        return to_bf16_bits(x)
    return x.astype({"F64": np.float64, "F32": np.float32, "F16": np.float16}[dtype])


def fp8_bytes(r, dtype):
    """Any code but NaN and infinity: such a code has its lowest (E4M3) or highest (E5M2) exponent bit cleared."""
    b = (r >> U64(56)).astype(np.uint8)
    if dtype == "F8_E4M3":
        return np.where((b & 0x7F) == 0x7F, b & np.uint8(0xFE), b).astype(np.uint8)
    if dtype == "F8_E5M2":
        return np.where((b & 0x7C) == 0x7C, b & np.uint8(0xBF), b).astype(np.uint8)
    return b


def decode(raw, dtype):
    """What is stored -> float32 values (f64 rounds once)."""
    if dtype == "BF16":
        return from_bf16_bits(raw)
    if dtype == "F8_E4M3":
        return E4M3[raw]
    if dtype == "F8_E5M2":
        return E5M2[raw]
    return raw.astype(np.float32) if dtype in ("F64", "F32", "F16") else raw


# ---- files -----------------------------------------------------------------------------------------------------------

def write_safetensors(path, tensors, metadata=None):
    """tensors: name -> (dtype, array). Header keys in the order given, padded to 8 bytes: the same bytes every time."""
    head, blobs, at = {}, [], 0
    if metadata:
        head["__metadata__"] = metadata
    for name, (dtype, a) in tensors.items():
        blob = np.ascontiguousarray(a).tobytes()
        assert len(blob) == ITEM[dtype] * a.size, name
        head[name] = {"dtype": dtype, "shape": list(a.shape), "data_offsets": [at, at + len(blob)]}
        at += len(blob)
        blobs.append(blob)
    text = json.dumps(head, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def write_model(folder, tensors, shards=1):
    """One file, or `shards` files of about equal size with the published kind of index."""
    if shards == 1:
        write_safetensors(os.path.join(folder, "model.safetensors"), tensors, {"format": "pt"})
        return
    total = sum(a.size * ITEM[d] for d, a in tensors.values())
    files, size = [{} for _ in range(shards)], 0
    for name, (dtype, a) in tensors.items():
        files[min(shards - 1, size * shards // total)][name] = (dtype, a)
        size += a.size * ITEM[dtype]
    index = {"metadata": {"total_size": total}, "weight_map": {}}
    for i, part in enumerate(files):
        file = f"model-{i + 1:05d}-of-{shards:05d}.safetensors"
        write_safetensors(os.path.join(folder, file), part, {"format": "pt"})
        index["weight_map"].update({name: file for name in part})
    index["weight_map"] = dict(sorted(index["weight_map"].items()))
    with open(os.path.join(folder, "model.safetensors.index.json"), "w") as f:
        json.dump(index, f, indent=1)
        f.write("\n")
