// The parameters of observations and scores: flat structs for designated initializers, in the order
// of the vendors' Python signatures. What is not given stays unset.
#pragma once

#include <llmtrace/clock.h>
#include <llmtrace/export.h>
#include <llmtrace/json.h>

#include <cmath>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace llmtrace {
inline namespace v0 {

enum class ObservationType : unsigned char {
  Span,
  Generation,
  Event,
  Embedding,
  Agent,
  Tool,
  Chain,
  Retriever,
  Evaluator,
  Guardrail,
  Prompt,
  Parser,
};

enum class Level : unsigned char { Debug, Default, Warning, Error };

/// "span", "generation", ...
LLMTRACE_EXPORT std::string_view to_string(ObservationType type) noexcept;
/// "DEBUG", "DEFAULT", "WARNING", "ERROR"
LLMTRACE_EXPORT std::string_view to_string(Level level) noexcept;

/// Named numbers in the order given: `{{"input", 100}, {"output", 50}}`. Negative, NaN and infinite
/// values are kept as invalid; they are counted and left out when sent. A repeated name: the last
/// wins.
template <class Number>
class NumberMap {
 public:
  struct Item {
    template <class Value>
    requires std::is_arithmetic_v<Value> Item(std::string_view item_name, Value item_value)
        : name(item_name), value(checked(item_value)) {}
    std::string name;
    Number value;
  };
  static constexpr Number kInvalid = -1;

  NumberMap() noexcept = default;
  NumberMap(std::initializer_list<Item> items) {
    items_.reserve(items.size());
    for (const Item& item : items) set(item);
  }
  /// From any map or sequence of pairs.
  template <class Pairs>
  requires requires(const Pairs& pairs) { pairs.begin()->second; }
  NumberMap(const Pairs& pairs) {  // NOLINT(google-explicit-constructor)
    for (const auto& [name, value] : pairs) set(Item(name, value));
  }

  const std::vector<Item>& items() const noexcept { return items_; }
  bool empty() const noexcept { return items_.empty(); }
  /// The value of that name, or nothing.
  std::optional<Number> find(std::string_view name) const noexcept {
    for (const Item& item : items_) {
      if (item.name == name) return item.value;
    }
    return std::nullopt;
  }
  void merge(NumberMap other) {
    if (items_.empty()) {
      items_ = std::move(other.items_);
      return;
    }
    for (Item& item : other.items_) set(std::move(item));
  }

 private:
  template <class Value>
  static Number checked(Value value) noexcept {
    if constexpr (std::floating_point<Value>) {
      // Not more than 2^53: beyond it neither JSON readers nor a cast keep the value.
      const bool fits = std::isfinite(value) && value >= 0 &&
                        (std::floating_point<Number> || value <= Value{9007199254740992});
      return fits ? static_cast<Number>(value) : kInvalid;
    } else if constexpr (std::unsigned_integral<Value>) {
      const bool fits =
          std::floating_point<Number> ||
          value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
      return fits ? static_cast<Number>(value) : kInvalid;
    } else {
      return value >= 0 ? static_cast<Number>(value) : kInvalid;
    }
  }
  void set(Item item) {
    for (Item& existing : items_) {
      if (existing.name == item.name) {
        existing.value = item.value;
        return;
      }
    }
    items_.push_back(std::move(item));
  }

  std::vector<Item> items_;
};

/// Token counts: "input", "output", "total", "input_cached_tokens", "output_reasoning_tokens", ...
using UsageDetails = NumberMap<std::int64_t>;
/// US dollars: "input", "output", "total", ...
using CostDetails = NumberMap<double>;

/// The managed prompt that a generation used.
struct PromptReference {
  std::string name{};
  int version = 0;
};

struct ObservationParams {
  std::string name{};
  ObservationType as_type = ObservationType::Span;
  Json input{};
  Json output{};
  Json metadata{};  ///< an object; any other value is kept under the key "metadata"
  std::string version{};
  std::optional<Level> level{};
  std::string status_message{};
  std::optional<Timestamp> completion_start_time{};  ///< when the first token arrived
  std::string model{};
  std::string provider{};   ///< of the model, as OpenTelemetry names it: "openai", "anthropic"
  Json model_parameters{};  ///< an object
  UsageDetails usage_details{};
  CostDetails cost_details{};
  PromptReference prompt{};
  std::optional<Timestamp> start_time{};  ///< default: now
  bool capture_input = true;              ///< false: OBSERVE_... records no arguments
  bool capture_output =
      true;  ///< false: OBSERVE_OUTPUT, the body form and the decorator record none
};

/// For `update` and `end`: what is given replaces what was there; metadata, model parameters, usage
/// and cost are merged by key.
struct ObservationUpdate {
  std::string name{};
  Json input{};
  Json output{};
  Json metadata{};
  std::string version{};
  std::optional<Level> level{};
  std::string status_message{};
  std::optional<Timestamp> completion_start_time{};
  std::string model{};
  std::string provider{};
  Json model_parameters{};
  UsageDetails usage_details{};
  CostDetails cost_details{};
  PromptReference prompt{};
  std::optional<Timestamp> end_time{};  ///< default: the time of `end`
};

enum class ScoreDataType : unsigned char { Numeric, Categorical, Boolean, Text };

/// "NUMERIC", "CATEGORICAL", "BOOLEAN", "TEXT"
LLMTRACE_EXPORT std::string_view to_string(ScoreDataType type) noexcept;

/// A number, a truth value or a text: `.value = 0.9`, `.value = true`, `.value = "good"`.
class ScoreValue {
 public:
  enum class Kind : unsigned char { Absent, Number, Boolean, Text };

  ScoreValue() noexcept = default;
  template <class Value>
  requires std::is_arithmetic_v<Value> ScoreValue(Value value)
  noexcept  // NOLINT(google-explicit-constructor)
      : number_(static_cast<double>(value)),
        kind_(std::same_as<Value, bool> ? Kind::Boolean : Kind::Number) {}
  ScoreValue(std::string_view value) : text_(value), kind_(Kind::Text) {}                 // NOLINT
  ScoreValue(std::string value) noexcept : text_(std::move(value)), kind_(Kind::Text) {}  // NOLINT
  ScoreValue(const char* value)  // NOLINT(google-explicit-constructor)
      : text_(value == nullptr ? "" : value), kind_(value == nullptr ? Kind::Absent : Kind::Text) {}

  Kind kind() const noexcept { return kind_; }
  double number() const noexcept { return number_; }
  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
  double number_ = 0;
  Kind kind_ = Kind::Absent;
};

/// A quality score, feedback or evaluation. Exactly one target: a trace (with or without one of its
/// observations), a session, or a dataset run.
struct ScoreParams {
  std::string name{};
  ScoreValue value{};
  std::string session_id{};
  std::string dataset_run_id{};
  std::string trace_id{};
  std::string observation_id{};
  std::string score_id{};  ///< default: a new one; give it to overwrite the score later
  std::optional<ScoreDataType> data_type{};  ///< default: what the value is; text is Categorical
  std::string comment{};
  std::string config_id{};
  Json metadata{};
  /// Default: now. Only where the vendor's route has a field for it; see the vendor's client.
  std::optional<Timestamp> timestamp{};
};

/// Attributes of the whole trace, for `propagate`.
struct PropagateParams {
  std::string user_id{};
  std::string session_id{};
  Json metadata{};
  std::string version{};
  StringList tags{};
  std::string trace_name{};
  std::string environment{};
  PromptReference prompt{};
};

}  // namespace v0
}  // namespace llmtrace
