/*
 * Whose spelling, and whose meaning, a pattern has.
 */
#ifndef TEXT_PATTERN_DIALECT_H
#define TEXT_PATTERN_DIALECT_H

enum pattern_dialect {
    PATTERN_ONIGURUMA, /* tokenizer.json: Split, Replace, ByteLevel; ^ and $ stand at every line */
    PATTERN_RUST,      /* tiktoken's pat_str, and what GGUF's names of patterns stand for */
    PATTERN_PYTHON,    /* the `regex` module */
};

#endif
