"""The small cases: odd shapes and the places where implementations part, each a folder under tests/golden."""

SMALL = []


def case(name, note, config, **options):
    SMALL.append({"name": name, "note": note, "config": config, **options})


def base(architecture, model_type, **fields):
    return {"architectures": [architecture], "model_type": model_type, "torch_dtype": "bfloat16", "hidden_act": "silu",
        "initializer_range": 0.02, "use_cache": True, "bos_token_id": 1, "eos_token_id": 2,
        "max_position_embeddings": 256, "attention_dropout": 0.0, **fields}


def new_style(config, dtype, rope):
    """The spelling that transformers 5 writes: dtype and rope_parameters."""
    c = {k: v for k, v in config.items() if k not in ("torch_dtype", "rope_theta", "rope_scaling")}
    return {**c, "dtype": dtype, "rope_parameters": rope}


# ---- llama -----------------------------------------------------------------------------------------------------------

def llama(**f):
    return base("LlamaForCausalLM", "llama", **{"rms_norm_eps": 1e-5, "rope_theta": 10000.0, "rope_scaling": None,
            "tie_word_embeddings": False, "attention_bias": False, "mlp_bias": False, **f})


case("llama_linear_tied", "linear RoPE scaling in the old spelling (`type`), tied embeddings, one kv head of 3, "
    "head_dim null, eps 1e-2, rotary_emb.inv_freq buffers on disk (computed, to be ignored); 39 tokens",
    llama(vocab_size=67, hidden_size=36, intermediate_size=50, num_hidden_layers=3, num_attention_heads=3,
        num_key_value_heads=1, head_dim=None, rms_norm_eps=1e-2, rope_scaling={"type": "linear", "factor": 4.0},
        tie_word_embeddings=True), tokens=39, extra=("inv_freq",))
