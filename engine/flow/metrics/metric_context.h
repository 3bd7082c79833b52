/* A context: what tells one metric from another, name, host and tags. Two contexts are the same
 * when these texts are, whatever their hashes say. */
#ifndef RG_FLOW_METRIC_CONTEXT_H
#define RG_FLOW_METRIC_CONTEXT_H

#include "metric_item.h"

/* Sorts bytewise and drops duplicates. Returns the new count. */
size_t rg_tags_normalize(struct rg_str *tags, size_t count);

/* Appends the key of a context: lengths and texts in one run of bytes. tags are normalized.
 *   RG_ELIMIT  the texts are longer than bytes_max
 *   RG_ETOOBIG, RG_ENOMEM  as rg_buf_append; out is unchanged */
RG_NODISCARD enum rg_status rg_context_key_append(struct rg_buf *out, struct rg_str name,
    struct rg_str host, struct rg_tags tags, size_t bytes_max);

/* The metric name in such a key, borrowed from it. */
struct rg_str rg_context_key_name(struct rg_str key);

/* Immutable but for refs, which the lock of the aggregator guards. */
struct rg_context {
    uint32_t refs;
    uint64_t hash; /* of key; for tables */
    struct rg_str key;
    struct rg_str name;
    struct rg_str host;
    struct rg_tags tags;
    struct rg_str texts[]; /* of tags; the bytes of key follow */
};

/* Makes a context with one reference from a key that rg_context_key_append wrote. NULL when memory
 * is short. */
struct rg_context *rg_context_create(struct rg_str key, uint64_t hash);
void rg_context_release(struct rg_context *context); /* NULL is fine */

/* By name with suffix, host, tags. suffixes are NUL-terminated. */
int rg_context_compare(const struct rg_context *a, const char *a_suffix, const struct rg_context *b,
    const char *b_suffix);

/* The key upstream prints (pkg/aggregator/ckey): murmur3 of name, host and each tag, XORed. A name
 * that equals its host cancels there; nothing here relies on it. */
uint64_t rg_context_printed_key(const struct rg_context *context);

/* An owned copy of a service check or an event, with normalized tags, in one block: free(). NULL
 * when memory is short. */
struct rg_service_check *rg_service_check_copy(const struct rg_service_check *check);
struct rg_event *rg_event_copy(const struct rg_event *event);

#endif
