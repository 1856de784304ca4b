#include "tests/wire/any_value.h"

#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>

#include "common/src/http_text.h"

namespace gen = rc::gen;

namespace {

void append_code_point(std::string& out, std::uint32_t point) {
  const auto push = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    push(point);
  } else if (point < 0x800) {
    push(0xC0 | (point >> 6));
    push(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    push(0xE0 | (point >> 12));
    push(0x80 | ((point >> 6) & 0x3F));
    push(0x80 | (point & 0x3F));
  } else {
    push(0xF0 | (point >> 18));
    push(0x80 | ((point >> 12) & 0x3F));
    push(0x80 | ((point >> 6) & 0x3F));
    push(0x80 | (point & 0x3F));
  }
}

std::string utf8_of(const std::vector<std::uint32_t>& points) {
  std::string text;
  for (const std::uint32_t point : points) append_code_point(text, point);
  return text;
}

// All of Unicode but surrogates; ASCII, control characters and quotes more often than the rest.
rc::Gen<std::uint32_t> any_code_point() {
  return gen::weightedOneOf<std::uint32_t>({
      {8, gen::inRange<std::uint32_t>(0x20, 0x7F)},
      {2, gen::inRange<std::uint32_t>(0, 0x20)},
      {1, gen::element<std::uint32_t>('"', '\\', '/', 0x7F, 0x2028, 0xFEFF, 0xFFFD, 0xFFFF)},
      {2, gen::inRange<std::uint32_t>(0x80, 0x800)},
      {2, gen::inRange<std::uint32_t>(0x800, 0xD800)},
      {1, gen::inRange<std::uint32_t>(0xE000, 0x10000)},
      {2, gen::inRange<std::uint32_t>(0x10000, 0x110000)},
  });
}

}  // namespace

// Among them such as are about as long as a length takes one byte more to write.
rc::Gen<std::string> any_text() {
  return gen::weightedOneOf<std::string>({
      {12, gen::map(gen::container<std::vector<std::uint32_t>>(any_code_point()), utf8_of)},
      {1, gen::map(gen::inRange<std::size_t>(100, 140),
                   [](std::size_t length) { return std::string(length, 'x'); })},
      {1, gen::map(gen::inRange<std::size_t>(16'200, 16'400),
                   [](std::size_t length) { return std::string(length, 'y'); })},
  });
}

