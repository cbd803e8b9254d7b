"""deepseek v1 (model_type "deepseek") in numpy f64, after the authors' modeling_deepseek.py: transformers has no class.

Plain attention with half-split RoPE; softmax router, top k of the probabilities, normalised (+ 1e-20) only when
norm_topk_prob is set and k > 1; routed experts plus one ungated shared MLP. Layer i has experts if
i >= first_k_dense_replace and i % moe_layer_freq == 0.
"""

import numpy as np

import layout


def silu(x):
    return x / (1 + np.exp(-x))


ACT = {"silu": silu, "relu": lambda x: np.maximum(x, 0),
       "gelu_pytorch_tanh": lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))}


class Model:
    def __init__(self, config, tensors):
        self.c = config
        self.w = {k: v.astype(np.float64) for k, v in tensors.items()}
        self.act = ACT[config["hidden_act"]]

    def norm(self, x, name):
        return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + self.c["rms_norm_eps"]) * self.w[name + ".weight"]

    def linear(self, x, name):
        y = x @ self.w[name + ".weight"].T
        return y + self.w[name + ".bias"] if name + ".bias" in self.w else y

    def rope(self, x):
        """x [T, heads, hd]; pair i is (i, i + hd / 2)."""
        hd = x.shape[-1]
        theta = self.c["rope_theta"] ** (-np.arange(0, hd, 2) / hd)
        scaling = self.c.get("rope_scaling")
        if scaling:
            assert scaling["type"] == "linear"
            theta = theta / scaling["factor"]
        angle = np.arange(x.shape[0])[:, None, None] * theta
        a, b = x[..., :hd // 2], x[..., hd // 2:]
        return np.concatenate([a * np.cos(angle) - b * np.sin(angle), b * np.cos(angle) + a * np.sin(angle)], axis=-1)

    def attention(self, x, p):
        t, h, kv, hd = len(x), self.c["num_attention_heads"], self.c["num_key_value_heads"], layout.head_dim(self.c)
        q = self.rope(self.linear(x, p + "q_proj").reshape(t, h, hd))
        k = self.rope(self.linear(x, p + "k_proj").reshape(t, kv, hd))
        v = self.linear(x, p + "v_proj").reshape(t, kv, hd)
        out = np.zeros((t, h, hd))
        for head in range(h):
            j = head * kv // h
            z = np.where(np.tril(np.ones((t, t), bool)), q[:, head] @ k[:, j].T / np.sqrt(hd), -np.inf)
            z = np.exp(z - z.max(axis=1, keepdims=True))
            out[:, head] = z / z.sum(axis=1, keepdims=True) @ v[:, j]
        return self.linear(out.reshape(t, -1), p + "o_proj")

    def mlp(self, x, p):
        return self.linear(self.act(self.linear(x, p + "gate_proj")) * self.linear(x, p + "up_proj"), p + "down_proj")

    def moe(self, x, p, layer):
        k = self.c["num_experts_per_tok"]
        z = x @ self.w[p + "gate.weight"].T
        prob = np.exp(z - z.max(axis=1, keepdims=True))
        prob /= prob.sum(axis=1, keepdims=True)
        ids = np.argsort(-prob, axis=1, kind="stable")[:, :k]
        w = np.take_along_axis(prob, ids, axis=1)
        if self.c["norm_topk_prob"] and k > 1:
            w = w / (w.sum(axis=1, keepdims=True) + 1e-20)
        self.seen[layer] = (z.astype(np.float32), ids.astype(np.int32), w.astype(np.float32))
        y = self.mlp(x, p + "shared_experts.") if self.c.get("n_shared_experts") else np.zeros_like(x)
        for e in range(z.shape[1]):
            rows, slot = np.nonzero(ids == e)
            if len(rows):
                y[rows] += w[rows, slot][:, None] * self.mlp(x[rows], f"{p}experts.{e}.")
        return y

    def run(self, ids):
        self.seen = {}
        x = self.w["model.embed_tokens.weight"][ids]
        for i in range(self.c["num_hidden_layers"]):
            p = f"model.layers.{i}."
            x = x + self.attention(self.norm(x, p + "input_layernorm"), p + "self_attn.")
            h = self.norm(x, p + "post_attention_layernorm")
            x = x + (self.moe(h, p + "mlp.", i) if layout.is_moe(self.c, i) else self.mlp(h, p + "mlp."))
        x = self.norm(x, "model.norm")
        head = self.w["model.embed_tokens.weight" if self.c.get("tie_word_embeddings") else "lm_head.weight"]
        return (x @ head.T).astype(np.float32), self.seen
