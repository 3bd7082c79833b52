/* Messages of the process checks as a table for people. */
#ifndef RG_PROCESS_TABLE_H
#define RG_PROCESS_TABLE_H

#include "rg/base/str.h"

/* The line of headings, to stdout. */
void process_table_heading(void);

/* One line per process of a message (a frame as the check sends it), to stdout.
 *   RG_EINVALID and others of payload_unpack
 *   RG_EIO  stdout is broken */
RG_NODISCARD enum rg_status process_table_rows(struct rg_str message, struct rg_err *err);

#endif
