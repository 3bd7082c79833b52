#include "rg/base/time.h"

#include <stdio.h>

/* Days are counted in 400-year eras that start on 1 March, so that the leap day comes last. */
int64_t rg_days_from_civil(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

    return era * 146097 + doe - 719468;
}

void rg_civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;

    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = yoe + era * 400 + (*month <= 2 ? 1 : 0);
}

const char *rg_wall_text(struct rg_wall t, char *out)
{
    int64_t s = t.ns / RG_NS_PER_S - (t.ns % RG_NS_PER_S < 0 ? 1 : 0);
    int64_t below_s = t.ns % RG_NS_PER_S;
    int64_t ms = (below_s + (below_s < 0 ? RG_NS_PER_S : 0)) / RG_NS_PER_MS;
    int64_t days = s / 86400 - (s % 86400 < 0 ? 1 : 0);
    int64_t sod = s - days * 86400;
    int64_t year;
    int month;
    int day;

    rg_civil_from_days(days, &year, &month, &day);
    snprintf(out, RG_WALL_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)year, month, day,
        (int)(sod / 3600), (int)(sod / 60 % 60), (int)(sod % 60), (int)ms);
    return out;
}

const char *rg_duration_text(int64_t ns, char *out)
{
    double v = (double)ns;

    if (ns < 0)
        v = -v;
    if (v < 1e3)
        snprintf(out, RG_DURATION_TEXT, "%lldns", (long long)ns);
    else if (v < 1e6)
        snprintf(out, RG_DURATION_TEXT, "%.3gus", (double)ns / 1e3);
    else if (v < 1e9)
        snprintf(out, RG_DURATION_TEXT, "%.3gms", (double)ns / 1e6);
    else
        snprintf(out, RG_DURATION_TEXT, "%.1fs", (double)ns / 1e9);
    return out;
}
