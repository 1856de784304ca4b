# Writes the files of a folder as a C++ table of gzip bytes: the collector's page lives in its program.
#   cmake -DFOLDER=... -DOUTPUT=... -P EmbedAssets.cmake
# Without the folder the table is empty.
function(content_type name result)
  set(types html "text/html" js "text/javascript" css "text/css" svg "image/svg+xml" json "application/json"
            txt "text/plain")
  get_filename_component(extension ${name} LAST_EXT)
  string(SUBSTRING ${extension} 1 -1 extension)
  list(FIND types ${extension} at)
  if(at EQUAL -1)
    message(FATAL_ERROR "EmbedAssets: no content type for ${name}; add it to the list in ${CMAKE_CURRENT_LIST_FILE}")
  endif()
  math(EXPR at "${at} + 1")
  list(GET types ${at} type)
  set(${result} "${type}; charset=utf-8" PARENT_SCOPE)
endfunction()

file(GLOB names RELATIVE ${FOLDER} ${FOLDER}/*)
list(SORT names)
set(packed ${OUTPUT}.gz)
set(index 0)
set(arrays "")
set(rows "")
foreach(name IN LISTS names)
  file(ARCHIVE_CREATE OUTPUT ${packed} PATHS ${FOLDER}/${name} FORMAT raw COMPRESSION GZip)
  file(READ ${packed} bytes HEX)
  # Without the time in its header, so that the same files make the same program.
  string(REGEX REPLACE "^(1f8b08..)........" "\\100000000" bytes "${bytes}")
  file(SHA256 ${FOLDER}/${name} digest)
  string(SUBSTRING ${digest} 0 32 digest)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  content_type(${name} type)
  string(APPEND arrays "constexpr unsigned char kBytes${index}[] = {${bytes}};\n")
  string(APPEND rows "    {.name = \"${name}\", .content_type = \"${type}\", .etag = \"\\\"${digest}\\\"\",\n"
                     "     .gzip = {reinterpret_cast<const char*>(kBytes${index}), sizeof kBytes${index}}},\n")
  math(EXPR index "${index} + 1")
endforeach()
file(REMOVE ${packed})

set(table "const std::array<Asset, ${index}> kAssets{{\n${rows}}};")
file(WRITE ${OUTPUT} "// Made by cmake/EmbedAssets.cmake.
#include <array>

#include \"collector/asset.h\"

namespace llmtrace::collector {
namespace {

${arrays}
${table}

}  // namespace

std::span<const Asset> embedded_assets() { return kAssets; }

}  // namespace llmtrace::collector
")
