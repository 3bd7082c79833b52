/* Pieces of /proc texts. Nothing here trusts a length or a number: a field that is missing, no
 * number or too large is "not there". */
#ifndef RG_FLOW_NATIVE_TEXT_H
#define RG_FLOW_NATIVE_TEXT_H

#include "rg/base/str.h"

/* Takes the next word off *rest; false when only white space is left. */
bool rg_text_word(struct rg_str *rest, struct rg_str *word);

/* Takes up to max words off line, and says how many there were. */
size_t rg_text_words(struct rg_str line, struct rg_str *words, size_t max);

/* "0.25", "17": digits with at most one point between them. False on anything else. */
bool rg_text_decimal(struct rg_str word, double *out);

/* The number behind a key in lines of "key number", such as those of vmstat. */
bool rg_text_value(struct rg_str text, const char *key, uint64_t *out);

/* The number of a line "key: number kB" or "key: number", such as those of meminfo; the key is what
 * stands before the colon. Bytes when the unit is kB. */
bool rg_text_meminfo_line(struct rg_str line, struct rg_str *key, double *out);

#endif
