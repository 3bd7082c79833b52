/* The documents below a directory of the operator, such as conf.d. */
#ifndef RG_LIVE_DOCUMENTS_H
#define RG_LIVE_DOCUMENTS_H

#include "rg/base/buf.h"

/* As rg_host_list_documents, of the directory path; folder stands before the names. */
RG_NODISCARD enum rg_status rg_live_documents_list(
    const char *path, const char *folder, struct rg_buf *out, struct rg_err *err);

/* True for a relative path that stays below its directory: no empty part, no "." and no "..". */
bool rg_live_documents_name(const char *name);

#endif
