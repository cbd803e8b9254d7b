/*
 * The patterns are facts of the tokenizers that their authors published (tokenizer.json, tiktoken's
 * openai_public.py, tokenization_kimi.py); which of them a name of GGUF stands for is llama.cpp's
 * src/llama-vocab.cpp and convert_hf_to_gguf_update.py. Where llama.cpp spells a pattern in a roundabout way
 * for want of a class, the authors' spelling stands here.
 */
#include "text/pretokenize/names.h"

#include <stddef.h>
#include <string.h>

/* Building blocks, as reference material on tokenizers names them. */
#define CONTRACTION "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define WORD        "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+"
#define SYMBOLS     " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
#define SPACES      "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define UPPER       "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER       "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define BEFORE      "[^\\r\\n\\p{L}\\p{N}]?"

#define GPT2   "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
#define LLAMA3 CONTRACTION "|" WORD "|\\p{N}{1,3}|" SYMBOLS "|" SPACES
#define QWEN2  CONTRACTION "|" WORD "|\\p{N}|" SYMBOLS "|" SPACES
#define CL100K                                                                                               \
    "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|"   \
    "\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s"
#define O200K                                                                                                \
    BEFORE UPPER "*" LOWER "+" CONTRACTION "?|" BEFORE UPPER "+" LOWER "*" CONTRACTION                       \
                 "?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" SPACES
#define TEKKEN                                                                                               \
    BEFORE UPPER "*" LOWER "+|" BEFORE UPPER "+" LOWER "*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" SPACES

#define NOT_HAN   "&&[^\\p{Han}]]"
#define HAN_UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}" NOT_HAN
#define HAN_LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}" NOT_HAN
#define KIMI_K2                                                                                              \
    "[\\p{Han}]+|" BEFORE HAN_UPPER "*" HAN_LOWER "+" CONTRACTION "?|" BEFORE HAN_UPPER "+" HAN_LOWER        \
    "*" CONTRACTION "?|\\p{N}{1,3}|" SYMBOLS "|" SPACES

#define ASCII_PUNCTUATION "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~]"
#define DEEPSEEK3                                                                                            \
    ASCII_PUNCTUATION                                                                                        \
    "[A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|" SPACES

