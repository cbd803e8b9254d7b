/*
 * Structs that cross the border of the library. The caller says how large his is (his header may be older or
 * newer than ours):
 *
 *     smaller than ours   what he does not know reads as zero, and is not written
 *     larger than ours    what we do not know must be zero, and is written as zero
 */
#ifndef API_STRUCTS_H
#define API_STRUCTS_H

#include "base/error.h"

#define STRUCT_BYTES_MAX 4096 /* of what any version may pass: a size beyond it was never set */

/* From the caller's struct into ours [size]; both begin with their size. `name`: for errors, SY_ERR_USAGE. */
SY_MUST_CHECK bool struct_take(const void *theirs, void *ours, size_t size, const char *name,
                               struct sy_error *err);
/* From ours into the caller's, whose size stays. False, with nothing written, where that cannot be a size. */
SY_MUST_CHECK bool struct_give(const void *ours, size_t size, void *theirs, const char *name,
                               struct sy_error *err);

#endif
