/*
 * Help and man pages. Both print the same parts: usage, summary, details, options, examples. Details are
 * prose that is filled anew: lines that follow one another are one paragraph, an empty line ends it, a line
 * that starts with a space is kept as it is.
 */
#include "base/options.h"
#include "base/options/table.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS     80
#define HELP_COLUMN 26 /* where the help of an option starts */

static bool is_blank(const char *line, size_t length) {
    return strspn(line, " \t") >= length;
}

/* ---- help ---- */

/* Characters, not bytes, of UTF-8. */
static int width(const char *text, size_t length) {
    int count = 0;
    for (size_t i = 0; i < length; ++i) count += (text[i] & 0xc0) != 0x80;
    return count;
}

/* Print words from *column on; a new line begins at `indent` where they would pass the right edge. */
static void fill(struct text *out, const char *words, size_t length, int indent, int *column) {
    bool space = *column > indent; /* something stands before the next word */
    for (size_t i = 0; i < length;) {
        size_t word = 0;
        while (i + word < length && !isspace((unsigned char)words[i + word])) ++word;
        if (word > 0) {
            int wide = width(words + i, word);
            if (*column + space + wide > COLUMNS && space) {
                text_add(out, "\n%*s", indent, "");
                *column = indent;
                space = false;
            }
            text_add(out, "%s%.*s", space ? " " : "", (int)word, words + i);
            *column += space + wide;
            space = true;
        }
        i += word + 1;
    }
}

static void help_details(const char *details, struct text *out) {
    int column = 0;
    for (const char *line = details; *line;) {
        size_t length = strcspn(line, "\n");
        bool blank = is_blank(line, length), kept = line[0] == ' ';
        if (column > 0 && (blank || kept)) {
            text_add(out, "\n");
            column = 0;
        }
        if (blank || kept) {
            text_add(out, "%.*s\n", blank ? 0 : (int)length, line);
        } else {
            fill(out, line, length, 0, &column);
        }
        line += length + (line[length] == '\n');
    }
    if (column > 0) text_add(out, "\n");
    text_add(out, "\n");
}

static void help_option_line(const struct option_table *table, const struct option *option,
                             struct text *out) {
    char left[256];
    char letter = option_letter(table, option);
    bool flag = option->type == OPTION_FLAG, mode = option->type == OPTION_MODE;
    int used = snprintf(left, sizeof left, letter ? "  -%c, --%s%s%s%s" : "  %c   --%s%s%s%s",
                        letter ? letter : ' ', option->name,
                        mode   ? "[="
                        : flag ? ""
                               : " ",
                        flag ? "" : option_value(option), mode ? "]" : "");
    if (used >= (int)sizeof left) used = (int)sizeof left - 1;
    int column = width(left, (size_t)used);
    text_add(out, "%s", left);
    if (column + 2 > HELP_COLUMN) {
        text_add(out, "\n");
        column = 0;
    }
    text_add(out, "%*s", HELP_COLUMN - column, "");
    column = HELP_COLUMN;
    fill(out, option->help, strlen(option->help), HELP_COLUMN, &column);
    text_add(out, "\n");
}

/* A remark that would pass the edge goes above its command. */
static void help_examples(const char *examples, struct text *out) {
    text_add(out, "\nExamples:\n");
    for (const char *line = examples; *line;) {
        int length = (int)strcspn(line, "\n");
        const char *remark = strstr(line, "  # ");
        if (width(line, (size_t)length) + 2 > COLUMNS && remark && remark < line + length) {
            const char *text = remark + 2;
            text_add(out, "  %.*s\n", (int)(line + length - text), text);
            while (remark > line && remark[-1] == ' ') --remark;
            text_add(out, "  %.*s\n", (int)(remark - line), line);
        } else
            text_add(out, "%s%.*s\n", length ? "  " : "", length, line);
        line += length + (line[length] == '\n');
    }
}

void options_help(const struct option_table *table, const struct command_text *command, struct text *out) {
    char usage[1024];
    int column = 0, indent = 4;
    snprintf(usage, sizeof usage, "Usage: " PROGRAM_NAME " %s %s", command->name, command->usage);
    fill(out, usage, strlen(usage), indent, &column);
    text_add(out, "\n\n");
    column = 0;
    fill(out, command->summary, strlen(command->summary), 0, &column);
    text_add(out, "\n\n");
    if (command->details) help_details(command->details, out);
    text_add(out, "Options:\n");
    struct option_walk walk = option_walk(table);
    for (const struct option *o; (o = option_walk_next(&walk));) help_option_line(table, o, out);
    if (command->examples) help_examples(command->examples, out);
}

