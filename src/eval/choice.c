#include "eval/choice.h"

#include "base/checked.h"

#include <stdlib.h>

/* Ids that all have in common, and that none scores. */
static int64_t common_past(const struct choice_ids *choices, int64_t count) {
    int64_t past = choices[0].first - 1;
    for (int64_t c = 1; c < count; c++) {
        int64_t same = 0;
        past = min_i64(past, choices[c].first - 1);
        while (same < past && choices[c].ids[same] == choices[0].ids[same]) same++;
        past = same;
    }
    return past;
}

static bool score_one(struct scorer *scorer, const struct kv_sequence *shared,
                      const struct choice_ids *choice, int64_t past, struct score *room,
                      struct choice_score *out, struct sy_error *err) {
    struct kv_sequence *sequence;
    int64_t last = choice->first - 1; /* of the context: its logits score the first of the continuation */
    if (!kv_sequence_fork(shared, &sequence, err)) return false;
    bool done = score_past(scorer, sequence, choice->ids + past, last - past, err) &&
                score_ids(scorer, sequence, choice->ids + last, choice->count - last, room, err);
    kv_sequence_close(sequence);
    *out = (struct choice_score){ .greedy = true };
    for (int64_t i = 0; done && i < choice->count - choice->first; i++) {
        out->logprob += room[i].logprob;
        out->greedy = out->greedy && room[i].likeliest;
    }
    return done;
}

bool choice_score(struct scorer *scorer, struct session *session, const struct choice_ids *choices,
                  int64_t count, struct choice_score *scores, struct sy_error *err) {
    struct kv_sequence *shared;
    int64_t longest = 0, past = common_past(choices, count);
    for (int64_t c = 0; c < count; c++) longest = max_i64(longest, choices[c].count);
    struct score *room = calloc((size_t)longest, sizeof *room);
    if (!room) return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld scores", (long long)longest);
    if (!session_sequence(session, longest, &shared, err)) return free(room), false;
    bool done = score_past(scorer, shared, choices[0].ids, past, err);
    for (int64_t c = 0; done && c < count; c++)
        done = score_one(scorer, shared, &choices[c], past, room, &scores[c], err);
    kv_sequence_close(shared);
    free(room);
    return done;
}
