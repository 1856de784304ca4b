// Corpus: the text files that questions are answered from, cut into passages. Knows Markdown well
// enough to keep headings, list items, table rows and code apart; any other text is read as
// paragraphs.
#pragma once

#include <llmtrace/json_writer.h>

#include <cstddef>
#include <string>
#include <vector>

namespace rag {

struct Document {
  std::string path{};  ///< as shown: relative to the directory that was given
  std::string text{};
};

struct Sentence {
  std::string text{};
  bool is_code = false;
};

/// A run of sentences under one heading, about a hundred words long.
struct Passage {
  std::string path{};
  std::size_t line = 1;  ///< of its first sentence
  std::string heading{};
  std::vector<Sentence> sentences{};
  double score = 0;  ///< how well it fits the question; set by the retriever

  /// "docs/observe.md:12"
  std::string source() const { return path + ":" + std::to_string(line); }
  /// The sentences, one per line.
  std::string text() const;
};

/// How a passage looks in a trace. Found by llmtrace through its argument's namespace.
void to_json(llmtrace::JsonWriter& writer, const Passage& passage);

/// Reads the files, and every text file below the directories, in the order of their names. Hidden
/// directories, build directories, binary files and files over 4 MB are passed over. Throws
/// std::runtime_error when a path does not exist.
std::vector<Document> read_documents(const std::vector<std::string>& paths);

/// Cuts documents into passages.
std::vector<Passage> split_documents(const std::vector<Document>& documents);

}  // namespace rag
