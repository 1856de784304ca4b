// Everything for programs that call an OpenAI-compatible endpoint: a client that records itself,
// and functions that record what another client sent and got.
#pragma once

#include <llmtrace/openai/chat_client.h>
#include <llmtrace/openai/observed_curl.h>
#include <llmtrace/openai/recording.h>
