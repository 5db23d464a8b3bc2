/*
** lpage.c - a page of a list as userdata: it gives out its documents one by one, as tables of a class that
** refer to it, and writes them to a file.
**
** A document reads its fields in the page's bytes, so that they are not copied. That would keep a whole
** page for one document that a script keeps; so the pager tells a page that was left behind for a while to
** let go, and whatever document is still there gets bytes of its own.
*/
#include "lpage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TURN lua_upvalueindex(LSCALE_PAGE_UPVALUES + 1) /* of step alone */

/* While the script works, the network is looked at after so many ms; the clock, after so many documents. */
#define LOOK_AFTER 1
#define ASK_CLOCK  8

lscale_page *lscale_push_page(lua_State *L) {
    lscale_page *page = lua_newuserdatauv(L, sizeof *page, LSCALE_PAGE_VALUES);
    memset(page, 0, sizeof *page);
    luaL_setmetatable(L, LSCALE_PAGE);
    return page;
}

void lscale_fill_page(lscale_page *page, scale_json_page *documents) {
    page->page = documents;
    page->count = scale_json_page_count(documents) > 0 ? (size_t)scale_json_page_count(documents) : 0;
}

void lscale_empty_page(lscale_page *page) {
    scale_json_page *documents = page->page;
    page->page = NULL;
    page->count = page->next = 0;
    scale_json_page_free(documents);
}

static lscale_page *check_page(lua_State *L, int index) {
    return luaL_checkudata(L, index, LSCALE_PAGE);
}

static void push_slice(lua_State *L, scale_slice text) {
    lua_pushlstring(L, text.data, text.size);
}

/* page:bytes(place) -> the bytes of a document, from 1; nil when there are not so many */
static int bytes(lua_State *L) {
    lscale_page *page = check_page(L, 1);
    lua_Integer place = luaL_checkinteger(L, 2);
    if (place < 1 || (size_t)place > page->count) return 0;
    push_slice(L, scale_json_page_document(page->page, (size_t)place - 1));
    return 1;
}

/* page:count(), page:size() */
static int count(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)check_page(L, 1)->count);
    return 1;
}

static int size(lua_State *L) {
    lscale_page *page = check_page(L, 1);
    lua_pushinteger(L, page->page == NULL ? 0 : (lua_Integer)scale_json_page_text(page->page).size);
    return 1;
}

/* page:beside() -> the other fields */
static int beside(lua_State *L) {
    lscale_page *page = check_page(L, 1);
    luaL_argcheck(L, page->page != NULL, 1, "the page was let go of");
    lscale_push_beside(L, page->page);
    return 1;
}

/* ================================================================== giving out */

/* page:open(class, client, operation, wanted): of what its documents are made. */
static int open_page(lua_State *L) {
    check_page(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    luaL_checktype(L, 5, LUA_TTABLE);
    lua_settop(L, 5);
    lua_setiuservalue(L, 1, LSCALE_PAGE_WANTED);
    lua_setiuservalue(L, 1, LSCALE_PAGE_OPERATION);
    lua_setiuservalue(L, 1, LSCALE_PAGE_CLIENT);
    lua_setiuservalue(L, 1, LSCALE_PAGE_CLASS);
    lua_createtable(L, (int)((lscale_page *)lua_touserdata(L, 1))->count, 0);
    luaL_setmetatable(L, "scaleapi.page.given");
    lua_setiuservalue(L, 1, LSCALE_PAGE_GIVEN);
    return 0;
}

/* Puts a field that scripts ask for into the document on the top, whose name lies above it; takes the name.
** What is not plain is read when it is asked for. */
static void put_wanted(lua_State *L, const lscale_page *page, size_t place) {
    scale_slice key, value;
    key.data = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &key.size) : NULL;
    if (key.data != NULL &&
        scale_json_page_find(page->page, place, key.data, key.size, &value, NULL) == SCALE_OK &&
        value.data != NULL && lscale_json_push_plain(L, value))
        lua_rawset(L, -3);
    else
        lua_pop(L, 1);
}

