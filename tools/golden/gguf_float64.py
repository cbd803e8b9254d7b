#!/usr/bin/env python3
"""Logits of a dense llama GGUF in float64 from its decoded weights, beside `switchyard logits --exact` on the same ids.

    tools/golden/gguf_float64.py FILE.gguf [--bin build/switchyard] [--ids 200] [--seed 1] [--bound 1e-4]

Weights are decoded by the gguf package, everything after that is float64 torch: RMS norm, rotary pairs side by side (as GGUF's llama rows are
permuted), grouped attention over the whole sequence, SwiGLU, the head (or the embedding where there is none). Prints the largest error, absolute
and over the root mean square of the logits; exit status 1 when the absolute one is above the bound.
"""
import argparse, json, os, random, struct, subprocess, sys, tempfile

import gguf
import numpy as np
import torch


class Model:
    def __init__(self, path):
        reader = gguf.GGUFReader(path)
        self.tensors = {t.name: t for t in reader.tensors}
        field = lambda key, default=None: reader.fields[key].contents() if key in reader.fields else default
        arch = field("general.architecture")
        if arch != "llama" or f"{arch}.expert_count" in reader.fields:
            sys.exit(f"{path}: {arch}: only dense llama files are evaluated here")
        self.layers, self.heads = field(f"{arch}.block_count"), field(f"{arch}.attention.head_count")
        self.kv_heads = field(f"{arch}.attention.head_count_kv", self.heads)
        self.width, self.eps = field(f"{arch}.embedding_length"), field(f"{arch}.attention.layer_norm_rms_epsilon")
        self.theta, self.head = field(f"{arch}.rope.freq_base", 10000.0), self.width // self.heads

    def weight(self, name):
        t = self.tensors[name]
        decoded = gguf.quants.dequantize(t.data, t.tensor_type)
        return torch.from_numpy(decoded.astype(np.float64).reshape([int(n) for n in reversed(t.shape)]))

    def norm(self, x, name):
        return x / torch.sqrt((x * x).mean(-1, keepdim=True) + self.eps) * self.weight(name)

    def rotate(self, x):
        """x [T, H, head]: pairs (0, 1), (2, 3), ... turn by position / theta^(2i / head). Angles in float32, as the published code has them."""
        T = x.shape[0]
        inverse = (self.theta ** -(torch.arange(0, self.head, 2, dtype=torch.float64) / self.head)).float()
        angle = (torch.arange(T, dtype=torch.float32)[:, None] * inverse).double()[:, None, :]
        even, odd = x[..., 0::2], x[..., 1::2]
        out = torch.empty_like(x)
        out[..., 0::2] = even * angle.cos() - odd * angle.sin()
        out[..., 1::2] = odd * angle.cos() + even * angle.sin()
        return out

    def attention(self, x, p):
        T = x.shape[0]
        split = lambda name, heads: (x @ self.weight(p + name).T).reshape(T, heads, self.head)
        q, k = self.rotate(split("attn_q.weight", self.heads)), self.rotate(split("attn_k.weight", self.kv_heads))
        v = split("attn_v.weight", self.kv_heads)
        k, v = (t.repeat_interleave(self.heads // self.kv_heads, 1) for t in (k, v))
        scores = torch.einsum("thd,shd->hts", q, k) / self.head ** 0.5
        scores += torch.full((T, T), float("-inf"), dtype=torch.float64).triu(1)
        return torch.einsum("hts,shd->thd", scores.softmax(-1), v).reshape(T, -1) @ self.weight(p + "attn_output.weight").T

    def logits(self, ids):
        h = self.weight("token_embd.weight")[ids]
        for layer in range(self.layers):
            p = f"blk.{layer}."
            h = h + self.attention(self.norm(h, p + "attn_norm.weight"), p)
            x = self.norm(h, p + "ffn_norm.weight")
            gate, up = x @ self.weight(p + "ffn_gate.weight").T, x @ self.weight(p + "ffn_up.weight").T
            h = h + (torch.nn.functional.silu(gate) * up) @ self.weight(p + "ffn_down.weight").T
        head = "output.weight" if "output.weight" in self.tensors else "token_embd.weight"
        return self.norm(h, "output_norm.weight") @ self.weight(head).T


def ours(binary, path, ids, *options):
    """[T, V] float32 of `switchyard logits`."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "o.safetensors")
        done = subprocess.run([binary, "logits", path, "--ids", ",".join(map(str, ids)), "--out", out, *options], capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stderr.strip())
        raw = open(out, "rb").read()
    size = struct.unpack("<Q", raw[:8])[0]
    entry = json.loads(raw[8:8 + size])["logits"]
    begin, end = entry["data_offsets"]
    return np.frombuffer(raw[8 + size + begin:8 + size + end], np.float32).reshape(entry["shape"])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("file")
    p.add_argument("--bin", default="build/switchyard")
    p.add_argument("--ids", type=int, default=200)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--bound", type=float, default=1e-4)
    o = p.parse_args()
    model = Model(o.file)
    vocab = int(model.tensors["token_embd.weight"].shape[1])
    rng = random.Random(o.seed)
    ids = [rng.randrange(vocab) for _ in range(o.ids)]
    want, got = model.logits(torch.tensor(ids)).numpy(), ours(o.bin, o.file, ids, "--exact").astype(np.float64)
    error, root = np.abs(got - want).max(), np.sqrt((want * want).mean())
    print(f"{os.path.basename(o.file)}: {o.ids} ids, logits of root mean square {root:.2f}: largest error {error:.2e}, {error / root:.2e} of that; "
          f"bound {o.bound:g}")
    sys.exit(0 if error <= o.bound else 1)


if __name__ == "__main__":
    main()
