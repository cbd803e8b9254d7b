/*
 * The library as others get it: what it exports is what its header declares, and docs/example.c, built
 * against an installed copy through pkg-config, shared and static, says what `run` says.
 */
#include "test.h"
#include "text_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

/* The output of a shell command, which must succeed; the caller's. */
static char *shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *shell(const char *format, ...) {
    static char command[1 << 15];
    const size_t room = 1 << 16;
    char *out = malloc(room);
    va_list args;
    va_start(args, format);
    int length = vsnprintf(command, sizeof command, format, args);
    va_end(args);
    assert_true(out && length > 0 && length < (int)sizeof command);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    out[fread(out, 1, room - 1, pipe)] = 0;
    int status = pclose(pipe);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail_msg("status %d of %s\n%s", status, command, out);
    return out;
}

static void needs(const char *what) {
    char command[200];
    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", what);
    if (system(command) != 0) test_skip("no %s here", what);
}

TEST(only_what_the_header_declares_is_exported) {
    const char *root = SY_SOURCE_ROOT, *build = SY_BUILD_ROOT;
    needs("nm");
    char *declared = shell("tr '\\n' ' ' < %s/include/switchyard.h | grep -oE 'SY_API [^;]*;' | "
                           "grep -oE '\\bsy_[a-z_]+ *\\(' | tr -d '( ' | LC_ALL=C sort -u",
                           root);
    char *mapped =
        shell("grep -oE '^ +sy_[a-z_]+;' %s/src/api/switchyard.map | tr -d ' ;' | LC_ALL=C sort -u", root);
    assert_non_null(strstr(declared, "sy_submit\n"));
    assert_string_equal(mapped, declared);
#ifndef SANITIZED /* whose own names are exported, too */
    char *shared =
        shell("nm -D --defined-only %s/install/libswitchyard.so | awk '$2 != \"A\" { print $3 }' | "
              "sed 's/@@.*//' | LC_ALL=C sort -u",
              build);
    char *archived = shell("nm -g --defined-only %s/install/libswitchyard.a | awk 'NF == 3 { print $3 }' | "
                           "LC_ALL=C sort -u",
                           build);
    assert_string_equal(shared, declared);
    assert_string_equal(archived, declared);
    free(shared);
    free(archived);
#else
    (void)build;
#endif
    free(declared);
    free(mapped);
}

#ifndef SANITIZED
/* The folder below which everything was installed. The log of what somebody installed from this build stays
 * as it was, for `make uninstall` reads it. */
static const char *install(void) {
    static char installed[TEST_PATH_MAX];
    needs("meson");
    needs("pkg-config");
    needs("cc");
    needs("flock");
    test_temp_path(installed, "installed");
    free(shell("cd '%s' && exec 9>meson-logs/test.lock && flock 9 && log=meson-logs/install-log.txt && "
               "{ [ ! -e $log ] || cp -p $log $log.kept; } && "
               "DESTDIR='%s' meson install --no-rebuild --quiet 2>&1 && "
               "if [ -e $log.kept ]; then mv $log.kept $log; else rm -f $log; fi",
               SY_BUILD_ROOT, installed));
    return installed;
}

/* Compiles the example by what pkg-config says of `package`, runs it, and returns what it says. */
static char *run_example(const char *package, const char *installed) {
    free(shell("cd '%s' && pc=$(find '%s' -name switchyard.pc) && export PKG_CONFIG_PATH=$(dirname $pc) && "
               "prefix=$(sed -n 's/^prefix=//p' $pc) && cc -Wall -Wextra -Werror '%s/docs/example.c' "
               "$(pkg-config --define-variable=prefix='%s'$prefix --cflags --libs %s) -o example-%s 2>&1",
               test_temp_dir(), installed, SY_SOURCE_ROOT, installed, package, package));
    return shell("cd '%s' && LD_LIBRARY_PATH=$(dirname $(find '%s' -name libswitchyard.so)) "
                 "./example-%s '%s' 'Ab c'",
                 test_temp_dir(), installed, package, text_model());
}

TEST(the_example_builds_against_what_is_installed) {
    const char *installed = install(), *want = test_run("run", text_model(), "-p", "Ab c", "-n", "40").out;
    assert_true(strlen(want) > 5);
    char *said = run_example("switchyard", installed),
         *archived = run_example("switchyard-static", installed);
    assert_string_equal(said, want);
    assert_string_equal(archived, want);
    char *needed = shell("objdump -p '%s/example-switchyard' | grep NEEDED", test_temp_dir());
    assert_non_null(strstr(needed, "libswitchyard.so.0"));
    char *needed_static = shell("objdump -p '%s/example-switchyard-static' | grep NEEDED", test_temp_dir());
    assert_null(strstr(needed_static, "libswitchyard"));
    free(said);
    free(archived);
    free(needed);
    free(needed_static);
}

TEST(manual_and_completions_are_installed) {
    static const char *const files[] = { "bin/switchyard",
                                         "include/switchyard.h",
                                         "share/man/man1/switchyard.1",
                                         "share/man/man1/switchyard-run.1",
                                         "share/bash-completion/completions/switchyard",
                                         "share/zsh/site-functions/_switchyard",
                                         "share/fish/vendor_completions.d/switchyard.fish" };
    const char *installed = install();
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *found = shell("find '%s' -path '*/%s'", installed, files[i]);
        if (found[0] == 0) fail_msg("%s is missing", files[i]);
        free(found);
    }
    /* a page for each command that the program knows */
    free(shell("for verb in $('%s/switchyard' help | sed -n 's/^  \\([a-z]*\\) .*/\\1/p'); do "
               "find '%s' -name switchyard-$verb.1 | grep -q . || { echo $verb has no page; exit 1; }; done",
               SY_BUILD_ROOT, installed));
}
#endif
