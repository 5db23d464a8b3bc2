# Where Lua 5.4 is: what pkg-config calls lua5.4, or what stands under LUA_PREFIX. Sets LUA_INCLUDE_DIRS, which is all
# that the module needs, and LUA_STATIC for the host. Read by the CMakeLists.txt above.

set(LUA_PREFIX "" CACHE PATH "Where Lua 5.4 is installed (its include and lib); empty: ask pkg-config")

if(LUA_PREFIX)
    find_path(LUA_INCLUDE_DIRS lua.h PATHS ${LUA_PREFIX}/include PATH_SUFFIXES lua5.4 lua-5.4 NO_DEFAULT_PATH NO_CACHE)
    if(NOT LUA_INCLUDE_DIRS)
        message(FATAL_ERROR "LUA_PREFIX: there is no lua.h under ${LUA_PREFIX}/include")
    endif()
    file(STRINGS ${LUA_INCLUDE_DIRS}/lua.h LUA_IS_5_4 REGEX "^#define[ \t]+LUA_VERSION_NUM[ \t]+504")
    if(NOT LUA_IS_5_4)
        message(FATAL_ERROR "LUA_PREFIX: ${LUA_INCLUDE_DIRS}/lua.h is not of Lua 5.4")
    endif()
    set(LUA_WHERE PATHS ${LUA_PREFIX}/lib ${LUA_PREFIX}/lib/${CMAKE_LIBRARY_ARCHITECTURE} NO_DEFAULT_PATH)
else()
    pkg_check_modules(LUA REQUIRED lua5.4)
    set(LUA_WHERE)
endif()

# Static, so that a copied scalua needs no Lua where it goes; tests have a Lua of their own.
if(SCALUA OR BUILD_TESTING)
    find_library(LUA_STATIC NAMES liblua5.4.a liblua.a ${LUA_WHERE} NO_CACHE REQUIRED)
endif()
