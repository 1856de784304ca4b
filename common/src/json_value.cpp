#include "common/src/json_value.h"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <new>
#include <system_error>

#include "common/src/json_text.h"

namespace llmtrace {
inline namespace v0 {

// RapidJSON's SAX handler that builds the tree; it refuses to go over the limits.
class JsonValueBuilder {
 public:
  JsonValueBuilder(int max_depth, std::size_t max_nodes) noexcept
      : max_depth_(max_depth), nodes_left_(max_nodes) {}

  bool Null() { return add({}); }
  bool Bool(bool value) { return add_integer(JsonValue::Type::Boolean, value ? 1 : 0); }
  bool RawNumber(const char* text, rapidjson::SizeType length, bool) {
    JsonValue node;
    if (!read_number({text, length}, node)) return false;
    return add(std::move(node));
  }
  // Numbers come as their text; RapidJSON asks for these all the same.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }
  bool String(const char* text, rapidjson::SizeType length, bool) {
    JsonValue node;
    node.type_ = JsonValue::Type::String;
    node.string_.assign(text, length);
    return add(std::move(node));
  }
  bool Key(const char* text, rapidjson::SizeType length, bool) {
    open_.back().members_.emplace_back(std::string(text, length), JsonValue());
    return true;
  }
  bool StartObject() { return open(JsonValue::Type::Object); }
  bool StartArray() { return open(JsonValue::Type::Array); }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool EndArray(rapidjson::SizeType) { return close(); }

  JsonValue take() { return std::move(root_); }

  /// Integers of 64 bits exactly, all else as the nearest double; false when it is larger than any
  /// double.
  static bool read_number(std::string_view text, JsonValue& node) {
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    // -0 is no integer: it would lose its sign.
    if (text.find_first_of(".eE") == std::string_view::npos && text != "-0") {
      node.type_ = JsonValue::Type::Integer;
      if (std::from_chars(begin, end, node.integer_).ec == std::errc()) return true;
      std::uint64_t large = 0;
      if (std::from_chars(begin, end, large).ec == std::errc()) {
        node.type_ = JsonValue::Type::Unsigned;
        node.integer_ = static_cast<std::int64_t>(large);
        return true;
      }
    }
    node.type_ = JsonValue::Type::Double;
    node.integer_ = 0;
    if (std::from_chars(begin, end, node.double_).ec == std::errc()) return true;
    // Out of range: nearer to zero than any double, or too large.
    const bool tiny =
        text.find("e-") != std::string_view::npos || text.find("E-") != std::string_view::npos;
    node.double_ = 0;
    return tiny;
  }

 private:
  bool open(JsonValue::Type type) {
    if (open_.size() >= static_cast<std::size_t>(max_depth_)) return false;
    open_.emplace_back().type_ = type;
    return true;
  }
  bool close() {
    JsonValue node = std::move(open_.back());
    open_.pop_back();
    return add(std::move(node));
  }
  bool add_integer(JsonValue::Type type, std::int64_t value) {
    JsonValue node;
    node.type_ = type;
    node.integer_ = value;
    return add(std::move(node));
  }
  bool add(JsonValue node) {
    if (nodes_left_-- == 0) return false;
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (open_.back().type_ == JsonValue::Type::Object) {
      open_.back().members_.back().second = std::move(node);
    } else {
      open_.back().elements_.push_back(std::move(node));
    }
    return true;
  }

  int max_depth_;
  std::size_t nodes_left_;
  std::vector<JsonValue> open_;
  JsonValue root_;
};

namespace {

// A handler that only counts depth.
class DepthChecker final : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, DepthChecker> {
 public:
  explicit DepthChecker(int max_depth) noexcept : left_(max_depth) {}
  bool StartObject() { return --left_ >= 0; }
  bool StartArray() { return --left_ >= 0; }
  bool EndObject(rapidjson::SizeType) { return ++left_ > 0; }
  bool EndArray(rapidjson::SizeType) { return ++left_ > 0; }
  bool RawNumber(const char* text, rapidjson::SizeType length, bool) {
    JsonValue number;
    return JsonValueBuilder::read_number({text, length}, number);
  }

 private:
  int left_;
};

// Numbers are read by std::from_chars: RapidJSON 1.1 crashes on some with its full precision flag
// (internal/strtod.h) and is inexact without.
// RapidJSON does not look whether there was memory.
struct ThrowingAllocator {
  static void* Malloc(std::size_t size) { return Realloc(nullptr, 0, size); }
  static void* Realloc(void* block, std::size_t, std::size_t size) {
    if (size == 0) {
      Free(block);
      return nullptr;
    }
    void* const moved = std::realloc(block, size);
    if (moved == nullptr) throw std::bad_alloc();
    return moved;
  }
  static void Free(void* block) noexcept { std::free(block); }
};

template <class Handler>
bool read(std::string_view text, Handler& handler) {
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag |
                              rapidjson::kParseValidateEncodingFlag |
                              rapidjson::kParseNumbersAsStringsFlag;
  // RapidJSON skips each byte of a byte order mark by itself, so "\xBB{}" would pass. JSON begins
  // in ASCII.
  if (text.empty() || static_cast<unsigned char>(text.front()) >= 0x80) return false;
  // It takes a NUL for the end of the text, whatever follows. JSON has none outside an escape.
  if (text.find('\0') != std::string_view::npos) return false;
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> input(stream);
  rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>, ThrowingAllocator> reader;
  return !reader.Parse<kFlags>(input, handler).IsError();
}

const JsonValue kNull;
const std::string kEmpty;

void append_value(std::string& out, const JsonValue& value) {
  switch (value.type()) {
    case JsonValue::Type::Null:
      out.append("null");
      break;
    case JsonValue::Type::Boolean:
      out.append(value.as_bool() ? "true" : "false");
      break;
    case JsonValue::Type::Integer:
      append_json_integer(out, value.as_integer());
      break;
    case JsonValue::Type::Unsigned:
      out.append(std::to_string(static_cast<std::uint64_t>(value.as_integer())));
      break;
    case JsonValue::Type::Double:
      append_json_number(out, value.as_double());
      break;
    case JsonValue::Type::String:
      append_json_string(out, value.as_string());
      break;
    case JsonValue::Type::Array: {
      char separator = '[';
      for (const JsonValue& element : value.elements()) {
        out.push_back(separator);
        append_value(out, element);
        separator = ',';
      }
      out.append(value.elements().empty() ? "[]" : "]");
      break;
    }
    case JsonValue::Type::Object: {
      char separator = '{';
      for (const JsonValue::Member& member : value.members()) {
        out.push_back(separator);
        append_json_string(out, member.first);
        out.push_back(':');
        append_value(out, member.second);
        separator = ',';
      }
      out.append(value.members().empty() ? "{}" : "}");
      break;
    }
  }
}

}  // namespace

std::optional<JsonValue> JsonValue::parse(std::string_view text, int max_depth) {
  // While a vector grows to twice its size, the old half is there too.
  static_assert(kMaxNodes * sizeof(Member) * 3 / 2 < (std::size_t{64} << 20));
  constexpr std::size_t kBytesPerNode = (std::size_t{1} << 20) / kMaxNodes;
  JsonValueBuilder builder(max_depth, std::max(kMaxNodes, text.size() / kBytesPerNode));
  if (!read(text, builder)) return std::nullopt;
  return builder.take();
}

bool JsonValue::is_valid(std::string_view text, int max_depth) {
  DepthChecker checker(max_depth);
  return read(text, checker);
}

std::int64_t JsonValue::as_integer() const noexcept {
  switch (type_) {
    case Type::Integer:
    case Type::Unsigned:
    case Type::Boolean:
      return integer_;
    case Type::Double:
      // Casting a double outside the range is undefined.
      return double_ >= -9.2e18 && double_ <= 9.2e18 ? static_cast<std::int64_t>(double_) : 0;
    default:
      return 0;
  }
}

double JsonValue::as_double() const noexcept {
  if (type_ == Type::Double) return double_;
  if (type_ == Type::Unsigned) return static_cast<double>(static_cast<std::uint64_t>(integer_));
  return static_cast<double>(as_integer());
}

const std::string& JsonValue::as_string() const noexcept {
  return type_ == Type::String ? string_ : kEmpty;
}

const JsonValue* JsonValue::find(std::string_view key) const noexcept {
  for (auto member = members_.rbegin(); member != members_.rend(); ++member) {
    if (member->first == key) return &member->second;
  }
  return nullptr;
}

const JsonValue& JsonValue::operator[](std::string_view key) const noexcept {
  const JsonValue* value = find(key);
  return value == nullptr ? kNull : *value;
}

std::string JsonValue::to_text() const {
  std::string out;
  append_value(out, *this);
  return out;
}

}  // namespace v0
}  // namespace llmtrace
