install(TARGETS llmtrace_common EXPORT llmtrace)
