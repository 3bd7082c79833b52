#include "effect_sample.h"
#include "rg/base/hash.h"

#include <errno.h>
#include <string.h>

#define MUST(call) rg_assert((call) == RG_OK)

static const char *const names[EFFECT_SAMPLE_NAMES] = {
    "stat", "status", "cmdline", "io", "comm", "maps"};

void effect_sample_init(struct effect_sample *s, uint64_t seed)
{
    *s = (struct effect_sample){.clock_ns = INT64_C(5000) * RG_NS_PER_S};
    rg_prng_init(&s->prng, seed, "effects");
    rg_buf_init(&s->list, 65536);
    rg_buf_init(&s->text, 65536);
    for (int i = 0; i < EFFECT_SAMPLE_PIDS; i++) {
        for (int j = 0; j < EFFECT_SAMPLE_NAMES; j++)
            rg_buf_init(&s->files[i][j], 65536);
    }
}

void effect_sample_finish(struct effect_sample *s)
{
    rg_buf_finish(&s->list);
    rg_buf_finish(&s->text);
    for (int i = 0; i < EFFECT_SAMPLE_PIDS; i++) {
        for (int j = 0; j < EFFECT_SAMPLE_NAMES; j++)
            rg_buf_finish(&s->files[i][j]);
    }
}

static uint64_t below(struct effect_sample *s, uint64_t bound)
{
    return rg_prng_below(&s->prng, bound);
}

/* Rewrites a file: from time to time all of it, else some of its numbers. */
static void change_file(struct effect_sample *s, struct rg_buf *file, int name)
{
    static const size_t lengths[EFFECT_SAMPLE_NAMES] = {40, 120, 8, 12, 1, 600};
    size_t tokens = below(s, 9) ? lengths[name] : below(s, 3);

    if (file->len && below(s, 6)) {
        for (size_t i = 0; i < file->len; i++) {
            if (file->data[i] >= '0' && file->data[i] <= '9' && below(s, 40) == 0)
                file->data[i] = (uint8_t)('0' + below(s, 10));
        }
        return;
    }
    rg_buf_clear(file);
    for (size_t i = 0; i < tokens; i++)
        MUST(rg_buf_printf(
            file, "%llu%c", (unsigned long long)below(s, 100000), name == 2 ? '\0' : ' '));
    if (below(s, 8) == 0)
        MUST(rg_buf_byte(file, (uint8_t)below(s, 256)));
}

/* Half of the changes end a process, half start one whose pid may have been used before. */
static void churn(struct effect_sample *s)
{
    int slot = (int)below(s, EFFECT_SAMPLE_PIDS);

    if (below(s, 2)) {
        s->pids[slot] = 0;
        for (int j = 0; j < EFFECT_SAMPLE_NAMES; j++)
            rg_buf_clear(&s->files[slot][j]);
    } else if (s->pids[slot] == 0) {
        s->pids[slot] = slot * 100000 + (int32_t)below(s, 3) + 1;
    }
}

static void give_list(struct effect_sample *s, struct rg_effect *e)
{
    for (uint64_t i = below(s, 6); i; i--)
        churn(s);
    rg_buf_clear(&s->list);
    for (int i = 0; i < EFFECT_SAMPLE_PIDS; i++) {
        if (s->pids[i])
            MUST(rg_buf_append(&s->list, &s->pids[i], sizeof(s->pids[i])));
    }
    e->kind = RG_EFFECT_LIST;
    e->content = rg_str_buf(&s->list);
}

static void fail(struct effect_sample *s, struct rg_effect *e)
{
    static const int errnums[] = {ENOENT, ESRCH, EACCES, EPERM, EIO, EMFILE};

    e->errnum = errnums[below(s, sizeof(errnums) / sizeof(errnums[0]))];
    e->status = rg_status_from_errno(e->errnum);
    e->content = (struct rg_str){0};
    e->value = 0;
    if (below(s, 10) == 0) {
        e->errnum = 0;
        e->status = RG_ETOOBIG;
    }
}

static void begin(struct effect_sample *s, struct rg_effect *e)
{
    s->clock_ns += (int64_t)below(s, 3000000);
    *e = (struct rg_effect){
        .number = ++s->number,
        .task = below(s, 12) ? 0 : (uint32_t)below(s, 4),
        .mono = {s->clock_ns},
        .wall = {INT64_C(1767225600) * RG_NS_PER_S + s->clock_ns},
    };
}

