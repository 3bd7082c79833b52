#include "json_writer.h"

#include <string.h>

#define DIGITS 24 /* of a number of 64 bits, with its sign */

static void put(struct rg_json *j, const char *bytes, size_t len)
{
    if (j->st == RG_OK)
        j->st = rg_buf_append(j->out, bytes, len);
}

/* What stands before a value. Names are ours and need no escapes. */
static void lead(struct rg_json *j, const char *name)
{
    if (j->comma)
        put(j, ",", 1);
    if (name) {
        put(j, "\"", 1);
        put(j, name, strlen(name));
        put(j, "\":", 2);
    }
    j->comma = true;
}

void rg_json_open(struct rg_json *j, const char *name, char bracket)
{
    lead(j, name);
    put(j, &bracket, 1);
    j->comma = false;
}

void rg_json_close(struct rg_json *j, char bracket)
{
    put(j, &bracket, 1);
    j->comma = true;
}

void rg_json_str(struct rg_json *j, const char *name, struct rg_str text)
{
    lead(j, name);
    if (j->st == RG_OK)
        j->st = rg_str_json(j->out, text);
}

void rg_json_text(struct rg_json *j, const char *name, const char *text)
{
    rg_json_str(j, name, rg_str_from(text));
}

/* Without printf: a status of many checks is mostly numbers. */
static void number(struct rg_json *j, const char *name, uint64_t v, bool negative)
{
    char digits[DIGITS];
    size_t at = sizeof(digits);

    do
        digits[--at] = (char)('0' + v % 10);
    while ((v /= 10) > 0);
    if (negative)
        digits[--at] = '-';
    lead(j, name);
    put(j, digits + at, sizeof(digits) - at);
}

void rg_json_int(struct rg_json *j, const char *name, int64_t v)
{
    number(j, name, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0);
}

void rg_json_uint(struct rg_json *j, const char *name, uint64_t v)
{
    number(j, name, v, false);
}

static void word(struct rg_json *j, const char *name, const char *text)
{
    lead(j, name);
    put(j, text, strlen(text));
}

void rg_json_bool(struct rg_json *j, const char *name, bool v)
{
    word(j, name, v ? "true" : "false");
}

void rg_json_null(struct rg_json *j, const char *name)
{
    word(j, name, "null");
}

void rg_json_raw(struct rg_json *j, const char *name, struct rg_str json)
{
    if (json.len == 0)
        return;
    lead(j, name);
    put(j, json.ptr, json.len);
}
