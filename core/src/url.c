#include "url.h"

#include <string.h>
#include <strings.h>

#include "alloc.h"
#include "error.h"

static bool is_unreserved(unsigned char byte) {
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
           byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

static void encode_byte(char *place, unsigned char byte) {
    static const char digits[] = "0123456789ABCDEF";
    place[0] = '%';
    place[1] = digits[byte >> 4];
    place[2] = digits[byte & 15];
}

bool scale__url_encode(scale__buffer *buffer, const char *text, size_t size) {
    char *place = scale__buffer_reserve(buffer, size * 3);
    size_t used = 0;
    if (place == NULL) return false;
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (is_unreserved(byte)) {
            place[used++] = text[i];
        } else {
            encode_byte(place + used, byte);
            used += 3;
        }
    }
    scale__buffer_advance(buffer, used);
    return true;
}

bool scale__url_encode_segment(scale__buffer *buffer, const char *text, size_t size) {
    if (size == 1 && text[0] == '.') return scale__buffer_append_text(buffer, "%2E");
    if (size == 2 && memcmp(text, "..", 2) == 0) return scale__buffer_append_text(buffer, "%2E%2E");
    return scale__url_encode(buffer, text, size);
}

/* ================================================================ base URLs */

static bool host_is(const char *host, size_t size, const char *name) {
    return size == strlen(name) && strncasecmp(host, name, size) == 0;
}

static bool is_ipv4_loopback(const char *host, size_t size) {
    size_t dots = 0;
    if (size < 9 || memcmp(host, "127.", 4) != 0) return false;
    for (size_t i = 0; i < size; i++) {
        if (host[i] == '.')
            dots++;
        else if (host[i] < '0' || host[i] > '9')
            return false;
    }
    return dots == 3;
}

static bool is_loopback(const char *host, size_t size) {
    return host_is(host, size, "localhost") || host_is(host, size, "[::1]") || is_ipv4_loopback(host, size);
}

static size_t host_size(const char *host) {
    if (*host == '[') {
        const char *end = strchr(host, ']');
        return end == NULL ? 0 : (size_t)(end - host) + 1;
    }
    return strcspn(host, ":/?#");
}

/* How long "https://" or "http://" is, in any case; 0 for another beginning. */
static size_t scheme_size(const char *text) {
    if (strncasecmp(text, "https://", 8) == 0) return 8;
    return strncasecmp(text, "http://", 7) == 0 ? 7 : 0;
}

static bool ends_with_version(const char *text, size_t size) {
    return memcmp(text + size - 3, "/v1", 3) == 0 || memcmp(text + size - 3, "/v2", 3) == 0;
}

/* Without trailing slashes and a trailing /v1 or /v2. */
static size_t base_size(const char *text, size_t authority) {
    size_t size = strlen(text);
    while (size > authority && text[size - 1] == '/') size--;
    if (size >= authority + 3 && ends_with_version(text, size)) size -= 3;
    while (size > authority && text[size - 1] == '/') size--;
    return size;
}

scale_status scale__base_url_parse(scale__base_url *base, const char *text, scale_error *error) {
    memset(base, 0, sizeof *base);
    /* Not repeated: it may be a key, as in "https://KEY:@host". */
    if (strchr(text, '@') != NULL)
        return scale__fail(error, SCALE_USAGE, "base_url must not have a user or a key in it");
    size_t scheme = scheme_size(text);
    if (scheme == 0)
        return scale__fail(error, SCALE_USAGE, "base_url '%s' does not begin with https:// or http://", text);
    const char *host = text + scheme;
    size_t size = host_size(host);
    if (size == 0) return scale__fail(error, SCALE_USAGE, "base_url '%s' has no host", text);
    if (strpbrk(host, " \t\r\n?#\\") != NULL)
        return scale__fail(error, SCALE_USAGE,
                           "base_url '%s' must be scheme, host, port and path, without query or spaces",
                           text);
    base->https = scheme == 8;
    base->loopback = is_loopback(host, size);
    base->text = scale__copy(text, base_size(text, scheme + size));
    return base->text == NULL ? scale__fail_no_memory(error) : SCALE_OK;
}

/* ================================================================= any URLs */

/* A space or control character would end the request's first line early. */
static bool has_space(const char *text) {
    for (; *text != '\0'; text++)
        if ((unsigned char)*text <= 0x20 || *text == 0x7F) return true;
    return false;
}

scale_status scale__url_origin(scale__origin *origin, const char *url, scale_error *error) {
    size_t scheme = scheme_size(url);
    if (scheme == 0)
        return scale__fail(error, SCALE_USAGE, "the URL '%s' does not begin with http:// or https://", url);
    const char *authority = url + scheme;
    size_t size = strcspn(authority, "/?#");
    if (memchr(authority, '@', size) != NULL)
        return scale__fail(error, SCALE_USAGE, "the URL must not have a user or a password in it");
    if (has_space(url))
        return scale__fail(error, SCALE_USAGE, "the URL '%s' has a space or a control character in it", url);
    size_t host = host_size(authority);
    if (host == 0 || host > size || memchr(authority, '\\', size) != NULL)
        return scale__fail(error, SCALE_USAGE, "the URL '%s' has no host", url);
    origin->size = scheme + size;
    origin->https = scheme == 8;
    origin->loopback = is_loopback(authority, host);
    return SCALE_OK;
}
