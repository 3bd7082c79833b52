#include "metric_protobuf.h"
#include "metric_json.h"
#include "rg/base/mem.h"

#include <stdlib.h>
#include <string.h>

#include "metric_payload.pb-c.h"

#define ITEM_TAG           0x0a /* field 1, length-delimited: series, sketches */
#define ORIGIN_HIDDEN      9
#define ORIGIN_AGENT       10
#define ORIGIN_INTEGRATION 11
#define BIN_WIDTH          UINT64_C(65535)      /* counts of upstream's bins have 16 bits ... */
#define BIN_WIDTH_WIDE     UINT64_C(0xffffffff) /* ... those of the message 32 */
#define BINS_SENT_MAX      ((size_t)RG_SKETCH_BINS_MAX * 2)

typedef Datadog__MetricPayload__MetricPayload__MetricSeries series_message;
typedef Datadog__MetricPayload__MetricPayload__MetricPoint point_message;
typedef Datadog__MetricPayload__MetricPayload__Resource resource_message;
typedef Datadog__MetricPayload__SketchPayload__Sketch sketch_message;
typedef Datadog__MetricPayload__SketchPayload__Sketch__Dogsketch dogsketch_message;

void rg_protobuf_scratch_finish(struct rg_protobuf_scratch *scratch)
{
    free(scratch->memory);
    *scratch = (struct rg_protobuf_scratch){0};
}

static enum rg_status reserve(struct rg_protobuf_scratch *s, size_t bytes)
{
    return rg_grow(&s->memory, &s->bytes, bytes, 1, SIZE_MAX / 2);
}

/* Protobuf strings are NUL-terminated here and UTF-8 everywhere: bad bytes become U+FFFD, a NUL
 * too. Returns behind the copy. */
static char *put_text(char *at, struct rg_str s)
{
    for (size_t i = 0; i < s.len;) {
        size_t n = rg_str_utf8_len((struct rg_str){s.ptr + i, s.len - i});

        if (n == 0 || s.ptr[i] == '\0') {
            memcpy(at, "\xef\xbf\xbd", 3);
            at += 3;
            i++;
            continue;
        }
        memcpy(at, s.ptr + i, n);
        at += n;
        i += n;
    }
    *at++ = '\0';
    return at;
}

/* Room that put_text may need. */
static size_t text_room(struct rg_str s)
{
    return s.len * 3 + 1;
}

static size_t context_room(const struct rg_context *c)
{
    size_t room = text_room(c->name) + RG_METRIC_SUFFIX_SIZE + 2 * text_room(c->host);

    for (size_t i = 0; i < c->tags.count; i++)
        room += text_room(c->tags.items[i]);
    return room;
}

/* Copies the tags behind at and points list at them. */
static char *put_tags(char *at, struct rg_tags tags, bool devices, char **list, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < tags.count; i++) {
        if (!devices && rg_tag_is_device(tags.items[i]))
            continue;
        list[(*count)++] = at;
        at = put_text(at, tags.items[i]);
    }
    return at;
}

static enum rg_status append_item(struct rg_buf *out, const ProtobufCMessage *message)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    size_t before = out->len;
    enum rg_status st = rg_buf_byte(out, ITEM_TAG);

    if (st == RG_OK)
        st = rg_buf_varint(out, len);
    if (st == RG_OK)
        st = rg_buf_reserve(out, len);
    if (st != RG_OK) {
        out->len = before;
        return st;
    }
    out->len += protobuf_c_message_pack(message, out->data + out->len);
    return RG_OK;
}

static Datadog__MetricPayload__MetricPayload__MetricType type_number(enum rg_series_type type)
{
    if (type == RG_SERIES_GAUGE)
        return DATADOG__METRIC_PAYLOAD__METRIC_PAYLOAD__METRIC_TYPE__GAUGE;
    return type == RG_SERIES_RATE ? DATADOG__METRIC_PAYLOAD__METRIC_PAYLOAD__METRIC_TYPE__RATE
                                  : DATADOG__METRIC_PAYLOAD__METRIC_PAYLOAD__METRIC_TYPE__COUNT;
}

/* Where the parts of one series message lie in the scratch memory. */
struct series_parts {
    point_message *points;
    point_message **point_list;
    char **tag_list;
    char *texts;
};

static enum rg_status series_layout(struct rg_protobuf_scratch *scratch, const struct rg_context *c,
    size_t points, struct series_parts *parts)
{
    size_t need = points * (sizeof(point_message) + sizeof(point_message *)) +
                  c->tags.count * sizeof(char *) + context_room(c);
    enum rg_status st = reserve(scratch, need);

    if (st != RG_OK)
        return st;
    parts->points = scratch->memory;
    parts->point_list = (point_message **)(void *)(parts->points + points);
    parts->tag_list = (char **)(void *)(parts->point_list + points);
    parts->texts = (char *)(parts->tag_list + c->tags.count);
    return RG_OK;
}

