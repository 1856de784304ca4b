#include "common/src/otlp_exporter/genai_request.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "common/src/json_members.h"
#include "common/src/json_text.h"
#include "common/src/json_value.h"
#include "common/src/otlp_exporter/genai_names.h"

namespace llmtrace {
inline namespace v0 {
namespace {

enum class Form : unsigned char { Integer, Double, Boolean, Texts, Choices, OutputType };

struct Parameter {
  std::string_view name;
  GenAi attribute;
  Form form;
};

// As providers name them.
constexpr std::array<Parameter, 18> kParameters{{
    {"temperature", GenAi::Temperature, Form::Double},
    {"top_p", GenAi::TopP, Form::Double},
    {"top_k", GenAi::TopK, Form::Double},
    {"max_tokens", GenAi::MaxTokens, Form::Integer},
    {"max_completion_tokens", GenAi::MaxTokens, Form::Integer},
    {"max_output_tokens", GenAi::MaxTokens, Form::Integer},
    {"frequency_penalty", GenAi::FrequencyPenalty, Form::Double},
    {"presence_penalty", GenAi::PresencePenalty, Form::Double},
    {"seed", GenAi::Seed, Form::Integer},
    {"stop", GenAi::StopSequences, Form::Texts},
    {"stop_sequences", GenAi::StopSequences, Form::Texts},
    {"n", GenAi::ChoiceCount, Form::Choices},
    {"choice_count", GenAi::ChoiceCount, Form::Choices},
    {"stream", GenAi::Stream, Form::Boolean},
    {"encoding_format", GenAi::EncodingFormats, Form::Texts},
    {"encoding_formats", GenAi::EncodingFormats, Form::Texts},
    {"dimensions", GenAi::Dimensions, Form::Integer},
    {"response_format", GenAi::OutputType, Form::OutputType},
}};

std::vector<std::string> texts_of(const JsonValue& value) {
  std::vector<std::string> texts;
  if (value.is_string()) texts.push_back(value.as_string());
  for (const JsonValue& element : value.elements()) {
    if (element.is_string()) texts.push_back(element.as_string());
  }
  return texts;
}

// {"type": "json_schema", ...} asks for json; also a plain "text".
std::string_view output_type_of(const JsonValue& value) noexcept {
  const std::string& type = value.is_object() ? value["type"].as_string() : value.as_string();
  return type.starts_with("json") ? std::string_view("json") : std::string_view(type);
}

// False when the value is of another type than the parameter's.
bool map_known(const Parameter& parameter, const JsonValue& value, std::string_view key,
               AttributeSink& sink) {
  switch (parameter.form) {
    case Form::Integer:
    case Form::Choices:
      if (!value.is_integer()) return false;
      // One choice is what everybody asks for.
      if (parameter.form == Form::Integer || value.as_integer() != 1) {
        sink.integer(key, value.as_integer());
      }
      return true;
    case Form::Double:
      if (!value.is_number()) return false;
      sink.number(key, value.as_double());
      return true;
    case Form::Boolean:
      if (value.type() != JsonValue::Type::Boolean) return false;
      sink.boolean(key, value.as_bool());
      return true;
    case Form::Texts:
      if (texts_of(value).empty()) return false;
      sink.strings(key, texts_of(value));
      return true;
    case Form::OutputType:
      if (output_type_of(value).empty()) return false;
      sink.string(key, output_type_of(value));
      return true;
  }
  return false;
}

}  // namespace

void map_json(std::string_view key, std::string_view json_text, AttributeSink& sink) {
  if (json_text.starts_with('"')) {
    std::string buffer;
    sink.string(key, unescape_json_string(json_text, buffer));
    return;
  }
  const bool is_container = json_text.starts_with('{') || json_text.starts_with('[');
  const bool may_be_texts = json_text.starts_with("[\"");
  const JsonValue value = is_container && !may_be_texts
                              ? JsonValue()
                              : JsonValue::parse(json_text).value_or(JsonValue());
  const std::vector<std::string> texts = texts_of(value);
  if (value.type() == JsonValue::Type::Boolean) {
    sink.boolean(key, value.as_bool());
  } else if (value.is_integer()) {
    sink.integer(key, value.as_integer());
  } else if (value.is_number() && std::isfinite(value.as_double())) {
    sink.number(key, value.as_double());
  } else if (!texts.empty() && texts.size() == value.elements().size()) {
    sink.strings(key, texts);
  } else if (json_text != "null") {
    sink.string(key, json_text);
  }
}

void map_parameters(const Json& parameters, GenAiConventions version, AttributeSink& sink) {
  if (parameters.is_absent() || parameters.is_string()) return;
  JsonMembers members;
  members.add(parameters.text());
  std::vector<GenAi> mapped;  // of two names of one parameter the first counts
  for (const auto& [name, text] : members.members()) {
    const auto known =
        std::find_if(kParameters.begin(), kParameters.end(),
                     [&name = name](const Parameter& other) { return other.name == name; });
    if (known != kParameters.end()) {
      const std::string_view key = name_of(known->attribute, version);
      const bool is_first =
          std::find(mapped.begin(), mapped.end(), known->attribute) == mapped.end();
      const JsonValue value = JsonValue::parse(text).value_or(JsonValue());
      if (!key.empty() && is_first && map_known(*known, value, key, sink)) {
        mapped.push_back(known->attribute);
        continue;
      }
    }
    map_json(std::string("llmtrace.request.").append(name), text, sink);
  }
}

}  // namespace v0
}  // namespace llmtrace
