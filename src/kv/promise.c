/*
 * What a sequence can ever need, so that whoever admits one can promise it beforehand.
 *
 *     a layer that sees everything:  the pages of its positions
 *     a layer with a window W:       at most those that W - 1 keys before a batch, and its rows, can touch
 *
 * Pages of a shared past are taken already, and full ones are never written again; the page in which the past
 * ends is copied. Where a window gives shared pages back they need not come free, so nothing is set off.
 */
#include "kv/kv_private.h"

#include "base/checked.h"

bool kv_pages_promised(const struct spec *spec, int64_t past, int64_t positions, int64_t rows, int64_t *pages,
                       struct sy_error *err) {
    int64_t sum = 0, rounded;
    if (!size_round_up(positions, KV_PAGE, &rounded)) goto fail;
    int64_t all = rounded / KV_PAGE - past / KV_PAGE;
    for (int64_t l = 0; l < spec->decoder.layer_count; l++) {
        const struct layer_spec *layer = &spec->decoder.layers[l];
        int64_t most = all, span;
        if (layer->window != WINDOW_NONE && size_add(layer->window_size, rows, &span))
            most = min_i64(all, ceil_div(span - 2, KV_PAGE) + 1); /* wherever its span - 1 positions begin */
        if (!size_add(sum, most, &sum)) goto fail;
    }
    *pages = sum;
    return true;
fail:
    return sy_fail(err, SY_ERR_LIMIT, "%lld positions are more pages than can be counted",
                   (long long)positions);
}

int64_t kv_pages_own(const struct kv_sequence *s, int64_t past) {
    int64_t own = 0;
    for (int64_t l = 0; l < s->layers; l++)
        for (int64_t p = past / KV_PAGE; p < s->pages; p++) {
            const void *page = s->page[l * s->pages + p];
            own += page && s->pool->references[pool_index(s->pool, page)] == 1;
        }
    return own;
}
