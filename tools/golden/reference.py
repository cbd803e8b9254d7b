"""Runs a checkpoint with transformers in f32 (eager attention, eager experts) and records logits and routing.

Where transformers 5.23 departs from a model's authors, the reference follows the authors:
  deepseek_v2  norm_topk_prob true (and K > 1): weights are normalised (+ 1e-20) and NOT scaled; transformers ignores
               the key.
  phimoe       longrope takes long_factor for sequences longer than original_max_position_embeddings; transformers 5.23
               always takes short_factor, though it does choose the mscale by length.
  qwen2_moe    without layer_types, layers below max_window_layers are full and the others windowed; transformers 5.23
               windows every second layer below it.
deepseek v1 has no class there: reference_deepseek_v1.py.
"""

import copy
import json
import os
import tempfile

import numpy as np
import torch
import transformers
from transformers import AutoModelForCausalLM
from transformers.models.deepseek_v2 import modeling_deepseek_v2
from transformers.models.phimoe import modeling_phimoe

import layout
import reference_deepseek_v1
from weights import write_safetensors

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()


# ---- departures ------------------------------------------------------------------------------------------------------

def patch():
    router = modeling_deepseek_v2.DeepseekV2TopkRouter
    init, forward = router.__init__, router.forward

    def new_init(self, config):
        init(self, config)
        self.normalise = bool(config.norm_topk_prob) and config.num_experts_per_tok > 1

    def new_forward(self, x):
        if not self.normalise:
            return forward(self, x)
        scale, self.routed_scaling_factor = self.routed_scaling_factor, 1.0
        logits, w, ids = forward(self, x)
        self.routed_scaling_factor = scale
        return logits, w / (w.sum(dim=-1, keepdim=True) + 1e-20), ids

    router.__init__, router.forward = new_init, new_forward

    def longrope(self, x, position_ids=None):
        p = self.config.rope_parameters
        length = int(position_ids.max()) + 1
        inv_freq, scale = self.rope_init_fn(self.config, **({} if self.rope_type == "default" else {"seq_len": length}))
        if self.rope_type == "longrope":
            long = length > p["original_max_position_embeddings"]
            scale = p["long_mscale"] if long else p["short_mscale"]
        angle = position_ids[..., None].float() * inv_freq.float()
        angle = torch.cat((angle, angle), dim=-1)
        return (angle.cos() * scale).to(x.dtype), (angle.sin() * scale).to(x.dtype)

    modeling_phimoe.PhimoeRotaryEmbedding.forward = torch.no_grad()(longrope)


patch()


def loadable(config):
    """The same model in a config that transformers reads as the authors mean it."""
    c = copy.deepcopy(layout.text_config(config))
    c.pop("quantization_config", None)
    if c["model_type"] == "kimi_k2":
        c["model_type"] = "deepseek_v3"
    if c["model_type"] == "qwen2_moe" and c.get("use_sliding_window") and "layer_types" not in c:
        full, layers = min(c["max_window_layers"], c["num_hidden_layers"]), c["num_hidden_layers"]
        c["layer_types"] = ["full_attention"] * full + ["sliding_attention"] * (layers - full)
    if c["model_type"] == "llama4_text":
        c["architectures"] = ["Llama4ForCausalLM"]
    return c


# ---- running ---------------------------------------------------------------------------------------------------------

class Model:
    """tensors: canonical names -> f32 arrays. `run` gives logits [T, V] and {layer: (router logits, ids, weights)}."""

    def __init__(self, config, tensors):
        self.config = layout.text_config(config)
        self.layers = layout.moe_layers(config)
        self.seen = {}
        self.v1 = self.config["model_type"] == "deepseek"
        if self.v1:
            self.model = reference_deepseek_v1.Model(self.config, tensors)
            return
        with tempfile.TemporaryDirectory() as d:
            with open(os.path.join(d, "config.json"), "w") as f:
                json.dump(loadable(config), f)
            file = {k: ("F32", v) for k, v in tensors.items()}
            write_safetensors(os.path.join(d, "model.safetensors"), file, {"format": "pt"})
            self.model = load(d, experts_implementation="eager")
        self.hook()

    def hook(self):
        for i in self.layers:
            block = self.model.model.layers[i]
            block = getattr(block, "block_sparse_moe", None) or getattr(block, "feed_forward", None) or block.mlp
            router = getattr(block, "gate", None) or block.router
            router.register_forward_hook(lambda mod, args, out, i=i: self.seen.__setitem__(i, out))

    def run(self, ids):
        if self.v1:
            return self.model.run(ids)
        with torch.no_grad():
            logits = self.model(torch.tensor([ids]), use_cache=False).logits[0].numpy().copy()
        return logits, {i: self.choices(self.seen[i]) for i in self.layers}

    def choices(self, out):
        if len(out) == 2:                                       # llama4: (sigmoid of the chosen, else 0; logits)
            scores, z = out
            w, e = torch.topk(scores, self.config["num_experts_per_tok"], dim=-1)
        else:
            z, w, e = out
        order = torch.argsort(w, dim=-1, descending=True, stable=True)
        ids, w = e.gather(1, order).numpy(), w.gather(1, order).numpy()
        return z.numpy().copy(), ids.astype(np.int32), w.astype(np.float32)


