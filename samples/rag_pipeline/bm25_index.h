// Bm25Index finds the passages that fit a question best, by Okapi BM25 (k1 = 1.2, b = 0.75) over
// content words. Built once, then only read: any thread may search.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "samples/rag_pipeline/corpus.h"

namespace rag {

class Bm25Index {
 public:
  explicit Bm25Index(std::vector<Passage> passages);

  /// The best passages, best first, at most `count`; none without any word of the question.
  std::vector<Passage> search(const std::string& question, std::size_t count) const;

  std::size_t size() const noexcept { return passages_.size(); }

 private:
  struct Posting {
    std::size_t passage;
    double occurrences;
  };

  void add_words(std::size_t passage);

  std::vector<Passage> passages_;
  std::vector<double> lengths_;  // in content words
  double average_length_ = 0;
  std::unordered_map<std::string, std::vector<Posting>> postings_;
};

}  // namespace rag
