#include "samples/rag_pipeline/grounding.h"

#include <algorithm>
#include <set>

#include "samples/rag_pipeline/text.h"

namespace rag {
namespace {

constexpr double kSupportedShare = 0.8;

using Words = std::set<std::string>;

Words word_set(const std::string& text) {
  const auto words = content_words(text);
  return {words.begin(), words.end()};
}

double share_in(const std::vector<std::string>& words, const Words& known) {
  if (words.empty()) return 0;
  const auto found = std::count_if(words.begin(), words.end(), [&known](const std::string& word) {
    return known.contains(word);
  });
  return static_cast<double>(found) / static_cast<double>(words.size());
}

std::string verdict_of(const Grounding& grounding, bool has_evidence) {
  if (!has_evidence) return "no_evidence";
  if (grounding.supported == 0) return "ungrounded";
  return grounding.supported == grounding.sentences ? "grounded" : "partly_grounded";
}

}  // namespace

Grounding measure_grounding(const std::string& question, const std::string& answer,
                            const std::vector<Passage>& passages) {
  std::vector<Words> by_passage;
  Words all;
  for (const Passage& passage : passages) {
    by_passage.push_back(word_set(passage.heading + "\n" + passage.text()));
    all.insert(by_passage.back().begin(), by_passage.back().end());
  }
  Grounding grounding;
  grounding.groundedness = share_in(content_words(answer), all);
  grounding.question_coverage = share_in(content_words(question), word_set(answer));
  for (const std::string& sentence : split_sentences(answer)) {
    const std::vector<std::string> words = content_words(sentence);
    if (words.empty()) continue;
    ++grounding.sentences;
    const bool is_supported = std::any_of(
        by_passage.begin(), by_passage.end(),
        [&words](const Words& known) { return share_in(words, known) >= kSupportedShare; });
    if (is_supported) ++grounding.supported;
  }
  grounding.verdict = verdict_of(grounding, !passages.empty());
  return grounding;
}

}  // namespace rag
