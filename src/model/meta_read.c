/*
 * From a GGUF file's metadata to a spec: which family, the config.json that the keys amount to, the family's
 * own reader, and then what no config can say.
 */
#include "model/gguf_form.h"
#include "model/meanings.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the form ---- */

const struct family *gguf_family(const struct family *family, struct arena *arena, struct sy_error *err) {
    struct family *view;
    if (!family->gguf) {
        sy_fail(err, SY_ERR_FORMAT, "models of the family %s have no form in GGUF", family->name);
        return NULL;
    }
    view = arena_new(arena, struct family, 1, err);
    if (!view) return NULL;
    *view = *family;
    view->rules = family->gguf->rules;
    view->ignored = gguf_ignored;
    view->prefixes = NULL;
    view->described_by = "the metadata";
    return view;
}

static const struct family *choose(struct gguf_reading *r) {
    char known[160] = "";
    for (int i = 0; families[i]; i++) {
        const struct gguf_form *form = families[i]->gguf;
        if (!form) continue;
        if (strcmp(form->arch, r->arch) == 0 && (!form->fits || form->fits(r))) return families[i];
        size_t used = strlen(known);
        if (!strstr(known, form->arch)) snprintf(known + used, sizeof known - used, " %s", form->arch);
    }
    if (r->error.code != SY_OK) return NULL;
    sy_fail(&r->error, SY_ERR_FORMAT, "no family here is called \"%.64s\"", r->arch);
    sy_error_at(&r->error, "general.architecture");
    sy_error_remedy(&r->error, "known:%s", known);
    return NULL;
}

/* ---- what all families have ---- */

static void put_unless(struct gguf_reading *r, const char *key, int64_t value) {
    if (!json_object_get(r->config, key)) meta_put_int(r, key, value);
}

static void read_token(struct gguf_reading *r, const char *key, const char *config, const char *field) {
    if (!meta_has(r, key)) return;
    const struct gguf_value *value = gguf_find(r->gguf, key);
    if (value && value->type == GGUF_ARRAY) return; /* several ends of a turn: the text side reads them */
    int64_t id = meta_int(r, key, -1);
    meta_put_int(r, config, id == UINT32_MAX ? -1 : id); /* -1 stored unsigned is none */
    if (field) meta_covers(r, field);
}

static void read_layers(struct gguf_reading *r) {
    int64_t blocks = meta_int(r, "block_count", 0), next = meta_int(r, "nextn_predict_layers", 0);
    if (!meta_has(r, "block_count"))
        meta_fail(r, "block_count", "missing");
    else if (next < 0 || next >= blocks)
        meta_fail(r, "block_count", "%lld, %lld of them for the next tokens, leave no layer",
                  (long long)blocks, (long long)next);
    else
        meta_put_int(r, "num_hidden_layers", blocks - next);
}

static void meta_read_common(struct gguf_reading *r) {
    const struct tensor *table = checkpoint_find(r->checkpoint, "token_embd.weight");
    int64_t heads = meta_int(r, "attention.head_count", 0), width = meta_int(r, "embedding_length", 0);
    read_layers(r);
    if (table && table->rank == 2) put_unless(r, "vocab_size", table->shape[0]);
    if (heads > 0) put_unless(r, "num_key_value_heads", heads);
    if (heads > 0 && width % heads == 0 && !meta_has(r, "attention.kv_lora_rank"))
        put_unless(r, "head_dim", width / heads);
    meta_put_bool(r, "tie_word_embeddings", !meta_has_tensor(r, "output.weight"));
    if (meta_has_tensor(r, "blk.0.attn_q.bias") || meta_has_tensor(r, "blk.0.attn_output.bias"))
        meta_put_bool(r, "attention_bias", true);
    read_token(r, "tokenizer.ggml.bos_token_id", "bos_token_id", "tokens.bos");
    read_token(r, "tokenizer.ggml.padding_token_id", "pad_token_id", "tokens.pad");
    read_token(r, "tokenizer.ggml.eos_token_id", "eos_token_id", NULL); /* files have more than one */
    meta_read_scaling(r);
}

