/*
** llines.c - the lines of a file for scaleapi.sys: cut, counted and passed over without making strings of
** them, in flat memory. A survey reads all of the file and remembers a digest up to each block, so that
** whoever reads it again is told before a changed byte comes through.
*/
#include "llines.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lclass.h"
#include "lrows.h"

#define LINES            "scaleapi.sys.lines"
#define BLOCK            ((size_t)1 << 17)
#define BLOCKS_IN_ONE_GO 64
#define LONGEST          ((size_t)32 << 20) /* bytes of a line */
#define HASH_SIZE        LSCALE_HASH_SIZE
#define MARK_SIZE        16

/* The first half of the digest of all bytes up to the end of a block. */
typedef struct mark {
    unsigned char bytes[MARK_SIZE];
} mark;

typedef enum fault { NO_FAULT, CANNOT_READ, NO_MEMORY, TOO_LONG, CHANGED } fault;

typedef struct lines {
    int descriptor;
    char *buffer; /* what was read and not given out is from `at` to `end` */
    size_t room, at, end;
    size_t blocks; /* read so far */
    lua_Integer number;
    bool ended, surveying, surveyed;
    lua_Integer rows, equal; /* of the survey so far */
    mark *marks;
    size_t mark_count, mark_room;
    EVP_MD *algorithm;
    EVP_MD_CTX *running, *single; /* of the file so far; for a line, or a copy of the other */
    unsigned char digest[HASH_SIZE];
    struct stat facts; /* when the survey began */
} lines;

typedef struct span {
    const char *data;
    size_t size;
} span;

static lines *check_lines(lua_State *L) {
    lines *l = luaL_checkudata(L, 1, LINES);
    luaL_argcheck(L, l->descriptor >= 0, 1, "the file is closed");
    return l;
}

/* lines:close(); twice is fine */
static int close_lines(lua_State *L) {
    lines *l = luaL_checkudata(L, 1, LINES);
    if (l->descriptor >= 0) close(l->descriptor);
    free(l->buffer);
    free(l->marks);
    EVP_MD_CTX_free(l->running);
    EVP_MD_CTX_free(l->single);
    EVP_MD_free(l->algorithm);
    memset(l, 0, sizeof *l);
    l->descriptor = -1;
    return 0;
}

static const char *path_of(lua_State *L) {
    lua_getiuservalue(L, 1, 1);
    return lua_tostring(L, -1);
}

/* Raises, or for a file that was changed returns nil, "changed". */
static int tell_fault(lua_State *L, const lines *l, fault f) {
    int error = errno;
    switch (f) {
    case CHANGED:
        luaL_pushfail(L);
        lua_pushliteral(L, "changed");
        return 2;
    case TOO_LONG:
        return luaL_error(L, "%s: line %I is longer than %d MiB", path_of(L), (LUAI_UACINT)l->number + 1,
                          (int)(LONGEST >> 20));
    case NO_MEMORY: return luaL_error(L, "not enough memory to read %s", path_of(L));
    default: return luaL_error(L, "%s: %s", path_of(L), strerror(error));
    }
}

/* ==================================================================== digests */

/* Fetched for the first survey, since libcrypto takes a while to start. */
static void ready_hashes(lua_State *L, lines *l) {
    if (l->algorithm == NULL) l->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (l->running == NULL) l->running = EVP_MD_CTX_new();
    if (l->single == NULL) l->single = EVP_MD_CTX_new();
    if (l->algorithm == NULL || l->running == NULL || l->single == NULL)
        luaL_error(L, "libcrypto cannot compute SHA-256");
}

static bool begin_digest(lines *l) {
    return EVP_DigestInit_ex2(l->running, l->algorithm, NULL);
}

static bool digest_of(lines *l, span text, unsigned char digest[HASH_SIZE]) {
    return EVP_DigestInit_ex2(l->single, l->algorithm, NULL) &&
           EVP_DigestUpdate(l->single, text.data, text.size) && EVP_DigestFinal_ex(l->single, digest, NULL);
}

