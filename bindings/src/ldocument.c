/*
** ldocument.c - reading a document of the API: a table that holds its bytes, or knows its place in a page.
** Called by document.lua, whose metatables have `index` made here.
*/
#include <string.h>

#include "lpage.h"

/* Upvalues of `index` alone. */
#define METHODS lua_upvalueindex(LSCALE_PAGE_UPVALUES + 1)
#define FIELDS  lua_upvalueindex(LSCALE_PAGE_UPVALUES + 2)
#define READ    lua_upvalueindex(LSCALE_PAGE_UPVALUES + 3)

/* The page of the document at 1, which is left on the stack, and its place there; NULL when it has none, and
** nothing is left. */
static lscale_page *find_page(lua_State *L, size_t *place) {
    lua_pushvalue(L, LSCALE_UPVALUE_PAGE);
    if (lua_rawget(L, 1) == LUA_TUSERDATA && lua_getmetatable(L, -1)) {
        bool right = lua_rawequal(L, -1, LSCALE_UPVALUE_PAGE_MT);
        lua_pop(L, 1);
        lscale_page *page = lua_touserdata(L, -1);
        lua_pushvalue(L, LSCALE_UPVALUE_PLACE);
        lua_rawget(L, 1);
        *place = (size_t)lua_tointeger(L, -1);
        lua_pop(L, 1);
        if (right && *place < page->count) return page;
    }
    lua_pop(L, 1);
    return NULL;
}

/* The bytes of the document at 1, which stay where they are as long as what is left on the stack. */
static scale_slice check_bytes(lua_State *L) {
    scale_slice text;
    size_t place;
    luaL_checktype(L, 1, LUA_TTABLE);
    lscale_page *page = find_page(L, &place);
    if (page != NULL) return scale_json_page_document(page->page, place);
    lua_pushvalue(L, LSCALE_UPVALUE_BYTES);
    if (lua_rawget(L, 1) != LUA_TSTRING) luaL_error(L, "the document has no bytes any more");
    text.data = lua_tolstring(L, -1, &text.size);
    return text;
}

/* =================================================================== one field */

/* The bytes of the field called as the string at 2; raises when the document is malformed. */
static scale_slice check_field(lua_State *L) {
    scale_slice key, value;
    scale_error error = SCALE_ERROR_INIT;
    size_t place;
    scale_status status;
    luaL_checktype(L, 1, LUA_TTABLE);
    key.data = luaL_checklstring(L, 2, &key.size);
    lua_settop(L, 2);
    lscale_page *page = find_page(L, &place);
    if (page != NULL)
        status = scale_json_page_find(page->page, place, key.data, key.size, &value, &error);
    else
        status = scale_json_find(check_bytes(L), key.data, key.size, &value, &error);
    if (status != SCALE_OK) {
        lua_pushstring(L, error.message);
        lua_error(L);
    }
    return value;
}

/* documents.field(document, key) -> value | nil */
static int field(lua_State *L) {
    scale_slice value = check_field(L);
    if (value.data == NULL) return 0;
    lscale_json_push_value(L, value, (size_t)(value.data - check_bytes(L).data), NULL);
    return 1;
}

/* documents.raw_field(document, key) -> bytes | nil */
static int raw_field(lua_State *L) {
    scale_slice value = check_field(L);
    if (value.data == NULL) return 0;
    lua_pushlstring(L, value.data, value.size);
    return 1;
}

/* Notes the name at 2 as one that this script asks for, in the page at 3. */
static void note_wanted(lua_State *L) {
    if (lua_getiuservalue(L, 3, LSCALE_PAGE_WANTED) != LUA_TTABLE) {
        lua_pop(L, 1);
        return;
    }
    lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
    bool known = count >= LSCALE_MOST_WANTED;
    for (lua_Integer i = 1; i <= count && !known; i++) {
        lua_rawgeti(L, -1, i);
        known = lua_rawequal(L, -1, 2);
        lua_pop(L, 1);
    }
    if (!known) {
        lua_pushvalue(L, 2);
        lua_rawseti(L, -2, count + 1);
    }
    lua_pop(L, 1);
}

