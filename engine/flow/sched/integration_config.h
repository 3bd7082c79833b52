/* The configuration of one integration, and its identity: digests and check ids. They have to be
 * those of upstream to the bit; no separators stand between hashed fields.
 * upstream: comp/core/autodiscovery/integration/config.go, pkg/collector/check/id/id.go */
#ifndef RG_FLOW_SCHED_INTEGRATION_CONFIG_H
#define RG_FLOW_SCHED_INTEGRATION_CONFIG_H

#include "rg/base/str.h"

/* Bytes of YAML (JSON is YAML). ptr is owned, NUL-terminated, and NULL for what is absent; an
 * empty blob that is present has a ptr. */
struct rg_blob {
    char *ptr;
    size_t len;
};

struct rg_blob_list {
    struct rg_blob *items; /* owned */
    size_t count, cap;
};

#define RG_CONFIG_ITEMS_MAX 65536 /* instances, identifiers: of one configuration */

struct rg_kube_name {
    char *name, *space; /* owned; NULL: empty */
};

struct rg_advanced_ad_identifier {
    struct rg_kube_name service, endpoints;
};

/* All is owned. A zeroed struct is empty; rg_integration_config_finish() frees. */
struct rg_integration_config {
    char *name; /* NULL: empty, as all texts here */
    struct rg_blob_list instances;
    struct rg_blob init_config;
    struct rg_blob metric_config; /* jmx_metrics */
    struct rg_blob logs_config;
    struct rg_blob_list ad_identifiers;
    struct rg_advanced_ad_identifier *advanced_ad_identifiers;
    size_t advanced_count;
    char *provider;   /* "file" */
    char *service_id; /* of resolved templates */
    char *tagger_entity;
    char *node_name;
    char *source; /* "file:conf.d/cpu.d/conf.yaml" */
    bool cluster_check;
    bool ignore_autodiscovery_tags;
    bool metrics_excluded;
    bool logs_excluded;
};

enum rg_config_filter { RG_FILTER_GLOBAL, RG_FILTER_METRICS, RG_FILTER_LOGS };

void rg_integration_config_finish(struct rg_integration_config *c);

/* Sets *blob, or adds to list, a copy. RG_ENOMEM, RG_ELIMIT: unchanged. */
RG_NODISCARD enum rg_status rg_blob_set(struct rg_blob *blob, struct rg_str bytes);
RG_NODISCARD enum rg_status rg_blob_add(struct rg_blob_list *list, struct rg_str bytes);
void rg_blob_finish(struct rg_blob *blob);
struct rg_str rg_blob_str(const struct rg_blob *blob);

bool rg_config_is_template(const struct rg_integration_config *c);
bool rg_config_is_check(const struct rg_integration_config *c); /* one that this node runs */
bool rg_config_is_logs(const struct rg_integration_config *c);
bool rg_config_has_filter(const struct rg_integration_config *c, enum rg_config_filter filter);

#define RG_DIGEST_TEXT_MAX 17

/* Hexadecimal without leading zeros. out holds RG_DIGEST_TEXT_MAX bytes. */
void rg_digest_text(uint64_t digest, char *out);

/* Order of tags does not count; instances that are no mappings, or whose tags are no list, are left
 * out (latent in upstream, and part of the digest). RG_ENOMEM only. */
RG_NODISCARD enum rg_status rg_config_digest(const struct rg_integration_config *c, uint64_t *out);

/* Over the instances as they are: order of tags counts. Goes into check ids. */
uint64_t rg_config_fast_digest(const struct rg_integration_config *c);

/* Equality as upstream has it: equal digests. */
RG_NODISCARD enum rg_status rg_config_equal(
    const struct rg_integration_config *a, const struct rg_integration_config *b, bool *out);

/* Equality of what is hashed, field by field: tells apart what only shares a digest, because
 * fields run into each other or an instance was left out. */
RG_NODISCARD enum rg_status rg_config_identical(
    const struct rg_integration_config *a, const struct rg_integration_config *b, bool *out);

/* Appends the YAML document of the configuration (check_name, init_config, instances,
 * logs_config). A blob that is no YAML is null. RG_ENOMEM, RG_ETOOBIG. */
RG_NODISCARD enum rg_status rg_config_to_yaml(
    const struct rg_integration_config *c, struct rg_buf *out);

/* Appends "<check>:<instance name>:<hash>" or "<check>:<hash>". fast_digest is that of the whole
 * configuration; the name is that of the instance, else its namespace, none if it does not decode.
 */
RG_NODISCARD enum rg_status rg_check_id(struct rg_str check, uint64_t fast_digest,
    struct rg_str instance, struct rg_str init_config, struct rg_buf *out);

/* The part before the first ':'. Borrowed from id. */
struct rg_str rg_check_id_name(struct rg_str id);

#endif
