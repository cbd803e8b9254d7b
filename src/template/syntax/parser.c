/*
 * Statements, bodies, and the whole template.
 */
#include "template/syntax/parser.h"
#include "template/syntax/parser_expression.h"

#include <stdio.h>
#include <string.h>

/* ---- bodies ---- */

static struct node *parse_statement(struct parser *parser);

static bool at_end_tag(const struct parser *parser) {
    for (int i = 0; i < 4 && parser->tags[i]; i++)
        if (parser_at_word(parser, parser->tags[i])) return true;
    return false;
}

/* A run of text and prints, as one node. */
static bool parse_output(struct parser *parser, struct node_list *body) {
    struct node *output = parser_node(parser, NODE_OUTPUT), *part;
    struct node_list parts = { 0 };
    while (parser->token->kind == TOKEN_DATA || parser->token->kind == TOKEN_PRINT_BEGIN) {
        if (parser->token->kind == TOKEN_DATA) {
            if ((part = parser_node(parser, NODE_DATA))) part->constant = parser->token->value;
            parser_next(parser);
        } else {
            parser_next(parser);
            part = parse_tuple(parser, 0, NULL);
            if (part && !parser_expect(parser, TOKEN_PRINT_END)) return false;
        }
        if (!part || !parser_add(parser, &parts, part)) return false;
    }
    if (output) output->list = parts.nodes;
    return output && parser_add(parser, body, output);
}

/* Up to one of the end tags, whose name is then the current token, or to the end of the template. */
static bool parse_body(struct parser *parser, struct nodes *out) {
    struct node_list body = { 0 };
    while (parser->token->kind != TOKEN_END) {
        if (parser->token->kind != TOKEN_TAG_BEGIN) {
            if (!parse_output(parser, &body)) return false;
            continue;
        }
        parser_next(parser);
        if (at_end_tag(parser)) break;
        struct node *statement = parse_statement(parser);
        if (!statement || !parser_add(parser, &body, statement)) return false;
        if (!parser_expect(parser, TOKEN_TAG_END)) return false;
    }
    *out = body.nodes;
    return true;
}

static bool missing_end(struct parser *parser, const char *const *tags, const char *open) {
    char words[80] = "";
    for (int i = 0; i < 3 && tags[i]; i++) {
        size_t used = strlen(words);
        snprintf(words + used, sizeof words - used, "%s'%s'", i > 0 ? " or " : "", tags[i]);
    }
    return parser_fail(
        parser,
        "Unexpected end of template. Jinja was looking for the following tags: %s. The innermost "
        "block that needs to be closed is '%s'.",
        words, open);
}

/* The rest of the opening tag, and the body of `open`; its end tag's name is then the current token. */
static bool parse_block_body(struct parser *parser, const char *open, const char *end, const char *or_end,
                             const char *or_end2, struct nodes *out) {
    const char *tags[4] = { end, or_end, or_end2, NULL }, *outer[4], *outer_open = parser->open_tag;
    memcpy(outer, parser->tags, sizeof outer);
    parser_skip(parser, TOKEN_COLON);
    if (!parser_expect(parser, TOKEN_TAG_END)) return false;
    if (!heap_enter(parser->heap)) return parser_fail(parser, " ");
    memcpy(parser->tags, tags, sizeof tags);
    parser->open_tag = open;
    bool done = parse_body(parser, out);
    if (done && parser->token->kind == TOKEN_END) done = missing_end(parser, tags, open);
    memcpy(parser->tags, outer, sizeof outer);
    parser->open_tag = outer_open;
    heap_leave(parser->heap);
    return done;
}

/* The same for what has one end tag, which is passed. */
static bool parse_whole_body(struct parser *parser, const char *open, const char *end, struct nodes *out) {
    if (!parse_block_body(parser, open, end, NULL, NULL, out)) return false;
    parser_next(parser);
    return true;
}

/* The body of what becomes a function of its own: no break leads out of it. */
static bool parse_function_body(struct parser *parser, const char *open, const char *end, struct nodes *out,
                                unsigned *mentions) {
    int32_t loops = parser->loops;
    unsigned before = parser->mentions;
    parser->loops = 0;
    parser->mentions = 0;
    bool done = parse_whole_body(parser, open, end, out);
    parser->loops = loops;
    *mentions = parser->mentions;
    parser->mentions |= before;
    return done;
}

/* ---- targets ---- */

