// NodeContent is the large part of a node: what the intakes stored of it beside its row, brought
// into one form. All of it is JSON text; what is not known is nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "collector/sqlite_database.h"
#include "collector/traces/node.h"

namespace llmtrace::collector {

struct NodeContent {
  std::optional<std::string> input{};
  std::optional<std::string> output{};
  std::optional<std::string> metadata{};          // an object
  std::optional<std::string> model_parameters{};  // an object
  std::optional<std::string> usage{};             // an object of integers
  std::optional<std::string> cost{};              // an object of numbers
  std::optional<std::string> prompt{};            // {"name", "version"}
  std::optional<std::string> error{};             // {"type", "message", "stack_trace"}
  std::optional<std::string> events{};            // [{"time", "offset_ms", "name", "attributes"}]
  std::optional<std::string> attributes{};        // an object
  std::optional<std::string> resource{};          // an object
  std::optional<std::string> scope{};             // {"name", "version"}
};

/// The content behind one row of `nodes`. For one connection, inside a read.
NodeContent read_content(SqliteDatabase& connection, const Node& node);

/// Fills what `content` lacks from that of a later source.
void merge_content(NodeContent& content, NodeContent other);

/// Text as Langfuse's API takes it: a JSON value stands for itself, other text is a string.
std::string value_json(const std::string& text);

}  // namespace llmtrace::collector
