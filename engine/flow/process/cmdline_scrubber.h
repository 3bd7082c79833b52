/* The scrubber of the process check: pattern engine plus memory of what it hid.
 *
 * A command line is searched once in RG_SCRUB_CACHE_CYCLES standard runs. Entries are keyed by pid,
 * create time and a hash of the raw arguments; upstream leaves the hash out, and so sends the new
 * arguments of a process that called exec unscrubbed until its next reset. */
#ifndef RG_FLOW_CMDLINE_SCRUBBER_H
#define RG_FLOW_CMDLINE_SCRUBBER_H

#include "process_model.h"
#include "rg/scrub/scrub.h"

struct rg_cmdline_scrubber;

#define RG_SCRUB_CACHE_CYCLES 25 /* upstream: defaultCacheMaxCycles */

RG_NODISCARD enum rg_status rg_cmdline_scrubber_create(
    const struct rg_scrub_options *options, struct rg_cmdline_scrubber **out, struct rg_err *err);
void rg_cmdline_scrubber_destroy(struct rg_cmdline_scrubber *scrubber); /* NULL is fine */

/* The arguments of process to send: its own when nothing is to hide. Borrowed: from the process, or
 * from the scrubber until the next rg_cmdline_scrubber_age. RG_ENOMEM. */
RG_NODISCARD enum rg_status rg_cmdline_scrubber_args(struct rg_cmdline_scrubber *scrubber,
    const struct rg_process *process, const struct rg_str **args, size_t *count,
    struct rg_err *err);

/* Ends one standard run; forgets everything after RG_SCRUB_CACHE_CYCLES of them. */
void rg_cmdline_scrubber_age(struct rg_cmdline_scrubber *scrubber);

#endif