static bool add_mark(lines *l) {
    if (l->mark_count == l->mark_room) {
        size_t room = l->mark_room == 0 ? 64 : 2 * l->mark_room;
        mark *marks = realloc(l->marks, room * sizeof *marks);
        if (marks == NULL) return false;
        l->marks = marks;
        l->mark_room = room;
    }
    memcpy(l->marks[l->mark_count++].bytes, l->digest, MARK_SIZE);
    return true;
}

/* Remembers the digest up to here in a survey, and compares it after one. */
static fault follow(lines *l, span block) {
    if (!EVP_DigestUpdate(l->running, block.data, block.size) || !EVP_MD_CTX_copy_ex(l->single, l->running) ||
        !EVP_DigestFinal_ex(l->single, l->digest, NULL))
        return NO_MEMORY;
    if (l->surveying) return add_mark(l) ? NO_FAULT : NO_MEMORY;
    if (l->blocks >= l->mark_count) return CHANGED;
    return memcmp(l->marks[l->blocks].bytes, l->digest, MARK_SIZE) == 0 ? NO_FAULT : CHANGED;
}

/* ==================================================================== reading */

/* Room for a block more behind what is not given out yet. A long line doubles it. */
static fault make_room(lines *l) {
    size_t left = l->end - l->at;
    if (left > LONGEST) return TOO_LONG;
    if (l->at > 0) memmove(l->buffer, l->buffer + l->at, left);
    l->at = 0;
    l->end = left;
    if (l->room - left >= BLOCK) return NO_FAULT;
    size_t room = l->room == 0 ? 2 * BLOCK : 2 * l->room;
    char *buffer = realloc(l->buffer, room);
    if (buffer == NULL) return NO_MEMORY;
    l->buffer = buffer;
    l->room = room;
    return NO_FAULT;
}

/* A block, or what is left of the file. */
static fault read_block(lines *l, size_t *size) {
    *size = 0;
    while (*size < BLOCK) {
        ssize_t count = read(l->descriptor, l->buffer + l->end + *size, BLOCK - *size);
        if (count < 0 && errno != EINTR) return CANNOT_READ;
        if (count == 0) break;
        if (count > 0) *size += (size_t)count;
    }
    return NO_FAULT;
}

/* A file of which a survey saw more. */
static fault check_end(const lines *l) {
    return l->surveyed && !l->surveying && l->blocks != l->mark_count ? CHANGED : NO_FAULT;
}

/* Reads a block more; `ended` is set when there is none. Blocks begin where they did before. */
static fault fill(lines *l) {
    size_t size;
    if (l->ended) return NO_FAULT;
    fault f = make_room(l);
    if (f == NO_FAULT) f = read_block(l, &size);
    if (f != NO_FAULT) return f;
    if (size == 0) {
        l->ended = true;
        return check_end(l);
    }
    if (l->surveying || l->surveyed) f = follow(l, (span){l->buffer + l->end, size});
    if (f != NO_FAULT) return f;
    if (l->blocks++ == 0 && size >= 3 && memcmp(l->buffer, "\xEF\xBB\xBF", 3) == 0) l->at = 3;
    l->end += size;
    return NO_FAULT;
}

/* The next line without its line feed; its data is NULL at the end. */
static fault next_line(lines *l, span *line) {
    size_t seen = 0;
    const char *stop;
    *line = (span){NULL, 0};
    while ((stop = l->end == l->at + seen
                       ? NULL
                       : memchr(l->buffer + l->at + seen, '\n', l->end - l->at - seen)) == NULL) {
        seen = l->end - l->at;
        fault f = fill(l);
        if (f != NO_FAULT) return f;
        if (l->ended) break;
    }
    if (stop == NULL && l->at == l->end) return NO_FAULT;
    size_t size = stop == NULL ? l->end - l->at : (size_t)(stop - (l->buffer + l->at));
    *line = (span){l->buffer + l->at, size};
    l->at += size + (stop != NULL);
    l->number++;
    return NO_FAULT;
}

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_blank(span line) {
    for (size_t i = 0; i < line.size; i++) {
        if (!is_space(line.data[i])) return false;
    }
    return true;
}

