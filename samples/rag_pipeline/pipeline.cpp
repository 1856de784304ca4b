#include "samples/rag_pipeline/pipeline.h"

#include <llmtrace/llmtrace.h>
#include <llmtrace/observe.h>

#include <cstdint>
#include <stdexcept>
#include <utility>

#include "samples/rag_pipeline/price.h"

namespace rag {
namespace {

std::map<std::string, std::int64_t> usage_of(const Tokens& tokens) {
  std::map<std::string, std::int64_t> usage{
      {"input", tokens.input}, {"output", tokens.output}, {"total", tokens.total()}};
  if (tokens.cached_input > 0) usage["input_cached_tokens"] = tokens.cached_input;
  return usage;
}

}  // namespace

Pipeline::Pipeline(Answerer& answerer, Journal& journal, PipelineOptions options)
    : answerer_(answerer), journal_(journal), options_(std::move(options)) {}

std::size_t Pipeline::read_corpus(const std::vector<std::string>& paths) {
  const auto scope = begin_trace("rag_corpus");
  return index_corpus(paths);
}

Outcome Pipeline::ask(const std::string& question) {
  const auto scope = begin_trace("rag_question");
  return answer_question(question);
}

// Who asks, in which session: on every observation of the trace.
llmtrace::ContextScope Pipeline::begin_trace(const std::string& name) {
  const std::vector<std::string> tags{"rag", answerer_.kind()};
  journal_.begin_trace({name, options_.user_id, options_.session_id, tags});
  return llmtrace::propagate({.user_id = options_.user_id,
                              .session_id = options_.session_id,
                              .tags = tags,
                              .trace_name = name});
}

std::size_t Pipeline::index_corpus(const std::vector<std::string>& paths) {
  OBSERVE_WITH(.as_type = llmtrace::ObservationType::Chain, .input = OBSERVE_ARGS(paths));
  Step step(journal_, "index_corpus", "CHAIN");
  const std::vector<Document> documents = load_documents(paths);
  build_index(documents);
  if (index_.size() == 0) {
    throw std::runtime_error("--corpus " + paths.front() +
                             (paths.size() > 1 ? " and the others" : "") +
                             ": no text to answer from; directories are searched for .md, .txt, "
                             ".rst, .adoc and .org files of at most 4 MiB");
  }
  OBSERVE_OUTPUT(index_.size());
  return documents.size();
}

std::vector<Document> Pipeline::load_documents(const std::vector<std::string>& paths) {
  OBSERVE_TOOL(paths);
  Step step(journal_, "load_documents", "TOOL");
  std::vector<Document> documents = read_documents(paths);
  std::size_t bytes = 0;
  for (const Document& document : documents) bytes += document.text.size();
  llmtrace::current_observation().update(
      {.metadata = {{"files", documents.size()}, {"bytes", bytes}}});
  step.record().metadata = {{"files", std::to_string(documents.size())},
                            {"bytes", std::to_string(bytes)}};
  return documents;
}

void Pipeline::build_index(const std::vector<Document>& documents) {
  OBSERVE();  // no argument: the input would be the whole corpus
  Step step(journal_, "build_index", "SPAN");
  index_ = Bm25Index(split_documents(documents));
  llmtrace::current_observation().update({.metadata = {{"passages", index_.size()}}});
  step.record().metadata = {{"passages", std::to_string(index_.size())}};
}

Outcome Pipeline::answer_question(const std::string& question) {
  OBSERVE_AGENT(question);
  Step step(journal_, "answer_question", "AGENT");
  Outcome outcome{.trace_id = llmtrace::current_observation().trace_id()};
  outcome.passages = retrieve(question);
  outcome.generated = generate(question, outcome.passages);
  const Completion& completion = outcome.generated.completion;
  if (!completion.error.empty()) {
    llmtrace::current_observation().error(completion.error);
    step.fail(completion.error);
    return outcome;
  }
  outcome.grounding = evaluate(question, outcome);
  llmtrace::current_observation().update({.output = completion.text});
  step.record().output = completion.text;
  return outcome;
}

std::vector<Passage> Pipeline::retrieve(const std::string& question) {
  OBSERVE_RETRIEVER(question);
  Step step(journal_, "retrieve", "RETRIEVER");
  std::vector<Passage> passages = index_.search(question, options_.passages);
  llmtrace::current_observation().update(
      {.metadata = {{"ranking", "bm25"}, {"found", passages.size()}, {"of", index_.size()}}});
  step.record().metadata = {{"ranking", "bm25"},
                            {"found", std::to_string(passages.size())},
                            {"of", std::to_string(index_.size())}};
  OBSERVE_OUTPUT(passages);
  return passages;
}

Generated Pipeline::generate(const std::string& question, const std::vector<Passage>& passages) {
  OBSERVE_GENERATION(question, passages);
  Step step(journal_, "generate", "GENERATION");
  const auto current = llmtrace::current_observation();
  Generated generated{.observation = current, .completion = answerer_.answer(question, passages)};
  const Completion& completion = generated.completion;
  current.update(
      {.metadata = {{"answerer", answerer_.kind()}, {"tokens_are", answerer_.token_rule()}},
       .model = completion.model,
       .model_parameters = answerer_.model_parameters()});
  step.record().model = completion.model;
  step.record().metadata = {{"answerer", answerer_.kind()}, {"tokens_are", answerer_.token_rule()}};
  if (!completion.error.empty()) {
    current.error(completion.error);
    step.fail(completion.error);
    return generated;
  }
  current.update({.output = completion.text});
  step.record().output = completion.text;
  if (completion.tokens) {
    step.record().usage = usage_of(*completion.tokens);
    generated.cost = price_of(completion.model, *completion.tokens).value_or(generated.cost);
    step.record().cost = generated.cost;
    current.update({.usage_details = usage_of(*completion.tokens), .cost_details = generated.cost});
  }
  return generated;
}

Grounding Pipeline::evaluate(const std::string& question, const Outcome& outcome) {
  const std::string& answer = outcome.generated.completion.text;
  OBSERVE_WITH(.as_type = llmtrace::ObservationType::Evaluator,
               .input = OBSERVE_ARGS(question, answer));
  Step step(journal_, "evaluate", "EVALUATOR");
  Grounding grounding = measure_grounding(question, answer, outcome.passages);
  llmtrace::current_observation().update(
      {.output = {{"groundedness", grounding.groundedness},
                  {"question_coverage", grounding.question_coverage},
                  {"verdict", grounding.verdict}},
       .metadata = {{"sentences", grounding.sentences}, {"supported", grounding.supported}}});
  step.record().metadata = {{"sentences", std::to_string(grounding.sentences)},
                            {"supported", std::to_string(grounding.supported)}};
  submit_scores(outcome, grounding);
  return grounding;
}

void Pipeline::submit_scores(const Outcome& outcome, const Grounding& grounding) {
  const std::string sentences = std::to_string(grounding.supported) + " of " +
                                std::to_string(grounding.sentences) + " sentences are supported";
  if (outcome.generated.observation) {
    score(*outcome.generated.observation,
          {.trace_id = outcome.trace_id,
           .observation_id = outcome.generated.observation->id(),
           .name = "groundedness",
           .data_type = "NUMERIC",
           .value = grounding.groundedness},
          sentences);
  }
  const auto current = llmtrace::current_observation();
  score(current,
        {.trace_id = outcome.trace_id,
         .name = "question_coverage",
         .data_type = "NUMERIC",
         .value = grounding.question_coverage},
        "share of the question's content words that the answer takes up");
  score(current,
        {.trace_id = outcome.trace_id,
         .name = "verdict",
         .data_type = "CATEGORICAL",
         .value = grounding.verdict},
        sentences);
}

// At every vendor. The id is made here, so that the log knows it and a second run of the evaluator
// would overwrite.
void Pipeline::score(const llmtrace::CurrentObservation& target, ScoreRecord score,
                     const std::string& comment) {
  if (!target) return;  // the trace is not recorded
  score.id = llmtrace::create_trace_id(score.trace_id + score.observation_id + score.name);
  llmtrace::ScoreParams params{.name = score.name, .score_id = score.id, .comment = comment};
  std::visit([&params](const auto& value) { params.value = llmtrace::ScoreValue(value); },
             score.value);
  if (score.observation_id.empty()) {
    target.score_trace(std::move(params));
  } else {
    target.score(std::move(params));
  }
  journal_.log().write(score);
}

}  // namespace rag
