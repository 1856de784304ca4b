// The public surface as the design promises it, word for word: it must go on compiling.
#include <langfuse/langfuse.h>  // everything of Langfuse except the short macros
#include <langsmith/langsmith.h>
#include <llmtrace/observe.h>  // OBSERVE..., the short macros; <llmtrace/macros.h> has only LLMTRACE_OBSERVE...

struct Completion {
  std::string text;
  int prompt_tokens = 0;
  std::size_t completion_tokens = 0;
};
struct Model {
  Completion complete(const std::string&, const std::vector<std::string>&) { return {}; }
};
Model llm;
std::vector<std::string> search(const std::string& query) { return {query}; }

std::vector<std::string> retrieve(const std::string& query) {
  OBSERVE_RETRIEVER(query);  // name = __func__, type retriever, input {"query": ...}
  std::vector<std::string> docs = search(query);
  llmtrace::current_observation().update({.metadata = {{"doc_count", docs.size()}}});
  OBSERVE_OUTPUT(docs);  // records the output; the return stays free of copies
  return docs;
}

std::string answer(const std::string& question, const std::vector<std::string>& docs) {
  OBSERVE_GENERATION(question, docs);
  Completion c = llm.complete(question, docs);
  llmtrace::current_observation().update(
      {.output = c.text,
       .model = "gpt-4o-mini",
       .model_parameters = {{"temperature", 0.2}},
       .usage_details = {{"input", c.prompt_tokens}, {"output", c.completion_tokens}}});
  return c.text;
}

std::string rag(const std::string& question) {
  OBSERVE_BODY(question) {  // body form: output and exception text are recorded by themselves
    return answer(question, retrieve(question));
  };
}

int main() {
  const std::string question = "What is a span?", text = "A timed operation.", key = "lsv2_pt_...";
  langfuse::Client lf;  // LANGFUSE_* variables, or langfuse::Config{.public_key = ...}
  langsmith::Client ls({.api_key = key, .project = "demo"});  // code > environment > default
  auto scope = llmtrace::propagate({.user_id = "u-1", .session_id = "s-1", .tags = {"prod"}});
  rag(question);

  auto trace =
      lf.trace({.name = "rag_query", .input = question});  // Langfuse words, this client only
  auto gen = trace.generation({.name = "answer", .input = question, .model = "gpt-4o-mini"});
  gen.end({.output = text,
           .usage_details = {{"input", 100}, {"output", 50}},
           .cost_details = {{"total", 0.0005}}});
  lf.score({.name = "quality", .value = 0.9, .trace_id = trace.trace_id(), .comment = "grounded"});
  trace.end();

  auto run = ls.start_run(
      {.name = "rag", .run_type = langsmith::RunType::Chain, .inputs = {{"question", question}}});
  auto child = run.start_run(
      {.name = "llm", .run_type = langsmith::RunType::Llm, .inputs = {{"prompt", question}}});
  child.end(
      {.outputs = {{"text", text}}, .usage_metadata = {.input_tokens = 100, .output_tokens = 50}});
  run.end({.outputs = {{"answer", text}}});
  ls.create_feedback({.run_id = run.id(), .key = "quality", .score = 0.9, .comment = "grounded"});

  bool langfuse_done = lf.flush(std::chrono::seconds(5));
  bool langsmith_done = ls.flush(std::chrono::seconds(5));
  return langfuse_done && langsmith_done ? 0 : 1;
}
