#include "rg/base/mem.h"
#include "rg/scrub/scrub.h"

#include <stdlib.h>

void rg_scrub_spans_finish(struct rg_scrub_spans *out)
{
    free(out->spans);
    *out = (struct rg_scrub_spans){0};
}

enum rg_status rg_scrub_spans_add(struct rg_scrub_spans *out, size_t offset, size_t len)
{
    void *array = out->spans;
    enum rg_status st;

    if (len == 0)
        return RG_OK;
    st = rg_grow(&array, &out->cap, out->count + 1, sizeof(*out->spans), RG_SCRUB_SPANS_MAX);
    if (st != RG_OK)
        return st;
    out->spans = array;
    out->spans[out->count++] = (struct rg_scrub_span){offset, len};
    return RG_OK;
}

static int span_order(const void *a, const void *b)
{
    const struct rg_scrub_span *x = a;
    const struct rg_scrub_span *y = b;

    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return x->len < y->len ? -1 : x->len > y->len;
}

void rg_scrub_spans_merge(struct rg_scrub_spans *out)
{
    size_t kept = 0;

    if (out->count > 1)
        qsort(out->spans, out->count, sizeof(*out->spans), span_order);
    for (size_t i = 0; i < out->count; i++) {
        struct rg_scrub_span span = out->spans[i];
        struct rg_scrub_span *last = kept ? &out->spans[kept - 1] : NULL;

        if (last && span.offset <= last->offset + last->len) {
            if (span.offset + span.len > last->offset + last->len)
                last->len = span.offset + span.len - last->offset;
        } else {
            out->spans[kept++] = span;
        }
    }
    out->count = kept;
}
