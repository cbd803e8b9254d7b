/*
 * Whose picture is it? What chart_draw makes is signed in a place that no program shows, so that a picture of
 * ours can be drawn anew over itself and somebody else's is left alone.
 *
 *     SVG    <?xml ...?> \n <!-- Software: switchyard -->          a comment in the second line
 *     PNG    signature, IHDR, | tEXt "Software" 0 "switchyard"     a chunk behind the first
 */
#ifndef REPORT_SIGNATURE_H
#define REPORT_SIGNATURE_H

#include "report/chart.h"

/* Of a picture of this format, just drawn. */
void signature_add(enum chart_format format, struct text *picture);
bool signature_is_svg(const unsigned char *head, int64_t size); /* head: its first bytes, 128 at least */
bool signature_is_png(const unsigned char *head, int64_t size);

#endif
