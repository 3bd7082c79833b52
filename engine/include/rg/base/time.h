/* Two clocks, two types: mixing them does not compile. Only the runtime backend reads them. */
#ifndef RG_BASE_TIME_H
#define RG_BASE_TIME_H

#include "rg/base/err.h"

#define RG_NS_PER_S  INT64_C(1000000000)
#define RG_NS_PER_MS INT64_C(1000000)

struct rg_mono {
    int64_t ns; /* since an arbitrary start; never goes back */
};

struct rg_wall {
    int64_t ns; /* since 1970-01-01 UTC; may step either way */
};

/* t + ns, at most the last time there is: what a capture or a setting says may be far away. t and
 * ns are not negative. */
static inline struct rg_mono rg_mono_after(struct rg_mono t, int64_t ns)
{
    return (struct rg_mono){ns < INT64_MAX - t.ns ? t.ns + ns : INT64_MAX};
}

/* "2026-11-21T02:56:07.123Z" into out (at least RG_WALL_TEXT bytes), UTC. Returns out. */
#define RG_WALL_TEXT 96
const char *rg_wall_text(struct rg_wall t, char *out);

/* "1.5s", "250ms", "12us" into out (at least RG_DURATION_TEXT bytes). Returns out. */
#define RG_DURATION_TEXT 32
const char *rg_duration_text(int64_t ns, char *out);

/* Year, month and day of a civil date to days since 1970-01-01, and back (proleptic Gregorian). */
int64_t rg_days_from_civil(int64_t year, int month, int day);
void rg_civil_from_days(int64_t days, int64_t *year, int *month, int *day);

#endif
