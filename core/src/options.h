/*
** options.h - taking over an options struct of the caller's, whose first member says how large it was when
** the caller was compiled: what a younger library knows beside keeps its default.
*/
#ifndef SCALE_OPTIONS_H
#define SCALE_OPTIONS_H

#include <string.h>

#include "error.h"

/* `options` holds the defaults, `size` bytes. Fails when the caller's struct was never set up. */
static inline scale_status scale__take_options(void *options, size_t size, const void *given,
                                               scale_error *error) {
    size_t known;
    memcpy(&known, given, sizeof known);
    if (known < sizeof known)
        return scale__fail(error, SCALE_USAGE, "the size of the options is not set; begin with SCALE_…_INIT");
    memcpy(options, given, known < size ? known : size);
    return SCALE_OK;
}

#endif
