/*
 * tokenize: text to ids and back with a model's own tokenizer.
 *
 * One text, or with --lines a JSON value a line: strings to lists of ids, or with --decode lists to strings.
 * --hex spells every text, on either side, as hexadecimal digits of its exact bytes.
 */
#include "base/os.h"
#include "commands/command.h"
#include "commands/common_session.h"
#include "commands/console.h"
#include "commands/emit.h"
#include "report/number.h"
#include "text/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#define INPUT_BYTES_MAX ((int64_t)1 << 30)
#define OUTPUT_AT_ONCE  ((size_t)1 << 20)

struct args {
    const char *pre, *text, *file, *ids, *lines;
    bool decode, no_special, parse_special, count, hex, json;
};

static const struct option options[] = {
    { "text", 0, OPTION_STRING, "S", "the text to encode", offsetof(struct args, text) },
    { "file", 0, OPTION_STRING, "F", "encode what a file holds (-: standard input)",
      offsetof(struct args, file) },
    { "ids", 0, OPTION_STRING, "1,2", "the ids to decode", offsetof(struct args, ids) },
    { "lines", 0, OPTION_STRING, "F.jsonl", "one JSON string a line (with --decode one list of ids)",
      offsetof(struct args, lines) },
    { "decode", 0, OPTION_FLAG, NULL, "ids to text; --ids implies it", offsetof(struct args, decode) },
    { "no-special", 0, OPTION_FLAG, NULL, "add no bos, no eos, nothing of a template",
      offsetof(struct args, no_special) },
    { "parse-special", 0, OPTION_FLAG, NULL, "special tokens in the text are such, not plain text",
      offsetof(struct args, parse_special) },
    { "pre", 0, OPTION_STRING, "NAME", "how a bare rank file cuts text: cl100k, o200k_harmony, llama4, ...",
      offsetof(struct args, pre) },
    { "count", 0, OPTION_FLAG, NULL, "tell only how many ids a text has, and how fast they came",
      offsetof(struct args, count) },
    { "hex", 0, OPTION_FLAG, NULL, "texts are hexadecimal digits of their bytes",
      offsetof(struct args, hex) },
    { "json", 0, OPTION_FLAG, NULL, "print JSON", offsetof(struct args, json) },
    OPTION_NOT_WITH("text", "file|ids|lines"),
    OPTION_NOT_WITH("file", "ids|lines"),
    OPTION_NOT_WITH("ids", "lines"),
    OPTION_ONLY_WITH("decode", "ids|lines"),
    OPTION_ONLY_WITH("count", "text|file"),
    OPTION_NOT_WITH("no-special", "ids|decode"),
    OPTION_NOT_WITH("parse-special", "ids|decode"),
    OPTION_END,
};
static const struct option_table table = { options, NULL };

struct work {
    const struct args *args;
    struct tokenizer *tokenizer;
    struct id_buffer ids;
    struct text text; /* decoded, or unhexed */
    struct text out;
    double seconds, cpu_seconds; /* of the last encoding */
    int64_t bytes;
};

/* ---- hexadecimal ---- */

static int digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool from_hex(const char *hex, int64_t size, struct text *out, struct sy_error *err) {
    out->size = 0;
    for (int64_t i = 0; i + 1 < size; i += 2) {
        int high = digit(hex[i]), low = digit(hex[i + 1]);
        if (high < 0 || low < 0)
            return sy_fail(err, SY_ERR_INPUT, "'%.2s' is no byte in hexadecimal digits", hex + i);
        unsigned char byte = (unsigned char)(high * 16 + low);
        text_add_bytes(out, &byte, 1);
    }
    return size % 2 == 0 ||
           sy_fail(err, SY_ERR_INPUT, "%lld hexadecimal digits, half a byte too many", (long long)size);
}

static void add_hex(struct text *out, const char *bytes, size_t size) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        char pair[2] = { digits[(unsigned char)bytes[i] >> 4], digits[bytes[i] & 15] };
        text_add_bytes(out, pair, 2);
    }
}

/* ---- one text, one list of ids ---- */

static bool encode(struct work *work, const char *bytes, int64_t size, struct sy_error *err) {
    struct encode_options how = { .no_special = work->args->no_special,
                                  .parse_special = work->args->parse_special };
    work->ids.count = 0;
    if (work->args->hex) {
        if (!from_hex(bytes, size, &work->text, err)) return false;
        bytes = work->text.data;
        size = (int64_t)work->text.size;
    }
    double start = os_seconds(), start_cpu = os_cpu_seconds();
    bool done = tokenizer_encode(work->tokenizer, bytes, size, how, &work->ids, err);
    work->seconds = os_seconds() - start;
    work->cpu_seconds = os_cpu_seconds() - start_cpu;
    work->bytes = size;
    return done;
}

