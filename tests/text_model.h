/*
 * A model with words: the golden mixtral_fused with a tokenizer of 61 letters beside it, one token a letter,
 * so that what it says is known without a tokenizer.
 */
#ifndef TEXT_MODEL_H
#define TEXT_MODEL_H

/* Makes the folder in this test's own and returns its path. */
const char *text_model(void);
/* The text of a token. */
char text_model_letter(long long id);

#endif
