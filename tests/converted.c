#include "converted.h"
#include "base/os.h"
#include "formats/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test_output must_run(struct test_output output) {
    if (output.status != 0) fail_msg("exit %d: %s", output.status, output.err);
    return output;
}

void must_refuse(struct test_output output, const char *what) {
    const char *end = strchr(output.err, '\n');
    assert_int_equal(output.status, 1);
    if (!end || end[1] || !strstr(output.err, what)) fail_msg("wanted \"%s\", found: %s", what, output.err);
}

void same_file(const char *a, const char *b, const char *name) {
    char one[TEST_PATH_MAX], two[TEST_PATH_MAX], *x = NULL, *y = NULL;
    int64_t m = 0, n = 0;
    snprintf(one, sizeof one, "%.3000s%s%s", a, name ? "/" : "", name ? name : "");
    snprintf(two, sizeof two, "%.3000s%s%s", b, name ? "/" : "", name ? name : "");
    assert_true(os_read_file(one, 1 << 20, &x, &m, NULL) && os_read_file(two, 1 << 20, &y, &n, NULL));
    assert_int_equal(m, n);
    assert_memory_equal(x, y, (size_t)m);
    free(x);
    free(y);
}

void same_tensors(const char *a, const char *b) {
    struct checkpoint x, y;
    struct sy_error err = { 0 };
    assert_true(checkpoint_open(a, &x, &err) && checkpoint_open(b, &y, &err));
    assert_int_equal(x.count, y.count);
    for (int64_t i = 0; i < x.count; i++) {
        const struct tensor *t = &x.tensors[i], *u = &y.tensors[i];
        assert_string_equal(t->name, u->name);
        assert_true(t->dtype == u->dtype && t->rank == u->rank && t->bytes == u->bytes);
        assert_memory_equal(t->shape, u->shape, (size_t)t->rank * sizeof *t->shape);
        if (t->bytes && memcmp(t->data, u->data, (size_t)t->bytes) != 0) fail_msg("%s differs", t->name);
    }
    checkpoint_close(&x);
    checkpoint_close(&y);
}
