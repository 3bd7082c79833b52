/* A jq program that is compiled once and asked many times. */
#ifndef RG_JUDGE_JQ_H
#define RG_JUDGE_JQ_H

#include "rg/base/str.h"

#include <jv.h>

struct jq_program; /* opaque */

#define JQ_OUTPUTS_MAX 100000 /* values that one program may give */

/*   RG_OK        *out is owned: jq_program_destroy
 *   RG_EINVALID  it does not compile; err says why, on one line
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status jq_program_create(
    const char *text, struct jq_program **out, struct rg_err *err);
void jq_program_destroy(struct jq_program *program); /* NULL is fine */

/* What a program gave. */
struct jq_answer {
    bool holds; /* no error, at least one value, none of them false or null */
    jv value;   /* owned: jv_free; the last value, or the error as a text */
    bool failed;
};

/* input is taken. */
void jq_program_ask(struct jq_program *program, jv input, struct jq_answer *out);

/* Appends the value as JSON on one line with sorted keys, cut at max bytes (0: not cut). value is
 * taken. RG_ENOMEM, RG_ETOOBIG. */
RG_NODISCARD enum rg_status jq_print(jv value, size_t max, struct rg_buf *out);

#endif
