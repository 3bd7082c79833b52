#include "metric_context.h"
#include "rg/base/hash.h"
#include "rg/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define SORT_SMALL  16 /* up to this, insertion is faster than a call of qsort */
#define KEY_NUMBERS 3  /* lengths of name and host, number of tags; a length per tag follows */

static int compare_tags(const void *a, const void *b)
{
    return rg_str_cmp(*(const struct rg_str *)a, *(const struct rg_str *)b);
}

size_t rg_tags_normalize(struct rg_str *tags, size_t count)
{
    size_t kept = 0;

    if (count > SORT_SMALL) {
        qsort(tags, count, sizeof(*tags), compare_tags);
    } else {
        for (size_t i = 1; i < count; i++) {
            struct rg_str tag = tags[i];
            size_t at = i;

            for (; at > 0 && rg_str_cmp(tags[at - 1], tag) > 0; at--)
                tags[at] = tags[at - 1];
            tags[at] = tag;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || !rg_str_eq(tags[kept - 1], tags[i]))
            tags[kept++] = tags[i];
    }
    return kept;
}

static void put_u32(uint8_t **at, size_t v)
{
    uint32_t number = (uint32_t)v;

    memcpy(*at, &number, sizeof(number));
    *at += sizeof(number);
}

static void put_str(uint8_t **at, struct rg_str s)
{
    if (s.len)
        memcpy(*at, s.ptr, s.len);
    *at += s.len;
}

enum rg_status rg_context_key_append(struct rg_buf *out, struct rg_str name, struct rg_str host,
    struct rg_tags tags, size_t bytes_max)
{
    size_t numbers = (KEY_NUMBERS + tags.count) * sizeof(uint32_t);
    size_t texts = name.len;
    enum rg_status st;
    uint8_t *at;

    if (name.len > bytes_max || host.len > bytes_max - texts)
        return RG_ELIMIT;
    texts += host.len;
    for (size_t i = 0; i < tags.count; i++) {
        if (tags.items[i].len > bytes_max - texts)
            return RG_ELIMIT;
        texts += tags.items[i].len;
    }
    st = rg_buf_reserve(out, numbers + texts);
    if (st != RG_OK)
        return st;
    at = out->data + out->len;
    put_u32(&at, name.len);
    put_u32(&at, host.len);
    put_u32(&at, tags.count);
    for (size_t i = 0; i < tags.count; i++)
        put_u32(&at, tags.items[i].len);
    put_str(&at, name);
    put_str(&at, host);
    for (size_t i = 0; i < tags.count; i++)
        put_str(&at, tags.items[i]);
    out->len += numbers + texts;
    return RG_OK;
}

static uint32_t number_at(struct rg_str key, size_t i)
{
    uint32_t v;

    memcpy(&v, key.ptr + i * sizeof(v), sizeof(v));
    return v;
}

struct rg_str rg_context_key_name(struct rg_str key)
{
    size_t head = (KEY_NUMBERS + number_at(key, 2)) * sizeof(uint32_t);

    return (struct rg_str){key.ptr + head, number_at(key, 0)};
}

struct rg_context *rg_context_create(struct rg_str key, uint64_t hash)
{
    size_t tag_count = number_at(key, 2);
    size_t head = sizeof(struct rg_context) + tag_count * sizeof(struct rg_str);
    struct rg_context *c = malloc(head + key.len);
    const char *at;

    if (!c)
        return NULL;
    memcpy((char *)c + head, key.ptr, key.len);
    *c = (struct rg_context){.refs = 1,
        .hash = hash,
        .key = {(const char *)c + head, key.len},
        .tags = {NULL, tag_count}};
    at = c->key.ptr + (KEY_NUMBERS + tag_count) * sizeof(uint32_t);
    c->name = (struct rg_str){at, number_at(key, 0)};
    at += c->name.len;
    c->host = (struct rg_str){at, number_at(key, 1)};
    at += c->host.len;
    for (size_t i = 0; i < tag_count; i++) {
        c->texts[i] = (struct rg_str){at, number_at(key, KEY_NUMBERS + i)};
        at += c->texts[i].len;
    }
    c->tags.items = c->texts;
    return c;
}

void rg_context_release(struct rg_context *context)
{
    if (context && --context->refs == 0)
        free(context);
}