/* Keys that the name of the architecture alone says, where the file does not. */
static void add_implied(struct gguf_reading *r, const char *text) {
    json_t *implied = json_loads(text, 0, NULL);
    if (!implied || json_object_update_missing(r->config, implied) != 0)
        sy_fail(&r->error, SY_ERR_INTERNAL, "what %s implies is no JSON", r->arch);
    json_decref(implied);
}

static bool read_config(struct gguf_reading *r, const struct family *family) {
    const struct gguf_form *form = family->gguf;
    meta_put(r, "architectures", json_pack("[s]", family->architectures[0]));
    meta_put(r, "model_type", json_string(family->model_types[0]));
    meta_read_rules(r, form->keys);
    meta_read_common(r);
    if (form->complete && r->error.code == SY_OK) form->complete(r);
    if (form->implies && r->error.code == SY_OK) add_implied(r, form->implies);
    return r->error.code == SY_OK;
}

/* ---- after the family's reader ---- */

static bool differs(struct gguf_reading *r, const char *key, int64_t found, int64_t wanted) {
    if (!meta_has(r, key) || found == wanted) return false;
    meta_fail(r, key, "%lld, but the model has %lld", (long long)found, (long long)wanted);
    return true;
}

static bool complete_spec(struct gguf_reading *r, const struct gguf_form *form, struct arena *arena,
                          struct spec *spec) {
    struct attention_spec *a = &spec->attention;
    bool latent = a->kind == ATTENTION_LATENT;
    if (form->permuted) spec->rope.interleaved = true;
    a->split_kv_b = latent && meta_has_tensor(r, "blk.0.attn_k_b.weight");
    if (!latent) spec->rope.dims = meta_int(r, "rope.dimension_count", spec->rope.dims);
    if (!latent &&
        differs(r, "attention.value_length", meta_int(r, "attention.value_length", 0), a->value_width))
        return false;
    return r->error.code == SY_OK && meta_read_factors(r, arena, spec);
}

/* The key of the file that a key of the config came from, for messages. */
static void name_key(const struct gguf_form *form, struct sy_error *error) {
    char name[sizeof error->place];
    for (const struct gguf_rule *const *list = form->keys; *list; list++) {
        for (const struct gguf_rule *rule = *list; rule->key; rule++) {
            if (!rule->config || strcmp(rule->config, error->place) != 0) continue;
            snprintf(name, sizeof name, "%s.%s", form->arch, rule->key);
            memcpy(error->place, name, sizeof name);
            return;
        }
    }
}

/* ---- what becomes of the keys ---- */

/* Keys that the form lists without a key of config.json: nobody obeyed them yet. */
static bool is_only_listed(const struct gguf_form *form, const char *key) {
    for (const struct gguf_rule *const *list = form->keys; *list; list++)
        for (const struct gguf_rule *rule = *list; rule->key; rule++)
            if (strcmp(rule->key, key) == 0) return !rule->config;
    return false;
}

