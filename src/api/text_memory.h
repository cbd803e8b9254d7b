/*
 * What turning text into ids takes beside the engine: counted with the rest, before anything is taken.
 */
#ifndef API_TEXT_MEMORY_H
#define API_TEXT_MEMORY_H

#include <stdint.h>

/* Where encoding stops: so many ids can be told apart from the few that are too many (who asks says how many
 * there are), and no more are kept. */
int64_t text_ids_most(int64_t context);
/* Of one call, sy_chat or sy_encode: ids, and the text as messages, as rendered, as normalised. A text that
 * fills the context with pieces of more than TEXT_PIECE bytes each takes more. */
#define TEXT_PIECE 16
int64_t text_call_bytes(int64_t context, int64_t text_most);
/* The longest text whose call stays within that and `left` bytes more. */
int64_t text_bytes_within(int64_t context, int64_t left);

#endif
