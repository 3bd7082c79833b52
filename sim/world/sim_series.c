/* A series is a list of arithmetic runs. Each knows the sum of all values before it, so that a
 * value and an integral over time cost one binary search, whatever the time. */
#include "sim_model.h"

#include "rg/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define MILLI 1000

struct rg_sim_series_run {
    int64_t first;   /* number of the first value, from 0 */
    int64_t count;   /* >= 1 */
    int64_t value;   /* thousandths */
    int64_t step;    /* thousandths, from one value to the next */
    sim_wide before; /* sum of all values of earlier runs */
    int64_t peak;    /* largest value of earlier runs */
};

/* Takes a decimal number off *rest. */
static bool take_number(struct rg_str *rest, int64_t *milli)
{
    int64_t whole = 0;
    int64_t part = 0;
    size_t i = 0;
    size_t digits = 0;

    while (i < rest->len && rest->ptr[i] >= '0' && rest->ptr[i] <= '9') {
        whole = whole * 10 + (rest->ptr[i++] - '0');
        if (whole > RG_SIM_SERIES_VALUE_MAX)
            return false;
    }
    if (i == 0)
        return false;
    if (i < rest->len && rest->ptr[i] == '.') {
        i++;
        for (; i < rest->len && rest->ptr[i] >= '0' && rest->ptr[i] <= '9'; i++, digits++)
            part = digits < 3 ? part * 10 + (rest->ptr[i] - '0') : part;
        if (digits == 0 || digits > 3)
            return false;
        for (; digits < 3; digits++)
            part *= 10;
    }
    *milli = whole * MILLI + part;
    *rest = (struct rg_str){rest->ptr + i, rest->len - i};
    return true;
}

/* One word: A, AxN, A+BxN, A-BxN. */
static bool parse_word(struct rg_str word, struct rg_sim_series_run *run)
{
    char sign;
    int64_t more;

    *run = (struct rg_sim_series_run){.count = 1};
    if (!take_number(&word, &run->value))
        return false;
    if (word.len == 0)
        return true;
    sign = word.ptr[0];
    if (sign == '+' || sign == '-') {
        word = (struct rg_str){word.ptr + 1, word.len - 1};
        if (!take_number(&word, &run->step) || word.len == 0)
            return false;
        run->step = sign == '-' ? -run->step : run->step;
    }
    if (word.ptr[0] != 'x' || word.len == 1 || word.ptr[1] == '+' || word.ptr[1] == '-' ||
        !rg_str_to_i64((struct rg_str){word.ptr + 1, word.len - 1}, &more) || more < 0 ||
        more > RG_SIM_SERIES_COUNT_MAX)
        return false;
    run->count = more + 1;
    return true;
}

static sim_wide run_last(const struct rg_sim_series_run *run)
{
    return run->value + (sim_wide)run->step * (run->count - 1);
}

/* The first n values of a run. */
static sim_wide run_sum(const struct rg_sim_series_run *run, int64_t n)
{
    return (sim_wide)run->value * n + (sim_wide)run->step * n * (n - 1) / 2;
}

static enum rg_status append(struct rg_sim_series *s, size_t *cap, struct rg_sim_series_run run)
{
    void *runs = s->runs;
    enum rg_status st =
        rg_grow(&runs, cap, s->run_count + 1, sizeof(*s->runs), RG_SIM_SERIES_RUNS_MAX);

    s->runs = runs;
    if (st != RG_OK)
        return st;
    if (s->run_count) {
        const struct rg_sim_series_run *old = &s->runs[s->run_count - 1];
        int64_t last = (int64_t)run_last(old);

        run.first = old->first + old->count;
        run.before = old->before + run_sum(old, old->count);
        run.peak = old->peak > old->value ? old->peak : old->value;
        run.peak = run.peak > last ? run.peak : last;
    }
    s->runs[s->run_count++] = run;
    return RG_OK;
}

/* Takes "VALUE|" off *rest, if it begins with that; false when it is malformed. */
static bool take_before(struct rg_str *rest, int64_t *milli, bool *taken)
{
    const char *bar = rest->len ? memchr(rest->ptr, '|', rest->len) : NULL;
    struct rg_str head = {rest->ptr, bar ? (size_t)(bar - rest->ptr) : 0};

    *taken = bar != NULL;
    if (!bar)
        return true;
    *rest = rg_str_trim((struct rg_str){bar + 1, rest->len - head.len - 1}, " \t");
    head = rg_str_trim(head, " \t");
    return rest->len > 0 && take_number(&head, milli) && head.len == 0;
}

enum rg_status rg_sim_series_parse(
    struct rg_str text, int64_t step_ns, struct rg_sim_series *out, struct rg_err *err)
{
    struct rg_sim_series s = {.step_ns = step_ns};
    struct rg_str rest = rg_str_trim(text, " \t");
    struct rg_str word;
    size_t cap = 0;
    bool has_before;
    enum rg_status st = RG_OK;

