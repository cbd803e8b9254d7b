/*
 * A parsed template: a tree of nodes, read-only once made.
 *
 * Names are resolved when a template is parsed, not when it runs. Jinja2 compiles a template to Python
 * functions (one for the template, one for each macro, call block, block and recursive loop) whose variables
 * are found statically; who renders as it does must keep its rules. Here each such function has an array of
 * slots, and a name is a place: so many functions outwards, then a slot. names.c finds them.
 */
#ifndef TEMPLATE_SYNTAX_TREE_H
#define TEMPLATE_SYNTAX_TREE_H

#include "template/values/operators.h"
#include "template/values/value.h"

enum node_kind {
    /* expressions */
    NODE_CONSTANT,
    NODE_NAME,
    NODE_TUPLE,
    NODE_LIST,
    NODE_DICT, /* keys and values in turn */
    NODE_ATTRIBUTE,
    NODE_ITEM,
    NODE_SLICE,
    NODE_CALL,
    NODE_FILTER,
    NODE_TEST,
    NODE_NOT,
    NODE_NEGATE,
    NODE_PLUS,
    NODE_BINARY,
    NODE_AND,
    NODE_OR,
    NODE_CONCAT,
    NODE_COMPARE,
    NODE_CONDITIONAL,
    NODE_NAMESPACE, /* ns.name as a target */
    /* statements */
    NODE_OUTPUT,
    NODE_DATA, /* text between tags, within an output */
    NODE_FOR,
    NODE_IF,
    NODE_SET,
    NODE_SET_BLOCK,
    NODE_MACRO,
    NODE_CALL_BLOCK,
    NODE_FILTER_BLOCK,
    NODE_WITH,
    NODE_AUTOESCAPE,
    NODE_BLOCK,
    NODE_GENERATION,
    NODE_BREAK,
    NODE_CONTINUE,
    NODE_LOAD, /* include, import, extends: there is nothing to load from */
};

struct node;

struct nodes {
    struct node **items;
    int64_t count;
};

struct place {
    int32_t hops, slot;
};

/* What happens to a scope's names when it is entered. */
enum load_action {
    LOAD_PARAMETER, /* set by who enters */
    LOAD_UNDEFINED, /* nothing yet */
    LOAD_ALIAS,     /* begins as the outer name of this name */
    LOAD_RESOLVE,   /* begins as what the context says */
};
struct load {
    const struct string *name;
    enum load_action action;
    int32_t slot;
    struct place from; /* of LOAD_ALIAS */
};
struct scope {
    struct load *loads;
    int64_t count;
};

enum { SLOT_NONE = -1 };

/* Names that mean something only to those bodies that mention them. */
enum {
    MENTIONS_LOOP = 1,
    MENTIONS_CALLER = 2,
    MENTIONS_KWARGS = 4,
    MENTIONS_VARARGS = 8,
    MENTIONS_SELF = 16,
    MENTIONS_SUPER = 32
};

struct function_tree {                 /* the body of a macro or a call block */
    const struct string *name;         /* NULL: a call block's */
    struct nodes parameters, defaults; /* NODE_NAMEs; the last ones have defaults */
    struct nodes body;
    struct scope scope;
    int32_t slot_count;
    unsigned mentions;                              /* MENTIONS_... */
    int32_t caller_slot, kwargs_slot, varargs_slot; /* SLOT_NONE where the body has no use for them */
};

struct keyword_node {
    const struct string *name;
    struct node *value;
};
struct call_nodes { /* what stands between parentheses */
    struct nodes positional;
    struct keyword_node *keywords;
    int64_t keyword_count;
    struct node *star, *star_star; /* or NULL */
};

enum compare_kind {
    COMPARE_IS_LESS,
    COMPARE_IS_LESS_EQUAL,
    COMPARE_IS_GREATER,
    COMPARE_IS_GREATER_EQUAL,
    COMPARE_IS_EQUAL,
    COMPARE_IS_NOT_EQUAL,
    COMPARE_IN,
    COMPARE_NOT_IN
};
struct comparison_node {
    enum compare_kind how;
    struct node *right;
};

struct node {
    enum node_kind kind;
    int32_t line, column;
    union {
        struct value constant; /* also of NODE_DATA */
        struct nodes list;     /* tuple, list, dict, concat, output */
        struct {
            const struct string *id;
            struct place place;
            bool exported; /* a target at the top of the template: the context learns of it */
            const struct string *attribute; /* of NODE_NAMESPACE */
        } name;
        struct {
            struct node *of;
            const struct string *name; /* attribute */
            struct node *index;        /* item: any expression, or a NODE_SLICE */
        } member;
        struct {
            struct node *start, *stop, *step; /* or NULL */
        } slice;
        struct {
            struct node *subject;        /* whom to call; what to filter (NULL: the block's text), to test */
            const struct string *name;   /* of the filter or test */
            const struct filter *filter; /* NULL: there is none of this name */
            const struct test *test;
            struct call_nodes arguments;
        } call;
        struct {
            enum operator_kind operator_kind;
            struct node *left, *right; /* unary: left */
        } binary;
        struct {
            struct node *left;
            struct comparison_node *items;
            int64_t count;
        } compare;
        struct {
            struct node *test, *yes, *no; /* no: or NULL */
        } conditional;
        struct {
            struct node *target, *iterated, *test; /* test: or NULL */
            struct nodes body, otherwise;
            struct scope scope, test_scope, else_scope;
            struct node *test_target;  /* the target again, as places of the test's scope */
            bool recursive, mentioned; /* mentioned: the body asks for `loop` */
            int32_t loop_slot;         /* SLOT_NONE: the body does not ask for it */
            int32_t slot_count;        /* of the function that a recursive loop is */
        } loop;
        struct {
            struct node **tests;  /* if, elif, ... */
            struct nodes *bodies; /* one each, and one more for else */
            int64_t count;
        } branch;
        struct {
            struct node *target, *value; /* value of a block: its filter, or NULL */
            struct nodes body;
            struct scope scope;
        } set;
        struct {
            struct function_tree *function;
            struct node *target; /* macro: a NODE_NAME; call block: the NODE_CALL */
        } macro;
        struct {
            struct node *head;            /* the filter; the autoescape's expression */
            struct nodes targets, values; /* of with */
            struct nodes body;
            struct scope scope;
        } scoped;
        struct block *block;
    };
};

struct block { /* {% block name %}: a function of its own, which sees only the context */
    const struct string *name;
    struct nodes body;
    struct scope scope;
    int32_t slot_count;
    unsigned mentions;
    int32_t self_slot, super_slot;
    bool scoped, required;
    struct load *locals; /* of a scoped one: names around it, each with its place in `from` */
    int64_t local_count;
};

struct tree {
    struct nodes body;
    struct scope scope;
    int32_t slot_count;
    int32_t self_slot;
    struct block **blocks;
    int64_t block_count;
};

#endif