/* Cased letters of Latin, Greek, Cyrillic and their like, as DeepSeek-LLM's file lists them. */
#define CASED                                                                                                \
    "A-Za-z\\x{B5}\\x{C0}-\\x{D6}\\x{D8}-\\x{F6}\\x{F8}-\\x{1BA}\\x{1BC}-\\x{1BF}\\x{1C4}-\\x{293}"          \
    "\\x{295}-\\x{2AF}\\x{370}-\\x{373}\\x{376}\\x{377}\\x{37B}-\\x{37D}\\x{37F}\\x{386}"                    \
    "\\x{388}-\\x{38A}\\x{38C}\\x{38E}-\\x{3A1}\\x{3A3}-\\x{3F5}\\x{3F7}-\\x{481}\\x{48A}-\\x{52F}"          \
    "\\x{531}-\\x{556}\\x{10A0}-\\x{10C5}\\x{13A0}-\\x{13F5}\\x{13F8}-\\x{13FD}\\x{1C90}-\\x{1CBA}"          \
    "\\x{1CBD}-\\x{1CBF}\\x{1D00}-\\x{1D2B}\\x{1D6B}-\\x{1D77}\\x{1D79}-\\x{1D9A}\\x{1E00}-\\x{1F15}"        \
    "\\x{1F18}-\\x{1F1D}\\x{1F20}-\\x{1F45}\\x{1F48}-\\x{1F4D}\\x{1F50}-\\x{1F57}\\x{1F59}\\x{1F5B}"         \
    "\\x{1F5D}\\x{1F5F}-\\x{1F7D}\\x{1F80}-\\x{1FB4}\\x{1FB6}-\\x{1FBC}\\x{1FBE}\\x{1FC2}-\\x{1FC4}"         \
    "\\x{1FC6}-\\x{1FCC}\\x{1FD0}-\\x{1FD3}\\x{1FD6}-\\x{1FDB}\\x{1FE0}-\\x{1FEC}\\x{1FF2}-\\x{1FF4}"        \
    "\\x{1FF6}-\\x{1FFC}\\x{2102}\\x{2107}\\x{210A}-\\x{2113}\\x{2115}\\x{2119}-\\x{211D}\\x{2124}"          \
    "\\x{2126}\\x{2128}\\x{212A}-\\x{212D}\\x{212F}-\\x{2134}\\x{2139}\\x{213C}-\\x{213F}"                   \
    "\\x{2145}-\\x{2149}\\x{214E}\\x{2183}\\x{2184}\\x{2C00}-\\x{2C7B}\\x{2C7E}-\\x{2CE4}"                   \
    "\\x{2CEB}-\\x{2CEE}\\x{2CF2}\\x{2CF3}\\x{A640}-\\x{A66D}\\x{A680}-\\x{A69B}\\x{A722}-\\x{A76F}"         \
    "\\x{A771}-\\x{A787}\\x{A78B}-\\x{A78E}\\x{AB70}-\\x{ABBF}\\x{FB00}-\\x{FB06}\\x{FB13}-\\x{FB17}"        \
    "\\x{FF21}-\\x{FF3A}\\x{FF41}-\\x{FF5A}\\x{10400}-\\x{1044F}\\x{104B0}-\\x{104D3}"                       \
    "\\x{104D8}-\\x{104FB}\\x{10C80}-\\x{10CB2}\\x{10CC0}-\\x{10CF2}\\x{118A0}-\\x{118DF}"                   \
    "\\x{1E900}-\\x{1E943}"
#define CJK          "[\\x{4E00}-\\x{9FA5}\\x{800}-\\x{4E00}\\x{AC00}-\\x{D7FF}]+"
#define WIDE_SYMBOLS "!-/:-~\\x{FF01}-\\x{FF0F}\\x{FF1A}-\\x{FF5E}\\x{2018}-\\x{201F}\\x{3000}-\\x{3002}"

/* ---- special tokens of rank files ---- */