/* Pushes the document at a place of the page at `index`. [-0, +1] */
static void push_document(lua_State *L, int index, const lscale_page *page, size_t place) {
    if (lua_getiuservalue(L, index, LSCALE_PAGE_GIVEN) != LUA_TTABLE) luaL_error(L, "the page is not open");
    lua_pop(L, 1);
    lua_getiuservalue(L, index, LSCALE_PAGE_WANTED);
    int wanted = lua_gettop(L), names = (int)lua_rawlen(L, wanted);
    lua_createtable(L, 0, names + 2);
    lua_pushvalue(L, LSCALE_UPVALUE_PAGE);
    lua_pushvalue(L, index);
    lua_rawset(L, -3);
    lua_pushvalue(L, LSCALE_UPVALUE_PLACE);
    lua_pushinteger(L, (lua_Integer)place);
    lua_rawset(L, -3);
    for (int i = 1; i <= names; i++) {
        lua_rawgeti(L, wanted, i);
        put_wanted(L, page, place);
    }
    lua_getiuservalue(L, index, LSCALE_PAGE_CLASS);
    lua_setmetatable(L, -2);
    lua_getiuservalue(L, index, LSCALE_PAGE_GIVEN);
    lua_pushvalue(L, -2);
    lua_rawseti(L, -2, (lua_Integer)place + 1);
    lua_pop(L, 1);
}

/* page:next() -> the next document; nil at the end */
static int next_document(lua_State *L) {
    lscale_page *page = check_page(L, 1);
    if (page->next == page->count) return 0;
    push_document(L, 1, page, page->next++);
    return 1;
}

/* Is it time to look at the network? */
static bool is_look_due(lscale_page *page) {
    struct timespec now;
    if (page->next % ASK_CLOCK != ASK_CLOCK - 1) return false;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, before = page->looked_at;
    if (before != 0 && ms - before < LOOK_AFTER) return false;
    page->looked_at = ms;
    return before != 0;
}

static int turned(lua_State *L, int status, lua_KContext context) {
    (void)status;
    (void)context;
    return lua_gettop(L) - 1;
}

/* iterator() -> the next document. Once in a while, and where the page ends, it is TURN's to say. */
static int step(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_pushvalue(L, LSCALE_UPVALUE_PAGE);
    if (lua_rawget(L, 1) == LUA_TUSERDATA && lua_getmetatable(L, 2) &&
        lua_rawequal(L, 3, LSCALE_UPVALUE_PAGE_MT)) {
        lscale_page *page = lua_touserdata(L, 2);
        if (page->next < page->count && !is_look_due(page)) {
            push_document(L, 2, page, page->next++);
            return 1;
        }
    }
    lua_settop(L, 1);
    lua_pushvalue(L, TURN);
    lua_pushvalue(L, 1);
    lua_callk(L, 1, LUA_MULTRET, 0, turned);
    return turned(L, LUA_OK, 0);
}

/* =================================================================== letting go */

static void set_value(lua_State *L, const char *key, int page, int value) {
    lua_pushstring(L, key);
    lua_getiuservalue(L, page, value);
    lua_rawset(L, -3);
}

/* Gives the document on the top what it needs to live without its page, which is at 1. */
static void detach(lua_State *L, const lscale_page *page, size_t place) {
    lua_pushliteral(L, LSCALE_KEY_BYTES);
    push_slice(L, scale_json_page_document(page->page, place));
    lua_rawset(L, -3);
    set_value(L, "_client", 1, LSCALE_PAGE_CLIENT);
    set_value(L, "_operation", 1, LSCALE_PAGE_OPERATION);
    lua_pushliteral(L, LSCALE_KEY_PAGE);
    lua_pushnil(L);
    lua_rawset(L, -3);
    lua_pushliteral(L, LSCALE_KEY_PLACE);
    lua_pushnil(L);
    lua_rawset(L, -3);
}

/* Is the document on the top still the page's? It may have got newer bytes. */
static bool is_here(lua_State *L, int page) {
    lua_pushliteral(L, LSCALE_KEY_PAGE);
    lua_rawget(L, -2);
    bool here = lua_rawequal(L, -1, page);
    lua_pop(L, 1);
    return here;
}

/* page:let_go(): whatever document is still there gets its own bytes, and those of the page are freed.
** Returns how many there were. */
static int let_go(lua_State *L) {
    lscale_page *page = check_page(L, 1);
    lua_Integer there = 0;
    lua_settop(L, 1);
    if (lua_getiuservalue(L, 1, LSCALE_PAGE_GIVEN) == LUA_TTABLE) {
        for (size_t place = 0; place < page->count; place++) {
            if (lua_rawgeti(L, 2, (lua_Integer)place + 1) == LUA_TTABLE && is_here(L, 1)) {
                detach(L, page, place);
                there++;
            }
            lua_settop(L, 2);
        }
    }
    lscale_empty_page(page);
    lua_pushinteger(L, there);
    return 1;
}