static bool can_assign(struct parser *parser, const struct node *node, bool within) {
    if (node->kind == NODE_NAME || node->kind == NODE_NAMESPACE) return true;
    bool good = node->kind == NODE_TUPLE;
    for (int64_t i = 0; good && i < node->list.count; i++)
        good = can_assign(parser, node->list.items[i], true);
    if (good || within) return good;
    const char *kind = node->kind == NODE_CONSTANT ? "const"
                       : node->kind == NODE_TUPLE  ? "tuple"
                       : node->kind == NODE_LIST   ? "list"
                       : node->kind == NODE_DICT   ? "dict"
                                                   : "expression";
    return parser_fail_at(parser, node, "can't assign to '%s'", kind);
}

/* A name, a tuple of names, or with TUPLE_NAMESPACE ns.name, to assign to. */
static struct node *parse_target(struct parser *parser, int flags, const char *end_word) {
    struct node *target = parse_tuple(parser, flags | TUPLE_SIMPLE, end_word);
    return target && can_assign(parser, target, false) ? target : NULL;
}

/* One plain name. */
static struct node *parse_name_target(struct parser *parser) {
    struct node *node = parser_node(parser, NODE_NAME);
    if (!node || !parser_expect_name(parser, &node->name.id)) return NULL;
    static const char *const reserved[] = { "true", "false", "none", "True", "False", "None" };
    for (int i = 0; i < 6; i++)
        if (string_equals(node->name.id, reserved[i]))
            return parser_fail_at(parser, node, "can't assign to 'name'"), NULL;
    return node;
}

/* ---- statements ---- */

static bool parse_for(struct parser *parser, struct node *node) {
    if (!(node->loop.target = parse_target(parser, 0, "in")) || !parser_expect_word(parser, "in"))
        return false;
    if (!(node->loop.iterated = parse_tuple(parser, TUPLE_NO_CONDITION, "recursive"))) return false;
    if (parser_skip_word(parser, "if") && !(node->loop.test = parse_expression(parser))) return false;
    node->loop.recursive = parser_skip_word(parser, "recursive");
    unsigned before = parser->mentions;
    parser->loops++;
    parser->mentions = 0;
    bool done = parse_block_body(parser, "for", "endfor", "else", NULL, &node->loop.body);
    node->loop.mentioned = node->loop.recursive || parser->mentions & MENTIONS_LOOP;
    parser->loops--;
    parser->mentions |= before;
    if (!done) return false;
    bool otherwise = parser_at_word(parser, "else");
    parser_next(parser);
    return !otherwise || parse_whole_body(parser, "for", "endfor", &node->loop.otherwise);
}

static bool parse_if(struct parser *parser, struct node *node) {
    struct node_list tests = { 0 };
    struct nodes *bodies = NULL;
    int64_t room = 0;
    for (bool more = true; more;) {
        struct node *test = parse_tuple(parser, TUPLE_NO_CONDITION, NULL);
        if (!test || !parser_add(parser, &tests, test)) return false;
        if (tests.nodes.count + 1 > room) {
            room = room ? room * 2 : 2;
            struct nodes *larger = heap_array(parser->heap, room, sizeof *larger);
            if (!larger) return false;
            if (bodies) memcpy(larger, bodies, (size_t)(tests.nodes.count - 1) * sizeof *larger);
            bodies = larger;
        }
        if (!parse_block_body(parser, "if", "elif", "else", "endif", &bodies[tests.nodes.count - 1]))
            return false;
        more = parser_skip_word(parser, "elif");
    }
    node->branch.tests = tests.nodes.items;
    node->branch.bodies = bodies;
    node->branch.count = tests.nodes.count;
    if (parser_skip_word(parser, "else"))
        return parse_whole_body(parser, "if", "endif", &bodies[tests.nodes.count]);
    parser_next(parser);
    return true;
}

static bool parse_set(struct parser *parser, struct node *node) {
    if (!(node->set.target = parse_target(parser, TUPLE_NAMESPACE, NULL))) return false;
    if (parser_skip(parser, TOKEN_ASSIGN)) return (node->set.value = parse_tuple(parser, 0, NULL)) != NULL;
    node->kind = NODE_SET_BLOCK;
    if (parser->token->kind == TOKEN_PIPE && !(node->set.value = parse_filters(parser, NULL, false)))
        return false;
    return parse_whole_body(parser, "set", "endset", &node->set.body);
}

