/*
 * The drawing. One function a panel, top to bottom; sizes in points.
 */
#include "report/chart.h"

#ifdef SY_CAIRO

#include <cairo-svg.h>
#include <cairo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_WIDTH 720
#define MARGIN     40
#define LABEL      170
#define ROW        26
#define PLOT       240
#define PNG_SCALE  2

static const double ink[3] = { 0.13, 0.15, 0.2 }, grey[3] = { 0.45, 0.48, 0.53 },
                    pale[3] = { 0.82, 0.86, 0.92 }, blue[3] = { 0.16, 0.4, 0.72 },
                    warm[3] = { 0.83, 0.36, 0.13 };
static const double piece_colours[][3] = {
    { 0.16, 0.4, 0.72 }, { 0.83, 0.36, 0.13 }, { 0.25, 0.6, 0.42 }, { 0.55, 0.42, 0.68 }, { 0.7, 0.6, 0.2 }
};

static void colour(cairo_t *c, const double rgb[3]) {
    cairo_set_source_rgb(c, rgb[0], rgb[1], rgb[2]);
}

static void box(cairo_t *c, double x, double y, double width, double height, const double rgb[3]) {
    colour(c, rgb);
    cairo_rectangle(c, x, y, width, height);
    cairo_fill(c);
}

static double text_width(cairo_t *c, const char *text) {
    cairo_text_extents_t extents;
    cairo_text_extents(c, text, &extents);
    return extents.x_advance;
}

/* align: 0 left, 0.5 centred, 1 right */
static void say(cairo_t *c, double x, double y, double align, double size, const double rgb[3],
                const char *text) {
    if (!text) return;
    cairo_set_font_size(c, size);
    colour(c, rgb);
    cairo_move_to(c, x - align * text_width(c, text), y);
    cairo_show_text(c, text);
}

static double panel_title(cairo_t *c, double y, const char *title) {
    say(c, MARGIN, y + 14, 0, 13, ink, title);
    return y + 26;
}

/* Of all charts of the page. */
struct scales {
    double bar, pieces;
};

static struct scales scales_of(const struct chart *first) {
    struct scales s = { 0 };
    for (const struct chart *chart = first; chart; chart = chart->next) {
        double total = 0;
        for (int i = 0; i < chart->bar_count; i++) s.bar = fmax(s.bar, chart->bars[i].outer);
        for (int i = 0; i < chart->piece_count; i++) total += chart->pieces[i].amount;
        s.pieces = fmax(s.pieces, fmax(total, chart->limit));
    }
    return s;
}

static double draw_bars(cairo_t *c, const struct chart *chart, double largest, double y) {
    double width = PAGE_WIDTH - 2 * MARGIN - LABEL - 110;
    y = panel_title(c, y, chart->bars_title);
    for (int i = 0; i < chart->bar_count && largest > 0; i++, y += ROW) {
        const struct chart_bar *bar = &chart->bars[i];
        say(c, MARGIN + LABEL - 8, y + 14, 1, 11, ink, bar->label);
        box(c, MARGIN + LABEL, y + 2, width * bar->outer / largest, ROW - 8, pale);
        box(c, MARGIN + LABEL, y + 2, fmax(width * bar->inner / largest, bar->inner > 0 ? 1 : 0), ROW - 8,
            blue);
        say(c, MARGIN + LABEL + width * bar->outer / largest + 6, y + 14, 0, 10, grey, bar->text);
    }
    return y + 12;
}

