#include "collector/langsmith/dotted_order.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "collector/bad_request.h"
#include "collector/iso_time.h"
#include "collector/langsmith/uuid.h"

namespace llmtrace::collector {
namespace {

constexpr std::size_t kShownBytes = 1000;  // of a dotted order, in messages
constexpr std::string_view kTimeForm = "ddddddddTddddddddddddZ";

// Reads the ISO time without its marks, microseconds and all.
std::optional<std::int64_t> parse_order_time(std::string_view text) {
  const auto fits = [](char c, char form) {
    return form == 'd' ? c >= '0' && c <= '9' : c == form;
  };
  if (!std::equal(text.begin(), text.end(), kTimeForm.begin(), kTimeForm.end(), fits)) {
    return std::nullopt;
  }
  std::string iso(text);
  for (const auto& [at, mark] :
       {std::pair(15U, '.'), {13U, ':'}, {11U, ':'}, {6U, '-'}, {4U, '-'}}) {
    iso.insert(at, 1, mark);
  }
  return parse_iso_us(iso);
}

DottedOrderPart read_part(std::string_view part) {
  const auto start_us = parse_order_time(part.substr(0, kTimeForm.size()));
  const auto id = read_uuid(part.substr(std::min(part.size(), kTimeForm.size())));
  if (!start_us || !id) {
    throw BadRequest("invalid 'dotted_order': cannot parse '" + std::string(part.substr(0, 80)) +
                     "' as YYYYMMDDTHHMMSSffffffZ and a UUID");
  }
  return {.start_us = *start_us, .id = *id};
}

// The first thing that is wrong; empty when nothing is.
std::string problem_of(std::string_view text, const std::vector<DottedOrderPart>& parts,
                       const PlaceInTrace& place) {
  if (place.is_root && parts.size() != 1) {
    return "dotted_order must contain a single part for root runs";
  }
  if (!place.parent_id.empty() && parts.size() < 2) {
    return "dotted_order must contain at least two parts for child runs";
  }
  if (parts.front().id != place.trace_id) {
    return "trace_id " + std::string(place.trace_id) +
           " does not match first part of dotted_order " + parts.front().id;
  }
  if (parts.back().id != place.id) {
    return "run_id " + std::string(place.id) + " does not match last part of dotted_order " +
           parts.back().id;
  }
  if (!place.parent_id.empty() && parts[parts.size() - 2].id != place.parent_id) {
    return "parent_run_id " + std::string(place.parent_id) +
           " does not match second last part of dotted_order " + parts[parts.size() - 2].id;
  }
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (parts[i].start_us < parts[i - 1].start_us) {
      return "dotted_order " + std::string(text) + " has timestamp " +
             to_iso_text_us(parts[i].start_us) + " earlier than parent timestamp " +
             to_iso_text_us(parts[i - 1].start_us);
    }
  }
  return {};
}

}  // namespace

std::vector<DottedOrderPart> read_dotted_order(std::string_view text) {
  std::vector<DottedOrderPart> parts;
  for (;;) {
    const std::size_t dot = text.find('.');
    parts.push_back(read_part(text.substr(0, dot)));
    if (dot == std::string_view::npos) return parts;
    text.remove_prefix(dot + 1);
  }
}

void check_dotted_order(std::string_view text, const PlaceInTrace& place) {
  const auto parts = read_dotted_order(text);
  text = text.substr(0, kShownBytes);
  const std::string problem = problem_of(text, parts, place);
  if (problem.empty()) return;
  throw BadRequest(
      "invalid 'dotted_order': " + problem + " for run_id:" + std::string(place.id) +
      " trace_id:" + std::string(place.trace_id) + " dotted_order:" + std::string(text) +
      " parent_run_id:" + std::string(place.parent_id.empty() ? "None" : place.parent_id));
}

std::string root_dotted_order(std::int64_t start_us, std::string_view id) {
  std::string text = to_iso_text_us(start_us);
  std::erase_if(text, [](char c) { return c == '-' || c == ':' || c == '.'; });
  return text + std::string(id);
}

}  // namespace llmtrace::collector
