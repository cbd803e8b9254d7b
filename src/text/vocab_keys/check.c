/*
 * Whether GGUF's keys say what a tokenizer does, found out by trying: formats of tokenizers differ in more
 * than a list of differences could hold, but a tokenizer that agrees on all its own pieces, on all its
 * special tokens and on lines made to be difficult seldom differs elsewhere.
 */
#include "text/vocab_keys/parts.h"

#include "base/checked.h"
#include "text/load/load.h"
#include "text/tokenizer.h"

#define PIECES_BYTES_MAX ((size_t)8 << 20)

/* Where tokenizers differ: digits, spaces, contractions, cases, marks apart from their letters, scripts. */
static const char *const lines[] = {
    "Hello, world! It's 12345.678 and 90  Don't DON'T we'll",
    "  two  spaces   three\t\ttabs \n\n\n lines \r\n  end  ",
    "x = foo(bar[0], \"baz\") // comment\n    return -1;\n\n",
    "Cafe\xcc\x81 caf\xc3\xa9 na\xc3\xafve \xef\xac\x81ne \xef\xbc\xa1\xef\xbc\xa2 \xc2\xbd \xe2\x85\xab",
    "\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xb8\x96\xe7\x95\x8c \xe3\x81\x93\xe3\x82\x93\xe3\x81\xab\xe3\x81\xa1"
    "\xe3\x81\xaf 2024\xe5\xb9\xb4 \xec\x95\x88\xeb\x85\x95",
    "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82 \xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7 "
    "\xe0\xa4\xa8\xe0\xa4\xae\xe0\xa4\xb8\xe0\xa5\x8d\xe0\xa4\xa4\xe0\xa5\x87 "
    "\xf0\x9f\x99\x82\xf0\x9f\x91\x8d",
    "CamelCase HTTPServer iPhone's ISN'T ALLCAPS'S a_b-c/d\\e (f) {g} <h> \xe2\x80\x9cquoted\xe2\x80\x9d",
};

struct pair_of {
    const struct tokenizer *one, *two;
    struct id_buffer a, b;
    bool same;
};

/* Both refuse a text, or give the same ids. */
static void compare(struct pair_of *p, const char *text, int64_t size, struct encode_options how) {
    struct sy_error err;
    p->a.count = p->b.count = 0;
    bool one = tokenizer_encode(p->one, text, size, how, &p->a, &err);
    bool two = tokenizer_encode(p->two, text, size, how, &p->b, &err);
    p->same = p->same && one == two && (!one || p->a.count == p->b.count) &&
              (!one || p->a.count == 0 ||
               memcmp(p->a.data, p->b.data, (size_t)p->a.count * sizeof *p->a.data) == 0);
}

static void compare_lines(struct pair_of *p) {
    static const struct encode_options ways[] = { { .no_special = true }, { .parse_special = true } };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        for (int way = 0; way < 2; way++) compare(p, lines[i], (int64_t)strlen(lines[i]), ways[way]);
    compare(p, "", 0, ways[1]);
}

/* All pieces behind one another; then all special tokens, each between words. */
static bool compare_pieces(struct pair_of *p, struct sy_error *err) {
    static const struct encode_options plain = { .no_special = true },
                                       special = { .no_special = true, .parse_special = true };
    const struct vocab *vocab = &p->one->vocab;
    struct text pieces = { 0 }, specials = { 0 };
    for (int64_t id = 0; id < vocab->count; id++) {
        bool normal = vocab->kinds[id] == TOKEN_NORMAL;
        struct text *to = normal ? &pieces : &specials;
        struct piece piece = normal ? vocab->decoded[id] : vocab->spelled[id];
        if (to->size > PIECES_BYTES_MAX || !vocab_has(vocab, id)) continue;
        text_add_bytes(to, vocab_text(vocab, piece), piece.size);
        if (!normal) text_add(to, id % 2 ? "one " : " two");
    }
    bool done = !pieces.failed && !specials.failed;
    if (done && pieces.size > 0) compare(p, pieces.data, (int64_t)pieces.size, plain);
    if (done && specials.size > 0) compare(p, specials.data, (int64_t)specials.size, plain);
    if (done && specials.size > 0) compare(p, specials.data, (int64_t)specials.size, special);
    text_free(&pieces);
    text_free(&specials);
    return done || sy_fail(err, SY_ERR_MEMORY, "no memory to try a tokenizer");
}

bool vocab_keys_check(const struct vocab_making *m, bool *same, char *why, size_t why_size,
                      struct sy_error *err) {
    struct gguf gguf = { .keys = m->keys, .key_count = m->count };
    struct tokenizer *again = tokenizer_blank("", &m->t->limits, err);
    struct sy_error refused = { .code = SY_OK };
    if (!again) return false;
    bool done = true;
    if (!load_gguf(again, &gguf, &refused)) {
        *same = false;
        sy_error_line(&refused, why, why_size);
    } else {
        struct pair_of p = { .one = m->t, .two = again, .same = true };
        compare_lines(&p);
        done = !p.same || compare_pieces(&p, err);
        *same = p.same;
        id_buffer_free(&p.a);
        id_buffer_free(&p.b);
    }
    tokenizer_close(again);
    return done;
}
