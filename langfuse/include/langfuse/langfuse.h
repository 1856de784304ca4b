// Everything of Langfuse except the short macros, which are in <llmtrace/observe.h>.
#pragma once

#include <langfuse/client.h>
#include <llmtrace/llmtrace.h>
