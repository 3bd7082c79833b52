#include "metric_sketch.h"
#include "rg/base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bin k > 0 holds the magnitudes around GAMMA^(k - BIAS): twice the relative accuracy of 1/128 from
 * bin to bin. BIAS makes 1e-9 fall into bin 1: floor(ln(1e-9) / ln(GAMMA)) is -1337. */
#define GAMMA     (1 + 2 * (1.0 / 128))
#define GAMMA_LN  0.015504186535965254
#define BIAS      1338
#define SMALLEST  9.94185408912145e-10 /* GAMMA^(1 - BIAS) */
#define KEY_MAX   (RG_SKETCH_KEY_INF - 1)
#define BINS_HARD ((size_t)2 * RG_SKETCH_KEY_INF + RG_SKETCH_BINS_MAX + 2)

void rg_sketch_finish(struct rg_sketch *sketch)
{
    free(sketch->bins);
    *sketch = (struct rg_sketch){0};
}

/* a + b stand for one number of twice the precision. */
struct wide {
    double a, b;
};

/* The exact product of two doubles (Dekker 1971). */
static struct wide product(double x, double y)
{
    const double splitter = 134217729; /* 2^27 + 1 */
    double t = splitter * x, x_high = t - (t - x), x_low = x - x_high;
    double u = splitter * y, y_high = u - (u - y), y_low = y - y_high;
    double p = x * y;

    return (struct wide){
        p, ((x_high * y_high - p) + x_high * y_low + x_low * y_high) + x_low * y_low};
}

static struct wide times(struct wide x, struct wide y)
{
    struct wide p = product(x.a, y.a);
    double rest = p.b + (x.a * y.b + x.b * y.a);
    double sum = p.a + rest;

    return (struct wide){sum, rest - (sum - p.a)};
}

/* GAMMA^n. The pow of libc gives another last bit on a CPU that fuses multiplications; a run must
 * give the same bytes everywhere. */
static double gamma_power(int32_t n)
{
    struct wide base = {GAMMA, 0}, power = {1, 0}, check;
    double inverse;

    for (uint32_t left = (uint32_t)abs(n); left; left >>= 1) {
        if (left & 1)
            power = times(power, base);
        if (left > 1)
            base = times(base, base);
    }
    if (n >= 0)
        return power.a + power.b;
    inverse = 1 / power.a;
    check = product(inverse, power.a);
    return inverse + inverse * ((1 - check.a) - check.b - inverse * power.b);
}

double rg_sketch_bin_low(int32_t key)
{
    if (key < 0)
        return -rg_sketch_bin_low(-key);
    if (key == 0)
        return 0;
    return key >= RG_SKETCH_KEY_INF ? INFINITY : gamma_power(key - BIAS);
}

int32_t rg_sketch_key(double value)
{
    double k;

    if (value < 0)
        return -rg_sketch_key(-value);
    if (value < SMALLEST)
        return 0;
    k = rint(log(value) / GAMMA_LN) + BIAS;
    if (k > KEY_MAX)
        return RG_SKETCH_KEY_INF;
    return k < 1 ? 1 : (int32_t)k;
}

/* Index of the first bin whose key is not below key. */
static size_t bin_search(const struct rg_sketch *s, int32_t key)
{
    size_t low = 0, high = s->bin_count;

    if (high && s->bins[high - 1].key < key)
        return high;
    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (s->bins[mid].key < key)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static enum rg_status reserve(struct rg_sketch *s, size_t bins)
{
    void *array = s->bins;
    enum rg_status st =
        rg_grow(&array, &s->bin_cap, s->bin_count + bins, sizeof(*s->bins), BINS_HARD);

    s->bins = array;
    return st;
}

/* There is room. */
static void bin_add(struct rg_sketch *s, int32_t key, uint64_t count)
{
    size_t at = bin_search(s, key);

    if (at == s->bin_count || s->bins[at].key != key) {
        memmove(&s->bins[at + 1], &s->bins[at], (s->bin_count - at) * sizeof(*s->bins));
        s->bins[at] = (struct rg_sketch_bin){key, 0};
        s->bin_count++;
    }
    s->bins[at].count += count;
}

/* Too many bins: the lowest are counted with the one above them. */
static void trim(struct rg_sketch *s)
{
    size_t extra = s->bin_count > RG_SKETCH_BINS_MAX ? s->bin_count - RG_SKETCH_BINS_MAX : 0;

    if (extra == 0)
        return;
    for (size_t i = 0; i < extra; i++)
        s->bins[extra].count += s->bins[i].count;
    s->bin_count = RG_SKETCH_BINS_MAX;
    memmove(s->bins, &s->bins[extra], s->bin_count * sizeof(*s->bins));
}

/* upstream: pkg/quantile/summary/summary.go. The mean is kept beside the sum: a running mean does
 * not lose small values behind a large sum. */
static void summarize(struct rg_sketch *s, double value, uint64_t count)
{
    if (s->count == 0 || value > s->max)
        s->max = value;
    if (s->count == 0 || value < s->min)
        s->min = value;
    s->count += count;
    s->sum += value * (double)count;
    s->avg += (value - s->avg) * (double)count / (double)s->count;
}

enum rg_status rg_sketch_add(struct rg_sketch *s, double value)
{
    enum rg_status st = s->count < RG_SKETCH_COUNT_MAX ? reserve(s, 1) : RG_ELIMIT;

    if (st != RG_OK)
        return st;
    bin_add(s, rg_sketch_key(value), 1);
    trim(s);
    summarize(s, value, 1);
    return RG_OK;
}

enum rg_status rg_sketch_add_range(struct rg_sketch *s, double lower, double upper, uint64_t count)
{
    int32_t first = rg_sketch_key(lower), last = rg_sketch_key(upper);
    double distance = upper - lower;
    double low = rg_sketch_bin_low(first);
    int32_t from = first;
    uint64_t left = count;
    enum rg_status st;

    if (count > RG_SKETCH_COUNT_MAX || s->count > RG_SKETCH_COUNT_MAX - count)
        return RG_ELIMIT;
    if (isinf(low) || isinf(rg_sketch_bin_low(last)) || isinf(distance))
        return RG_ELIMIT;
    st = reserve(s, (size_t)(last - first) + 1);
    if (st != RG_OK)
        return st;
    for (int32_t k = first + 1; k <= last && left; k++) {
        double next = rg_sketch_bin_low(k);
        double share = (next - low) / distance * (double)count;
        uint64_t n = share >= (double)left ? left : (uint64_t)share;

        if (n == 0)
            continue;
        bin_add(s, from, n);
        summarize(s, low, n);
        left -= n;
        from = k;
        low = next;
    }
    if (left) {
        bin_add(s, last, left);
        summarize(s, rg_sketch_bin_low(last), left);
    }
    trim(s);
    return RG_OK;
}

double rg_sketch_quantile(const struct rg_sketch *s, double q)
{
    double rank, seen = 0;

    if (s->count == 0)
        return 0;
    if (q <= 0)
        return s->min;
    if (q >= 1)
        return s->max;
    rank = rint(q * (double)(s->count - 1));
    for (size_t i = 0; i < s->bin_count; i++) {
        double low, high, weight, value;

        seen += (double)s->bins[i].count;
        if (seen <= rank)
            continue;
        weight = (seen - rank) / (double)s->bins[i].count;
        low = rg_sketch_bin_low(s->bins[i].key);
        high = low * GAMMA;
        value = low * weight + high * (1 - weight);
        return fmin(fmax(value, s->min), s->max);
    }
    return s->max;
}
