/* One seed: the world, the run, and the invariants that hold whatever the order of the tasks and
 * whatever goes wrong. */
#include "cli.h"
#include "explore.h"
#include "rg/base/hash.h"
#include "rg/base/map.h"
#include "scenario_record.h"
#include "scenario_sink.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void explore_result_init(struct explore_result *r)
{
    *r = (struct explore_result){.numbers = {.outcome = SCENARIO_OK}};
    rg_buf_init(&r->invariant, SCENARIO_TEXT_MAX);
    rg_buf_init(&r->details, SCENARIO_TEXT_MAX);
}

void explore_result_finish(struct explore_result *r)
{
    rg_buf_finish(&r->invariant);
    rg_buf_finish(&r->details);
}

void explore_result_set(
    struct explore_result *r, enum scenario_outcome outcome, const char *fmt, ...)
{
    char text[4096];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    r->numbers.outcome = outcome;
    rg_buf_clear(&r->invariant);
    rg_ignore(rg_buf_str(&r->invariant, text), "the outcome is told without the text");
}

void explore_result_add(struct explore_result *r, const char *fmt, ...)
{
    char text[8192];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    rg_ignore(rg_buf_printf(&r->details, "%s\n", text), "the report is cut at its maximum");
}

enum rg_status explore_result_pack(const struct explore_result *r, struct rg_buf *out)
{
    const size_t lengths[2] = {r->invariant.len, r->details.len};
    enum rg_status st = rg_buf_append(out, &r->numbers, sizeof(r->numbers));

    if (st == RG_OK)
        st = rg_buf_append(out, lengths, sizeof(lengths));
    if (st == RG_OK)
        st = rg_buf_append(out, r->invariant.data, lengths[0]);
    return st == RG_OK ? rg_buf_append(out, r->details.data, lengths[1]) : st;
}

bool explore_result_unpack(struct rg_str bytes, struct explore_result *r)
{
    const size_t head = sizeof(r->numbers) + 2 * sizeof(size_t);
    size_t lengths[2];

    if (bytes.len < head)
        return false;
    memcpy(&r->numbers, bytes.ptr, sizeof(r->numbers));
    memcpy(lengths, bytes.ptr + sizeof(r->numbers), sizeof(lengths));
    if (lengths[0] > bytes.len - head || lengths[1] != bytes.len - head - lengths[0])
        return false;
    return rg_buf_append(&r->invariant, bytes.ptr + head, lengths[0]) == RG_OK &&
           rg_buf_append(&r->details, bytes.ptr + head + lengths[0], lengths[1]) == RG_OK;
}

void explore_world(const struct explore_settings *settings, uint64_t seed,
    struct rg_fault_rule *rules, struct scenario_world_options *world)
{
    *world = (struct scenario_world_options){
        .seed = settings->scenario->seed,
        .order = settings->order,
        .order_seed = seed,
        .pct_depth = settings->depth,
        .pct_steps = settings->steps,
        .no_faults = settings->faults == EXPLORE_FAULTS_NONE,
        .extra_faults = rules,
    };
    if (settings->faults != EXPLORE_FAULTS_RANDOM)
        return;
    world->seed = seed;
    world->extra_count =
        rg_fault_random(seed, settings->scenario->for_ns, rules, RG_FAULT_RANDOM_MAX);
}

/* What the sink has taken: how many messages, and whether one of them twice. */
static enum rg_status look_at_outputs(
    struct rg_sink *sink, uint64_t *payloads, struct explore_result *r)
{
    struct rg_map seen;
    enum rg_status st = RG_OK;

    rg_map_init(&seen);
    *payloads = 0;
    for (size_t i = 0; i < scenario_sink_count(sink) && st == RG_OK; i++) {
        const struct scenario_output *o = scenario_sink_at(sink, i);
        uint64_t key, before;

        if (strcmp(o->kind, "payload") != 0)
            continue;
        ++*payloads;
        key = rg_hash64_seed(o->source, strlen(o->source), 0);
        /* Equal payloads of checks are fine: two flushes may say the same. */
        if (o->id)
            key = rg_hash64_seed(o->id, strlen(o->id), key);
        else
            key = rg_hash64_seed(o->payload.data, o->payload.len, key);
        if (rg_map_get(&seen, key, &before)) {
            explore_result_set(r, SCENARIO_FAILED, "an output was taken twice");
            explore_result_add(r,
                "outputs %" PRIu64 " and %zu are the same %s message of %zu bytes", before, i,
                o->source, o->payload.len);
            break;
        }
        st = rg_map_put(&seen, key, i);
    }
    rg_map_finish(&seen);
    return st;
}