static const struct special_name cl100k[] = {
    { "<|endoftext|>", 100257, 1, 0 },   { "<|fim_prefix|>", 100258, 1, 0 },
    { "<|fim_middle|>", 100259, 1, 0 },  { "<|fim_suffix|>", 100260, 1, 0 },
    { "<|endofprompt|>", 100276, 1, 0 }, { NULL, 0, 0, 0 },
};
static const struct special_name o200k[] = {
    { "<|endoftext|>", 199999, 1, 0 },
    { "<|endofprompt|>", 200018, 1, 0 },
    { NULL, 0, 0, 0 },
};
static const struct special_name harmony[] = {
    { "<|startoftext|>", 199998, 1, 0 },
    { "<|endoftext|>", 199999, 1, 0 },
    { "<|reserved_%d|>", 200000, 2, 200000 },
    { "<|return|>", 200002, 1, 0 },
    { "<|constrain|>", 200003, 1, 0 },
    { "<|reserved_%d|>", 200004, 1, 200004 },
    { "<|channel|>", 200005, 1, 0 },
    { "<|start|>", 200006, 1, 0 },
    { "<|end|>", 200007, 1, 0 },
    { "<|message|>", 200008, 1, 0 },
    { "<|reserved_%d|>", 200009, 3, 200009 },
    { "<|call|>", 200012, 1, 0 },
    { "<|reserved_%d|>", 200013, 5, 200013 },
    { "<|endofprompt|>", 200018, 1, 0 },
    { "<|reserved_%d|>", 200019, 1069, 200019 },
    { NULL, 0, 0, 0 },
};
static const struct special_name llama3[] = {
    { "<|begin_of_text|>", 128000, 1, 0 },
    { "<|end_of_text|>", 128001, 1, 0 },
    { "<|reserved_special_token_%d|>", 128002, 2, 0 },
    { "<|finetune_right_pad_id|>", 128004, 1, 0 },
    { "<|reserved_special_token_%d|>", 128005, 1, 2 },
    { "<|start_header_id|>", 128006, 1, 0 },
    { "<|end_header_id|>", 128007, 1, 0 },
    { "<|eom_id|>", 128008, 1, 0 },
    { "<|eot_id|>", 128009, 1, 0 },
    { "<|python_tag|>", 128010, 1, 0 },
    { "<|reserved_special_token_%d|>", 128011, 245, 3 },
    { NULL, 0, 0, 0 },
};
static const struct special_name llama4[] = {
    { "<|begin_of_text|>", 200000, 1, 0 },
    { "<|end_of_text|>", 200001, 1, 0 },
    { "<|fim_prefix|>", 200002, 1, 0 },
    { "<|fim_middle|>", 200003, 1, 0 },
    { "<|fim_suffix|>", 200004, 1, 0 },
    { "<|header_start|>", 200005, 1, 0 },
    { "<|header_end|>", 200006, 1, 0 },
    { "<|eom|>", 200007, 1, 0 },
    { "<|eot|>", 200008, 1, 0 },
    { "<|step|>", 200009, 1, 0 },
    { NULL, 0, 0, 0 },
};
static const struct special_name kimi_k2[] = {
    { "[BOS]", 163584, 1, 0 },
    { "[EOS]", 163585, 1, 0 },
    { "<|im_end|>", 163586, 1, 0 },
    { "<|im_user|>", 163587, 1, 0 },
    { "<|im_assistant|>", 163588, 1, 0 },
    { "<|reserved_token_%d|>", 163589, 1, 163589 },
    { "<|start_header_id|>", 163590, 1, 0 },
    { "<|end_header_id|>", 163591, 1, 0 },
    { "<|reserved_token_%d|>", 163592, 1, 163592 },
    { "[EOT]", 163593, 1, 0 },
    { "<|im_system|>", 163594, 1, 0 },
    { "<|tool_calls_section_begin|>", 163595, 1, 0 },
    { "<|tool_calls_section_end|>", 163596, 1, 0 },
    { "<|tool_call_begin|>", 163597, 1, 0 },
    { "<|tool_call_argument_begin|>", 163598, 1, 0 },
    { "<|tool_call_end|>", 163599, 1, 0 },
    { "<|reserved_token_%d|>", 163600, 1, 163600 },
    { "<|im_middle|>", 163601, 1, 0 },
    { "<|reserved_token_%d|>", 163602, 236, 163602 },
    { "[UNK]", 163838, 1, 0 },
    { "[PAD]", 163839, 1, 0 },
    { NULL, 0, 0, 0 },
};
static const struct special_name qwen[] = {
    { "<|endoftext|>", 151643, 1, 0 },
    { "<|im_start|>", 151644, 1, 0 },
    { "<|im_end|>", 151645, 1, 0 },
    { NULL, 0, 0, 0 },
};

/* ---- the names ---- */

