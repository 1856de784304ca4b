#include "samples/rag_pipeline/bm25_index.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <utility>

#include "samples/rag_pipeline/text.h"

namespace rag {
namespace {

constexpr double kSaturation = 1.2;     // k1: how soon more occurrences stop to count
constexpr double kLengthWeight = 0.75;  // b: how much long passages are held back

}  // namespace

Bm25Index::Bm25Index(std::vector<Passage> passages) : passages_(std::move(passages)) {
  for (std::size_t i = 0; i < passages_.size(); ++i) add_words(i);
  const double total = std::accumulate(lengths_.begin(), lengths_.end(), 0.0);
  average_length_ = passages_.empty() ? 1 : std::max(1.0, total / static_cast<double>(size()));
}

void Bm25Index::add_words(std::size_t passage) {
  const Passage& source = passages_[passage];
  std::unordered_map<std::string, double> occurrences;
  double length = 0;
  for (const std::string& word : content_words(source.heading + "\n" + source.text())) {
    occurrences[word] += 1;
    length += 1;
  }
  lengths_.push_back(length);
  for (const auto& [word, count] : occurrences) postings_[word].push_back({passage, count});
}

std::vector<Passage> Bm25Index::search(const std::string& question, std::size_t count) const {
  std::vector<double> scores(size(), 0.0);
  const std::vector<std::string> words = content_words(question);
  for (const std::string& word : std::set<std::string>(words.begin(), words.end())) {
    const auto found = postings_.find(word);
    if (found == postings_.end()) continue;
    const auto holders = static_cast<double>(found->second.size());
    const double rarity =
        std::log(1 + (static_cast<double>(size()) - holders + 0.5) / (holders + 0.5));
    for (const Posting& posting : found->second) {
      const double length = lengths_[posting.passage] / average_length_;
      const double damping = kSaturation * (1 - kLengthWeight + kLengthWeight * length);
      scores[posting.passage] +=
          rarity * posting.occurrences * (kSaturation + 1) / (posting.occurrences + damping);
    }
  }
  std::vector<std::size_t> order(size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&scores](std::size_t left, std::size_t right) {
    return scores[left] > scores[right];
  });
  std::vector<Passage> best;
  for (const std::size_t i : order) {
    if (best.size() == count || scores[i] <= 0) break;
    best.push_back(passages_[i]);
    best.back().score = scores[i];
  }
  return best;
}

}  // namespace rag
