#include "metric_payload.h"
#include "metric_json.h"
#include "metric_protobuf.h"
#include "rg/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAYLOADS_MAX    ((size_t)1 << 20)
#define TYPE_JSON       "application/json"
#define TYPE_PROTOBUF   "application/x-protobuf"
#define SKETCHES_FOOTER "\x12" /* metadata, empty: a NUL follows */
#define FOOTER_HEAD     "]},\"internalHostname\":"

/* One kind of payload being filled. */
struct builder {
    struct rg_metric_payloads *out;
    const struct rg_payload_limits *limits;
    const char *source, *content_type;
    struct rg_str header, footer;
    size_t bytes_max;
    uint32_t points_max;
    struct rg_buf body; /* of the payload at hand; the header is in it once items > 0 */
    struct rg_buf item; /* encoded, not yet placed */
    uint64_t items;
    uint32_t points;
    enum rg_status st; /* RG_ENOMEM sticks */
};

static void builder_init(struct builder *b, struct rg_metric_payloads *out,
    const struct rg_payload_limits *limits, const char *source, const char *content_type,
    size_t bytes_max)
{
    *b = (struct builder){.out = out,
        .limits = limits,
        .source = source,
        .content_type = content_type,
        .header = {"", 0},
        .footer = {"", 0},
        .bytes_max = bytes_max,
        .points_max = UINT32_MAX};
    rg_buf_init(&b->body, bytes_max);
    rg_buf_init(&b->item, bytes_max);
}

static void lose(struct builder *b, uint64_t items, enum rg_status st)
{
    b->out->lost += items;
    if (st == RG_ENOMEM)
        b->st = RG_ENOMEM;
}

/* Ends the payload at hand and starts an empty one. */
static void builder_close(struct builder *b)
{
    struct rg_metric_payloads *out = b->out;
    void *array = out->items;
    enum rg_status st;

    if (b->items == 0)
        return;
    st = rg_buf_append(&b->body, b->footer.ptr, b->footer.len);
    if (st == RG_OK && b->body.len > b->limits->total_bytes - out->bytes)
        st = RG_ELIMIT;
    if (st == RG_OK) {
        st = rg_grow(&array, &out->cap, out->count + 1, sizeof(*out->items), PAYLOADS_MAX);
        out->items = array;
    }
    if (st != RG_OK) {
        lose(b, b->items, st);
        rg_buf_clear(&b->body);
    } else {
        out->items[out->count++] = (struct rg_forward_payload){.source = b->source,
            .content_type = b->content_type,
            .bytes = b->body.data,
            .len = b->body.len,
            .items = b->items};
        out->bytes += b->body.len;
        rg_buf_init(&b->body, b->bytes_max);
    }
    b->items = 0;
    b->points = 0;
}

static void builder_finish(struct builder *b)
{
    builder_close(b);
    rg_buf_finish(&b->body);
    rg_buf_finish(&b->item);
}

static void too_large(struct builder *b, struct rg_str name)
{
    struct rg_metric_payloads *out = b->out;

    if (out->too_large++ == 0)
        snprintf(out->first_too_large, sizeof(out->first_too_large), "%.*s",
            name.len < sizeof(out->first_too_large) ? (int)name.len : 127, name.ptr);
}

/* Places the encoded item, behind first at the start of a payload and behind next elsewhere.
 * encoded is the status of its encoding, name is what the log calls it. False: left out, counted.
 */
static bool builder_place(struct builder *b, enum rg_status encoded, uint32_t points,
    const char *first, const char *next, struct rg_str name)
{
    size_t edges = b->header.len + b->footer.len;
    const char *before = b->items ? next : first;
    enum rg_status st = encoded;

    if (st == RG_OK && edges + strlen(first) + b->item.len > b->bytes_max)
        st = RG_ETOOBIG;
    if (st == RG_ETOOBIG) {
        too_large(b, name);
        return false;
    }
    if (st == RG_OK && (b->body.len + strlen(before) + b->item.len + b->footer.len > b->bytes_max ||
                           b->points + points > b->points_max)) {
        builder_close(b);
        before = first;
    }
    if (st == RG_OK && b->items == 0) {
        rg_buf_clear(&b->body);
        st = rg_buf_append(&b->body, b->header.ptr, b->header.len);
    }
    if (st == RG_OK)
        st = rg_buf_reserve(&b->body, strlen(before) + b->item.len);
    if (st == RG_OK)
        st = rg_buf_str(&b->body, before);
    if (st == RG_OK)
        st = rg_buf_append(&b->body, b->item.data, b->item.len);
    if (st != RG_OK) {
        lose(b, 1, st);
        return false;
    }
    b->items++;
    b->points += points;
    return true;
}

