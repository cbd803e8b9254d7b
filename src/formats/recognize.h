/*
 * What was given? A path is looked at before it is read as anything: whether it is a file or a folder, what
 * the first bytes of a file are, what a folder holds. Then either there is something to open, whose path may
 * be another one (the only .gguf of a folder; the first file of several), or the refusal says what it is.
 *
 *     path --> nothing there --> an address? a name on the hub? of ollama's?      recognize_word.c
 *         \--> a folder      --> weights, in which form? an adapter? only a config? recognize_folder.c
 *         \--> a file        --> its first bytes                                  recognize_bytes.c
 *                                   |
 *                      what it is and what to do, in one table                    recognize_refuse.c
 *
 * Nothing is decoded here but magic numbers and names; sizes in the files are believed by nobody.
 */
#ifndef FORMATS_RECOGNIZE_H
#define FORMATS_RECOGNIZE_H

#include "base/error.h"
#include "formats/gguf.h"

enum given_kind {
    /* What can be opened. */
    GIVEN_CHECKPOINT, /* a folder with weights, a .safetensors file, or an index of such */
    GIVEN_GGUF,       /* the one file, or the first of several */
    GIVEN_CONFIG,     /* a config.json, or a folder that has one and no weights */
    GIVEN_TOKENIZER,  /* the file of a tokenizer, or a folder with one and neither weights nor config */
    GIVEN_JSON,       /* another JSON text */
    GIVEN_TEXT,       /* another text */
    GIVEN_OTHER,      /* bytes that say nothing */

    /* Files that stand where the wanted one should. */
    GIVEN_EMPTY,
    GIVEN_ZEROS,
    GIVEN_UNFINISHED, /* by its name: what a browser or a downloader calls what it still fetches */
    GIVEN_WEB_PAGE,
    GIVEN_ANSWER, /* a server's answer instead of a file; detail: its words */
    GIVEN_LFS,    /* detail: bytes of the real file */

    /* Formats that are not read. */
    GIVEN_PYTORCH,
    GIVEN_KERAS,
    GIVEN_ONNX,
    GIVEN_TFLITE,
    GIVEN_FLAX,
    GIVEN_NUMPY,
    GIVEN_GGML,    /* from before GGUF */
    GIVEN_MISTRAL, /* a folder with params.json in place of config.json */
    GIVEN_ZIP,
    GIVEN_PACKED, /* detail: "gzip", .. */
    GIVEN_MEDIA,  /* detail: "a picture", .. */

    /* Parts of a model that cannot stand for it. */
    GIVEN_IMATRIX,
    GIVEN_ADAPTER, /* detail: " for BASE", or nothing */
    GIVEN_PROJECTOR,
    GIVEN_PART,  /* one file of several, without the one that is to be opened; detail: which that is */
    GIVEN_SHARD, /* of safetensors, without its index */

    /* Folders. */
    GIVEN_NO_FILES,
    GIVEN_NO_MODEL, /* a folder with other things */
    GIVEN_BELOW,    /* detail: a folder in it that holds a model */
    GIVEN_SEVERAL,  /* detail: the names */

    /* Nothing is there. */
    GIVEN_NOTHING,
    GIVEN_ADDRESS,  /* an URL elsewhere */
    GIVEN_HUB,      /* detail: the arguments of `hf download` */
    GIVEN_HUB_NAME, /* OWNER/NAME, which may be meant as a path too */
    GIVEN_OLLAMA,

    GIVEN_KINDS
};

struct given {
    enum given_kind kind;
    char path[4096];        /* to be opened; else as given */
    char detail[160];       /* as the kind says */
    bool folder;            /* what was given is one */
    bool config, tokenizer; /* of a folder: it has such a file */
    char beside[128];       /* a .gguf that lies beside the checkpoint that is opened; empty: none */
};

enum given_want {
    GIVEN_AS_MODEL,     /* weights and what describes them */
    GIVEN_AS_CONFIG,    /* the same, or a config alone */
    GIVEN_AS_TOKENIZER, /* the same, or the file of a tokenizer, whose reader has the last word */
};

/* Fails where the path cannot be looked at (rights, length), and where it is not what is wanted. A
 * config.json with weights beside it stands for its folder, unless configs are wanted. Of a folder that has
 * both config.json with .safetensors and .gguf files the former are opened. */
SY_MUST_CHECK bool recognize(const char *path, enum given_want want, struct given *given,
                             struct sy_error *err);

/* The refusal alone. Returns false. */
bool recognize_refuse(const struct given *given, struct sy_error *err);

/* Of a file that should be JSON, safetensors, GGUF or a tokenizer: fails where its bytes are known to be
 * something else (a web page, a pointer, an archive). `size` is that of the whole file. */
SY_MUST_CHECK bool recognize_content(const void *bytes, int64_t size, const char *path, struct sy_error *err);
/* After a reader refused the file: the same in place of the reader's words, where it is something else. */
void recognize_explain(const char *path, struct sy_error *err);

/* The remedy where a file that is there may not be read; nothing else. */
void recognize_unreadable(const char *path, struct sy_error *err);

/* A GGUF file by its metadata: fails for what is no model (an adapter, a projector, an importance matrix). */
SY_MUST_CHECK bool recognize_gguf(const struct gguf *gguf, const char *path, struct sy_error *err);

#endif
