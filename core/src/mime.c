/*
** mime.c - the parts of a multipart body, which are texts, bytes and files, as libcurl takes them. Only
** transfer.c knows of them.
*/
#include "mime.h"

#include <errno.h>
#include <stdio.h>

static size_t read_file(char *place, size_t size, size_t count, void *user) {
    FILE *file = user;
    size_t got = fread(place, size, count, file);
    return got == 0 && ferror(file) ? CURL_READFUNC_ABORT : got * size;
}

static int seek_file(void *user, curl_off_t offset, int origin) {
    return fseeko(user, (off_t)offset, origin) == 0 ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

static void close_file(void *user) {
    fclose(user);
}

/* Streams the file. libcurl's own file parts would name a type where the name tells none; the
** server is to guess it from the bytes. */
static bool add_file(curl_mimepart *part, const char *path, int *file_error) {
    FILE *file = fopen(path, "rbe");
    if (file == NULL || fseeko(file, 0, SEEK_END) != 0) {
        *file_error = errno;
        if (file != NULL) fclose(file);
        return false;
    }
    off_t size = ftello(file);
    rewind(file);
    if (curl_mime_data_cb(part, size, read_file, seek_file, close_file, file) == CURLE_OK) return true;
    fclose(file);
    return false;
}

static bool add_part(curl_mime *mime, const scale__part *part, int *file_error) {
    curl_mimepart *place = curl_mime_addpart(mime);
    if (place == NULL || curl_mime_name(place, part->name) != CURLE_OK) return false;
    if (part->filename != NULL && curl_mime_filename(place, part->filename) != CURLE_OK) return false;
    if (part->path != NULL) return add_file(place, part->path, file_error);
    return curl_mime_data(place, part->data, part->size) == CURLE_OK;
}

bool scale__mime_fill(curl_mime *mime, const scale__part *parts, int *file_error) {
    for (; parts != NULL; parts = parts->next)
        if (!add_part(mime, parts, file_error)) return false;
    return true;
}
