// The dotted order says where a run stands in its trace: one part per ancestor, root first, and one
// for itself, joined by '.'. A part is a start time with six digits of fraction and the run's id:
//   20261123T073952364184Z01a20758-d6ac-7b6a-9694-233b445c04bb
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace llmtrace::collector {

struct DottedOrderPart {
  std::int64_t start_us = 0;
  std::string id{};
};

/// Throws BadRequest that tells what is wrong with the first bad part.
std::vector<DottedOrderPart> read_dotted_order(std::string_view text);

/// What a dotted order is held against.
struct PlaceInTrace {
  std::string_view id{};
  std::string_view trace_id{};
  std::string_view parent_id{};  // empty = none given
  bool is_root = false;          // it has no parent, which is known
};

/// Throws BadRequest in the server's words when `text` is malformed or contradicts the rest.
void check_dotted_order(std::string_view text, const PlaceInTrace& place);

/// The dotted order of a root run.
std::string root_dotted_order(std::int64_t start_us, std::string_view id);

}  // namespace llmtrace::collector
