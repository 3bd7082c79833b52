#include "json_number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX   17     /* tell all doubles apart */
#define DIGITS_EXACT 15     /* every decimal with so many is a double of its own ... */
#define NORMAL_MIN   1e-307 /* ... from here on; below, doubles get sparse */

/* Decimal digits and the exponent of the first one, from "d.ddde[+-]dd". */
struct decimal {
    char digits[DIGITS_MAX + 1];
    int count;
    int exponent;
};

static void shortest(double magnitude, struct decimal *d)
{
    char text[RG_JSON_NUMBER_SIZE];
    int precision = magnitude < NORMAL_MIN ? 1 : DIGITS_EXACT;

    for (;; precision++) {
        snprintf(text, sizeof(text), "%.*e", precision - 1, magnitude);
        if (precision == DIGITS_MAX || strtod(text, NULL) == magnitude)
            break;
    }
    d->digits[0] = text[0];
    d->count = precision;
    if (precision > 1)
        memcpy(d->digits + 1, text + 2, (size_t)precision - 1);
    d->exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
    while (d->count > 1 && d->digits[d->count - 1] == '0')
        d->count--;
}

static char *put(char *at, const char *bytes, int count)
{
    memcpy(at, bytes, (size_t)count);
    return at + count;
}

static char *zeros(char *at, int count)
{
    for (int i = 0; i < count; i++)
        *at++ = '0';
    return at;
}

static char *plain(char *at, const struct decimal *d)
{
    int whole = d->exponent + 1; /* digits before the point */

    if (whole <= 0) {
        at = put(at, "0.", 2);
        at = zeros(at, -whole);
        return put(at, d->digits, d->count);
    }
    if (d->count <= whole) {
        at = put(at, d->digits, d->count);
        return zeros(at, whole - d->count);
    }
    at = put(at, d->digits, whole);
    *at++ = '.';
    return put(at, d->digits + whole, d->count - whole);
}

size_t rg_json_number(double value, char *out)
{
    double magnitude = fabs(value);
    struct decimal d;
    char *at = out;

    rg_assert(isfinite(value));
    if (magnitude < 1e15 && value == floor(value) && !(value == 0 && signbit(value)))
        return (size_t)snprintf(out, RG_JSON_NUMBER_SIZE, "%lld", (long long)value);
    if (signbit(value))
        *at++ = '-';
    if (magnitude == 0) {
        at = put(at, "0", 1);
    } else {
        shortest(magnitude, &d);
        if (magnitude >= 1e-6 && magnitude < 1e21) {
            at = plain(at, &d);
        } else {
            *at++ = d.digits[0];
            if (d.count > 1) {
                *at++ = '.';
                at = put(at, d.digits + 1, d.count - 1);
            }
            at += snprintf(at, 8, "e%c%02d", d.exponent < 0 ? '-' : '+', abs(d.exponent));
            if (at[-2] == '0' && at[-3] == '-') { /* Go writes e-7 but e+21 */
                at[-2] = at[-1];
                at--;
            }
        }
    }
    *at = '\0';
    return (size_t)(at - out);
}
