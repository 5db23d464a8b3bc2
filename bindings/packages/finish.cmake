# Run by cpack when it has put the files of each package into a folder of its own, before it makes the packages of
# them: adds the licences and the change logs, names the folder of documents after the package, and compresses what
# Debian wants compressed.

# Without a name and a date inside, so that the same text gives the same bytes.
function(compress from to)
    execute_process(COMMAND gzip -9nc ${from} OUTPUT_FILE ${to} COMMAND_ERROR_IS_FATAL ANY)
    file(CHMOD ${to} PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endfunction()

foreach(component ${CPACK_COMPONENTS_ALL})
    string(TOUPPER ${component} COMPONENT)
    set(package ${CPACK_DEBIAN_${COMPONENT}_PACKAGE_NAME})
    set(staged ${CPACK_TEMPORARY_DIRECTORY}/${component}${CPACK_PACKAGING_INSTALL_PREFIX})
    set(documents ${staged}/share/doc/${package})
    if(EXISTS ${staged}/share/doc/scalua AND NOT package STREQUAL "scalua")
        file(RENAME ${staged}/share/doc/scalua ${documents})
    endif()
    file(COPY ${CMAKE_CURRENT_LIST_DIR}/copyright DESTINATION ${documents}
        FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
    compress(${CPACK_UPSTREAM_CHANGELOG} ${documents}/changelog.gz)
    compress(${CPACK_DEBIAN_CHANGELOG} ${documents}/changelog.Debian.gz)
    file(GLOB pages ${staged}/share/man/man*/*.[0-9])
    foreach(page ${pages})
        compress(${page} ${page}.gz)
        file(REMOVE ${page})
    endforeach()
    file(GLOB_RECURSE archives ${staged}/lib/*.a)
    foreach(archive ${archives})
        execute_process(COMMAND strip --strip-debug --enable-deterministic-archives ${archive}
            COMMAND_ERROR_IS_FATAL ANY)
    endforeach()
endforeach()
