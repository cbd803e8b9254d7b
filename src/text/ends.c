/*
 * Where ends are said: config.json; generation_config.json; the tokenizer's eos, by name in
 * tokenizer_config.json or by its own file; GGUF's eos, eot and eom (one id, or a list); and names that many
 * models share (llama.cpp's src/llama-vocab.cpp looks for such, too).
 */
#include "text/ends.h"

#include "base/checked.h"
#include <stdio.h>
#include <string.h>

/* ---- names ---- */

struct end_name {
    const char *text, *unless; /* unless the vocabulary has this one: there it ends less than a turn */
};

static const struct end_name names[] = {
    { "<|im_end|>", NULL },
    { "<|eot_id|>", NULL },
    { "<|eom_id|>", NULL },
    { "<|eot|>", NULL },
    { "<|eom|>", NULL },
    { "<end_of_turn>", NULL },
    { "<turn|>", NULL },
    { "<|end_of_turn|>", NULL },
    { "<|END_OF_TURN_TOKEN|>", NULL },
    { "<end_of_utterance>", NULL },
    { "<|end|>", "<|return|>" }, /* of harmony (gpt-oss): a message ends, the turn goes on */
    { "<|return|>", NULL },
    { "<|call|>", NULL },
    { "<|endoftext|>", NULL },
    { "<|end_of_text|>", NULL },
    { "<\xef\xbd\x9c"
      "end\xe2\x96\x81of\xe2\x96\x81sentence\xef\xbd\x9c>",
      NULL },
};

/* ---- the union ---- */

struct collecting {
    const struct model_text *text;
    const struct ends_known *known;
    struct end_tokens *out;
    struct text_notes *notes;
};

static void add(struct collecting *c, int64_t id, const char *file, const char *key) {
    struct end_tokens *out = c->out;
    if (id == -1 || id == UINT32_MAX) return; /* none, and none that was stored unsigned */
    if (id < 0 || id >= c->known->vocab) {
        text_note(c->notes, file, key, "%lld is no id of the vocabulary, which has %lld, and ends nothing",
                  (long long)id, (long long)c->known->vocab);
        return;
    }
    for (int i = 0; i < out->count; i++)
        if (out->list[i].id == id) return;
    if (out->count == ENDS_MAX) return;
    struct end_token *end = &out->list[out->count++];
    int64_t size = 0;
    const char *piece = c->text->tokenizer ? tokenizer_piece(c->text->tokenizer, id, &size) : NULL;
    *end = (struct end_token){ .id = id };
    snprintf(end->text, sizeof end->text, "%.*s", (int)min_i64(size, 64), piece ? piece : "");
    snprintf(end->source, sizeof end->source, "%s: %s", file, key);
}

static void add_names(struct collecting *c) {
    const struct tokenizer *t = c->text->tokenizer;
    for (size_t i = 0; t && i < sizeof names / sizeof names[0]; i++) {
        int64_t id = tokenizer_find(t, names[i].text, (int64_t)strlen(names[i].text));
        enum token_kind kind = tokenizer_kind(t, id);
        if (kind != TOKEN_CONTROL && kind != TOKEN_ADDED) continue; /* a word like others */
        if (names[i].unless && tokenizer_find(t, names[i].unless, (int64_t)strlen(names[i].unless)) >= 0)
            continue;
        if (id < c->known->vocab) add(c, id, "vocabulary", "its name");
    }
}

void ends_collect(const struct model_text *text, const struct ends_known *known, struct end_tokens *out,
                  struct text_notes *notes) {
    struct collecting c = { text, known, out, notes };
    const struct generation_defaults *generation = &text->generation;
    out->count = 0;
    for (int64_t i = 0; i < known->eos_count; i++)
        if (text->in_gguf)
            add(&c, known->eos[i], "metadata", "tokenizer.ggml.eos_token_id");
        else
            add(&c, known->eos[i], "config.json", "eos_token_id");
    for (int i = 0; i < text->ends.count; i++)
        add(&c, text->ends.list[i].id, "metadata", text->ends.list[i].key);
    for (int i = 0; i < generation->eos_count; i++)
        add(&c, generation->eos[i], "generation_config.json", "eos_token_id");
    if (text->tokenizer) {
        const char *name =
            json_object_get(tokenizer_names(text->tokenizer), "eos_token") ? "eos_token" : NULL;
        add(&c, tokenizer_facts(text->tokenizer).eos, name ? "tokenizer_config.json" : "tokenizer",
            name ? name : "eos");
    }
    add_names(&c);
}
