/* Recognising what was given: the words of every kind, names of files of several, some fuzzing. */
#include "formats/recognize_parts.h"

#include "fuzzed.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

int fuzz_recognize(const uint8_t *bytes, size_t size);
size_t fuzz_recognize_mutate(uint8_t *bytes, size_t size, size_t room, unsigned seed);

/* Law: whatever is refused has a message and, unless it is a model after all, a remedy that is not cut. */
TEST(every_kind_has_words_that_fit) {
    for (int kind = 0; kind < GIVEN_KINDS; kind++) {
        struct given given = { .kind = (enum given_kind)kind };
        struct sy_error err;
        snprintf(given.path, sizeof given.path, "some/path/of/usual/length/model.gguf");
        memset(given.detail, 'd', 60);
        assert_false(recognize_refuse(&given, &err));
        assert_true(err.message[0] && err.file[0]);
        if (kind > GIVEN_CHECKPOINT) assert_true(err.remedy[0]);
        assert_null(strstr(err.message, "..."));
        if (kind != GIVEN_WEB_PAGE) assert_null(strstr(err.remedy, "..."));
        assert_null(strchr(err.message, '%'));
        assert_null(strchr(err.remedy, '%'));
    }
}

TEST(names_of_files_of_several) {
    int64_t no, count;
    assert_true(recognize_split("a-00002-of-00003.gguf", ".gguf", &no, &count) && no == 2 && count == 3);
    assert_true(recognize_split("model-00001-of-00001.safetensors", ".safetensors", &no, &count));
    static const char *const others[] = { "a-00000-of-00003.gguf",
                                          "a-00004-of-00003.gguf",
                                          "-1-of-3.gguf",
                                          "a-00002-of-00003.gguf.part",
                                          "a-0002-of-00003.gguf",
                                          "a.gguf",
                                          "" };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (recognize_split(others[i], ".gguf", &no, &count)) fail_msg("%s", others[i]);
}

TEST(mutated_heads_and_words) {
    fuzzed_run(&(struct fuzzed){ fuzz_recognize, fuzz_recognize_mutate }, 20000, 2026);
}
