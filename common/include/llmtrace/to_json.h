// How llmtrace turns any C++ value into JSON. The first of these that fits a type is taken:
//
//   to_json(llmtrace::JsonWriter&, const T&) found by ADL; null (nullptr, nullopt, monostate);
//   bool; char (a one-letter string); integers; floating point; strings; enums (to_string by ADL,
//   else the number); optional and smart pointers; variant; maps with string-like keys; ranges;
//   pair and tuple; chrono durations (seconds) and system_clock times (RFC 3339).
//
// A type that fits none is a compile error where the caller asked for its value (`.input = x`), and
// the string "<app::Type>" where OBSERVE(x) merely met it.
#pragma once

#include <llmtrace/json_writer.h>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace llmtrace {
inline namespace v0 {

class Json;

/// Writes a point of time as RFC 3339 UTC text with microseconds, e.g.
/// "2026-11-16T08:00:00.000000Z".
LLMTRACE_EXPORT void to_json(JsonWriter& writer, const std::chrono::system_clock::time_point& time);

namespace detail {

LLMTRACE_EXPORT void write_absent_or_value(JsonWriter& writer, const Json& json);

/// Writes the value; if that throws or writes malformed JSON (a user's to_json), writes
/// "<error: ...>" in its place.
LLMTRACE_EXPORT void write_guarded(JsonWriter& writer, JsonRef value);

// Poison pill: unqualified look-up below must find user functions by ADL only.
void to_json() = delete;

template <class Value>
concept HasToJson = requires(JsonWriter& writer, const Value& value) {
  to_json(writer, value);
};

template <class Value>
concept HasToString = requires(const Value& value) {
  { to_string(value) } -> std::convertible_to<std::string_view>;
};

template <class Value>
concept StringLike = std::convertible_to<const Value&, std::string_view> &&
    !std::same_as<std::remove_cv_t<Value>, std::nullptr_t>;

// std::filesystem::path and the like: no view to be had, but a string.
template <class Value>
concept StringConvertible =
    std::is_class_v<Value> && std::convertible_to<const Value&, std::string>;

template <class Value>
concept NullLike = std::same_as<Value, std::nullptr_t> || std::same_as<Value, std::nullopt_t> ||
    std::same_as<Value, std::monostate>;

// optional, unique_ptr, shared_ptr: testable, with something behind `*`. Raw pointers are not read.
template <class Value>
concept OptionalLike = std::is_class_v<Value> && requires(const Value& value) {
  { static_cast<bool>(value) } -> std::same_as<bool>;
  *value;
} &&(
    requires { typename Value::value_type; } || requires { typename Value::element_type; }) &&
    !requires(const Value& value) {
  value.begin();
};

template <class Value>
inline constexpr bool kIsVariant = false;
template <class... Alternatives>
inline constexpr bool kIsVariant<std::variant<Alternatives...>> = true;

template <class Value>
inline constexpr bool kIsDuration = false;
template <class Rep, class Period>
inline constexpr bool kIsDuration<std::chrono::duration<Rep, Period>> = true;

template <class Value>
concept SystemTime = requires {
  typename Value::clock;
  typename Value::duration;
}
&&std::same_as<typename Value::clock, std::chrono::system_clock>;

// The element type must differ from the range: std::filesystem::path iterates over paths.
template <class Value>
concept Range = requires(const Value& value) {
  { std::begin(value) } -> std::forward_iterator;
  std::end(value);
}
&&!std::same_as<std::remove_cvref_t<decltype(*std::begin(std::declval<const Value&>()))>, Value>;

template <class Value>
concept MapLike = Range<Value> && requires {
  typename Value::mapped_type;
  typename Value::key_type;
} && StringLike<typename Value::key_type>;

template <class Value>
concept TupleLike = requires {
  std::tuple_size<Value>::value;
};

/// The type's name as the compiler spells it, e.g. "app::Session".
template <class Value>
constexpr std::string_view type_name() noexcept {
  constexpr std::string_view function = __PRETTY_FUNCTION__;
  constexpr std::string_view marker = "Value = ";
  constexpr std::size_t begin = function.find(marker) + marker.size();
  constexpr std::size_t end = function.find_first_of(";]", begin);
  return function.substr(begin, end - begin);
}

LLMTRACE_EXPORT void write_type_name(JsonWriter& writer, std::string_view name);

enum class Unserializable { CompileError, TypeName };

template <Unserializable policy, class Value>
void write_json(JsonWriter& writer, const Value& value);

template <Unserializable policy, class Tuple, std::size_t... Index>
void write_tuple(JsonWriter& writer, const Tuple& tuple, std::index_sequence<Index...>) {
  writer.begin_array();
  (::llmtrace::detail::write_json<policy>(writer, std::get<Index>(tuple)), ...);
  writer.end_array();
}

template <Unserializable policy, class Value>
void write_json(JsonWriter& writer, const Value& value) {
  using Plain = std::remove_cv_t<Value>;
  if constexpr (std::is_volatile_v<Value> && std::is_scalar_v<Plain>) {
    const Plain copy = value;
    ::llmtrace::detail::write_json<policy>(writer, copy);
  } else if constexpr (std::same_as<Plain, Json>) {
    ::llmtrace::detail::write_absent_or_value(writer, value);
  } else if constexpr (HasToJson<Plain>) {
    to_json(writer, value);
  } else if constexpr (NullLike<Plain>) {
    writer.null();
  } else if constexpr (std::same_as<Plain, bool>) {
    writer.boolean(value);
  } else if constexpr (std::same_as<Plain, char>) {
    writer.string(std::string_view(&value, 1));
  } else if constexpr (std::unsigned_integral<Plain>) {
    writer.unsigned_integer(value);
  } else if constexpr (std::integral<Plain>) {
    writer.integer(value);
  } else if constexpr (std::floating_point<Plain>) {
    writer.number(static_cast<double>(value));
  } else if constexpr (std::same_as<Plain, const char*>) {
    value == nullptr ? writer.null() : writer.string(value);
  } else if constexpr (std::is_array_v<Plain> &&
                       std::same_as<std::remove_cv_t<std::remove_extent_t<Plain>>, char>) {
    writer.string(std::string_view(value, ::strnlen(value, std::extent_v<Plain>)));
  } else if constexpr (std::is_pointer_v<Plain>) {
    // Not read: a char* buffer may be uninitialised, any other pointer may dangle.
    if constexpr (policy == Unserializable::TypeName || std::same_as<Plain, char*>) {
      ::llmtrace::detail::write_type_name(writer, ::llmtrace::detail::type_name<Plain>());
    } else {
      static_assert(
          policy == Unserializable::TypeName,
          "llmtrace: a raw pointer is not serialized. Pass *pointer, or a std::optional.");
    }
  } else if constexpr (StringLike<Plain>) {
    writer.string(static_cast<std::string_view>(value));
  } else if constexpr (StringConvertible<Plain>) {
    writer.string(static_cast<std::string>(value));
  } else if constexpr (std::is_enum_v<Plain>) {
    if constexpr (HasToString<Plain>) {
      writer.string(to_string(value));
    } else {
      ::llmtrace::detail::write_json<policy>(writer,
                                             static_cast<std::underlying_type_t<Plain>>(value));
    }
  } else if constexpr (OptionalLike<Plain>) {
    if (static_cast<bool>(value)) {
      ::llmtrace::detail::write_json<policy>(writer, *value);
    } else {
      writer.null();
    }
  } else if constexpr (kIsVariant<Plain>) {
    if (value.valueless_by_exception()) {
      writer.null();
    } else {
      std::visit(
          [&writer](const auto& alternative) {
            ::llmtrace::detail::write_json<policy>(writer, alternative);
          },
          value);
    }
  } else if constexpr (MapLike<Plain>) {
    writer.begin_object();
    for (const auto& [key, mapped] : value) {
      writer.key(key);
      ::llmtrace::detail::write_json<policy>(writer, mapped);
    }
    writer.end_object();
  } else if constexpr (Range<Plain>) {
    using Element = std::iter_value_t<decltype(std::begin(value))>;
    writer.begin_array();
    if constexpr (std::same_as<Element, bool>) {
      for (const bool element : value) writer.boolean(element);  // vector<bool> has proxy elements
    } else {
      for (const auto& element : value) ::llmtrace::detail::write_json<policy>(writer, element);
    }
    writer.end_array();
  } else if constexpr (TupleLike<Plain>) {
    ::llmtrace::detail::write_tuple<policy>(writer, value,
                                            std::make_index_sequence<std::tuple_size_v<Plain>>{});
  } else if constexpr (kIsDuration<Plain>) {
    writer.number(std::chrono::duration<double>(value).count());
  } else if constexpr (SystemTime<Plain>) {
    ::llmtrace::to_json(writer,
                        std::chrono::time_point_cast<std::chrono::system_clock::duration>(value));
  } else if constexpr (policy == Unserializable::TypeName) {
    ::llmtrace::detail::write_type_name(writer, ::llmtrace::detail::type_name<Plain>());
  } else {
    static_assert(policy == Unserializable::TypeName,
                  "llmtrace: this type has no JSON form. Define, in the type's own namespace: "
                  "void to_json(llmtrace::JsonWriter& writer, const T& value);");
  }
}

template <Unserializable policy, class Value>
void write_erased(JsonWriter& writer, const void* value) {
  if constexpr (std::is_function_v<Value>) {
    ::llmtrace::detail::write_type_name(writer, ::llmtrace::detail::type_name<Value>());
  } else {
    ::llmtrace::detail::write_json<policy>(writer, *static_cast<const Value*>(value));
  }
}

template <Unserializable policy, class Value>
JsonRef erased(const Value& value) noexcept {
  if constexpr (std::is_function_v<Value>) {
    // A pointer to a function is no pointer to an object; its type says all that is written.
    return {nullptr, &::llmtrace::detail::write_erased<policy, Value>};
  } else {
    // Past volatile, which no pointer to const void can hold; write_erased puts it back.
    return {const_cast<const std::remove_cv_t<Value>*>(std::addressof(value)),
            &::llmtrace::detail::write_erased<policy, Value>};
  }
}

template <class Value>
JsonRef json_ref(const Value& value) noexcept {
  return ::llmtrace::detail::erased<Unserializable::CompileError>(value);
}

}  // namespace detail

template <class Value>
void JsonWriter::value(const Value& value) {
  ::llmtrace::detail::write_json<detail::Unserializable::CompileError>(*this, value);
}

}  // namespace v0
}  // namespace llmtrace
