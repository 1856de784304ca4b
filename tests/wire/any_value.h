// Values of any content, for RapidCheck: what is put into an encoder, and the same as text for a
// program that is not ours to compare with. Every text goes to that in base64, every double as its
// bits, so that no writer of JSON text has to be trusted.
#pragma once

#include <llmtrace/clock.h>
#include <llmtrace/json_writer.h>
#include <rapidcheck.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// Any JSON value.
struct Tree {
  using List = std::vector<Tree>;
  using Object = std::vector<std::pair<std::string, Tree>>;
  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Object> value;
};
void to_json(llmtrace::JsonWriter& writer, const Tree& tree);

struct AnyAttribute {
  std::string key;
  std::variant<std::string, bool, std::int64_t, double, std::vector<std::string>, Tree> value;
};
using AnyAttributes = std::vector<AnyAttribute>;

// ---- any content

rc::Gen<std::string> any_text();
/// The encoders' numbers are finite: mappers leave the others out.
rc::Gen<double> any_finite();
rc::Gen<Tree> any_tree(int depth);
llmtrace::Timestamp any_time();
AnyAttributes any_attributes();

// ---- the same for another program

std::string quoted(std::string_view text);
/// A member behind others of an object.
std::string member(const char* name, const std::string& json);
std::string text_of(const std::string& text);
std::string double_of(double value);
std::string nanoseconds_of(llmtrace::Timestamp time);
/// ["text", ...], or ["json", [kind, value]].
std::string value_of(const std::variant<std::string, Tree>& value);
std::string attribute_of(const AnyAttribute& attribute);

template <class Bytes>
std::string hex_of(const Bytes& bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", byte);
    text += digits;
  }
  return quoted(text);
}

template <class List, class Write>
std::string list_of(const List& elements, Write write) {
  std::string text;
  for (const auto& element : elements) text += (text.empty() ? "" : ",") + write(element);
  return "[" + text + "]";
}
