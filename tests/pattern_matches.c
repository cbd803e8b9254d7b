/*
 * What a pattern matches, for tools/golden/pattern_diff.py to hold beside other engines. Reads lines:
 *
 *     DIALECT HEX          the pattern; DIALECT is 0, 1 or 2, as in text/pattern/pattern.h; HEX its bytes
 *     HEX                  a text: answered by one line "begin-end begin-end ..."
 *
 * An empty line begins another pattern.
 */
#include "base/error.h"
#include "text/pattern/pattern.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t bytes_of(const char *hex, char *out) {
    int64_t count = 0;
    for (unsigned value; sscanf(hex + 2 * count, "%2x", &value) == 1; count++) out[count] = (char)value;
    return count;
}

static bool print_match(void *argument, int64_t begin, int64_t end, struct sy_error *err) {
    (void)argument, (void)err;
    printf("%lld-%lld ", (long long)begin, (long long)end);
    return true;
}

static int fail(const struct sy_error *err) {
    char line[1024];
    fprintf(stderr, "%s\n", sy_error_line(err, line, sizeof line));
    return 1;
}

int main(void) {
    struct pattern *pattern = NULL;
    struct pattern_scratch *scratch;
    struct sy_error err;
    char *line = NULL;
    size_t room = 0;
    if (!pattern_scratch_open(&scratch, &err)) return fail(&err);
    for (ssize_t length; (length = getline(&line, &room, stdin)) > 0;) {
        if (length == 1 && pattern) {
            pattern_close(pattern);
            pattern = NULL;
            continue;
        }
        bool first = !pattern;
        char *bytes = malloc((size_t)length);
        int64_t size = bytes_of(line + (first ? 2 : 0), bytes);
        bool ok = first ? pattern_open(bytes, size, (enum pattern_dialect)(line[0] - '0'), &pattern, &err)
                        : pattern_walk(pattern, scratch, bytes, size, print_match, NULL, &err);
        free(bytes);
        if (!ok) return fail(&err);
        if (!first) printf("\n");
    }
    pattern_close(pattern);
    pattern_scratch_close(scratch);
    free(line);
    return 0;
}
