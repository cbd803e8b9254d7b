/*
 * The file that `logits` writes, row by row as the pass gives them:
 *
 *     logits                  [T, V] f32
 *     router.L.logits         [T, E] f32    before any score function or selection bias
 *     router.L.topk_ids       [T, K] i32    best first; -1 where a router chose fewer than K
 *     router.L.topk_weights   [T, K] f32    as multiplied into the experts' outputs, scale included
 *
 * L is a MoE layer's index in the model. Of several sequences each has its own tensors, NAME.0, NAME.1, ...
 * Nothing is kept in memory: rows go straight to their place in the file. Logits alone of one sequence come
 * in order, so they can also go to a pipe.
 */
#ifndef COMMANDS_LOGITS_FILE_H
#define COMMANDS_LOGITS_FILE_H

#include "base/os.h"
#include "commands/ids.h"
#include "formats/safetensors.h"
#include <switchyard.h>

struct logits_file {
    struct safetensors_writer *writer;
    bool in_order;
    int64_t vocab, experts, top_k; /* top_k: columns of the choices */
    int64_t list_count, moe_count;
    int64_t *moe_index; /* [layers] which MoE layer this is, or -1; owned */
    int32_t *ids;       /* [top_k], padded; owned */
    float *weights;     /* the same */
};

/* What may stand at its path: another such file, told by "switchyard": "logits" in the metadata. */
struct os_rule logits_file_rule(bool routing, bool force);
SY_MUST_CHECK bool logits_file_open(const char *path, const struct id_lists *lists, const struct spec *spec,
                                    bool routing, bool force, struct logits_file *file, struct sy_error *err);
SY_MUST_CHECK bool logits_file_row(struct logits_file *file, int64_t list, int64_t row, const float *logits,
                                   struct sy_error *err);
/* Of a row of the list row->sequence. */
SY_MUST_CHECK bool logits_file_routing(struct logits_file *file, const struct sy_routed_row *row,
                                       struct sy_error *err);
SY_MUST_CHECK bool logits_file_commit(struct logits_file *file,
                                      struct sy_error *err); /* closes, whatever happens */
void logits_file_abandon(struct logits_file *file);

#endif
