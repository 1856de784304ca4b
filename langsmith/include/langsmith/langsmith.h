// Everything of LangSmith except the short macros, which are in <llmtrace/observe.h>.
#pragma once

#include <langsmith/anonymizer.h>
#include <langsmith/client.h>
#include <llmtrace/llmtrace.h>
