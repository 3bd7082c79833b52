/* A rule as a line of a scenario, so that a drawn plan can be read, and kept. */
#include "fault_plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Whole milliseconds where it can be. */
static enum rg_status put_duration(
    struct rg_buf *out, const char *before, int64_t ns, const char *after)
{
    const char *sign = ns < 0 ? "-" : "";
    uint64_t size = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;

    if (size % 1000000 == 0)
        return rg_buf_printf(out, "%s%s%" PRIu64 "ms%s", before, sign, size / 1000000, after);
    return rg_buf_printf(out, "%s%s%" PRIu64 "ns%s", before, sign, size, after);
}

/* A text in single quotes, as YAML has them. */
static enum rg_status put_quoted(struct rg_buf *out, const char *text)
{
    enum rg_status st = rg_buf_str(out, "'");

    for (; *text && st == RG_OK; text++) {
        if (*text == '\'')
            st = rg_buf_str(out, "''");
        else
            st = rg_buf_byte(out, (uint8_t)*text);
    }
    return st == RG_OK ? rg_buf_str(out, "'") : st;
}

/* The shorter text, if it means the same number. */
static enum rg_status put_share(double share, struct rg_buf *out)
{
    char text[40];

    snprintf(text, sizeof(text), "%.15g", share);
    if (strtod(text, NULL) < share || strtod(text, NULL) > share)
        snprintf(text, sizeof(text), "%.17g", share);
    return rg_buf_printf(out, "share: %s, ", text);
}

static enum rg_status put_filters(const struct rg_fault_rule *rule, struct rg_buf *out)
{
    static const char *const pers[] = {"call", "key", "key-once"};
    enum rg_status st = RG_OK;

    if (rule->call != RG_FAULT_ANY)
        st = rg_buf_printf(out, "call: %s, ", rg_fault_call_name(rule->call));
    if (st == RG_OK && rule->name[0])
        st = rg_buf_str(out, "name: ");
    if (st == RG_OK && rule->name[0])
        st = put_quoted(out, rule->name);
    if (st == RG_OK && rule->name[0])
        st = rg_buf_str(out, ", ");
    if (st == RG_OK && rule->pid)
        st = rg_buf_printf(out, "pid: %" PRId32 ", ", rule->pid);
    if (st == RG_OK && rule->nth)
        st = rg_buf_printf(out, "nth: %" PRIu64 ", ", rule->nth);
    if (st == RG_OK && rule->share > 0)
        st = put_share(rule->share, out);
    if (st == RG_OK && rule->per != RG_FAULT_PER_CALL)
        st = rg_buf_printf(out, "per: %s, ", pers[rule->per]);
    return st;
}

static enum rg_status put_effect(const struct rg_fault_rule *rule, struct rg_buf *out)
{
    char text[FAULT_ERRNO_TEXT];

    switch (rule->effect) {
    case RG_FAULT_ERRNO:
        return rg_buf_printf(out, "errno: %s", fault_errno_text(rule->errnum, text));
    case RG_FAULT_SHORT:
        return rg_buf_printf(out, "short: %" PRIu64, rule->keep);
    case RG_FAULT_TRUNCATE:
        return rg_buf_str(out, "truncate: true");
    case RG_FAULT_GARBLE:
        return rg_buf_printf(out, "garble: %" PRIu64, rule->keep);
    case RG_FAULT_LATENCY:
        return put_duration(out, "latency: ", rule->latency_ns, "");
    case RG_FAULT_VANISH:
        return rg_buf_str(out, "vanish: true");
    case RG_FAULT_REFUSE:
        return rg_buf_str(out, "refuse: true");
    case RG_FAULT_STEP:
        return put_duration(out, "step: ", rule->step_ns, "");
    case RG_FAULT_DRIFT:
        return rg_buf_printf(out, "drift: %" PRId64, rule->drift_ppm);
    case RG_FAULT_ANSWER:
        return rg_buf_printf(out, "answer: {clients: %" PRIu32 ", interval: %" PRIu32 "}",
            rule->clients, rule->interval_s);
    }
    return RG_OK;
}

enum rg_status rg_fault_rule_text(const struct rg_fault_rule *rule, struct rg_buf *out)
{
    static const char *const targets[] = {
        "backends", "procfs", "host", "storage", "sink", "runtime"};
    enum rg_status st = rg_buf_str(out, "{");

    if (st == RG_OK && rule->from_ns)
        st = put_duration(out, "at: ", rule->from_ns, ", ");
    if (st == RG_OK && rule->for_ns)
        st = put_duration(out, "for: ", rule->for_ns, ", ");
    if (st == RG_OK)
        st = rg_buf_printf(out, "%s: {", targets[rule->target]);
    if (st == RG_OK)
        st = put_filters(rule, out);
    if (st == RG_OK)
        st = put_effect(rule, out);
    return st == RG_OK ? rg_buf_str(out, "}}") : st;
}