/* ---- man ---- */

/* Text as roff takes it literally: backslashes and hyphens escaped, no line that looks like a request. */
static void roff(struct text *out, const char *text, size_t length) {
    for (size_t i = 0; i < length; ++i) {
        bool start = i == 0 || text[i - 1] == '\n';
        if (start && (text[i] == '.' || text[i] == '\'')) text_add(out, "\\&");
        if (text[i] == '\\')
            text_add(out, "\\e");
        else
            text_add(out, text[i] == '-' ? "\\-" : "%c", text[i]);
    }
}

static void roff_string(struct text *out, const char *text) {
    roff(out, text, strlen(text));
}

static void man_details(const char *details, struct text *out) {
    bool kept_before = false;
    for (const char *line = details; *line;) {
        size_t length = strcspn(line, "\n");
        bool blank = is_blank(line, length), kept = !blank && line[0] == ' ';
        if (kept != kept_before) text_add(out, kept ? ".nf\n" : ".fi\n");
        if (blank)
            text_add(out, ".PP\n");
        else {
            roff(out, line, length);
            text_add(out, "\n");
        }
        kept_before = kept;
        line += length + (line[length] == '\n');
    }
    if (kept_before) text_add(out, ".fi\n");
}

static void man_option(const struct option_table *table, const struct option *option, struct text *out) {
    char letter = option_letter(table, option);
    text_add(out, ".TP\n");
    if (letter) text_add(out, "\\fB\\-%c\\fR, ", letter);
    text_add(out, "\\fB\\-\\-");
    roff_string(out, option->name);
    text_add(out, "\\fR");
    if (option->type != OPTION_FLAG) {
        bool mode = option->type == OPTION_MODE;
        text_add(out, "%s\\fI", mode ? "[=" : " ");
        roff_string(out, option_value(option));
        text_add(out, "\\fR%s", mode ? "]" : "");
    }
    text_add(out, "\n");
    roff_string(out, option->help);
    text_add(out, "\n");
}

/* Title, name and synopsis: "switchyard run", or the program alone where the name is empty. */
static void man_head(const struct command_text *command, struct text *out) {
    char title[128] = "";
    const char *joint = command->name[0] ? "\\-" : "", *space = command->name[0] ? " " : "";
    for (size_t i = 0; command->name[i] && i + 1 < sizeof title; ++i)
        title[i] = (char)toupper((unsigned char)command->name[i]);
    text_add(out, ".TH \"SWITCHYARD%s", joint);
    roff_string(out, title);
    text_add(out, "\" \"1\" \"\" \"Switchyard\" \"User Commands\"\n.SH NAME\n" PROGRAM_NAME "%s", joint);
    roff_string(out, command->name);
    text_add(out, " \\- ");
    roff_string(out, command->summary);
    text_add(out, "\n.SH SYNOPSIS\n\\fB" PROGRAM_NAME "%s", space);
    roff_string(out, command->name);
    text_add(out, "\\fR ");
    roff_string(out, command->usage);
    text_add(out, "\n");
    if (command->details) {
        text_add(out, ".SH DESCRIPTION\n");
        man_details(command->details, out);
    }
}

void options_man(const struct option_table *table, const struct command_text *command, struct text *out) {
    man_head(command, out);
    text_add(out, ".SH OPTIONS\n");
    struct option_walk walk = option_walk(table);
    for (const struct option *o; (o = option_walk_next(&walk));) man_option(table, o, out);
    if (command->examples) {
        text_add(out, ".SH EXAMPLES\n.nf\n");
        roff_string(out, command->examples);
        text_add(out, "%s.fi\n", command->examples[strlen(command->examples) - 1] == '\n' ? "" : "\n");
    }
}

void options_man_overview(const struct command_text *program, const struct command_text *const *commands,
                          int command_count, struct text *out) {
    man_head(program, out);
    text_add(out, ".SH COMMANDS\n");
    for (int i = 0; i < command_count; ++i) {
        text_add(out, ".TP\n\\fB" PROGRAM_NAME "\\-");
        roff_string(out, commands[i]->name);
        text_add(out, "\\fR(1)\n");
        roff_string(out, commands[i]->summary);
        text_add(out, "\n");
    }
}