static double draw_pieces(cairo_t *c, const struct chart *chart, double scale, double y) {
    double width = PAGE_WIDTH - 2 * MARGIN, x = MARGIN, at = MARGIN;
    if (!(scale > 0)) return y;
    y = panel_title(c, y, chart->pieces_title);
    for (int i = 0; i < chart->piece_count; i++) {
        double w = width * chart->pieces[i].amount / scale;
        box(c, x, y, w, 24, piece_colours[i % 5]);
        x += w;
    }
    if (chart->limit > 0) {
        double mark = MARGIN + width * chart->limit / scale;
        box(c, mark - 1, y - 5, 2, 34, ink);
        cairo_set_font_size(c, 13);
        double title = MARGIN + text_width(c, chart->pieces_title) + 10; /* not over it */
        bool left = mark > PAGE_WIDTH * 0.75;
        say(c, left ? fmin(mark, PAGE_WIDTH - MARGIN) : fmax(mark, title), y - 8, left ? 1 : 0, 10, ink,
            chart->limit_label);
    }
    for (int i = 0; i < chart->piece_count; i++) {
        cairo_set_font_size(c, 10);
        double w = text_width(c, chart->pieces[i].label) + 28;
        if (at + w > PAGE_WIDTH - MARGIN) at = MARGIN, y += 16;
        box(c, at, y + 33, 9, 9, piece_colours[i % 5]);
        say(c, at + 13, y + 41, 0, 10, ink, chart->pieces[i].label);
        at += w;
    }
    return y + 62;
}

struct axes {
    double x0, y0, width, height;        /* on the page; y0 is the bottom */
    double low_x, high_x, low_y, high_y; /* decades */
};

static double place_x(const struct axes *a, double value) {
    return a->x0 + a->width * (log10(value) - a->low_x) / (a->high_x - a->low_x);
}

static double place_y(const struct axes *a, double value) {
    return a->y0 - a->height * (log10(value) - a->low_y) / (a->high_y - a->low_y);
}

static void draw_grid(cairo_t *c, const struct axes *a) {
    static const char *const units[] = { "", "K", "M", "G", "T", "P", "E" };
    char label[40];
    cairo_set_line_width(c, 0.5);
    for (int decade = (int)a->low_x; decade <= (int)a->high_x; decade++) {
        double x = place_x(a, pow(10, decade));
        colour(c, pale);
        cairo_move_to(c, x, a->y0);
        cairo_line_to(c, x, a->y0 - a->height);
        cairo_stroke(c);
        snprintf(label, sizeof label, "%g", pow(10, decade));
        say(c, x, a->y0 + 14, 0.5, 10, grey, label);
    }
    for (int decade = (int)a->low_y; decade <= (int)a->high_y; decade++) {
        double y = place_y(a, pow(10, decade));
        int unit = decade >= 0 && decade < 21 ? decade / 3 : 0;
        colour(c, pale);
        cairo_move_to(c, a->x0, y);
        cairo_line_to(c, a->x0 + a->width, y);
        cairo_stroke(c);
        snprintf(label, sizeof label, "%g %s", pow(10, decade - 3 * unit), units[unit]);
        say(c, a->x0 - 6, y + 4, 1, 10, grey, label);
    }
    say(c, a->x0 + a->width, a->y0 + 28, 1, 10, grey, "FLOP a byte");
    say(c, a->x0, a->y0 - a->height - 6, 0, 10, grey, "FLOP/s");
}

static double draw_roof(cairo_t *c, const struct chart *chart, double y) {
    double least = chart->compute / chart->read, most = least, lowest = chart->compute;
    y = panel_title(c, y, chart->roof_title);
    for (int i = 0; i < chart->point_count; i++) {
        least = fmin(least, chart->points[i].intensity);
        most = fmax(most, chart->points[i].intensity);
        lowest = fmin(lowest, chart->points[i].flops);
    }
    struct axes a = { MARGIN + 40,
                      y + 12 + PLOT,
                      PAGE_WIDTH - 2 * MARGIN - 60,
                      PLOT,
                      floor(log10(least)),
                      ceil(log10(most) + 0.2),
                      floor(log10(lowest)),
                      ceil(log10(chart->compute) + 0.1) };
    if (!isfinite(a.low_x) || !isfinite(a.high_x) || !isfinite(a.low_y) || !isfinite(a.high_y) ||
        a.high_x - a.low_x > 60 || a.high_y - a.low_y > 60)
        return y;
    draw_grid(c, &a);
    double ridge = chart->compute / chart->read, left = pow(10, a.low_x), right = pow(10, a.high_x);
    cairo_save(c);
    cairo_rectangle(c, a.x0, a.y0 - a.height, a.width, a.height);
    cairo_clip(c);
    colour(c, ink);
    cairo_set_line_width(c, 2);
    cairo_move_to(c, place_x(&a, left), place_y(&a, left * chart->read));
    cairo_line_to(c, place_x(&a, ridge), place_y(&a, chart->compute));
    cairo_line_to(c, place_x(&a, right), place_y(&a, chart->compute));
    cairo_stroke(c);
    cairo_restore(c);
    for (int i = 0; i < chart->point_count; i++) {
        double x = place_x(&a, chart->points[i].intensity), at = place_y(&a, chart->points[i].flops);
        colour(c, warm);
        cairo_arc(c, x, at, 3.5, 0, 2 * M_PI);
        cairo_fill(c);
        say(c, x + 3, at + 15, 0, 9, warm, chart->points[i].label);
    }
    return a.y0 + 40;
}

