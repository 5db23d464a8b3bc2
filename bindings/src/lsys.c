/*
** lsys.c - luaopen_scaleapi_sys: what Lua lacks and workflows need. A public module: a script of a
** user's may use it as the workflows do. Knows the system, libcrypto (SHA-256) and the host's interrupt
** flag; nothing of core, of the loop or of HTTP.
**
** Wrong arguments raise. What the system refuses comes back as nil, message, errno.
*/
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <lua.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "linterrupt.h"
#include "llines.h"
#include "lrows.h"

#define HASHER      "scaleapi.sys.hasher"
#define LOCK        "scaleapi.sys.lock"
#define NAMES       "scaleapi.sys.names"
#define HASH_SIZE   LSCALE_HASH_SIZE
#define MOST_RANDOM (1 << 20)
#define FILE_CHUNK  (1 << 16)

/* ================================================================== arguments */

/* A path; Lua's strings may hold a zero byte, the system's cannot. */
static const char *check_path(lua_State *L, int index) {
    size_t size;
    luaL_checktype(L, index, LUA_TSTRING);
    const char *path = lua_tolstring(L, index, &size);
    luaL_argcheck(L, strlen(path) == size, index, "the path has a zero byte in it");
    return path;
}

static FILE *check_file(lua_State *L, int index) {
    luaL_Stream *stream = luaL_checkudata(L, index, LUA_FILEHANDLE);
    luaL_argcheck(L, stream->closef != NULL, index, "the file is closed");
    return stream->f;
}

/* ==================================================================== SHA-256 */

/* Fetched at the first use, since libcrypto takes a while to start; then used again. */
typedef struct hasher {
    EVP_MD *algorithm;
    EVP_MD_CTX *context;
} hasher;

static int free_hasher(lua_State *L) {
    hasher *h = luaL_checkudata(L, 1, HASHER);
    EVP_MD_CTX_free(h->context);
    EVP_MD_free(h->algorithm);
    h->context = NULL;
    h->algorithm = NULL;
    return 0;
}

/* The hasher that is the function's upvalue, ready to be used. */
static hasher *ready_hasher(lua_State *L) {
    hasher *h = lua_touserdata(L, lua_upvalueindex(1));
    if (h->algorithm == NULL) h->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (h->context == NULL) h->context = EVP_MD_CTX_new();
    if (h->algorithm == NULL || h->context == NULL) luaL_error(L, "libcrypto cannot compute SHA-256");
    return h;
}

/* The hash of argument 1. */
static void hash(lua_State *L, unsigned char result[HASH_SIZE]) {
    size_t size;
    luaL_checktype(L, 1, LUA_TSTRING);
    const char *text = lua_tolstring(L, 1, &size);
    hasher *h = ready_hasher(L);
    unsigned written = 0;
    if (!EVP_DigestInit_ex2(h->context, h->algorithm, NULL) || !EVP_DigestUpdate(h->context, text, size) ||
        !EVP_DigestFinal_ex(h->context, result, &written) || written != HASH_SIZE)
        luaL_error(L, "libcrypto cannot compute SHA-256");
}

/* sys.sha256(text) -> its SHA-256, 64 lower-case hexadecimal digits */
static int sha256(lua_State *L) {
    unsigned char result[HASH_SIZE];
    hash(L, result);
    lscale_push_digits(L, result);
    return 1;
}

/* sys.sha256_raw(text) -> the same as 32 bytes */
static int sha256_raw(lua_State *L) {
    unsigned char result[HASH_SIZE];
    hash(L, result);
    lua_pushlstring(L, (const char *)result, sizeof result);
    return 1;
}

typedef enum { HASHED, CANNOT_READ, CANNOT_HASH } outcome;

