/* Writes JSON into a buffer: commas and names are placed here, the first failure sticks. */
#ifndef RG_CORE_JSON_WRITER_H
#define RG_CORE_JSON_WRITER_H

#include "rg/base/str.h"

struct rg_json {
    struct rg_buf *out; /* borrowed */
    enum rg_status st;  /* RG_OK, RG_ENOMEM, RG_ETOOBIG */
    bool comma;         /* a value stands before, on this level */
};

/* All append one value; name is that of the member of an object, NULL in a list. Texts may hold any
 * bytes: what is not UTF-8 becomes U+FFFD. */
void rg_json_open(struct rg_json *j, const char *name, char bracket); /* '{' or '[' */
void rg_json_close(struct rg_json *j, char bracket);
void rg_json_text(struct rg_json *j, const char *name, const char *text); /* NULL: "" */
void rg_json_str(struct rg_json *j, const char *name, struct rg_str text);
void rg_json_int(struct rg_json *j, const char *name, int64_t v);
void rg_json_uint(struct rg_json *j, const char *name, uint64_t v);
void rg_json_bool(struct rg_json *j, const char *name, bool v);
void rg_json_null(struct rg_json *j, const char *name);

/* Appends values as they are: JSON, with commas between them. Nothing when json is empty. */
void rg_json_raw(struct rg_json *j, const char *name, struct rg_str json);

#endif
