/* Builds the messages of the process checks and encodes them, frame included. Field tables: the
 * .proto; rules: upstream's pkg/process/checks/process.go and process_rt.go.
 *
 * Texts of processes become valid UTF-8 (U+FFFD for each bad byte), as protobuf strings must be. */
#ifndef RG_FLOW_PROCESS_PAYLOAD_H
#define RG_FLOW_PROCESS_PAYLOAD_H

#include "cpu_times.h"
#include "payload_arena.h"
#include "process_model.h"
#include "rg/backend/host.h"
#include "rg/backend/sink.h"

#define RG_PAYLOAD_BYTES_MAX RG_OUTPUT_BYTES_MAX

/* One message, ready to be sent. */
struct rg_payload {
    uint8_t *bytes; /* owned: frame header and body */
    size_t len;
    size_t container_count;
};

/* The messages of one run. Zero-initialise. */
struct rg_payload_list {
    struct rg_payload *items; /* owned */
    size_t count;
    size_t cap;
};

void rg_payload_list_finish(struct rg_payload_list *list);
uint64_t rg_payload_list_bytes(const struct rg_payload_list *list);

/* What every message says about the host. Borrowed while a builder lives. */
struct rg_payload_host {
    const char *hostname;
    const char *network_id;
    const struct rg_host_facts *facts;
    int32_t cpu_entries;         /* processors that cpuinfo lists: NumCpus */
    int32_t container_host_type; /* ContainerHostType of the .proto */
};

/* One process of a standard message. Everything is borrowed for the call. */
struct rg_payload_process {
    const struct rg_process *process;
    const struct rg_str *args; /* scrubbed */
    size_t arg_count;
    struct rg_str user;
    struct rg_str container_id;
    struct rg_process_cpu cpu;
    struct rg_process_io io;
};

/* One process of a real-time message. */
struct rg_payload_stat {
    const struct rg_process *process; /* pid and stats are read */
    struct rg_str container_id;
    struct rg_process_cpu cpu;
    struct rg_process_io io;
};

/* Weight of a process for the chunks: an estimate of its encoded size. Upstream:
 * weightProcess, pkg/process/checks/chunking.go. */
#define RG_PROCESS_WEIGHT_BASE 9
uint64_t rg_payload_process_weight(const struct rg_payload_process *p);

struct rg_payload_builder {
    struct rg_payload_host host;
    struct rg_arena arena;
};

void rg_payload_builder_init(
    struct rg_payload_builder *builder, const struct rg_payload_host *host);
void rg_payload_builder_finish(struct rg_payload_builder *builder);

struct rg_payload_group {
    int32_t id;
    int32_t size; /* messages of the run */
};

/* Encodes one CollectorProc and appends it to list. The hints are always present.
 *   RG_ENOMEM, RG_ETOOBIG  list is unchanged; err says why */
RG_NODISCARD enum rg_status rg_payload_add_standard(struct rg_payload_builder *builder,
    const struct rg_payload_process *processes, size_t count, struct rg_payload_group group,
    int32_t hint_mask, struct rg_payload_list *list, struct rg_err *err);

/* Encodes one CollectorRealTime and appends it to list. */
RG_NODISCARD enum rg_status rg_payload_add_realtime(struct rg_payload_builder *builder,
    const struct rg_payload_stat *stats, size_t count, struct rg_payload_group group,
    struct rg_payload_list *list, struct rg_err *err);

#endif