enum rg_status rg_serie_protobuf(struct rg_buf *out, struct rg_protobuf_scratch *scratch,
    const struct rg_serie *serie, uint32_t first_point, uint32_t points_max)
{
    const struct rg_context *c = serie->context;
    const struct rg_point *points = rg_serie_points(serie) + first_point;
    uint32_t left = serie->point_count - first_point;
    uint32_t count = left < points_max ? left : points_max;
    char host_word[] = "host", device_word[] = "device", system_word[] = RG_SOURCE_TYPE_SYSTEM;
    struct rg_str device = rg_tags_device(c->tags);
    series_message m;
    resource_message host_res, device_res;
    resource_message *resources[] = {&host_res, &device_res};
    Datadog__MetricPayload__Origin origin = DATADOG__METRIC_PAYLOAD__ORIGIN__INIT;
    Datadog__MetricPayload__Metadata metadata = DATADOG__METRIC_PAYLOAD__METADATA__INIT;
    struct series_parts parts;
    enum rg_status st = series_layout(scratch, c, count, &parts);
    char *at;

    if (st != RG_OK)
        return st;
    datadog__metric_payload__metric_payload__metric_series__init(&m);
    datadog__metric_payload__metric_payload__resource__init(&host_res);
    datadog__metric_payload__metric_payload__resource__init(&device_res);
    m.metric = at = parts.texts;
    at = put_text(at, c->name) - 1; /* the suffix continues the name */
    at = put_text(at, rg_str_from(serie->suffix));
    host_res.type = host_word;
    host_res.name = at;
    at = put_text(at, c->host);
    m.tags = parts.tag_list;
    at = put_tags(at, c->tags, false, m.tags, &m.n_tags);
    device_res.type = device_word;
    device_res.name = at;
    put_text(at, device);
    m.resources = resources;
    m.n_resources = device.len ? 2 : 1;
    for (uint32_t i = 0; i < count; i++) {
        parts.points[i] =
            (point_message)DATADOG__METRIC_PAYLOAD__METRIC_PAYLOAD__METRIC_POINT__INIT;
        parts.points[i].value = points[i].value;
        parts.points[i].timestamp = (int64_t)points[i].timestamp_s;
        parts.point_list[i] = &parts.points[i];
    }
    m.points = parts.point_list;
    m.n_points = count;
    m.type = type_number(serie->type);
    m.source_type_name = system_word;
    origin.metric_type = serie->no_index ? ORIGIN_HIDDEN : 0;
    origin.origin_product = ORIGIN_AGENT;
    origin.origin_category = ORIGIN_INTEGRATION;
    metadata.origin = &origin;
    m.metadata = &metadata;
    return append_item(out, &m.base);
}

static size_t split_count(const struct rg_sketch *s, uint64_t width)
{
    size_t bins = 0;

    for (size_t i = 0; i < s->bin_count; i++)
        bins += (size_t)((s->bins[i].count + width - 1) / width);
    return bins;
}

/* A bin that is fuller than width is sent as several with one key: the odd rest, then full ones. */
static void split_bins(const struct rg_sketch *s, uint64_t width, int32_t *keys, uint32_t *counts)
{
    size_t n = 0;

    for (size_t i = 0; i < s->bin_count; i++) {
        uint64_t left = s->bins[i].count;
        uint64_t part = left % width ? left % width : width;

        for (; left; left -= part, part = width) {
            keys[n] = s->bins[i].key;
            counts[n++] = (uint32_t)part;
        }
    }
}

enum rg_status rg_sketch_protobuf(
    struct rg_buf *out, struct rg_protobuf_scratch *scratch, const struct rg_sketch_serie *serie)
{
    const struct rg_context *c = serie->context;
    const struct rg_sketch *s = &serie->sketch;
    uint64_t width = split_count(s, BIN_WIDTH) <= BINS_SENT_MAX ? BIN_WIDTH : BIN_WIDTH_WIDE;
    size_t bins = split_count(s, width);
    sketch_message m;
    dogsketch_message d = DATADOG__METRIC_PAYLOAD__SKETCH_PAYLOAD__SKETCH__DOGSKETCH__INIT;
    dogsketch_message *list[] = {&d};
    enum rg_status st =
        reserve(scratch, c->tags.count * sizeof(char *) +
                             bins * (sizeof(int32_t) + sizeof(uint32_t)) + context_room(c));
    char *at;

    if (st != RG_OK)
        return st;
    datadog__metric_payload__sketch_payload__sketch__init(&m);
    m.tags = scratch->memory;
    d.k = (int32_t *)(void *)(m.tags + c->tags.count);
    d.n = (uint32_t *)(void *)(d.k + bins);
    d.n_k = d.n_n = bins;
    m.metric = at = (char *)(d.n + bins);
    at = put_text(at, c->name);
    m.host = at;
    at = put_text(at, c->host);
    put_tags(at, c->tags, true, m.tags, &m.n_tags);
    split_bins(s, width, d.k, d.n);
    d.ts = serie->timestamp_s;
    d.cnt = (int64_t)s->count;
    d.min = s->min;
    d.max = s->max;
    d.avg = s->avg;
    d.sum = s->sum;
    m.dogsketches = list;
    m.n_dogsketches = 1;
    return append_item(out, &m.base);
}
