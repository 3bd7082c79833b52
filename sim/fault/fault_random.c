/* Random plans. A plan that does a little of everything mostly meets the same early failure, so a
 * subset of targets and effects is drawn first and the rules are drawn from it: swarm testing
 * (Groce et al., ISSTA 2012). */
#include "fault_plan.h"
#include "rg/base/prng.h"

#include <errno.h>
#include <stdio.h>

#define TRIES      64 /* for a rule that the subset allows */
#define LATENCY_MS 8000
#define STEP_S     7200

/* What goes wrong out there, each with names that the engine asks for; "" is any. */
static const struct family {
    enum rg_fault_call call;
    const char *names[6];
} families[] = {
    {RG_FAULT_LIST, {""}},
    {RG_FAULT_READ, {"", "stat", "status", "io", "cmdline", NULL}},
    {RG_FAULT_LINK, {"", "exe", "cwd", NULL}},
    {RG_FAULT_FDS, {""}},
    {RG_FAULT_STAT, {""}},
    {RG_FAULT_HOST_READ, {"", "stat", "uptime", NULL}},
    {RG_FAULT_FACTS, {""}},
    {RG_FAULT_USER, {""}},
    {RG_FAULT_DOCUMENT, {""}},
    {RG_FAULT_GET, {""}},
    {RG_FAULT_PUT, {""}},
    {RG_FAULT_EMIT, {"", "payload", "payload", "log", "gauge", NULL}},
    {RG_FAULT_EMIT, {"payload", "rtprocess", "process", NULL}},
    {RG_FAULT_SPAWN, {""}},
    {RG_FAULT_MUTEX, {""}},
    {RG_FAULT_COND, {""}},
    {RG_FAULT_WALL, {""}},
};

static const enum rg_fault_effect effects[] = {
    RG_FAULT_ERRNO,
    RG_FAULT_SHORT,
    RG_FAULT_TRUNCATE,
    RG_FAULT_GARBLE,
    RG_FAULT_LATENCY,
    RG_FAULT_VANISH,
    RG_FAULT_REFUSE,
    RG_FAULT_STEP,
    RG_FAULT_DRIFT,
    RG_FAULT_ANSWER,
};

static const int errnos[] = {EACCES, ENOENT, EIO, ENOMEM, ESRCH, EINTR, EMFILE};
static const double shares[] = {0, 0.5, 0.2, 0.05, 0.01};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct drawing {
    struct rg_prng prng;
    uint32_t families, effects; /* masks of what the plan uses */
    int64_t for_ms;
};

static size_t below(struct drawing *d, size_t bound)
{
    return (size_t)rg_prng_below(&d->prng, bound);
}

static uint32_t subset(struct drawing *d, size_t count)
{
    uint32_t mask = 1u << below(d, count);

    return mask | ((uint32_t)rg_prng_next(&d->prng) & ((1u << count) - 1));
}

static const char *draw_name(struct drawing *d, const struct family *family)
{
    size_t count = 0;

    while (count < COUNT(family->names) && family->names[count])
        count++;
    return family->names[below(d, count)];
}

/* Half of the windows are open from the start, and half of them stay so to the end. */
static void draw_window(struct drawing *d, struct rg_fault_rule *rule)
{
    if (d->for_ms > 1 && below(d, 2))
        rule->from_ns = (int64_t)below(d, (size_t)d->for_ms) * 1000000;
    if (d->for_ms > 1 && below(d, 2))
        rule->for_ns = (1 + (int64_t)below(d, (size_t)d->for_ms / 2 + 1)) * 1000000;
}

static void draw_filter(struct drawing *d, struct rg_fault_rule *rule)
{
    bool once = rule->call == RG_FAULT_SPAWN || rule->call == RG_FAULT_MUTEX ||
                rule->call == RG_FAULT_COND || rule->call == RG_FAULT_FACTS ||
                rule->call == RG_FAULT_DOCUMENT;

    rule->share = shares[below(d, COUNT(shares))];
    rule->per = (enum rg_fault_per)below(d, 3);
    if (once || below(d, 4) == 0) { /* a run that cannot start shows little */
        rule->per = RG_FAULT_PER_CALL;
        rule->nth = 1 + below(d, once ? 8 : 40);
        rule->share = 0;
    }
}

static void draw_argument(struct drawing *d, struct rg_fault_rule *rule)
{
    bool made = rule->call == RG_FAULT_MUTEX || rule->call == RG_FAULT_COND;

    switch (rule->effect) {
    case RG_FAULT_ERRNO:
        rule->errnum = made ? ENOMEM : errnos[below(d, COUNT(errnos))];
        break;
    case RG_FAULT_SHORT:
    case RG_FAULT_GARBLE:
        rule->keep = below(d, 64);
        break;
    case RG_FAULT_LATENCY:
        rule->latency_ns = (1 + (int64_t)below(d, LATENCY_MS)) * 1000000;
        if (rule->share == 0 && rule->nth == 0)
            rule->share = 0.05; /* a world in which every call is slow does nothing else */
        break;
    case RG_FAULT_STEP:
        rule->step_ns = (1 + (int64_t)below(d, STEP_S)) * RG_NS_PER_S * (below(d, 2) ? 1 : -1);
        break;
    case RG_FAULT_DRIFT:
        rule->drift_ppm = (1 + (int64_t)below(d, 100000)) * (below(d, 2) ? 1 : -1);
        break;
    case RG_FAULT_ANSWER:
        rule->clients = (uint32_t)below(d, 3);
        rule->interval_s = (uint32_t)below(d, 6);
        break;
    case RG_FAULT_TRUNCATE:
    case RG_FAULT_VANISH:
    case RG_FAULT_REFUSE:
        break;
    }
}

/* False: the effect cannot spoil the call. */
static bool draw_rule(struct drawing *d, struct rg_fault_rule *out)
{
    size_t f = below(d, COUNT(families)), e = below(d, COUNT(effects));
    struct rg_fault_rule rule = {.call = families[f].call, .effect = effects[e]};
    struct rg_fault_rule checked;
    uint32_t calls;

    if (!(d->families & 1u << f) || !(d->effects & 1u << e))
        return false;
    rule.target = rg_fault_call_target(rule.call);
    snprintf(rule.name, sizeof(rule.name), "%s", draw_name(d, &families[f]));
    draw_window(d, &rule);
    if (rule.call != RG_FAULT_WALL)
        draw_filter(d, &rule);
    draw_argument(d, &rule);
    checked = rule;
    if (fault_rule_check(&checked, &calls, NULL) != RG_OK)
        return false;
    *out = rule;
    return true;
}

size_t rg_fault_random(uint64_t seed, int64_t for_ns, struct rg_fault_rule *rules, size_t max)
{
    struct drawing d = {.for_ms = for_ns / 1000000};
    size_t count = 0, wanted;

    if (max == 0)
        return 0;
    rg_prng_init(&d.prng, seed, "fault plan");
    wanted = 1 + below(&d, max);
    while (count == 0) { /* a subset may hold no rule at all */
        d.families = subset(&d, COUNT(families));
        d.effects = subset(&d, COUNT(effects));
        for (int i = 0; i < TRIES && count < wanted; i++)
            count += draw_rule(&d, &rules[count]);
    }
    return count;
}
