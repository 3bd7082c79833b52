/* Holds calls against the rules.
 *
 * A draw is a function of (seed, rule, key, number of the call), not the next number of a stream:
 * what another rule or another key drew does not matter, so a plan stays readable when a line of it
 * changes. */
#include "fault_plan.h"
#include "rg/base/hash.h"
#include "rg/base/prng.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define GATE_EFFECTS                                                                               \
    (1u << RG_FAULT_ERRNO | 1u << RG_FAULT_LATENCY | 1u << RG_FAULT_VANISH | 1u << RG_FAULT_REFUSE)

/* The clock as one call sees it: read at most once, unless time passed in it. */
struct moment {
    bool known;
    int64_t ns;
};

int64_t fault_elapsed(struct rg_faults *f)
{
    return rg_runtime_mono(f->inner.runtime).ns - f->start_ns;
}

static int64_t at(struct rg_faults *f, struct moment *now)
{
    if (!now->known)
        *now = (struct moment){true, fault_elapsed(f)};
    return now->ns;
}

static void draw_init(struct rg_faults *f, size_t rule, uint64_t key, uint64_t number,
    const char *stream, struct rg_prng *prng)
{
    uint64_t seed = rg_hash_mix(f->options.seed, rule + 1);

    seed = rg_hash_mix(rg_hash_mix(seed, key), number);
    rg_prng_init(prng, seed, stream);
}

static bool name_matches(const struct rg_fault_rule *rule, const struct fault_call *call)
{
    return !rule->name[0] || strcmp(rule->name, call->name) == 0 ||
           (call->group && strcmp(rule->name, call->group) == 0);
}

/* Everything that needs no counting. */
static bool matches(struct rg_faults *f, const struct fault_rule *r, const struct fault_call *call,
    struct moment *now)
{
    const struct rg_fault_rule *rule = &r->rule;

    if (!(r->calls & FAULT_BIT(call->kind)) || (rule->pid && rule->pid != call->pid) ||
        !name_matches(rule, call))
        return false;
    return (rule->from_ns == 0 && rule->for_ns == 0) || fault_window_open(rule, at(f, now));
}

static uint64_t key_of(const struct rg_fault_rule *rule, const struct fault_call *call)
{
    uint64_t key = (uint64_t)call->pid;

    if (rule->per == RG_FAULT_PER_CALL)
        return 0;
    if (rule->per == RG_FAULT_PER_KEY)
        key = rg_hash_mix(key, (uint64_t)call->kind);
    if (call->group)
        key = rg_hash64_seed(call->group, strlen(call->group), key);
    return rg_hash64_seed(call->name, strlen(call->name), key);
}

/* Counts a matching call. *number is that of the call as the rule counts. */
static enum rg_status count(
    struct rg_faults *f, struct fault_rule *r, uint64_t key, uint64_t *number)
{
    uint64_t n = 0;
    enum rg_status st = RG_OK;

    pthread_mutex_lock(&f->lock);
    if (r->rule.per == RG_FAULT_PER_KEY) {
        if (r->keys.live >= RG_FAULT_KEYS_MAX)
            rg_map_clear(&r->keys);
        rg_map_get(&r->keys, key, &n);
        st = rg_map_put(&r->keys, key, ++n);
    }
    if (st == RG_OK) {
        r->matched++;
        *number = r->rule.per == RG_FAULT_PER_KEY ? n : r->matched;
    }
    pthread_mutex_unlock(&f->lock);
    return st;
}

/* A matching call that the rule chose: what its effect needs. */
struct choice {
    bool fires;
    uint64_t number;
    struct rg_prng text; /* for effects that choose places and bytes */
};

static enum rg_status choose(
    struct rg_faults *f, size_t i, const struct fault_call *call, struct choice *out)
{
    struct fault_rule *r = &f->rules[i];
    uint64_t key = key_of(&r->rule, call);
    uint64_t drawn;
    struct rg_prng prng;
    enum rg_status st = count(f, r, key, &out->number);

    if (st != RG_OK)
        return st;
    drawn = r->rule.per == RG_FAULT_PER_KEY_ONCE ? 0 : out->number;
    out->fires = r->rule.nth == 0 || r->rule.nth == out->number;
    if (out->fires && r->rule.share > 0 && r->rule.share < 1) {
        draw_init(f, i, key, drawn, "fault share", &prng);
        out->fires = (double)(rg_prng_next(&prng) >> 11) < r->rule.share * 0x1p53;
    }
    if (out->fires)
        draw_init(f, i, key, drawn, "fault text", &out->text);
    return RG_OK;
}