static const struct pre_name table[] = {
    { .names = "llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2",
      .patterns = { LLAMA3 },
      .whole_first = true,
      .adds_bos = true,
      .ranks = 128000,
      .specials = llama3,
      .bos = "<|begin_of_text|>",
      .eos = "<|end_of_text|>" },
    { .names = "glm4 glm5", .patterns = { LLAMA3 }, .whole_first = true },
    { .names = "dbrx smaug-bpe chatglm-bpe", .patterns = { LLAMA3 } },
    { .names = "cl100k",
      .patterns = { CL100K },
      .whole_first = true,
      .ours = true,
      .ranks = 100256,
      .specials = cl100k,
      .eos = "<|endoftext|>" },
    { .names = "qwen2 deepseek-r1-qwen kormo",
      .patterns = { QWEN2 },
      .nfc = true,
      .ranks = 151643,
      .specials = qwen,
      .eos = "<|endoftext|>" },
    { .names = "stablelm2 hunyuan solar-open grok-2", .patterns = { QWEN2 } },
    { .names = "gpt-4o o200k minimax-m2",
      .patterns = { O200K },
      .whole_first = true,
      .specials = o200k,
      .eos = "<|endoftext|>" },
    { .names = "o200k_harmony",
      .patterns = { O200K },
      .whole_first = true,
      .ours = true,
      .ranks = 199998,
      .specials = harmony,
      .eos = "<|return|>" },
    { .names = "llama4",
      .patterns = { O200K },
      .whole_first = true,
      .adds_bos = true,
      .ranks = 200000,
      .specials = llama4,
      .bos = "<|begin_of_text|>",
      .eos = "<|end_of_text|>" },
    { .names = "kimi-k2",
      .patterns = { KIMI_K2 },
      .whole_first = true,
      .ranks = 163584,
      .specials = kimi_k2,
      .bos = "[BOS]",
      .eos = "[EOS]" },
    { .names = "tekken", .patterns = { TEKKEN }, .whole_first = true, .adds_bos = true },
    { .names = "deepseek-llm",
      .patterns = { "[\\r\\n]", "\\s?[" CASED "]+", "\\s?[" WIDE_SYMBOLS "]+", "\\s+$", CJK, "\\p{N}+" } },
    { .names = "deepseek-coder", .patterns = { "[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", CJK, "\\p{N}" } },
    { .names = "deepseek-v3 hunyuan-dense joyai-llm",
      .patterns = { "\\p{N}{1,3}", "[\\x{4E00}-\\x{9FA5}\\x{3040}-\\x{309F}\\x{30A0}-\\x{30FF}]+",
                    DEEPSEEK3 } },
    { .names = "starcoder refact command-r smollm codeshell exaone minerva-7b mellum2",
      .patterns = { "\\p{N}", GPT2 } },
    { .names = "olmo", .patterns = { GPT2 }, .nfc = true },
    { .names = "gpt-2 gpt2 mpt jais phi-2 jina-es jina-de gigachat jina-v2-es jina-v2-de jina-v2-code "
               "roberta-bpe a.x-4.0 mellum trillion granite-docling modern-bert",
      .patterns = { GPT2 } },
    { .names = "falcon", .patterns = { "[\\p{P}\\$\\+<=>\\^~\\|`]+", GPT2, "[0-9][0-9][0-9]" } },
    { .names = "bailingmoe bailingmoe2 llada-moe",
      .patterns = { "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}| "
                    "?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|"
                    "\\s*[\\r\\n]|\\s+(?!\\S)|\\s+" } },
    { .names = "seed-coder",
      .patterns = { CONTRACTION "|" WORD "|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\\r\\n]+|" SPACES } },
    { .names = "qwen35",
      .patterns = { CONTRACTION "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| "
                                "?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|" SPACES },
      .nfc = true },
    { .names = "default", .patterns = { "[\\p{P}\\$\\+<=>\\^~\\|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]" } },
};

static bool listed(const char *names, const char *name) {
    size_t length = strlen(name);
    for (const char *at = names; *at;) {
        size_t word = strcspn(at, " ");
        if (word == length && memcmp(at, name, length) == 0) return true;
        at += word + (at[word] == ' ');
    }
    return false;
}

const struct pre_name *pre_name_find(const char *name) {
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (listed(table[i].names, name)) return &table[i];
    return NULL;
}

const struct pre_name *pre_name_of_ranks(int64_t ranks) {
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].ranks > 0 && table[i].ranks == ranks) return &table[i];
    return NULL;
}

const struct pre_name *pre_name_at(int index) {
    return index >= 0 && index < (int)(sizeof table / sizeof table[0]) ? &table[index] : NULL;
}
