// The built-in answerer: quotes the sentences of the passages that cover the question best. No
// model, no network, and nothing in its answer that is not in the corpus.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "samples/rag_pipeline/answerer.h"
#include "samples/rag_pipeline/text.h"

namespace rag {
namespace {

constexpr std::size_t kMaxSentences = 3;
constexpr std::size_t kMinWords = 4;  // shorter ones answer nothing
constexpr double kUsualWords = 40;    // content words of a long sentence
constexpr double kShareOfBest = 0.6;  // what a further sentence must reach
constexpr const char* kNoAnswer = "The corpus holds no passage that answers this.";

struct Candidate {
  const std::string* text;
  std::set<std::string> words;
  double passage_score;
  double score = 0;
};

std::vector<Candidate> candidates_in(const std::vector<Passage>& passages) {
  std::vector<Candidate> candidates;
  std::set<std::string> seen;
  for (const Passage& passage : passages) {
    for (const Sentence& sentence : passage.sentences) {
      const auto words = content_words(sentence.text);
      if (sentence.is_code || words.size() < kMinWords || !seen.insert(sentence.text).second)
        continue;
      candidates.push_back({&sentence.text, {words.begin(), words.end()}, passage.score});
    }
  }
  return candidates;
}

// A sentence's score: how much of the question it covers, rare words counting more, and how well
// its passage fits.
void score_candidates(const std::string& question, std::vector<Candidate>& candidates) {
  const auto words = content_words(question);
  for (const std::string& word : std::set<std::string>(words.begin(), words.end())) {
    const auto holds = [&word](const Candidate& candidate) {
      return candidate.words.contains(word);
    };
    const auto holders = std::count_if(candidates.begin(), candidates.end(), holds);
    if (holders == 0) continue;
    const double rarity =
        std::log(1 + static_cast<double>(candidates.size()) / static_cast<double>(holders));
    for (Candidate& candidate : candidates) {
      if (holds(candidate)) candidate.score += rarity;
    }
  }
  for (Candidate& candidate : candidates) {
    const double length = static_cast<double>(candidate.words.size()) / kUsualWords;
    candidate.score *= std::sqrt(candidate.passage_score) / (1 + length);
  }
}

std::string quote_best(const std::vector<Candidate>& candidates) {
  std::vector<const Candidate*> best;
  for (const Candidate& candidate : candidates) {
    if (candidate.score > 0) best.push_back(&candidate);
  }
  std::stable_sort(best.begin(), best.end(), [](const Candidate* left, const Candidate* right) {
    return left->score > right->score;
  });
  std::string answer;
  for (std::size_t i = 0; i < std::min(best.size(), kMaxSentences); ++i) {
    if (best[i]->score < kShareOfBest * best[0]->score) break;
    if (i > 0) answer += '\n';
    answer += *best[i]->text;
  }
  return answer.empty() ? kNoAnswer : answer;
}

class ExtractiveAnswerer final : public Answerer {
 public:
  Completion answer(const std::string& question, const std::vector<Passage>& passages) override {
    std::vector<Candidate> candidates = candidates_in(passages);
    score_candidates(question, candidates);
    Completion completion{.text = quote_best(candidates), .model = "extractive-sentences"};
    std::size_t input = count_tokens(question);
    for (const Passage& passage : passages) input += count_tokens(passage.text());
    completion.tokens = Tokens{.input = static_cast<std::int64_t>(input),
                               .output = static_cast<std::int64_t>(count_tokens(completion.text))};
    return completion;
  }

  std::string kind() const override { return "extractive"; }
  std::string description() const override {
    return "built-in extractive answerer, no language model (set OPENAI_BASE_URL to use one); "
           "tokens: " +
           token_rule();
  }
  std::string token_rule() const override { return std::string(kTokenRule); }
  llmtrace::Json model_parameters() const override { return {{"max_sentences", kMaxSentences}}; }
};

}  // namespace

std::unique_ptr<Answerer> make_extractive_answerer() {
  return std::make_unique<ExtractiveAnswerer>();
}

}  // namespace rag
