// Attachment is a file that came with a run.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

#include "collector/sqlite_statement.h"

namespace llmtrace::collector {

/// All of it but its bytes.
struct AttachmentInfo {
  static constexpr std::string_view kTable = "attachments";

  std::string run_id{};
  std::string name{};
  std::string mime_type{};
};

template <class Row, class Visitor>
requires std::same_as<std::remove_cvref_t<Row>, AttachmentInfo>
void visit_columns(Row&& row, Visitor&& visit) {
  visit("run_id", row.run_id);
  visit("name", row.name);
  visit("mime_type", row.mime_type);
}

struct Attachment {
  static constexpr std::string_view kTable = "attachments";
  static constexpr std::string_view kKey = "run_id, name";

  AttachmentInfo info{};
  Blob content{};
};

template <class Row, class Visitor>
requires std::same_as<std::remove_cvref_t<Row>, Attachment>
void visit_columns(Row&& row, Visitor&& visit) {
  visit_columns(row.info, visit);
  visit("content", row.content);
}

}  // namespace llmtrace::collector
