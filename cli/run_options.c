#include "run_options.h"

#include "rg/fixture.h"

#include <string.h>

const char *const run_check_names[] = {"process", "rtprocess", NULL};

static enum rg_status put_line(struct rg_buf *out, struct rg_str key, struct rg_str value)
{
    enum rg_status st = rg_buf_append(out, key.ptr, key.len);

    if (st == RG_OK)
        st = rg_buf_str(out, ": ");
    if (st == RG_OK)
        st = rg_buf_append(out, value.ptr, value.len);
    if (st == RG_OK)
        st = rg_buf_byte(out, '\n');
    return st;
}

enum rg_status run_options_live(
    struct rg_buf *out, const struct cli_common *common, const char *checks, const char *for_text)
{
    enum rg_status st = RG_OK;

    if (!checks && !common->config_path)
        checks = "process";
    if (checks)
        st = rg_buf_printf(out, "run.checks: [%s]\n", strcmp(checks, "none") == 0 ? "" : checks);
    if (st == RG_OK && common->confd)
        st = rg_buf_str(out, "run.confd: true\n");
    if (st == RG_OK && for_text)
        st = rg_buf_printf(out, "run.for: %s\n", for_text);
    if (st == RG_OK && common->log_level_given)
        st = rg_buf_printf(out, "log_level: %s\n", rg_log_level_name(common->log_level));
    if (st == RG_OK)
        st = rg_buf_byte(out, 0); /* a text for the host; the NUL is not part of the document */
    return st;
}

/* Finds the line "key: ..."; *len counts its line feed. */
static bool find_line(const struct rg_buf *text, struct rg_str key, size_t *offset, size_t *len)
{
    struct rg_str rest = rg_str_buf(text), line;
    const char *start = rest.ptr;

    while (rg_str_split(&rest, '\n', &line)) {
        if (line.len > key.len && memcmp(line.ptr, key.ptr, key.len) == 0 &&
            line.ptr[key.len] == ':') {
            *offset = (size_t)(line.ptr - start);
            *len = (size_t)(rest.ptr - line.ptr);
            return true;
        }
    }
    return false;
}

void run_options_unset(struct rg_buf *text, struct rg_str key)
{
    size_t offset, len;

    if (!find_line(text, key, &offset, &len))
        return;
    memmove(text->data + offset, text->data + offset + len, text->len - offset - len);
    text->len -= len;
}

enum rg_status run_options_set(struct rg_buf *text, struct rg_str key, struct rg_str value)
{
    run_options_unset(text, key);
    if (text->len > 0 && text->data[text->len - 1] != '\n') {
        enum rg_status st = rg_buf_byte(text, '\n');

        if (st != RG_OK)
            return st;
    }
    return put_line(text, key, value);
}

bool run_options_split(const char *arg, struct rg_str *key, struct rg_str *value)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
    size_t len = strspn(arg, allowed);

    if (len == 0 || arg[len] != '=' || strpbrk(arg, "\r\n"))
        return false;
    *key = (struct rg_str){arg, len};
    *value = rg_str_from(arg + len + 1);
    return value->len > 0;
}

enum rg_status run_options_recorded(const char *capture, struct rg_buf *out, struct rg_err *err)
{
    struct rg_effects *effects;
    struct rg_effect effect;
    enum rg_status st = rg_effects_open(capture, &effects, err);

    if (st != RG_OK)
        return st;
    while ((st = rg_effects_next(effects, &effect, err)) == RG_OK) {
        if (effect.kind != RG_EFFECT_DOCUMENT || !rg_str_is(effect.name, "options"))
            continue;
        if (effect.status == RG_OK)
            st = rg_buf_set(out, effect.content.ptr, effect.content.len);
        break;
    }
    rg_effects_close(effects);
    return st == RG_EEND ? RG_OK : st;
}