/* The next line that is not blank. */
static fault next_row(lines *l, span *row) {
    fault f = next_line(l, row);
    while (f == NO_FAULT && row->data != NULL && is_blank(*row)) f = next_line(l, row);
    return f;
}

static void rewind_lines(lines *l) {
    l->at = l->end = l->blocks = 0;
    l->number = 0;
    l->ended = false;
}

/* ================================================================ what Lua has */

/* lines:peek() -> the bytes that the file begins with, some of them; "" for an empty one */
static int peek(lua_State *L) {
    lines *l = check_lines(L);
    fault f = l->blocks == 0 ? fill(l) : NO_FAULT;
    if (f != NO_FAULT) return tell_fault(L, l, f);
    lua_pushlstring(L, l->buffer, l->end);
    return 1;
}

/* lines:next() -> the next line that is not blank, its number | nil at the end | nil, "changed". Raises on
** what cannot be read. */
static int next(lua_State *L) {
    lines *l = check_lines(L);
    span row;
    fault f = next_row(l, &row);
    if (f != NO_FAULT) return tell_fault(L, l, f);
    if (row.data == NULL) {
        luaL_pushfail(L);
        return 1;
    }
    lua_pushlstring(L, row.data, row.size);
    lua_pushinteger(L, l->number);
    return 2;
}

/* lines:skip(most) -> how many lines that are not blank were passed over: as many, or what was left | nil,
** "changed" */
static int skip(lua_State *L) {
    lines *l = check_lines(L);
    lua_Integer most = luaL_checkinteger(L, 2), count = 0;
    span row;
    for (; count < most; count++) {
        fault f = next_row(l, &row);
        if (f != NO_FAULT) return tell_fault(L, l, f);
        if (row.data == NULL) break;
    }
    lua_pushinteger(L, count);
    return 1;
}

static bool is_json_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static span trim(span line) {
    while (line.size > 0 && is_json_space(line.data[0])) line.data++, line.size--;
    while (line.size > 0 && is_json_space(line.data[line.size - 1])) line.size--;
    return line;
}

/* Counts the row, and whether it is equal to an earlier one. */
static void survey_row(lua_State *L, lines *l, span row) {
    unsigned char digest[HASH_SIZE];
    l->rows++;
    if (lua_isnil(L, 2)) return;
    if (!digest_of(l, trim(row), digest)) luaL_error(L, "libcrypto cannot compute SHA-256");
    if (lscale_add_key(L, 2, digest)) return;
    l->equal++;
    lscale_add_key(L, 3, digest);
}

