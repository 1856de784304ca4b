// The routes of LangSmith's API that the collector serves, each bare and under /api/v1.
#pragma once

#include <vector>

#include "collector/database.h"
#include "collector/langsmith/feedback_route.h"
#include "collector/langsmith/feedback_tokens_route.h"
#include "collector/langsmith/langsmith_options.h"
#include "collector/langsmith/projects_route.h"
#include "collector/langsmith/run_reads_route.h"
#include "collector/langsmith/run_store.h"
#include "collector/langsmith/runs_route.h"
#include "collector/route.h"

namespace llmtrace::collector {

class LangSmithApi {
 public:
  LangSmithApi(Database& database, TraceIndex& index, const CostEstimator& costs,
               LangSmithOptions options);

  void index_all() { store_.index_all(); }

  /// They refer to this object.
  std::vector<Route> routes();

 private:
  std::vector<Route> ingestion_routes();
  std::vector<Route> read_routes();
  std::vector<Route> feedback_routes();
  HttpResponse info() const;

  LangSmithOptions options_;
  RunStore store_;
  RunsRoute runs_;
  RunReadsRoute run_reads_;
  FeedbackRoute feedback_;
  FeedbackTokensRoute feedback_tokens_;
  ProjectsRoute projects_;
};

}  // namespace llmtrace::collector