static void draw_one(cairo_t *c, const struct chart *chart, const struct scales *scales) {
    cairo_select_font_face(c, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    say(c, MARGIN, 34, 0, 18, ink, chart->title);
    say(c, MARGIN, 52, 0, 11, grey, chart->subtitle);
    double y = draw_bars(c, chart, scales->bar, 66);
    y = draw_pieces(c, chart, scales->pieces, y);
    (void)draw_roof(c, chart, y);
}

/* Bars and pieces decide the height: known before. */
static double chart_height(const struct chart *chart) {
    return 66 + 26 + ROW * chart->bar_count + 12 + (chart->piece_count ? 26 + 62 + 16 : 0) + 26 + 12 + PLOT +
           44;
}

static void draw_all(cairo_t *c, const struct chart *first) {
    struct scales scales = scales_of(first);
    for (const struct chart *chart = first; chart; chart = chart->next) {
        draw_one(c, chart, &scales);
        cairo_translate(c, 0, chart_height(chart));
    }
}

static cairo_status_t take(void *closure, const unsigned char *bytes, unsigned count) {
    struct text *out = closure;
    if (out->size + count > out->room) {
        size_t room = 2 * (out->size + count) + 4096;
        char *grown = realloc(out->data, room);
        if (!grown) {
            out->failed = true;
            return CAIRO_STATUS_NO_MEMORY;
        }
        out->data = grown;
        out->room = room;
    }
    memcpy(out->data + out->size, bytes, count);
    out->size += count;
    return CAIRO_STATUS_SUCCESS;
}

static double page_height(const struct chart *first) {
    double height = 0;
    for (const struct chart *chart = first; chart; chart = chart->next) height += chart_height(chart);
    return height;
}

bool chart_draw(const struct chart *chart, enum chart_format format, struct text *out, struct sy_error *err) {
    double height = page_height(chart), scale = format == CHART_PNG ? PNG_SCALE : 1;
    cairo_surface_t *surface = format == CHART_SVG
                                   ? cairo_svg_surface_create_for_stream(take, out, PAGE_WIDTH, height)
                                   : cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)(PAGE_WIDTH * scale),
                                                                (int)(height * scale));
    cairo_t *c = cairo_create(surface);
    cairo_scale(c, scale, scale);
    box(c, 0, 0, PAGE_WIDTH, height, (const double[3]){ 1, 1, 1 });
    draw_all(c, chart);
    cairo_status_t status = cairo_status(c);
    cairo_destroy(c);
    if (status == CAIRO_STATUS_SUCCESS && format == CHART_PNG)
        status = cairo_surface_write_to_png_stream(surface, take, out);
    cairo_surface_finish(surface);
    if (status == CAIRO_STATUS_SUCCESS) status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    if (status == CAIRO_STATUS_SUCCESS && !out->failed) return true;
    return sy_fail(err, SY_ERR_MEMORY, "the picture cannot be drawn: %s", cairo_status_to_string(status));
}

bool chart_available(void) {
    return true;
}

/* fontconfig keeps its caches to the end: no leak of ours. The leak checker asks for this. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libfontconfig\n";
}

#else

bool chart_draw(const struct chart *chart, enum chart_format format, struct text *out, struct sy_error *err) {
    (void)chart, (void)format, (void)out;
    sy_fail(err, SY_ERR_INPUT, "this program was built without cairo, and draws nothing");
    return sy_error_remedy(err, "install libcairo2-dev (`tools/deps pictures` does) and run `make` again");
}

bool chart_available(void) {
    return false;
}

#endif
