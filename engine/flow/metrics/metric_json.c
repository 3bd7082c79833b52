#include "metric_json.h"
#include "json_number.h"

#include <inttypes.h>

#define DEVICE_PREFIX "device:"

/* Appends to a buffer and remembers the first failure. */
struct writer {
    struct rg_buf *out;
    enum rg_status st;
};

static void raw(struct writer *w, const char *text)
{
    if (w->st == RG_OK)
        w->st = rg_buf_str(w->out, text);
}

static void text(struct writer *w, struct rg_str s)
{
    if (w->st == RG_OK)
        w->st = rg_str_json(w->out, s);
}

/* before is what stands in front of the value: comma, name, colon. */
static void text_field(struct writer *w, const char *before, struct rg_str s)
{
    raw(w, before);
    text(w, s);
}

static void optional_field(struct writer *w, const char *before, struct rg_str s)
{
    if (s.len)
        text_field(w, before, s);
}

static void integer(struct writer *w, const char *before, int64_t v)
{
    if (w->st == RG_OK)
        w->st = rg_buf_printf(w->out, "%s%" PRId64, before, v);
}

static void number(struct writer *w, const char *before, double v)
{
    char digits[RG_JSON_NUMBER_SIZE];
    size_t len = rg_json_number(v, digits);

    raw(w, before);
    if (w->st == RG_OK)
        w->st = rg_buf_append(w->out, digits, len);
}

bool rg_tag_is_device(struct rg_str tag)
{
    return rg_str_starts(tag, DEVICE_PREFIX);
}

struct rg_str rg_tags_device(struct rg_tags tags)
{
    struct rg_str device = {"", 0};
    size_t skip = sizeof(DEVICE_PREFIX) - 1;

    for (size_t i = 0; i < tags.count; i++) {
        if (rg_tag_is_device(tags.items[i]))
            device = (struct rg_str){tags.items[i].ptr + skip, tags.items[i].len - skip};
    }
    return device;
}

static void tag_list(struct writer *w, struct rg_tags tags, bool devices)
{
    bool comma = false;

    raw(w, ",\"tags\":[");
    for (size_t i = 0; i < tags.count; i++) {
        if (!devices && rg_tag_is_device(tags.items[i]))
            continue;
        if (comma)
            raw(w, ",");
        text(w, tags.items[i]);
        comma = true;
    }
    raw(w, "]");
}

/* A name and its suffix as one string. */
static void joined(struct writer *w, struct rg_str name, const char *suffix)
{
    text(w, name);
    if (!suffix[0] || w->st != RG_OK)
        return;
    w->out->len--; /* the closing quote moves behind the suffix, which needs no escape */
    raw(w, suffix);
    raw(w, "\"");
}

enum rg_status rg_serie_json(
    struct rg_buf *out, const struct rg_serie *serie, uint32_t first_point, uint32_t points_max)
{
    const struct rg_context *c = serie->context;
    const struct rg_point *points = rg_serie_points(serie);
    uint32_t left = serie->point_count - first_point;
    uint32_t count = left < points_max ? left : points_max;
    struct writer w = {out, RG_OK};

    raw(&w, "{\"metric\":");
    joined(&w, c->name, serie->suffix);
    raw(&w, ",\"points\":[");
    for (uint32_t i = 0; i < count; i++) {
        integer(&w, i ? ",[" : "[", (int64_t)points[first_point + i].timestamp_s);
        number(&w, ",", points[first_point + i].value);
        raw(&w, "]");
    }
    raw(&w, "]");
    tag_list(&w, c->tags, false);
    text_field(&w, ",\"host\":", c->host);
    optional_field(&w, ",\"device\":", rg_tags_device(c->tags));
    text_field(&w, ",\"type\":", rg_str_from(rg_series_type_name(serie->type)));
    raw(&w, ",\"interval\":0,\"source_type_name\":\"" RG_SOURCE_TYPE_SYSTEM "\"}");
    return w.st;
}

enum rg_status rg_sketch_json(struct rg_buf *out, const struct rg_sketch_serie *serie, bool bins)
{
    const struct rg_context *c = serie->context;
    const struct rg_sketch *s = &serie->sketch;
    struct writer w = {out, RG_OK};

    text_field(&w, "{\"metric\":", c->name);
    tag_list(&w, c->tags, true);
    text_field(&w, ",\"host\":", c->host);
    raw(&w, ",\"interval\":0,\"points\":[{\"sketch\":{\"summary\":{");
    number(&w, "\"Min\":", s->min);
    number(&w, ",\"Max\":", s->max);
    number(&w, ",\"Sum\":", s->sum);
    number(&w, ",\"Avg\":", s->avg);
    integer(&w, ",\"Cnt\":", (int64_t)s->count);
    raw(&w, "}");
    if (bins) {
        raw(&w, ",\"bins\":[");
        for (size_t i = 0; i < s->bin_count; i++) {
            integer(&w, i ? ",[" : "[", s->bins[i].key);
            integer(&w, ",", (int64_t)s->bins[i].count);
            raw(&w, "]");
        }
        raw(&w, "]");
    }
    integer(&w, "},\"ts\":", serie->timestamp_s);
    raw(&w, "}]}");
    return w.st;
}

enum rg_status rg_service_check_json(struct rg_buf *out, const struct rg_service_check *check)
{
    struct writer w = {out, RG_OK};

    text_field(&w, "{\"check\":", check->name);
    text_field(&w, ",\"host_name\":", check->host);
    integer(&w, ",\"timestamp\":", check->timestamp_s);
    integer(&w, ",\"status\":", check->status);
    text_field(&w, ",\"message\":", check->message);
    tag_list(&w, check->tags, true);
    raw(&w, "}");
    return w.st;
}

enum rg_status rg_event_json(struct rg_buf *out, const struct rg_event *event)
{
    struct writer w = {out, RG_OK};

    text_field(&w, "{\"msg_title\":", event->title);
    text_field(&w, ",\"msg_text\":", event->text);
    integer(&w, ",\"timestamp\":", event->timestamp_s);
    optional_field(&w, ",\"priority\":", event->priority);
    text_field(&w, ",\"host\":", event->host);
    if (event->tags.count)
        tag_list(&w, event->tags, true);
    optional_field(&w, ",\"alert_type\":", event->alert_type);
    optional_field(&w, ",\"aggregation_key\":", event->aggregation_key);
    optional_field(&w, ",\"source_type_name\":", event->source_type_name);
    optional_field(&w, ",\"event_type\":", event->event_type);
    raw(&w, "}");
    return w.st;
}
