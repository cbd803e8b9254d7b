/*
 * Private to formats/ and its fuzz target: the parts of recognising what was given.
 */
#ifndef FORMATS_RECOGNIZE_PARTS_H
#define FORMATS_RECOGNIZE_PARTS_H

#include "formats/recognize.h"

#define RECOGNIZE_HEAD (64ll << 10) /* bytes of a file that are looked at */

/* recognize_bytes.c: a file by its bytes; by its name only where they leave it open. `size` is the whole
 * file's, of which only the first RECOGNIZE_HEAD are read. */
enum given_kind recognize_bytes(const unsigned char *bytes, int64_t size, const char *name, char detail[160]);
bool recognize_ends(const char *text, const char *ending);

/* recognize_folder.c */
SY_MUST_CHECK bool recognize_folder(const char *path, struct given *given, struct sy_error *err);
/* NAME-00002-of-00003ENDING: its numbers; false: not named so. */
bool recognize_split(const char *name, const char *ending, int64_t *no, int64_t *count);

/* recognize_word.c: what a word may mean where no file and no folder is called so. */
void recognize_word(const char *word, struct given *given);

/* recognize_gguf.c: the kind of a GGUF file by its first keys; GIVEN_GGUF where they say nothing else. */
enum given_kind recognize_gguf_head(const unsigned char *bytes, int64_t size);

#endif