static void fill_proc(struct effect_sample *s, struct rg_effect *e)
{
    int slot = (int)below(s, EFFECT_SAMPLE_PIDS);
    int name = (int)below(s, EFFECT_SAMPLE_NAMES);
    struct rg_buf *file = &s->files[slot][name];

    e->pid = s->pids[slot] ? s->pids[slot] : slot * 100000 + 7;
    e->name = rg_str_from(names[name]);
    switch (below(s, 16)) {
    case 0:
        e->pid = 0;
        e->name = (struct rg_str){0};
        give_list(s, e);
        break;
    case 1:
        e->kind = RG_EFFECT_FDS;
        e->name = (struct rg_str){0};
        e->value = below(s, 5);
        break;
    case 2:
        e->kind = RG_EFFECT_STAT;
        e->name = RG_STR_LIT("fd");
        e->value = (uint64_t)040500 << 32 | below(s, 3);
        break;
    case 3:
        e->kind = RG_EFFECT_LINK;
        e->name = RG_STR_LIT("exe");
        e->content = below(s, 2) ? RG_STR_LIT("/usr/bin/one") : RG_STR_LIT("/usr/bin/another");
        break;
    case 4:
        e->pid = 0;
        e->kind = RG_EFFECT_HOST_READ;
        e->name = RG_STR_LIT("net/dev");
        change_file(s, &s->text, 1);
        e->content = rg_str_buf(&s->text);
        break;
    default:
        e->kind = RG_EFFECT_READ;
        if (below(s, 3) == 0)
            change_file(s, file, name);
        e->content = rg_str_buf(file);
        break;
    }
    if (below(s, 15) == 0)
        fail(s, e);
}

void effect_sample_proc(struct effect_sample *s, struct rg_effect *e)
{
    begin(s, e);
    fill_proc(s, e);
}

static void fill_output(struct effect_sample *s, struct rg_effect *e)
{
    e->kind = RG_EFFECT_OUTPUT;
    e->name = below(s, 2) ? RG_STR_LIT("payload") : RG_STR_LIT("log");
    e->detail = below(s, 2) ? RG_STR_LIT("process\nContent-Type: x") : RG_STR_LIT("sched");
    change_file(s, &s->text, (int)below(s, EFFECT_SAMPLE_NAMES));
    e->content = rg_str_buf(&s->text);
    e->reply = below(s, 3) ? (struct rg_str){0} : RG_STR_LIT("{\"ok\":true}");
}

static void fill_other(struct effect_sample *s, struct rg_effect *e)
{
    static const enum rg_effect_kind kinds[] = {RG_EFFECT_MONO, RG_EFFECT_WALL, RG_EFFECT_RANDOM,
        RG_EFFECT_MARK, RG_EFFECT_SPAWN, RG_EFFECT_END, RG_EFFECT_JOIN, RG_EFFECT_SLEEP,
        RG_EFFECT_WAIT_STOP, RG_EFFECT_MUTEX, RG_EFFECT_COND, RG_EFFECT_LOCK, RG_EFFECT_COND_WAIT,
        RG_EFFECT_FACTS, RG_EFFECT_USER, RG_EFFECT_ENV, RG_EFFECT_DOCUMENT, RG_EFFECT_DOCUMENTS,
        RG_EFFECT_FILESYSTEM, RG_EFFECT_STORAGE_GET, RG_EFFECT_STORAGE_PUT,
        RG_EFFECT_STORAGE_REMOVE, RG_EFFECT_STORAGE_LIST};

    e->kind = kinds[below(s, sizeof(kinds) / sizeof(kinds[0]))];
    e->name = below(s, 2) ? RG_STR_LIT("some-name") : (struct rg_str){0};
    e->arg = below(s, 2) ? (int64_t)rg_prng_next(&s->prng) : 0;
    e->arg2 = below(s, 4) ? 0 : (int64_t)rg_prng_next(&s->prng);
    e->value = below(s, 2) ? rg_prng_next(&s->prng) : 0;
    if (e->kind == RG_EFFECT_MONO)
        e->value &= INT64_MAX;
    e->content = below(s, 2) ? RG_STR_LIT("key=value\n") : (struct rg_str){0};
    if (below(s, 5) == 0) {
        fail(s, e);
        e->err_text = RG_STR_LIT("read /etc/x: not allowed");
    }
}

void effect_sample_next(struct effect_sample *s, struct rg_effect *e)
{
    uint64_t what = below(s, 20);

    begin(s, e);
    if (what == 0)
        fill_output(s, e);
    else if (what < 4)
        fill_other(s, e);
    else
        fill_proc(s, e);
}

static uint64_t mix_text(uint64_t h, struct rg_str s)
{
    return rg_hash_mix(rg_hash_mix(h, s.len), s.len ? rg_hash64(s.ptr, s.len) : 0);
}

void effect_print_take(const struct rg_effect *e, struct effect_print *out)
{
    uint64_t h = rg_hash_mix((uint64_t)e->task << 8 | e->kind, (uint64_t)(uint32_t)e->pid);

    h = mix_text(mix_text(mix_text(h, e->name), e->detail), e->err_text);
    h = rg_hash_mix(rg_hash_mix(h, (uint64_t)e->arg), (uint64_t)e->arg2);
    h = rg_hash_mix(rg_hash_mix(h, (uint64_t)(-(int)e->status)), (uint64_t)e->errnum);
    h = mix_text(mix_text(rg_hash_mix(h, e->value), e->content), e->reply);
    *out = (struct effect_print){e->number, e->kind, h, e->mono.ns, e->wall.ns};
}
