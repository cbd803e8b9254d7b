#include "commands/logits_file.h"
#include "formats/safetensors.h"
#include "test.h"

#include <string.h>

static void expect_floats(const struct checkpoint *checkpoint, const char *name, const float *want,
                          int64_t n) {
    const struct tensor *tensor = checkpoint_find(checkpoint, name);
    if (!tensor) fail_msg("no %s", name);
    assert_int_equal(tensor->bytes, n * (int64_t)sizeof *want);
    assert_memory_equal(tensor->data, want, (size_t)n * sizeof *want);
}

/* A batch of two sequences, of a model whose middle layer has no experts; rows come in any order. */
TEST(every_layer_and_sequence_has_its_tensors) {
    struct layer_spec layers[] = { { .ffn = FFN_MOE }, { .ffn = FFN_DENSE }, { .ffn = FFN_MOE } };
    struct spec spec = { .vocab = 2, .decoder = { .layer_count = 3, .layers = layers } };
    int64_t ids[] = { 0, 1 };
    struct id_list both[] = { { .ids = ids, .count = 1 }, { .ids = ids, .count = 2 } };
    struct id_lists lists = { .lists = both, .count = 2, .file = "batch" };
    struct logits_file file;
    struct checkpoint checkpoint;
    struct sy_error err = { 0 };
    char path[TEST_PATH_MAX];
    spec.router.experts = 4;
    spec.router.top_k = 2;
    spec.router.select = SELECT_TOP_K_IN_GROUPS;
    test_temp_path(path, "out.safetensors");
    if (!logits_file_open(path, &lists, &spec, true, false, &file, &err)) fail_msg("%s", err.message);
    for (int64_t list = 1; list >= 0; list--)
        for (int64_t row = both[list].count - 1; row >= 0; row--) {
            float at = (float)(10 * list + row);
            for (int64_t layer = 2; layer >= 0; layer -= 2) {
                float logits[4] = { at, (float)layer, 1, 2 }, weights[2] = { (float)layer, at };
                const struct sy_routed_row routed = { .sequence = list,
                                                      .index = row,
                                                      .layer = layer,
                                                      .count = row ? 1 : 2,
                                                      .experts = (int32_t[]){ (int32_t)layer, 3 },
                                                      .weights = weights,
                                                      .logits = logits };
                assert_true(logits_file_routing(&file, &routed, &err));
            }
            assert_true(logits_file_row(&file, list, row, (float[]){ at, -at }, &err));
        }
    assert_true(logits_file_commit(&file, &err));
    if (!checkpoint_open(path, &checkpoint, &err)) fail_msg("%s", err.message);
    assert_int_equal(checkpoint.count, 2 + 2 * 2 * 3);
    expect_floats(&checkpoint, "logits.0", (float[]){ 0, -0.0f }, 2);
    expect_floats(&checkpoint, "logits.1", (float[]){ 10, -10, 11, -11 }, 4);
    expect_floats(&checkpoint, "router.0.logits.1", (float[]){ 10, 0, 1, 2, 11, 0, 1, 2 }, 8);
    expect_floats(&checkpoint, "router.2.logits.0", (float[]){ 0, 2, 1, 2 }, 4);
    expect_floats(&checkpoint, "router.2.topk_weights.1", (float[]){ 2, 10, 2, 0 }, 4);
    const struct tensor *chosen = checkpoint_find(&checkpoint, "router.2.topk_ids.1");
    assert_non_null(chosen);
    assert_memory_equal(chosen->data, ((int32_t[]){ 2, 3, 2, -1 }), 4 * sizeof(int32_t));
    checkpoint_close(&checkpoint);
}
