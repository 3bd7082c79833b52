/* Command lines that must not be reported: regular expressions in the notation of RE2, unanchored.
 *
 * They are run by PCRE2. What PCRE2 offers beyond RE2 (look-around, back references, possessive
 * repeats, verbs) is refused, and where both give a notation a different meaning it is translated,
 * so a pattern is valid here when it is valid for the original, and hides the same processes. */
#ifndef RG_FLOW_DISALLOW_LIST_H
#define RG_FLOW_DISALLOW_LIST_H

#include "rg/backend/log.h"
#include "rg/base/str.h"

struct rg_disallow_list; /* used by one task at a time */

#define RG_DISALLOW_PATTERNS_MAX 1024
#define RG_DISALLOW_PATTERN_MAX  4096 /* bytes of one pattern */

/* Invalid patterns are dropped with a warning; the rest stays active.
 *   RG_OK      *out is owned: rg_disallow_list_destroy
 *   RG_ELIMIT  more than RG_DISALLOW_PATTERNS_MAX patterns
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_disallow_list_create(const struct rg_str *patterns, size_t count,
    const struct rg_log *log, struct rg_disallow_list **out, struct rg_err *err);
void rg_disallow_list_destroy(struct rg_disallow_list *list); /* NULL is fine */

/* Number of patterns in force. */
size_t rg_disallow_list_count(const struct rg_disallow_list *list);

/* True when any pattern matches anywhere in the arguments joined with one space, or in exe when
 * there are none. A pattern that exceeds its effort limit counts as a match: hiding is safer.
 *   RG_ENOMEM  *hidden is unchanged */
RG_NODISCARD enum rg_status rg_disallow_list_hides(struct rg_disallow_list *list,
    const struct rg_str *args, size_t count, struct rg_str exe, bool *hidden);

#endif
