/* Reads one process, or what changed of it. process_probe.c explains the model. */
#ifndef RG_FLOW_PROCESS_PROBE_READER_H
#define RG_FLOW_PROCESS_PROBE_READER_H

#include "probe_texts.h"
#include "process_probe.h"

/* Reading buffers and the constants of a run. */
struct probe_reader {
    struct rg_procfs *fs; /* borrowed */
    uint32_t uid, euid;
    uint64_t ticks_per_s;
    uint64_t page_bytes;
    bool collect_io_fd;
    bool ignore_zombies;
    int64_t boot_s; /* 0 when unknown */
    struct rg_buf status, stat, small, cmdline, exe, cwd;
};

/* What a status read proved: the main thread had been switched out this often, and nothing of its
 * making can differ until it is switched in again. */
struct probe_evidence {
    bool known;
    uint64_t switched_out;
    uint64_t image; /* 0: the kernel does not tell */
    uint64_t minor_faults, major_faults;
    int32_t threads;
};

enum probe_kind {
    PROBE_NEW,    /* nothing is known but the pid */
    PROBE_KERNEL, /* a kernel thread: hidden, watched through stat alone */
    PROBE_USER,   /* reported */
    PROBE_GONE,   /* vanished, or a zombie nobody wants */
};

/* What the probe remembers of a pid. */
struct probe_entry {
    struct rg_process proc;
    struct probe_texts *texts; /* owned; set for PROBE_USER */
    enum probe_kind kind;
    bool distrust;                 /* the kernel's counters contradicted each other once */
    bool has_start;                /* start_ticks identifies the process */
    uint64_t start_ticks;          /* since boot */
    uint64_t statm_hash;           /* of the latest statm that came with a status */
    struct probe_evidence whole;   /* of the last read of everything */
    struct probe_evidence numbers; /* of the last read of the statistics: never older */
};

void probe_reader_init(struct probe_reader *r, const struct rg_backends *backends,
    const struct rg_host_facts *facts, const struct rg_process_probe_options *options);
void probe_reader_finish(struct probe_reader *r);

/* True for what must end a scan: memory is short, or the run itself ends. */
bool probe_reader_fatal(enum rg_status st);

/* Brings the entry up to date; entry->kind says what became of it. reuse false reads every file.
 * Replaced texts go to *retired. On failure (probe_reader_fatal) the entry is PROBE_GONE. */
RG_NODISCARD enum rg_status probe_reader_scan(struct probe_reader *r, struct probe_entry *entry,
    bool reuse, struct probe_texts **retired, struct rg_err *err);

/* The same for proc.stats only: kind becomes PROBE_USER or PROBE_GONE. The entry is a copy whose
 * texts stay with the original; *same_process tells whether the copy still is that process. */
RG_NODISCARD enum rg_status probe_reader_stats(struct probe_reader *r, struct probe_entry *copy,
    bool reuse, bool *same_process, struct rg_err *err);

#endif
