/*
 * What a model's files say that is not obeyed, or that two of them say differently, in lines.
 */
#include "api/engine.h"

#include <stdio.h>
#include <stdlib.h>

bool engine_take_notes(struct sy_engine *e, const struct text_notes *notes, struct sy_error *err) {
    if (notes->count == 0) return true;
    void *room = realloc(e->warnings, (size_t)(e->warning_count + notes->count) * sizeof *e->warnings);
    if (!room) return sy_fail(err, SY_ERR_MEMORY, "no memory for warnings");
    e->warnings = room;
    for (int i = 0; i < notes->count; i++) {
        const struct text_note *note = &notes->list[i];
        snprintf(e->warnings[e->warning_count++], WARNING_BYTES, "%s: %s: %s", note->file, note->what,
                 note->why);
    }
    return true;
}

const char *sy_engine_warning(const struct sy_engine *engine, int64_t index) {
    if (!engine || index < 0) return NULL;
    const struct model *model = &engine->session.model;
    if (index < model->warning_count) return model->warnings[index];
    index -= model->warning_count;
    return index < engine->warning_count ? engine->warnings[index] : NULL;
}
