/*
 * The data of a plan's picture: total against active by part, the memory of a run with the limit, and the
 * roofline with batches 1 to 256 on it.
 */
#include "commands/plan/drawing.h"

#include "base/os.h"
#include "report/chart.h"
#include "report/number.h"
#include "report/signature.h"

#include <stdio.h>
#include <string.h>

#define PIECES 4

struct texts { /* that the chart borrows */
    char title[160], subtitle[200], limit[NUMBER_TEXT + 16], roof[160], pieces_title[64];
    char bar[PART_COUNT + 1][2 * NUMBER_TEXT + 16], name[PART_COUNT + 1][32];
    char piece[PIECES][NUMBER_TEXT + 32], point[PLAN_BATCHES][24];
};

static int fill_bars(const struct plan *p, struct texts *t, struct chart_bar *bars) {
    int count = 0;
    char all[NUMBER_TEXT], acts[NUMBER_TEXT];
    for (int part = -1; part < PART_COUNT; part++) {
        int64_t total = part < 0 ? p->parameters.count.total : p->parameters.count.part[part];
        int64_t active = part < 0 ? p->parameters.count.active : p->parameters.active_part[part];
        if (total == 0) continue;
        snprintf(t->name[count], sizeof t->name[count], "%s", part < 0 ? "all" : part_name((enum part)part));
        for (char *at = t->name[count]; *at; at++)
            if (*at == '_') *at = ' ';
        number_count(total, all);
        if (active == total)
            snprintf(t->bar[count], sizeof t->bar[count], "%s", all);
        else
            snprintf(t->bar[count], sizeof t->bar[count], "%s of %s", number_count(active, acts), all);
        bars[count] = (struct chart_bar){ t->name[count], t->bar[count], (double)total, (double)active };
        count++;
    }
    return count;
}

static void fill_pieces(const struct plan *p, struct texts *t, struct chart_piece *pieces) {
    const struct plan_memory *m = &p->memory;
    static const char *const names[PIECES] = { "weights", "keys and values", "activations", "all else" };
    const int64_t amounts[PIECES] = { m->weights, m->kv, m->activations,
                                      m->vectors + m->tables + m->program };
    char size[NUMBER_TEXT];
    for (int i = 0; i < PIECES; i++) {
        snprintf(t->piece[i], sizeof t->piece[i], "%s %s", names[i], number_bytes(amounts[i], size));
        pieces[i] = (struct chart_piece){ t->piece[i], (double)amounts[i] };
    }
}

static void fill_points(const struct plan *p, struct texts *t, struct chart_point *points) {
    for (int i = 0; i < PLAN_BATCHES; i++) {
        snprintf(t->point[i], sizeof t->point[i], "%lld", (long long)p->batches[i]);
        points[i] = (struct chart_point){ t->point[i], p->roofline_at[i].intensity,
                                          p->roofline_at[i].tokens * p->traffic_at[i].flops };
    }
}

static void fill_texts(const struct plan_facts *f, struct texts *t) {
    const struct plan *p = f->plan;
    char one[NUMBER_TEXT], two[NUMBER_TEXT];
    snprintf(t->title, sizeof t->title, "%s: %s parameters, %s active", f->source->name,
             number_count(p->parameters.count.total, one), number_count(p->parameters.count.active, two));
    snprintf(t->subtitle, sizeof t->subtitle, "%s weights, %lld positions, batch %lld; switchyard plan",
             weights_name(&p->input.memory.traffic.weights), (long long)p->input.memory.traffic.context,
             (long long)p->input.memory.batch);
    snprintf(t->pieces_title, sizeof t->pieces_title, "Memory of a run: %s",
             number_bytes(p->memory.peak, one));
    snprintf(t->limit, sizeof t->limit, "%s there", number_bytes(p->input.memory.memory, one));
    snprintf(t->roof, sizeof t->roof, "Roofline%s at %s and %s: steps of batch 1 to 256",
             p->input.cluster.ranks > 1 ? " of one rank" : "", number_rate(p->input.rates.read, "B/s", one),
             number_rate(p->input.rates.flops, "FLOP/s", two));
}

static bool write_bytes(const char *path, int format, bool force, const struct text *bytes,
                        struct sy_error *err) {
    static const struct os_kind kinds[] = { [DRAW_SVG] = { "picture by plan", signature_is_svg },
                                            [DRAW_PNG] = { "picture by plan", signature_is_png } };
    const struct os_rule rule = { .force = force, .kind = &kinds[format], .ask = "add --force" };
    struct os_writer *writer;
    if (!os_writer_open_by(&rule, path, &writer, err)) return false;
    if (os_writer_write(writer, bytes->data, (int64_t)bytes->size, err)) return os_writer_commit(writer, err);
    os_writer_abandon(writer);
    return false;
}

/* One model's picture, and what it borrows. */
struct page {
    struct texts texts;
    struct chart_bar bars[PART_COUNT + 1];
    struct chart_piece pieces[PIECES];
    struct chart_point points[PLAN_BATCHES];
    struct chart chart;
};

static void fill_page(const struct plan_facts *f, const struct chart *next, struct page *page) {
    const struct plan *p = f->plan;
    struct texts *t = &page->texts;
    fill_texts(f, t);
    fill_pieces(p, t, page->pieces);
    fill_points(p, t, page->points);
    page->chart = (struct chart){
        .title = t->title,
        .subtitle = t->subtitle,
        .bars_title = "Parameters: in all, and (dark) acting on a token",
        .bars = page->bars,
        .bar_count = fill_bars(p, t, page->bars),
        .pieces_title = t->pieces_title,
        .pieces = page->pieces,
        .piece_count = PIECES,
        .limit = (double)p->input.memory.memory,
        .limit_label = t->limit,
        .roof_title = t->roof,
        .read = p->input.rates.read,
        .compute = p->input.rates.flops,
        .points = page->points,
        .point_count = PLAN_BATCHES,
        .next = next,
    };
}

bool plan_draw(const struct plan_facts *f, const struct plan_facts *other, int format, const char *path,
               bool force, struct sy_error *err) {
    enum chart_format kind = format == DRAW_SVG ? CHART_SVG : CHART_PNG;
    struct page first, second;
    struct text bytes = { 0 };
    if (other) fill_page(other, NULL, &second);
    fill_page(f, other ? &second.chart : NULL, &first);
    bool ok = chart_draw(&first.chart, kind, &bytes, err);
    if (ok) signature_add(kind, &bytes);
    if (ok && bytes.failed) ok = sy_fail(err, SY_ERR_MEMORY, "no memory for the picture");
    ok = ok && write_bytes(path, format, force, &bytes, err);
    text_free(&bytes);
    return ok || sy_error_in(err, path);
}
