// A library with a client of its own that nobody closes.
#include <langfuse/langfuse.h>

extern "C" __attribute__((visibility("default"))) void trace_from_plugin(const char* url,
                                                                         int count) {
  langfuse::Config config;
  config.public_key = "pk";
  config.secret_key = langfuse::Secret("sk");
  config.base_url = url;
  static auto& client = *new langfuse::Client(config);
  for (int i = 0; i < count; ++i) client.span({.name = "from the plugin"}).end();
}
