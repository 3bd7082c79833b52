/* Drives one check sampler without a sender: samples in, committed series out. */
#ifndef RG_TESTS_SAMPLER_FIXTURE_H
#define RG_TESTS_SAMPLER_FIXTURE_H

#include "check_sampler.h"

#include <math.h>
#include <string.h>

struct sampler_fixture {
    struct rg_sampler_world world;
    struct rg_check_sampler *sampler;
    struct rg_sampler_report report;
};

static inline void sampler_fixture_init(struct sampler_fixture *f)
{
    *f = (struct sampler_fixture){0};
    rg_sampler_world_default(&f->world);
    f->sampler = rg_check_sampler_create(&f->world);
    assert_non_null(f->sampler);
}

static inline void sampler_fixture_finish(struct sampler_fixture *f)
{
    rg_check_sampler_destroy(f->sampler);
    assert_int_equal(f->world.contexts, 0);
    rg_metric_store_finish(&f->world.store);
}

static inline void take_item(struct sampler_fixture *f, const char *name, struct rg_batch_item item)
{
    struct rg_buf key;

    rg_buf_init(&key, 4096);
    assert_int_equal(
        rg_context_key_append(&key, rg_str_from(name), RG_STR_LIT("host1"), RG_NO_TAGS, 1024),
        RG_OK);
    rg_check_sampler_take(f->sampler, rg_str_buf(&key), &item, 0, &f->report);
    rg_buf_finish(&key);
}

static inline void sample(struct sampler_fixture *f, enum rg_metric_type type, const char *name,
    double value, double at_s, bool flush_first)
{
    take_item(f, name,
        (struct rg_batch_item){
            .type = type, .value = value, .timestamp_s = at_s, .flush_first = flush_first});
}

static inline void bucket(struct sampler_fixture *f, const char *name, int64_t count, double lower,
    double upper, double at_s, bool monotonic, bool flush_first)
{
    take_item(f, name,
        (struct rg_batch_item){.type = RG_METRIC_DISTRIBUTION,
            .bucket = true,
            .count = count,
            .lower = lower,
            .upper = upper,
            .timestamp_s = at_s,
            .monotonic = monotonic,
            .flush_first = flush_first});
}

/* Commits with an empty store before, so that it holds this commit's series only. */
static inline void commit(struct sampler_fixture *f, double now_s)
{
    rg_metric_store_finish(&f->world.store);
    rg_check_sampler_commit(f->sampler, now_s, &f->report);
    rg_metric_store_sort(&f->world.store);
}

static inline const struct rg_serie *find_serie(const struct sampler_fixture *f, const char *name)
{
    for (size_t i = 0; i < f->world.store.serie_count; i++) {
        const struct rg_serie *serie = &f->world.store.series[i];
        char full[256];

        snprintf(full, sizeof(full), "%.*s%s", (int)serie->context->name.len,
            serie->context->name.ptr, serie->suffix);
        if (strcmp(full, name) == 0)
            return serie;
    }
    return NULL;
}

/* One serie of that name with that value. */
static inline void expect_serie(
    const struct sampler_fixture *f, const char *name, enum rg_series_type type, double value)
{
    const struct rg_serie *serie = find_serie(f, name);

    if (!serie)
        fail_msg("no serie %s", name);
    assert_int_equal(serie->type, type);
    assert_int_equal(serie->point_count, 1);
    if (fabs(serie->first.value - value) > 1e-12)
        fail_msg("%s is %.17g, not %.17g", name, serie->first.value, value);
}

static inline void expect_count(const struct sampler_fixture *f, double value)
{
    expect_serie(f, "m", RG_SERIES_COUNT, value);
}

static inline void expect_nothing(const struct sampler_fixture *f)
{
    assert_int_equal(f->world.store.serie_count, 0);
    assert_int_equal(f->world.store.sketch_count, 0);
}

#endif