static outcome hash_file(hasher *h, int descriptor, unsigned char result[HASH_SIZE]) {
    unsigned char chunk[FILE_CHUNK];
    unsigned written = 0;
    ssize_t count;
    if (!EVP_DigestInit_ex2(h->context, h->algorithm, NULL)) return CANNOT_HASH;
    while ((count = read(descriptor, chunk, sizeof chunk)) != 0) {
        if (count < 0 && errno != EINTR) return CANNOT_READ;
        if (count > 0 && !EVP_DigestUpdate(h->context, chunk, (size_t)count)) return CANNOT_HASH;
    }
    return EVP_DigestFinal_ex(h->context, result, &written) ? HASHED : CANNOT_HASH;
}

/* sys.sha256_file(path) -> the SHA-256 of all of the file | nil, message, errno. In flat memory. */
static int sha256_file(lua_State *L) {
    unsigned char result[HASH_SIZE];
    const char *path = check_path(L, 1);
    hasher *h = ready_hasher(L);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return luaL_fileresult(L, 0, path);
    outcome came = hash_file(h, descriptor, result);
    int error = errno;
    close(descriptor);
    errno = error;
    if (came == CANNOT_HASH) luaL_error(L, "libcrypto cannot compute SHA-256");
    if (came == CANNOT_READ) return luaL_fileresult(L, 0, path);
    lscale_push_digits(L, result);
    return 1;
}

/* ===================================================================== clocks */

static int push_clock(lua_State *L, clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    lua_pushnumber(L, (lua_Number)now.tv_sec + (lua_Number)now.tv_nsec / 1e9);
    return 1;
}

/* sys.monotonic() -> seconds since some moment, on a clock that is never set */
static int monotonic(lua_State *L) {
    return push_clock(L, CLOCK_MONOTONIC);
}

/* sys.time() -> seconds since 1970, as os.time() but with a fraction */
static int wall_clock(lua_State *L) {
    return push_clock(L, CLOCK_REALTIME);
}

/* ====================================================================== files */

/* sys.sync(file) -> true | nil, message, errno. What was written to the file is on disk afterwards. Pipes
** and terminals have nothing to sync: they are flushed. */
static int sync_file(lua_State *L) {
    FILE *file = check_file(L, 1);
    if (fflush(file) != 0) return luaL_fileresult(L, 0, NULL);
    int result = fsync(fileno(file));
    return luaL_fileresult(L, result == 0 || errno == EINVAL || errno == ENOTSUP, NULL);
}

/* sys.truncate(file, size) -> true | nil, message, errno. The file has `size` bytes afterwards. */
static int truncate_file(lua_State *L) {
    FILE *file = check_file(L, 1);
    lua_Integer size = luaL_checkinteger(L, 2);
    luaL_argcheck(L, size >= 0, 2, "must be 0 or more");
    if (fflush(file) != 0) return luaL_fileresult(L, 0, NULL);
    return luaL_fileresult(L, ftruncate(fileno(file), size) == 0, NULL);
}

static const char *type_name(mode_t mode) {
    if (S_ISREG(mode)) return "file";
    return S_ISDIR(mode) ? "directory" : "other";
}

/* sys.stat(path) -> { type = "file" | "directory" | "other", size =, modified = (seconds), mode = } | nil,
** message, errno. Follows symbolic links; `mode` holds the permission bits. */
static int stat_path(lua_State *L) {
    const char *path = check_path(L, 1);
    struct stat facts;
    if (stat(path, &facts) != 0) return luaL_fileresult(L, 0, path);
    lua_createtable(L, 0, 4);
    lua_pushstring(L, type_name(facts.st_mode));
    lua_setfield(L, -2, "type");
    lua_pushinteger(L, facts.st_size);
    lua_setfield(L, -2, "size");
    lua_pushnumber(L, (lua_Number)facts.st_mtim.tv_sec + (lua_Number)facts.st_mtim.tv_nsec / 1e9);
    lua_setfield(L, -2, "modified");
    lua_pushinteger(L, facts.st_mode & 07777);
    lua_setfield(L, -2, "mode");
    return 1;
}

/* sys.make_directory(path) -> true | nil, message, errno. The parent must be there. */
static int make_directory(lua_State *L) {
    const char *path = check_path(L, 1);
    return luaL_fileresult(L, mkdir(path, 0777) == 0, path);
}

