/* The headers of a request: those of the output, the key, and nothing that curl makes up. */
#ifndef RG_LIVE_INTAKE_HEADERS_H
#define RG_LIVE_INTAKE_HEADERS_H

#include "rg/backend/sink.h"

struct curl_slist;

/* Letters, digits and '-' in the name, no control characters in the value. */
bool rg_intake_header_sound(const struct rg_output_header *header);

/* Appends to *list, which is NULL or owned: rg_intake_headers_free, also after a failure. coding
 * may be NULL.
 *   RG_EINVALID  a header of the output cannot be sent; err says which
 *   RG_EIO       out of memory */
RG_NODISCARD enum rg_status rg_intake_headers(const struct rg_output *output, const char *key,
    const char *coding, struct curl_slist **list, struct rg_err *err);

void rg_intake_headers_free(struct curl_slist *list); /* wipes the key; NULL is fine */

#endif
