#include "speaker.h"

#include "base/json.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

static void write_file(const char *folder, const char *name, const struct text *text) {
    char path[TEST_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_false(text->failed);
    assert_int_equal(fwrite(text->data, 1, text->size, file), text->size);
    assert_int_equal(fclose(file), 0);
}

/* The character that stands for a byte in byte-level vocabularies (GPT-2's encoder.py): itself where it can
 * be seen, else one from U+0100 on, in the order of the bytes. */
static unsigned character_of(int byte) {
    unsigned next = 0x100;
    for (int b = 0; b < 256; b++) {
        bool seen = (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b != 0xad);
        if (b == byte) return seen ? (unsigned)b : next;
        next += !seen;
    }
    return 0;
}

static void add_character(struct text *out, unsigned point) {
    text_add(out, "\\u%04x", point);
}

static void write_tokenizer(const char *folder) {
    static const char *const merges[SPEAKER_MERGES][2] = {
        { "t", "h" }, { "th", "e" }, { "i", "n" }, { "a", "n" }
    };
    static const char *const special[] = { "<s>", "<|user|>", "<|assistant|>", "<|end|>" };
    struct text t = { 0 };
    text_add(&t, "{\"version\":\"1.0\",\"added_tokens\":[");
    for (int i = 0; i < 4; i++)
        text_add(&t,
                 "%s{\"id\":%d,\"content\":\"%s\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,"
                 "\"normalized\":false,\"special\":true}",
                 i ? "," : "", SPEAKER_BOS + i, special[i]);
    text_add(&t, "],\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,"
                 "\"trim_offsets\":true,\"use_regex\":true},");
    text_add(&t,
             "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":"
             "\"<s>\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}],\"pair\":[{\"Sequence\":"
             "{\"id\":\"A\",\"type_id\":0}},{\"Sequence\":{\"id\":\"B\",\"type_id\":1}}],\"special_tokens\":"
             "{\"<s>\":{\"id\":\"<s>\",\"ids\":[%d],\"tokens\":[\"<s>\"]}}},",
             SPEAKER_BOS);
    text_add(&t, "\"decoder\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,"
                 "\"use_regex\":true},\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":null,"
                 "\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":false,"
                 "\"byte_fallback\":false,\"vocab\":{");
    for (int b = 0; b < 256; b++) {
        text_add(&t, "%s\"", b ? "," : "");
        add_character(&t, character_of(b));
        text_add(&t, "\":%d", b);
    }
    for (int m = 0; m < SPEAKER_MERGES; m++)
        text_add(&t, ",\"%s%s\":%d", merges[m][0], merges[m][1], 256 + m);
    text_add(&t, "},\"merges\":[");
    for (int m = 0; m < SPEAKER_MERGES; m++)
        text_add(&t, "%s\"%s %s\"", m ? "," : "", merges[m][0], merges[m][1]);
    text_add(&t, "]}}");
    write_file(folder, "tokenizer.json", &t);
    text_free(&t);
}

static void write_side_files(const char *folder) {
    struct text t = { 0 };
    text_add(&t,
             "{\"tokenizer_class\":\"PreTrainedTokenizerFast\",\"add_bos_token\":true,\"bos_token\":\"<s>\","
             "\"eos_token\":\"<|end|>\",\"chat_template\":\"{{ bos_token }}{%% for m in messages %%}"
             "{%% if m.role == 'assistant' %%}<|assistant|>{{ m.content }}<|end|>{%% else %%}"
             "<|user|>{{ m.content }}{%% endif %%}{%% endfor %%}"
             "{%% if add_generation_prompt %%}<|assistant|>{%% endif %%}\"}");
    write_file(folder, "tokenizer_config.json", &t);
    text_free(&t);
    text_add(&t,
             "{\"eos_token_id\":[%d],\"bos_token_id\":%d,\"do_sample\":true,\"temperature\":0.7,"
             "\"top_p\":0.9}",
             SPEAKER_END, SPEAKER_BOS);
    write_file(folder, "generation_config.json", &t);
    text_free(&t);
}

void speaker_make(const char *folder) {
    char config[TEST_PATH_MAX];
    struct text t = { 0 };
    text_add(&t,
             "{\"architectures\":[\"MixtralForCausalLM\"],\"model_type\":\"mixtral\",\"hidden_size\":64,"
             "\"intermediate_size\":96,\"num_hidden_layers\":2,\"num_attention_heads\":4,"
             "\"num_key_value_heads\":2,\"num_local_experts\":6,\"num_experts_per_tok\":2,\"vocab_size\":%d,"
             "\"rms_norm_eps\":1e-5,\"rope_theta\":10000,\"max_position_embeddings\":512,"
             "\"tie_word_embeddings\":false,\"hidden_act\":\"silu\",\"eos_token_id\":%d,\"bos_token_id\":%d}",
             SPEAKER_VOCAB, SPEAKER_END, SPEAKER_BOS);
    write_file(test_temp_dir(), "speaker.config.json", &t);
    text_free(&t);
    test_temp_path(config, "speaker.config.json");
    struct test_output made = test_run("synth", config, "--out", folder, "--dtype", "f32", "--seed", "7");
    if (made.status != 0) fail_msg("synth: %s", made.err);
    write_tokenizer(folder);
    write_side_files(folder);
}
