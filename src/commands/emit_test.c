#include "commands/emit.h"
#include "test.h"

#include <math.h>

TEST(emitted_json_reads_back) {
    struct text text = { 0 };
    struct emit e = { .text = &text };
    emit_object(&e, NULL);
    emit_string(&e, "text", NULL);
    emit_list(&e, "tokens");
    emit_int(&e, NULL, 1);
    emit_int(&e, NULL, -2);
    emit_end(&e);
    emit_list(&e, "none");
    emit_end(&e);
    emit_object(&e, "inner");
    emit_bool(&e, "yes", true);
    emit_real(&e, "half", 0.5);
    emit_real(&e, "nan", NAN);
    emit_end(&e);
    emit_string(&e, "quoted", "a\"b\n");
    emit_end(&e);
    assert_string_equal(text.data, "{\"text\":null,\"tokens\":[1,-2],\"none\":[],\"inner\":{\"yes\":true,"
                                   "\"half\":0.5,\"nan\":null},\"quoted\":\"a\\\"b\\n\"}\n");
    json_t *root = json_parse(text.data, (int64_t)text.size, (struct json_limits){ 1000, 8 }, NULL);
    assert_non_null(root);
    json_decref(root);
    text_free(&text);
}