static int collect(lua_State *L) {
    lscale_empty_page(luaL_checkudata(L, 1, LSCALE_PAGE));
    return 0;
}

/* ====================================================================== writing */

/* Lines on their way to a file: stdio's own buffer is too small for them, whatever setvbuf is told. */
typedef struct lines {
    FILE *file;
    size_t used;
    char text[64 << 10];
} lines;

static bool flush_lines(lines *l) {
    size_t used = l->used;
    l->used = 0;
    return fwrite(l->text, 1, used, l->file) == used;
}

static bool add_bytes(lines *l, const char *bytes, size_t size) {
    if (size > sizeof l->text - l->used && !flush_lines(l)) return false;
    if (size > sizeof l->text) return fwrite(bytes, 1, size, l->file) == size;
    memcpy(l->text + l->used, bytes, size);
    l->used += size;
    return true;
}

/* Adds the document as a line: a line end in it can only stand between its parts, where a space does. */
static bool add_line(lines *l, scale_slice text) {
    bool broken = memchr(text.data, '\n', text.size) != NULL || memchr(text.data, '\r', text.size) != NULL;
    if (!broken) return add_bytes(l, text.data, text.size) && add_bytes(l, "\n", 1);
    for (size_t i = 0; i < text.size; i++) {
        bool is_end = text.data[i] == '\n' || text.data[i] == '\r';
        if (!add_bytes(l, is_end ? " " : text.data + i, 1)) return false;
    }
    return add_bytes(l, "\n", 1);
}

/* The error is raised when the documents before the wrong one are written. */
static bool is_right(const lscale_page *page, scale_slice text, scale_error *error) {
    return scale_json_page_is_checked(page->page) || scale_json_check(text, NULL, error) == SCALE_OK;
}

/* page:write(file) -> how many documents it wrote, from the next one to the end of the page, each checked in
** full; or nil, why; raises what is wrong with one. */
static int write_rest(lua_State *L) {
    lscale_page *page = check_page(L, 1);
    luaL_Stream *stream = luaL_checkudata(L, 2, LUA_FILEHANDLE);
    luaL_argcheck(L, stream->closef != NULL, 2, "the file is closed");
    scale_error error = SCALE_ERROR_INIT;
    lines l;
    size_t first = page->next;
    l.file = stream->f;
    l.used = 0;
    while (page->next < page->count) {
        scale_slice text = scale_json_page_document(page->page, page->next);
        if (!is_right(page, text, &error)) break;
        if (!add_line(&l, text)) return luaL_fileresult(L, 0, NULL);
        page->next++;
    }
    if (!flush_lines(&l)) return luaL_fileresult(L, 0, NULL);
    if (error.kind != SCALE_NONE) {
        lua_pushstring(L, error.message);
        return lua_error(L);
    }
    lua_pushinteger(L, (lua_Integer)(page->next - first));
    return 1;
}

/* ====================================================================== opening */

void lscale_push_page_upvalues(lua_State *L) {
    lscale_json_push_upvalues(L);
    lua_pushliteral(L, LSCALE_KEY_PAGE);
    lua_pushliteral(L, LSCALE_KEY_PLACE);
    lua_pushliteral(L, LSCALE_KEY_BYTES);
    luaL_getmetatable(L, LSCALE_PAGE);
}

/* pages.iterator(turn) -> what a list's iterator calls */
static int make_step(lua_State *L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    lscale_push_page_upvalues(L);
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, step, LSCALE_PAGE_UPVALUES + 1);
    return 1;
}

void lscale_open_page(lua_State *L) {
    static const luaL_Reg methods[] = {{"bytes", bytes},    {"count", count},   {"size", size},
                                       {"open", open_page}, {"let_go", let_go}, {"write", write_rest},
                                       {NULL, NULL}};
    static const luaL_Reg readers[] = {{"beside", beside}, {"next", next_document}, {NULL, NULL}};
    lscale_make_class(L, LSCALE_PAGE, methods, collect);
    luaL_newmetatable(L, "scaleapi.page.given");
    lua_pushliteral(L, "v");
    lua_setfield(L, -2, "__mode");
    lua_pop(L, 1);
    luaL_getmetatable(L, LSCALE_PAGE);
    lua_getfield(L, -1, "__index");
    lscale_push_page_upvalues(L);
    luaL_setfuncs(L, readers, LSCALE_PAGE_UPVALUES);
    lua_pop(L, 2);
    lua_pushcfunction(L, make_step);
    lua_setfield(L, -2, "iterator");
}
