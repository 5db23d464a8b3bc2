/*
** alloc.h - every allocation of core passes here, so that a host can bring its own allocator and a
** test can make the n-th one fail.
*/
#ifndef SCALE_ALLOC_H
#define SCALE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

void *scale__allocate(size_t size);            /* NULL when out of memory; not zeroed */
void *scale__allocate_zero(size_t size);       /* the same, zeroed */
void *scale__resize(void *block, size_t size); /* NULL leaves the block as it was */
void scale__release(void *block);              /* NULL is fine */

char *scale__copy(const char *text, size_t size); /* a NUL-ended copy, or NULL */
char *scale__copy_text(const char *text);         /* the same of a whole text; NULL gives NULL */

/* The same into a place. False when out of memory. */
bool scale__copy_into(char **place, const char *text);

#endif