def load(folder, model_class=AutoModelForCausalLM, may_ignore="", may_lack="", **options):
    """from_pretrained, which must find every tensor and use every tensor, but those whose names begin as given."""
    model, info = model_class.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager",
                                              output_loading_info=True, **options)
    allow = {"unexpected_keys": may_ignore, "missing_keys": may_lack, "mismatched_keys": "", "error_msgs": ""}
    for kind, allowed in allow.items():
        bad = [k for k in info[kind] if not (allowed and str(k).startswith(allowed))]
        if bad:
            raise ValueError(f"{folder}: {kind}: {sorted(map(str, bad))[:4]}")
    return model.float().eval()


def published_logits(folder, config, ids):
    """Logits of the committed folder as transformers itself reads it."""
    c, options = layout.text_config(config), {}
    if config["model_type"] == "llama4":
        model = load(folder, transformers.Llama4ForConditionalGeneration, may_lack="vision_model.")
    else:
        if config["model_type"] == "kimi_k2":
            options["config"] = transformers.DeepseekV3Config(**loadable(config))
        if "quantization_config" in config:
            options["quantization_config"] = transformers.Mxfp4Config(dequantize=True)
        mtp = f"model.layers.{c['num_hidden_layers']}."
        model = load(folder, may_ignore=mtp, experts_implementation="eager", **options)
    with torch.no_grad():
        return model(torch.tensor([ids]), use_cache=False).logits[0].numpy()


# ---- the routers once more, on their own -----------------------------------------------------------------------------

BIASED = ("deepseek_v3", "kimi_k2", "glm4_moe")


def lead(chosen, others):
    return float(min(chosen) - max(others)) if len(others) else float("inf")


def sparsemixer(c, z):
    """phimoe's two picks; the gap covers the distance of every entry from the mask's threshold too."""
    ids, weights, gap, limit = [], [], float("inf"), 2 * c["router_jitter_noise"]
    left = z.copy()
    for _ in range(2):
        i = int(np.argmax(left))
        best = left[i]
        ratio = (best - left) / np.maximum(np.abs(z), best)
        near = np.abs(ratio[np.isfinite(ratio)] - limit).min()
        gap = min(gap, lead([best], np.delete(left, i)), float(near))
        weights.append(1 / np.exp(np.where(ratio > limit, -np.inf, left) - best).sum())
        ids.append(i)
        left[i] = -np.inf
    return np.array(ids), np.array(weights), gap


def select(c, by):
    """Top k, within the best groups where the family limits them: (ids, gap)."""
    t, groups, keep = c["model_type"], c.get("n_group") or 1, c.get("topk_group") or 1
    gap, allowed = float("inf"), np.ones(len(by), bool)
    if t in BIASED and groups > 1 or t == "deepseek_v2" and c["topk_method"] == "group_limited_greedy":
        g = by.reshape(groups, -1)
        score = g.max(axis=1) if t == "deepseek_v2" else np.sort(g, axis=1)[:, -2:].sum(axis=1)
        order = np.argsort(-score, kind="stable")
        gap = lead(score[order[:keep]], score[order[keep:]])
        allowed = np.repeat(np.isin(np.arange(groups), order[:keep]), g.shape[1])
    ids = np.argsort(-np.where(allowed, by, -np.inf), kind="stable")[:c["num_experts_per_tok"]]
    return ids, min(gap, lead(by[ids], [x for i, x in enumerate(by) if allowed[i] and i not in ids]))


def weigh(c, z, ids):
    t, several = c["model_type"], c["num_experts_per_tok"] > 1
    sigmoid, p = 1 / (1 + np.exp(-z)), np.exp(z - z.max())
    p /= p.sum()
    if t in BIASED:
        total = sigmoid[ids].sum() + 1e-20 if c["norm_topk_prob"] else 1
        return sigmoid[ids] / total * c["routed_scaling_factor"]
    if t == "llama4_text":
        return sigmoid[ids]
    normalise = c.get("norm_topk_prob") and (several or not t.startswith("deepseek"))
    if normalise or t in ("mixtral", "granitemoe", "gpt_oss"):
        return p[ids] / p[ids].sum()
    return p[ids] * (c["routed_scaling_factor"] if t == "deepseek_v2" else 1)


def route(config, z, bias):
    """f64 routing of one row of router logits: ids by falling weight, weights, and the smallest gap by which it chose.

    Gaps of the softmax families are measured on the logits, which order the same way."""
    c = layout.text_config(config)
    z = z.astype(np.float64)
    if c["model_type"] == "phimoe":
        ids, w, gap = sparsemixer(c, z)
    else:
        ids, gap = select(c, 1 / (1 + np.exp(-z)) + bias if c["model_type"] in BIASED else z)
        w = weigh(c, z, ids)
    order = np.argsort(-w, kind="stable")
    return ids[order], w[order], gap


def check_routing(config, tensors, routing):
    """Compares every row with `route`; returns the smallest gap."""
    gap = float("inf")
    for layer, (z, ids, w) in routing.items():
        bias = tensors.get(f"model.layers.{layer}.mlp.gate.e_score_correction_bias", 0)
        for row in range(len(z)):
            i, x, g = route(config, z[row], bias)
            gap = min(gap, g)
            if g > 1e-5:
                assert set(i) == set(ids[row]), f"layer {layer} row {row}: {i} {ids[row]}"
                a, b = dict(zip(i, x)), dict(zip(ids[row], w[row]))
                assert max(abs(a[e] - b[e]) / max(1, abs(a[e])) for e in a) < 2e-5, f"layer {layer} row {row}: {a} {b}"
    return gap
