#include "sender.h"
#include "aggregator.h"
#include "rg/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define SOURCE       "sender"
#define WARNINGS_MAX 5 /* of one sender; what comes after is logged at debug */

struct rg_sender {
    struct rg_aggregator *aggregator;
    struct rg_sampler_entry *entry;
    char *id; /* owned */
    bool default_host_disabled;
    bool no_index;
    bool service_added;
    struct rg_buf tag_texts; /* of the check's tags and the service tag */
    struct rg_str *tags;     /* owned; into tag_texts */
    size_t tag_count, tag_cap;
    char *service; /* owned; may be NULL */
    struct rg_metric_batch batch;
    struct rg_str *scratch; /* owned: the tags of one item */
    size_t scratch_cap;
    struct rg_sender_stats stats, last_stats;
    struct rg_sampler_report report; /* since the last commit */
    uint64_t dropped_items;          /* before they reached a sampler, since the last commit */
    bool no_memory;                  /* was the reason for one of them */
    unsigned warnings;
};

enum rg_status rg_sender_open(struct rg_aggregator *aggregator, const char *check_id,
    struct rg_sender **out, struct rg_err *err)
{
    struct rg_sender *s;
    enum rg_status st;

    if (strlen(check_id) > RG_SENDER_ID_MAX) {
        rg_err_set(err, "check id longer than %d bytes", RG_SENDER_ID_MAX);
        return RG_ELIMIT;
    }
    s = rg_calloc(1, sizeof(*s));
    if (!s)
        return RG_ENOMEM;
    s->aggregator = aggregator;
    rg_buf_init(&s->batch.texts, RG_SENDER_BYTES_MAX);
    rg_buf_init(&s->tag_texts, RG_ITEM_BYTES_MAX);
    s->id = rg_memdup0(check_id, strlen(check_id));
    st = s->id ? rg_aggregator_register(aggregator, check_id, &s->entry, err) : RG_ENOMEM;
    if (st != RG_OK) {
        free(s->id);
        free(s);
        return st;
    }
    *out = s;
    return RG_OK;
}

/* Between runs a sender holds nothing: ten thousand of them wait most of the time. */
static void batch_release(struct rg_sender *s)
{
    struct rg_metric_batch *b = &s->batch;

    rg_assert(b->count == 0 && b->check_count == 0 && b->event_count == 0);
    free(b->items);
    free(b->checks);
    free(b->events);
    rg_buf_finish(&b->texts);
    *b = (struct rg_metric_batch){0};
    rg_buf_init(&b->texts, RG_SENDER_BYTES_MAX);
    free(s->scratch);
    s->scratch = NULL;
    s->scratch_cap = 0;
}

static void hand_over(struct rg_sender *s, bool commit)
{
    struct rg_wall now = rg_runtime_wall(rg_aggregator_runtime(s->aggregator));

    rg_aggregator_hand_over(s->aggregator, s->entry, &s->batch, now, commit, &s->report);
}

static bool holds_something(const struct rg_sender *s)
{
    return s->batch.count || s->batch.check_count || s->batch.event_count;
}

void rg_sender_end_run(struct rg_sender *s)
{
    if (holds_something(s))
        hand_over(s, false);
    batch_release(s);
}

/* One line for what was lost since the last commit and what was wrong with its items. */
static void report_problems(struct rg_sender *s, uint64_t losses)
{
    const struct rg_log *log = rg_aggregator_log(s->aggregator);
    const struct rg_sampler_report *r = &s->report;
    bool loud = losses || r->bad_buckets;

    if (!loud && r->rejected == 0 && r->flush_errors == 0)
        return;
    rg_log(log, loud && s->warnings < WARNINGS_MAX ? RG_LOG_WARN : RG_LOG_DEBUG, SOURCE,
        "check %s: %llu items lost, %llu bad buckets, %llu samples refused, %llu rates "
        "undefined%s%s",
        s->id, (unsigned long long)losses, (unsigned long long)r->bad_buckets,
        (unsigned long long)r->rejected, (unsigned long long)r->flush_errors,
        r->first[0] ? "; first: " : "", r->first);
    if (loud && s->warnings < WARNINGS_MAX)
        s->warnings++;
}

void rg_sender_close(struct rg_sender *s)
{
    if (!s)
        return;
    rg_sender_end_run(s);
    report_problems(s, s->dropped_items + s->report.over_limit + s->report.no_memory);
    rg_aggregator_deregister(s->aggregator, s->entry);
    rg_buf_finish(&s->tag_texts);
    rg_buf_finish(&s->batch.texts);
    free(s->tags);
    free(s->service);
    free(s->id);
    free(s);
}

