#include "text/decode.h"

#include "base/utf8.h"
#include "text/byte_alphabet.h"
#include <stdlib.h>

/* ---- one piece by itself ---- */

static bool begins(const char *text, int64_t size, const char *with, int64_t with_size) {
    return with_size > 0 && size >= with_size && memcmp(text, with, (size_t)with_size) == 0;
}

static void replace(const char *text, int64_t size, const char *from, int64_t from_size, const char *to,
                    int64_t to_size, struct text *out) {
    for (int64_t at = 0; at < size;) {
        bool found = begins(text + at, size - at, from, from_size);
        text_add_bytes(out, found ? to : text + at, (size_t)(found ? to_size : 1));
        at += found ? from_size : 1;
    }
}

static int hex_digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

int piece_byte(const char *text, int64_t size) {
    if (size != 6 || memcmp(text, "<0x", 3) != 0 || text[5] != '>') return -1;
    int high = hex_digit(text[3]), low = hex_digit(text[4]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static void strip(const struct decode_step *step, struct text *text) {
    char *data = text->data;
    int64_t begin = 0, end = (int64_t)text->size, mark = step->from_size;
    for (int64_t i = 0; i < step->start && begins(data + begin, end - begin, step->from, mark); i++)
        begin += mark;
    for (int64_t i = 0;
         i < step->stop && end - begin >= mark && begins(data + end - mark, mark, step->from, mark); i++)
        end -= mark;
    if (begin > 0) memmove(data, data + begin, (size_t)(end - begin));
    text->size = (size_t)(end - begin);
}

static void apply(const struct decode_step *step, struct text *text, struct text *spare, bool *byte) {
    const char *data = text->data;
    int64_t size = (int64_t)text->size;
    spare->size = 0;
    if (step->kind == DECODE_STRIP) {
        strip(step, text);
        return;
    }
    if (step->kind == DECODE_BYTE_FALLBACK) {
        int value = piece_byte(data, size);
        if (value < 0) return;
        text->data[0] = (char)value;
        text->size = 1;
        *byte = true;
        return;
    }
    if (step->kind == DECODE_BYTE_LEVEL) {
        int64_t count = byte_alphabet_decode(data, size, text->data); /* never longer; in place */
        if (count >= 0) text->size = (size_t)count;
        return;
    }
    if (step->kind == DECODE_METASPACE)
        replace(data, size, step->from, step->from_size, " ", 1, spare);
    else
        replace(data, size, step->from, step->from_size, step->to, step->to_size, spare);
    struct text made = *spare;
    *spare = *text;
    *text = made;
}

void decoder_piece(const struct decoder *decoder, const char *text, int64_t size, struct text *made,
                   struct text *spare, bool *byte) {
    *byte = false;
    made->size = 0;
    text_add_bytes(made, text, (size_t)size);
    for (int i = 0; i < decoder->count && made->size > 0 && !*byte && !made->failed; i++)
        apply(&decoder->steps[i], made, spare, byte);
    made->failed |= spare->failed;
}

/* ---- the stream ---- */

/* Bytes of the UTF-8 character that text begins with; 0: it may still become one; -1: never. */
static int64_t character(const unsigned char *text, int64_t size) {
    uint32_t point = 0;
    int64_t length = (int64_t)utf8_decode((const char *)text, (size_t)size, &point);
    if (length > 0) return length;
    static const char *const tails[] = { "\x80", "\xa0\x80", "\x90\x80\x80", "\x80\x80", "\x80\x80\x80" };
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        char whole[8];
        size_t more = strlen(tails[i]);
        if (size >= 4) break;
        memcpy(whole, text, (size_t)size);
        memcpy(whole + size, tails[i], more);
        if (utf8_decode(whole, (size_t)size + more, &point) == (size_t)size + more) return 0;
    }
    return -1;
}

/* Gives what is sure of the bytes held back; at the `end` all of them. */
static void settle(struct token_stream *stream, bool mend, bool end, struct text *out) {
    int at = 0;
    while (at < stream->pending_count) {
        int64_t length = character(stream->pending + at, stream->pending_count - at);
        if (length == 0 && !end) break;
        if (length <= 0 && mend)
            text_add_bytes(out, "\xef\xbf\xbd", 3);
        else
            text_add_bytes(out, stream->pending + at, length <= 0 ? 1 : (size_t)length);
        at += length <= 0 ? 1 : (int)length;
    }
    memmove(stream->pending, stream->pending + at, (size_t)(stream->pending_count - at));
    stream->pending_count -= at;
}

/* How many bytes at the end of text may be the front of a character. */
static int64_t unfinished(const char *text, int64_t size) {
    for (int64_t back = 1; back <= 3 && back <= size; back++) {
        unsigned char byte = (unsigned char)text[size - back];
        if (byte < 0x80) return 0;
        if (byte >= 0xc0) return character((const unsigned char *)text + size - back, back) == 0 ? back : 0;
    }
    return 0;
}

/* Bytes that may stand anywhere in a character. */
static void push(struct token_stream *stream, const char *text, int64_t size, bool mend, struct text *out) {
    int64_t at = 0;
    for (; at < size && (mend || stream->pending_count > 0); at++) {
        stream->pending[stream->pending_count++] = (unsigned char)text[at];
        settle(stream, mend, false, out);
    }
    if (at == size) return;
    int64_t back = unfinished(text + at, size - at);
    text_add_bytes(out, text + at, (size_t)(size - at - back));
    memcpy(stream->pending, text + size - back, (size_t)back);
    stream->pending_count = (int)back;
}

/* What a piece gives at the front of a text. */
static int64_t front(const struct decoder *decoder, const struct vocab *vocab, struct token_stream *stream,
                     int32_t id, const char *text, int64_t size) {
    struct piece spelled = vocab->spelled[id];
    bool marked = begins(vocab_text(vocab, spelled), spelled.size, decoder->mark, decoder->mark_size);
    int64_t skip = 0;
    if (decoder->strip_mark && marked && size > 0) {
        skip = 1; /* the mark has become a space */
        stream->begun = !decoder->strip_all_marks;
    }
    while (stream->stripped < decoder->strip_max &&
           begins(text + skip, size - skip, decoder->strip, decoder->strip_size)) {
        skip += decoder->strip_size;
        stream->stripped++;
    }
    stream->begun |= size > skip;
    return skip;
}

static void first_without_marks(const struct decoder *decoder, const struct vocab *vocab, int32_t id,
                                struct token_stream *stream, struct text *out) {
    struct piece piece = vocab->spelled[id];
    const char *text = vocab_text(vocab, piece);
    for (int64_t at = 0; at < piece.size;) {
        bool mark = begins(text + at, piece.size - at, decoder->mark, decoder->mark_size);
        if (!mark) push(stream, text + at, 1, false, out);
        at += mark ? decoder->mark_size : 1;
    }
}

bool decoder_next(const struct decoder *decoder, const struct vocab *vocab, struct token_stream *stream,
                  int32_t id, struct text *out, struct sy_error *err) {
    if (id < 0 || id >= vocab->count) {
        sy_fail(err, SY_ERR_INPUT, "id %d is not in the vocabulary of %lld", id, (long long)vocab->count);
        return sy_error_remedy(err, "ids go from 0 to %lld", (long long)vocab->count - 1);
    }
    struct piece piece = vocab->decoded[id];
    const char *text = vocab_text(vocab, piece);
    bool byte = vocab->kinds[id] == TOKEN_BYTE;
    if (!byte && stream->mending) settle(stream, true, true, out);
    stream->mending = byte;
    if (decoder->join && stream->count > 0) push(stream, " ", 1, false, out);
    bool first = stream->count++ == 0;
    int64_t skip = 0;
    if (first && decoder->first_without_marks && !byte) {
        first_without_marks(decoder, vocab, id, stream, out);
    } else {
        if (!stream->begun) skip = byte ? 0 : front(decoder, vocab, stream, id, text, piece.size);
        if (byte) stream->begun = true;
        push(stream, text + skip, piece.size - skip, byte, out);
    }
    return !out->failed || sy_fail(err, SY_ERR_MEMORY, "no memory for the text");
}

void decoder_end(struct token_stream *stream, struct text *out) {
    settle(stream, stream->mending, true, out);
    stream->mending = false;
}

void decoder_open_spm(struct decoder *decoder, bool dummy_prefix, bool remove_extra) {
    *decoder = (struct decoder){ .count = 1,
                                 .strip_mark = dummy_prefix || remove_extra,
                                 .strip_all_marks = remove_extra };
    decoder->steps[0] =
        (struct decode_step){ .kind = DECODE_METASPACE, .from = "\xe2\x96\x81", .from_size = 3 };
    memcpy(decoder->mark, "\xe2\x96\x81", 3);
    decoder->mark_size = 3;
}