static void add_ids(const struct id_buffer *ids, const char *separator, struct text *out) {
    for (int64_t i = 0; i < ids->count; i++) text_add(out, "%s%d", i > 0 ? separator : "", ids->data[i]);
}

static void add_text(const struct work *work, const char *bytes, size_t size, struct text *out) {
    if (work->args->hex) {
        text_add_bytes(out, "\"", 1);
        add_hex(out, bytes, size);
        text_add_bytes(out, "\"", 1);
    } else {
        text_add_json_bytes(out, bytes, size);
    }
}

static void report_count(struct work *work) {
    struct emit e = { .text = &work->out };
    double rate = work->seconds > 0 ? (double)work->bytes / work->seconds : 0;
    char text[NUMBER_TEXT];
    if (!work->args->json) {
        text_add(&work->out, "%lld ids, %s\n", (long long)work->ids.count, number_rate(rate, "B/s", text));
        return;
    }
    emit_object(&e, NULL);
    emit_int(&e, "count", work->ids.count);
    emit_int(&e, "bytes", work->bytes);
    emit_real(&e, "seconds", work->seconds);
    emit_real(&e, "cpu_seconds", work->cpu_seconds);
    emit_end(&e);
}

static void report_ids(struct work *work) {
    struct text *out = &work->out;
    if (work->args->count) {
        report_count(work);
        return;
    }
    if (!work->args->json) {
        add_ids(&work->ids, " ", out);
        text_add_bytes(out, "\n", 1);
        return;
    }
    text_add_bytes(out, "{\"ids\":[", 8);
    add_ids(&work->ids, ",", out);
    text_add_bytes(out, "],\"pieces\":[", 12);
    for (int64_t i = 0; i < work->ids.count; i++) {
        int64_t size;
        const char *piece = tokenizer_piece(work->tokenizer, work->ids.data[i], &size);
        if (i > 0) text_add_bytes(out, ",", 1);
        add_text(work, piece ? piece : "", (size_t)size, out);
    }
    text_add_bytes(out, "]}\n", 3);
}

static bool add_id(struct work *work, int64_t id, int64_t index, struct sy_error *err) {
    if (id >= INT32_MIN && id <= INT32_MAX) return id_buffer_add(&work->ids, (int32_t)id, err);
    sy_fail(err, SY_ERR_INPUT, "id %lld is not in the vocabulary", (long long)id);
    return sy_error_at(err, "id %lld", (long long)index + 1);
}

static bool decode(struct work *work, struct sy_error *err) {
    work->text.size = 0;
    return tokenizer_decode(work->tokenizer, work->ids.data, work->ids.count, &work->text, err);
}

static void report_text(struct work *work) {
    struct text *out = &work->out;
    if (!work->args->json && work->args->hex) {
        add_hex(out, work->text.data, work->text.size);
        text_add_bytes(out, "\n", 1);
    } else if (!work->args->json) {
        text_add_bytes(out, work->text.data, work->text.size);
    } else {
        text_add_bytes(out, "{\"text\":", 8);
        add_text(work, work->text.data, work->text.size, out);
        text_add_bytes(out, "}\n", 2);
    }
}

/* ---- lines ---- */

static bool decode_line(struct work *work, const json_t *list, struct sy_error *err) {
    const json_t *item;
    size_t index;
    work->ids.count = 0;
    if (!json_is_array(list)) return sy_fail(err, SY_ERR_FORMAT, "wants a list of ids, such as [1, 2, 3]");
    json_array_foreach(list, index, item) {
        int64_t id;
        if (!json_to_i64(item, &id))
            return sy_fail(err, SY_ERR_FORMAT, "id %zu is no whole number", index + 1);
        if (!add_id(work, id, (int64_t)index, err)) return false;
    }
    if (!decode(work, err)) return false;
    add_text(work, work->text.data, work->text.size, &work->out);
    return true;
}

static bool encode_line(struct work *work, const json_t *string, struct sy_error *err) {
    if (!json_is_string(string)) return sy_fail(err, SY_ERR_FORMAT, "wants a JSON string");
    if (!encode(work, json_string_value(string), (int64_t)json_string_length(string), err)) return false;
    text_add_bytes(&work->out, "[", 1);
    add_ids(&work->ids, ",", &work->out);
    text_add_bytes(&work->out, "]", 1);
    return true;
}

static bool line(struct work *work, const char *text, int64_t size, struct sy_error *err) {
    struct json_limits limits = { .bytes = INPUT_BYTES_MAX, .depth = 2 };
    json_t *root = json_parse_nul(text, size, limits, err);
    if (!root) {
        if (err) err->place[0] = 0; /* it counts lines from this one's start */
        return false;
    }
    bool done = work->args->decode ? decode_line(work, root, err) : encode_line(work, root, err);
    text_add_bytes(&work->out, "\n", 1);
    json_decref(root);
    if (done && work->out.size > OUTPUT_AT_ONCE) done = console_print(&work->out, err);
    return done;
}

