/* Translates a regular expression of RE2's notation into PCRE2's. */
#ifndef RG_FLOW_RE2_PATTERN_H
#define RG_FLOW_RE2_PATTERN_H

#include "rg/base/str.h"

/* Appends to out a pattern that means the same when compiled with PCRE2_DOLLAR_ENDONLY and
 * PCRE2_UTF. Syntax errors common to both notations are left for PCRE2 to find.
 *   RG_EINVALID  the pattern uses something RE2 does not have
 *   RG_ETOOBIG, RG_ENOMEM  out holds a part */
RG_NODISCARD enum rg_status rg_re2_translate(struct rg_str pattern, struct rg_buf *out);

#endif
