"""Which tensors a checkpoint of each family holds, by the names of published files.

`specs(config, ...)` lists them with the rule for their values; `canonical(...)` undoes every on-disk form (block
scales, MXFP4, prefixes, tensors that a reader must ignore), so that transformers can load the result as plain f32.
"""

import math
import re

import numpy as np

from weights import E2M1, bf16, decode

# Standard deviation of a matrix is gain / sqrt(fan_in); norms are 1 + 0.25 v; no bias is 0, so a forgotten one shows.
GAINS = {"matrix": 1.0, "q": 1.5, "k": 1.5, "router": 1.5, "head": 2.0, "ffn": 1.3}
FLAT = {"embed": (0.0, 1.0), "norm": (1.0, 0.25), "norm_bias": (0.0, 0.125), "bias": (0.0, 0.25), "sinks": (0.5, 1.0),
        "correction": (0.0, 0.1875), "expert_bias": (0.0, 0.25)}


def text_config(config):
    return config.get("text_config", config)


def head_dim(c):
    return c.get("head_dim") or c["hidden_size"] // c["num_attention_heads"]


def is_moe(c, i):
    """Whether layer i has experts."""
    t = c["model_type"]
    if t in ("llama", "qwen3"):
        return False
    if t in ("qwen2_moe", "qwen3_moe"):
        return i not in (c.get("mlp_only_layers") or []) and (i + 1) % c.get("decoder_sparse_step", 1) == 0
    if t.startswith("deepseek") or t in ("kimi_k2", "glm4_moe"):
        return i >= c["first_k_dense_replace"] and i % c.get("moe_layer_freq", 1) == 0
    if t == "llama4_text":
        step = c["interleave_moe_layer_step"]
        return i in c["moe_layers"] if c.get("moe_layers") else (i + 1) % step == 0
    return True


def moe_layers(config):
    c = text_config(config)
    return [i for i in range(c["num_hidden_layers"]) if is_moe(c, i)]


def experts(c):
    return c.get("num_local_experts") or c.get("num_experts") or c.get("n_routed_experts")


def plain(config, fused):
    """(name, shape, kind, fan_in) of every tensor, before dtypes and prefixes."""
    c = text_config(config)
    t, d, v = c["model_type"], c["hidden_size"], c["vocab_size"]
    out = [("model.embed_tokens.weight", [v, d], "embed", d)]
    for i in range(c["num_hidden_layers"]):
        out += layer(c, i, fused)
    out.append(("model.norm.weight", [d], "norm", d))
    if t == "phimoe":
        out.append(("model.norm.bias", [d], "norm_bias", d))
    if not c.get("tie_word_embeddings"):
        out.append(("lm_head.weight", [v, d], "head", d))
    if c.get("lm_head_bias"):
        out.append(("lm_head.bias", [v], "bias", d))
    return out


def layer(c, i, fused):
    t, d, p = c["model_type"], c["hidden_size"], f"model.layers.{i}."
    out = []
    for norm in ("input_layernorm", "post_attention_layernorm"):
        out.append((p + norm + ".weight", [d], "norm", d))
        if t == "phimoe":
            out.append((p + norm + ".bias", [d], "norm_bias", d))
    mla = t in ("deepseek_v2", "deepseek_v3", "kimi_k2")
    out += latent_attention(c, p) if mla else attention(c, p)
    if is_moe(c, i):
        return out + moe(c, p, fused)
    if t == "llama4_text":
        return out + mlp(p + "feed_forward.", d, c["intermediate_size_mlp"])
    return out + mlp(p + "mlp.", d, c["intermediate_size"], c.get("mlp_bias"))


def linear(name, rows, cols, kind, bias=False):
    out = [(name + ".weight", [rows, cols], kind, cols)]
    return out + [(name + ".bias", [rows], "bias", cols)] if bias else out