static bool is_blank(const char *text, int64_t size) {
    for (int64_t i = 0; i < size; i++)
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r') return false;
    return true;
}

static bool run_lines(struct work *work, const char *text, int64_t size, struct sy_error *err) {
    for (int64_t at = 0, number = 1; at < size; number++) {
        const char *newline = memchr(text + at, '\n', (size_t)(size - at));
        int64_t end = newline ? newline - text : size;
        if (!is_blank(text + at, end - at) && !line(work, text + at, end - at, err)) {
            char place[sizeof err->place] = "";
            if (err && err->place[0]) snprintf(place, sizeof place, ", %.120s", err->place);
            if (err) err->place[0] = 0;
            return sy_error_at(err, "line %lld%s", (long long)number, place);
        }
        at = end + 1;
    }
    return true;
}

/* ---- the command ---- */

static bool read_input(const char *path, char **text, int64_t *size, struct sy_error *err) {
    bool standard = strcmp(path, "-") == 0;
    return (standard ? os_read_stdin(INPUT_BYTES_MAX, text, size, err)
                     : os_read_file(path, INPUT_BYTES_MAX, text, size, err)) ||
           sy_error_in(err, standard ? "standard input" : path);
}

static bool run_file(struct work *work, const char *path, struct sy_error *err) {
    char *text;
    int64_t size;
    if (!read_input(path, &text, &size, err)) return false;
    bool done;
    if (work->args->lines) {
        done = run_lines(work, text, size, err);
    } else {
        while (work->args->hex && size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r')) size--;
        done = encode(work, text, size, err);
        if (done) report_ids(work);
    }
    free(text);
    return done || sy_error_in(err, strcmp(path, "-") == 0 ? "standard input" : path);
}

static bool run_ids(struct work *work, struct sy_error *err) {
    int64_t *ids, count;
    if (!parse_ids(work->args->ids, &ids, &count, err)) return sy_error_in(err, "--ids");
    bool done = true;
    for (int64_t i = 0; done && i < count; i++) done = add_id(work, ids[i], i, err);
    free(ids);
    done = done && decode(work, err);
    if (done) report_text(work);
    return done || sy_error_in(err, "--ids");
}

static bool run_work(struct work *work, struct sy_error *err) {
    const struct args *args = work->args;
    if (args->ids) return run_ids(work, err);
    if (!args->text) return run_file(work, args->lines ? args->lines : args->file, err);
    if (!encode(work, args->text, (int64_t)strlen(args->text), err)) return sy_error_in(err, "--text");
    report_ids(work);
    return true;
}

static bool check(const struct args *args, struct sy_error *err) {
    int inputs = (args->text != NULL) + (args->file != NULL) + (args->ids != NULL) + (args->lines != NULL);
    if (inputs == 1) return true;
    sy_fail(err, SY_ERR_USAGE, "no text to encode");
    return sy_error_remedy(err, "give one of --text, --file, --ids and --lines");
}

static bool run(const struct call *call, struct sy_error *err) {
    struct work work = { .args = call->args };
    struct given given;
    if (!check(work.args, err)) return false;
    if (!common_model(call->words[0], GIVEN_AS_TOKENIZER, &given, err)) return false;
    if (!tokenizer_open(given.path, work.args->pre, NULL, &work.tokenizer, err)) return false;
    const struct text_notes *notes = tokenizer_notes(work.tokenizer);
    for (int i = 0; i < notes->count; i++)
        console_warn("%s: %s: %s", notes->list[i].file, notes->list[i].what, notes->list[i].why);
    bool done = run_work(&work, err) && console_print(&work.out, err);
    tokenizer_close(work.tokenizer);
    id_buffer_free(&work.ids);
    text_free(&work.text);
    text_free(&work.out);
    return done;
}

const struct command command_tokenize = {
    .text = {
        .name = "tokenize",
        .summary = "text to token ids and back",
        .usage = "MODEL [--decode] (--text S | --file F | --ids 1,2 | --lines F.jsonl)",
        .details =
            "MODEL is a model's folder, a GGUF file, or a tokenizer file alone: tokenizer.json,\n"
            "tokenizer.model, tekken.json, or a file of ranks. The last says neither how text is cut nor\n"
            "what its special tokens are, so --pre names both.\n"
            "\n"
            "Special tokens in a text are plain text unless --parse-special is given: what a stranger\n"
            "wrote cannot end a turn.",
        .examples = "switchyard tokenize models/olmoe --text 'Hello there' --json\n"
                    "switchyard tokenize models/olmoe --ids 12092,627\n"
                    "switchyard tokenize o200k_base.tiktoken --pre o200k_harmony --file story.txt",
    },
    .table = &table,
    .args_size = sizeof(struct args),
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