static void describe(char *out, size_t size, const struct fault_call *call, const char *what)
{
    char pid[16] = "";

    if (call->pid)
        snprintf(pid, sizeof(pid), "%" PRId32 "/", call->pid);
    snprintf(out, size, "%s%s%s%s%s%.192s: %s", rg_fault_call_name(call->kind),
        pid[0] || call->name[0] ? " " : "", pid, call->group ? call->group : "",
        call->group ? "/" : "", call->name, what);
    for (char *c = out; *c; c++) {
        if ((unsigned char)*c < ' ' || (unsigned char)*c == 0x7f)
            *c = '?';
    }
}

void fault_fire(struct rg_faults *f, size_t rule, const struct fault_call *call, uint64_t number,
    int64_t at_ns, const char *what)
{
    char text[RG_FAULT_TEXT_MAX];
    struct rg_fault_event event = {
        .rule = rule,
        .call = number,
        .at_ns = at_ns,
        .kind = call->kind,
        .pid = call->pid,
        .name = call->name,
        .text = text,
    };

    pthread_mutex_lock(&f->lock);
    f->rules[rule].fired++;
    pthread_mutex_unlock(&f->lock);
    if (!f->options.told)
        return;
    describe(text, sizeof(text), call, what);
    event.task = rg_runtime_self(f->inner.runtime);
    pthread_mutex_lock(&f->tell);
    f->options.told(f->options.told_ctx, &event);
    pthread_mutex_unlock(&f->tell);
}

/* The answer of a call that fails, as its contract words it: procfs with the errno alone. */
static enum rg_status answer_errno(const struct fault_call *call, int errnum, struct rg_err *err)
{
    enum rg_status st = rg_err_errno(err, errnum);
    bool narrow = call->kind == RG_FAULT_FACTS || call->kind == RG_FAULT_PUT ||
                  call->kind == RG_FAULT_EMIT || call->kind == RG_FAULT_SPAWN;

    if (rg_fault_call_target(call->kind) != RG_FAULT_PROCFS)
        rg_err_prefix(err, "%s%s%.192s", rg_fault_call_name(call->kind), call->name[0] ? " " : "",
            call->name);
    return narrow && st != RG_ENOMEM ? RG_EIO : st;
}

/* True: the process is gone. Entries whose time is over go away. */
static bool is_gone(struct rg_faults *f, int32_t pid, struct moment *now)
{
    uint64_t until = 0;
    bool gone;

    pthread_mutex_lock(&f->lock);
    gone = rg_map_get(&f->gone, (uint64_t)pid, &until);
    pthread_mutex_unlock(&f->lock);
    if (!gone || until == INT64_MAX || at(f, now) < (int64_t)until)
        return gone;
    pthread_mutex_lock(&f->lock);
    rg_map_remove(&f->gone, (uint64_t)pid, NULL);
    pthread_mutex_unlock(&f->lock);
    return false;
}

static enum rg_status vanish(
    struct rg_faults *f, const struct rg_fault_rule *rule, int32_t pid, struct rg_err *err)
{
    int64_t until = INT64_MAX;
    enum rg_status st = RG_OK; /* with too many gone already, only this call fails */

    if (rule->for_ns && rule->for_ns < INT64_MAX - rule->from_ns)
        until = rule->from_ns + rule->for_ns;
    pthread_mutex_lock(&f->lock);
    if (f->gone.live < RG_FAULT_KEYS_MAX)
        st = rg_map_put(&f->gone, (uint64_t)pid, (uint64_t)until);
    pthread_mutex_unlock(&f->lock);
    return st == RG_OK ? rg_err_errno(err, ENOENT) : rg_err_errno(err, ENOMEM);
}

static void delay(struct rg_faults *f, int64_t latency_ns)
{
    struct rg_mono until = rg_runtime_mono(f->inner.runtime);

    until.ns += latency_ns;
    rg_ignore(rg_runtime_sleep_until(f->inner.runtime, until), "a run that ends sleeps less");
}