void lscale_push_digits(lua_State *L, const unsigned char digest[HASH_SIZE]) {
    static const char digits[] = "0123456789abcdef";
    char text[2 * HASH_SIZE];
    for (size_t i = 0; i < HASH_SIZE; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    lua_pushlstring(L, text, sizeof text);
}

static void begin_survey(lua_State *L, lines *l) {
    ready_hashes(L, l);
    rewind_lines(l);
    l->mark_count = 0;
    if (fstat(l->descriptor, &l->facts) != 0 || lseek(l->descriptor, 0, SEEK_SET) != 0)
        luaL_error(L, "%s: %s", path_of(L), strerror(errno));
    if (!begin_digest(l) || !digest_of(l, (span){"", 0}, l->digest))
        luaL_error(L, "libcrypto cannot compute SHA-256");
    l->rows = l->equal = 0;
    l->surveyed = false;
    l->surveying = true;
}

/* How many lines the file has, to judge by those in the first block. */
static size_t expected_lines(const lines *l) {
    size_t count = 0;
    if (l->end == 0) return 0;
    for (const char *at = l->buffer; (at = memchr(at, '\n', (size_t)(l->buffer + l->end - at))) != NULL; at++)
        count++;
    return (size_t)((double)l->facts.st_size / (double)l->end * (double)count);
}

/* Begins again, with what is to be read compared to the survey. */
static void read_again(lua_State *L, lines *l) {
    rewind_lines(l);
    if (lseek(l->descriptor, 0, SEEK_SET) != 0) luaL_error(L, "%s: %s", path_of(L), strerror(errno));
    if (l->surveyed && !begin_digest(l)) luaL_error(L, "libcrypto cannot compute SHA-256");
}

/* Surveys some blocks more. `row` has no data at the end. */
static fault survey_some(lua_State *L, lines *l, span *row) {
    size_t stop = l->blocks + BLOCKS_IN_ONE_GO;
    fault f = NO_FAULT;
    if (l->blocks == 0) {
        f = fill(l);
        if (f == NO_FAULT && !lua_isnil(L, 2)) lscale_expect_keys(L, 2, expected_lines(l));
    }
    do {
        if (f == NO_FAULT) f = next_row(l, row);
        if (f == NO_FAULT && row->data != NULL) survey_row(L, l, *row);
    } while (f == NO_FAULT && row->data != NULL && l->blocks < stop);
    return f;
}

/* lines:survey([keys, again]) -> rows, equal, digest, bytes | false: call it again. Reads the file from its
** start to its end, some megabytes at a time, counts the lines that are not blank and those that are equal
** to an earlier one, whatever stands around them; their digests go into the set `keys`, those of the equal
** ones into `again`. The file's own digest is SHA-256. Then it stands at the start, and what is read is
** compared: see lines:next(). After an error the next call begins at the start. */
static int survey(lua_State *L) {
    lines *l = check_lines(L);
    span row;
    lua_settop(L, 3);
    if (!l->surveying) begin_survey(L, l);
    fault f = survey_some(L, l, &row);
    if (f != NO_FAULT) {
        l->surveying = false;
        return tell_fault(L, l, f);
    }
    if (row.data != NULL) {
        lua_pushboolean(L, false);
        return 1;
    }
    l->surveying = false;
    l->surveyed = true;
    lua_pushinteger(L, l->rows);
    lua_pushinteger(L, l->equal);
    lscale_push_digits(L, l->digest);
    lua_pushinteger(L, lseek(l->descriptor, 0, SEEK_CUR));
    read_again(L, l);
    return 4;
}

/* lines:rewind(): goes to the start */
static int rewind_to_start(lua_State *L) {
    read_again(L, check_lines(L));
    return 0;
}

static bool is_same(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* lines:is_untouched() -> true if the path means the file that was surveyed, and nobody wrote to it since */
static int is_untouched(lua_State *L) {
    lines *l = check_lines(L);
    struct stat now;
    lua_pushboolean(L, l->surveyed && stat(path_of(L), &now) == 0 && is_same(&now, &l->facts));
    return 1;
}

/* sys.lines(path) -> the lines of a regular file | nil, message, errno */
int lscale_open_lines(lua_State *L) {
    size_t size;
    luaL_checktype(L, 1, LUA_TSTRING);
    const char *path = lua_tolstring(L, 1, &size);
    luaL_argcheck(L, strlen(path) == size, 1, "the path has a zero byte in it");
    lines *l = lua_newuserdatauv(L, sizeof *l, 1);
    memset(l, 0, sizeof *l);
    l->descriptor = -1;
    luaL_setmetatable(L, LINES);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    l->descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (l->descriptor < 0) return luaL_fileresult(L, 0, path);
    return 1;
}

void lscale_make_lines_class(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"peek", peek},
        {"next", next},
        {"skip", skip},
        {"survey", survey},
        {"rewind", rewind_to_start},
        {"is_untouched", is_untouched},
        {"close", close_lines},
        {NULL, NULL},
    };
    lscale_make_class(L, LINES, methods, close_lines);
}
