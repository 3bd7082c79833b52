#include "json_doc.h"

#include <math.h>
#include <string.h>

#define INT_EXACT_MAX 9007199254740992.0 /* 2^53: numbers of JSON are doubles */

enum rg_status json_doc_parse(struct rg_str text, jv *out, struct rg_err *err)
{
    jv value;

    if (text.len > INT32_MAX) {
        rg_err_set(err, "a JSON document of %zu bytes is too large", text.len);
        return RG_ETOOBIG;
    }
    value = jv_parse_sized(text.ptr, (int)text.len);
    if (jv_is_valid(value)) {
        *out = value;
        return RG_OK;
    }
    if (jv_invalid_has_msg(jv_copy(value))) {
        jv message = jv_invalid_get_msg(value);

        const char *why = jv_get_kind(message) == JV_KIND_STRING ? jv_string_value(message) : "";

        rg_err_set(err, "not JSON: %.*s", (int)strcspn(why, "("), why); /* what follows quotes it */
        jv_free(message);
    } else {
        jv_free(value);
        rg_err_set(err, "not JSON: nothing is there");
    }
    return RG_EINVALID;
}

jv json_get(jv object, const char *key)
{
    jv value;

    if (jv_get_kind(object) != JV_KIND_OBJECT)
        return jv_null();
    value = jv_object_get(jv_copy(object), jv_string(key));
    if (jv_is_valid(value))
        return value;
    jv_free(value);
    return jv_null();
}

/* The object keeps the string, so its bytes stay. */
const char *json_text(jv object, const char *key)
{
    jv value = json_get(object, key);
    const char *text = jv_get_kind(value) == JV_KIND_STRING ? jv_string_value(value) : "";

    jv_free(value);
    return text;
}

int64_t json_int(jv object, const char *key)
{
    jv value = json_get(object, key);
    double n = jv_get_kind(value) == JV_KIND_NUMBER ? jv_number_value(value) : 0;

    jv_free(value);
    if (isnan(n))
        return 0;
    n = n > INT_EXACT_MAX ? INT_EXACT_MAX : n < -INT_EXACT_MAX ? -INT_EXACT_MAX : n;
    return (int64_t)n;
}

bool json_true(jv object, const char *key)
{
    jv value = json_get(object, key);
    bool yes = jv_get_kind(value) == JV_KIND_TRUE;

    jv_free(value);
    return yes;
}

int json_count(jv object, const char *key)
{
    jv value = json_get(object, key);

    if (jv_get_kind(value) == JV_KIND_ARRAY)
        return jv_array_length(value);
    jv_free(value);
    return 0;
}

bool json_has(jv object, const char *key)
{
    jv value = json_get(object, key);
    bool has = jv_get_kind(value) != JV_KIND_NULL;

    jv_free(value);
    return has;
}

jv json_at(jv array, int i)
{
    jv value;

    if (jv_get_kind(array) != JV_KIND_ARRAY)
        return jv_null();
    value = jv_array_get(jv_copy(array), i);
    if (jv_is_valid(value))
        return value;
    jv_free(value);
    return jv_null();
}

static struct rg_str dumped(jv text)
{
    return (struct rg_str){jv_string_value(text), (size_t)jv_string_length_bytes(jv_copy(text))};
}

void json_put_pretty(struct text_out *t, jv value)
{
    jv text = jv_dump_string(value, JV_PRINT_PRETTY | JV_PRINT_INDENT_FLAGS(2));
    struct rg_str s = dumped(text);

    if (t->st == RG_OK)
        t->st = rg_buf_append(&t->buf, s.ptr, s.len);
    jv_free(text);
}

void json_put(struct cli_json *json, const char *key, jv value)
{
    jv text = jv_dump_string(value, 0);
    struct rg_str s = dumped(text);
    struct cli_json part = {.st = RG_OK};

    rg_buf_init(&part.text, CLI_JSON_BYTES_MAX);
    part.st = rg_buf_append(&part.text, s.ptr, s.len);
    cli_json_raw(json, key, &part);
    rg_buf_finish(&part.text);
    jv_free(text);
}

enum rg_status json_put_parsed(
    struct cli_json *json, const char *key, struct rg_str text, struct rg_err *err)
{
    jv value;
    enum rg_status st = json_doc_parse(text, &value, err);

    if (st == RG_OK)
        json_put(json, key, value);
    return st;
}
