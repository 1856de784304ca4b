// Pipeline answers questions from a corpus: retrieve, generate, evaluate. Each of its functions is
// one observation; a question is one trace. One thread.
#pragma once

#include <llmtrace/observation.h>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "samples/rag_pipeline/answerer.h"
#include "samples/rag_pipeline/bm25_index.h"
#include "samples/rag_pipeline/corpus.h"
#include "samples/rag_pipeline/grounding.h"
#include "samples/rag_pipeline/step.h"

namespace rag {

struct PipelineOptions {
  std::string user_id{};
  std::string session_id{};
  std::size_t passages = 4;  ///< how many are given to the answerer
};

struct Generated {
  std::optional<llmtrace::CurrentObservation> observation{};  ///< to be scored later
  Completion completion{};
  std::map<std::string, double> cost{};  ///< empty: not known
};

struct Outcome {
  std::string trace_id{};
  std::vector<Passage> passages{};
  Generated generated{};
  Grounding grounding{};
};

class Pipeline {
 public:
  /// All that is referred to must outlive it.
  Pipeline(Answerer& answerer, Journal& journal, PipelineOptions options);

  /// Reads and indexes the corpus, in a trace of its own; returns the number of files. Throws
  /// std::runtime_error when a path does not exist or nothing readable is there.
  std::size_t read_corpus(const std::vector<std::string>& paths);
  std::size_t passages() const noexcept { return index_.size(); }

  /// Answers one question, in a trace of its own. A failed generation is an outcome with an error.
  Outcome ask(const std::string& question);

 private:
  [[nodiscard]] llmtrace::ContextScope begin_trace(const std::string& name);

  std::size_t index_corpus(const std::vector<std::string>& paths);
  std::vector<Document> load_documents(const std::vector<std::string>& paths);
  void build_index(const std::vector<Document>& documents);

  Outcome answer_question(const std::string& question);
  std::vector<Passage> retrieve(const std::string& question);
  Generated generate(const std::string& question, const std::vector<Passage>& passages);
  Grounding evaluate(const std::string& question, const Outcome& outcome);
  void submit_scores(const Outcome& outcome, const Grounding& grounding);
  void score(const llmtrace::CurrentObservation& target, ScoreRecord score,
             const std::string& comment);

  Answerer& answerer_;
  Journal& journal_;
  PipelineOptions options_;
  Bm25Index index_{{}};
};

}  // namespace rag
