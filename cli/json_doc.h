/* JSON documents that are read: a few looks into values of libjq. */
#ifndef RG_JSON_DOC_H
#define RG_JSON_DOC_H

#include "cli_json.h"
#include "text_out.h"

#include <jv.h>

/* Parses one document. *out is owned: jv_free.
 *   RG_EINVALID  it is no JSON; err says why
 *   RG_ETOOBIG   above 2 GiB */
RG_NODISCARD enum rg_status json_doc_parse(struct rg_str text, jv *out, struct rg_err *err);

/* object is borrowed in all of these; absent members and wrong kinds give an empty value. */
jv json_get(jv object, const char *key);           /* owned; null when absent */
const char *json_text(jv object, const char *key); /* lives as long as object; "" */
int64_t json_int(jv object, const char *key);      /* within 2^53 of 0; 0 */
bool json_true(jv object, const char *key);        /* false */
int json_count(jv object, const char *key);        /* of items of an array; 0 */
bool json_has(jv object, const char *key);         /* and it is not null */
jv json_at(jv array, int i);                       /* owned; null behind the end */

/* Appends value (taken) indented by 2, without a line feed at its end. */
void json_put_pretty(struct text_out *t, jv value);

/* Adds value (taken) to what json writes. */
void json_put(struct cli_json *json, const char *key, jv value);

/* Parses text and adds it to what json writes, on one line.
 *   RG_EINVALID, RG_ETOOBIG  as json_doc_parse; nothing was written */
RG_NODISCARD enum rg_status json_put_parsed(
    struct cli_json *json, const char *key, struct rg_str text, struct rg_err *err);

#endif