void rg_sender_disable_default_hostname(struct rg_sender *s, bool disable)
{
    s->default_host_disabled = disable;
}

void rg_sender_set_no_index(struct rg_sender *s, bool no_index)
{
    s->no_index = no_index;
}

/* Builds the tags of the check anew: tags, then service when it is not NULL. */
static enum rg_status replace_tags(struct rg_sender *s, struct rg_tags tags, const char *service)
{
    size_t count = tags.count + (service ? 1 : 0);
    struct rg_str *items = NULL;
    enum rg_status st = RG_OK;
    struct rg_buf texts;
    size_t at = 0;

    if (count > RG_TAGS_MAX)
        return RG_ELIMIT;
    rg_buf_init(&texts, RG_ITEM_BYTES_MAX / 2);
    if (count) {
        items = rg_calloc(count, sizeof(*items));
        st = items ? RG_OK : RG_ENOMEM;
    }
    for (size_t i = 0; i < tags.count && st == RG_OK; i++)
        st = rg_buf_append(&texts, tags.items[i].ptr, tags.items[i].len);
    if (service && st == RG_OK)
        st = rg_buf_printf(&texts, "service:%s", service);
    if (st != RG_OK) {
        free(items);
        rg_buf_finish(&texts);
        return st == RG_ETOOBIG ? RG_ELIMIT : st;
    }
    for (size_t i = 0; i < count; i++) {
        size_t len = i < tags.count ? tags.items[i].len : texts.len - at;

        items[i] = (struct rg_str){texts.data ? (const char *)texts.data + at : "", len};
        at += len;
    }
    rg_buf_finish(&s->tag_texts);
    free(s->tags);
    s->tag_texts = texts;
    s->tags = items;
    s->tag_count = count;
    return RG_OK;
}

enum rg_status rg_sender_set_custom_tags(struct rg_sender *s, struct rg_tags tags)
{
    enum rg_status st = replace_tags(s, tags, NULL);

    if (st == RG_OK)
        s->service_added = false;
    return st;
}

enum rg_status rg_sender_set_service(struct rg_sender *s, struct rg_str service)
{
    char *copy;

    if (service.len > RG_SENDER_ID_MAX)
        return RG_ELIMIT;
    copy = rg_memdup0(service.ptr ? service.ptr : "", service.len);
    if (!copy)
        return RG_ENOMEM;
    free(s->service);
    s->service = copy;
    return RG_OK;
}

enum rg_status rg_sender_finalize_service_tag(struct rg_sender *s)
{
    enum rg_status st;

    if (s->service_added || !s->service || !s->service[0])
        return RG_OK;
    st = replace_tags(s, (struct rg_tags){s->tags, s->tag_count}, s->service);
    if (st == RG_OK)
        s->service_added = true;
    return st;
}

static void lost(struct rg_sender *s, enum rg_status why)
{
    s->stats.dropped++;
    s->dropped_items++;
    if (why == RG_ENOMEM)
        s->no_memory = true;
}

static struct rg_str host_of(const struct rg_sender *s, struct rg_str host)
{
    if (host.len || s->default_host_disabled)
        return host;
    return rg_str_from(rg_aggregator_hostname(s->aggregator));
}

/* The item's tags and the check's, in the sender's own memory: the caller's list stays as it is. */
static enum rg_status merge_tags(struct rg_sender *s, struct rg_tags tags, struct rg_tags *out)
{
    size_t own = tags.count < RG_TAGS_MAX ? tags.count : RG_TAGS_MAX;
    void *array = s->scratch;
    enum rg_status st = RG_OK;

    if (own < tags.count)
        lost(s, RG_ELIMIT);
    if (own + s->tag_count)
        st = rg_grow(&array, &s->scratch_cap, own + s->tag_count, sizeof(*s->scratch),
            (size_t)2 * RG_TAGS_MAX);
    s->scratch = array;
    if (st != RG_OK)
        return st;
    if (own)
        memcpy(s->scratch, tags.items, own * sizeof(*s->scratch));
    if (s->tag_count)
        memcpy(&s->scratch[own], s->tags, s->tag_count * sizeof(*s->scratch));
    *out = (struct rg_tags){s->scratch, own + s->tag_count};
    return RG_OK;
}

static double now_s(const struct rg_sender *s)
{
    return (double)rg_runtime_wall(rg_aggregator_runtime(s->aggregator)).ns / (double)RG_NS_PER_S;
}

