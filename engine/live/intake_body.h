/* The body of a request: the payload as it is, or compressed. */
#ifndef RG_LIVE_INTAKE_BODY_H
#define RG_LIVE_INTAKE_BODY_H

#include "rg/base/str.h"
#include "rg/live.h"

/* Compresses into out (initialised, empty). RG_ENOMEM, RG_ETOOBIG. */
RG_NODISCARD enum rg_status rg_intake_compress(
    enum rg_live_intake_coding coding, struct rg_str payload, struct rg_buf *out);

/* The value of Content-Encoding; NULL for a body that is not compressed. */
const char *rg_intake_coding_name(enum rg_live_intake_coding coding);

#endif