/* Compares a1 + a2 with b1 + b2 without joining them. */
static int compare_joined(struct rg_str a1, struct rg_str a2, struct rg_str b1, struct rg_str b2)
{
    while (a1.len + a2.len && b1.len + b2.len) {
        size_t n;
        int order;

        if (a1.len == 0) {
            a1 = a2;
            a2.len = 0;
        }
        if (b1.len == 0) {
            b1 = b2;
            b2.len = 0;
        }
        n = a1.len < b1.len ? a1.len : b1.len;
        order = memcmp(a1.ptr, b1.ptr, n);
        if (order)
            return order;
        a1 = (struct rg_str){a1.ptr + n, a1.len - n};
        b1 = (struct rg_str){b1.ptr + n, b1.len - n};
    }
    return (a1.len + a2.len > 0) - (b1.len + b2.len > 0);
}

int rg_context_compare(const struct rg_context *a, const char *a_suffix, const struct rg_context *b,
    const char *b_suffix)
{
    int order = compare_joined(a->name, rg_str_from(a_suffix), b->name, rg_str_from(b_suffix));

    if (order == 0)
        order = rg_str_cmp(a->host, b->host);
    for (size_t i = 0; order == 0 && i < a->tags.count && i < b->tags.count; i++)
        order = rg_str_cmp(a->tags.items[i], b->tags.items[i]);
    if (order == 0)
        order = (a->tags.count > b->tags.count) - (a->tags.count < b->tags.count);
    return order;
}

uint64_t rg_context_printed_key(const struct rg_context *c)
{
    uint64_t key =
        rg_murmur3_64(c->name.ptr, c->name.len) ^ rg_murmur3_64(c->host.ptr, c->host.len);

    for (size_t i = 0; i < c->tags.count; i++)
        key ^= rg_murmur3_64(c->tags.items[i].ptr, c->tags.items[i].len);
    return key;
}

/* Copies texts behind a struct: the struct, its tags, then the bytes. */
static void *copy_block(const void *from, size_t bytes, struct rg_tags *tags, size_t tags_at,
    const size_t *texts_at, size_t text_count)
{
    size_t head = bytes + tags->count * sizeof(struct rg_str);
    size_t total = head;
    struct rg_str *items;
    char *block, *at;

    for (size_t i = 0; i < text_count; i++)
        total += ((const struct rg_str *)(const void *)((const char *)from + texts_at[i]))->len;
    for (size_t i = 0; i < tags->count; i++)
        total += tags->items[i].len;
    block = malloc(total);
    if (!block)
        return NULL;
    memcpy(block, from, bytes);
    items = (struct rg_str *)(void *)(block + bytes);
    at = block + head;
    for (size_t i = 0; i < text_count + tags->count; i++) {
        struct rg_str *to = i < text_count ? (struct rg_str *)(void *)(block + texts_at[i])
                                           : &items[i - text_count];
        struct rg_str text = i < text_count ? *to : tags->items[i - text_count];

        if (text.len)
            memcpy(at, text.ptr, text.len);
        *to = (struct rg_str){at, text.len};
        at += text.len;
    }
    *(struct rg_tags *)(void *)(block + tags_at) =
        (struct rg_tags){items, rg_tags_normalize(items, tags->count)};
    return block;
}

struct rg_service_check *rg_service_check_copy(const struct rg_service_check *check)
{
    static const size_t texts[] = {offsetof(struct rg_service_check, name),
        offsetof(struct rg_service_check, host), offsetof(struct rg_service_check, message)};
    struct rg_tags tags = check->tags;

    return copy_block(check, sizeof(*check), &tags, offsetof(struct rg_service_check, tags), texts,
        sizeof(texts) / sizeof(texts[0]));
}

struct rg_event *rg_event_copy(const struct rg_event *event)
{
    static const size_t texts[] = {offsetof(struct rg_event, title),
        offsetof(struct rg_event, text), offsetof(struct rg_event, priority),
        offsetof(struct rg_event, host), offsetof(struct rg_event, alert_type),
        offsetof(struct rg_event, aggregation_key), offsetof(struct rg_event, source_type_name),
        offsetof(struct rg_event, event_type)};
    struct rg_tags tags = event->tags;

    return copy_block(event, sizeof(*event), &tags, offsetof(struct rg_event, tags), texts,
        sizeof(texts) / sizeof(texts[0]));
}
