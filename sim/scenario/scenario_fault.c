/* One item of "faults": a window, a target, which of its calls, and what happens to them. */
#include "scenario_parts.h"

#include <stdio.h>
#include <string.h>

static const char *const item_keys[] = {
    "at", "for", "procfs", "host", "storage", "sink", "runtime", "backends", NULL};
static const char *const rule_keys[] = {"call", "name", "pid", "nth", "share", "per", "errno",
    "short", "truncate", "garble", "latency", "vanish", "refuse", "step", "drift", "answer", NULL};
static const char *const answer_keys[] = {"clients", "interval", NULL};
static const char *const per_names[] = {"call", "key", "key-once", NULL};

struct fault {
    const struct scenario_doc *doc;
    struct rg_fault_rule *rule;
    struct rg_err *err;
    const struct scenario_node *effect; /* NULL until one was read */
};

/* Only "true": a fault that is switched off is one that is not there. */
static enum rg_status read_true(struct fault *f, const struct scenario_node *node)
{
    bool on = false;
    enum rg_status st = scenario_bool(f->doc, node, &on, f->err);

    if (st == RG_OK && !on)
        st = scenario_refuse(f->doc, node, f->err, "'%s' must be true", node->key);
    return st;
}

static enum rg_status read_errno(struct fault *f, const struct scenario_node *node)
{
    const char *name;
    enum rg_status st = scenario_text(f->doc, node, &name, f->err);

    if (st == RG_OK && !rg_fault_errno(rg_str_from(name), &f->rule->errnum))
        st = scenario_refuse(
            f->doc, node, f->err, "'%.64s' is not the name of an errno such as EACCES", name);
    return st;
}

static enum rg_status read_signed_duration(struct fault *f, const struct scenario_node *node)
{
    const char *text;
    struct rg_str s;
    int64_t ns;
    enum rg_status st = scenario_text(f->doc, node, &text, f->err);

    if (st != RG_OK)
        return st;
    s = rg_str_from(text[0] == '-' ? text + 1 : text);
    if (!rg_str_to_duration(s, &ns) || ns <= 0)
        return scenario_refuse(
            f->doc, node, f->err, "'%s' must be a duration such as 30s or -1h", node->key);
    f->rule->step_ns = text[0] == '-' ? -ns : ns;
    return RG_OK;
}

/* {clients: 1, interval: 2}; what is not there is 0. */
static enum rg_status read_answer(struct fault *f, const struct scenario_node *node)
{
    uint32_t *const fields[] = {&f->rule->clients, &f->rule->interval_s};
    enum rg_status st = scenario_keys(f->doc, node, "'answer'", answer_keys, f->err);

    for (size_t i = 0; i < 2 && st == RG_OK; i++) {
        const struct scenario_node *item = scenario_get(f->doc, node, answer_keys[i]);
        uint64_t number = 0;

        if (item)
            st = scenario_u64(f->doc, item, INT32_MAX, &number, f->err);
        *fields[i] = (uint32_t)number;
    }
    return st;
}

/* The effects, in the order of rule_keys from "errno" on. */
static enum rg_status read_effect(struct fault *f, const struct scenario_node *node, size_t which)
{
    static const enum rg_fault_effect effects[] = {RG_FAULT_ERRNO, RG_FAULT_SHORT,
        RG_FAULT_TRUNCATE, RG_FAULT_GARBLE, RG_FAULT_LATENCY, RG_FAULT_VANISH, RG_FAULT_REFUSE,
        RG_FAULT_STEP, RG_FAULT_DRIFT, RG_FAULT_ANSWER};

    if (f->effect)
        return scenario_refuse_key(f->doc, node, f->err,
            "a fault has one effect: '%s' and '%s' are two", f->effect->key, node->key);
    f->effect = node;
    f->rule->effect = effects[which];
    switch (f->rule->effect) {
    case RG_FAULT_ERRNO:
        return read_errno(f, node);
    case RG_FAULT_SHORT:
    case RG_FAULT_GARBLE:
        return scenario_u64(f->doc, node, INT32_MAX, &f->rule->keep, f->err);
    case RG_FAULT_LATENCY:
        return scenario_duration(f->doc, node, &f->rule->latency_ns, f->err);
    case RG_FAULT_STEP:
        return read_signed_duration(f, node);
    case RG_FAULT_DRIFT:
        return scenario_i64(f->doc, node, &f->rule->drift_ppm, f->err);
    case RG_FAULT_ANSWER:
        return read_answer(f, node);
    case RG_FAULT_TRUNCATE:
    case RG_FAULT_VANISH:
    case RG_FAULT_REFUSE:
        break;
    }
    return read_true(f, node);
}

static enum rg_status read_call(struct fault *f, const struct scenario_node *node)
{
    const char *names[RG_FAULT_CALL_COUNT + 1] = {NULL};
    size_t count = 0;
    const char *text, *near;
    enum rg_status st = scenario_text(f->doc, node, &text, f->err);

