/* Values that are secret because of the name before them. */
#ifndef RG_SECRET_ASSIGN_H
#define RG_SECRET_ASSIGN_H

#include "rg/scrub/secret_forms.h"

/* A pattern for the words that make a name sensitive, in lower case; secret_name() knows the same
 * ones. */
#define SECRET_ASSIGN_WORDS                                                                        \
    "password|passwd|passphrase|pwd|secret|token|credential|"                                      \
    "(?:api|app|application|access|private)[_.-]?key"

/* The two halves of rg_secret_named. */
bool secret_name(struct rg_str name);
bool secret_value(struct rg_str name, struct rg_str value);

/* True for "db-password" and "tokens", false for "token-service". */
bool secret_name_ends_in_word(struct rg_str name);

/* Looks at the name around text[word, word_end), which matched SECRET_ASSIGN_WORDS, and adds the
 * spans of its value. *next (at least word_end) is where the search for words goes on.
 *   RG_ELIMIT, RG_ENOMEM  as for rg_scrub_spans_add */
RG_NODISCARD enum rg_status secret_assign_at(
    struct rg_str text, size_t word, size_t word_end, struct rg_scrub_spans *out, size_t *next);

#endif