/* What a rule that fires does to the call. RG_OK: nothing that fails it. */
static enum rg_status strike(struct rg_faults *f, size_t i, const struct fault_call *call,
    uint64_t number, struct moment *now, struct rg_err *err)
{
    const struct rg_fault_rule *rule = &f->rules[i].rule;
    char what[64];
    char text[RG_DURATION_TEXT];

    switch (rule->effect) {
    case RG_FAULT_ERRNO:
        fault_fire(f, i, call, number, at(f, now), fault_errno_text(rule->errnum, what));
        return answer_errno(call, rule->errnum, err);
    case RG_FAULT_VANISH:
        fault_fire(f, i, call, number, at(f, now), "the process is gone");
        return vanish(f, rule, call->pid, err);
    case RG_FAULT_REFUSE:
        fault_fire(f, i, call, number, at(f, now), "refused");
        rg_err_set(err, "the receiver refuses the output");
        return RG_EINVALID;
    case RG_FAULT_LATENCY:
        snprintf(what, sizeof(what), "%s late", rg_duration_text(rule->latency_ns, text));
        fault_fire(f, i, call, number, at(f, now), what);
        delay(f, rule->latency_ns);
        now->known = false;
        return RG_OK;
    case RG_FAULT_SHORT:
    case RG_FAULT_TRUNCATE:
    case RG_FAULT_GARBLE:
    case RG_FAULT_STEP:
    case RG_FAULT_DRIFT:
    case RG_FAULT_ANSWER:
        break;
    }
    return RG_OK;
}

enum rg_status fault_gate(struct rg_faults *f, const struct fault_call *call, struct rg_err *err)
{
    struct moment now = {0};

    if (f->options.before)
        f->options.before(f->options.before_ctx);
    if (!(f->gated & FAULT_BIT(call->kind)))
        return RG_OK;
    if (call->pid && is_gone(f, call->pid, &now))
        return rg_err_errno(err, ENOENT);
    for (size_t i = 0; i < f->rule_count; i++) {
        struct choice choice = {0};
        enum rg_status st = RG_OK;

        if (!(1u << f->rules[i].rule.effect & GATE_EFFECTS) ||
            !matches(f, &f->rules[i], call, &now))
            continue;
        if (choose(f, i, call, &choice) != RG_OK)
            return rg_err_errno(err, ENOMEM);
        if (choice.fires)
            st = strike(f, i, call, choice.number, &now, err);
        if (st != RG_OK)
            return st;
    }
    return RG_OK;
}

/* The length that a rule leaves of len elements. */
static size_t length_left(const struct rg_fault_rule *rule, size_t len, struct rg_prng *prng)
{
    if (rule->effect == RG_FAULT_SHORT)
        return rule->keep < len ? (size_t)rule->keep : len;
    return len > 0 ? (size_t)rg_prng_below(prng, len) : 0;
}

/* Replaces bytes, each by another one; the number of them. */
static size_t garble(const struct rg_fault_rule *rule, struct rg_buf *out, struct rg_prng *prng)
{
    size_t n = rule->keep ? (rule->keep < out->len ? (size_t)rule->keep : out->len)
                          : out->len / 16 + (out->len > 0);

    for (size_t i = 0; i < n; i++) {
        /* One place in each of n equal parts: no place is hit twice and changed back. */
        size_t from = out->len / n * i;
        uint8_t *byte = &out->data[from + (size_t)rg_prng_below(prng, out->len / n)];

        *byte = (uint8_t)(*byte + 1 + rg_prng_below(prng, 255));
    }
    return n;
}

/* One rule over one answer of *len elements. what is empty when nothing changed. */
static void spoil(const struct rg_fault_rule *rule, struct rg_buf *text, size_t *len,
    struct rg_prng *prng, char *what, size_t size)
{
    size_t before = *len;

    what[0] = '\0';
    if (rule->effect == RG_FAULT_GARBLE && text) {
        size_t n = garble(rule, text, prng);

        if (n > 0)
            snprintf(what, size, "%zu of %zu bytes garbled", n, before);
        return;
    }
    *len = length_left(rule, before, prng);
    if (*len < before)
        snprintf(what, size, "cut to %zu of %zu %s", *len, before, text ? "bytes" : "pids");
}

/* Applies the rules that spoil answers; text is NULL for a list of pids. */
static enum rg_status spoil_answer(
    struct rg_faults *f, const struct fault_call *call, struct rg_buf *text, size_t *len)
{
    struct moment now = {0};
    char what[96];

