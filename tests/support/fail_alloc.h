/* Fails the n-th allocation. Link with -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc and
 * fail_alloc.c: the wrapped symbols are those of our static libraries and of the test itself. */
#ifndef RG_TESTS_FAIL_ALLOC_H
#define RG_TESTS_FAIL_ALLOC_H

#include <stdbool.h>

/* From now on the n-th call (1 = the next) fails once; 0 switches failing off. */
void fail_alloc_at(long n);

/* True when the planned failure happened. */
bool fail_alloc_happened(void);

#endif
