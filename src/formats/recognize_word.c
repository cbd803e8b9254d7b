/*
 * What a word may mean where nothing on the disc is called so. Nothing is fetched here; the refusal says how.
 *
 *     https://huggingface.co/OWNER/NAME[/resolve/main/FILE]   hf.co/OWNER/NAME[:QUANT]   OWNER/NAME[:QUANT]
 *     https://anywhere/else
 *     name:tag                                                as ollama calls its models
 */
#include "base/os.h"
#include "formats/recognize_parts.h"

#include <stdio.h>
#include <string.h>

static bool skip(const char **at, const char *prefix) {
    size_t length = strlen(prefix);
    bool is = strncmp(*at, prefix, length) == 0;
    if (is) *at += length;
    return is;
}

/* Letters of the hub's names. */
static size_t name_length(const char *text) {
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    return length <= 96 && text[0] != '.' && text[0] != '-' ? length : 0;
}

/* "OWNER/NAME [FILE] --local-dir NAME" of what begins with OWNER/NAME; false: it does not. */
static bool hub_arguments(const char *text, bool alone, char detail[160]) {
    size_t owner = name_length(text),
           name = owner > 0 && text[owner] == '/' ? name_length(text + owner + 1) : 0;
    if (name == 0) return false;
    const char *title = text + owner + 1, *rest = title + name, *file = "";
    int file_length = 0;
    if (alone && *rest != 0 && *rest != ':') return false;
    if (skip(&rest, "/resolve/") || skip(&rest, "/blob/")) {
        rest += strcspn(rest, "/"); /* the revision */
        file = *rest == '/' ? rest + 1 : "";
        file_length = (int)strcspn(file, "?#");
    }
    int length = snprintf(detail, 160, "%.*s %.*s%s--local-dir %.*s", (int)(owner + 1 + name), text,
                          file_length, file, file_length > 0 ? " " : "", (int)name, title);
    return length > 0 && length < 160;
}

/* OWNER/NAME could be a path, mistyped: it ends as files do, or the folder OWNER is there. */
static bool may_be_path(const char *word) {
    static const char *const endings[] = { ".gguf", ".safetensors", ".json", ".bin", ".model" };
    char owner[128];
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (recognize_ends(word, endings[i])) return true;
    snprintf(owner, sizeof owner, "%.*s", (int)strcspn(word, "/"), word);
    return os_is_folder(owner);
}

static bool is_tagged(const char *word) {
    size_t name = name_length(word);
    return name > 0 && word[name] == ':' && name_length(word + name + 1) > 0 &&
           word[name + 1 + name_length(word + name + 1)] == 0;
}

void recognize_word(const char *word, struct given *given) {
    const char *at = word;
    bool address = skip(&at, "https://") || skip(&at, "http://");
    skip(&at, "www.");
    given->kind = GIVEN_NOTHING;
    if (skip(&at, "huggingface.co/") || skip(&at, "hf.co/"))
        given->kind = hub_arguments(at, false, given->detail) ? GIVEN_HUB : GIVEN_ADDRESS;
    else if (address || strstr(word, "://"))
        given->kind = GIVEN_ADDRESS;
    else if (!may_be_path(word) && hub_arguments(word, true, given->detail))
        given->kind = GIVEN_HUB_NAME;
    else if (is_tagged(word))
        given->kind = GIVEN_OLLAMA;
}
