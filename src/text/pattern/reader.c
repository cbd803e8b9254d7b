#include "text/pattern/reader.h"
#include <string.h>

bool reader_place(struct pattern_reader *reader) {
    int64_t characters = 1;
    for (int64_t i = 0; i < reader->item && i < reader->size; i++)
        characters += ((unsigned char)reader->source[i] & 0xc0) != 0x80;
    sy_error_at(reader->err, "pattern, character %lld", (long long)characters);
    return sy_error_remedy(reader->err, "use a tokenizer with a simpler pattern, or report this one");
}

bool reader_refuse(struct pattern_reader *reader, const char *why) {
    int64_t size = reader->at - reader->item, shown = size < 32 ? size : 32;
    while (shown > 0 && shown < size && ((unsigned char)reader->source[reader->item + shown] & 0xc0) == 0x80)
        shown--;
    if (shown > 0)
        sy_fail(reader->err, SY_ERR_FORMAT, "'%.*s' %s", (int)shown, reader->source + reader->item, why);
    else
        sy_fail(reader->err, SY_ERR_FORMAT, "%s", why);
    return reader_place(reader);
}

bool reader_accept(struct pattern_reader *reader, const char *word) {
    size_t length = strlen(word);
    if ((size_t)(reader->size - reader->at) < length) return false;
    if (memcmp(reader->source + reader->at, word, length) != 0) return false;
    reader->at += (int64_t)length;
    return true;
}
