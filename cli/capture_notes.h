/* The metadata that a recording carries: where it comes from. */
#ifndef RG_CAPTURE_NOTES_H
#define RG_CAPTURE_NOTES_H

#include "rg/fixture.h"

/* Adds kernel, architecture, version, build type, masking policy and the command to the recording.
 * Arguments of the command are not part of it: paths may tell names. checks may be NULL. */
RG_NODISCARD enum rg_status capture_notes_add(
    struct rg_recorder *rec, const char *mask, const char *checks, struct rg_err *err);

#endif
