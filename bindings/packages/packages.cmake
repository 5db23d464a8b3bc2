# The Debian packages that `cpack -G DEB --config build/CPackConfig.cmake` makes of the parts of ../install.cmake, which
# reads this. finish.cmake adds what stands in every package; dpkg-shlibdeps finds what each depends on.

set(PACKAGE_MAINTAINER "The scalua authors <scalua@scalua.example>" CACHE STRING "Who answers for the packages")

set(CPACK_PACKAGE_NAME scalua)
set(CPACK_PACKAGE_CONTACT ${PACKAGE_MAINTAINER})
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL library development lua)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/finish.cmake)
set(CPACK_POST_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/without_scripts.cmake)
set(CPACK_GENERATOR DEB)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 0scalua1) # a package of Debian's own would come after it
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

# The name is that of the SONAME, so that a release with another one can be installed beside it (Debian policy 8.1).
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libscaleapi${PROJECT_VERSION_MAJOR})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_RECOMMENDS ca-certificates)
# While the version begins with 0, a program stays with the release that it was built with.
file(CONFIGURE OUTPUT debian/shlibs CONTENT "libscaleapi @PROJECT_VERSION_MAJOR@ @CPACK_DEBIAN_LIBRARY_PACKAGE_NAME@ \
(= @PROJECT_VERSION@-@CPACK_DEBIAN_PACKAGE_RELEASE@)\n" @ONLY)
file(CONFIGURE OUTPUT debian/triggers CONTENT "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA
    ${CMAKE_BINARY_DIR}/debian/shlibs ${CMAKE_BINARY_DIR}/debian/triggers)
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "client for Scale AI's data annotation API
Every operation of the API as a call in C: any number of them in flight on
one thread, retries that make no task twice, lists page by page, and rules
for when to send bulk work. It runs on a program's own loop as well.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libscaleapi-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "${CPACK_DEBIAN_LIBRARY_PACKAGE_NAME} \
(= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}), libcurl4-openssl-dev | libcurl4-gnutls-dev")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS pkg-config)
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "client for Scale AI's data annotation API (development files)
Every operation of the API as a call in C: any number of them in flight on
one thread, retries that make no task twice, lists page by page, and rules
for when to send bulk work.
.
This package has the headers, the static library, what pkg-config and CMake
need to find them, and examples.")

set(CPACK_DEBIAN_LUA_PACKAGE_NAME lua-scaleapi)
set(CPACK_DEBIAN_LUA_PACKAGE_SECTION interpreters)
set(CPACK_DEBIAN_LUA_PACKAGE_RECOMMENDS "lua5.4, ca-certificates")
set(CPACK_DEBIAN_LUA_PACKAGE_PROVIDES lua5.4-scaleapi)
set(CPACK_COMPONENT_LUA_DESCRIPTION "client for Scale AI's data annotation API for Lua 5.4
Every operation of the API as a method: iterators over long lists, many
requests in flight in coroutines on one thread, bulk work that can be killed
and gone on with, and a sandbox of the API, to try it without a key. It runs
in any program that carries Lua 5.4.")

if(SCALUA)
    list(APPEND CPACK_COMPONENTS_ALL scalua)
    set(CPACK_DEBIAN_SCALUA_PACKAGE_NAME scalua)
    set(CPACK_DEBIAN_SCALUA_PACKAGE_SECTION utils)
    set(CPACK_DEBIAN_SCALUA_PACKAGE_RECOMMENDS ca-certificates)
    set(CPACK_COMPONENT_SCALUA_DESCRIPTION "scripting host for data annotation with Scale AI
Creates tasks from a file, groups them in batches, finalizes, cancels and
watches them, and exports the results, by commands or by Lua scripts of one's
own. Work that was killed goes on where it was, and nothing is made twice. A
sandbox of the API is built in, to try it all without a key.")
endif()

configure_file(${CMAKE_CURRENT_LIST_DIR}/changelog.in ${CMAKE_BINARY_DIR}/debian/changelog @ONLY)
set(CPACK_DEBIAN_CHANGELOG ${CMAKE_BINARY_DIR}/debian/changelog)
set(CPACK_UPSTREAM_CHANGELOG ${CMAKE_SOURCE_DIR}/CHANGELOG.md)
include(CPack)