def attention(c, p):
    t, d, hd = c["model_type"], c["hidden_size"], head_dim(c)
    q, kv = c["num_attention_heads"] * hd, c["num_key_value_heads"] * hd
    bias = c.get("qkv_bias", True) if t == "qwen2_moe" else c.get("attention_bias", t == "gpt_oss")
    o_bias = bias and t not in ("qwen2_moe", "glm4_moe")
    a = p + "self_attn."
    out = linear(a + "q_proj", q, d, "q", bias) + linear(a + "k_proj", kv, d, "k", bias)
    out += linear(a + "v_proj", kv, d, "matrix", bias)
    out += linear(a + "o_proj", d, q, "matrix", o_bias)
    if t in ("qwen3", "qwen3_moe") or (t == "glm4_moe" and c["use_qk_norm"]):
        out += [(a + "q_norm.weight", [hd], "norm", hd), (a + "k_norm.weight", [hd], "norm", hd)]
    if t == "olmoe":
        out += [(a + "q_norm.weight", [q], "norm", hd), (a + "k_norm.weight", [kv], "norm", hd)]
    if t == "gpt_oss":
        out.append((a + "sinks", [c["num_attention_heads"]], "sinks", hd))
    return out


def latent_attention(c, p):
    d, h, bias = c["hidden_size"], c["num_attention_heads"], c.get("attention_bias", False)
    nope, rope, vd, kl = c["qk_nope_head_dim"], c["qk_rope_head_dim"], c["v_head_dim"], c["kv_lora_rank"]
    a = p + "self_attn."
    if c.get("q_lora_rank"):
        r = c["q_lora_rank"]
        out = linear(a + "q_a_proj", r, d, "matrix", bias) + [(a + "q_a_layernorm.weight", [r], "norm", r)]
        out += linear(a + "q_b_proj", h * (nope + rope), r, "q")
    else:
        out = linear(a + "q_proj", h * (nope + rope), d, "q")
    out += linear(a + "kv_a_proj_with_mqa", kl + rope, d, "k", bias) + [(a + "kv_a_layernorm.weight", [kl], "norm", kl)]
    return out + linear(a + "kv_b_proj", h * (nope + vd), kl, "k") + linear(a + "o_proj", d, h * vd, "matrix", bias)


def mlp(p, d, f, bias=False):
    out = linear(p + "gate_proj", f, d, "ffn", bias) + linear(p + "up_proj", f, d, "ffn", bias)
    return out + linear(p + "down_proj", d, f, "ffn", bias)


def moe(c, p, fused):
    t, d, e = c["model_type"], c["hidden_size"], experts(c)
    f = c.get("moe_intermediate_size") or c["intermediate_size"]
    if t == "gpt_oss":
        m = p + "mlp."
        return [(m + "router.weight", [e, d], "router", d), (m + "router.bias", [e], "bias", d),
                (m + "experts.gate_up_proj", [e, d, 2 * f], "ffn", d),
                (m + "experts.gate_up_proj_bias", [e, 2 * f], "expert_bias", d),
                (m + "experts.down_proj", [e, f, d], "ffn", f),
                (m + "experts.down_proj_bias", [e, d], "expert_bias", f)]
    if t == "llama4_text":
        m = p + "feed_forward."
        return [(m + "router.weight", [e, d], "router", d), (m + "experts.gate_up_proj", [e, d, 2 * f], "ffn", d),
                (m + "experts.down_proj", [e, f, d], "ffn", f)] + mlp(m + "shared_expert.", d, f)
    if t == "granitemoe":
        m = p + "block_sparse_moe."
        names = ("router.layer.weight", "input_linear.weight", "output_linear.weight")
        if fused:
            names = ("router.weight", "experts.gate_up_proj", "experts.down_proj")
        return [(m + names[0], [e, d], "router", d), (m + names[1], [e, 2 * f, d], "ffn", d),
                (m + names[2], [e, d, f], "ffn", f)]
    if t in ("mixtral", "phimoe") and not fused:
        m = p + "block_sparse_moe."
        out = [(m + "gate.weight", [e, d], "router", d)]
        for n in range(e):
            x = f"{m}experts.{n}."
            out += linear(x + "w1", f, d, "ffn") + linear(x + "w2", d, f, "ffn") + linear(x + "w3", f, d, "ffn")
        return out
    m = p + "mlp."
    out = [(m + ("router" if t == "phimoe" else "gate") + ".weight", [e, d], "router", d)]
    if t in ("deepseek_v3", "kimi_k2", "glm4_moe"):
        out.append((m + "gate.e_score_correction_bias", [e], "correction", d))
    if fused:
        out += [(m + "experts.gate_up_proj", [e, 2 * f, d], "ffn", d), (m + "experts.down_proj", [e, d, f], "ffn", f)]
    else:
        for n in range(e):
            out += mlp(f"{m}experts.{n}.", d, f)
    if t == "qwen2_moe":
        out += mlp(m + "shared_expert.", d, c["shared_expert_intermediate_size"])
        out += linear(m + "shared_expert_gate", 1, d, "router")
    elif c.get("n_shared_experts"):
        out += mlp(m + "shared_experts.", d, c["n_shared_experts"] * f)
    return out


