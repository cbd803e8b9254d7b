/*
 * The whole account of a model (base/account.h): what each key and each tensor of its files is to us, and
 * what of that is said on stderr whenever the model is opened.
 */
#ifndef MODEL_ACCOUNT_H
#define MODEL_ACCOUNT_H

#include "model/bind.h"

/* All lines: those that opening kept, then one for each tensor, by the form of its name where it is used,
 * ignored or not read ("model.layers.{L}...."). Into `account`, which is open. */
SY_MUST_CHECK bool model_account(const struct model *model, struct account *account, struct sy_error *err);

/* What is to be said of the account of keys and of the census, a line each, in the model's arena: sets
 * model->warnings. */
SY_MUST_CHECK bool model_warn(struct model *model, struct sy_error *err);

/* What is to be said, a line each, in the arena: what is warned of, one by one; and by file, all in one line,
 * what nobody here knows. There is room for `more` lines behind them. */
SY_MUST_CHECK bool account_warnings(const struct account *account, struct arena *arena, int64_t more,
                                    const char ***lines, int64_t *count, struct sy_error *err);

#endif
