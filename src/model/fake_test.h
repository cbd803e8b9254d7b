/*
 * Checkpoints in memory for the tests of binding: the tensors that plan_tensors lists for a config, as F32,
 * each element its own index; then changed at will.
 */
#ifndef MODEL_FAKE_TEST_H
#define MODEL_FAKE_TEST_H

#include "model/bind.h"
#include "test.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAKE_ROOM 64 /* tensors that may be added */

struct fake {
    struct arena arena;
    const struct family *family;
    struct spec spec;
    struct checkpoint checkpoint;
    struct binding binding;
    struct census census;
    struct sy_error err;
};

static inline int fake_by_name(const void *a, const void *b) {
    return strcmp(((const struct tensor *)a)->name, ((const struct tensor *)b)->name);
}

/* Adds a tensor whose data count up (as far as its bytes go). */
static inline struct tensor *fake_add(struct fake *fake, const char *name, enum dtype dtype, int rank,
                                      const int64_t *shape) {
    struct tensor tensor = { .name = name, .file = "model.safetensors", .dtype = dtype, .rank = rank };
    int64_t elements = 1;
    for (int i = 0; i < rank; i++) elements *= tensor.shape[i] = shape[i];
    tensor.bytes = elements * dtype_bits(dtype) / 8;
    unsigned char *data = arena_take(&fake->arena, tensor.bytes, 1, NULL);
    assert_non_null(data);
    for (int64_t i = 0; i < elements; i++) {
        float value = (float)i;
        if (dtype == DTYPE_F32)
            memcpy(data + 4 * i, &value, 4);
        else if (dtype_bits(dtype) == 8)
            data[i] = (unsigned char)(i % 120);
    }
    tensor.data = data;
    fake->checkpoint.tensors[fake->checkpoint.count++] = tensor;
    qsort(fake->checkpoint.tensors, (size_t)fake->checkpoint.count, sizeof tensor, fake_by_name);
    return (struct tensor *)(uintptr_t)checkpoint_find(&fake->checkpoint, name);
}

static inline struct tensor *fake_find(struct fake *fake, const char *name) {
    struct tensor *tensor = (struct tensor *)(uintptr_t)checkpoint_find(&fake->checkpoint, name);
    if (!tensor) fail_msg("no tensor %s", name);
    return tensor;
}

static inline void fake_remove(struct fake *fake, const char *name) {
    struct tensor *tensor = fake_find(fake, name);
    struct tensor *end = fake->checkpoint.tensors + --fake->checkpoint.count;
    memmove(tensor, tensor + 1, (size_t)((char *)end - (char *)tensor));
}

/* Reads the config; with data only where `with_data` (a preset's would not fit). */
static inline void fake_open(struct fake *fake, const char *text, bool with_data) {
    struct config config;
    struct planned_tensor *plan;
    int64_t count;
    memset(fake, 0, sizeof *fake);
    arena_open(&fake->arena);
    assert_true(config_parse(text, (int64_t)strlen(text), "config.json", &fake->arena, &config, &fake->err));
    if (!spec_from_config(&config, &fake->arena, &fake->family, &fake->spec, &fake->err))
        fail_msg("%s: %s", fake->err.place, fake->err.message);
    config_close(&config);
    assert_true(plan_tensors(fake->family, &fake->spec, &fake->arena, &plan, &count, &fake->err));
    fake->checkpoint.tensors = arena_new(&fake->arena, struct tensor, count + FAKE_ROOM, NULL);
    for (int64_t i = 0; i < count && with_data; i++)
        fake_add(fake, plan[i].name, DTYPE_F32, plan[i].rank, plan[i].shape);
    for (int64_t i = 0; i < count && !with_data; i++) {
        struct tensor *tensor = &fake->checkpoint.tensors[fake->checkpoint.count++];
        *tensor =
            (struct tensor){ .name = plan[i].name, .file = "x", .dtype = DTYPE_BF16, .rank = plan[i].rank };
        memcpy(tensor->shape, plan[i].shape, sizeof tensor->shape);
        tensor->data = (const unsigned char *)plan;
    }
    if (!with_data)
        qsort(fake->checkpoint.tensors, (size_t)count, sizeof *fake->checkpoint.tensors, fake_by_name);
}

static inline bool fake_bind(struct fake *fake) {
    memset(&fake->err, 0, sizeof fake->err);
    return bind_checkpoint(fake->family, &fake->spec, &fake->checkpoint, false, &fake->arena, &fake->binding,
                           &fake->census, &fake->err);
}

static inline void fake_must_bind(struct fake *fake) {
    if (!fake_bind(fake)) fail_msg("%s: %s", fake->err.place, fake->err.message);
}

static inline void fake_must_refuse(struct fake *fake, const char *place, const char *word) {
    if (fake_bind(fake)) fail_msg("bound, though %s", word);
    assert_string_equal(fake->err.place, place);
    if (!strstr(fake->err.message, word)) fail_msg("\"%s\" lacks \"%s\"", fake->err.message, word);
    assert_true(fake->err.file[0] && fake->err.remedy[0]);
}

static inline void fake_close(struct fake *fake) {
    arena_close(&fake->arena);
}

#define FAKE_SIZES                                                                                           \
    "\"hidden_size\": 32, \"vocab_size\": 50, \"num_hidden_layers\": 2, \"num_attention_heads\": 4, "        \
    "\"num_key_value_heads\": 2, \"num_experts_per_tok\": 2, \"intermediate_size\": 12, "                    \
    "\"moe_intermediate_size\": 12, \"max_position_embeddings\": 64"
#define FAKE_LATENT                                                                                          \
    "\"q_lora_rank\": 20, \"kv_lora_rank\": 14, \"qk_nope_head_dim\": 8, \"qk_rope_head_dim\": 4, "          \
    "\"v_head_dim\": 10, \"n_shared_experts\": 1, \"n_routed_experts\": 4, \"first_k_dense_replace\": 1, "
#define FAKE_MIXTRAL "{\"model_type\": \"mixtral\", \"num_local_experts\": 3, " FAKE_SIZES "}"
#define FAKE_LLAMA   "{\"model_type\": \"llama\", " FAKE_SIZES "}"
#define FAKE_V3      "{\"model_type\": \"deepseek_v3\", " FAKE_LATENT FAKE_SIZES "}"
#define FAKE_GPT_OSS                                                                                         \
    "{\"model_type\": \"gpt_oss\", \"num_local_experts\": 3, \"head_dim\": 8, " FAKE_SIZES "}"

#endif
