/* What the tests of convert share: running it, and comparing what came out. */
#ifndef CONVERTED_H
#define CONVERTED_H

#include "test.h"

struct test_output must_run(struct test_output output);        /* exit status 0 */
void must_refuse(struct test_output output, const char *what); /* 1, and one line that has `what` in it */
void same_file(const char *a, const char *b,
               const char *name);                /* of two folders; NULL: a and b are the files */
void same_tensors(const char *a, const char *b); /* checkpoints of safetensors: to the byte */

#endif
