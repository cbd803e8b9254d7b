#include "base/os.h"
#include "test.h"
#include "text/sentencepiece/spm_model.h"
#include "text/sentencepiece/spm_sample.h"
#include <stdlib.h>
#include <string.h>

static const char *const words[] = { "\xe2\x96\x81the", "\xe2\x96\x81", "a", "b", "ab" };

static struct spm_sample sample(void) {
    static uint8_t room[1 << 16];
    return (struct spm_sample){ room, 0, sizeof room };
}

static bool read_sample(const struct spm_sample *sample, struct spm_model *model, struct sy_error *err) {
    unsigned char *exact = malloc(sample->size + (sample->size == 0));
    memcpy(exact, sample->at, sample->size);
    bool ok = spm_model_read(exact, (int64_t)sample->size, NULL, model, err);
    free(exact);
    return ok;
}

static void refused(const struct spm_sample *sample, enum sy_code code, const char *place,
                    const char *words_of) {
    struct spm_model model;
    struct sy_error err = { .code = SY_OK };
    assert_false(read_sample(sample, &model, &err));
    assert_int_equal(err.code, code);
    assert_string_equal(err.place, place);
    assert_non_null(strstr(err.message, words_of));
    assert_true(err.remedy[0]);
    assert_null(model.pieces);
    assert_int_equal(model.count, 0);
}

TEST(a_model_is_read_whole) {
    struct spm_sample made = sample();
    struct spm_model model;
    struct sy_error err;
    sample_pieces(&made, true, words, 5);
    sample_trainer(&made, SPM_BPE, true, true);
    sample_rules(&made, "\1\2\3", 3, (const bool[3]){ false, true, false });
    assert_true(read_sample(&made, &model, &err));
    assert_int_equal(model.kind, SPM_BPE);
    assert_int_equal(model.count, 3 + 256 + 5);
    assert_int_equal(model.unk, 0);
    assert_int_equal(model.bos, 1);
    assert_int_equal(model.eos, 2);
    assert_int_equal(model.pad, -1);
    for (int byte = 0; byte < 256; byte++) assert_int_equal(model.bytes[byte], 3 + byte);
    assert_string_equal(model.pieces[259].text, words[0]);
    assert_int_equal(model.pieces[259].size, 6);
    assert_true(model.pieces[263].score == -5.0f);
    assert_int_equal(model.pieces[1].type, SPM_CONTROL);
    assert_int_equal(model.rules.charsmap_size, 3);
    assert_memory_equal(model.rules.charsmap, "\1\2\3", 3);
    assert_false(model.rules.add_dummy_prefix);
    assert_true(model.rules.remove_extra_whitespaces);
    assert_false(model.rules.escape_whitespaces);
    assert_true(model.rules.whitespace_as_suffix);
    assert_ptr_equal(model.rules.pieces, model.pieces);
    spm_model_close(&model);
    assert_null(model.pieces);
}

TEST(settings_that_are_absent_have_the_schema_s_defaults) {
    struct spm_sample made = sample();
    struct spm_model model;
    sample_pieces(&made, false, words, 5);
    assert_true(read_sample(&made, &model, NULL));
    assert_int_equal(model.kind, SPM_UNIGRAM);
    assert_false(model.byte_fallback);
    assert_int_equal(model.bytes[65], -1);
    assert_null(model.rules.charsmap);
    assert_true(model.rules.add_dummy_prefix && model.rules.remove_extra_whitespaces);
    assert_true(model.rules.escape_whitespaces && !model.rules.whitespace_as_suffix);
    spm_model_close(&model);
}

TEST(special_pieces_go_by_the_trainer_s_names) {
    struct spm_sample made = sample(), trainer = sample();
    uint8_t room[64];
    struct spm_model model;
    trainer.at = room;
    trainer.room = sizeof room;
    sample_bytes(&trainer, 46, "<begin>", 7);
    sample_bytes(&trainer, 48, "a", 1); /* is there, but no control piece */
    sample_pieces(&made, false, words, 5);
    sample_piece(&made, "<begin>", 7, 0, SPM_CONTROL);
    sample_bytes(&made, 2, room, trainer.size);
    assert_true(read_sample(&made, &model, NULL));
    assert_int_equal(model.bos, 8);
    assert_int_equal(model.eos, 2);
    assert_int_equal(model.pad, -1);
    spm_model_close(&model);
}

TEST(texts_may_be_shared_with_pieces_that_no_text_finds) {
    struct spm_sample made = sample();
    struct spm_model model;
    sample_trainer(&made, SPM_BPE, true, false);
    sample_pieces(&made, true, words, 5);
    sample_piece(&made, "<s>", 3, 0, SPM_NORMAL);
    sample_piece(&made, "\0", 1, 0, SPM_NORMAL); /* as converters leave it: unused */
    assert_true(read_sample(&made, &model, NULL));
    assert_int_equal(model.bos, 1);
    assert_int_equal(model.pieces[model.count - 1].type, SPM_UNUSED);
    spm_model_close(&model);
}

