# What `cmake --install` puts where, in parts: library, development, lua, scalua. Read by the CMakeLists.txt above.

# The library and what it takes to build with it.
install(TARGETS scaleapi_shared EXPORT scaleapi
    LIBRARY COMPONENT library NAMELINK_COMPONENT development)
install(TARGETS scaleapi_static EXPORT scaleapi ARCHIVE COMPONENT development)
install(DIRECTORY core/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
file(RELATIVE_PATH PREFIX_FROM_PC /${CMAKE_INSTALL_LIBDIR}/pkgconfig /) # so that any --prefix will do
configure_file(core/scaleapi.pc.in scaleapi.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/scaleapi.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
set(CMAKE_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/scaleapi)
configure_package_config_file(core/scaleapi-config.cmake.in ${CMAKE_BINARY_DIR}/scaleapi-config.cmake
    INSTALL_DESTINATION ${CMAKE_PACKAGE_DIR})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/scaleapi-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/scaleapi-config.cmake ${CMAKE_BINARY_DIR}/scaleapi-config-version.cmake
    DESTINATION ${CMAKE_PACKAGE_DIR} COMPONENT development)
install(EXPORT scaleapi NAMESPACE scaleapi:: FILE scaleapi-targets.cmake
    DESTINATION ${CMAKE_PACKAGE_DIR} COMPONENT development)
install(DIRECTORY examples/c DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples COMPONENT development)

# The Lua module, where Lua of the same prefix looks: what lua5.4 has in package.path and package.cpath.
set(LUA_MODULE_DIR ${CMAKE_INSTALL_DATADIR}/lua/5.4 CACHE STRING "Where the module's Lua files go")
set(LUA_CMODULE_DIR ${CMAKE_INSTALL_LIBDIR}/lua/5.4 CACHE STRING "Where the module's C parts go")
install(DIRECTORY bindings/lua/ DESTINATION ${LUA_MODULE_DIR} COMPONENT lua)
install(DIRECTORY scripts/sandbox/ DESTINATION ${LUA_MODULE_DIR}/scaleapi/sandbox COMPONENT lua)
install(TARGETS module_core module_sys module_server LIBRARY DESTINATION ${LUA_CMODULE_DIR}/scaleapi COMPONENT lua)

# The host.
if(SCALUA)
    install(TARGETS scalua RUNTIME COMPONENT scalua)
    install(FILES bindings/host/scalua.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT scalua)
    install(DIRECTORY examples/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples COMPONENT scalua
        PATTERN "*.sh" EXCLUDE PATTERN c EXCLUDE)
endif()

# Packages of these parts.
include(bindings/packages/packages.cmake)
