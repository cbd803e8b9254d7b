#include "eval/perplexity.h"

#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

bool perplexity_window(const struct perplexity_request *r, int64_t index, struct perplexity_window *window) {
    if (r->method == PERPLEXITY_HALVES) {
        int64_t begin = index * r->window;
        *window = (struct perplexity_window){ begin, begin + r->window, begin + r->window / 2 + 1 };
        return window->end <= r->count;
    }
    int64_t begin = index * r->stride;
    int64_t scored = index == 0 ? 1 : begin - r->stride + r->window; /* all before it are done with */
    if (scored >= r->count) return false;
    *window = (struct perplexity_window){ begin, min_i64(begin + r->window, r->count), scored };
    return true;
}

struct window_room { /* of one window */
    struct scorer *scorer;
    int64_t *ids;
    struct score *scores;
};

static bool score_window(struct session *session, const struct perplexity_request *r,
                         const struct perplexity_window *w, struct window_room *room,
                         struct perplexity *result, struct sy_error *err) {
    struct kv_sequence *sequence;
    int64_t count = w->end - w->begin, past = w->first - 1 - w->begin;
    memcpy(room->ids, r->ids + w->begin, (size_t)count * sizeof *room->ids);
    if (r->method == PERPLEXITY_HALVES && r->bos >= 0) room->ids[0] = r->bos;
    if (!session_sequence(session, count, &sequence, err)) return false;
    bool done = score_past(room->scorer, sequence, room->ids, past, err) &&
                score_ids(room->scorer, sequence, room->ids + past, count - past, room->scores, err);
    kv_sequence_close(sequence);
    for (int64_t i = w->first; done && i < w->end; i++) {
        result->nll -= room->scores[i - w->first].logprob;
        result->bytes += r->id_bytes[i];
        result->scored++;
    }
    result->windows += done;
    return done;
}

static bool score_windows(struct session *session, const struct perplexity_request *r,
                          struct window_room *room, struct perplexity *result, struct sy_error *err) {
    struct perplexity_window window;
    for (int64_t i = 0; perplexity_window(r, i, &window); i++) {
        if (!score_window(session, r, &window, room, result, err)) return false;
        if (r->progress) r->progress(r->argument, window.end);
    }
    return true;
}

bool perplexity(struct session *session, const struct perplexity_request *r, struct perplexity *result,
                struct sy_error *err) {
    struct window_room room = { 0 };
    struct perplexity_window window;
    memset(result, 0, sizeof *result);
    if (!perplexity_window(r, 0, &window)) {
        sy_fail(err, SY_ERR_INPUT, "the text is only %lld tokens long, and nothing of it could be scored",
                (long long)r->count);
        return sy_error_remedy(err, "give a longer text, or a smaller --ctx");
    }
    room.ids = calloc((size_t)r->window, sizeof *room.ids);
    room.scores = calloc((size_t)r->window, sizeof *room.scores);
    bool done = room.ids && room.scores;
    if (!done) sy_fail(err, SY_ERR_MEMORY, "no memory for a window of %lld ids", (long long)r->window);
    done = done && scorer_open(session, &room.scorer, err) && score_windows(session, r, &room, result, err);
    scorer_close(room.scorer);
    free(room.ids);
    free(room.scores);
    return done;
}
