#include "mount_table.h"

#include "native_text.h"
#include "rg/backend/host.h"
#include "rg/backend/procfs.h"
#include "rg/base/map.h"
#include "rg/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MIN 4 /* device, point, type, options */

void rg_mount_table_init(struct rg_mount_table *table)
{
    *table = (struct rg_mount_table){0};
    rg_buf_init(&table->text, RG_PROCFS_FILE_MAX);
}

void rg_mount_table_finish(struct rg_mount_table *table)
{
    rg_buf_finish(&table->text);
    free(table->rows);
    table->rows = NULL;
    table->count = table->cap = 0;
}

static bool octal(char c)
{
    return c >= '0' && c <= '7';
}

/* Resolves \ooo in place: the kernel writes space, tab, newline and backslash that way. */
static struct rg_str resolve(struct rg_buf *text, struct rg_str word)
{
    size_t start = (size_t)((const uint8_t *)word.ptr - text->data);
    uint8_t *to = text->data + start;
    size_t n = 0;

    for (size_t i = 0; i < word.len; n++) {
        const char *at = word.ptr + i;

        if (*at == '\\' && word.len - i >= 4 && at[1] <= '3' && octal(at[1]) && octal(at[2]) &&
            octal(at[3])) {
            to[n] = (uint8_t)((at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0'));
            i += 4;
        } else {
            to[n] = (uint8_t)*at;
            i++;
        }
    }
    return (struct rg_str){word.ptr, n};
}

static bool parse_line(struct rg_buf *text, struct rg_str line, struct rg_mount *out)
{
    struct rg_str words[WORDS_MIN];

    if (rg_text_words(line, words, WORDS_MIN) < WORDS_MIN)
        return false;
    *out = (struct rg_mount){
        .device = resolve(text, words[0]),
        .point = resolve(text, words[1]),
        .type = resolve(text, words[2]),
        .options = words[3],
    };
    return out->point.ptr[0] == '/' && out->point.len < RG_HOST_PATH_MAX &&
           !memchr(out->point.ptr, 0, out->point.len);
}

/* The last mount on a point is the one that a path reaches. */
static enum rg_status mark_hidden(struct rg_mount_table *table)
{
    struct rg_intern points;
    enum rg_status st = RG_OK;

    rg_intern_init(&points, RG_MOUNTS_MAX);
    for (size_t i = table->count; i > 0 && st == RG_OK; i--) {
        struct rg_mount *row = &table->rows[i - 1];
        uint32_t number;

        row->hidden = rg_intern_find(&points, row->point, &number);
        if (!row->hidden)
            st = rg_intern_put(&points, row->point, &number);
    }
    rg_intern_finish(&points);
    return st;
}

enum rg_status rg_mount_table_parse(struct rg_mount_table *table, struct rg_err *err)
{
    struct rg_str text = rg_str_buf(&table->text), line;
    enum rg_status st = RG_OK;
    struct rg_mount row;

    table->count = table->skipped = 0;
    while (st == RG_OK && rg_str_split(&text, '\n', &line)) {
        void *rows = table->rows;

        if (!parse_line(&table->text, line, &row)) {
            table->skipped += line.len > 0;
            continue;
        }
        st = rg_grow(&rows, &table->cap, table->count + 1, sizeof(row), RG_MOUNTS_MAX);
        table->rows = rows;
        if (st == RG_OK)
            table->rows[table->count++] = row;
    }
    if (st == RG_OK)
        st = mark_hidden(table);
    if (st != RG_OK) {
        table->count = 0;
        rg_err_set(err, st == RG_ELIMIT ? "more than %d mounts" : "no memory for %d mounts",
            RG_MOUNTS_MAX);
    }
    return st;
}

bool rg_mount_has_option(const struct rg_mount *mount, const char *word)
{
    struct rg_str rest = mount->options, option;

    while (rg_str_split(&rest, ',', &option)) {
        if (rg_str_is(option, word))
            return true;
    }
    return false;
}