/* Each message that a check made was taken by the sink, or is counted as lost or unwanted. */
static enum rg_status look_for_lost(const struct scenario_world *world,
    const struct rg_engine_report *report, struct explore_result *r)
{
    uint64_t accounted = report->payloads + report->dropped_payloads + report->unwanted_payloads;
    uint64_t taken = 0;
    enum rg_status st = look_at_outputs(world->sink, &taken, r);

    if (st != RG_OK || r->numbers.outcome != SCENARIO_OK)
        return st;
    if (taken == report->payloads + report->checks.payloads && accounted == report->made_payloads)
        return RG_OK;
    explore_result_set(r, SCENARIO_FAILED, "an output was lost");
    explore_result_add(r,
        "checks made %" PRIu64 " messages: %" PRIu64 " sent, %" PRIu64 " dropped, %" PRIu64
        " unwanted; the sink took %" PRIu64,
        report->made_payloads, report->payloads, report->dropped_payloads,
        report->unwanted_payloads, taken);
    if (report->checks.runs)
        explore_result_add(r, "checks of conf.d: %" PRIu64 " payloads sent, %" PRIu64 " dropped",
            report->checks.payloads, report->checks.dropped_payloads);
    return RG_OK;
}

static bool expectations_count(const struct explore_settings *settings)
{
    if (settings->expect || settings->faults == EXPLORE_FAULTS_SCENARIO)
        return true;
    return settings->faults == EXPLORE_FAULTS_NONE && settings->scenario->fault_count == 0;
}

static enum rg_status look_at_expectations(const struct explore_settings *settings,
    const struct scenario_world *world, const struct rg_engine_report *report,
    struct explore_result *r, struct rg_err *err)
{
    struct scenario_result result;
    enum rg_status st;

    scenario_result_init(&result);
    st = scenario_expectations(settings->scenario, world, report, &result, err);
    if (st == RG_OK && result.numbers.outcome != SCENARIO_OK) {
        explore_result_set(r, SCENARIO_FAILED, "%.*s", (int)result.expectation.len,
            (const char *)result.expectation.data);
        rg_ignore(rg_buf_append(&r->details, result.details.data, result.details.len),
            "the report is cut at its maximum");
    }
    scenario_result_finish(&result);
    return st;
}

/* How long the faults have made it wait since the end of the run, at most: a slow intake gets each
 * message that is queued at the end, and that is not time of the engine's own. */
static int64_t waited_ns(const struct scenario_world *world, const struct scenario_world_options *o,
    const struct rg_scenario *s)
{
    int64_t sum = 0;

    for (size_t i = 0; i < world->fired_count; i++) {
        size_t at = world->fired[i].rule;
        const struct rg_fault_rule *rule =
            at < world->own_faults ? &s->faults[at] : &o->extra_faults[at - world->own_faults];

        if (rule->effect == RG_FAULT_LATENCY &&
            world->fired[i].at_ns + rule->latency_ns > s->for_ns)
            sum += rule->latency_ns;
    }
    return sum;
}

/* Of a run that ended by itself. */
static enum rg_status look_at_all(const struct explore_settings *settings,
    const struct scenario_world *world, const struct scenario_world_options *o,
    const struct rg_engine_report *report, struct explore_result *r, struct rg_err *err)
{
    int64_t over_ns = scenario_sink_elapsed_ns(world->sink) - settings->scenario->for_ns;
    enum rg_status st = look_for_lost(world, report, r);
    char text[RG_DURATION_TEXT];

    if (st == RG_OK && r->numbers.outcome == SCENARIO_OK &&
        over_ns > EXPLORE_GRACE_NS + waited_ns(world, o, settings->scenario)) {
        explore_result_set(r, SCENARIO_FAILED, "the run did not end in time");
        explore_result_add(r, "it ended %s after %s", rg_duration_text(over_ns, text),
            settings->scenario->for_text);
    }
    if (st == RG_OK && r->numbers.outcome == SCENARIO_OK && expectations_count(settings))
        st = look_at_expectations(settings, world, report, r, err);
    return st;
}

