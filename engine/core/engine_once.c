#include "check_schedule.h"
#include "engine_setup.h"

#include <string.h>

static enum rg_status hand_over(const struct rg_engine_once *once,
    const struct rg_payload_list *list, struct rg_engine_report *report, struct rg_err *err)
{
    enum rg_status st = RG_OK;

    for (size_t i = 0; i < list->count && st == RG_OK; i++) {
        struct rg_str message = {(const char *)list->items[i].bytes, list->items[i].len};

        st = once->message(once->ctx, once->check, message, err);
        report->payloads += st == RG_OK;
    }
    return st;
}

static enum rg_status wait_between(
    struct rg_runtime *rt, const struct rg_engine_once *once, int64_t interval_s, bool realtime)
{
    struct rg_mono now = rg_runtime_mono(rt);
    int64_t wait_ns = once->wait_ns;

    if (interval_s <= 0 || interval_s > RG_INTERVAL_S_MAX)
        interval_s = realtime ? RG_RTPROCESS_INTERVAL_S : RG_PROCESS_INTERVAL_S;
    if (wait_ns == 0)
        wait_ns = interval_s * RG_NS_PER_S;
    return rg_runtime_sleep_until(rt, rg_mono_after(now, wait_ns));
}

static enum rg_status run_twice(struct rg_engine_setup *s, const struct rg_backends *backends,
    struct rg_process_check *check, const struct rg_engine_once *once, bool realtime,
    struct rg_engine_report *report, struct rg_err *err)
{
    struct rg_process_run run = {.standard = true, .realtime = realtime, .no_chunking = true};
    struct rg_group_counter groups = {s->config.group_id < 0 ? 0 : (int32_t)s->config.group_id};
    struct rg_process_result result = {0};
    enum rg_status st = rg_process_check_run(check, run, &groups, &result, err);

    if (st == RG_OK)
        st = wait_between(backends->runtime, once,
            realtime ? s->config.realtime_interval_s : s->config.interval_s, realtime);
    if (st == RG_OK)
        st = rg_process_check_run(check, run, &groups, &result, err);
    if (st == RG_OK) {
        report->runs = 2;
        report->processes_seen = result.seen;
        st = hand_over(once, realtime ? &result.realtime : &result.standard, report, err);
    }
    rg_process_result_finish(&result);
    return st;
}

enum rg_status rg_engine_check_once(const struct rg_backends *backends,
    const struct rg_engine_once *once, struct rg_engine_report *out, struct rg_err *err)
{
    bool realtime = strcmp(once->check, RG_RTPROCESS_NAME) == 0;
    struct rg_engine_setup setup = {0};
    struct rg_engine_report report = {0};
    struct rg_process_check *check = NULL;
    enum rg_status st;

    if (!realtime && strcmp(once->check, RG_PROCESS_NAME) != 0) {
        rg_err_set(
            err, "there is no check '%.64s'; process and rtprocess can run once", once->check);
        return RG_ENOTFOUND;
    }
    st = rg_engine_setup_init(&setup, backends, false, err);
    if (st == RG_OK)
        st = rg_engine_setup_check(&setup, backends, &check, err);
    if (st == RG_OK)
        st = run_twice(&setup, backends, check, once, realtime, &report, err);
    if (st == RG_OK)
        *out = report;
    rg_process_check_destroy(check);
    rg_engine_setup_finish(&setup);
    return st;
}
