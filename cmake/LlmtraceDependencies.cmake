# What the libraries are built on; all of it is in Debian 12. The same file serves the build and, through
# the package config, the programs that use an installed static llmtrace.
find_package(Threads REQUIRED)
find_package(CURL 7.85 REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(LLMTRACE_ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(LLMTRACE_RE2 REQUIRED IMPORTED_TARGET re2)
# llmtrace::log alone stands on spdlog: an installed llmtrace wants it of those only who ask for that component, or
# for none in particular.
if(NOT llmtrace_FIND_COMPONENTS OR "log" IN_LIST llmtrace_FIND_COMPONENTS)
  find_package(spdlog 1.10 REQUIRED)
endif()
