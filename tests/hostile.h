/*
 * Checkpoints to be broken: a tiny mixtral of a few hundred bytes a tensor, as files in the test's own
 * folder, whose header, data and config can be changed at will before they are written; and what must hold of
 * every refusal: one line that names the file and says what to do, and nothing left behind.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "base/error.h"
#include "test.h"

#include <jansson.h>
#include <stdint.h>

enum { HOSTILE_TENSORS = 64, HOSTILE_VOCAB = 11, HOSTILE_EXPERTS = 3 };

struct hostile_tensor {
    char name[96];
    const char *dtype;
    int rank;
    int64_t shape[3];
    unsigned char *data; /* owned */
    int64_t bytes;
};

struct hostile {
    struct hostile_tensor tensors[HOSTILE_TENSORS]; /* in the order of the file */
    int count;
    json_t *config;
};

void hostile_open(struct hostile *hostile); /* sound, until it is changed */
void hostile_close(struct hostile *hostile);
struct hostile_tensor *hostile_tensor(struct hostile *hostile, const char *name);
/* `dtype` of safetensors, `bits` an element; data zero. */
struct hostile_tensor *hostile_add(struct hostile *hostile, const char *name, const char *dtype, int bits,
                                   int rank, const int64_t *shape);
void hostile_remove(struct hostile *hostile, const char *name);

/* ---- files in the test's folder ---- */

void hostile_file(const char *name, const void *bytes, int64_t size);
char *hostile_header(const struct hostile *hostile); /* its JSON text; malloc'ed */
/* The safetensors file with this header instead of its own. */
void hostile_write_header(const struct hostile *hostile, const char *header);
void hostile_write_config(const struct hostile *hostile);
void hostile_write(const struct hostile *hostile); /* both files */
/* `text` with the first `from` replaced; malloc'ed. Fails the test when it is not there. */
char *hostile_replace(const char *text, const char *from, const char *to);

/* Links to the weights of a golden case instead of what weights there are, and its config. */
json_t *hostile_golden(const char *name);
void hostile_own(const char *name);        /* a copy in place of such a link */
void hostile_config(const json_t *config); /* writes config.json */
void hostile_config_text(const char *text);

/* ---- what must hold ---- */

/* One line, a message, a remedy, a file (unless `anonymous`). */
void hostile_sound(const struct sy_error *err, bool anonymous);
/* The model in the test's folder is refused, by an error whose file ends in `file` and whose place holds
 * `place` (NULL: any). */
struct sy_error hostile_refused(const char *file, const char *place);
/* The same for a model of another path. */
struct sy_error hostile_refused_at(const char *path, const char *file, const char *place);
/* Opens the model and runs ids through it; false and err when either failed, always well formed. */
bool hostile_runs(const int64_t *ids, int64_t count, struct sy_error *err);
bool hostile_runs_fast(const int64_t *ids, int64_t count, struct sy_error *err);
void hostile_accepted(void); /* opens and runs every id */

/* What this process holds: taken before and after many refusals, it must be the same. */
struct hostile_held {
    int64_t heap, files, mappings;
};
struct hostile_held hostile_held(void);
void hostile_same(struct hostile_held before);

#endif