    if (!(f->spoilt & FAULT_BIT(call->kind)))
        return RG_OK;
    for (size_t i = 0; i < f->rule_count; i++) {
        const struct rg_fault_rule *rule = &f->rules[i].rule;
        struct choice choice = {0};
        enum rg_status st;

        if (1u << rule->effect & GATE_EFFECTS || !matches(f, &f->rules[i], call, &now))
            continue;
        st = choose(f, i, call, &choice);
        if (st != RG_OK)
            return st;
        if (!choice.fires)
            continue;
        spoil(rule, text, len, &choice.text, what, sizeof(what));
        if (what[0])
            fault_fire(f, i, call, choice.number, at(f, &now), what);
    }
    return RG_OK;
}

enum rg_status fault_spoil_text(struct rg_faults *f, const struct fault_call *call,
    enum rg_status st, struct rg_buf *out, struct rg_err *err)
{
    if (st != RG_OK)
        return st;
    st = spoil_answer(f, call, out, &out->len);
    if (st == RG_OK)
        return RG_OK;
    rg_buf_clear(out);
    return rg_err_errno(err, ENOMEM);
}

static void leave_out_the_gone(struct rg_faults *f, struct rg_pid_list *list)
{
    struct moment now = {0};
    size_t kept = 0;
    bool none;

    pthread_mutex_lock(&f->lock);
    none = f->gone.live == 0;
    pthread_mutex_unlock(&f->lock);
    if (none)
        return;
    for (size_t i = 0; i < list->count; i++) {
        if (!is_gone(f, list->pids[i], &now))
            list->pids[kept++] = list->pids[i];
    }
    list->count = kept;
}

enum rg_status fault_spoil_pids(struct rg_faults *f, const struct fault_call *call,
    enum rg_status st, struct rg_pid_list *out, struct rg_err *err)
{
    if (st != RG_OK)
        return st;
    leave_out_the_gone(f, out);
    st = spoil_answer(f, call, NULL, &out->count);
    return st == RG_OK ? RG_OK : rg_err_errno(err, ENOMEM);
}

/* The low seven bits first; see the encoding of protobuf. */
static enum rg_status put_varint(struct rg_buf *out, uint32_t v)
{
    enum rg_status st = RG_OK;

    for (; v >= 0x80 && st == RG_OK; v >>= 7)
        st = rg_buf_byte(out, (uint8_t)(v | 0x80));
    return st == RG_OK ? rg_buf_byte(out, (uint8_t)v) : st;
}

/* A frame of version 3, encoding 0 and type 23, whose body is ResCollector{status: {1: clients, 2:
 * interval}}. */
static enum rg_status put_answer(struct rg_buf *out, const struct rg_fault_rule *rule)
{
    static const uint8_t head[] = {3, 0, 23, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3 << 3 | 2};
    struct rg_buf status;
    enum rg_status st;

    rg_buf_init(&status, 16);
    st = rg_buf_byte(&status, 1 << 3);
    if (st == RG_OK)
        st = put_varint(&status, rule->clients);
    if (st == RG_OK)
        st = rg_buf_byte(&status, 2 << 3);
    if (st == RG_OK)
        st = put_varint(&status, rule->interval_s);
    if (st == RG_OK)
        st = rg_buf_set(out, head, sizeof(head));
    if (st == RG_OK)
        st = rg_buf_byte(out, (uint8_t)status.len);
    if (st == RG_OK)
        st = rg_buf_append(out, status.data, status.len);
    rg_buf_finish(&status);
    return st;
}

enum rg_status fault_answer(
    struct rg_faults *f, const struct fault_call *call, struct rg_buf *response)
{
    struct moment now = {0};
    char what[64];

    for (size_t i = 0; i < f->rule_count && f->spoilt & FAULT_BIT(call->kind); i++) {
        const struct rg_fault_rule *rule = &f->rules[i].rule;
        struct choice choice = {0};
        enum rg_status st;

        if (rule->effect != RG_FAULT_ANSWER || !matches(f, &f->rules[i], call, &now))
            continue;
        st = choose(f, i, call, &choice);
        if (st != RG_OK)
            return st;
        if (!choice.fires)
            continue;
        snprintf(what, sizeof(what), "answered %" PRIu32 " clients, %" PRIu32 "s", rule->clients,
            rule->interval_s);
        fault_fire(f, i, call, choice.number, at(f, &now), what);
        return put_answer(response, rule);
    }
    return RG_OK;
}
