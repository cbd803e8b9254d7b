/*
 * Spans outlive the rendering, so they lie in memory of their own and not in its heap.
 */
#include "template/interpret/spans.h"

#include <stdlib.h>

bool spans_add(struct template_spans *spans, int64_t begin, int64_t end, struct sy_error *err) {
    if (spans->count == spans->room) {
        int64_t room = spans->room ? spans->room * 2 : 8;
        struct template_span *larger = realloc(spans->data, (size_t)room * sizeof *larger);
        if (!larger) return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld spans", (long long)room);
        spans->data = larger;
        spans->room = room;
    }
    spans->data[spans->count++] = (struct template_span){ begin, end };
    return true;
}

void template_spans_free(struct template_spans *spans) {
    free(spans->data);
    *spans = (struct template_spans){ .data = NULL };
}
