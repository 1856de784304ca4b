// Prompts and completions for the benchmarks: words, quotes, line breaks and letters beyond ASCII
// in about the shares of real answers, the same on every run. Different seeds give different texts,
// so that gzip finds no more repetition than it would in earnest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace llmtrace::bench {

/// A text of exactly `bytes` bytes of UTF-8.
std::string make_text(std::uint64_t seed, std::size_t bytes);
/// `count` different texts.
std::vector<std::string> make_texts(std::uint64_t seed, std::size_t bytes, std::size_t count);

}  // namespace llmtrace::bench
