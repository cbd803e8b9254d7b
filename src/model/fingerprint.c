/*
 * A model's fingerprint (fingerprint.h): its spec as text, then its weights in the order of slots.
 */
#include "model/fingerprint.h"

#include "base/checked.h"
#include "base/random.h"
#include "model/spec_json.h"

#include <stdlib.h>
#include <string.h>

enum { MANY_WEIGHTS = 4096, SAMPLES = 16, SAMPLES_OF_MANY = 4 };

/* Elements by value, so that views of other files (transposed, joint) with equal contents count as equal. */
static void add_weight(struct hash *hash, const struct weight *w, int64_t index, int64_t samples) {
    int64_t facts[] = { index, w->data ? (int64_t)w->dtype : -1, w->rows, w->cols };
    if (!w->data || w->rows <= 0 || w->cols <= 0) return;
    hash_add(hash, facts, sizeof facts);
    for (int64_t i = 0; i < samples; i++) {
        uint64_t draw = random_mix((uint64_t)(index * SAMPLES + i) + 1);
        int64_t row = (int64_t)(draw % (uint64_t)w->rows), col = (int64_t)((draw >> 32) % (uint64_t)w->cols);
        if (i == 0) row = col = 0;
        if (i == 1) row = w->rows - 1, col = w->cols - 1;
        float value = weight_get(w, row, col);
        hash_add(hash, &value, sizeof value);
    }
}

static bool add_spec(struct hash *hash, const struct spec *spec, struct sy_error *err) {
    json_t *json;
    if (!spec_to_json(spec, &json, err)) return false;
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
    json_decref(json);
    if (!text) return sy_fail(err, SY_ERR_MEMORY, "no memory for the text of a spec");
    hash_add(hash, text, (int64_t)strlen(text));
    free(text);
    return true;
}

bool model_fingerprint(const struct spec *spec, const struct binding *b, uint8_t out[HASH_BYTES],
                       struct sy_error *err) {
    struct hash hash = hash_begin();
    if (!add_spec(&hash, spec, err)) return false;
    int64_t layer_count = b->layers * SLOT_COUNT, expert_count = b->layers * 6 * b->experts;
    int64_t samples = layer_count + expert_count > MANY_WEIGHTS ? SAMPLES_OF_MANY : SAMPLES, index = 0;
    for (int s = 0; s < SLOT_ATTENTION_NORM; s++) add_weight(&hash, &b->global[s], index++, samples);
    for (int64_t i = 0; i < layer_count; i++) add_weight(&hash, &b->layer[i], index++, samples);
    for (int64_t i = 0; i < expert_count; i++) add_weight(&hash, &b->expert[i], index++, samples);
    hash_end(&hash, out);
    return true;
}
