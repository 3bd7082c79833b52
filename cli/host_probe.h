/* What this host lets a process collection do. */
#ifndef RG_HOST_PROBE_H
#define RG_HOST_PROBE_H

#include "rg/base/err.h"

#define HOST_PROBE_DETAIL_MAX 256
#define HOST_PROBES_MAX       16

struct host_probe {
    const char *name; /* constant: "proc", "cap_sys_ptrace" */
    bool ok;
    bool required;                      /* without it nothing can be collected */
    char detail[HOST_PROBE_DETAIL_MAX]; /* one line, for people */
    const char *missing; /* constant: what an output lacks when it is not ok; "" if nothing */
};

struct host_probes {
    struct host_probe items[HOST_PROBES_MAX];
    size_t count;
};

/* Looks at the process file system below root and at this process. Always fills *out. */
void host_probe_all(const char *root, struct host_probes *out);

#endif
