#include "report/progress.h"

#include "report/heat.h"
#include "report/number.h"

#define QUIET_SECONDS    2.0
#define INTERVAL_SECONDS 0.1
#define BAR_COLUMNS      24

struct progress progress_begin(FILE *to, const struct style *style, const char *what, int64_t total,
                               const char *unit, double now) {
    return (struct progress){
        .to = to, .what = what, .unit = unit, .total = total, .style = *style, .start = now
    };
}

void progress_show(struct progress *progress, int64_t done, double now) {
    double elapsed = now - progress->start;
    if (!progress->to || progress->total <= 0 || elapsed < QUIET_SECONDS) return;
    if (progress->visible && now - progress->drawn < INTERVAL_SECONDS) return;
    progress->drawn = now;
    progress->visible = true;
    double rate = (double)done / elapsed, share = (double)done / (double)progress->total;
    char rate_text[NUMBER_TEXT], left_text[NUMBER_TEXT];
    struct text drawn = { 0 };
    bar(share, 1, BAR_COLUMNS, &progress->style, &drawn);
    int gap = BAR_COLUMNS - style_width(drawn.data ? drawn.data : "");
    fprintf(progress->to, "\r\033[K%s  %s%*s  %3.0f %%  %s", progress->what, drawn.data ? drawn.data : "",
            gap, "", 100 * share, number_rate(rate, progress->unit, rate_text));
    if (rate > 0)
        fprintf(progress->to, "  %s left",
                number_seconds((double)(progress->total - done) / rate, left_text));
    fflush(progress->to);
    text_free(&drawn);
}

void progress_end(struct progress *progress) {
    if (!progress->visible) return;
    fputs("\r\033[K", progress->to);
    fflush(progress->to);
    progress->visible = false;
}
