#include "report/heat.h"

#include "base/checked.h"

#include <math.h>

#define STEPS 8

static const char *const blocks[STEPS + 1] = { "·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
static const char *const letters[STEPS + 1] = { ".", "1", "2", "3", "4", "5", "6", "7", "8" };
/* From cool to hot in the 256-colour cube. */
static const int shades[STEPS + 1] = { 240, 24, 31, 38, 44, 78, 148, 214, 203 };

int64_t heat_bin(int64_t count, int columns) {
    return columns > 0 && count > columns ? ceil_div(count, columns) : 1;
}

static int64_t bin_sum(const int64_t *counts, int64_t count, int64_t first, int64_t bin) {
    int64_t sum = 0;
    for (int64_t i = first; i < min_i64(first + bin, count); i++) sum += counts[i];
    return sum;
}

void heat_strip(const int64_t *counts, int64_t count, int columns, const struct style *style,
                struct text *out) {
    int64_t bin = heat_bin(count, columns), largest = 0;
    for (int64_t i = 0; i < count; i += bin) largest = max_i64(largest, bin_sum(counts, count, i, bin));
    int shade = -1;
    for (int64_t i = 0; i < count; i += bin) {
        int64_t sum = bin_sum(counts, count, i, bin);
        int step = sum > 0 ? (int)max_i64(1, (int64_t)((double)sum / (double)largest * STEPS + 0.5)) : 0;
        if (style->colour && shades[step] != shade) text_add(out, "\033[38;5;%dm", shade = shades[step]);
        text_add(out, "%s", style->unicode ? blocks[step] : letters[step]);
    }
    if (shade >= 0) text_add(out, "\033[0m");
}

double heat_evenness(const int64_t *counts, int64_t count) {
    double sum = 0, entropy = 0;
    for (int64_t i = 0; i < count; i++) sum += (double)counts[i];
    for (int64_t i = 0; i < count; i++)
        if (counts[i] > 0) entropy -= (double)counts[i] / sum * log2((double)counts[i] / sum);
    return count > 1 ? entropy / log2((double)count) : 1;
}

void bar(double value, double largest, int columns, const struct style *style, struct text *out) {
    static const char *const parts[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
    if (!(value > 0) || !(largest > 0)) return;
    double share = value < largest ? value / largest : 1;
    int eighths = (int)(share * columns * 8 + 0.5);
    if (!style->unicode) eighths = (eighths + 4) / 8 * 8;
    if (eighths == 0) eighths = style->unicode ? 1 : 8;
    for (int i = 0; i < eighths / 8; i++) text_add(out, "%s", style->unicode ? "█" : "#");
    text_add(out, "%s", parts[eighths % 8]);
}
