/* What the engine says of itself, as one JSON document: docs/status-format.md. The same state gives
 * the same bytes. */
#ifndef RG_CORE_STATUS_DOCUMENT_H
#define RG_CORE_STATUS_DOCUMENT_H

#include "aggregator.h"
#include "check_scheduler.h"
#include "config_files.h"
#include "forwarder.h"
#include "json_writer.h"

#define RG_STATUS_SCHEMA_VERSION 1
#define RG_STATUS_BYTES_MAX      ((size_t)48 << 20) /* of all checks; further ones are left out */
#define RG_STATUS_ERRORS_BYTES   ((size_t)8 << 20)  /* of all loading errors; likewise */
#define RG_STATUS_WARNINGS_BYTES ((size_t)16 << 10) /* of one check; further ones are left out */

struct rg_status_process {
    bool enabled;
    uint64_t runs, failed_runs, payloads, dropped_payloads;
};

/* All borrowed for the call. */
struct rg_status_sources {
    const char *version, *hostname;
    int32_t pid;
    struct rg_wall started, now;
    struct rg_mono mono; /* now */
    struct rg_collector *collector;
    size_t workers; /* of a collector that has stopped, when it did; 0: it runs */
    struct rg_check_scheduler *scheduler;
    struct rg_aggregator *aggregator;
    struct rg_forwarder *forwarder;
    struct rg_mutex *notes_lock; /* guards the two below */
    const struct rg_conf_notes *errors, *warnings;
    struct rg_status_process process;
};

/* Appends the document. RG_ENOMEM, RG_ETOOBIG as of out, which then ends somewhere. */
RG_NODISCARD enum rg_status rg_status_document(
    const struct rg_status_sources *from, struct rg_buf *out);

/* The object of one check. running_ms: since when it runs; -1: it does not. */
void rg_status_check(struct rg_json *j, const char *name, const struct rg_check *check,
    const struct rg_check_stats *stats, int64_t running_ms);

/* A list of {"name","path","text"}. */
void rg_status_notes(struct rg_json *j, const char *name, const struct rg_conf_notes *notes);

#endif
