#include "rg/base/mem.h"

#include <stdlib.h>
#include <string.h>

void *rg_calloc(size_t n, size_t size)
{
    return calloc(n ? n : 1, size ? size : 1);
}

enum rg_status rg_grow(void **array, size_t *cap, size_t need, size_t elem_bytes, size_t max)
{
    size_t want = *cap ? *cap : 8;
    void *grown;

    if (need <= *cap)
        return RG_OK;
    if (need > max)
        return RG_ELIMIT;
    while (want < need)
        want = want > SIZE_MAX / 2 ? need : want * 2;
    if (want > max)
        want = max;
    if (want > SIZE_MAX / elem_bytes)
        return RG_ENOMEM;
    grown = realloc(*array, want * elem_bytes);
    if (!grown)
        return RG_ENOMEM;
    *array = grown;
    *cap = want;
    return RG_OK;
}

char *rg_memdup0(const void *bytes, size_t len)
{
    char *copy = len < SIZE_MAX ? malloc(len + 1) : NULL;

    if (!copy)
        return NULL;
    if (len)
        memcpy(copy, bytes, len);
    copy[len] = '\0';
    return copy;
}
