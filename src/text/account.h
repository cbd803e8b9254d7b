/*
 * The account of what a model's files say of text (base/account.h): each key of the files beside a tokenizer,
 * or of GGUF's tokenizer.* and general.sampling.*, with what becomes of it; each such file; what is warned of
 * when the model is opened; and the tokens that end an answer.
 */
#ifndef TEXT_ACCOUNT_H
#define TEXT_ACCOUNT_H

#include "base/account.h"
#include "text/ends.h"

/* `path`: as for model_text_open. `known` (or NULL): then each end of an answer has a line, of file
 * ACCOUNT_ENDS, its text and id as `what`, and its source as reason. A tokenizer that cannot be read is a
 * line of fate FATE_REFUSED, and no error. */
#define ACCOUNT_ENDS "ends of an answer"
SY_MUST_CHECK bool text_account(const char *path, const struct ends_known *known, struct account *account,
                                struct sy_error *err);

#endif