/* Pushes a plain field of a document in a page, and keeps it in the document. False: it is not so simple. */
static bool read_plainly(lua_State *L) {
    scale_slice key, value;
    size_t place;
    lscale_page *page = find_page(L, &place);
    if (page == NULL) return false;
    key.data = lua_tolstring(L, 2, &key.size);
    if (scale_json_page_find(page->page, place, key.data, key.size, &value, NULL) != SCALE_OK) return false;
    if (value.data == NULL || *value.data == 'n') {
        lua_pushnil(L);
        return true;
    }
    if (!lscale_json_push_plain(L, value)) return false;
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, 1);
    note_wanted(L);
    return true;
}

/* The __index of documents: methods, then fields that are computed, then those that the server sent. */
static int index_document(lua_State *L) {
    if (lua_type(L, 2) != LUA_TSTRING) return 0;
    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, METHODS) != LUA_TNIL) return 1;
    lua_pushvalue(L, 2);
    if (lua_rawget(L, FIELDS) != LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_call(L, 1, 1);
        return 1;
    }
    lua_settop(L, 2);
    if (read_plainly(L)) return 1;
    lua_settop(L, 2);
    lua_pushvalue(L, READ);
    lua_insert(L, 1);
    lua_call(L, 2, 1);
    return 1;
}

/* ================================================================== the whole */

/* documents.bytes(document) -> its bytes */
static int bytes(lua_State *L) {
    scale_slice text = check_bytes(L);
    lua_pushlstring(L, text.data, text.size);
    return 1;
}

/* documents.decode(document) -> its value */
static int decode(lua_State *L) {
    lscale_json_push_value(L, check_bytes(L), 0, NULL);
    return 1;
}

/* documents.check(document) -> true | nil, message */
static int check(lua_State *L) {
    scale_error error = SCALE_ERROR_INIT;
    size_t place;
    luaL_checktype(L, 1, LUA_TTABLE);
    lscale_page *page = find_page(L, &place);
    bool checked = page != NULL && scale_json_page_is_checked(page->page);
    if (checked || scale_json_check(check_bytes(L), NULL, &error) == SCALE_OK) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, error.message);
    return 2;
}

/* documents.origin(document) -> the client and the operation that its page came by */
static int origin(lua_State *L) {
    size_t place;
    luaL_checktype(L, 1, LUA_TTABLE);
    if (find_page(L, &place) == NULL) return 0;
    int page = lua_gettop(L);
    lua_getiuservalue(L, page, LSCALE_PAGE_CLIENT);
    lua_getiuservalue(L, page, LSCALE_PAGE_OPERATION);
    return 2;
}

/* ====================================================================== opening */

/* documents.index(methods, fields, read) -> an __index; `read(document, key)` reads what is not plain */
static int make_index(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    luaL_checktype(L, 3, LUA_TFUNCTION);
    lua_settop(L, 3);
    lscale_push_page_upvalues(L);
    for (int i = 1; i <= 3; i++) lua_pushvalue(L, i);
    lua_pushcclosure(L, index_document, LSCALE_PAGE_UPVALUES + 3);
    return 1;
}

/* Adds core.documents; core.json must be open. */
void lscale_open_documents(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"field", field}, {"raw_field", raw_field}, {"bytes", bytes},      {"decode", decode},
        {"check", check}, {"origin", origin},       {"index", make_index}, {NULL, NULL}};
    luaL_newlibtable(L, functions);
    lscale_open_page(L);
    lscale_push_page_upvalues(L);
    luaL_setfuncs(L, functions, LSCALE_PAGE_UPVALUES);
    lua_setfield(L, -2, "documents");
}
