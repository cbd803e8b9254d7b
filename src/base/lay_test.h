/* For the tests of what the system says: trees of /proc and /sys in the test's own folder. */
#ifndef BASE_LAY_TEST_H
#define BASE_LAY_TEST_H

#include "base/os.h"
#include "test.h"

#include <string.h>

/* Writes a file below the test's folder, and the folders above it. */
static inline void lay(const char *path, const char *content) {
    char whole[TEST_PATH_MAX];
    struct os_writer *writer;
    test_temp_path(whole, path + 1);
    for (char *slash = whole + strlen(test_temp_dir()) + 1; (slash = strchr(slash, '/')); ++slash) {
        *slash = 0;
        assert_true(os_make_folder(whole, NULL));
        *slash = '/';
    }
    assert_true(os_writer_open(whole, false, &writer, NULL));
    assert_true(os_writer_write(writer, content, (int64_t)strlen(content), NULL));
    assert_true(os_writer_commit(writer, NULL));
}

#endif
