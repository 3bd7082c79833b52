/* A rule that could never fire, or not as it says, is refused: it would look like a passed test. */
#include "fault_plan.h"

#include <errno.h>
#include <string.h>

#define TEXT_CALLS                                                                                 \
    (FAULT_BIT(RG_FAULT_READ) | FAULT_BIT(RG_FAULT_LINK) | FAULT_BIT(RG_FAULT_HOST_READ) |         \
        FAULT_BIT(RG_FAULT_USER) | FAULT_BIT(RG_FAULT_ENV) | FAULT_BIT(RG_FAULT_DOCUMENT) |        \
        FAULT_BIT(RG_FAULT_GET))
#define NAMELESS_CALLS                                                                             \
    (FAULT_BIT(RG_FAULT_LIST) | FAULT_BIT(RG_FAULT_FACTS) | FAULT_BIT(RG_FAULT_WALL))

/* FAULT_BIT of each call of the target. */
static uint32_t target_calls(enum rg_fault_target target)
{
    uint32_t mask = 0;

    for (int i = 1; i < RG_FAULT_CALL_COUNT; i++) {
        enum rg_fault_target t = rg_fault_call_target((enum rg_fault_call)i);

        if (t == target || (target == RG_FAULT_BACKENDS && t != RG_FAULT_RUNTIME))
            mask |= FAULT_BIT(i);
    }
    return mask;
}

static uint32_t effect_calls(const struct rg_fault_rule *rule)
{
    switch (rule->effect) {
    case RG_FAULT_ERRNO:
        return target_calls(RG_FAULT_BACKENDS) | FAULT_BIT(RG_FAULT_SPAWN) |
               (rule->errnum == ENOMEM ? FAULT_BIT(RG_FAULT_MUTEX) | FAULT_BIT(RG_FAULT_COND) : 0u);
    case RG_FAULT_SHORT:
    case RG_FAULT_TRUNCATE:
        return TEXT_CALLS | FAULT_BIT(RG_FAULT_LIST);
    case RG_FAULT_GARBLE:
        return TEXT_CALLS;
    case RG_FAULT_LATENCY:
        return target_calls(RG_FAULT_BACKENDS);
    case RG_FAULT_VANISH:
        return FAULT_PID_CALLS;
    case RG_FAULT_REFUSE:
    case RG_FAULT_ANSWER:
        return FAULT_BIT(RG_FAULT_EMIT);
    case RG_FAULT_STEP:
    case RG_FAULT_DRIFT:
        return FAULT_BIT(RG_FAULT_WALL);
    }
    return 0;
}

/* Why the argument of the effect is wrong, or NULL. */
static const char *argument_wrong(const struct rg_fault_rule *rule)
{
    switch (rule->effect) {
    case RG_FAULT_ERRNO:
        return rule->errnum > 0 ? NULL : "the errno is missing";
    case RG_FAULT_LATENCY:
        return rule->latency_ns > 0 && rule->latency_ns <= RG_FAULT_LATENCY_MAX
                   ? NULL
                   : "the latency is not between 1 ns and a day";
    case RG_FAULT_STEP:
        return rule->step_ns && rule->step_ns >= -RG_FAULT_STEP_MAX &&
                       rule->step_ns <= RG_FAULT_STEP_MAX
                   ? NULL
                   : "the step is zero or above ten years";
    case RG_FAULT_DRIFT:
        return rule->drift_ppm && rule->drift_ppm >= -RG_FAULT_DRIFT_MAX &&
                       rule->drift_ppm <= RG_FAULT_DRIFT_MAX
                   ? NULL
                   : "the drift is zero or above 500000 ppm";
    case RG_FAULT_ANSWER:
        return rule->clients <= INT32_MAX && rule->interval_s <= INT32_MAX
                   ? NULL
                   : "a number of the answer is too large";
    case RG_FAULT_SHORT:
    case RG_FAULT_TRUNCATE:
    case RG_FAULT_GARBLE:
    case RG_FAULT_VANISH:
    case RG_FAULT_REFUSE:
        return NULL;
    }
    return "there is no such effect";
}

static const char *filters_wrong(const struct rg_fault_rule *rule)
{
    if (rule->target < RG_FAULT_BACKENDS || rule->target > RG_FAULT_RUNTIME)
        return "there is no such target";
    if (rule->call < RG_FAULT_ANY || rule->call >= RG_FAULT_CALL_COUNT)
        return "there is no such call";
    if (rule->call != RG_FAULT_ANY && rule->target != rg_fault_call_target(rule->call) &&
        rule->target != RG_FAULT_BACKENDS)
        return "the call is not one of the target";
    if (!memchr(rule->name, 0, sizeof(rule->name)))
        return "the name is too long";
    if (rule->pid < 0)
        return "the pid is negative";
    if (rule->from_ns < 0 || rule->for_ns < 0)
        return "the window is negative";
    if (!(rule->share >= 0 && rule->share <= 1)) /* not a number, too */
        return "the share is not between 0 and 1";
    if (rule->per < RG_FAULT_PER_CALL || rule->per > RG_FAULT_PER_KEY_ONCE)
        return "there is no such numbering";
    if (rule->per == RG_FAULT_PER_KEY_ONCE && rule->nth)
        return "a key that is drawn once has no n-th call";
    return NULL;
}

enum rg_status fault_rule_check(struct rg_fault_rule *rule, uint32_t *calls, struct rg_err *err)
{
    const char *wrong = filters_wrong(rule);
    bool clock = rule->effect == RG_FAULT_STEP || rule->effect == RG_FAULT_DRIFT;

    if (!wrong)
        wrong = argument_wrong(rule);
    if (!wrong && clock && (rule->name[0] || rule->pid || rule->nth || rule->share > 0))
        wrong = "a change of the clock has a window and nothing else";
    if (wrong) {
        rg_err_set(err, "%s", wrong);
        return RG_EINVALID;
    }
    if (rule->call != RG_FAULT_ANY)
        rule->target = rg_fault_call_target(rule->call);
    else if (clock && rule->target == RG_FAULT_BACKENDS)
        rule->target = RG_FAULT_RUNTIME;
    *calls = effect_calls(rule) & target_calls(rule->target);
    if (rule->call != RG_FAULT_ANY)
        *calls &= FAULT_BIT(rule->call);
    if (*calls == 0) {
        rg_err_set(err, "the effect cannot spoil these calls");
        return RG_EINVALID;
    }
    if (rule->pid)
        *calls &= FAULT_PID_CALLS;
    if (rule->name[0])
        *calls &= ~NAMELESS_CALLS;
    if (*calls == 0) {
        rg_err_set(err, "these calls have no such name or pid");
        return RG_EINVALID;
    }
    return RG_OK;
}

bool fault_window_open(const struct rg_fault_rule *rule, int64_t elapsed_ns)
{
    return elapsed_ns >= rule->from_ns &&
           (rule->for_ns == 0 || elapsed_ns - rule->from_ns < rule->for_ns);
}
