/* Whether a file that a command wants to write may be written. */
#ifndef RG_OUTPUT_FILE_H
#define RG_OUTPUT_FILE_H

#include "rg/base/err.h"

/* Refuses to replace an existing file, unless force.
 *   RG_EIO  it exists, or its folder does not; err says which */
RG_NODISCARD enum rg_status output_file_check(const char *path, bool force, struct rg_err *err);

/* True when both names lead to one existing file. */
bool output_file_same(const char *a, const char *b);

/* True when the text of err speaks of path or of PATH.partial. */
bool output_file_named(const struct rg_err *err, const char *path);

#endif