TEST(models_of_other_kinds_are_refused_by_name) {
    struct spm_sample made = sample();
    sample_pieces(&made, false, words, 5);
    size_t size = made.size;
    sample_trainer(&made, 3, false, false);
    refused(&made, SY_ERR_FORMAT, "trainer_spec.model_type", "'word'");
    made.size = size;
    sample_trainer(&made, 4, false, false);
    refused(&made, SY_ERR_FORMAT, "trainer_spec.model_type", "'char'");
    made.size = size;
    sample_trainer(&made, 77, false, false);
    refused(&made, SY_ERR_FORMAT, "trainer_spec.model_type", "type 77");
    made.size = size;
    sample_bytes(&made, 5, "\x12\x01x", 3);
    refused(&made, SY_ERR_FORMAT, "denormalizer_spec", "character map");
}

TEST(pieces_must_be_sound) {
    struct spm_sample made = sample();
    sample_pieces(&made, false, words, 5);
    size_t size = made.size;
#define WITH(text, bytes, score, type, words_of)                                                             \
    made.size = size, sample_piece(&made, text, bytes, score, type),                                         \
    refused(&made, SY_ERR_FORMAT, "piece 8", words_of)
    WITH("", 0, 0, 1, "no text");
    WITH("ab", 2, 0, 1, "same text as piece 7");
    WITH("\xff", 1, 0, 1, "not UTF-8");
    WITH("c", 1, 0.0f / 0.0f, 1, "score is");
    WITH("c", 1, 1.0f / 0.0f, 1, "score is inf");
    WITH("a\0b", 3, 0, 1, "NUL");
    WITH("\0", 1, 0, 1, "NUL");
    WITH("c", 1, 0, 2, "second unknown");
    WITH("c", 1, 0, 9, "type 9");
    WITH("c", 1, 0, 0, "type 0");
    WITH("<0x41>", 6, 0, 6, "says that it has none");
#undef WITH
    made.size = size;
    sample_trainer(&made, SPM_BPE, true, false);
    refused(&made, SY_ERR_FORMAT, "", "<0x00>");
    size = made.size;
    sample_piece(&made, "<0x4g>", 6, 0, 6);
    refused(&made, SY_ERR_FORMAT, "piece 8", "spelt '<0x4g>'");
    made.size = 0;
    sample_piece(&made, "a", 1, 0, 1);
    refused(&made, SY_ERR_FORMAT, "", "unknown");
}

TEST(what_is_no_model_is_refused) {
    struct spm_sample made = sample();
    refused(&made, SY_ERR_FORMAT, "", "no pieces");
    memcpy(made.at, "GGUF\3\0\0\0", made.size = 8);
    refused(&made, SY_ERR_FORMAT, "", "protobuf");
    made.size = 0;
    sample_pieces(&made, false, words, 5);
    size_t size = made.size;
    int read = 0;
    for (made.size = 0; made.size < size; made.size++) { /* cut at every byte */
        struct spm_model model;
        struct sy_error err = { .code = SY_OK };
        bool ok = read_sample(&made, &model, &err);
        read += ok; /* between two pieces it is a model still */
        if (ok)
            spm_model_close(&model);
        else
            assert_true(err.message[0] && err.remedy[0]);
    }
    assert_int_equal(read, 3 + 5 - 1);
}

TEST(memory_and_counts_are_bounded) {
    struct spm_sample made = sample();
    struct spm_model model;
    struct sy_error err;
    for (int i = 0; i < 30000; i++) sample_bytes(&made, 1, "", 0); /* two bytes of file each */
    assert_false(spm_model_read(made.at, (int64_t)made.size, &(struct spm_limits){ .memory_bytes = 1 << 20 },
                                &model, &err));
    assert_int_equal(err.code, SY_ERR_LIMIT);
    assert_non_null(strstr(err.message, "more than 1048576 bytes"));
    made.size = 0;
    sample_pieces(&made, false, words, 5);
    assert_false(
        spm_model_read(made.at, (int64_t)made.size, &(struct spm_limits){ .pieces = 7 }, &model, &err));
    assert_non_null(strstr(err.message, "8 pieces, at most 7"));
    assert_false(
        spm_model_read(made.at, (int64_t)made.size, &(struct spm_limits){ .piece_bytes = 5 }, &model, &err));
    assert_string_equal(err.place, "piece 3");
    assert_false(
        spm_model_read(made.at, (int64_t)made.size, &(struct spm_limits){ .file_bytes = 5 }, &model, &err));
    assert_int_equal(err.code, SY_ERR_LIMIT);
}
