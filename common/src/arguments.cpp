// OBSERVE's arguments: the macro's text is split into names, which become the keys of the input.
#include <cxxabi.h>
#include <llmtrace/observed_scope.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <typeinfo>
#include <vector>

#include "common/src/cell.h"
#include "common/src/guard.h"

namespace llmtrace {
inline namespace v0 {
namespace detail {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\n") - begin + 1);
}

// Index behind the string or character literal that starts at `i`.
std::size_t skip_literal(std::string_view text, std::size_t i) {
  const char quote = text[i];
  for (++i; i < text.size() && text[i] != quote; ++i) {
    if (text[i] == '\\') ++i;
  }
  return i;
}

// Splits at commas outside brackets and literals.
std::vector<std::string_view> split_names(std::string_view text) {
  std::vector<std::string_view> names;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' || c == '\'') {
      i = skip_literal(text, i);
    } else if (c == '(' || c == '[' || c == '{') {
      ++depth;
    } else if (c == ')' || c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && depth == 0) {
      names.push_back(trimmed(text.substr(begin, i - begin)));
      begin = i + 1;
    }
  }
  names.push_back(trimmed(text.substr(std::min(begin, text.size()))));
  return names;
}

struct Arguments {
  std::string_view names;
  const JsonRef* values;
  std::size_t count;
};

void write_arguments(JsonWriter& writer, const void* object) {
  const auto& [names, values, count] = *static_cast<const Arguments*>(object);
  const std::vector<std::string_view> keys = split_names(names);
  // Template commas and parameter packs make the names uncountable: then an array.
  const bool named = keys.size() == count && !names.empty();
  named ? writer.begin_object() : writer.begin_array();
  for (std::size_t i = 0; i < count; ++i) {
    if (named) writer.key(keys[i]);
    write_guarded(writer, values[i]);
  }
  named ? writer.end_object() : writer.end_array();
}

}  // namespace

Json arguments_to_json(std::string_view names, const JsonRef* values, std::size_t count) noexcept {
  Json result;
  guarded([&] {
    const Arguments arguments{names, values, count};
    result = Json(JsonRef{&arguments, &write_arguments});
  });
  return result;
}

std::string exception_type_name(const std::exception& exception) {
  int status = 0;
  const char* const mangled = typeid(exception).name();
  const std::unique_ptr<char, decltype(&std::free)> readable(
      abi::__cxa_demangle(mangled, nullptr, nullptr, &status), &std::free);
  return status == 0 ? readable.get() : mangled;
}

}  // namespace detail
}  // namespace v0
}  // namespace llmtrace
