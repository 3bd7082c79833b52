/* The backends of one run, composed by the command line and handed to the engine. */
#ifndef RG_BACKEND_SET_H
#define RG_BACKEND_SET_H

#include "rg/backend/events.h"
#include "rg/backend/host.h"
#include "rg/backend/kubelet.h"
#include "rg/backend/procfs.h"
#include "rg/backend/pycheck.h"
#include "rg/backend/runtime.h"
#include "rg/backend/sink.h"
#include "rg/backend/storage.h"

/* All borrowed, none NULL: a host without a kubelet has rg_kubelet_none(). A second source of
 * process data, a binary table of all tasks in one read, will stand beside procfs as an optional
 * member; the process flow asks its probe only through rg_process_probe_scan, so nothing else will
 * notice. */
struct rg_backends {
    struct rg_runtime *runtime;
    struct rg_procfs *procfs;
    struct rg_host *host;
    struct rg_kubelet *kubelet;
    struct rg_events *events;
    struct rg_storage *storage;
    struct rg_sink *sink;
    struct rg_pycheck *pycheck;
};

/* Backends that offer nothing: every call answers RG_EUNSUPPORTED. Constant, never destroyed. */
struct rg_kubelet *rg_kubelet_none(void);
struct rg_events *rg_events_none(void);
struct rg_pycheck *rg_pycheck_none(void);

#endif
