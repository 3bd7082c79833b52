#include "cli_json.h"

#include "cli.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void cli_json_init(struct cli_json *json)
{
    *json = (struct cli_json){.st = RG_OK};
    rg_buf_init(&json->text, CLI_JSON_BYTES_MAX);
}

void cli_json_finish(struct cli_json *json)
{
    rg_buf_finish(&json->text);
}

static void put(struct cli_json *json, const char *text)
{
    if (json->st == RG_OK)
        json->st = rg_buf_str(&json->text, text);
}

/* The comma and the key that go before a value. */
static void begin(struct cli_json *json, const char *key)
{
    if (json->comma[json->depth])
        put(json, ",");
    json->comma[json->depth] = true;
    if (!key)
        return;
    if (json->st == RG_OK)
        json->st = rg_str_json(&json->text, rg_str_from(key));
    put(json, ":");
}

static void enter(struct cli_json *json, const char *key, const char *bracket)
{
    begin(json, key);
    put(json, bracket);
    rg_assert(json->depth + 1 < CLI_JSON_DEPTH_MAX);
    json->comma[++json->depth] = false;
}

static void leave(struct cli_json *json, const char *bracket)
{
    rg_assert(json->depth > 0);
    json->depth--;
    put(json, bracket);
}

void cli_json_object(struct cli_json *json, const char *key)
{
    enter(json, key, "{");
}

void cli_json_array(struct cli_json *json, const char *key)
{
    enter(json, key, "[");
}

void cli_json_end_object(struct cli_json *json)
{
    leave(json, "}");
}

void cli_json_end_array(struct cli_json *json)
{
    leave(json, "]");
}

void cli_json_str(struct cli_json *json, const char *key, struct rg_str value)
{
    begin(json, key);
    if (json->st == RG_OK)
        json->st = rg_str_json(&json->text, value);
}

void cli_json_text(struct cli_json *json, const char *key, const char *value)
{
    cli_json_str(json, key, rg_str_from(value));
}

void cli_json_hex(struct cli_json *json, const char *key, struct rg_str bytes)
{
    static const char digits[] = "0123456789abcdef";

    begin(json, key);
    put(json, "\"");
    for (size_t i = 0; i < bytes.len && json->st == RG_OK; i++) {
        unsigned byte = (unsigned char)bytes.ptr[i];
        char pair[2] = {digits[byte >> 4], digits[byte & 15]};

        json->st = rg_buf_append(&json->text, pair, sizeof(pair));
    }
    put(json, "\"");
}

void cli_json_hash(struct cli_json *json, const char *key, uint64_t hash)
{
    char text[CLI_HASH_TEXT];

    cli_json_text(json, key, cli_hash_text(hash, text));
}

void cli_json_u64(struct cli_json *json, const char *key, uint64_t value)
{
    begin(json, key);
    if (json->st == RG_OK)
        json->st = rg_buf_printf(&json->text, "%" PRIu64, value);
}

void cli_json_i64(struct cli_json *json, const char *key, int64_t value)
{
    begin(json, key);
    if (json->st == RG_OK)
        json->st = rg_buf_printf(&json->text, "%" PRId64, value);
}

void cli_json_null(struct cli_json *json, const char *key)
{
    begin(json, key);
    put(json, "null");
}

void cli_json_bool(struct cli_json *json, const char *key, bool value)
{
    begin(json, key);
    put(json, value ? "true" : "false");
}

void cli_json_double(struct cli_json *json, const char *key, double value, int digits)
{
    char text[64];
    int first = digits > 9 ? 15 : 6;

    rg_assert(digits > 0 && digits <= 17);
    begin(json, key);
    if (!isfinite(value)) {
        put(json, "null");
        return;
    }
    if (first > digits)
        first = digits;
    /* The shortest text that reads back as the same number. */
    for (int n = first; n <= digits; n++) {
        snprintf(text, sizeof(text), "%.*g", n, value);
        if (digits > 9 ? strtod(text, NULL) >= value && strtod(text, NULL) <= value
                       : strtof(text, NULL) >= (float)value && strtof(text, NULL) <= (float)value)
            break;
    }
    put(json, text);
}

void cli_json_raw(struct cli_json *json, const char *key, const struct cli_json *value)
{
    begin(json, key);
    if (json->st == RG_OK)
        json->st = value->st;
    if (json->st == RG_OK)
        json->st = rg_buf_append(&json->text, value->text.data, value->text.len);
}

enum rg_status cli_json_print(struct cli_json *json)
{
    enum rg_status st;

    rg_assert(json->depth == 0);
    put(json, "\n");
    st = json->st;
    if (st == RG_OK && !cli_put(rg_str_buf(&json->text)))
        st = RG_EIO;
    rg_buf_clear(&json->text);
    json->st = RG_OK;
    json->comma[0] = false;
    return st;
}

void cli_json_document(struct cli_json *json)
{
    cli_json_object(json, NULL);
    cli_json_u64(json, "schema_version", CLI_SCHEMA_VERSION);
}
