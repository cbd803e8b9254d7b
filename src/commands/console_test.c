/* An error in the words of the command line. */
#include "commands/console.h"

#include "base/error.h"
#include "test.h"

#include <string.h>

TEST(the_librarys_options_are_called_by_the_programs_names) {
    struct sy_error err = { .code = SY_OK };
    char line[1024];
    sy_fail(&err, SY_ERR_MEMORY, "1 MiB more than sy_options.memory_bytes allows");
    sy_error_remedy(&err, "sy_options.context 5 would fit; SY_REGIME_BF16 and SY_PRECISION_FAST, "
                          "SY_PRECISION_EXACT; sy_options.context; sy_options.sequences");
    assert_string_equal(console_error_line(&err, line, sizeof line),
                        "1 MiB more than --memory allows; --ctx 5 would fit; --regime bf16 and --fast, "
                        "--exact; --ctx; sy_options.sequences"); /* which no command has */
}