# ---- tensors that a reader must pass over ----------------------------------------------------------------------------

def mtp_layer(config, fused):
    """The next-token module behind the last layer, as deepseek_v3 and glm4_moe publish it."""
    c = text_config(config)
    d, v, i = c["hidden_size"], c["vocab_size"], c["num_hidden_layers"]
    p = f"model.layers.{i}."
    out = [(p + "embed_tokens.weight", [v, d], "embed", d), (p + "enorm.weight", [d], "norm", d),
           (p + "hnorm.weight", [d], "norm", d), (p + "eh_proj.weight", [d, 2 * d], "matrix", 2 * d)]
    out += layer(c, i, fused)
    return out + [(p + "shared_head.norm.weight", [d], "norm", d), (p + "shared_head.head.weight", [v, d], "head", d)]


def ignored(config, kinds, fused):
    c = text_config(config)
    out = []
    if "mtp" in kinds:
        out += mtp_layer(config, fused)
    if "inv_freq" in kinds:
        for i in range(c["num_hidden_layers"]):
            out.append((f"model.layers.{i}.self_attn.rotary_emb.inv_freq", [head_dim(c) // 2], "embed", 1))
    if "vision" in kinds:
        w, wide = config["vision_config"]["hidden_size"], config["vision_config"]["vision_output_dim"]
        out += [("vision_model.class_embedding", [w], "embed", w),
                ("vision_model.layernorm_pre.weight", [w], "norm", w),
                ("vision_model.layernorm_pre.bias", [w], "bias", w),
                ("vision_model.model.layers.0.self_attn.q_proj.weight", [w, w], "matrix", w),
                ("multi_modal_projector.linear_1.weight", [c["hidden_size"], wide], "matrix", wide)]
    return out


# ---- the list for weights.json ---------------------------------------------------------------------------------------

def specs(config, dtype="BF16", grid="bf16", gains=None, fused=False, fp8=None, mxfp4=False, extra=()):
    """[{name, dtype, shape, offset, scale, ...}] in file order."""
    gains = {**GAINS, **(gains or {})}
    prefix = "language_model." if "text_config" in config else ""
    tied = text_config(config).get("tie_word_embeddings")
    out = []
    for name, shape, kind, fan in plain(config, fused) + ignored(config, extra, fused):
        name = name if name.startswith(("vision", "multi_modal")) else prefix + name
        if mxfp4 and re.search(r"experts\.(gate_up|down)_proj$", name):
            out += mxfp4_specs(name, shape, gains["ffn"])
            continue
        if fp8 and name.endswith(("proj.weight", "proj_with_mqa.weight")) and "eh_proj" not in name:
            out += fp8_specs(name, shape, gains[kind], fan, fp8)
            continue
        if kind in FLAT:
            offset, scale = gains.get(kind, FLAT[kind])         # a case may give its own pair
            if kind == "embed" and tied:
                scale /= 2
        else:
            offset, scale = 0.0, bf16(gains[kind] * math.sqrt(3 / fan))
        f32 = kind == "correction"                              # published so, whatever the rest is
        spec = {"name": name, "dtype": "F32" if f32 else dtype, "shape": shape, "offset": offset, "scale": scale}
        if grid != "bf16":
            spec["grid"] = "f32" if f32 else grid
        out.append(spec)
    return out


def fp8_specs(name, shape, gain, fan, dtype):
    """Random codes and random block scales that make the whole about gain / sqrt(fan). FFN matrices use every finite
    code, the others the upper ones, which weigh more evenly in a sum."""
    if "mlp" in name:
        codes, rms = {"fill": "bytes"}, {"F8_E4M3": 108.0, "F8_E5M2": 9445.0}[dtype]
    else:
        low = {"F8_E4M3": 0x48, "F8_E5M2": 0x64}[dtype]
        count = {"F8_E4M3": 0x7F, "F8_E5M2": 0x7C}[dtype] - low
        codes, rms = {"fill": "signed", "low": low, "count": count}, {"F8_E4M3": 163.0, "F8_E5M2": 21500.0}[dtype]
    offset = bf16(gain / math.sqrt(fan) / rms)
    scale = bf16(offset * 0.75)
    blocks = [-(-n // 128) for n in shape]
    return [{"name": name, "dtype": dtype, "shape": shape, **codes},
            {"name": name + "_scale_inv", "dtype": "F32", "shape": blocks, "offset": offset, "scale": scale}]


def mxfp4_specs(name, shape, gain):
    """[E, in, out] as blocks of 32 along `in`, rows by `out`."""
    e, rows, cols = shape[0], shape[2], shape[1]
    low = 127 + round(math.log2(gain / math.sqrt(cols) / 2.93)) - 1
    shape = [e, rows, cols // 32]
    return [{"name": name + "_blocks", "dtype": "U8", "shape": shape + [16], "fill": "bytes"},
            {"name": name + "_scales", "dtype": "U8", "shape": shape, "fill": "range", "low": low, "count": 3}]


# ---- back to plain f32 -----------------------------------------------------------------------------------------------

def canonical(config, tensors):
    """tensors: name -> (dtype, array) as on disk. Returns name -> float32 array as the main model needs them."""
    c = text_config(config)
    last = c["num_hidden_layers"]
    out = {}
    for name, (dtype, raw) in tensors.items():
        if name.startswith(("vision_model", "multi_modal")) or name.endswith(("inv_freq", "_scale_inv", "_scales")):
            continue
        plain_name = name.removeprefix("language_model.")
        m = re.match(r"model\.layers\.(\d+)\.", plain_name)
        if m and int(m.group(1)) >= last:
            continue
        if name.endswith("_blocks"):
            scales = tensors[name.removesuffix("_blocks") + "_scales"][1]
            out[plain_name.removesuffix("_blocks")] = from_mxfp4(raw, scales)
            continue
        x = decode(raw, dtype)
        if name + "_scale_inv" in tensors:
            s = tensors[name + "_scale_inv"][1]
            n, k = np.arange(x.shape[0]) // 128, np.arange(x.shape[1]) // 128
            x = x * s[n][:, k]
        out[plain_name] = x.astype(np.float32)
    return out


def from_mxfp4(blocks, scales):
    """u8 [E, R, B, 16] and u8 [E, R, B] -> f32 [E, 32 B, R]: low nibble first, then transposed as the bf16 form is."""
    codes = np.stack([blocks & 15, blocks >> 4], axis=-1).reshape(*blocks.shape[:3], 32)
    x = E2M1[codes] * np.exp2(scales.astype(np.float32) - 127)[..., None]
    return np.ascontiguousarray(x.reshape(*blocks.shape[:2], -1).transpose(0, 2, 1)).astype(np.float32)