    if (st != RG_OK)
        return st;
    for (int call = RG_FAULT_ANY + 1; call < RG_FAULT_CALL_COUNT; call++) {
        const char *name = rg_fault_call_name((enum rg_fault_call)call);
        enum rg_fault_target target = rg_fault_call_target((enum rg_fault_call)call);

        if (f->rule->target != target && f->rule->target != RG_FAULT_BACKENDS)
            continue;
        names[count++] = name;
        if (strcmp(name, text) == 0) {
            f->rule->call = (enum rg_fault_call)call;
            return RG_OK;
        }
    }
    near = rg_str_nearest(rg_str_from(text), names);
    return scenario_refuse(f->doc, node, f->err, "there is no call '%.64s' here%s%s%s", text,
        near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static enum rg_status read_per(struct fault *f, const struct scenario_node *node)
{
    const char *text;
    enum rg_status st = scenario_text(f->doc, node, &text, f->err);

    if (st != RG_OK)
        return st;
    for (size_t i = 0; per_names[i]; i++) {
        if (strcmp(per_names[i], text) == 0) {
            f->rule->per = (enum rg_fault_per)i;
            return RG_OK;
        }
    }
    return scenario_refuse(
        f->doc, node, f->err, "'per' must be call, key or key-once, not '%.64s'", text);
}

static enum rg_status read_filter(struct fault *f, const struct scenario_node *node)
{
    const char *text;
    uint64_t number = 0;
    enum rg_status st;

    if (strcmp(node->key, "call") == 0)
        return read_call(f, node);
    if (strcmp(node->key, "per") == 0)
        return read_per(f, node);
    if (strcmp(node->key, "nth") == 0)
        return scenario_u64(f->doc, node, INT64_MAX, &f->rule->nth, f->err);
    if (strcmp(node->key, "share") == 0)
        return scenario_share(f->doc, node, &f->rule->share, f->err);
    if (strcmp(node->key, "pid") == 0) {
        st = scenario_u64(f->doc, node, INT32_MAX, &number, f->err);
        f->rule->pid = (int32_t)number;
        return st;
    }
    st = scenario_text(f->doc, node, &text, f->err);
    if (st == RG_OK && strlen(text) >= sizeof(f->rule->name))
        st = scenario_refuse(f->doc, node, f->err, "'name' is too long");
    if (st == RG_OK)
        snprintf(f->rule->name, sizeof(f->rule->name), "%s", text);
    return st;
}

#define EFFECTS_FROM 6 /* index of "errno" in rule_keys */

static enum rg_status read_rule(struct fault *f, const struct scenario_node *map)
{
    const struct scenario_node *node;
    enum rg_status st = scenario_keys(f->doc, map, "a fault", rule_keys, f->err);

    for (node = st == RG_OK ? scenario_first(f->doc, map) : NULL; node && st == RG_OK;
         node = scenario_next(f->doc, node)) {
        size_t i = 0;

        while (strcmp(rule_keys[i], node->key) != 0)
            i++;
        st = i < EFFECTS_FROM ? read_filter(f, node) : read_effect(f, node, i - EFFECTS_FROM);
    }
    if (st == RG_OK && !f->effect)
        st = scenario_refuse(f->doc, map, f->err,
            "the fault does nothing: one of errno, short, truncate, garble, latency, vanish, "
            "refuse, step, drift and answer is missing");
    return st;
}

static enum rg_fault_target target_of(const char *key)
{
    static const struct {
        const char *key;
        enum rg_fault_target target;
    } targets[] = {
        {"procfs", RG_FAULT_PROCFS},
        {"host", RG_FAULT_HOST},
        {"storage", RG_FAULT_STORAGE},
        {"sink", RG_FAULT_SINK},
        {"runtime", RG_FAULT_RUNTIME},
    };

    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        if (strcmp(targets[i].key, key) == 0)
            return targets[i].target;
    }
    return RG_FAULT_BACKENDS;
}

enum rg_status scenario_fault_read(const struct scenario_doc *doc, const struct scenario_node *node,
    struct rg_fault_rule *out, struct rg_err *err)
{
    struct rg_fault_rule rule = {.nth = 0};
    struct fault f = {.doc = doc, .rule = &rule, .err = err};
    const struct scenario_node *child, *target = NULL;
    enum rg_status st = scenario_keys(doc, node, "a fault", item_keys, err);

    for (child = st == RG_OK ? scenario_first(doc, node) : NULL; child && st == RG_OK;
         child = scenario_next(doc, child)) {
        if (strcmp(child->key, "at") == 0)
            st = scenario_duration(doc, child, &rule.from_ns, err);
        else if (strcmp(child->key, "for") == 0)
            st = scenario_duration(doc, child, &rule.for_ns, err);
        else if (target)
            st = scenario_refuse_key(doc, child, err,
                "a fault has one target: '%s' and '%s' are two", target->key, child->key);
        else
            target = child;
    }
    if (st == RG_OK && !target)
        st = scenario_refuse(doc, node, err,
            "the target is missing: procfs, host, storage, sink, runtime or backends");
    if (st != RG_OK)
        return st;
    rule.target = target_of(target->key);
    st = read_rule(&f, target);
    if (st == RG_OK)
        *out = rule;
    return st;
}