/* Adds the context and the item; a full batch is handed over first. */
static void batch_add(struct rg_sender *s, struct rg_str name, struct rg_str host,
    struct rg_tags tags, struct rg_batch_item item)
{
    struct rg_metric_batch *b = &s->batch;
    struct rg_tags merged;
    void *array;
    enum rg_status st = merge_tags(s, tags, &merged);

    if (st == RG_OK) {
        merged.count = rg_tags_normalize(s->scratch, merged.count);
        if (b->count == RG_SENDER_ITEMS_MAX ||
            b->texts.len + RG_ITEM_BYTES_MAX * 2 > RG_SENDER_BYTES_MAX)
            hand_over(s, false);
        item.key_at = b->texts.len;
        st = rg_context_key_append(&b->texts, name, host_of(s, host), merged, RG_ITEM_BYTES_MAX);
    }
    if (st == RG_OK) {
        item.key_len = b->texts.len - item.key_at;
        array = b->items;
        st = rg_grow(&array, &b->cap, b->count + 1, sizeof(*b->items), RG_SENDER_ITEMS_MAX);
        b->items = array;
    }
    if (st != RG_OK)
        lost(s, st);
    else
        b->items[b->count++] = item;
}

/* The value of these depends on when they were measured; the others take the time of the commit. */
static bool wants_time(enum rg_metric_type type)
{
    return type == RG_METRIC_RATE || type == RG_METRIC_HISTORATE || type == RG_METRIC_DISTRIBUTION;
}

enum rg_status rg_sender_sample(
    struct rg_sender *s, const struct rg_sample *sample, struct rg_err *err)
{
    bool timed = sample->type == RG_METRIC_GAUGE_AT || sample->type == RG_METRIC_COUNT_AT;
    struct rg_batch_item item = {.type = sample->type,
        .value = sample->value,
        .flush_first = sample->flush_first,
        .no_index = s->no_index || sample->no_index};

    if (timed && !(sample->timestamp_s > 0 && sample->timestamp_s <= RG_TIMESTAMP_S_MAX)) {
        rg_err_set(err, "invalid timestamp");
        return RG_EINVALID;
    }
    if (timed)
        item.timestamp_s = sample->timestamp_s;
    else if (wants_time(sample->type))
        item.timestamp_s = now_s(s);
    batch_add(s, sample->name, sample->host, sample->tags, item);
    s->stats.metric_samples++;
    return RG_OK;
}

void rg_sender_histogram_bucket(struct rg_sender *s, const struct rg_histogram_bucket *bucket)
{
    const struct rg_batch_item item = {.type = RG_METRIC_DISTRIBUTION,
        .bucket = true,
        .count = bucket->value,
        .lower = bucket->lower,
        .upper = bucket->upper,
        .monotonic = bucket->monotonic,
        .flush_first = bucket->flush_first,
        .no_index = s->no_index,
        .timestamp_s = now_s(s)};

    batch_add(s, bucket->name, bucket->host, bucket->tags, item);
    s->stats.histogram_buckets++;
}

static size_t tag_bytes(struct rg_tags tags)
{
    size_t sum = 0;

    for (size_t i = 0; i < tags.count; i++)
        sum += tags.items[i].len < RG_EVENT_BYTES_MAX ? tags.items[i].len : RG_EVENT_BYTES_MAX;
    return sum;
}

static void make_room(struct rg_sender *s)
{
    if (s->batch.check_count + s->batch.event_count >= RG_SENDER_RECORDS_MAX)
        hand_over(s, false);
}

void rg_sender_service_check(struct rg_sender *s, const struct rg_service_check *check)
{
    struct rg_metric_batch *b = &s->batch;
    struct rg_service_check full = *check, *copy = NULL;
    void *array;
    enum rg_status st = merge_tags(s, check->tags, &full.tags);

    s->stats.service_checks++;
    full.host = host_of(s, check->host);
    if (full.timestamp_s == 0)
        full.timestamp_s = (int64_t)now_s(s);
    if (st == RG_OK &&
        (check->name.len > RG_EVENT_BYTES_MAX || full.host.len > RG_EVENT_BYTES_MAX ||
            check->message.len > RG_EVENT_BYTES_MAX ||
            check->name.len + full.host.len + check->message.len + tag_bytes(full.tags) >
                RG_EVENT_BYTES_MAX))
        st = RG_ELIMIT;
    if (st == RG_OK) {
        make_room(s);
        array = b->checks;
        st = rg_grow(
            &array, &b->check_cap, b->check_count + 1, sizeof(*b->checks), RG_SENDER_RECORDS_MAX);
        b->checks = array;
    }
    if (st == RG_OK)
        copy = rg_service_check_copy(&full);
    if (copy)
        b->checks[b->check_count++] = copy;
    else
        lost(s, st == RG_OK ? RG_ENOMEM : st);
}

