# llmtrace_warnings(target): our own code compiles without a warning; dependencies are not ours.
function(llmtrace_warnings target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
    # GCC 12 warns of std::string's own code in "literal" + string (GCC bug 105651).
    $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>)
  if(LLMTRACE_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${LLMTRACE_SANITIZE} -fno-omit-frame-pointer
                                             -fno-sanitize-recover=all)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND NOT LLMTRACE_SANITIZE STREQUAL "thread")
      target_compile_options(${target} PRIVATE
        # Clang 14 cannot assemble what `function` puts in front of a coroutine.
        -fno-sanitize=function
        -fsanitize-ignorelist=${PROJECT_SOURCE_DIR}/cmake/sanitizer_ignore.txt)
    endif()
    target_link_options(${target} PRIVATE -fsanitize=${LLMTRACE_SANITIZE})
  endif()
endfunction()

# llmtrace_module(name SOURCES ...): the library llmtrace::name, whose public headers are name/include
# and whose private headers are spelled from the project's root.
function(llmtrace_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES")
  set(target llmtrace_${name})
  add_library(${target} ${arg_SOURCES})
  add_library(llmtrace::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${name}
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
    POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  target_compile_features(${target} PUBLIC cxx_std_20)
  # A shared module that uses what another one hides fails to link, not the programs that use it.
  if(BUILD_SHARED_LIBS AND NOT LLMTRACE_SANITIZE)
    target_link_options(${target} PRIVATE -Wl,--no-undefined)
  endif()
  target_include_directories(${target}
    PUBLIC $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>
    PRIVATE ${PROJECT_SOURCE_DIR})
  llmtrace_warnings(${target})
endfunction()
