#include "cmdline_scrubber.h"
#include "rg/base/hash.h"
#include "rg/base/map.h"
#include "rg/base/mem.h"

#include <stdlib.h>

#define SEEN_MAX ((size_t)1 << 20) /* entries that outlive a run */

/* value of the map for a process that had nothing to hide; others are index + 1 */
#define HARMLESS 0u

struct rg_cmdline_scrubber {
    struct rg_scrubber *engine;
    struct rg_map seen;
    struct rg_scrub_args *hidden; /* owned */
    size_t hidden_count;
    size_t hidden_cap;
    uint32_t cycles;
};

enum rg_status rg_cmdline_scrubber_create(
    const struct rg_scrub_options *options, struct rg_cmdline_scrubber **out, struct rg_err *err)
{
    struct rg_cmdline_scrubber *s = rg_calloc(1, sizeof(*s));
    enum rg_status st;

    if (!s)
        return RG_ENOMEM;
    rg_map_init(&s->seen);
    st = rg_scrubber_create(options, &s->engine, err);
    if (st != RG_OK) {
        rg_cmdline_scrubber_destroy(s);
        return st;
    }
    *out = s;
    return RG_OK;
}

static void forget(struct rg_cmdline_scrubber *s)
{
    for (size_t i = 0; i < s->hidden_count; i++)
        rg_scrub_args_finish(&s->hidden[i]);
    s->hidden_count = 0;
    rg_map_clear(&s->seen);
}

void rg_cmdline_scrubber_destroy(struct rg_cmdline_scrubber *s)
{
    if (!s)
        return;
    forget(s);
    free(s->hidden);
    rg_map_finish(&s->seen);
    rg_scrubber_destroy(s->engine);
    free(s);
}

static uint64_t key_of(const struct rg_process *p)
{
    uint64_t key = rg_hash_mix(0, (uint64_t)(uint32_t)p->pid);

    key = rg_hash_mix(key, (uint64_t)p->stats.create_time_ms);
    return rg_hash_mix(key, p->args_hash);
}

/* Scrubs and remembers; *value is what the map holds. */
static enum rg_status first_sight(struct rg_cmdline_scrubber *s, const struct rg_process *p,
    uint64_t key, uint64_t *value, struct rg_err *err)
{
    struct rg_scrub_args result = {0};
    void *array = s->hidden;
    enum rg_status st;

    st = rg_scrubber_scrub(s->engine, p->args, p->arg_count, &result, err);
    if (st != RG_OK)
        goto fail;
    *value = HARMLESS;
    if (result.changed) {
        st = rg_grow(&array, &s->hidden_cap, s->hidden_count + 1, sizeof(*s->hidden), SIZE_MAX);
        s->hidden = array;
        if (st != RG_OK)
            goto fail;
        *value = s->hidden_count + 1;
    }
    st = rg_map_put(&s->seen, key, *value);
    if (st != RG_OK)
        goto fail;
    if (result.changed)
        s->hidden[s->hidden_count++] = result;
    else
        rg_scrub_args_finish(&result);
    return RG_OK;
fail:
    rg_scrub_args_finish(&result);
    return st;
}

enum rg_status rg_cmdline_scrubber_args(struct rg_cmdline_scrubber *s, const struct rg_process *p,
    const struct rg_str **args, size_t *count, struct rg_err *err)
{
    uint64_t key = key_of(p);
    uint64_t value;
    enum rg_status st = RG_OK;

    if (!rg_map_get(&s->seen, key, &value))
        st = first_sight(s, p, key, &value, err);
    if (st != RG_OK)
        return st;
    if (value == HARMLESS) {
        *args = p->args;
        *count = p->arg_count;
    } else {
        const struct rg_scrub_args *hidden = &s->hidden[value - 1];

        *args = hidden->args;
        *count = hidden->count;
    }
    return RG_OK;
}

void rg_cmdline_scrubber_age(struct rg_cmdline_scrubber *s)
{
    s->cycles++;
    if (s->cycles < RG_SCRUB_CACHE_CYCLES && s->seen.live < SEEN_MAX)
        return;
    s->cycles = 0;
    forget(s);
}
