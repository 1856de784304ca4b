// Everything of llmtrace's vendor-neutral side except the short macros.
#pragma once

#include <llmtrace/ids.h>
#include <llmtrace/macros.h>
#include <llmtrace/observation.h>
#include <llmtrace/propagation.h>
#include <llmtrace/redaction.h>
#include <llmtrace/result.h>
#include <llmtrace/secret.h>
#include <llmtrace/transport.h>
#include <llmtrace/version.h>