/* (a, b=1) */
static bool parse_parameters(struct parser *parser, struct function_tree *function) {
    struct node_list names = { 0 }, defaults = { 0 };
    if (!parser_expect(parser, TOKEN_LEFT_PAREN)) return false;
    while (parser->token->kind != TOKEN_RIGHT_PAREN) {
        if (names.nodes.count > 0 && !parser_expect(parser, TOKEN_COMMA)) return false;
        struct node *name = parse_name_target(parser), *value = NULL;
        if (!name || !parser_add(parser, &names, name)) return false;
        if (parser_skip(parser, TOKEN_ASSIGN)) {
            if (!(value = parse_expression(parser)) || !parser_add(parser, &defaults, value)) return false;
        } else if (defaults.nodes.count > 0) {
            return parser_fail(parser, "non-default argument follows default argument");
        }
    }
    parser_next(parser);
    function->parameters = names.nodes;
    function->defaults = defaults.nodes;
    return true;
}

static bool parse_macro(struct parser *parser, struct node *node) {
    struct function_tree *function = heap_take(parser->heap, sizeof *function);
    node->macro.function = function;
    if (!function || !(node->macro.target = parse_name_target(parser))) return false;
    function->name = node->macro.target->name.id;
    return parse_parameters(parser, function) &&
           parse_function_body(parser, "macro", "endmacro", &function->body, &function->mentions);
}

static bool parse_call_block(struct parser *parser, struct node *node) {
    struct function_tree *function = heap_take(parser->heap, sizeof *function);
    node->macro.function = function;
    if (!function) return false;
    if (parser->token->kind == TOKEN_LEFT_PAREN && !parse_parameters(parser, function)) return false;
    if (!(node->macro.target = parse_expression(parser))) return false;
    if (node->macro.target->kind != NODE_CALL) return parser_fail_at(parser, node, "expected call");
    return parse_function_body(parser, "call", "endcall", &function->body, &function->mentions);
}

static bool parse_filter_block(struct parser *parser, struct node *node) {
    return (node->scoped.head = parse_filters(parser, NULL, true)) &&
           parse_whole_body(parser, "filter", "endfilter", &node->scoped.body);
}

static bool parse_with(struct parser *parser, struct node *node) {
    struct node_list targets = { 0 }, values = { 0 };
    while (parser->token->kind != TOKEN_TAG_END) {
        if (targets.nodes.count > 0 && !parser_expect(parser, TOKEN_COMMA)) return false;
        struct node *target = parse_target(parser, 0, NULL), *value = NULL;
        if (!target || !parser_add(parser, &targets, target) || !parser_expect(parser, TOKEN_ASSIGN))
            return false;
        if (!(value = parse_expression(parser)) || !parser_add(parser, &values, value)) return false;
    }
    node->scoped.targets = targets.nodes;
    node->scoped.values = values.nodes;
    return parse_whole_body(parser, "with", "endwith", &node->scoped.body);
}

static bool parse_autoescape(struct parser *parser, struct node *node) {
    return (node->scoped.head = parse_expression(parser)) &&
           parse_whole_body(parser, "autoescape", "endautoescape", &node->scoped.body);
}

static bool parse_generation(struct parser *parser, struct node *node) {
    struct function_tree *function = heap_take(parser->heap, sizeof *function);
    node->macro.function = function;
    return function &&
           parse_function_body(parser, "generation", "endgeneration", &function->body, &function->mentions);
}

static bool parse_print(struct parser *parser, struct node *node) {
    struct node_list parts = { 0 };
    while (parser->token->kind != TOKEN_TAG_END) {
        if (parts.nodes.count > 0 && !parser_expect(parser, TOKEN_COMMA)) return false;
        struct node *part = parse_expression(parser);
        if (!part || !parser_add(parser, &parts, part)) return false;
    }
    node->list = parts.nodes;
    return true;
}

static bool only_blank(const struct nodes *body) {
    for (int64_t i = 0; i < body->count; i++) {
        const struct node *output = body->items[i];
        if (output->kind != NODE_OUTPUT) return false;
        for (int64_t j = 0; j < output->list.count; j++) {
            const struct node *part = output->list.items[j];
            if (part->kind != NODE_DATA) return false;
            const struct string *data = part->constant.string;
            for (int64_t k = 0; k < data->size; k++)
                if (!memchr(" \t\n\v\f\r", data->data[k], 6)) return false;
        }
    }
    return true;
}

