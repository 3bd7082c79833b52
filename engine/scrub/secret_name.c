/* Which names make a value secret, and which values say nothing. */
#include "secret_assign.h"

#include <string.h>

/* A '_' stands for an optional separator. */
static const char *const words[] = {"password", "passwd", "passphrase", "pwd", "secret", "token",
    "credential", "api_key", "app_key", "application_key", "access_key", "private_key"};

/* Last parts of names that are about a secret but do not hold one. */
static const char *const about[] = {"dir", "directory", "enabled", "expiration", "file", "filename",
    "interval", "length", "name", "path", "policy", "required", "stdin", "timeout", "ttl", "type"};

static const char *const empty_values[] = {
    "true", "false", "null", "nil", "none", "yes", "no", "on", "off", "~", "latest"};

/* Folders below / that start the path of a file rather than a secret. */
static const char *const folders[] = {"app", "bin", "certs", "config", "conf", "credentials",
    "data", "dev", "etc", "home", "lib", "mnt", "opt", "private", "proc", "root", "run", "sbin",
    "secret", "secrets", "srv", "sys", "tmp", "usr", "var", "vault", "Users"};

/* Longer values are secret whatever they look like: so few bytes are read twice. */
#define PLAIN_MAX 512

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool same_caseless(struct rg_str s, const char *word)
{
    size_t len = strlen(word);

    if (s.len != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (lower(s.ptr[i]) != word[i])
            return false;
    }
    return true;
}

static bool one_of(struct rg_str s, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (same_caseless(s, list[i]))
            return true;
    }
    return false;
}

/* Bytes of name from at on that are word; 0 when they are not. */
static size_t word_len(struct rg_str name, size_t at, const char *word)
{
    size_t i = at;

    for (; *word; word++) {
        bool separator = i < name.len && strchr("_-.", name.ptr[i]) && name.ptr[i];

        if (*word == '_') {
            i += separator ? 1 : 0;
            continue;
        }
        if (i == name.len || lower(name.ptr[i]) != *word)
            return 0;
        i++;
    }
    return i - at;
}

/* A tokenizer has no token. */
static bool tokenizer(struct rg_str name, size_t at)
{
    return word_len(name, at, "tokeniz") || word_len(name, at, "tokenis");
}

bool secret_name_ends_in_word(struct rg_str name)
{
    if (name.len && lower(name.ptr[name.len - 1]) == 's')
        name.len--;
    for (size_t at = 0; at < name.len; at++) {
        for (size_t w = 0; w < COUNT(words); w++) {
            size_t len = word_len(name, at, words[w]);

            if (len && at + len == name.len)
                return true;
        }
    }
    return false;
}

/* The part behind the last separator or the last hump of camelCase. */
static struct rg_str last_part(struct rg_str name)
{
    size_t at = name.len;

    while (at > 0) {
        char c = name.ptr[at - 1];

        if (strchr("_-.", c) && c)
            break;
        at--;
        if (c >= 'A' && c <= 'Z' && at > 0 && name.ptr[at - 1] >= 'a' && name.ptr[at - 1] <= 'z')
            break;
    }
    return (struct rg_str){name.ptr + at, name.len - at};
}

bool secret_name(struct rg_str name)
{
    name = rg_str_trim(name, "-._");
    if (one_of(last_part(name), about, COUNT(about)))
        return false;
    for (size_t at = 0; at < name.len; at++) {
        if (word_len(name, at, "secret_backend"))
            return false;
    }
    for (size_t at = 0; at < name.len; at++) {
        for (size_t w = 0; w < COUNT(words); w++) {
            if (word_len(name, at, words[w]) && !tokenizer(name, at))
                return true;
        }
    }
    return false;
}

/* Up to six digits, with a unit of time or without. */
static bool short_number(struct rg_str v)
{
    size_t n = 0;

    while (n < v.len && (digit(v.ptr[n]) || (n && v.ptr[n] == '.')))
        n++;
    if (n == 0 || n > 6)
        return false;
    v.ptr += n;
    v.len -= n;
    return v.len == 0 || rg_str_is(v, "s") || rg_str_is(v, "ms") || rg_str_is(v, "m") ||
           rg_str_is(v, "h") || rg_str_is(v, "d");
}

static bool ends(struct rg_str s, const char *tail)
{
    size_t len = strlen(tail);

    return s.len >= len && memcmp(s.ptr + s.len - len, tail, len) == 0;
}

/* What is replaced later, or names where the secret is. */
static bool template_value(struct rg_str v)
{
    return (rg_str_starts(v, "ENC[") && ends(v, "]")) ||
           (v.len > 4 && rg_str_starts(v, "%%") && ends(v, "%%")) ||
           (rg_str_starts(v, "${") && ends(v, "}")) || (rg_str_starts(v, "$(") && ends(v, ")")) ||
           (rg_str_starts(v, "{{") && ends(v, "}}"));
}

static bool usual_path(struct rg_str v)
{
    if (v.len == 0 || v.ptr[0] != '/' || memchr(v.ptr, ' ', v.len))
        return false;
    v.ptr++;
    v.len--;
    for (size_t i = 0; i < COUNT(folders); i++) {
        size_t len = strlen(folders[i]);

        if (v.len > len && v.ptr[len] == '/' && rg_str_starts(v, folders[i]))
            return true;
    }
    return false;
}

static bool is_password(struct rg_str name)
{
    for (size_t at = 0; at < name.len; at++) {
        if (word_len(name, at, "pass") || word_len(name, at, "pwd"))
            return true;
    }
    return false;
}

bool secret_value(struct rg_str name, struct rg_str value)
{
    /* A number may be a password; the shell's working folder never is one. */
    bool folder = same_caseless(name, "pwd") || same_caseless(name, "oldpwd");

    if (value.len > PLAIN_MAX)
        return true;
    if (template_value(value))
        return false;
    value = rg_str_trim(value, " \t\r\n\"'\\,;)]}");
    if (value.len == 0 || one_of(value, empty_values, COUNT(empty_values)))
        return false;
    if (folder && value.ptr[0] == '/')
        return false;
    if (short_number(value) && !is_password(name))
        return false;
    return !template_value(value) && !usual_path(value);
}

bool rg_secret_named(struct rg_str name, struct rg_str value)
{
    return secret_name(name) && secret_value(name, value);
}
