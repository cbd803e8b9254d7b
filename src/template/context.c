/*
 * What a template sees: names with values from JSON, and the shape that transformers gives a chat.
 */
#include "template/context.h"
#include "template/template.h"
#include "template/values/dict.h"
#include "template/values/equal.h"
#include "template/values/json_in.h"

#include <stdlib.h>
#include <string.h>

#define CONTEXT_BYTES ((int64_t)1 << 30)
#define CONTEXT_DEPTH 200

bool template_context_open(struct template_context **out, struct sy_error *err) {
    struct template_context *context = *out = calloc(1, sizeof *context);
    struct value names;
    if (!context) return sy_fail(err, SY_ERR_MEMORY, "no memory for a context");
    heap_open(&context->heap, CONTEXT_BYTES, INT64_MAX, CONTEXT_DEPTH, err);
    if (value_dict(&context->heap, &names)) {
        context->names = names.dict;
        return true;
    }
    template_context_close(context);
    *out = NULL;
    return false;
}

void template_context_close(struct template_context *context) {
    if (!context) return;
    heap_close(&context->heap);
    free(context);
}

static bool set(struct template_context *context, const char *name, struct value value) {
    if (name) return dict_set_text(&context->heap, context->names, name, value);
    if (value.type != VALUE_DICT)
        return heap_fail(&context->heap, "no JSON object, which names and values want");
    return dict_copy(&context->heap, value.dict, context->names);
}

/* Errors go to who calls now. */
static void begin(struct template_context *context, struct sy_error *err) {
    context->heap.err = err;
    context->heap.depth = 0;
}

bool template_context_text(struct template_context *context, const char *name, const char *json, int64_t size,
                           struct sy_error *err) {
    struct value value;
    begin(context, err);
    return json_read(&context->heap, json, size, &value) && set(context, name, value);
}

bool template_context_json(struct template_context *context, const char *name, const json_t *json,
                           struct sy_error *err) {
    struct value value;
    begin(context, err);
    return json_convert(&context->heap, json, &value) && set(context, name, value);
}

bool template_context_string(struct template_context *context, const char *name, const char *text,
                             int64_t size, struct sy_error *err) {
    struct value value;
    begin(context, err);
    return value_string(&context->heap, text, size, &value) && set(context, name, value);
}

/* ---- chats ---- */

static struct value member(const struct dict *dict, const char *name) {
    const struct dict_entry *entry = dict_find_text(dict, name, (int64_t)strlen(name));
    return entry ? entry->value : value_none;
}

/* Reasoning goes by three names: the first that has a value gives it to reasoning_content, and to thinking
 * where that is not there, which gpt-oss reads. New members go where Python's {"thinking": r, **message} puts
 * them. */
static bool alias_reasoning(struct heap *heap, struct value message, struct value *out) {
    static const char *const names[] = { "reasoning_content", "thinking", "reasoning" };
    struct value reasoning = value_none;
    for (int i = 0; i < 3 && reasoning.type == VALUE_NONE; i++) reasoning = member(message.dict, names[i]);
    *out = message;
    if (reasoning.type == VALUE_NONE) return true;
    return value_dict(heap, out) && dict_set_text(heap, out->dict, "thinking", reasoning) &&
           dict_copy(heap, message.dict, out->dict) &&
           dict_set_text(heap, out->dict, "reasoning_content", reasoning);
}

static bool alias_messages(struct template_context *context) {
    struct heap *heap = &context->heap;
    struct value messages = member(context->names, "messages"), changed;
    if (messages.type != VALUE_LIST) return heap_fail(heap, "messages must be a list of objects");
    struct value *items = heap_array(heap, messages.list->count, sizeof *items);
    if (!items) return false;
    for (int64_t i = 0; i < messages.list->count; i++) {
        if (messages.list->items[i].type != VALUE_DICT) {
            heap_fail(heap, "messages must be objects");
            return sy_error_at(heap->err, "message %lld", (long long)i + 1);
        }
        if (!alias_reasoning(heap, messages.list->items[i], &items[i])) return false;
    }
    return value_list(heap, VALUE_LIST, items, messages.list->count, &changed) &&
           set(context, "messages", changed);
}

static bool check_list(struct template_context *context, const char *name) {
    struct value list = member(context->names, name);
    bool good = list.type == VALUE_NONE || list.type == VALUE_LIST;
    for (int64_t i = 0; good && list.type == VALUE_LIST && i < list.list->count; i++)
        good = list.list->items[i].type == VALUE_DICT;
    if (!good) return heap_fail(&context->heap, "%s must be a list of objects", name);
    return list.type != VALUE_NONE || set(context, name, value_none);
}

bool template_context_chat(struct template_context *context, bool add_generation_prompt,
                           struct sy_error *err) {
    begin(context, err);
    return alias_messages(context) && check_list(context, "tools") && check_list(context, "documents") &&
           set(context, "add_generation_prompt", value_bool(add_generation_prompt));
}
