#include "commands/talk/reading.h"

#include "report/number.h"

#define LONG_IDS 64 /* of a prompt that takes a while on some machine */

struct reading reading_begin(FILE *to, const struct style *style, double now) {
    return (struct reading){ .to = to, .style = *style, .start = now };
}

void reading_show(struct reading *r, int64_t done, int64_t count, double now) {
    char number[NUMBER_TEXT];
    if (!r->to) return;
    if (!r->begun) {
        r->progress = progress_begin(r->to, &r->style, "reading", count, "tok/s", r->start);
        r->begun = true;
        if (count >= LONG_IDS) {
            fprintf(r->to, "\r\033[Kreading %s tokens", number_exact(count, number));
            fflush(r->to);
            r->progress.visible = true; /* hence wiped at the end */
        }
    }
    if (done > 0 && done < count) progress_show(&r->progress, done, now);
}

void reading_end(struct reading *r) {
    if (r->begun) progress_end(&r->progress);
}
