// Grounding: how far an answer rests on the passages that were found for it, measured from their
// words.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "samples/rag_pipeline/corpus.h"

namespace rag {

struct Grounding {
  double groundedness = 0;       ///< share of the answer's content words that occur in the passages
  std::size_t sentences = 0;     ///< of the answer, with at least one content word
  std::size_t supported = 0;     ///< those with 80 % of their content words in one passage
  double question_coverage = 0;  ///< share of the question's content words that the answer takes up

  /// "grounded": every sentence is supported; "partly_grounded": some are; "ungrounded": none is;
  /// "no_evidence": nothing was found to answer from.
  std::string verdict{};
};

Grounding measure_grounding(const std::string& question, const std::string& answer,
                            const std::vector<Passage>& passages);

}  // namespace rag
