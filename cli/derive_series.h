/* A number of a process over the frames of a capture, and its text as a series of a scenario. */
#ifndef RG_DERIVE_SERIES_H
#define RG_DERIVE_SERIES_H

#include "rg/base/buf.h"

/* Values of consecutive frames that are close enough to be one. */
struct derive_run {
    uint32_t first, count; /* frames */
    int64_t low, high;     /* thousandths */
    double sum;
};

#define DERIVE_RUNS_MAX 96u /* of one series; more are merged, the closest first come first */

/* Zero-initialised: no values. */
struct derive_series {
    struct derive_run *runs; /* owned */
    size_t count, cap;
    int64_t slack; /* the values of one run differ by at most this */
};

void derive_series_finish(struct derive_series *s);

/* The value of all frames from the end of the series to frame, which is behind it; the first call
 * begins the series at frame. slack is what the measurement itself leaves open. RG_ENOMEM. */
RG_NODISCARD enum rg_status derive_series_add(
    struct derive_series *s, uint32_t frame, int64_t value, int64_t slack);

/* The last value, if there is one, goes on until frame. */
void derive_series_hold(struct derive_series *s, uint32_t frame);

/* The value of a run, in thousandths. */
int64_t derive_run_value(const struct derive_run *run);

/* The value of a frame: that of the nearest one that has a value; 0 without any. */
int64_t derive_series_at(const struct derive_series *s, uint32_t frame);

/* Whether both have values for the same frames that differ by at most the larger one of margin and
 * permille of the larger value. */
bool derive_series_agree(
    const struct derive_series *a, const struct derive_series *b, int64_t margin, int64_t permille);

/* How a series is written. */
struct derive_notation {
    const uint32_t *cells; /* of each frame: number of its step */
    size_t frame_count;
    bool rate;    /* a value holds from the frame before to its own; else from its own on */
    int64_t unit; /* values are rounded to multiples of this, in thousandths */
    size_t words_max;
    bool has_first; /* first is the value before that of the first frame, of a rate */
    int64_t first;
    bool has_before; /* before holds before the run */
    int64_t before;
};

/* Appends the text of a series ("3x5 4"), without quotes; nothing for an empty one. s may be merged
 * further, to have at most words_max words. RG_ENOMEM, RG_ETOOBIG. */
RG_NODISCARD enum rg_status derive_series_text(
    struct derive_series *s, const struct derive_notation *n, struct rg_buf *out);

/* Appends thousandths as a decimal number. */
RG_NODISCARD enum rg_status derive_put_milli(struct rg_buf *out, int64_t milli);

#endif
