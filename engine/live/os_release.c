#include "os_release.h"

#include <string.h>

/* Undoes shell quoting into value (RG_HOST_TEXT_MAX bytes). False when quotes do not match, when
 * something follows them, when the text is too long or holds a control character. */
static bool unquote(struct rg_str raw, char *value)
{
    char quote = '\0';
    size_t n = 0;
    size_t i = 0;

    if (raw.len && (raw.ptr[0] == '"' || raw.ptr[0] == '\''))
        quote = raw.ptr[i++];
    for (; i < raw.len; i++) {
        char c = raw.ptr[i];

        if (quote && c == quote)
            break;
        /* Between double quotes a backslash protects only what a shell would interpret. */
        if (quote == '"' && c == '\\' && i + 1 < raw.len && strchr("\"\\$`", raw.ptr[i + 1]))
            c = raw.ptr[++i];
        if ((unsigned char)c < 0x20 || c == 0x7f || n + 1 >= RG_HOST_TEXT_MAX)
            return false;
        value[n++] = c;
    }
    if (quote && i + 1 != raw.len)
        return false;
    value[n] = '\0';
    return true;
}

static void set_field(char *field, const char *value)
{
    memcpy(field, value, strlen(value) + 1);
}

void rg_os_release_parse(struct rg_str text, struct rg_os_release *out)
{
    char like[RG_HOST_TEXT_MAX] = "";
    struct rg_str line;

    *out = (struct rg_os_release){0};
    while (rg_str_split(&text, '\n', &line)) {
        struct rg_str rest = rg_str_trim(line, " \t\r");
        struct rg_str name;
        char value[RG_HOST_TEXT_MAX];

        if (!rest.len || !memchr(rest.ptr, '=', rest.len))
            continue;
        if (!rg_str_split(&rest, '=', &name) || !unquote(rest, value))
            continue;
        if (rg_str_is(name, "ID"))
            set_field(out->id, value);
        else if (rg_str_is(name, "ID_LIKE"))
            set_field(like, value);
        else if (rg_str_is(name, "VERSION_ID"))
            set_field(out->version_id, value);
    }
    like[strcspn(like, " ")] = '\0';
    set_field(out->family, like[0] ? like : out->id);
}