static bool parse_block(struct parser *parser, struct node *node) {
    struct block *block = heap_take(parser->heap, sizeof *block);
    struct tree *tree = parser->tree;
    node->block = block;
    if (!block || !parser_expect_name(parser, &block->name)) return false;
    block->scoped = parser_skip_word(parser, "scoped");
    block->required = parser_skip_word(parser, "required");
    for (int64_t i = 0; i < tree->block_count; i++)
        if (value_same((struct value){ .type = VALUE_STRING, .string = tree->blocks[i]->name },
                       (struct value){ .type = VALUE_STRING, .string = block->name }))
            return parser_fail_at(parser, node, "block '%.*s' defined twice", STRING_START(block->name));
    if ((tree->block_count & (tree->block_count - 1)) == 0) { /* 0, 1, 2, 4, ...: full */
        int64_t room = tree->block_count ? tree->block_count * 2 : 1;
        struct block **larger = heap_array(parser->heap, room, sizeof(struct block *));
        if (!larger) return false;
        if (tree->blocks) memcpy(larger, tree->blocks, (size_t)tree->block_count * sizeof(struct block *));
        tree->blocks = larger;
    }
    tree->blocks[tree->block_count++] = block;
    if (!heap_work(parser->heap, tree->block_count)) return false;
    unsigned before = parser->mentions | (block->scoped ? MENTIONS_LOOP : 0);
    if (!parse_function_body(parser, "block", "endblock", &block->body, &block->mentions)) return false;
    parser->mentions = before; /* what a block mentions is its own affair */
    if (block->required && !only_blank(&block->body))
        return parser_fail_at(parser, node, "Required blocks can only contain comments or whitespace");
    if (parser->token->kind == TOKEN_NAME && !parser_at_word(parser, "")) {
        struct value name = { .type = VALUE_STRING, .string = block->name };
        if (value_same(parser->token->value, name)) parser_next(parser);
    }
    return true;
}

/* include, import, from, extends: parsed as far as an expression goes, for nothing can be loaded. */
static bool parse_load(struct parser *parser, struct node *node) {
    if (!parse_expression(parser)) return false;
    node->constant = value_none;
    while (parser->token->kind != TOKEN_TAG_END && parser->token->kind != TOKEN_END) {
        enum token_kind kind = parser->token->kind;
        if (kind != TOKEN_NAME && kind != TOKEN_COMMA)
            return parser_unexpected(parser, "end of statement block");
        parser_next(parser);
    }
    return true;
}

static bool parse_jump(struct parser *parser, struct node *node) {
    const char *word = node->kind == NODE_BREAK ? "break" : "continue";
    return parser->loops > 0 || parser_fail_at(parser, node, "'%s' outside loop", word);
}

static const struct statement {
    const char *word;
    enum node_kind kind;
    bool (*parse)(struct parser *parser, struct node *node);
} statements[] = {
    { "for", NODE_FOR, parse_for },
    { "if", NODE_IF, parse_if },
    { "set", NODE_SET, parse_set },
    { "macro", NODE_MACRO, parse_macro },
    { "call", NODE_CALL_BLOCK, parse_call_block },
    { "filter", NODE_FILTER_BLOCK, parse_filter_block },
    { "with", NODE_WITH, parse_with },
    { "autoescape", NODE_AUTOESCAPE, parse_autoescape },
    { "generation", NODE_GENERATION, parse_generation },
    { "block", NODE_BLOCK, parse_block },
    { "print", NODE_OUTPUT, parse_print },
    { "break", NODE_BREAK, parse_jump },
    { "continue", NODE_CONTINUE, parse_jump },
    { "include", NODE_LOAD, parse_load },
    { "import", NODE_LOAD, parse_load },
    { "from", NODE_LOAD, parse_load },
    { "extends", NODE_LOAD, parse_load },
};

static struct node *parse_statement(struct parser *parser) {
    const struct template_token *token = parser->token;
    if (token->kind != TOKEN_NAME) return parser_fail(parser, "tag name expected"), NULL;
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        if (!string_equals(token->value.string, statements[i].word)) continue;
        struct node *node = parser_node(parser, statements[i].kind);
        parser_next(parser);
        return node && statements[i].parse(parser, node) ? node : NULL;
    }
    const char *open = parser->open_tag;
    parser_fail(parser, "Encountered unknown tag '%.*s'.%s%s%s", STRING_START(token->value.string),
                open ? " The innermost block that needs to be closed is '" : "", open ? open : "",
                open ? "'." : "");
    return NULL;
}

bool parser_run(struct heap *heap, const struct tokens *tokens, int64_t nodes_max, struct tree *tree,
                unsigned *mentions) {
    struct parser parser = { .heap = heap, .token = tokens->items, .nodes_max = nodes_max, .tree = tree };
    *tree = (struct tree){ .block_count = 0 };
    bool done = parse_body(&parser, &tree->body);
    *mentions = parser.mentions;
    if (done) return true;
    return parser_fail(&parser, "no valid template"); /* the place, where a bound was reached */
}
