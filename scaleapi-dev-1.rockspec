-- For `luarocks make` in a checkout: the Lua module with its sandbox, without the host and tests. What it stands on
-- beside Lua (libcurl, libcrypto, libmicrohttpd) is found by pkg-config, as in any other build.
rockspec_format = "3.0"
package = "scaleapi"
version = "dev-1"
source = {
   url = "git+file://.",
}
description = {
   summary = "Client for Scale AI's data annotation API",
   detailed = [[
      Every operation of Scale's API for Lua 5.4: many requests in flight on one thread, retries that make no task
      twice, bulk work that can be killed and gone on with, and a sandbox of the API to try it all without a key.
   ]],
   license = "MIT",
}
dependencies = {
   "lua >= 5.4, < 5.5",
}
build = {
   type = "command",
   build_command = 'cmake -S . -B build.luarocks -DCMAKE_BUILD_TYPE=Release -DSCALUA=OFF -DBUILD_TESTING=OFF'
      .. ' -DLUA_PREFIX="$(LUA_DIR)" -DCMAKE_INSTALL_PREFIX="$(PREFIX)"'
      .. ' -DLUA_MODULE_DIR="$(LUADIR)" -DLUA_CMODULE_DIR="$(LIBDIR)"'
      .. ' && cmake --build build.luarocks --parallel 4 --target module_core module_sys module_server',
   install_command = "cmake --install build.luarocks --component lua",
}
