# Run by cpack when the packages are made. It gives every package with a library scripts that call ldconfig, which is
# what the trigger is for; they are taken out again.

foreach(package ${CPACK_PACKAGE_FILES})
    if(package MATCHES "/libscaleapi[0-9]+_[^/]*$")
        set(unpacked ${CPACK_TEMPORARY_DIRECTORY}/unpacked)
        execute_process(COMMAND dpkg-deb -R ${package} ${unpacked} COMMAND_ERROR_IS_FATAL ANY)
        file(REMOVE ${unpacked}/DEBIAN/postinst ${unpacked}/DEBIAN/postrm)
        execute_process(COMMAND dpkg-deb --root-owner-group -Zgzip -b ${unpacked} ${package}
            OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
        file(REMOVE_RECURSE ${unpacked})
    endif()
endforeach()
