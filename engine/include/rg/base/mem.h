/* Allocation: the libc allocator with overflow checks. Tests fail the n-th call by wrapping
 * malloc, calloc and realloc at link time; no hook exists in the product. */
#ifndef RG_BASE_MEM_H
#define RG_BASE_MEM_H

#include "rg/base/err.h"

/* Zeroed array of n elements; NULL when memory is short or n * size overflows. Owned: free(). */
void *rg_calloc(size_t n, size_t size);

/* Grows *array (owned, may be NULL) so that it holds at least need elements of elem_bytes.
 * *cap is the present capacity in elements and is updated. New space is not initialised.
 *   RG_OK      *array and *cap are valid
 *   RG_ELIMIT  need is above max; nothing changed
 *   RG_ENOMEM  nothing changed */
RG_NODISCARD enum rg_status rg_grow(
    void **array, size_t *cap, size_t need, size_t elem_bytes, size_t max);

/* Copies len bytes and appends a NUL. Owned. NULL when memory is short. */
char *rg_memdup0(const void *bytes, size_t len);

#endif
