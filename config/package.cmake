# What is installed where, and the Debian package (CPack). The manual's pages are made of the program's
# own tables (gateway/cli/manual.h).
include(GNUInstallDirs)
# The package's Maintainer field; .invalid is nobody's address.
set(ENCOMPASS_MAINTAINER "Operation Encompass gateway maintainers <encompass@gateway.invalid>"
    CACHE STRING "who answers for the package: Name <address>")

set(manual_pages)
function(manual_page page section)
    set(made ${CMAKE_BINARY_DIR}/man/${page}.gz)
    add_custom_command(OUTPUT ${made}
        COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/man
        COMMAND ${ARGN} > ${CMAKE_BINARY_DIR}/man/${page}
        COMMAND gzip -9nkf ${CMAKE_BINARY_DIR}/man/${page}
        DEPENDS encompass ${PROJECT_SOURCE_DIR}/config/man/encompassd.8
        VERBATIM)
    set(manual_pages ${manual_pages} ${made} PARENT_SCOPE)
    install(FILES ${made} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endfunction()
manual_page(encompass.1 1 $<TARGET_FILE:encompass> manual encompass.1)
manual_page(encompass.conf.5 5 $<TARGET_FILE:encompass> manual encompass.conf.5)
manual_page(encompassd.8 8 cat ${PROJECT_SOURCE_DIR}/config/man/encompassd.8)
add_custom_target(manual ALL DEPENDS ${manual_pages})

set(documents ${CMAKE_INSTALL_DATADIR}/doc/encompass)
set(debian ${PROJECT_SOURCE_DIR}/config/debian)
install(TARGETS encompassd encompass)
install(DIRECTORY templates DESTINATION ${CMAKE_INSTALL_DATADIR}/encompass)
install(DIRECTORY config/ DESTINATION ${CMAKE_INSTALL_DATADIR}/encompass/config
    PATTERN man EXCLUDE PATTERN debian EXCLUDE PATTERN systemd EXCLUDE PATTERN package.cmake EXCLUDE)
# A site's own is left as it is; in the package dpkg sees to that.
set(conf ${CMAKE_INSTALL_FULL_SYSCONFDIR}/encompass)
install(CODE "
    if(NOT EXISTS \"\$ENV{DESTDIR}${conf}/encompass.conf\")
        file(INSTALL \"${PROJECT_SOURCE_DIR}/config/encompass.conf\" DESTINATION \"${conf}\")
    endif()")
install(FILES config/systemd/encompassd.service DESTINATION lib/systemd/system)
install(FILES config/systemd/encompass.sysusers DESTINATION lib/sysusers.d RENAME encompass.conf)
install(FILES config/systemd/encompass.tmpfiles DESTINATION lib/tmpfiles.d RENAME encompass.conf)
install(FILES README.md ${debian}/copyright DESTINATION ${documents})
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/debian/changelog CONTENT
"encompass (@PROJECT_VERSION@) stable; urgency=medium

  * See changes.md.gz.

 -- @ENCOMPASS_MAINTAINER@  Wed, 25 Nov 2026 00:00:00 +0000
" @ONLY)
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/debian/changelog.gz ${CMAKE_BINARY_DIR}/debian/changes.md.gz
    COMMAND gzip -9nkf ${CMAKE_BINARY_DIR}/debian/changelog
    COMMAND gzip -9nc ${PROJECT_SOURCE_DIR}/CHANGES.md > ${CMAKE_BINARY_DIR}/debian/changes.md.gz
    DEPENDS ${PROJECT_SOURCE_DIR}/CHANGES.md ${CMAKE_BINARY_DIR}/debian/changelog VERBATIM)
add_custom_target(documents ALL DEPENDS ${CMAKE_BINARY_DIR}/debian/changelog.gz)
install(FILES ${CMAKE_BINARY_DIR}/debian/changelog.gz ${CMAKE_BINARY_DIR}/debian/changes.md.gz
    DESTINATION ${documents})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME encompass)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "${ENCOMPASS_MAINTAINER}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Operation Encompass notification gateway")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Police attend a domestic-abuse incident at night. This gateway takes the
call-out from them by MQTT, finds each child's school or children's centre,
and tells a trained adult there before the bell.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles, ca-certificates, tzdata")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "mosquitto, prometheus-node-exporter")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${debian}/conffiles ${debian}/postinst ${debian}/prerm ${debian}/postrm)
set(CPACK_STRIP_FILES ON)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
include(CPack)
