#include "collector/traces/flattened.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "common/src/json_text.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {
namespace {

constexpr std::size_t kMostSegments = 12;

bool is_number(std::string_view text) {
  constexpr std::size_t kMostDigits = 6;
  return !text.empty() && text.size() <= kMostDigits &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

constexpr std::size_t kIndexDigits = 7;

// Numbers of equal length compare like text.
std::string index_of(std::string_view number) {
  return std::string(kIndexDigits - number.size(), '0') + std::string(number);
}

bool is_index(std::string_view segment) {
  return segment.size() == kIndexDigits && is_number(segment.substr(1));
}

struct Tree {
  std::map<std::string, Tree, std::less<>> children{};
  const OtlpValue* value = nullptr;
};

void append_tree(std::string& json, const Tree& tree) {
  if (tree.children.empty()) {
    if (tree.value == nullptr) {
      json += "null";
    } else if (tree.value->kind == OtlpValue::Kind::String) {
      append_json_string(json, tree.value->text);
    } else {
      json += tree.value->text;
    }
    return;
  }
  const bool is_list = std::all_of(tree.children.begin(), tree.children.end(),
                                   [](const auto& c) { return is_index(c.first); });
  json += is_list ? '[' : '{';
  bool is_first = true;
  for (const auto& [key, child] : tree.children) {
    if (!is_first) json += ',';
    is_first = false;
    if (!is_list) {
      append_json_string(json, key);
      json += ':';
    }
    append_tree(json, child);
  }
  json += is_list ? ']' : '}';
}

// OpenInference puts each element of a list into an object of its own that says what it is.
bool is_wrapper(std::string_view segment) {
  constexpr std::array<std::string_view, 5> kWrappers = {"message", "tool_call", "message_content",
                                                         "document", "embedding"};
  return std::find(kWrappers.begin(), kWrappers.end(), segment) != kWrappers.end();
}

// The way to a value, in OpenAI's names; empty when it is no element of a list.
std::vector<std::string> path_of(std::string_view name) {
  std::vector<std::string> path;
  while (!name.empty()) {
    const std::string_view segment = name.substr(0, name.find('.'));
    name.remove_prefix(std::min(name.size(), segment.size() + 1));
    const bool follows_number = !path.empty() && is_index(path.back());
    if (is_number(segment)) {
      path.push_back(index_of(segment));
    } else if (!(follows_number && is_wrapper(segment))) {
      const bool is_call = path.size() == 3 && path[1] == "tool_calls";
      if (is_call && (segment == "name" || segment == "arguments")) path.emplace_back("function");
      path.emplace_back(segment == "contents" ? "content" : segment);
    }
    if (path.size() > kMostSegments) return {};
  }
  return !path.empty() && is_index(path.front()) ? path : std::vector<std::string>();
}

}  // namespace

std::optional<std::string> unflattened(const OtlpAttributes& attributes, std::string_view prefix) {
  Tree list;
  for (auto at = attributes.lower_bound(prefix);
       at != attributes.end() && at->first.starts_with(prefix); ++at) {
    Tree* tree = &list;
    const auto path = path_of(std::string_view(at->first).substr(prefix.size()));
    if (path.empty()) continue;
    for (const std::string& segment : path) tree = &tree->children[segment];
    tree->value = &at->second;
  }
  if (list.children.empty()) return std::nullopt;
  std::string json;
  append_tree(json, list);
  return json;
}

}  // namespace llmtrace::collector
