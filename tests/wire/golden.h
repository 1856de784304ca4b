// What the programs behind the golden bodies share: ids from a seed and a clock that stands still,
// so that every run writes the same bytes.
#pragma once

#include <llmtrace/transport.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

constexpr llmtrace::Timestamp kStart{std::chrono::seconds(1'763'280'000)};  // 2025-11-16T08:00:00Z

std::shared_ptr<llmtrace::Transport> reproducible_transport(
    std::shared_ptr<llmtrace::HttpClient> http);

/// Throws std::runtime_error when the file cannot be written.
void write(const std::string& directory, std::string_view name, std::string_view body);

void write_otlp_bodies(const std::string& directory);
void write_signal_bodies(const std::string& directory);
void write_langfuse_bodies(const std::string& directory);
/// `headers` is a file of headers that another LangSmith client made, "name: value" in each line.
void write_langsmith_bodies(const std::string& directory, const std::string& headers);
