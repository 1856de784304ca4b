#include "samples/rag_pipeline/corpus.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "samples/rag_pipeline/text.h"

namespace rag {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMaxFileBytes = 4 << 20;
constexpr std::size_t kPassageWords = 110;
constexpr std::size_t kSentenceWords = 80;  // longer ones are cut: text without any full stop

bool is_text_name(const fs::path& path) {
  if (path.filename() == "CMakeLists.txt") return false;
  const std::string extension = path.extension().string();
  return extension == ".md" || extension == ".markdown" || extension == ".txt" ||
         extension == ".rst" || extension == ".adoc" || extension == ".org";
}

bool is_passed_over(const fs::path& directory) {
  const std::string name = directory.filename().string();
  return name.starts_with('.') || name == "build" || name == "node_modules";
}

std::vector<fs::path> files_below(const fs::path& directory) {
  std::vector<fs::path> files;
  const auto options = fs::directory_options::skip_permission_denied;
  for (auto entry = fs::recursive_directory_iterator(directory, options);
       entry != fs::recursive_directory_iterator(); ++entry) {
    if (entry->is_directory() && is_passed_over(entry->path())) {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file() && is_text_name(entry->path())) {
      files.push_back(entry->path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

void read_file(const fs::path& file, const std::string& shown, std::vector<Document>& documents) {
  std::error_code error;
  if (fs::file_size(file, error) > kMaxFileBytes || error) return;
  std::ifstream stream(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (text.empty() || text.find('\0') != std::string::npos) return;
  documents.push_back({.path = clean_text(shown), .text = clean_text(text)});
}

bool is_list_item(std::string_view line) {
  const std::size_t mark = line.find_first_not_of("0123456789");
  if (mark == std::string_view::npos || mark + 1 >= line.size() || line[mark + 1] != ' ')
    return false;
  return mark == 0 ? std::string_view("-*+").find(line[0]) != std::string_view::npos
                   : line[mark] == '.' || line[mark] == ')';
}

// A line without its list mark and without the marks of bold text.
std::string without_marks(std::string_view line) {
  if (is_list_item(line)) line.remove_prefix(line.find(' ') + 1);
  std::string text;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line.substr(i, 2) == "**") {
      ++i;
    } else {
      text += line[i];
    }
  }
  return text;
}

// "| a | b |" reads as "a; b"; the line under a table's head is empty.
std::string table_row(std::string_view line) {
  if (line.find_first_not_of("|-: ") == std::string_view::npos) return "";
  std::string row;
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i] != '|') {
      row += line[i];
    } else if (i + 1 < line.size()) {
      row += ';';
    }
  }
  return squeeze(row);
}

// Reads one document line by line and collects its passages.
class Splitter {
 public:
  Splitter(const std::string& path, std::vector<Passage>& passages)
      : passages_(passages), passage_{.path = path} {}

  void line(std::size_t number, const std::string& raw) {
    const std::string text = squeeze(raw);
    if (text.starts_with("```") || text.starts_with("~~~")) {
      finish_paragraph();
      in_code_ = !in_code_;
    } else if (in_code_) {
      if (!text.empty()) add({.text = text, .is_code = true}, number);
    } else if (text.starts_with('#')) {
      finish_passage();
      passage_.heading = squeeze(text.substr(std::min(text.find_first_not_of('#'), text.size())));
    } else if (text.empty()) {
      finish_paragraph();
    } else {
      prose(number, text);
    }
  }

  void finish_passage() {
    finish_paragraph();
    if (!passage_.sentences.empty()) passages_.push_back(passage_);
    passage_.sentences.clear();
    words_ = 0;
  }

 private:
  void prose(std::size_t number, const std::string& text) {
    const bool is_row = text.starts_with('|');
    if (is_row || is_list_item(text)) finish_paragraph();
    if (paragraph_.empty()) paragraph_line_ = number;
    if (!paragraph_.empty()) paragraph_ += ' ';
    paragraph_ += without_marks(is_row ? table_row(text) : text);
    if (is_row) finish_paragraph();
  }

  void finish_paragraph() {
    const std::string paragraph = std::exchange(paragraph_, {});
    for (std::string& sentence : split_sentences(paragraph)) {
      add({.text = std::move(sentence)}, paragraph_line_);
    }
  }

  void add(Sentence sentence, std::size_t line) {
    for (Sentence& piece : cut(std::move(sentence))) {
      const auto spaces = std::count(piece.text.begin(), piece.text.end(), ' ');
      const std::size_t words = static_cast<std::size_t>(spaces) + 1;
      if (words_ > 0 && words_ + words > kPassageWords) {
        passages_.push_back(passage_);
        passage_.sentences.clear();
        words_ = 0;
      }
      if (passage_.sentences.empty()) passage_.line = line;
      passage_.sentences.push_back(std::move(piece));
      words_ += words;
    }
  }

  static std::vector<Sentence> cut(Sentence sentence) {
    std::vector<Sentence> pieces;
    std::size_t begin = 0;
    std::size_t words = 0;
    for (std::size_t i = 0; i < sentence.text.size(); ++i) {
      if (sentence.text[i] != ' ' || ++words < kSentenceWords) continue;
      pieces.push_back({sentence.text.substr(begin, i - begin), sentence.is_code});
      begin = i + 1;
      words = 0;
    }
    pieces.push_back({sentence.text.substr(begin), sentence.is_code});
    return pieces;
  }

  std::vector<Passage>& passages_;
  Passage passage_;
  std::string paragraph_;
  std::size_t paragraph_line_ = 1;
  std::size_t words_ = 0;  // in passage_
  bool in_code_ = false;
};

}  // namespace

std::string Passage::text() const {
  std::string text;
  for (const Sentence& sentence : sentences) {
    if (!text.empty()) text += '\n';
    text += sentence.text;
  }
  return text;
}

void to_json(llmtrace::JsonWriter& writer, const Passage& passage) {
  writer.object({{"source", passage.source()},
                 {"heading", passage.heading},
                 {"score", passage.score},
                 {"text", passage.text()}});
}

std::vector<Document> read_documents(const std::vector<std::string>& paths) {
  std::vector<Document> documents;
  for (const std::string& path : paths) {
    if (fs::is_directory(path)) {
      for (const fs::path& file : files_below(path)) {
        read_file(file, file.lexically_relative(path).string(), documents);
      }
    } else if (fs::exists(path)) {
      read_file(path, path, documents);
    } else {
      throw std::runtime_error("--corpus " + path + ": no such file or directory");
    }
  }
  return documents;
}

std::vector<Passage> split_documents(const std::vector<Document>& documents) {
  std::vector<Passage> passages;
  for (const Document& document : documents) {
    Splitter splitter(document.path, passages);
    std::size_t number = 0;
    std::size_t begin = 0;
    while (begin < document.text.size()) {
      const std::size_t end = std::min(document.text.find('\n', begin), document.text.size());
      splitter.line(++number, document.text.substr(begin, end - begin));
      begin = end + 1;
    }
    splitter.finish_passage();
  }
  return passages;
}

}  // namespace rag