namespace {

template <class Value>
rc::Gen<Tree> tree_of(rc::Gen<Value> value) {
  return gen::map(std::move(value), [](Value each) { return Tree{std::move(each)}; });
}

rc::Gen<double> any_double() {
  using Limits = std::numeric_limits<double>;
  return gen::oneOf(gen::arbitrary<double>(),
                    gen::element(0.0, -0.0, 0.1, 1e21, 1e-7, 5e-324, Limits::max(), Limits::min(),
                                 Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN()));
}

rc::Gen<std::int64_t> any_integer() {
  using Limits = std::numeric_limits<std::int64_t>;
  return gen::oneOf(gen::arbitrary<std::int64_t>(),
                    gen::element<std::int64_t>(0, -1, 127, 128, Limits::max(), Limits::min(),
                                               9'007'199'254'740'993));
}

}  // namespace

rc::Gen<double> any_finite() {
  return gen::suchThat(any_double(), [](double value) { return std::isfinite(value); });
}

rc::Gen<Tree> any_tree(int depth) {
  auto leaf = gen::oneOf(gen::just(Tree{}), tree_of(gen::arbitrary<bool>()), tree_of(any_integer()),
                         tree_of(any_double()), tree_of(any_text()));
  if (depth == 0) return leaf;
  auto below = any_tree(depth - 1);
  return gen::scale(0.3,
                    gen::weightedOneOf<Tree>({
                        {2, leaf},
                        {1, tree_of(gen::container<Tree::List>(below))},
                        {2, tree_of(gen::container<Tree::Object>(gen::pair(any_text(), below)))},
                    }));
}

namespace {

template <class Value>
rc::Gen<AnyAttribute> any_attribute_of(rc::Gen<Value> value) {
  return gen::map(gen::pair(any_text(), std::move(value)), [](std::pair<std::string, Value> each) {
    return AnyAttribute{std::move(each.first), std::move(each.second)};
  });
}

rc::Gen<AnyAttribute> any_attribute() {
  return gen::oneOf(
      any_attribute_of(any_text()), any_attribute_of(gen::arbitrary<bool>()),
      any_attribute_of(any_integer()), any_attribute_of(any_finite()),
      any_attribute_of(gen::nonEmpty(gen::container<std::vector<std::string>>(any_text()))),
      any_attribute_of(any_tree(3)));
}

llmtrace::Timestamp time_at(std::int64_t nanoseconds) {
  return llmtrace::Timestamp(std::chrono::duration_cast<llmtrace::Timestamp::duration>(
      std::chrono::nanoseconds(nanoseconds)));
}

}  // namespace

llmtrace::Timestamp any_time() {
  return time_at(*gen::inRange<std::int64_t>(0, std::numeric_limits<std::int64_t>::max()));
}

AnyAttributes any_attributes() {
  return *gen::scale(0.2, gen::container<AnyAttributes>(any_attribute()));
}

// ---- the same for another program

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string text_of(const std::string& text) { return quoted(llmtrace::base64(text)); }

std::string double_of(double value) {
  std::uint64_t word = 0;
  std::memcpy(&word, &value, sizeof word);
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(word));
  return quoted(digits);
}

std::string member(const char* name, const std::string& json) {
  return ",\"" + std::string(name) + "\":" + json;
}

std::string nanoseconds_of(llmtrace::Timestamp time) {
  return quoted(std::to_string(
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count()));
}

namespace {

// ["kind", value] of a tree; of an attribute the two stand apart.
struct KindAndValue {
  std::string kind;
  std::string value;
};

std::string pair_of(const Tree& tree);

struct Describe {
  KindAndValue operator()(std::monostate) const { return {"null", "null"}; }
  KindAndValue operator()(bool value) const { return {"bool", value ? "true" : "false"}; }
  KindAndValue operator()(std::int64_t value) const {
    return {"int", quoted(std::to_string(value))};
  }
  KindAndValue operator()(double value) const { return {"double", double_of(value)}; }
  KindAndValue operator()(const std::string& value) const { return {"text", text_of(value)}; }
  KindAndValue operator()(const std::vector<std::string>& value) const {
    return {"texts", list_of(value, text_of)};
  }
  KindAndValue operator()(const Tree& value) const { return {"json", pair_of(value)}; }
  KindAndValue operator()(const Tree::List& value) const {
    return {"list", list_of(value, pair_of)};
  }
  KindAndValue operator()(const Tree::Object& value) const {
    return {"object", list_of(value, [](const auto& member) {
              return "[" + text_of(member.first) + "," + pair_of(member.second) + "]";
            })};
  }
};

std::string pair_of(const Tree& tree) {
  const KindAndValue said = std::visit(Describe(), tree.value);
  return "[" + quoted(said.kind) + "," + said.value + "]";
}

}  // namespace

std::string value_of(const std::variant<std::string, Tree>& value) {
  const KindAndValue said = std::visit(Describe(), value);
  return "[" + quoted(said.kind) + "," + said.value + "]";
}

std::string attribute_of(const AnyAttribute& attribute) {
  const KindAndValue said = std::visit(Describe(), attribute.value);
  return "{\"key\":" + text_of(attribute.key) + ",\"kind\":" + quoted(said.kind) +
         ",\"value\":" + said.value + "}";
}

void to_json(llmtrace::JsonWriter& writer, const Tree& tree) {
  struct Write {
    llmtrace::JsonWriter& out;
    void operator()(std::monostate) const { out.null(); }
    void operator()(bool value) const { out.boolean(value); }
    void operator()(std::int64_t value) const { out.integer(value); }
    void operator()(double value) const { out.number(value); }
    void operator()(const std::string& value) const { out.string(value); }
    void operator()(const Tree::List& value) const {
      out.begin_array();
      for (const Tree& element : value) to_json(out, element);
      out.end_array();
    }
    void operator()(const Tree::Object& value) const {
      out.begin_object();
      for (const auto& [name, member] : value) {
        out.key(name);
        to_json(out, member);
      }
      out.end_object();
    }
  };
  std::visit(Write{writer}, tree.value);
}
