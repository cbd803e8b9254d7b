/*
 * A small model with a voice: a synthetic MoE checkpoint of a few hundred kilobytes beside a byte-level
 * tokenizer.json of 256 bytes, some merges and special tokens, a chat template, and generation settings. What
 * it says makes no sense; that it says it, and how it is counted, does.
 */
#ifndef SPEAKER_H
#define SPEAKER_H

/* Ids: 0 .. 255 the bytes in the order of the byte alphabet, then the merges, then these. */
enum { SPEAKER_MERGES = 4, SPEAKER_BOS = 260, SPEAKER_USER, SPEAKER_ASSISTANT, SPEAKER_END, SPEAKER_VOCAB };

/* Makes the folder (which must not exist) of such a model; its path lives as long as the test. */
void speaker_make(const char *folder);

#endif
