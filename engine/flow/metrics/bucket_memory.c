#include "bucket_memory.h"
#include "rg/base/mem.h"

#include <stdlib.h>
#include <string.h>

void rg_bucket_memory_finish(struct rg_bucket_memory *memory)
{
    free(memory->values);
    *memory = (struct rg_bucket_memory){0};
}

static int compare(const struct rg_bucket_value *v, double lower, double upper)
{
    int order = (v->lower > lower) - (v->lower < lower);

    return order ? order : (v->upper > upper) - (v->upper < upper);
}

enum rg_status rg_bucket_memory_swap(struct rg_bucket_memory *m, double lower, double upper,
    int64_t value, size_t max, bool *known, int64_t *previous)
{
    size_t low = 0, high = m->count;
    void *array = m->values;
    enum rg_status st;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (compare(&m->values[mid], lower, upper) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    *known = low < m->count && compare(&m->values[low], lower, upper) == 0;
    *previous = *known ? m->values[low].value : 0;
    if (*known) {
        m->values[low].value = value;
        return RG_OK;
    }
    st = rg_grow(&array, &m->cap, m->count + 1, sizeof(*m->values), max);
    m->values = array;
    if (st != RG_OK)
        return st;
    memmove(&m->values[low + 1], &m->values[low], (m->count - low) * sizeof(*m->values));
    m->values[low] = (struct rg_bucket_value){lower, upper, value};
    m->count++;
    return RG_OK;
}
