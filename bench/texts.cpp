#include "bench/texts.h"

#include <array>
#include <random>
#include <string_view>

namespace llmtrace::bench {
namespace {

constexpr std::array<std::string_view, 64> kWords = {"the",
                                                     "of",
                                                     "and",
                                                     "a",
                                                     "to",
                                                     "in",
                                                     "is",
                                                     "that",
                                                     "span",
                                                     "trace",
                                                     "model",
                                                     "prompt",
                                                     "answer",
                                                     "context",
                                                     "retrieval",
                                                     "token",
                                                     "latency",
                                                     "score",
                                                     "document",
                                                     "question",
                                                     "evidence",
                                                     "caf\u00e9",
                                                     "r\u00e9sum\u00e9",
                                                     "na\u00efve",
                                                     "grounded",
                                                     "because",
                                                     "however",
                                                     "therefore",
                                                     "between",
                                                     "without",
                                                     "several",
                                                     "observed",
                                                     "generation",
                                                     "server",
                                                     "request",
                                                     "response",
                                                     "queue",
                                                     "batch",
                                                     "encoder",
                                                     "memory",
                                                     "throughput",
                                                     "vector",
                                                     "index",
                                                     "chunk",
                                                     "passage",
                                                     "sentence",
                                                     "citation",
                                                     "summary",
                                                     "first",
                                                     "second",
                                                     "third",
                                                     "every",
                                                     "which",
                                                     "where",
                                                     "while",
                                                     "until",
                                                     "for",
                                                     "with",
                                                     "as",
                                                     "on",
                                                     "by",
                                                     "from",
                                                     "or",
                                                     "not"};

void append_word(std::string& text, std::mt19937_64& random) {
  const std::string_view word = kWords[random() % kWords.size()];
  const std::uint64_t draw = random() % 40;
  if (draw == 0) {
    text.append("\"").append(word).append("\" ");
  } else if (draw == 1) {
    text.append(word).append(".\n");
  } else if (draw == 2) {
    text.append(std::to_string(random() % 100'000)).append(", ");
  } else {
    text.append(word).append(" ");
  }
}

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

}  // namespace

std::string make_text(std::uint64_t seed, std::size_t bytes) {
  std::mt19937_64 random(seed);
  std::string text;
  while (text.size() < bytes) append_word(text, random);
  std::size_t end = bytes;
  while (end > 0 && is_continuation(text[end])) --end;  // not inside a letter
  text.resize(end);
  text.resize(bytes, '.');
  return text;
}

std::vector<std::string> make_texts(std::uint64_t seed, std::size_t bytes, std::size_t count) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < count; ++i) texts.push_back(make_text(seed + i, bytes));
  return texts;
}

}  // namespace llmtrace::bench
