# The host: Lua, lua-cjson, the module and the Lua files in one executable. Read by the CMakeLists.txt above.

set(HOST_DIR ${CMAKE_CURRENT_LIST_DIR})

find_library(CJSON_STATIC NAMES liblua5.4-cjson.a REQUIRED)
find_path(CJSON_INCLUDE_DIR lua-cjson.h PATH_SUFFIXES lua5.4 REQUIRED)
find_file(ARGPARSE argparse.lua PATHS /usr/share/lua/5.4 /usr/local/share/lua/5.4 REQUIRED)

# The generator is told which files there are by the manifest, and tells make.
add_executable(embed ${HOST_DIR}/embed.c)
set_target_properties(embed PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/host)
set(EMBEDDED ${CMAKE_BINARY_DIR}/host/embedded.c)
add_custom_command(
    OUTPUT ${EMBEDDED}
    COMMAND embed ${HOST_DIR}/manifest.txt ${CMAKE_SOURCE_DIR} ${EMBEDDED} ${EMBEDDED}.d @argparse=${ARGPARSE}
    DEPENDS embed ${HOST_DIR}/manifest.txt
    DEPFILE ${EMBEDDED}.d
    VERBATIM)

add_executable(scalua
    ${HOST_DIR}/main.c ${HOST_DIR}/commands.c ${HOST_DIR}/prompt.c ${HOST_DIR}/run.c ${HOST_DIR}/searcher.c
    ${HOST_DIR}/signals.c ${HOST_DIR}/memory.c ${EMBEDDED} ${BINDING_SOURCES})
target_include_directories(scalua PRIVATE
    ${HOST_DIR} bindings/src core/include ${LUA_INCLUDE_DIRS} ${CJSON_INCLUDE_DIR})
target_link_libraries(scalua PRIVATE
    core_objects ${CJSON_STATIC} ${LUA_STATIC} PkgConfig::MICROHTTPD PkgConfig::CRYPTO m ${CMAKE_DL_LIBS})
# -E: the C modules that scripts load find Lua in the executable.
target_link_options(scalua PRIVATE -Wl,-E)
