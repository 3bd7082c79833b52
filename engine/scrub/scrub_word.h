/* One sensitive word as a compiled pattern. */
#ifndef RG_SCRUB_WORD_H
#define RG_SCRUB_WORD_H

#include "rg/scrub/scrub.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

struct scrub_word {
    pcre2_code *code;              /* owned; capture group 1 is the value */
    char quick[RG_SCRUB_WORD_MAX]; /* lower case; no match without it */
    size_t quick_len;
};

/* Compiles word. RG_EINVALID: the word breaks the rules; err says how. RG_ENOMEM. */
RG_NODISCARD enum rg_status scrub_word_init(struct scrub_word *word, struct rg_str text,
    pcre2_general_context *general, struct rg_err *err);
void scrub_word_finish(struct scrub_word *word);

#endif
