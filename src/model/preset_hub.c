/*
 * Where the files of a preset are published: names on huggingface.co, of the base model where there is a
 * choice. Left out is what is not known for sure, and what lies there in a form that is not read.
 */
#include "model/presets.h"

#include <string.h>

static const struct {
    const char *preset, *hub;
} hubs[] = {
    { "mixtral-8x7b", "mistralai/Mixtral-8x7B-v0.1" },
    { "mixtral-8x22b", "mistralai/Mixtral-8x22B-v0.1" },
    { "deepseek-moe-16b", "deepseek-ai/deepseek-moe-16b-base" },
    { "deepseek-v2-lite", "deepseek-ai/DeepSeek-V2-Lite" },
    { "deepseek-v2", "deepseek-ai/DeepSeek-V2" },
    { "deepseek-v3", "deepseek-ai/DeepSeek-V3" },
    { "kimi-k2", "moonshotai/Kimi-K2-Instruct" },
    { "kimi-k2-thinking", "moonshotai/Kimi-K2-Thinking" },
    { "qwen1.5-moe-a2.7b", "Qwen/Qwen1.5-MoE-A2.7B" },
    { "qwen2-57b-a14b", "Qwen/Qwen2-57B-A14B" },
    { "qwen3-30b-a3b", "Qwen/Qwen3-30B-A3B" },
    { "qwen3-235b-a22b", "Qwen/Qwen3-235B-A22B" },
    { "qwen3-coder-480b-a35b", "Qwen/Qwen3-Coder-480B-A35B-Instruct" },
    { "olmoe-1b-7b", "allenai/OLMoE-1B-7B-0924" },
    { "granite-3.0-1b-a400m", "ibm-granite/granite-3.0-1b-a400m-base" },
    { "granite-3.0-3b-a800m", "ibm-granite/granite-3.0-3b-a800m-base" },
    { "phi-3.5-moe", "microsoft/Phi-3.5-MoE-instruct" },
    { "gpt-oss-20b", "openai/gpt-oss-20b" },
    { "gpt-oss-120b", "openai/gpt-oss-120b" },
    { "glm-4.5-air", "zai-org/GLM-4.5-Air" },
    { "glm-4.5", "zai-org/GLM-4.5" },
    { "minimax-m2", "MiniMaxAI/MiniMax-M2" },
    { "llama4-scout", "meta-llama/Llama-4-Scout-17B-16E" },
    { "llama4-maverick", "meta-llama/Llama-4-Maverick-17B-128E" },
    { "arctic", "Snowflake/snowflake-arctic-base" },
    { "smollm2-135m", "HuggingFaceTB/SmolLM2-135M" },
    { "llama-3-8b", "meta-llama/Meta-Llama-3-8B" },
    { "llama-3.3-70b", "meta-llama/Llama-3.3-70B-Instruct" },
    { "qwen3-0.6b", "Qwen/Qwen3-0.6B" },
    { "qwen3-1.7b", "Qwen/Qwen3-1.7B" },
    { "qwen3-4b", "Qwen/Qwen3-4B" },
    { "qwen3-8b", "Qwen/Qwen3-8B" },
    { "qwen3-14b", "Qwen/Qwen3-14B" },
    { "qwen3-32b", "Qwen/Qwen3-32B" },
    { "llama-2-70b", "meta-llama/Llama-2-70b-hf" },
    { "llama-3.1-405b", "meta-llama/Llama-3.1-405B" },
};

const char *preset_hub(const struct preset *preset) {
    for (size_t i = 0; i < sizeof hubs / sizeof hubs[0]; i++)
        if (strcmp(hubs[i].preset, preset->name) == 0) return hubs[i].hub;
    return NULL;
}