static void add_serie(struct builder *b, struct rg_protobuf_scratch *scratch,
    const struct rg_serie *serie, enum rg_series_format format)
{
    for (uint32_t at = 0; at < serie->point_count; at += b->points_max) {
        uint32_t left = serie->point_count - at;
        uint32_t points = left < b->points_max ? left : b->points_max;
        enum rg_status st;

        rg_buf_clear(&b->item);
        if (format == RG_SERIES_V1)
            st = rg_serie_json(&b->item, serie, at, points);
        else
            st = rg_serie_protobuf(&b->item, scratch, serie, at, points);
        builder_place(b, st, points, "", format == RG_SERIES_V1 ? "," : "", serie->context->name);
        if (left <= b->points_max)
            break;
    }
}

static enum rg_status build_series(struct rg_metric_payloads *out, const struct rg_flush *flush,
    enum rg_series_format format, const struct rg_payload_limits *limits)
{
    bool json = format == RG_SERIES_V1;
    struct rg_protobuf_scratch scratch = {0};
    struct builder b;

    builder_init(
        &b, out, limits, RG_SOURCE_SERIES, json ? TYPE_JSON : TYPE_PROTOBUF, limits->series_bytes);
    b.points_max = limits->series_points;
    if (json) {
        b.header = RG_STR_LIT("{\"series\":[");
        b.footer = RG_STR_LIT("]}");
    }
    for (size_t i = 0; i < flush->metrics.serie_count; i++) {
        const struct rg_serie *serie = &flush->metrics.series[i];

        if (json && serie->no_index)
            out->hidden++;
        else
            add_serie(&b, &scratch, serie, format);
    }
    builder_finish(&b);
    rg_protobuf_scratch_finish(&scratch);
    return b.st;
}

static enum rg_status build_sketches(struct rg_metric_payloads *out, const struct rg_flush *flush,
    const struct rg_payload_limits *limits)
{
    struct rg_protobuf_scratch scratch = {0};
    struct builder b;

    builder_init(&b, out, limits, RG_SOURCE_SKETCHES, TYPE_PROTOBUF, limits->other_bytes);
    b.footer = (struct rg_str){SKETCHES_FOOTER, sizeof(SKETCHES_FOOTER)};
    for (size_t i = 0; i < flush->metrics.sketch_count; i++) {
        const struct rg_sketch_serie *sketch = &flush->metrics.sketches[i];

        rg_buf_clear(&b.item);
        builder_place(
            &b, rg_sketch_protobuf(&b.item, &scratch, sketch), 0, "", "", sketch->context->name);
    }
    builder_finish(&b);
    rg_protobuf_scratch_finish(&scratch);
    return b.st;
}

static enum rg_status build_checks(struct rg_metric_payloads *out, const struct rg_flush *flush,
    const struct rg_payload_limits *limits)
{
    struct builder b;

    builder_init(&b, out, limits, RG_SOURCE_SERVICE_CHECKS, TYPE_JSON, limits->other_bytes);
    b.header = RG_STR_LIT("[");
    b.footer = RG_STR_LIT("]");
    for (size_t i = 0; i < flush->check_count; i++) {
        rg_buf_clear(&b.item);
        builder_place(&b, rg_service_check_json(&b.item, flush->checks[i]), 0, "", ",",
            flush->checks[i]->name);
    }
    builder_finish(&b);
    return b.st;
}

/* Events are grouped by their source type, in order of arrival within a group. */
struct event_ref {
    const struct rg_event *event;
    size_t at;
};

