// What the rooms of Lane share. lane.cpp: what comes in is encoded and sealed. lane_sending.cpp:
// when and how a batch is sent. lane_verdicts.cpp: what a reply means for it.
#pragma once

#include <cstddef>
#include <exception>
#include <string>

#include "common/src/lane.h"

namespace llmtrace {
inline namespace v0 {

inline constexpr std::size_t kLargestBatchBytes = std::size_t{1}
                                                  << 30;  // Fragment counts in 32 bits

// Something threw: no memory, most likely, so even its text may not be had.
inline Verdict failed_attempt(const std::exception& error) noexcept {
  Verdict verdict;
  verdict.kind = Verdict::Kind::Retry;
  try {
    verdict.message = error.what();
  } catch (const std::exception&) {  // then without a message
  }
  return verdict;
}

template <class Text>
void Lane::log(LogKind kind, LogLevel level, Text text) noexcept {
  try {
    host_.log.log(kind, level, destination_.options().name + text());
  } catch (const std::exception&) {  // no memory to say so
  }
}

// What was dropped is counted already, so that an end of memory here hides nothing.
template <class Ids>
void Lane::report(DropReason reason, int http_status, std::uint64_t count, std::string_view message,
                  Ids ids) noexcept {
  log_drop(reason, count, message);
  if (!host_.options.on_error) return;
  try {
    call_on_error(
        {destination_.options().name, reason, http_status, count, ids(), std::string(message)});
  } catch (const std::exception&) {  // no memory to say so
  }
}

}  // namespace v0
}  // namespace llmtrace
