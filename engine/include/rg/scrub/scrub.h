/* Finds and hides secrets in command lines: the pattern engine shared by the process flow and by
 * the recorder. Word rules mirror upstream's pkg/process/procutil/data_scrubber.go.
 *
 * A value is hidden when it follows a key that contains a sensitive word: " --db-password hunter2",
 * " password=x", " api_key:x". A key needs a space before it, so the first argument is never
 * hidden. Matching knows no locale and works on bytes. */
#ifndef RG_SCRUB_H
#define RG_SCRUB_H

#include "rg/base/str.h"

struct rg_scrubber; /* used by one task at a time */

#define RG_SCRUB_MASK      "********"
#define RG_SCRUB_WORDS_MAX 1024               /* custom words */
#define RG_SCRUB_WORD_MAX  256                /* bytes of one word */
#define RG_SCRUB_TEXT_MAX  ((size_t)16 << 20) /* bytes of a joined command line */

typedef void rg_scrub_warn_fn(void *ctx, const char *text);

struct rg_scrub_options {
    bool enabled;               /* hide values of sensitive words */
    bool strip_args;            /* keep the first argument up to its first space; wins */
    const struct rg_str *words; /* added to the default words; borrowed for the call of create */
    size_t word_count;          /* at most RG_SCRUB_WORDS_MAX */
    rg_scrub_warn_fn *warn;     /* told of each word that cannot be used; may be NULL */
    void *warn_ctx;
};

/* A word holds [a-zA-Z0-9_*]; '*' stands for any run of characters of a key. Words that break the
 * rule, "*" alone and "**" are left out and reported to warn.
 *   RG_OK      *out is owned: rg_scrubber_destroy
 *   RG_ELIMIT  more than RG_SCRUB_WORDS_MAX words
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_scrubber_create(
    const struct rg_scrub_options *options, struct rg_scrubber **out, struct rg_err *err);
void rg_scrubber_destroy(struct rg_scrubber *scrubber); /* NULL is fine */

/* The arguments after scrubbing. Zero-initialise; reusable; rg_scrub_args_finish. */
struct rg_scrub_args {
    struct rg_str *args; /* owned array; slices of text, or of the input when changed is false */
    size_t count;
    size_t cap;
    struct rg_buf text; /* owned */
    bool changed;
};

void rg_scrub_args_finish(struct rg_scrub_args *out);

/* Scrubs one command line, replacing what out held. When something was hidden the text is split
 * again at single spaces, so an argument with spaces becomes several and two spaces leave an empty
 * one. Input that cannot be searched within bounds (above RG_SCRUB_TEXT_MAX, or above the effort
 * limit of a custom pattern) keeps its first argument; the rest becomes one mask.
 *   RG_ENOMEM  out is empty */
RG_NODISCARD enum rg_status rg_scrubber_scrub(struct rg_scrubber *scrubber,
    const struct rg_str *args, size_t count, struct rg_scrub_args *out, struct rg_err *err);

struct rg_scrub_span {
    size_t offset, len; /* bytes of the text; len > 0 */
};

/* Zero-initialise; rg_scrub_spans_finish. */
struct rg_scrub_spans {
    struct rg_scrub_span *spans; /* owned; ascending, not touching each other */
    size_t count;
    size_t cap;
};

void rg_scrub_spans_finish(struct rg_scrub_spans *out);

#define RG_SCRUB_SPANS_MAX ((size_t)1 << 20) /* in one text */

/* Adds a span; one of length 0 is left out. Call rg_scrub_spans_merge before using out.
 *   RG_ELIMIT  out holds RG_SCRUB_SPANS_MAX spans
 *   RG_ENOMEM  out is unchanged */
RG_NODISCARD enum rg_status rg_scrub_spans_add(
    struct rg_scrub_spans *out, size_t offset, size_t len);

/* Sorts the spans and joins those that touch or overlap. */
void rg_scrub_spans_merge(struct rg_scrub_spans *out);

/* Where the secrets of a joined command line are: the bytes that rg_scrubber_scrub would hide.
 * A raw /proc/PID/cmdline may be passed with each NUL replaced by a space: offsets stay valid.
 * Replaces what out held. Text that cannot be searched within bounds gives one span behind the
 * first space.
 *   RG_ENOMEM  out is empty */
RG_NODISCARD enum rg_status rg_scrubber_spans(struct rg_scrubber *scrubber, struct rg_str text,
    struct rg_scrub_spans *out, struct rg_err *err);

#endif
