#include "text/json_field.h"

bool field_bool(const json_t *object, const char *key, bool otherwise, bool *out, struct sy_error *err) {
    const json_t *value = json_object_get(object, key);
    *out = value && !json_is_null(value) ? json_is_true(value) : otherwise;
    return !value || json_is_null(value) || json_is_boolean(value) ||
           sy_fail(err, SY_ERR_FORMAT, "'%s' is neither true nor false", key);
}

bool field_int(const json_t *object, const char *key, int64_t otherwise, int64_t *out, struct sy_error *err) {
    const json_t *value = json_object_get(object, key);
    *out = otherwise;
    if (!value || json_is_null(value)) return true;
    return json_to_i64(value, out) || sy_fail(err, SY_ERR_FORMAT, "'%s' is no whole number", key);
}

bool field_string(const json_t *object, const char *key, const char **out, struct sy_error *err) {
    const json_t *value = json_object_get(object, key);
    *out = json_string_value(value);
    return *out || !value || json_is_null(value) || sy_fail(err, SY_ERR_FORMAT, "'%s' is no text", key);
}
