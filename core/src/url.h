/*
** url.h - percent-encoding, path templates and what base URLs mean. Knows no libcurl.
*/
#ifndef SCALE_URL_H
#define SCALE_URL_H

#include "buffer.h"
#include "scaleapi.h"

/* Appends `text` with everything but A-Z a-z 0-9 - . _ ~ percent-encoded. */
bool scale__url_encode(scale__buffer *buffer, const char *text, size_t size);

/* The same for one path segment: "." and "..", which servers fold, are encoded too. */
bool scale__url_encode_segment(scale__buffer *buffer, const char *text, size_t size);

typedef struct scale__base_url {
    char *text; /* "https://api.scale.com": no trailing slash, no /v1; freed by the caller */
    bool https;
    bool loopback; /* 127.0.0.0/8, ::1 or localhost */
} scale__base_url;

/* Reads what a user calls the base URL. Errors: usage, naming the URL and what is wrong with it. */
scale_status scale__base_url_parse(scale__base_url *base, const char *text, scale_error *error);

/* What a URL of any server begins with. */
typedef struct scale__origin {
    size_t size; /* of scheme, host and port in the text */
    bool https, loopback;
} scale__origin;

/* Errors: usage, saying what is wrong with the URL; not repeating one with a user in it. */
scale_status scale__url_origin(scale__origin *origin, const char *url, scale_error *error);

#endif
