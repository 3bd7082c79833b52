#include "effect_text.h"

#include "cli.h"

#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES ((size_t)1 << 20)

static const enum rg_effect_kind kinds[] = {
    RG_EFFECT_MONO,
    RG_EFFECT_WALL,
    RG_EFFECT_RANDOM,
    RG_EFFECT_MARK,
    RG_EFFECT_SPAWN,
    RG_EFFECT_END,
    RG_EFFECT_JOIN,
    RG_EFFECT_SLEEP,
    RG_EFFECT_WAIT_STOP,
    RG_EFFECT_MUTEX,
    RG_EFFECT_COND,
    RG_EFFECT_LOCK,
    RG_EFFECT_COND_WAIT,
    RG_EFFECT_LIST,
    RG_EFFECT_READ,
    RG_EFFECT_LINK,
    RG_EFFECT_FDS,
    RG_EFFECT_STAT,
    RG_EFFECT_HOST_READ,
    RG_EFFECT_FACTS,
    RG_EFFECT_USER,
    RG_EFFECT_ENV,
    RG_EFFECT_DOCUMENT,
    RG_EFFECT_DOCUMENTS,
    RG_EFFECT_FILESYSTEM,
    RG_EFFECT_STORAGE_GET,
    RG_EFFECT_STORAGE_PUT,
    RG_EFFECT_STORAGE_REMOVE,
    RG_EFFECT_STORAGE_LIST,
    RG_EFFECT_OUTPUT,
    0,
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]) - 1)

const enum rg_effect_kind *effect_kinds(void)
{
    return kinds;
}

bool effect_kind_parse(const char *name, enum rg_effect_kind *kind)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (strcmp(rg_effect_kind_name(kinds[i]), name) == 0) {
            *kind = kinds[i];
            return true;
        }
    }
    return false;
}

void effect_kind_refuse(const char *verb, const char *name)
{
    const char *names[KIND_COUNT + 1] = {0};
    const char *nearest;
    struct rg_buf text;

    for (size_t i = 0; i < KIND_COUNT; i++)
        names[i] = rg_effect_kind_name(kinds[i]);
    nearest = rg_str_nearest(rg_str_from(name), names);
    rg_buf_init(&text, 4096);
    fprintf(stderr, "reagent %s: --kind: unknown kind '%s'", verb,
        cli_escaped(&text, rg_str_from(name)));
    if (nearest)
        fprintf(stderr, "; did you mean '%s'?", nearest);
    fprintf(stderr, "\nThe kinds are");
    for (size_t i = 0; i < KIND_COUNT; i++)
        fprintf(stderr, "%s %s", i ? "," : "", names[i]);
    fputs(".\n", stderr);
    rg_buf_finish(&text);
}

/* Length of the UTF-8 sequence at the start of s, 0 when it is none. */
static size_t sequence_len(struct rg_str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

    if (p[0] > 0xf4 || len == 0 || len > s.len)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return len;
}

bool effect_is_text(struct rg_str s)
{
    while (s.len > 0) {
        size_t len = sequence_len(s);

        if (len == 0)
            return false;
        s.ptr += len;
        s.len -= len;
    }
    return true;
}

void effect_json(struct cli_json *json, const struct rg_effect *effect)
{
    cli_json_u64(json, "effect", effect->number);
    cli_json_u64(json, "task", effect->task);
    cli_json_text(json, "kind", rg_effect_kind_name(effect->kind));
    cli_json_i64(json, "pid", effect->pid);
    cli_json_str(json, "name", effect->name);
    cli_json_str(json, "detail", effect->detail);
    cli_json_i64(json, "arg", effect->arg);
    cli_json_i64(json, "arg2", effect->arg2);
    cli_json_text(json, "status", rg_status_name(effect->status));
    cli_json_i64(json, "errnum", effect->errnum);
    cli_json_str(json, "error", effect->err_text);
    cli_json_u64(json, "value", effect->value);
    cli_json_u64(json, "bytes", effect->content.len);
    cli_json_hash(json, "content_hash", effect->content_hash);
    cli_json_i64(json, "mono_ns", effect->mono.ns);
    cli_json_i64(json, "wall_ns", effect->wall.ns);
}

enum rg_status effect_trail_add(struct effect_trail *trail, const struct rg_effect *effect)
{
    struct rg_buf *line = &trail->lines[trail->next];

    if (line->max == 0)
        rg_buf_init(line, LINE_MAX_BYTES);
    rg_buf_clear(line);
    trail->next = (trail->next + 1) % EFFECT_TRAIL_MAX;
    if (trail->count < EFFECT_TRAIL_MAX)
        trail->count++;
    return rg_effect_describe(line, effect);
}

void effect_trail_print(const struct effect_trail *trail)
{
    for (size_t i = 0; i < trail->count; i++) {
        size_t at = (trail->next + EFFECT_TRAIL_MAX - trail->count + i) % EFFECT_TRAIL_MAX;

        printf("    %.*s\n", (int)trail->lines[at].len, (const char *)trail->lines[at].data);
    }
}

void effect_trail_finish(struct effect_trail *trail)
{
    for (size_t i = 0; i < EFFECT_TRAIL_MAX; i++)
        rg_buf_finish(&trail->lines[i]);
}
