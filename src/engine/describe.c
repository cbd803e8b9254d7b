/*
 * A session's arithmetic in words, for people: what --verbose, bench and the library's facts say. The cache's
 * type is spelled as --kv takes it.
 */
#include "engine/session.h"

#include <ctype.h>
#include <stdio.h>

char *session_runs_as(const struct session *s, char *text, size_t size) {
    char kv[16];
    int threads = team_pool_count(s->team);
    snprintf(kv, sizeof kv, "%s", dtype_name(s->numerics.kv));
    for (char *c = kv; *c; c++) *c = (char)tolower((unsigned char)*c);
    snprintf(text, size, "%s, %s cache, %s kernels%s, %d thread%s",
             s->numerics.compute == COMPUTE_F32     ? "exact"
             : s->numerics.regime == REGIME_INTEGER ? "fast, integer regime"
                                                    : "fast, bf16 regime",
             kv, level_name(s->kernels.level), level_remark(s->kernels.level), threads,
             threads == 1 ? "" : "s");
    return text;
}
