// Everything about metrics.
#pragma once

#include <llmtrace/llm_metrics.h>
#include <llmtrace/metric_registry.h>
