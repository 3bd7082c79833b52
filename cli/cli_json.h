/* A writer of JSON text: commas, quotes and nesting. */
#ifndef RG_CLI_JSON_H
#define RG_CLI_JSON_H

#include "rg/base/str.h"

#define CLI_JSON_DEPTH_MAX 80
#define CLI_JSON_BYTES_MAX ((size_t)512 << 20)

/* A failure (memory, size) is kept in st and ends all further writing. */
struct cli_json {
    struct rg_buf text; /* owned */
    enum rg_status st;
    unsigned depth;
    bool comma[CLI_JSON_DEPTH_MAX];
};

void cli_json_init(struct cli_json *json);
void cli_json_finish(struct cli_json *json);

/* key NULL: an element of an array, or the document. */
void cli_json_object(struct cli_json *json, const char *key);
void cli_json_array(struct cli_json *json, const char *key);
void cli_json_end_object(struct cli_json *json);
void cli_json_end_array(struct cli_json *json);
void cli_json_str(struct cli_json *json, const char *key, struct rg_str value);
void cli_json_text(struct cli_json *json, const char *key, const char *value);
void cli_json_hex(struct cli_json *json, const char *key, struct rg_str bytes);
void cli_json_hash(struct cli_json *json, const char *key, uint64_t hash); /* 16 hex digits */
void cli_json_u64(struct cli_json *json, const char *key, uint64_t value);
void cli_json_i64(struct cli_json *json, const char *key, int64_t value);
void cli_json_null(struct cli_json *json, const char *key);
void cli_json_bool(struct cli_json *json, const char *key, bool value);

/* digits: significant ones, 9 tell floats apart and 17 doubles. NaN and infinities become null. */
void cli_json_double(struct cli_json *json, const char *key, double value, int digits);

/* A value that another writer has finished. Its failure becomes this one's. */
void cli_json_raw(struct cli_json *json, const char *key, const struct cli_json *value);

/* Ends the document with a line feed, writes it to stdout and starts anew.
 *   RG_EIO  stdout is broken
 *   others  the text could not be built */
RG_NODISCARD enum rg_status cli_json_print(struct cli_json *json);

/* Opens an object with its schema_version. */
void cli_json_document(struct cli_json *json);

#endif