case("llama_bias_llama3", "attention and MLP biases, head_dim 14 with D / H = 8, llama3 RoPE scaling in the new "
    "spelling (rope_parameters, dtype), f32 values that need all 24 bits", new_style(llama(vocab_size=59,
            hidden_size=40, intermediate_size=45, num_hidden_layers=2, num_attention_heads=5, num_key_value_heads=5,
            head_dim=14, attention_bias=True, mlp_bias=True), "float32", {"rope_type": "llama3", "rope_theta": 100.0,
            "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}),
    dtype="F32", grid="f32", tokens=33)
case("llama_low_is_high", "llama3 scaling with low_freq_factor = high_freq_factor (no middle band), F16 values on "
    "disk, two shards, relu, F of 37", llama(torch_dtype="float16", vocab_size=61, hidden_size=33, intermediate_size=37,
        num_hidden_layers=2, num_attention_heads=3, num_key_value_heads=3, head_dim=10, hidden_act="relu",
        rope_theta=50000.0, rope_scaling={"rope_type": "llama3", "factor": 16.0, "low_freq_factor": 1.0,
            "high_freq_factor": 1.0, "original_max_position_embeddings": 24}), dtype="F16", grid="f16", shards=2)
case("llama_e5m2", "E5M2 weights with 128x128 weight_scale_inv: 138 rows or columns, so the last block is 10 wide; no "
    "rope_theta key (10000)", {k: v for k, v in llama(vocab_size=53, hidden_size=138, intermediate_size=150,
            num_hidden_layers=1, num_attention_heads=3, num_key_value_heads=1, head_dim=46,
            quantization_config={"activation_scheme": "dynamic", "fmt": "e5m2", "quant_method": "fp8",
                "weight_block_size": [128, 128]}).items() if k != "rope_theta"}, fp8="F8_E5M2")


# ---- qwen3 -----------------------------------------------------------------------------------------------------------

def qwen3(**f):
    return base("Qwen3ForCausalLM", "qwen3", **{"rms_norm_eps": 1e-6, "rope_theta": 1000000.0, "rope_scaling": None,
            "tie_word_embeddings": False, "attention_bias": False, "use_sliding_window": False, "sliding_window": None,
            **f})


case("qwen3_yarn", "YaRN (factor 4, cos and sin times 1.1386), tied, one kv head, H * hd of 50 with D of 30, eps 1e-3",
    qwen3(vocab_size=71, hidden_size=30, intermediate_size=44, num_hidden_layers=3, num_attention_heads=5,
        num_key_value_heads=1, head_dim=10, tie_word_embeddings=True, rms_norm_eps=1e-3, rope_theta=40.0,
        rope_scaling={"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128}), tokens=40)
case("qwen3_layer_types", "layer_types: windows of 5 on layers 0 and 2; F64 on disk with 53 bits in each value (the "
    "reference rounds once to f32)", qwen3(torch_dtype="float64", vocab_size=47, hidden_size=26, intermediate_size=30,
        num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2, head_dim=8, use_sliding_window=True,
        sliding_window=5, max_window_layers=3, layer_types=["sliding_attention", "full_attention",
            "sliding_attention"]), dtype="F64", grid="f64")
case("qwen3_max_window_layers", "no layer_types: max_window_layers 1, so layer 0 is full and 1, 2 have a window of 7; "
    "attention_bias (q, k, v, o); gelu (erf)", qwen3(vocab_size=73, hidden_size=34, intermediate_size=40,
        num_hidden_layers=3, num_attention_heads=3, num_key_value_heads=3, head_dim=12, attention_bias=True,
        hidden_act="gelu", use_sliding_window=True, sliding_window=7, max_window_layers=1))


# ---- mixtral ---------------------------------------------------------------------------------------------------------

def mixtral(**f):
    return base("MixtralForCausalLM", "mixtral", **{"rms_norm_eps": 1e-5, "rope_theta": 1000000.0,
            "tie_word_embeddings": False, "output_router_logits": False, "router_aux_loss_coef": 0.02,
            "sliding_window": None, **f})


case("mixtral_window", "sliding window of 6, K = 1 (weight exactly 1), E of 3, one kv head, tied, head_dim null",
    mixtral(vocab_size=67, hidden_size=36, intermediate_size=22, num_hidden_layers=3, num_attention_heads=3,
        num_key_value_heads=1, head_dim=None, num_local_experts=3, num_experts_per_tok=1, sliding_window=6,
        tie_word_embeddings=True))
case("mixtral_fused", "fused in-memory names on disk (mlp.gate, mlp.experts.gate_up_proj, down_proj), K = 3 of 6, "
    "head_dim 10 with D / H = 7, gelu, F16", mixtral(torch_dtype="float16", vocab_size=61, hidden_size=28,
        intermediate_size=18, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2, head_dim=10,
        num_local_experts=6, num_experts_per_tok=3, hidden_act="gelu"), fused=True, dtype="F16", grid="f16")
case("mixtral_sharded", "three shards with an index, new spelling (rope_parameters, dtype), F32 with all bits, K = E "
    "= 4, eps 1e-2", new_style(mixtral(vocab_size=63, hidden_size=34, intermediate_size=19, num_hidden_layers=2,
            num_attention_heads=2, num_key_value_heads=2, head_dim=18, num_local_experts=4, num_experts_per_tok=4,
            rms_norm_eps=1e-2), "float32", {"rope_type": "default", "rope_theta": 20000.0}), dtype="F32", grid="f32",
    shards=3)


# ---- qwen2_moe -------------------------------------------------------------------------------------------------------

def qwen2_moe(**f):
    return base("Qwen2MoeForCausalLM", "qwen2_moe", **{"rms_norm_eps": 1e-6, "rope_theta": 1000000.0,
            "tie_word_embeddings": False, "output_router_logits": False, "router_aux_loss_coef": 0.001,
            "decoder_sparse_step": 1, "norm_topk_prob": False, "use_sliding_window": False, "sliding_window": 64,
            "max_window_layers": 28, **f})


case("qwen2_moe_sparse_step", "decoder_sparse_step 2 and mlp_only_layers [3]: experts on layers 1 and 5 only; "
    "norm_topk_prob true; D of 26", qwen2_moe(vocab_size=57, hidden_size=26, intermediate_size=30,
        moe_intermediate_size=14, shared_expert_intermediate_size=21, num_hidden_layers=6, num_attention_heads=2,
        num_key_value_heads=1, head_dim=12, num_experts=5, num_experts_per_tok=3, decoder_sparse_step=2,
        mlp_only_layers=[3], norm_topk_prob=True))
case("qwen2_moe_window", "use_sliding_window with max_window_layers 1 and no layer_types: layer 0 full, 1 and 2 "
    "windows of 5 (the authors' reading; transformers 5.23 has another); K = 1 without renormalisation; tied",
    qwen2_moe(vocab_size=69, hidden_size=36, intermediate_size=40, moe_intermediate_size=17,
        shared_expert_intermediate_size=23, num_hidden_layers=3, num_attention_heads=3, num_key_value_heads=1,
        num_experts=4, num_experts_per_tok=1, use_sliding_window=True, sliding_window=5, max_window_layers=1,
        tie_word_embeddings=True))
case("qwen2_moe_no_bias", "qkv_bias false, layer_types with a window of 9, gelu_pytorch_tanh, two shards, F32 with "
    "all bits, new spelling, K = 2 of 7", new_style(qwen2_moe(vocab_size=51, hidden_size=28, intermediate_size=30,
            moe_intermediate_size=11, shared_expert_intermediate_size=15, num_hidden_layers=2, num_attention_heads=2,
            num_key_value_heads=2, num_experts=7, num_experts_per_tok=2, qkv_bias=False, rms_norm_eps=1e-2,
            hidden_act="gelu_pytorch_tanh", use_sliding_window=True, sliding_window=9, max_window_layers=2,
            layer_types=["full_attention", "sliding_attention"]), "float32", {"rope_type": "linear",
            "rope_theta": 30000.0, "factor": 2.0}), dtype="F32", grid="f32", shards=2)


# ---- qwen3_moe -------------------------------------------------------------------------------------------------------

def qwen3_moe(**f):
    return base("Qwen3MoeForCausalLM", "qwen3_moe", **{"rms_norm_eps": 1e-6, "rope_theta": 1000000.0,
            "rope_scaling": None, "tie_word_embeddings": False, "output_router_logits": False,
            "router_aux_loss_coef": 0.001, "attention_bias": False, "decoder_sparse_step": 1, "mlp_only_layers": [],
            "norm_topk_prob": True, "use_sliding_window": False, "sliding_window": None, **f})


case("qwen3_moe_fused", "fused in-memory names on disk, norm_topk_prob false, mlp_only_layers [0], K = 4 of 9, F16",
    qwen3_moe(torch_dtype="float16", vocab_size=55, hidden_size=30, intermediate_size=34, moe_intermediate_size=13,
        num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2, head_dim=10, num_experts=9,
        num_experts_per_tok=4, norm_topk_prob=False, mlp_only_layers=[0], rms_norm_eps=1e-2), fused=True, dtype="F16",
    grid="f16")
case("qwen3_moe_window", "window of 6 on every layer (max_window_layers 0), attention_bias, YaRN with "
    "attention_factor given, decoder_sparse_step 2, one kv head, tied, new spelling", new_style(qwen3_moe(vocab_size=65,
            hidden_size=36, intermediate_size=33, moe_intermediate_size=15, num_hidden_layers=4, num_attention_heads=3,
            num_key_value_heads=1, head_dim=14, num_experts=6, num_experts_per_tok=2, attention_bias=True,
            decoder_sparse_step=2, tie_word_embeddings=True, use_sliding_window=True, sliding_window=6,
            max_window_layers=0), "bfloat16", {"rope_type": "yarn", "rope_theta": 50.0, "factor": 8.0,
            "original_max_position_embeddings": 128, "beta_fast": 16.0, "beta_slow": 2.0, "attention_factor": 1.25}))
case("qwen3_moe_fp8", "E4M3 with 128x128 weight_scale_inv: D of 140 and F of 21, so blocks of 12 columns and 21 rows; "
    "K = 1 with renormalisation", qwen3_moe(vocab_size=53, hidden_size=140, intermediate_size=150,
        moe_intermediate_size=21, num_hidden_layers=1, num_attention_heads=3, num_key_value_heads=1, head_dim=46,
        num_experts=7, num_experts_per_tok=1, quantization_config={"activation_scheme": "dynamic", "fmt": "e4m3",
            "quant_method": "fp8", "weight_block_size": [128, 128]}), fp8="F8_E4M3")


# ---- olmoe -----------------------------------------------------------------------------------------------------------

def olmoe(**f):
    return base("OlmoeForCausalLM", "olmoe", **{"rms_norm_eps": 1e-5, "rope_theta": 10000.0, "rope_scaling": None,
            "tie_word_embeddings": False, "output_router_logits": False, "router_aux_loss_coef": 0.01,
            "attention_bias": False, "clip_qkv": None, "norm_topk_prob": False, "pad_token_id": 1, **f})


case("olmoe_clip", "clip_qkv 0.5 on q, k and v (after the norms), one kv head of 3 so that k_norm is narrower than "
    "q_norm, F32 with all bits", olmoe(torch_dtype="float32", vocab_size=59, hidden_size=36, intermediate_size=15,
        num_hidden_layers=2, num_attention_heads=3, num_key_value_heads=1, num_experts=7, num_experts_per_tok=3,
        clip_qkv=0.5), dtype="F32", grid="f32")
case("olmoe_norm", "norm_topk_prob true, attention_bias, K = E = 5, tied, fused names, F16, eps 1e-2",
    olmoe(torch_dtype="float16", vocab_size=63, hidden_size=40, intermediate_size=14, num_hidden_layers=3,
        num_attention_heads=4, num_key_value_heads=4, num_experts=5, num_experts_per_tok=5, attention_bias=True,
        norm_topk_prob=True, tie_word_embeddings=True, rms_norm_eps=1e-2), fused=True, dtype="F16", grid="f16")


# ---- granitemoe ------------------------------------------------------------------------------------------------------

def granitemoe(**f):
    return base("GraniteMoeForCausalLM", "granitemoe", **{"rms_norm_eps": 1e-6, "rope_theta": 10000.0,
            "rope_scaling": None, "tie_word_embeddings": True, "output_router_logits": False,
            "router_aux_loss_coef": 0.0, "attention_bias": False, "embedding_multiplier": 12.0,
            "attention_multiplier": 0.015625, "residual_multiplier": 0.22, "logits_scaling": 6.0, **f})


case("granitemoe_bias", "attention_bias (q, k, v, o), K = 1, untied, one kv head, attention_multiplier 0.4, residual "
    "0.7, logits_scaling 0.8, embedding 3", granitemoe(vocab_size=67, hidden_size=36, intermediate_size=21,
        num_hidden_layers=3, num_attention_heads=3, num_key_value_heads=1, num_local_experts=5, num_experts_per_tok=1,
        attention_bias=True, tie_word_embeddings=False, rms_norm_eps=1e-2, embedding_multiplier=3.0,
        attention_multiplier=0.4, residual_multiplier=0.7, logits_scaling=0.8))
case("granitemoe_fused", "in-memory names on disk (block_sparse_moe.router.weight, experts.gate_up_proj, down_proj), "
    "tied, three shards, linear RoPE, relu, F32 with all bits", granitemoe(torch_dtype="float32", vocab_size=49,
        hidden_size=28, intermediate_size=13, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2,
        num_local_experts=6, num_experts_per_tok=4, hidden_act="relu", embedding_multiplier=1.5,
        attention_multiplier=0.375, residual_multiplier=0.875, logits_scaling=0.5, rope_scaling={"type": "linear",
            "factor": 3.0}), fused=True, dtype="F32", grid="f32", shards=3)


# ---- phimoe ----------------------------------------------------------------------------------------------------------

SHORT = [1.0, 1.05, 1.3, 1.7, 2.2, 3.0]
LONG = [1.0, 1.6, 3.5, 9.0, 20.0, 41.0]


def phimoe(**f):
    return base("PhiMoEForCausalLM", "phimoe", **{"rms_norm_eps": 1e-5, "rope_theta": 10000.0,
            "tie_word_embeddings": False, "output_router_logits": False, "router_aux_loss_coef": 0.0,
            "input_jitter_noise": 0.01, "router_jitter_noise": 0.1, "attention_bias": True, "lm_head_bias": True,
            "sliding_window": None, **f})


def longrope(limit):
    return {"original_max_position_embeddings": limit, "rope_scaling": {"type": "longrope", "short_factor": SHORT,
            "long_factor": LONG, "short_mscale": 1.1, "long_mscale": 1.3, "original_max_position_embeddings": limit}}


SIZES = dict(vocab_size=57, hidden_size=36, intermediate_size=15, num_hidden_layers=2, num_attention_heads=3,
    num_key_value_heads=1, num_local_experts=5, num_experts_per_tok=2)
case("phimoe_longrope_short", "longrope with the prompt and all that is generated below the limit of 64: short_factor "
    "and short_mscale", phimoe(**SIZES, **longrope(64)), tokens=30)
case("phimoe_longrope_long", "longrope with a prompt of 30 above the limit of 16: long_factor and long_mscale for "
    "every position", phimoe(**SIZES, **longrope(16)), tokens=30)
case("phimoe_longrope_crossing", "longrope with a prompt of 24 below the limit of 28 and generation that crosses it: "
    "from 29 ids on, the whole sequence counts anew with long_factor", phimoe(**SIZES, **longrope(28)), tokens=24)
case("phimoe_window", "sliding window of 7, no attention bias, no head bias, wide jitter 0.4 (masks keep several "
    "experts), fused names (mlp.router, mlp.experts.*), tied, F16, eps 1e-2", phimoe(torch_dtype="float16",
        vocab_size=61, hidden_size=34, intermediate_size=17, num_hidden_layers=3, num_attention_heads=1,
        num_key_value_heads=1, num_local_experts=7, num_experts_per_tok=2, attention_bias=False, lm_head_bias=False,
        sliding_window=7, router_jitter_noise=0.4, tie_word_embeddings=True, rms_norm_eps=1e-2), fused=True,
    dtype="F16", grid="f16")


# ---- deepseek v1 -----------------------------------------------------------------------------------------------------

def deepseek(**f):
    return base("DeepseekForCausalLM", "deepseek", **{"rms_norm_eps": 1e-6, "rope_theta": 10000, "rope_scaling": None,
            "tie_word_embeddings": False, "attention_bias": False, "scoring_func": "softmax", "norm_topk_prob": False,
            "first_k_dense_replace": 1, "moe_layer_freq": 1, "n_shared_experts": 2, "pretraining_tp": 1,
            "aux_loss_alpha": 0.001, "seq_aux": True, **f})


case("deepseek_freq", "moe_layer_freq 2 after one dense layer: experts on layers 2 and 4; grouped queries; K = 3 "
    "without renormalisation; two shared experts as one MLP", deepseek(vocab_size=63, hidden_size=28,
        intermediate_size=31, moe_intermediate_size=11, num_hidden_layers=5, num_attention_heads=2,
        num_key_value_heads=1, n_routed_experts=6, num_experts_per_tok=3, moe_layer_freq=2, rms_norm_eps=1e-2))
case("deepseek_norm", "norm_topk_prob true, one shared expert, linear RoPE, tied, experts on every layer, two shards, "
    "F32 with all bits", deepseek(torch_dtype="float32", vocab_size=49, hidden_size=30, intermediate_size=31,
        moe_intermediate_size=10, num_hidden_layers=2, num_attention_heads=3, num_key_value_heads=3, n_routed_experts=5,
        num_experts_per_tok=2, n_shared_experts=1, norm_topk_prob=True, first_k_dense_replace=0,
        tie_word_embeddings=True, rope_scaling={"type": "linear", "factor": 2.5}), dtype="F32", grid="f32", shards=2)
case("deepseek_top1", "K = 1 with norm_topk_prob true (not normalised: the authors do so only for K > 1), "
    "gelu_pytorch_tanh, no shared experts, F16", deepseek(torch_dtype="float16", vocab_size=65, hidden_size=34,
        intermediate_size=31, moe_intermediate_size=17, num_hidden_layers=3, num_attention_heads=1,
        num_key_value_heads=1, n_routed_experts=4, num_experts_per_tok=1, n_shared_experts=None, norm_topk_prob=True,
        hidden_act="gelu_pytorch_tanh"), dtype="F16", grid="f16")


# ---- deepseek v2 -----------------------------------------------------------------------------------------------------

def deepseek_v2(**f):
    return base("DeepseekV2ForCausalLM", "deepseek_v2", **{"rms_norm_eps": 1e-6, "rope_theta": 10000,
            "rope_scaling": None, "tie_word_embeddings": False, "attention_bias": False, "scoring_func": "softmax",
            "topk_method": "greedy", "norm_topk_prob": False, "first_k_dense_replace": 1, "moe_layer_freq": 1,
            "n_shared_experts": 2, "n_group": 1, "topk_group": 1, "routed_scaling_factor": 1.0, "pretraining_tp": 1,
            "aux_loss_alpha": 0.001, "seq_aux": True, **f})


def yarn(factor, original, fast, slow, mscale, all_dim):
    return {"type": "yarn", "factor": factor, "original_max_position_embeddings": original, "beta_fast": fast,
        "beta_slow": slow, "mscale": mscale, "mscale_all_dim": all_dim}


case("deepseek_v2_groups", "q_lora, group_limited_greedy with 4 groups of 3 (best 2 by their maximum), scale 4, "
    "experts on every layer, YaRN with mscale 1 and 1 (softmax scale times m^2), eps 1e-2 (the inner norms keep 1e-6)",
    deepseek_v2(vocab_size=61, hidden_size=33, intermediate_size=40, moe_intermediate_size=13, num_hidden_layers=2,
        num_attention_heads=3, num_key_value_heads=3, q_lora_rank=18, kv_lora_rank=14, qk_nope_head_dim=10,
        qk_rope_head_dim=8, v_head_dim=6, n_routed_experts=12, num_experts_per_tok=4,
        topk_method="group_limited_greedy", n_group=4, topk_group=2, routed_scaling_factor=4.0, first_k_dense_replace=0,
        rms_norm_eps=1e-2, rope_theta=60.0, rope_scaling=yarn(40, 128, 8, 1, 1.0, 1.0)))
case("deepseek_v2_lite", "no q_lora (q_lora_rank null), YaRN with mscale 0.707 and 0.707, attention_bias (q_a, kv_a, "
    "o), K = 1, tied, one head, F16", deepseek_v2(torch_dtype="float16", vocab_size=63, hidden_size=38,
        intermediate_size=41, moe_intermediate_size=15, num_hidden_layers=3, num_attention_heads=1,
        num_key_value_heads=1, q_lora_rank=None, kv_lora_rank=20, qk_nope_head_dim=14, qk_rope_head_dim=10,
        v_head_dim=18, n_routed_experts=5, num_experts_per_tok=1, attention_bias=True, tie_word_embeddings=True,
        rope_theta=100.0, rope_scaling=yarn(40, 160, 8, 1, 0.707, 0.707)), dtype="F16", grid="f16")
case("deepseek_v2_norm", "norm_topk_prob true: weights normalised and NOT times routed_scaling_factor 3 (authors; "
    "transformers ignores the key); mscale 1.3 with mscale_all_dim 0.6, so cos and sin get the ratio; two shards",
    deepseek_v2(vocab_size=59, hidden_size=36, intermediate_size=30, moe_intermediate_size=12, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=4, q_lora_rank=None, kv_lora_rank=12, qk_nope_head_dim=6,
        qk_rope_head_dim=6, v_head_dim=10, n_routed_experts=7, num_experts_per_tok=3, norm_topk_prob=True,
        routed_scaling_factor=3.0, n_shared_experts=1, rope_theta=20.0, rope_scaling=yarn(8.0, 128, 4.0, 1.0, 1.3,
            0.6)), shards=2)


# ---- deepseek v3, kimi -----------------------------------------------------------------------------------------------

def deepseek_v3(**f):
    return base("DeepseekV3ForCausalLM", "deepseek_v3", **{"rms_norm_eps": 1e-6, "rope_theta": 10000,
            "rope_scaling": None, "tie_word_embeddings": False, "attention_bias": False, "scoring_func": "sigmoid",
            "topk_method": "noaux_tc", "norm_topk_prob": True, "first_k_dense_replace": 1, "moe_layer_freq": 1,
            "n_shared_experts": 1, "n_group": 1, "topk_group": 1, "routed_scaling_factor": 2.5,
            "num_nextn_predict_layers": 0, "pretraining_tp": 1, "aux_loss_alpha": 0.001, "seq_aux": True, "ep_size": 1,
            **f})


FP8 = {"activation_scheme": "dynamic", "fmt": "e4m3", "quant_method": "fp8", "weight_block_size": [128, 128]}
case("deepseek_v3_fp8", "E4M3 with 128x128 weight_scale_inv, all edge kinds (134 columns, 24 rows, kv_a of 26 rows, F "
    "of 131 in the dense layer); norms, router, embeddings bf16; correction bias f32", deepseek_v3(vocab_size=43,
        hidden_size=134, intermediate_size=131, moe_intermediate_size=20, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, q_lora_rank=24, kv_lora_rank=18, qk_nope_head_dim=66, qk_rope_head_dim=8, v_head_dim=12,
        n_routed_experts=4, num_experts_per_tok=2, quantization_config=FP8), fp8="F8_E4M3", tokens=24)
case("deepseek_v3_mtp", "4 groups of 2 (best 3 by the sum of their two best), YaRN with mscale 1 and 1, an MTP layer "
    "on disk behind the last one (num_nextn_predict_layers 1, to be skipped), K = 4, two shards",
    deepseek_v3(vocab_size=51, hidden_size=30, intermediate_size=31, moe_intermediate_size=11, num_hidden_layers=2,
        num_attention_heads=3, num_key_value_heads=3, q_lora_rank=16, kv_lora_rank=14, qk_nope_head_dim=10,
        qk_rope_head_dim=8, v_head_dim=8, n_routed_experts=8, num_experts_per_tok=4, n_group=4, topk_group=3,
        num_nextn_predict_layers=1, rope_theta=60.0, rope_scaling=yarn(40, 64, 8, 1, 1.0, 1.0)), extra=("mtp",),
    shards=2)
case("deepseek_v3_negative", "correction biases near -1, so that biased scores are negative and groups masked with "
    "0.0 instead of -inf would win; norm_topk_prob false; fused names; no q_lora; attention_bias; F32 with all bits",
    deepseek_v3(torch_dtype="float32", vocab_size=41, hidden_size=28, intermediate_size=26, moe_intermediate_size=9,
        num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2, q_lora_rank=None, kv_lora_rank=10,
        qk_nope_head_dim=6, qk_rope_head_dim=6, v_head_dim=10, n_routed_experts=9, num_experts_per_tok=3, n_group=3,
        topk_group=1, norm_topk_prob=False, attention_bias=True, n_shared_experts=2, rms_norm_eps=1e-2), fused=True,
    dtype="F32", grid="f32", gains={"correction": (-1.0, 0.25)})
case("kimi_k2", "model_type kimi_k2: one group, YaRN with both betas 1 (nearly a step), scale 2.827, K = 1 (weight = "
    "scale), eps 1e-5, tied", {**deepseek_v3(vocab_size=57, hidden_size=34, intermediate_size=33,
            moe_intermediate_size=14, num_hidden_layers=3, num_attention_heads=2, num_key_value_heads=2, q_lora_rank=22,
            kv_lora_rank=16, qk_nope_head_dim=10, qk_rope_head_dim=12, v_head_dim=14, n_routed_experts=6,
            num_experts_per_tok=1, routed_scaling_factor=2.827, rope_theta=100.0, rms_norm_eps=1e-5,
            tie_word_embeddings=True, rope_scaling=yarn(32.0, 128, 1.0, 1.0, 1.0, 1.0)), "model_type": "kimi_k2"})


# ---- gpt_oss ---------------------------------------------------------------------------------------------------------

def gpt_oss(**f):
    return base("GptOssForCausalLM", "gpt_oss", **{"rms_norm_eps": 1e-5, "rope_theta": 150000,
            "tie_word_embeddings": False, "output_router_logits": False, "router_aux_loss_coef": 0.9,
            "attention_bias": True, "swiglu_limit": 7.0, "rope_scaling": {"rope_type": "yarn", "factor": 32.0,
                "beta_fast": 32.0, "beta_slow": 1.0, "truncate": False, "original_max_position_embeddings": 4096}, **f})


case("gpt_oss_top1", "K = 1, one kv head, H * hd of 42 with D of 34, windows of 4 where layer_types says so (full, "
    "sliding, sliding), YaRN without truncation, tied", gpt_oss(vocab_size=57, hidden_size=34, intermediate_size=15,
        num_hidden_layers=3, num_attention_heads=3, num_key_value_heads=1, head_dim=14, num_local_experts=4,
        num_experts_per_tok=1, sliding_window=4, layer_types=["full_attention", "sliding_attention",
            "sliding_attention"], tie_word_embeddings=True, rope_theta=150, rope_scaling={"rope_type": "yarn",
            "factor": 32.0, "beta_fast": 32.0, "beta_slow": 1.0, "truncate": False,
            "original_max_position_embeddings": 300}))
case("gpt_oss_clamp", "swiglu_limit 0.75 so that both clamps act, YaRN with truncation (key absent), no layer_types "
    "(even layers windowed), large expert biases, F32 with all bits", gpt_oss(torch_dtype="float32", vocab_size=53,
        hidden_size=26, intermediate_size=13, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2,
        head_dim=16, num_local_experts=5, num_experts_per_tok=3, sliding_window=6, swiglu_limit=0.75, rms_norm_eps=1e-2,
        rope_theta=500, rope_scaling={"rope_type": "yarn", "factor": 8.0, "beta_fast": 32.0, "beta_slow": 1.0,
            "original_max_position_embeddings": 256}), dtype="F32", grid="f32", gains={"expert_bias": (0.0, 1.0)})
MX = {"modules_to_not_convert": ["model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens",
        "lm_head"], "quant_method": "mxfp4"}
case("gpt_oss_mxfp4", "MXFP4 blocks and scales, D of 96 (three blocks a row) with F of 32, two shards, bf16 "
    "elsewhere, K = 2 of 3", gpt_oss(vocab_size=47, hidden_size=96, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, head_dim=20, num_local_experts=3, num_experts_per_tok=2,
        sliding_window=5, quantization_config=MX), mxfp4=True, shards=2)


# ---- llama4 ----------------------------------------------------------------------------------------------------------

def llama4(**f):
    return base("Llama4ForCausalLM", "llama4_text", **{"rms_norm_eps": 1e-5, "rope_theta": 500000.0,
            "rope_scaling": None, "tie_word_embeddings": False, "output_router_logits": False,
            "router_aux_loss_coef": 0.001, "router_jitter_noise": 0.0, "attention_bias": False,
            "num_experts_per_tok": 1, "interleave_moe_layer_step": 1, "use_qk_norm": True,
            "attn_temperature_tuning": True, "floor_scale": 8192, "attn_scale": 0.1, **f})


SCOUT = {"rope_type": "llama3", "factor": 16.0, "low_freq_factor": 1.0, "high_freq_factor": 1.0,
    "original_max_position_embeddings": 24}
case("llama4_nested", "model_type llama4 with text_config, tensors under language_model., vision and projector "
    "tensors to be ignored; llama3 scaling with low = high; chunks of 7, layer 3 NoPE by no_rope_layer_interval, "
    "temperature tuning from position 4 on, two shards", {"architectures": ["Llama4ForConditionalGeneration"],
        "model_type": "llama4", "torch_dtype": "bfloat16", "boi_token_index": 40, "eoi_token_index": 41,
        "image_token_index": 42, "tie_word_embeddings": False, "text_config": llama4(vocab_size=53, hidden_size=28,
            intermediate_size=13, intermediate_size_mlp=30, num_hidden_layers=4, num_attention_heads=3,
            num_key_value_heads=1, head_dim=10, num_local_experts=4, no_rope_layer_interval=4, attention_chunk_size=7,
            floor_scale=5, attn_scale=0.5, rope_scaling=SCOUT), "vision_config": {"model_type": "llama4_vision_model",
            "hidden_size": 8, "vision_output_dim": 16, "num_hidden_layers": 1, "num_attention_heads": 1,
            "intermediate_size": 16, "image_size": 28, "patch_size": 14}}, extra=("vision",), shards=2, tokens=32)
case("llama4_no_qk_norm", "use_qk_norm false, dense and MoE layers in turn (interleave_moe_layer_step 2), "
    "no_rope_layers [1, 0, 0, 1], no temperature tuning, chunks of 5, K = 2, F16", llama4(torch_dtype="float16",
        vocab_size=49, hidden_size=26, intermediate_size=11, intermediate_size_mlp=30, num_hidden_layers=4,
        num_attention_heads=4, num_key_value_heads=2, head_dim=8, num_local_experts=5, num_experts_per_tok=2,
        interleave_moe_layer_step=2, no_rope_layers=[1, 0, 0, 1], attention_chunk_size=5, use_qk_norm=False,
        attn_temperature_tuning=False), dtype="F16", grid="f16", tokens=32)
case("llama4_bias", "attention_bias (q, k, v, o), tied, eps 1e-2 (also in the weightless q/k norm), chunks of 9, "
    "moe_layers [2], new spelling, F32 with all bits", new_style(llama4(vocab_size=43, hidden_size=24,
            intermediate_size=14, intermediate_size_mlp=26, num_hidden_layers=3, num_attention_heads=2,
            num_key_value_heads=1, head_dim=12, num_local_experts=3, moe_layers=[2], no_rope_layers=[1, 1, 0],
            attention_chunk_size=9, floor_scale=6, attn_scale=0.3, attention_bias=True, tie_word_embeddings=True,
            rms_norm_eps=1e-2), "float32", {"rope_type": "default", "rope_theta": 20000.0}), dtype="F32", grid="f32")


# ---- glm4_moe --------------------------------------------------------------------------------------------------------

def glm4_moe(**f):
    return base("Glm4MoeForCausalLM", "glm4_moe", **{"rms_norm_eps": 1e-5, "rope_theta": 1000000, "rope_scaling": None,
            "tie_word_embeddings": False, "attention_bias": True, "norm_topk_prob": True, "first_k_dense_replace": 1,
            "n_shared_experts": 1, "n_group": 1, "topk_group": 1, "routed_scaling_factor": 1.0,
            "num_nextn_predict_layers": 0, "partial_rotary_factor": 0.5, "use_qk_norm": False, **f})


case("glm4_moe_groups", "no q/k norm (Air), 4 groups of 2 with the best 2, scale 1.5, partial rotary 0.5 (10 of 20 "
    "columns), one kv head, K = 3, two dense layers", glm4_moe(vocab_size=55, hidden_size=30, intermediate_size=27,
        moe_intermediate_size=11, num_hidden_layers=3, num_attention_heads=3, num_key_value_heads=1, head_dim=20,
        n_routed_experts=8, num_experts_per_tok=3, n_group=4, topk_group=2, first_k_dense_replace=2,
        routed_scaling_factor=1.5))
case("glm4_moe_mtp", "q/k norms, partial rotary 0.25 (4 of 16), no attention bias, norm_topk_prob false, MTP layer on "
    "disk (num_nextn_predict_layers 1, to be skipped), eps 1e-2", glm4_moe(vocab_size=49, hidden_size=26,
        intermediate_size=27, moe_intermediate_size=9, num_hidden_layers=3, num_attention_heads=2,
        num_key_value_heads=2, head_dim=16, n_routed_experts=6, num_experts_per_tok=2, attention_bias=False,
        use_qk_norm=True, norm_topk_prob=False, routed_scaling_factor=2.5, num_nextn_predict_layers=1,
        partial_rotary_factor=0.25, rms_norm_eps=1e-2), extra=("mtp",))
case("glm4_moe_fused", "fused names, two shared experts, K = 1, new spelling with partial_rotary_factor inside "
    "rope_parameters, tied, gelu, F16, three shards", {k: v for k, v in new_style(glm4_moe(vocab_size=61,
                hidden_size=34, intermediate_size=27, moe_intermediate_size=12, num_hidden_layers=3,
                num_attention_heads=4, num_key_value_heads=2, head_dim=12, n_routed_experts=5, num_experts_per_tok=1,
                n_shared_experts=2, use_qk_norm=True, hidden_act="gelu", tie_word_embeddings=True), "float16",
            {"rope_type": "default", "rope_theta": 30000.0,
                "partial_rotary_factor": 0.5}).items() if k != "partial_rotary_factor"}, fused=True, dtype="F16",
    grid="f16", shards=3)