static bool settle_key(struct gguf_reading *r, const struct gguf_key *key, const struct spec *spec,
                       struct account *account) {
    size_t length = strlen(r->arch);
    bool of_arch = strncmp(key->name, r->arch, length) == 0 && key->name[length] == '.';
    const struct key_meaning *table = of_arch ? gguf_arch_meanings : gguf_general_meanings;
    const struct key_meaning *meaning = key_meaning_find(table, key->name);
    const char *name = of_arch ? key->name + length + 1 : key->name;
    bool asked = json_object_get(r->known, key->name) != NULL;
    bool obeyed =
        asked && !(meaning && meaning->fate == FATE_REFUSED && is_only_listed(r->origin->gguf, name));
    if (obeyed)
        return account_add(account, ACCOUNT_METADATA, key->name, FATE_USED, &r->error, "%s",
                           meaning ? meaning->reason : "");
    json_t *value = of_arch ? meta_json(&key->value) : NULL;
    bool ok = key_settle(NULL, table, ACCOUNT_METADATA, key->name, value, spec, account, &r->error);
    json_decref(value);
    return ok;
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* But for the tokenizer's keys, which are the text's to tell of. */
static bool settle_keys(struct gguf_reading *r, struct arena *arena, struct gguf_model *out) {
    struct account *account = &out->account;
    account_open(account, arena);
    for (int64_t i = 0; i < r->gguf->key_count; i++) {
        const struct gguf_key *key = &r->gguf->keys[i];
        bool of_text =
            strncmp(key->name, "tokenizer.", 10) == 0 || strncmp(key->name, "general.sampling.", 17) == 0;
        if (!of_text && !settle_key(r, key, &out->spec, account)) return false;
    }
    out->unknown = arena_new(arena, const char *, account_number(account, FATE_UNKNOWN), &r->error);
    for (int64_t i = 0; i < account->count && out->unknown; i++)
        if (account->lines[i].fate == FATE_UNKNOWN)
            out->unknown[out->unknown_count++] = account->lines[i].what;
    if (out->unknown) qsort(out->unknown, (size_t)out->unknown_count, sizeof *out->unknown, by_text);
    return out->unknown != NULL;
}

static bool read_spec(struct gguf_reading *r, bool fields, struct arena *arena, struct gguf_model *out) {
    const struct gguf_form *form = out->origin->gguf;
    const struct family *found;
    struct config config;
    if (!config_wrap(json_incref(r->config), r->file, arena, &config, &r->error)) return false;
    bool ok = spec_from_config(&config, arena, &found, &out->spec, &r->error);
    config_close(&config);
    if (!ok) {
        if (strstr(r->error.remedy, "config.json")) memset(r->error.remedy, 0, sizeof r->error.remedy);
        name_key(form, &r->error);
        return false;
    }
    return complete_spec(r, form, arena, &out->spec) &&
           (!fields || meta_read_fields(r, arena, &out->spec, NULL)) && spec_check(&out->spec, &r->error);
}

static bool read_all(struct gguf_reading *r, bool fields, struct arena *arena, struct gguf_model *out) {
    char arch[64];
    r->arch = "";
    r->arch = meta_word(r, "general.architecture", arch, sizeof arch);
    if (!r->arch) {
        r->arch = "";
        meta_fail(r, "general.architecture", "missing");
        return false;
    }
    out->origin = choose(r);
    out->family = out->origin ? gguf_family(out->origin, arena, &r->error) : NULL;
    if (!out->family || !read_config(r, out->origin) || !read_spec(r, fields, arena, out)) return false;
    r->arch = out->origin->gguf->arch;
    r->origin = out->origin;
    return !fields || settle_keys(r, arena, out);
}

bool spec_from_gguf(const struct gguf *gguf, const struct checkpoint *checkpoint, const char *file,
                    bool fields, struct arena *arena, struct gguf_model *out, struct sy_error *err) {
    struct gguf_reading r = { .gguf = gguf, .checkpoint = checkpoint, .file = file };
    memset(out, 0, sizeof *out);
    r.config = out->config = json_object();
    r.covered = out->covered = json_object();
    r.known = json_object();
    bool ok = r.config && r.covered && r.known;
    if (!ok) sy_fail(&r.error, SY_ERR_MEMORY, "the system has no memory to read the metadata");
    ok = ok && read_all(&r, fields, arena, out);
    json_decref(r.known);
    if (ok) return true;
    gguf_model_free(out);
    if (err) *err = r.error;
    sy_error_remedy(err, "the metadata does not describe a model of this kind: fetch the file again");
    return sy_error_in(err, file);
}

void gguf_model_free(struct gguf_model *model) {
    json_decref(model->config);
    json_decref(model->covered);
    memset(model, 0, sizeof *model);
}