typedef struct names {
    struct dirent **entries;
    int count;
} names;

static int free_names(lua_State *L) {
    names *n = luaL_checkudata(L, 1, NAMES);
    while (n->count > 0) free(n->entries[--n->count]);
    free(n->entries);
    n->entries = NULL;
    return 0;
}

static int is_listed(const struct dirent *entry) {
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int compare_names(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* sys.list(path) -> the names in a directory, sorted bytewise, without . and .. | nil, message, errno */
static int list_directory(lua_State *L) {
    const char *path = check_path(L, 1);
    names *n = lua_newuserdatauv(L, sizeof *n, 0);
    memset(n, 0, sizeof *n);
    luaL_setmetatable(L, NAMES);
    int count = scandir(path, &n->entries, is_listed, compare_names);
    if (count < 0) return luaL_fileresult(L, 0, path);
    n->count = count;
    lua_createtable(L, count, 0);
    for (int i = 0; i < count; i++) {
        lua_pushstring(L, n->entries[i]->d_name);
        lua_rawseti(L, -2, i + 1);
    }
    lua_pushcfunction(L, free_names);
    lua_pushvalue(L, -3);
    lua_call(L, 1, 0);
    return 1;
}

/* ====================================================================== locks */

typedef struct lock {
    int descriptor; /* -1 when released */
} lock;

static void unlock(lock *l) {
    if (l->descriptor >= 0) close(l->descriptor);
    l->descriptor = -1;
}

/* lock:release(): lets others have it; twice is fine. Being collected or closed (<close>) does the same, as
** does the end of the process, however it comes. The file stays. */
static int release_lock(lua_State *L) {
    unlock(luaL_checkudata(L, 1, LOCK));
    return 0;
}

/* sys.lock(path) -> lock | nil, message, errno. Makes the file if need be, and locks it for this holder
** alone; does not wait. It holds against every other sys.lock and flock(2), in this process too. */
static int lock_path(lua_State *L) {
    const char *path = check_path(L, 1);
    lock *l = lua_newuserdatauv(L, sizeof *l, 0);
    l->descriptor = -1;
    luaL_setmetatable(L, LOCK);
    l->descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (l->descriptor < 0) return luaL_fileresult(L, 0, path);
    if (flock(l->descriptor, LOCK_EX | LOCK_NB) == 0) return 1;
    int error = errno;
    unlock(l);
    errno = error;
    if (error != EWOULDBLOCK) return luaL_fileresult(L, 0, path);
    luaL_pushfail(L);
    lua_pushfstring(L, "%s: locked by somebody else", path);
    lua_pushinteger(L, error);
    return 3;
}

/* =================================================================== terminal */

/* sys.is_terminal(file) -> boolean */
static int is_terminal(lua_State *L) {
    lua_pushboolean(L, isatty(fileno(check_file(L, 1))));
    return 1;
}

/* sys.terminal_width(file) -> columns | nil where there is no terminal, or it does not say */
static int terminal_width(lua_State *L) {
    struct winsize size = {0};
    if (ioctl(fileno(check_file(L, 1)), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        luaL_pushfail(L);
    else
        lua_pushinteger(L, size.ws_col);
    return 1;
}

/* ===================================================================== limits */

/* sys.raise_open_files(wanted) -> how many files and connections this process may have open at once: as many
** as are wanted, or as near as the system lets it come. The limit is never lowered. */
static int raise_open_files(lua_State *L) {
    lua_Integer wanted = luaL_checkinteger(L, 1);
    struct rlimit limit;
    luaL_argcheck(L, wanted >= 0, 1, "must be 0 or more");
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return luaL_error(L, "no limit: %s", strerror(errno));
    rlim_t before = limit.rlim_cur;
    if ((rlim_t)wanted > before) {
        limit.rlim_cur = (rlim_t)wanted < limit.rlim_max ? (rlim_t)wanted : limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = before;
    }
    lua_pushinteger(L, limit.rlim_cur > LUA_MAXINTEGER ? LUA_MAXINTEGER : (lua_Integer)limit.rlim_cur);
    return 1;
}

/* ===================================================================== random */

/* sys.random_bytes(n) -> n bytes that nobody can guess; n up to a mebibyte */
static int random_bytes(lua_State *L) {
    lua_Integer wanted = luaL_checkinteger(L, 1);
    luaL_argcheck(L, wanted >= 0 && wanted <= MOST_RANDOM, 1, "must be from 0 to 1048576");
    luaL_Buffer buffer;
    size_t size = (size_t)wanted, have = 0;
    char *bytes = luaL_buffinitsize(L, &buffer, size);
    while (have < size) {
        ssize_t count = getrandom(bytes + have, size - have, 0);
        if (count < 0 && errno != EINTR) return luaL_error(L, "no random bytes: %s", strerror(errno));
        if (count > 0) have += (size_t)count;
    }
    luaL_pushresultsize(&buffer, size);
    return 1;
}

/* ================================================================== interrupt */

/* sys.catch_interrupt(catch) -> true | false where there is no host. With true, Ctrl-C is counted, from 0,
** and does nothing else; with false it raises "interrupted!" again. Plain Lua has its own ways. */
static int catch_interrupt(lua_State *L) {
    luaL_checktype(L, 1, LUA_TBOOLEAN);
    lscale_interrupt *interrupt = lscale_interrupt_get(L);
    if (interrupt != NULL) interrupt->set_catching(lua_toboolean(L, 1));
    lua_pushboolean(L, interrupt != NULL);
    return 1;
}

/* sys.interrupted() -> how often Ctrl-C was pressed since sys.catch_interrupt(true) */
static int interrupted(lua_State *L) {
    lscale_interrupt *interrupt = lscale_interrupt_get(L);
    lua_pushinteger(L, interrupt == NULL ? 0 : interrupt->count);
    return 1;
}

/* ==================================================================== opening */

static void make_class(lua_State *L, const char *name, lua_CFunction finalizer) {
    luaL_newmetatable(L, name);
    lua_pushcfunction(L, finalizer);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
}

static void make_lock_class(lua_State *L) {
    make_class(L, LOCK, release_lock);
    luaL_getmetatable(L, LOCK);
    lua_pushcfunction(L, release_lock);
    lua_setfield(L, -2, "__close");
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, release_lock);
    lua_setfield(L, -2, "release");
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

LUAMOD_API int luaopen_scaleapi_sys(lua_State *L);

LUAMOD_API __attribute__((visibility("default"))) int luaopen_scaleapi_sys(lua_State *L) {
    static const luaL_Reg hashes[] = {
        {"sha256", sha256}, {"sha256_raw", sha256_raw}, {"sha256_file", sha256_file}, {NULL, NULL}};
    static const luaL_Reg functions[] = {
        {"monotonic", monotonic},
        {"time", wall_clock},
        {"sync", sync_file},
        {"truncate", truncate_file},
        {"stat", stat_path},
        {"make_directory", make_directory},
        {"list", list_directory},
        {"lock", lock_path},
        {"is_terminal", is_terminal},
        {"terminal_width", terminal_width},
        {"raise_open_files", raise_open_files},
        {"random_bytes", random_bytes},
        {"row_states", lscale_new_row_states},
        {"key_set", lscale_new_key_set},
        {"lines", lscale_open_lines},
        {"catch_interrupt", catch_interrupt},
        {"interrupted", interrupted},
        {NULL, NULL},
    };
    luaL_checkversion(L);
    make_class(L, HASHER, free_hasher);
    make_class(L, NAMES, free_names);
    make_lock_class(L);
    lscale_make_row_classes(L);
    lscale_make_lines_class(L);
    luaL_newlib(L, functions);
    memset(lua_newuserdatauv(L, sizeof(hasher), 0), 0, sizeof(hasher));
    luaL_setmetatable(L, HASHER);
    luaL_setfuncs(L, hashes, 1);
    return 1;
}
