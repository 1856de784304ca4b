#include <llmtrace/redaction.h>
#include <re2/re2.h>

#include <memory>
#include <stdexcept>

#include "common/src/json_text.h"
#include "common/src/json_value.h"

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr const char* kDetected = "[SECRET_DETECTED]";
constexpr std::int64_t kMaxMemory = 8 << 20;  // of one pattern's automaton

struct CompiledRule {
  std::unique_ptr<re2::RE2> pattern;
  std::string replace;
};
using CompiledRules = std::vector<CompiledRule>;

std::string redacted(std::string text, const CompiledRules& rules) {
  for (const CompiledRule& rule : rules) {
    re2::RE2::GlobalReplace(&text, *rule.pattern, rule.replace);
  }
  return text;
}

void write(const JsonValue& value, const CompiledRules& rules, std::string& out) {
  if (value.is_string()) {
    append_json_string(out, redacted(value.as_string(), rules));
  } else if (value.is_array()) {
    out.push_back('[');
    for (const JsonValue& element : value.elements()) {
      if (out.back() != '[') out.push_back(',');
      write(element, rules, out);
    }
    out.push_back(']');
  } else if (value.is_object()) {
    bool first = true;
    out.push_back('{');
    for (const auto& [key, member] : value.members()) {
      if (!std::exchange(first, false)) out.push_back(',');
      append_json_string(out, key);
      out.push_back(':');
      write(member, rules, out);
    }
    out.push_back('}');
  } else {
    out.append(value.to_text());
  }
}

}  // namespace

Mask redact(std::vector<RedactionRule> rules) {
  auto compiled = std::make_shared<CompiledRules>();
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  for (RedactionRule& rule : rules) {
    auto pattern = std::make_unique<re2::RE2>(rule.pattern, options);
    std::string error = pattern->error();
    if (pattern->ok() && !pattern->CheckRewriteString(rule.replace, &error)) {
      throw std::invalid_argument("RedactionRule::replace \"" + rule.replace + "\": " + error);
    }
    if (!pattern->ok()) {
      throw std::invalid_argument("RedactionRule::pattern \"" + rule.pattern +
                                  "\" is not RE2 syntax: " + error);
    }
    compiled->push_back({std::move(pattern), std::move(rule.replace)});
  }
  return [rules = std::shared_ptr<const CompiledRules>(std::move(compiled))](JsonText value,
                                                                             Field /*field*/) {
    const auto tree = JsonValue::parse(value.text);
    if (!tree) throw std::runtime_error("the value is not JSON");  // masked whole by the caller
    JsonText result;
    write(*tree, *rules, result.text);
    return result;
  };
}

std::vector<RedactionRule> secret_rules() {
  const auto rule = [](const char* pattern) { return RedactionRule{pattern, kDetected}; };
  const auto after = [](const char* pattern) {
    return RedactionRule{pattern, std::string("\\1") + kDetected};
  };
  return {
      rule(R"(-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$))"),
      rule(R"(\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,})"),  // JSON web token
      rule(R"(\bsk-ant-[A-Za-z0-9_-]{20,})"),
      rule(R"(\b(?:sk|pk)-lf-[A-Za-z0-9-]{20,})"),
      rule(R"(\bsk-(?:proj-|svcacct-|admin-|or-v1-)?[A-Za-z0-9_-]{20,})"),
      rule(R"(\blsv2_(?:pt|sk)_[A-Za-z0-9_]{20,})"),
      rule(R"(\bAIza[A-Za-z0-9_-]{35})"),
      rule(R"(\bya29\.[A-Za-z0-9_-]{20,})"),
      rule(R"(\b(?:AKIA|ASIA|AGPA|AROA)[A-Z0-9]{16}\b)"),
      rule(R"(\bgh[pousr]_[A-Za-z0-9]{30,})"),
      rule(R"(\bgithub_pat_[A-Za-z0-9_]{30,})"),
      rule(R"(\bglpat-[A-Za-z0-9_-]{20,})"),
      rule(R"(\bxox[abeoprs]-[A-Za-z0-9-]{10,})"),
      rule(R"(\bhf_[A-Za-z0-9]{30,})"),
      rule(R"(\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,})"),
      rule(R"(\bnpm_[A-Za-z0-9]{36})"),
      rule(R"(\bpypi-[A-Za-z0-9_-]{40,})"),
      rule(R"(\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})"),
      rule(R"(\bgsk_[A-Za-z0-9]{40,})"),
      rule(R"(\bxai-[A-Za-z0-9]{40,})"),
      rule(R"(\bdop_v1_[a-f0-9]{40,})"),
      after(
          R"((?i)(\b(?:authorization|proxy-authorization)["']?\s*[:=]\s*["']?(?:bearer|basic|token)\s+)[A-Za-z0-9+/=._~-]{6,})"),
      after(R"((?i)(\bbearer\s+)[A-Za-z0-9+/=._~-]{16,})"),
      after(R"(([a-zA-Z][a-zA-Z0-9+.-]*://[^/\s:@"']*:)[^/\s@"']+(?:@))"),
      after(
          R"((?i)(\b[a-z0-9_.-]*(?:password|passwd|pwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token|access[_-]?token|refresh[_-]?token|client[_-]?secret|private[_-]?key)["']?\s*[:=]\s*["']?)[^\s"',;&]{6,})"),
  };
}

}  // namespace v0
}  // namespace llmtrace
