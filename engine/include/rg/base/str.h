/* Byte slices and strict text parsing. Nothing here depends on a locale. */
#ifndef RG_BASE_STR_H
#define RG_BASE_STR_H

#include "rg/base/buf.h"

/* A borrowed run of bytes, not NUL-terminated. */
struct rg_str {
    const char *ptr;
    size_t len;
};

#define RG_STR_LIT(lit) ((struct rg_str){lit, sizeof(lit) - 1})

struct rg_str rg_str_from(const char *text); /* text may be NULL: empty */
struct rg_str rg_str_buf(const struct rg_buf *buf);
bool rg_str_eq(struct rg_str a, struct rg_str b);
bool rg_str_is(struct rg_str a, const char *text);
bool rg_str_starts(struct rg_str s, const char *prefix);
int rg_str_cmp(struct rg_str a, struct rg_str b); /* bytewise, shorter first */

/* Cuts leading and trailing bytes that occur in set. */
struct rg_str rg_str_trim(struct rg_str s, const char *set);

/* Takes the part before the first sep off *rest; false when *rest is empty. */
bool rg_str_split(struct rg_str *rest, char sep, struct rg_str *part);

/* Whole-slice integers in base 10; a sign only where the type has one. False on any other byte,
 * on an empty slice and on overflow; *out is then unchanged. */
bool rg_str_to_u64(struct rg_str s, uint64_t *out);
bool rg_str_to_i64(struct rg_str s, int64_t *out);
bool rg_str_to_i32(struct rg_str s, int32_t *out);

/* "true", "1", "t", "T", "TRUE", "True" and their opposites. */
bool rg_str_to_bool(struct rg_str s, bool *out);

/* "250ms", "10s", "5m", "1h", "2h30m", bare seconds refused; result in nanoseconds. */
bool rg_str_to_duration(struct rg_str s, int64_t *out_ns);

/* "4096", "64KiB", "1MiB", "2GiB"; result in bytes. */
bool rg_str_to_size(struct rg_str s, uint64_t *out_bytes);

/* Bytes of the UTF-8 character that s starts with (1 to 4); 0 when it starts with none. */
size_t rg_str_utf8_len(struct rg_str s);

/* Appends s with control characters, backslash and non-UTF-8 bytes escaped (\n, \x1b). */
RG_NODISCARD enum rg_status rg_str_escape(struct rg_buf *out, struct rg_str s);

/* Appends s as a JSON string with its quotes; invalid UTF-8 becomes U+FFFD. */
RG_NODISCARD enum rg_status rg_str_json(struct rg_buf *out, struct rg_str s);

/* The entry of names (NULL-terminated) nearest to word by edit distance, or NULL when none is
 * within a third of its length (at least 2). For "did you mean". */
const char *rg_str_nearest(struct rg_str word, const char *const *names);

#endif
