#include "engine/sequence.h"

#include "base/checked.h"
#include "base/os.h"

#include <stdlib.h>

int64_t sequence_ran(const struct sequence *q) {
    return max_i64(q->lane.done, q->lane.silent);
}

/* What it did not use of the room for what it might have generated. */
static void shrink(struct sequence *q) {
    size_t n = (size_t)q->token_count;
    if (!q->tokens || q->token_count == q->new_count) return;
    void *ids = realloc(q->ids, (size_t)(q->prompt_end + q->token_count) * sizeof *q->ids);
    if (ids) q->lane.ids = q->ids = ids;
    void *tokens = realloc(q->tokens, (n + 1) * sizeof *q->tokens);
    if (tokens) q->tokens = tokens;
    if (!q->likeliest) return;
    void *likeliest = realloc(q->likeliest, (n * (size_t)q->sampling.logprobs + 1) * sizeof *q->likeliest);
    if (likeliest) q->likeliest = likeliest;
}

void sequence_end(struct sequence *q, enum sy_finish finish) {
    bool ran = q->phase == PHASE_RUNNING;
    q->phase = PHASE_FINISHED;
    q->finish = finish;
    q->ended = os_seconds();
    if (finish != SY_FINISH_STOP) answer_end(&q->answer, q->token_count > 0);
    shrink(q);
    q->kept = ran && finish != SY_FINISH_ERROR && (q->flags & SY_KEEP);
    if (q->kept) {
        q->lane.silent = 0; /* what was to be run anew is not kept */
        return;
    }
    kv_sequence_close(q->lane.sequence);
    q->lane.sequence = NULL;
}

void sequence_drop(struct sequence *q) {
    if (--q->holders > 0) return;
    kv_sequence_close(q->lane.sequence);
    answer_close(&q->answer);
    free(q->ids);
    free(q->biases);
    free(q->tokens);
    free(q->likeliest);
    free(q);
}
