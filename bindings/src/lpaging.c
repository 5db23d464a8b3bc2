/*
** lpaging.c - how a list goes on, as userdata: core says it, the pager in Lua asks for the pages.
*/
#include <string.h>

#include "lpage.h"

#define PAGING "scaleapi.paging"

/* core.paging(operation, token | nil, offset | nil) -> the way of a list whose first page is asked for with
** these */
static int make(lua_State *L) {
    const scale_operation *operation = scale_operation_find(luaL_checkstring(L, 1));
    scale_error error = SCALE_ERROR_INIT;
    size_t size = 0;
    const char *token = luaL_optlstring(L, 2, NULL, &size);
    lua_Integer offset = luaL_optinteger(L, 3, 0);
    luaL_argcheck(L, operation != NULL, 1, "no such operation");
    scale_paging *paging = lua_newuserdatauv(L, sizeof *paging, 0);
    memset(paging, 0, sizeof *paging);
    luaL_setmetatable(L, PAGING);
    if (scale_paging_init(paging, operation, token, size, offset, &error) == SCALE_OK) return 1;
    return luaL_error(L, "%s", error.message);
}

/* paging:next(page) -> the name of the argument that asks for the page after this one, and its value; false
** at the end; nil and what is wrong. */
static int next(lua_State *L) {
    scale_paging *paging = luaL_checkudata(L, 1, PAGING);
    const lscale_page *page = luaL_checkudata(L, 2, LSCALE_PAGE);
    scale_error error = SCALE_ERROR_INIT;
    luaL_argcheck(L, page->page != NULL, 2, "the page was let go of");
    switch (scale_paging_next(paging, page->page, &error)) {
    case 0: lua_pushboolean(L, false); return 1;
    case 1: break;
    default:
        lua_pushnil(L);
        lua_pushstring(L, error.message);
        return 2;
    }
    bool by_token = paging->operation->page == SCALE_PAGE_TOKEN;
    lua_pushstring(L, by_token ? "next_token" : "offset");
    if (by_token)
        lua_pushlstring(L, paging->token, paging->token_size);
    else
        lua_pushinteger(L, paging->offset);
    return 2;
}

static int collect(lua_State *L) {
    scale_paging_clear(luaL_checkudata(L, 1, PAGING));
    return 0;
}

void lscale_open_paging(lua_State *L) {
    static const luaL_Reg methods[] = {{"next", next}, {NULL, NULL}};
    lscale_make_class(L, PAGING, methods, collect);
    lua_pushcfunction(L, make);
    lua_setfield(L, -2, "paging");
}