    rg_assert(step_ns > 0);
    if (rest.len == 0) {
        rg_err_set(err, "an empty series");
        return RG_EINVALID;
    }
    if (!take_before(&rest, &s.before, &has_before)) {
        rg_err_set(err, "\"|\" stands between the value before the run and the series");
        return RG_EINVALID;
    }
    while (st == RG_OK && rg_str_split(&rest, ' ', &word)) {
        struct rg_sim_series_run run;

        if (word.len == 0)
            continue;
        if (!parse_word(word, &run) || run_last(&run) < 0 ||
            run_last(&run) > (sim_wide)RG_SIM_SERIES_VALUE_MAX * MILLI) {
            rg_err_set(err, "\"%.*s\" is no part of a series such as \"5+3x20\" or \"4x3 9\"",
                (int)(word.len < 64 ? word.len : 64), word.ptr);
            st = RG_EINVALID;
        } else {
            st = append(&s, &cap, run);
            if (st != RG_OK)
                rg_err_set(err,
                    st == RG_ELIMIT ? "a series of more than %zu words"
                                    : "no memory for a series (maximum %zu words)",
                    RG_SIM_SERIES_RUNS_MAX);
        }
    }
    if (st != RG_OK) {
        rg_sim_series_finish(&s);
        return st;
    }
    if (!has_before)
        s.before = s.runs[0].value;
    *out = s;
    return RG_OK;
}

void rg_sim_series_finish(struct rg_sim_series *series)
{
    free(series->runs);
    *series = (struct rg_sim_series){0};
}

/* The run that holds value number i >= 0; the last one for all later numbers. */
static const struct rg_sim_series_run *run_of(const struct rg_sim_series *s, int64_t i)
{
    size_t low = 0;
    size_t high = s->run_count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (s->runs[middle].first <= i)
            low = middle;
        else
            high = middle;
    }
    return &s->runs[low];
}

/* Number of the value that holds at a time, within the series. */
static int64_t index_at(const struct rg_sim_series *s, int64_t world_ns)
{
    const struct rg_sim_series_run *last = &s->runs[s->run_count - 1];
    int64_t i = world_ns > 0 ? world_ns / s->step_ns : 0;
    int64_t end = last->first + last->count - 1;

    return i < end ? i : end;
}

int64_t rg_sim_series_at(const struct rg_sim_series *series, int64_t world_ns)
{
    const struct rg_sim_series_run *run;
    int64_t i;

    if (!series->run_count)
        return 0;
    if (world_ns < 0)
        return series->before;
    i = index_at(series, world_ns);
    run = run_of(series, i);
    return run->value + run->step * (i - run->first);
}

sim_wide sim_series_integral(const struct rg_sim_series *series, int64_t world_ns)
{
    const struct rg_sim_series_run *run;
    int64_t i;
    sim_wide sum;

    if (!series->run_count)
        return 0;
    if (world_ns < 0)
        return (sim_wide)series->before * world_ns;
    i = index_at(series, world_ns);
    run = run_of(series, i);
    sum = (run->before + run_sum(run, i - run->first)) * series->step_ns;
    return sum + (sim_wide)(run->value + run->step * (i - run->first)) *
                     (world_ns - (sim_wide)i * series->step_ns);
}

int64_t rg_sim_series_sum(const struct rg_sim_series *series, int64_t from_ns, int64_t to_ns)
{
    sim_wide sum = sim_series_integral(series, to_ns) - sim_series_integral(series, from_ns);

    sum /= RG_NS_PER_S;
    return sum < INT64_MAX ? (int64_t)sum : INT64_MAX;
}

int64_t sim_series_changes(const struct rg_sim_series *series, int64_t from_ns, int64_t to_ns)
{
    bool begins;

    if (sim_series_is_constant(series))
        return 0;
    begins = from_ns < 0 && to_ns >= 0 && series->before != series->runs[0].value;
    return index_at(series, to_ns) - index_at(series, from_ns) + begins;
}

int64_t sim_series_peak(const struct rg_sim_series *series, int64_t world_ns)
{
    const struct rg_sim_series_run *run;
    int64_t now = rg_sim_series_at(series, world_ns);

    if (!series->run_count)
        return 0;
    run = run_of(series, index_at(series, world_ns));
    now = now > series->before ? now : series->before;
    if (world_ns < 0)
        return now;
    now = now > run->value ? now : run->value;
    return now > run->peak ? now : run->peak;
}

bool sim_series_is_constant(const struct rg_sim_series *series)
{
    return series->run_count == 0 ||
           (series->run_count == 1 && series->before == series->runs[0].value &&
               (series->runs[0].step == 0 || series->runs[0].count == 1));
}
