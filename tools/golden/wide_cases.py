"""The wide cases: D of 256 and more, 300 tokens and more, 16 experts and more, windows shorter than the prompt. Their
weights are not committed: weights.json says how to rebuild them."""

from small_cases import (deepseek, deepseek_v2, deepseek_v3, glm4_moe, gpt_oss, granitemoe, llama, llama4, mixtral,
    new_style, olmoe, phimoe, qwen2_moe, qwen3, qwen3_moe, yarn)

WIDE = []
MANY = {"max_position_embeddings": 4096}
FP8 = {"activation_scheme": "dynamic", "fmt": "e4m3", "quant_method": "fp8", "weight_block_size": [128, 128]}


def case(name, note, tokens, config, **options):
    WIDE.append({"name": name, "note": note, "tokens": tokens, "config": config, "tolerance": 2e-4, **options})


case("llama_a", "llama3 scaling, grouped queries 4 to 1, three key blocks", 530, llama(**MANY, vocab_size=199,
        hidden_size=256, intermediate_size=400, num_hidden_layers=3, num_attention_heads=8, num_key_value_heads=2,
        head_dim=32, rope_theta=500000.0, rope_scaling={"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 256}))
case("llama_b", "D of 325, five heads of 62, attention and MLP biases, tied, linear scaling, f32 on disk", 301,
    llama(**{**MANY, "torch_dtype": "float32"}, vocab_size=181, hidden_size=325, intermediate_size=333,
        num_hidden_layers=2, num_attention_heads=5, num_key_value_heads=5, head_dim=62, attention_bias=True,
        mlp_bias=True, tie_word_embeddings=True, rope_scaling={"type": "linear", "factor": 3.0}), dtype="F32")
case("qwen3_a", "windows of 100 on two of three layers (layer_types), H * hd of 320 with D of 256", 410, qwen3(**MANY,
        vocab_size=199, hidden_size=256, intermediate_size=384, num_hidden_layers=3, num_attention_heads=8,
        num_key_value_heads=2, head_dim=40, use_sliding_window=True, sliding_window=100, max_window_layers=3,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"]))
case("qwen3_b", "max_window_layers 1 with windows of 33 above it, YaRN, one kv head, D of 274, tied", 300, qwen3(**MANY,
        vocab_size=173, hidden_size=274, intermediate_size=300, num_hidden_layers=3, num_attention_heads=6,
        num_key_value_heads=1, head_dim=48, use_sliding_window=True, sliding_window=33, max_window_layers=1,
        tie_word_embeddings=True, rope_scaling={"rope_type": "yarn", "factor": 4.0,
            "original_max_position_embeddings": 512}))
case("mixtral_a", "window of 96, top 2 of 16", 420, mixtral(**MANY, vocab_size=199, hidden_size=256,
        intermediate_size=72, num_hidden_layers=2, num_attention_heads=8, num_key_value_heads=2, num_local_experts=16,
        num_experts_per_tok=2, sliding_window=96))
case("mixtral_b", "window of 257 (one more than a key block), top 3 of 24, head_dim 44, D of 300, f32 on disk, fused "
    "names", 333, mixtral(**{**MANY, "torch_dtype": "float32"}, vocab_size=167, hidden_size=300, intermediate_size=50,
        num_hidden_layers=2, num_attention_heads=5, num_key_value_heads=1, head_dim=44, num_local_experts=24,
        num_experts_per_tok=3, sliding_window=257), dtype="F32", fused=True)
case("qwen2_moe_a", "windows of 64 on layer 1 (max_window_layers 1), top 4 of 20, shared expert with gate", 350,
    qwen2_moe(**MANY, vocab_size=199, hidden_size=256, intermediate_size=300, moe_intermediate_size=64,
        shared_expert_intermediate_size=160, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4,
        num_experts=20, num_experts_per_tok=4, use_sliding_window=True, sliding_window=64, max_window_layers=1))
case("qwen2_moe_b", "top 8 of 16 normalised, decoder_sparse_step 2, layer_types with a window of 128, D of 280", 400,
    qwen2_moe(**MANY, vocab_size=191, hidden_size=280, intermediate_size=200, moe_intermediate_size=40,
        shared_expert_intermediate_size=88, num_hidden_layers=4, num_attention_heads=7, num_key_value_heads=1,
        num_experts=16, num_experts_per_tok=8, decoder_sparse_step=2, norm_topk_prob=True, use_sliding_window=True,
        sliding_window=128, max_window_layers=4, layer_types=["sliding_attention", "full_attention", "full_attention",
            "sliding_attention"]))
case("qwen3_moe_a", "window of 120 everywhere, top 8 of 32 normalised", 384, qwen3_moe(**MANY, vocab_size=199,
        hidden_size=256, intermediate_size=300, moe_intermediate_size=48, num_hidden_layers=2, num_attention_heads=8,
        num_key_value_heads=2, head_dim=40, num_experts=32, num_experts_per_tok=8, use_sliding_window=True,
        sliding_window=120, max_window_layers=0))
case("qwen3_moe_b", "E4M3 with block scales, edges in both directions (D of 300, F of 140), top 4 of 16 not normalised",
    310, qwen3_moe(**MANY, vocab_size=157, hidden_size=300, intermediate_size=300, moe_intermediate_size=140,
        num_hidden_layers=2, num_attention_heads=6, num_key_value_heads=2, head_dim=46, num_experts=16,
        num_experts_per_tok=4, norm_topk_prob=False, quantization_config=FP8), fp8="F8_E4M3")
case("olmoe_a", "top 8 of 64, q/k norms over 256", 320, olmoe(**MANY, vocab_size=199, hidden_size=256,
        intermediate_size=32, num_hidden_layers=2, num_attention_heads=8, num_key_value_heads=8, num_experts=64,
        num_experts_per_tok=8))
case("olmoe_b", "clip_qkv 1, norm_topk_prob true, top 2 of 16, grouped queries, D of 288", 450, olmoe(**MANY,
        vocab_size=177, hidden_size=288, intermediate_size=68, num_hidden_layers=2, num_attention_heads=6,
        num_key_value_heads=2, num_experts=16, num_experts_per_tok=2, clip_qkv=1.0, norm_topk_prob=True))
case("granitemoe_a", "top 8 of 40, the multipliers of granite 3.0 (attention 1/32), tied", 330, granitemoe(**MANY,
        vocab_size=199, hidden_size=256, intermediate_size=40, num_hidden_layers=2, num_attention_heads=8,
        num_key_value_heads=4, num_local_experts=40, num_experts_per_tok=8, attention_multiplier=0.03125,
        residual_multiplier=0.22, embedding_multiplier=12.0, logits_scaling=6.0))
case("granitemoe_b", "top 1 of 16, attention_bias, untied, D of 270", 400, granitemoe(**MANY, vocab_size=163,
        hidden_size=270, intermediate_size=70, num_hidden_layers=2, num_attention_heads=5, num_key_value_heads=1,
        num_local_experts=16, num_experts_per_tok=1, attention_bias=True, tie_word_embeddings=False,
        embedding_multiplier=2.0, attention_multiplier=0.25, residual_multiplier=0.7, logits_scaling=0.8))
FACTORS = [1.0 + 0.25 * i for i in range(16)], [1.0 + 0.125 * i * i for i in range(16)]
case("phimoe_a", "longrope with 384 ids above the limit of 256: long_factor for all, top 2 of 16", 384, phimoe(**MANY,
        vocab_size=199, hidden_size=256, intermediate_size=72, num_hidden_layers=2, num_attention_heads=8,
        num_key_value_heads=2, num_local_experts=16, num_experts_per_tok=2, original_max_position_embeddings=256,
        rope_scaling={"type": "longrope", "short_factor": FACTORS[0], "long_factor": FACTORS[1], "short_mscale": 1.125,
            "long_mscale": 1.25, "original_max_position_embeddings": 256}))
case("phimoe_b", "window of 90, longrope below its limit of 2048, jitter 0.3, top 2 of 24", 300, phimoe(**MANY,
        vocab_size=171, hidden_size=256, intermediate_size=52, num_hidden_layers=2, num_attention_heads=8,
        num_key_value_heads=1, num_local_experts=24, num_experts_per_tok=2, router_jitter_noise=0.3, sliding_window=90,
        original_max_position_embeddings=2048, rope_scaling={"type": "longrope", "short_factor": FACTORS[0],
            "long_factor": FACTORS[1], "short_mscale": 1.125, "long_mscale": 1.25,
            "original_max_position_embeddings": 2048}))
case("deepseek_a", "top 6 of 32 with two shared experts, one dense layer", 310, deepseek(**MANY, vocab_size=199,
        hidden_size=256, intermediate_size=300, moe_intermediate_size=44, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=4, n_routed_experts=32, num_experts_per_tok=6))
case("deepseek_b", "top 3 of 16 normalised, one shared expert, linear scaling, grouped queries, D of 264", 400,
    deepseek(**MANY, vocab_size=151, hidden_size=264, intermediate_size=300, moe_intermediate_size=60,
        num_hidden_layers=2, num_attention_heads=6, num_key_value_heads=2, n_routed_experts=16, num_experts_per_tok=3,
        n_shared_experts=1, norm_topk_prob=True, first_k_dense_replace=0, rope_scaling={"type": "linear",
            "factor": 4.0}))
case("deepseek_v2_a", "q_lora, the best 2 of 4 groups of 8 by their maximum, top 6, scale 16, YaRN", 320,
    deepseek_v2(**MANY, vocab_size=199, hidden_size=256, intermediate_size=300, moe_intermediate_size=40,
        num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=4, q_lora_rank=96, kv_lora_rank=64,
        qk_nope_head_dim=32, qk_rope_head_dim=16, v_head_dim=32, n_routed_experts=32, num_experts_per_tok=6,
        topk_method="group_limited_greedy", n_group=4, topk_group=2, routed_scaling_factor=16.0, rope_scaling=yarn(40,
            64, 32, 1, 1.0, 1.0)))
case("deepseek_v2_b", "no q_lora, kv_lora of 130 over heads of 20 and 12, top 4 of 16 normalised (authors), mscale "
    "0.707", 400, deepseek_v2(**MANY, vocab_size=163, hidden_size=288, intermediate_size=300, moe_intermediate_size=52,
        num_hidden_layers=2, num_attention_heads=6, num_key_value_heads=6, q_lora_rank=None, kv_lora_rank=130,
        qk_nope_head_dim=20, qk_rope_head_dim=12, v_head_dim=28, n_routed_experts=16, num_experts_per_tok=4,
        norm_topk_prob=True, routed_scaling_factor=2.0, n_shared_experts=1, first_k_dense_replace=0,
        rope_scaling=yarn(40, 128, 32, 1, 0.707, 0.707)))
case("deepseek_v3_a", "the best 4 of 8 groups of 4 by the sum of two, top 8 of 32, YaRN, correction biases", 320,
    deepseek_v3(**MANY, vocab_size=199, hidden_size=256, intermediate_size=300, moe_intermediate_size=40,
        num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4, q_lora_rank=80, kv_lora_rank=64,
        qk_nope_head_dim=32, qk_rope_head_dim=16, v_head_dim=32, n_routed_experts=32, num_experts_per_tok=8, n_group=8,
        topk_group=4, rope_scaling=yarn(40, 64, 32, 1, 1.0, 1.0)))
case("deepseek_v3_b", "E4M3 with block scales: D of 296, kv_a of 152 rows, F of 136; top 4 of 16; an MTP layer on disk",
    300, deepseek_v3(**MANY, vocab_size=149, hidden_size=296, intermediate_size=330, moe_intermediate_size=136,
        num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4, q_lora_rank=150, kv_lora_rank=136,
        qk_nope_head_dim=36, qk_rope_head_dim=16, v_head_dim=40, n_routed_experts=16, num_experts_per_tok=4,
        num_nextn_predict_layers=1, quantization_config=FP8), fp8="F8_E4M3", extra=("mtp",))
case("kimi_k2_a", "kimi_k2: top 8 of 48 in one group, both betas 1, scale 2.827", 330, {**deepseek_v3(**MANY,
            vocab_size=199, hidden_size=256, intermediate_size=300, moe_intermediate_size=32, num_hidden_layers=2,
            num_attention_heads=4, num_key_value_heads=4, q_lora_rank=72, kv_lora_rank=64, qk_nope_head_dim=24,
            qk_rope_head_dim=24, v_head_dim=32, n_routed_experts=48, num_experts_per_tok=8, routed_scaling_factor=2.827,
            rope_theta=50000.0, rope_scaling=yarn(32.0, 128, 1.0, 1.0, 1.0, 1.0)), "model_type": "kimi_k2"})
case("gpt_oss_a", "windows of 100 on even layers, sinks, top 4 of 16, H * hd of 384 with D of 256", 350, gpt_oss(**MANY,
        vocab_size=199, hidden_size=256, intermediate_size=64, num_hidden_layers=2, num_attention_heads=8,
        num_key_value_heads=2, head_dim=48, num_local_experts=16, num_experts_per_tok=4, sliding_window=100,
        rope_scaling={"rope_type": "yarn", "factor": 32.0, "beta_fast": 32.0, "beta_slow": 1.0, "truncate": False,
            "original_max_position_embeddings": 256}))
case("gpt_oss_b", "MXFP4: D of 288 and F of 96, top 2 of 20, windows of 70 on layers 1 and 2", 300, gpt_oss(**MANY,
        vocab_size=157, hidden_size=288, intermediate_size=96, num_hidden_layers=3, num_attention_heads=6,
        num_key_value_heads=1, head_dim=32, num_local_experts=20, num_experts_per_tok=2, sliding_window=70,
        layer_types=["full_attention", "sliding_attention", "sliding_attention"],
        quantization_config={"modules_to_not_convert": ["model.layers.*.self_attn", "model.layers.*.mlp.router",
                "model.embed_tokens", "lm_head"], "quant_method": "mxfp4"}), mxfp4=True)
case("llama4_a", "chunks of 128, layer 2 NoPE with temperature tuning, MoE everywhere, top 1 of 16, llama3 scaling "
    "with low = high", 400, llama4(**MANY, vocab_size=199, hidden_size=256, intermediate_size=64,
        intermediate_size_mlp=300, num_hidden_layers=3, num_attention_heads=8, num_key_value_heads=2, head_dim=32,
        num_local_experts=16, no_rope_layers=[1, 1, 0], attention_chunk_size=128, floor_scale=64,
        rope_scaling={"rope_type": "llama3", "factor": 16.0, "low_freq_factor": 1.0, "high_freq_factor": 1.0,
            "original_max_position_embeddings": 256}))
case("llama4_b", "chunks of 75, dense and MoE in turn, no q/k norm, NoPE without tuning, D of 280", 310, llama4(**MANY,
        vocab_size=173, hidden_size=280, intermediate_size=56, intermediate_size_mlp=240, num_hidden_layers=4,
        num_attention_heads=5, num_key_value_heads=1, head_dim=40, num_local_experts=18, interleave_moe_layer_step=2,
        no_rope_layer_interval=4, attention_chunk_size=75, use_qk_norm=False, attn_temperature_tuning=False))
case("glm4_moe_a", "q/k norms, partial rotary 0.5, top 8 of 32, scale 2.5", 330, glm4_moe(**MANY, vocab_size=199,
        hidden_size=256, intermediate_size=300, moe_intermediate_size=40, num_hidden_layers=2, num_attention_heads=8,
        num_key_value_heads=2, head_dim=48, n_routed_experts=32, num_experts_per_tok=8, use_qk_norm=True,
        routed_scaling_factor=2.5))
case("glm4_moe_b", "no q/k norm, the best 2 of 4 groups of 4, top 3, one kv head, D of 260", 400, glm4_moe(**MANY,
        vocab_size=167, hidden_size=260, intermediate_size=300, moe_intermediate_size=56, num_hidden_layers=2,
        num_attention_heads=5, num_key_value_heads=1, head_dim=40, n_routed_experts=16, num_experts_per_tok=3,
        n_group=4, topk_group=2, first_k_dense_replace=0))
