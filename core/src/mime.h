/*
** mime.h - multipart bodies, as libcurl takes them. For transfer.c.
*/
#ifndef SCALE_MIME_H
#define SCALE_MIME_H

#include <curl/curl.h>

#include "transfer.h"

/* Adds the parts. False: no memory, or a file cannot be read; then `file_error` is errno. */
bool scale__mime_fill(curl_mime *mime, const scale__part *parts, int *file_error);

#endif
