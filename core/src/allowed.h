/*
** allowed.h - what clients, calls and exchanges ask their limits, which may be NULL: then there are none.
*What
** is against them fills `error` with kind not_allowed.
*/
#ifndef SCALE_ALLOWED_H
#define SCALE_ALLOWED_H

#include "scaleapi.h"

/* Another one that has them. Returns the same. */
scale_limits *scale__limits_keep(scale_limits *limits);

/* May the operation be called? */
scale_status scale__limits_check_operation(const scale_limits *limits, const scale_operation *operation,
                                           scale_error *error);

/* May a file of this machine be sent? */
scale_status scale__limits_check_file(const scale_limits *limits, const scale_operation *operation,
                                      scale_error *error);

/* May an exchange go there? The URL is one that scale__url_origin takes. */
scale_status scale__limits_check_url(const scale_limits *limits, const char *url, scale_error *error);

/* May another request be sent? `take` counts it as well. */
scale_status scale__limits_check_more(const scale_limits *limits, scale_error *error);
scale_status scale__limits_take(scale_limits *limits, scale_error *error);

#endif
