/* Regular expressions of the options of checks. The notation is PCRE2's, which holds what Python's
 * re and Go's regexp have in common. A search takes a bounded effort: beyond it, it has not
 * matched, and the list says so. */
#ifndef RG_FLOW_PATTERN_LIST_H
#define RG_FLOW_PATTERN_LIST_H

#include "rg/base/str.h"

#define RG_PATTERNS_MAX      1024
#define RG_PATTERN_BYTES_MAX 4096

struct rg_pattern_list;

enum rg_pattern_flags {
    RG_PATTERN_AT_START = 1,    /* matches at the start of a text only, like Python's re.match */
    RG_PATTERN_IGNORE_CASE = 2, /* ASCII */
};

/* RG_ENOMEM */
RG_NODISCARD enum rg_status rg_pattern_list_create(struct rg_pattern_list **out);
void rg_pattern_list_destroy(struct rg_pattern_list *list); /* NULL is fine */

/* Compiles suffix behind pattern and adds it.
 *   RG_EINVALID  no regular expression; err says where in option it goes wrong
 *   RG_ELIMIT, RG_ENOMEM */
RG_NODISCARD enum rg_status rg_pattern_list_add(struct rg_pattern_list *list, const char *option,
    struct rg_str pattern, const char *suffix, unsigned flags, struct rg_err *err);

size_t rg_pattern_list_count(const struct rg_pattern_list *list);

/* True when pattern number i matches. */
bool rg_pattern_matches(struct rg_pattern_list *list, size_t i, struct rg_str text);

/* True when any does. */
bool rg_pattern_list_matches(struct rg_pattern_list *list, struct rg_str text);

/* Searches that were given up since the last call. */
size_t rg_pattern_list_given_up(struct rg_pattern_list *list);

#endif