static bool event_fits(const struct rg_event *e)
{
    const size_t sizes[] = {e->title.len, e->text.len, e->priority.len, e->host.len,
        e->alert_type.len, e->aggregation_key.len, e->source_type_name.len, e->event_type.len,
        tag_bytes(e->tags)};
    size_t left = RG_EVENT_BYTES_MAX;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        if (sizes[i] > left)
            return false;
        left -= sizes[i];
    }
    return true;
}

void rg_sender_event(struct rg_sender *s, const struct rg_event *event)
{
    struct rg_metric_batch *b = &s->batch;
    struct rg_event full = *event, *copy = NULL;
    void *array;
    enum rg_status st = merge_tags(s, event->tags, &full.tags);

    s->stats.events++;
    full.host = host_of(s, event->host);
    if (full.timestamp_s == 0)
        full.timestamp_s = (int64_t)now_s(s);
    if (st == RG_OK && !event_fits(&full))
        st = RG_ELIMIT;
    if (st == RG_OK) {
        make_room(s);
        array = b->events;
        st = rg_grow(
            &array, &b->event_cap, b->event_count + 1, sizeof(*b->events), RG_SENDER_RECORDS_MAX);
        b->events = array;
    }
    if (st == RG_OK)
        copy = rg_event_copy(&full);
    if (copy)
        b->events[b->event_count++] = copy;
    else
        lost(s, st == RG_OK ? RG_ENOMEM : st);
}

static void short_call(struct rg_sender *s, enum rg_metric_type type, const char *name,
    double value, const char *host, struct rg_tags tags)
{
    const struct rg_sample sample = {.type = type,
        .name = rg_str_from(name),
        .value = value,
        .host = rg_str_from(host),
        .tags = tags};

    rg_ignore(rg_sender_sample(s, &sample, NULL), "these types need no timestamp");
}

void rg_sender_gauge(
    struct rg_sender *s, const char *name, double value, const char *host, struct rg_tags tags)
{
    short_call(s, RG_METRIC_GAUGE, name, value, host, tags);
}

void rg_sender_rate(
    struct rg_sender *s, const char *name, double value, const char *host, struct rg_tags tags)
{
    short_call(s, RG_METRIC_RATE, name, value, host, tags);
}

void rg_sender_count(
    struct rg_sender *s, const char *name, double value, const char *host, struct rg_tags tags)
{
    short_call(s, RG_METRIC_COUNT, name, value, host, tags);
}

void rg_sender_monotonic_count(
    struct rg_sender *s, const char *name, double value, const char *host, struct rg_tags tags)
{
    short_call(s, RG_METRIC_MONOTONIC_COUNT, name, value, host, tags);
}

void rg_sender_histogram(
    struct rg_sender *s, const char *name, double value, const char *host, struct rg_tags tags)
{
    short_call(s, RG_METRIC_HISTOGRAM, name, value, host, tags);
}

enum rg_status rg_sender_commit(struct rg_sender *s, struct rg_err *err)
{
    uint64_t dropped = s->dropped_items, losses;
    bool memory;

    hand_over(s, true);
    batch_release(s);
    memory = s->no_memory || s->report.no_memory;
    losses = dropped + s->report.over_limit + s->report.no_memory;
    s->stats.dropped += s->report.over_limit + s->report.no_memory;
    report_problems(s, losses);
    s->last_stats = s->stats;
    s->stats = (struct rg_sender_stats){0};
    s->report = (struct rg_sampler_report){0};
    s->dropped_items = 0;
    s->no_memory = false;
    if (losses == 0)
        return RG_OK;
    rg_err_set(err, "check %s: %llu items lost", s->id, (unsigned long long)losses);
    return memory ? RG_ENOMEM : RG_ELIMIT;
}

struct rg_sender_stats rg_sender_last_stats(const struct rg_sender *s)
{
    return s->last_stats;
}

struct rg_sender_stats rg_sender_take_stats(struct rg_sender *s)
{
    struct rg_sender_stats taken = s->last_stats;

    s->last_stats = (struct rg_sender_stats){0};
    return taken;
}