static void set_invalid(struct explore_result *r, enum rg_status st, const struct rg_err *err)
{
    explore_result_set(r, SCENARIO_INVALID, "%s", rg_err_text(err, st));
    r->numbers.code = cli_exit_for_input(st);
}

static void add_faults(const struct scenario_world *world, const struct scenario_world_options *o,
    struct explore_result *r)
{
    struct scenario_result fired;
    struct rg_buf line;

    rg_buf_init(&line, 4096);
    for (size_t i = 0; i < o->extra_count; i++) {
        rg_buf_clear(&line);
        if (rg_fault_rule_text(&o->extra_faults[i], &line) == RG_OK)
            explore_result_add(r, "drawn fault %zu: %.*s", world->own_faults + i, (int)line.len,
                (const char *)line.data);
    }
    rg_buf_finish(&line);
    scenario_result_init(&fired);
    scenario_result_fired(&fired, world);
    rg_ignore(rg_buf_append(&r->details, fired.details.data, fired.details.len),
        "the report is cut at its maximum");
    scenario_result_finish(&fired);
}

static void judge(const struct explore_settings *settings, const struct scenario_world *world,
    const struct scenario_world_options *o, const struct rg_engine_report *report,
    enum rg_status st, struct explore_result *r, struct rg_err *err)
{
    const char *deadlock = rg_sim_runtime_deadlock(world->clock);
    const char *overlap = rg_sim_runtime_overlap(world->clock);

    r->numbers.outputs = scenario_sink_count(world->sink);
    if (deadlock) {
        explore_result_set(r, SCENARIO_FAILED, "deadlock");
        explore_result_add(r, "%s", deadlock);
    } else if (overlap) {
        explore_result_set(r, SCENARIO_FAILED, "a check overlaps itself");
        explore_result_add(r, "%s", overlap);
    } else if (st != RG_OK && settings->faults == EXPLORE_FAULTS_RANDOM) {
        r->numbers.refused = true;
    } else if (st == RG_EINVALID || st == RG_ELIMIT) {
        scenario_world_locate(world, settings->scenario, err);
        set_invalid(r, st, err);
    } else if (st != RG_OK) {
        explore_result_set(r, SCENARIO_FAILED, "the run failed: %s", rg_err_text(err, st));
    } else {
        st = look_at_all(settings, world, o, report, r, err);
        if (st != RG_OK)
            set_invalid(r, st, err);
    }
}

void explore_run(const struct explore_settings *settings, uint64_t seed, struct explore_result *r)
{
    struct rg_fault_rule rules[RG_FAULT_RANDOM_MAX];
    struct scenario_world_options o;
    struct scenario_world world = {.set = NULL};
    struct rg_sim_runtime_stats stats = {.choices = 0};
    struct rg_engine_report report = {0};
    struct rg_err err = {0};
    enum rg_status st;

    explore_world(settings, seed, rules, &o);
    o.stats = &stats;
    st = scenario_world_build(&world, settings->scenario, &o, &err);
    if (st != RG_OK) {
        set_invalid(r, st, &err);
    } else {
        st = rg_engine_run(world.set, &report, &err);
        judge(settings, &world, &o, &report, st, r, &err);
        if (r->numbers.outcome != SCENARIO_OK)
            add_faults(&world, &o, r);
    }
    scenario_world_finish(&world);
    r->numbers.order_hash = stats.order_hash;
    r->numbers.steps = stats.steps;
}

void explore_keep(const struct explore_settings *settings, uint64_t seed, const char *path,
    struct explore_result *r)
{
    const struct scenario_record_options record = {.path = path, .mask = RG_MASK_STANDARD};
    struct rg_fault_rule rules[RG_FAULT_RANDOM_MAX];
    struct scenario_world_options o;
    struct rg_sim_runtime_stats stats = {.choices = 0};
    struct rg_record_summary summary = {0};
    struct rg_engine_report report = {0};
    struct rg_err err = {0};
    enum rg_status st;

    explore_world(settings, seed, rules, &o);
    o.stats = &stats;
    st = scenario_record(settings->scenario, &o, &record, &summary, &report, &err);
    r->numbers.order_hash = stats.order_hash;
    if (st != RG_OK && summary.effects == 0)
        explore_result_set(r, SCENARIO_ERROR, "%s", rg_err_text(&err, st));
}
