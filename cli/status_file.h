/* The last status of a running agent as a file for other processes. In the run folder:
 *
 *   status.json  the document, replaced in one step
 *   agent.lock   locked (flock) while the agent runs; holds its pid as text
 *
 * Failures never stop a run: they are told once and the status stays where it is in memory. */
#ifndef RG_STATUS_FILE_H
#define RG_STATUS_FILE_H

#include "rg/base/str.h"

struct status_file;

/* Opens the folder (created with mode 0700, its parents not), takes the lock and removes the status
 * of an earlier run. Without folder or lock it only keeps documents in memory; that was said.
 * RG_ENOMEM. */
RG_NODISCARD enum rg_status status_file_create(const char *dir, struct status_file **out);

/* Takes a document. Any thread. */
void status_file_put(struct status_file *file, struct rg_str document);

/* Copies the last document into out; nothing before the first. Any thread. RG_ENOMEM. */
RG_NODISCARD enum rg_status status_file_last(struct status_file *file, struct rg_buf *out);

/* Gives the lock back; the document stays. NULL is fine. */
void status_file_destroy(struct status_file *file);

/* Reads the document in dir into out. *alive: an agent holds the lock.
 *   RG_ENOTFOUND  there is none
 *   RG_EACCES, RG_EIO, RG_ETOOBIG, RG_ENOMEM  err names the file */
RG_NODISCARD enum rg_status status_file_read(
    const char *dir, struct rg_buf *out, bool *alive, struct rg_err *err);

#endif
