/*
** lua_workflow.h - a small workflow in Lua that uses most of the module, the answers that it wants of a
** server, and a lua_State for it, with the module's C parts linked in and its Lua files from the checkout.
*/
#ifndef LUA_WORKFLOW_H
#define LUA_WORKFLOW_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <string.h>

#include "small_server.h"

int luaopen_scaleapi_core(lua_State *L);
int luaopen_scaleapi_sys(lua_State *L);

#define TASK                                                                                                 \
    "{\"task_id\":\"t1\",\"type\":\"comparison\",\"status\":\"pending\",\"params\":{\"a\":[1,2.5]},"         \
    "\"tags\":[\"x\"]}"

static const scripted workflow_script[] = {
    {"POST /v1/task/", "200 OK\r\n\r\n" TASK},
    {"GET /v1/task/t1", "200 OK\r\n\r\n" TASK},
    {"GET /v1/tasks?project=p&next_token=n",
     "200 OK\r\n\r\n{\"docs\":[" TASK "],\"total\":3,\"has_more\":false}"},
    {"GET /v1/tasks",
     "200 OK\r\n\r\n{\"docs\":[" TASK "," TASK "],\"total\":3,\"has_more\":true,\"next_token\":\"n\"}"},
    {"GET /v1/batches/b", "200 OK\r\n\r\n{\"name\":\"b\",\"project\":\"p\",\"status\":\"staging\"}"},
    {"GET /file", "200 OK\r\nX-Name: value\r\n\r\nbytes"},
    {NULL, NULL},
};

static const char workflow[] =
    "local url = ...\n"
    "local scaleapi = require 'scaleapi'\n"
    "local json = scaleapi.json\n"
    "local client <close> = scaleapi.client { api_key = 'live_x', base_url = url, max_attempts = 1 }\n"
    "local task = client:create_task('comparison', { unique_id = 'u', params = { a = json.array {} } })\n"
    "assert(task.status == 'pending' and task.params.a[2] == 2.5 and #task:json() > 10)\n"
    "assert(json.encode(json.decode "
    "'{\"a\":[1,1.10,\"\\\\u00e9\",null],\"b\":123456789012345678901234567890}'))\n"
    "local count = 0\n"
    "for each in client:get_tasks { project_name = 'p' } do\n"
    "    if each.task_id == 't1' and each.tags[1] == 'x' then count = count + 1 end\n"
    "end\n"
    "assert(count == 3, count)\n"
    "local tasks = client:get_tasks { project_name = 'p' }\n"
    "local kept = tasks()\n"
    "tasks:close()\n"
    "assert(kept:as_table().type == 'comparison')\n"
    "local none, err = client.safe:get_task 'nobody'\n"
    "assert(none == nil and (err.kind == 'not_found' or err.kind == 'no_memory'), err and err.kind)\n"
    "for _, found, problem in scaleapi.parallel(3, { 't1', 't1', 't1', 't1' }, function(id)\n"
    "    return client:get_task(id)\n"
    "end) do assert(found, problem) end\n"
    "local failure\n"
    "local result = scaleapi.bulk { client = client, operation = 'get_batch', concurrency = 2,\n"
    "    on_outcome = function(_, outcome) failure = failure or outcome.error end,\n"
    "    rows = { { batch_name = 'b' }, { batch_name = 'b' }, { batch_name = 'b' } } }\n"
    "if result.problem then error(result.problem, 0) end\n"
    "if failure or result.stopped then error(failure or result.stopped.error, 0) end\n"
    "assert(result.total == 3 and result.failed == 0)\n"
    "local job = scaleapi.spawn(function() scaleapi.sleep(0) return 7 end)\n"
    "assert(job:wait() == 7)\n"
    "local answer = scaleapi.fetch(url .. '/file')\n"
    "assert(answer.body == 'bytes' and answer.headers['x-name'] == 'value')\n"
    "assert(#client:changes() >= 0 and client:stats().requests > 5 and client:pace().limit > 0)\n";

/* As lua.c, and the module's C parts linked in. */
static int open_all(lua_State *L) {
    luaL_openlibs(L);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, luaopen_scaleapi_core);
    lua_setfield(L, -2, "scaleapi.core");
    lua_pushcfunction(L, luaopen_scaleapi_sys);
    lua_setfield(L, -2, "scaleapi.sys");
    lua_getglobal(L, "package");
    lua_pushliteral(L, "bindings/lua/?.lua");
    lua_setfield(L, -2, "path");
    return 0;
}

/* The program at 2 with the address at 1. */
static int run_text(lua_State *L) {
    const char *text = lua_touserdata(L, 2), *url = lua_touserdata(L, 1);
    if (luaL_loadbufferx(L, text, strlen(text), "=workflow", "t") != LUA_OK) return lua_error(L);
    lua_pushstring(L, url);
    lua_call(L, 1, 0);
    return 0;
}

#endif