static struct rg_str event_source(const struct rg_event *event)
{
    return event->source_type_name.len ? event->source_type_name : RG_STR_LIT("api");
}

static int compare_events(const void *a, const void *b)
{
    const struct event_ref *x = a, *y = b;
    int order = rg_str_cmp(event_source(x->event), event_source(y->event));

    return order ? order : (x->at > y->at) - (x->at < y->at);
}

/* Encodes one event; opening receives what starts its group, behind the end of the one before. */
static enum rg_status encode_event(
    struct builder *b, const struct rg_event *event, struct rg_buf *opening)
{
    enum rg_status st;

    rg_buf_clear(&b->item);
    rg_buf_clear(opening);
    st = rg_event_json(&b->item, event);
    if (st == RG_OK)
        st = rg_buf_str(opening, "],");
    if (st == RG_OK)
        st = rg_str_json(opening, event_source(event));
    return st == RG_OK ? rg_buf_append(opening, ":[", 3) : st; /* with its NUL */
}

static void add_events(struct builder *b, const struct event_ref *refs, size_t count)
{
    struct rg_str open = {"", 0}; /* source of the group at hand */
    struct rg_buf opening;

    rg_buf_init(&opening, b->bytes_max);
    for (size_t i = 0; i < count; i++) {
        struct rg_str source = event_source(refs[i].event);
        enum rg_status st = encode_event(b, refs[i].event, &opening);
        const char *group = st == RG_OK ? (const char *)opening.data : "  ";
        const char *next = rg_str_eq(open, source) ? "," : group;

        if (builder_place(b, st, 0, group + 2, next, refs[i].event->title))
            open = source;
    }
    rg_buf_finish(&opening);
}

static enum rg_status build_events(struct rg_metric_payloads *out, const struct rg_flush *flush,
    const struct rg_payload_limits *limits, const char *hostname)
{
    struct event_ref *refs;
    struct rg_buf footer;
    struct builder b;
    enum rg_status st;

    if (flush->event_count == 0)
        return RG_OK;
    refs = rg_calloc(flush->event_count, sizeof(*refs));
    builder_init(&b, out, limits, RG_SOURCE_EVENTS, TYPE_JSON, limits->other_bytes);
    rg_buf_init(&footer, limits->other_bytes);
    st = refs ? rg_buf_str(&footer, FOOTER_HEAD) : RG_ENOMEM;
    if (st == RG_OK)
        st = rg_str_json(&footer, rg_str_from(hostname));
    if (st == RG_OK)
        st = rg_buf_byte(&footer, '}');
    if (st == RG_OK) {
        b.header = RG_STR_LIT("{\"apiKey\":\"\",\"events\":{");
        b.footer = rg_str_buf(&footer);
        for (size_t i = 0; i < flush->event_count; i++)
            refs[i] = (struct event_ref){flush->events[i], i};
        qsort(refs, flush->event_count, sizeof(*refs), compare_events);
        add_events(&b, refs, flush->event_count);
    } else {
        lose(&b, flush->event_count, st);
    }
    builder_finish(&b);
    rg_buf_finish(&footer);
    free(refs);
    return b.st;
}

enum rg_status rg_metric_payloads_build(struct rg_metric_payloads *out,
    const struct rg_flush *flush, enum rg_series_format format,
    const struct rg_payload_limits *limits, const char *hostname)
{
    enum rg_status series, sketches, checks, events;

    rg_assert(limits->series_points > 0);
    series = build_series(out, flush, format, limits);
    sketches = build_sketches(out, flush, limits);
    checks = build_checks(out, flush, limits);
    events = build_events(out, flush, limits, hostname);
    if (series == RG_OK)
        series = sketches;
    if (series == RG_OK)
        series = checks;
    return series == RG_OK ? events : series;
}

void rg_metric_payloads_finish(struct rg_metric_payloads *payloads)
{
    for (size_t i = 0; i < payloads->count; i++)
        free(payloads->items[i].bytes);
    free(payloads->items);
    *payloads = (struct rg_metric_payloads){0};
}
