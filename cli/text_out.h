/* Text for people, written piece by piece: a failure is kept and ends all further writing. Numbers,
 * durations and times look as in the agent's own commands. */
#ifndef RG_TEXT_OUT_H
#define RG_TEXT_OUT_H

#include "rg/base/str.h"

struct text_out {
    struct rg_buf buf; /* owned */
    enum rg_status st; /* RG_OK, RG_ENOMEM, RG_ETOOBIG */
};

void text_out_init(struct text_out *t);
void text_out_finish(struct text_out *t);

void text_put(struct text_out *t, const char *fmt, ...) RG_PRINTF(2, 3);

/* Text of the outside world, escaped for a terminal. */
void text_put_escaped(struct text_out *t, const char *text);

/* The same with its line feeds, each line behind indent blanks and ended by a line feed. */
void text_put_lines(struct text_out *t, int indent, struct rg_str text);

void text_put_count(struct text_out *t, int64_t n);        /* 1,234,567 */
void text_put_duration_ms(struct text_out *t, int64_t ms); /* 0s, 676ms, 1.2s, 1m3s */

/* 2026-01-02 15:04:05 CET / 2026-01-02 14:04:05 UTC (1767362645000), in the local time zone;
 * "Never" for 0. */
void text_put_time(struct text_out *t, int64_t unix_s);

/* The title, and a line of as many marks below it, both behind indent blanks. */
void text_put_title(struct text_out *t, int indent, char mark, const char *title);

/* Writes everything to stdout and starts anew. RG_EIO: stdout is broken; others: what was kept. */
RG_NODISCARD enum rg_status text_out_print(struct text_out *t);

#endif
