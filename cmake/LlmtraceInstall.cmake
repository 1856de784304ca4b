# cmake --install: libraries, public headers, the CMake package and the pkg-config files.
include(CMakePackageConfigHelpers)

set(llmtrace_modules common metrics log prices otlp langfuse langsmith openai)
set(llmtrace_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/llmtrace)

foreach(module IN LISTS llmtrace_modules)
  # A shared one finds the others beside it, wherever the prefix is.
  set_target_properties(llmtrace_${module} PROPERTIES INSTALL_RPATH "$ORIGIN")
  install(TARGETS llmtrace_${module} EXPORT llmtrace-targets
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
          INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endforeach()
foreach(room common langfuse langsmith integrations/openai)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${room}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endforeach()

install(EXPORT llmtrace-targets NAMESPACE llmtrace:: DESTINATION ${llmtrace_package_dir})
configure_package_config_file(cmake/llmtrace-config.cmake.in llmtrace-config.cmake
                              INSTALL_DESTINATION ${llmtrace_package_dir})
write_basic_package_version_file(llmtrace-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/llmtrace-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/llmtrace-config-version.cmake
              cmake/LlmtraceDependencies.cmake
        DESTINATION ${llmtrace_package_dir})

install(FILES LICENSE common/src/prices/GENAI_PRICES_LICENSE.txt DESTINATION ${CMAKE_INSTALL_DOCDIR})

# One .pc file per module: llmtrace-common, llmtrace-langfuse, ... A static llmtrace needs libcurl and the others
# at every link (and their shared libraries do, so not --static); a shared one has them inside.
file(RELATIVE_PATH prefix_from_here /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
foreach(module IN LISTS llmtrace_modules)
  set(requires "")
  set(requires_private "")
  set(hidden "")
  if(module STREQUAL "common")
    set(hidden "libcurl libcrypto zlib libzstd re2")
  else()
    set(requires "llmtrace-common = ${PROJECT_VERSION}")
  endif()
  if(module STREQUAL "log")
    set(hidden "spdlog")
  elseif(module STREQUAL "openai")
    list(APPEND requires "llmtrace-prices = ${PROJECT_VERSION}")
  endif()
  if(BUILD_SHARED_LIBS)
    set(requires_private "${hidden}")
  else()
    list(APPEND requires ${hidden})
  endif()
  list(JOIN requires ", " requires)
  configure_file(cmake/llmtrace.pc.in llmtrace-${module}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/llmtrace-${module}.pc
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
