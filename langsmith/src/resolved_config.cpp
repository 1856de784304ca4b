#include "langsmith/src/resolved_config.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "common/src/http_text.h"
#include "common/src/json_value.h"

namespace langsmith {
inline namespace v0 {
namespace {

using llmtrace::environment_variable;
using llmtrace::JsonValue;
using llmtrace::lower_case;
using llmtrace::text_option;
using llmtrace::wrong_value;
using std::chrono::milliseconds;

constexpr std::string_view kDefaultEndpoint = "https://api.smith.langchain.com";

// Every variable has an older name. What one of them sets to blank counts as unset.
#define LANGSMITH_VARIABLE(name) \
  { "LANGSMITH_" name, "LANGCHAIN_" name }

// Pasted values come with blanks and quotes.
std::string trimmed(std::string text) {
  constexpr std::string_view kBlanks = " \t\r\n\"'";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

Secret key_option(const Secret& given) {
  if (!given.empty()) return given;
  return Secret(trimmed(environment_variable(LANGSMITH_VARIABLE("API_KEY")).value_or("")));
}

std::string project_option(const Config& config) {
  return text_option(config.project,
                     {"HOSTED_LANGSERVE_PROJECT_NAME", "LANGSMITH_PROJECT", "LANGCHAIN_PROJECT",
                      "LANGSMITH_SESSION", "LANGCHAIN_SESSION"},
                     "default");
}

void check_header_text(std::string_view text, std::string_view name) {
  if (text.empty() || llmtrace::is_header_value(text)) return;
  // The value is not repeated: it may be a credential.
  throw std::invalid_argument(std::string(name) +
                              " must hold no control characters; copy it without line breaks");
}

Endpoint endpoint_of(std::string url, Secret api_key, std::string workspace_id, std::string project,
                     std::string_view option) {
  check_header_text(api_key.reveal(), "LANGSMITH_API_KEY");
  check_header_text(workspace_id, "LANGSMITH_WORKSPACE_ID");
  return {.url = llmtrace::checked_base_url(url, option),
          .api_key = std::move(api_key),
          .workspace_id = std::move(workspace_id),
          .project = std::move(project)};
}

// A key among them would go to the log of a gateway, and win over the endpoint's own.
std::vector<llmtrace::HttpHeader> headers_option(const std::vector<llmtrace::HttpHeader>& given) {
  for (const llmtrace::HttpHeader& header : given) {
    const std::string name = lower_case(header.name);
    const bool is_key = name == "x-api-key";
    if (!is_key && name != "x-tenant-id") continue;
    throw std::invalid_argument("additional_headers must not hold " + header.name + "; give ." +
                                (is_key ? "api_key" : "workspace_id"));
  }
  return llmtrace::checked_headers(given);
}

// [{"api_url", "api_key", "project_name", "primary"}] or {url: key}.
std::vector<Endpoint> endpoints_from_variable(const std::string& text, const std::string& project) {
  constexpr std::string_view kName = "LANGSMITH_RUNS_ENDPOINTS";
  const auto value = JsonValue::parse(text);
  // The value holds keys: it is not repeated.
  const auto refuse = [&] {
    throw std::invalid_argument(
        std::string(kName) +
        R"( must be a JSON list of {"api_url": ..., "api_key": ...} or an object {url: key})");
  };
  if (!value || (!value->is_array() && !value->is_object())) refuse();
  // What stands in a URL's place may be a key.
  const auto endpoint_at = [&](const std::string& url, const std::string& key,
                               const std::string& own_project) {
    if (!url.starts_with("http://") && !url.starts_with("https://")) refuse();
    return endpoint_of(url, Secret(key), "", own_project, kName);
  };
  std::vector<Endpoint> endpoints;
  bool has_primary = false;
  for (const auto& [url, key] : value->members()) {
    if (!key.is_string()) refuse();
    endpoints.push_back(endpoint_at(url, key.as_string(), project));
  }
  for (const JsonValue& item : value->elements()) {
    if (!item["api_url"].is_string() || !item["api_key"].is_string()) refuse();
    const std::string& own = item["project_name"].as_string();
    Endpoint endpoint = endpoint_at(item["api_url"].as_string(), item["api_key"].as_string(),
                                    own.empty() ? project : own);
    endpoint.project_is_fixed = !own.empty();
    const bool primary = item["primary"].as_bool();
    if (primary && std::exchange(has_primary, true)) {
      throw std::invalid_argument(std::string(kName) +
                                  " has several \"primary\": true; leave one of them");
    }
    endpoints.insert(primary ? endpoints.begin() : endpoints.end(), std::move(endpoint));
  }
  return endpoints;
}

std::vector<Endpoint> endpoints_of(const Config& config) {
  const std::string project = project_option(config);
  const auto several = environment_variable(LANGSMITH_VARIABLE("RUNS_ENDPOINTS"));
  std::vector<Endpoint> endpoints;
  if (several && config.endpoint.empty() && config.api_key.empty() && config.replicas.empty()) {
    if (environment_variable(LANGSMITH_VARIABLE("ENDPOINT"))) {
      throw std::invalid_argument(
          "LANGSMITH_RUNS_ENDPOINTS and LANGSMITH_ENDPOINT say where runs go, and only one may; "
          "unset "
          "one of them");
    }
    endpoints = endpoints_from_variable(*several, project);
  }
  if (endpoints.empty()) {
    endpoints.push_back(endpoint_of(
        trimmed(text_option(config.endpoint, LANGSMITH_VARIABLE("ENDPOINT"), kDefaultEndpoint)),
        key_option(config.api_key),
        trimmed(text_option(config.workspace_id, LANGSMITH_VARIABLE("WORKSPACE_ID"), "")), project,
        "LANGSMITH_ENDPOINT"));
  }
  endpoints.front().project_is_fixed = false;
  endpoints.front().additional_headers = headers_option(config.additional_headers);
  for (const Replica& replica : config.replicas) {
    const Endpoint& own = endpoints.front();
    endpoints.push_back(endpoint_of(replica.endpoint.empty() ? own.url : replica.endpoint.str(),
                                    replica.api_key, replica.workspace_id.str(),
                                    replica.project.empty() ? own.project : replica.project.str(),
                                    "Replica::endpoint"));
    endpoints.back().project_is_fixed = !replica.project.empty();
    endpoints.back().additional_headers = headers_option(replica.additional_headers);
  }
  return endpoints;
}

// Run ids are the same everywhere, and a workspace holds a run once: a second project there would
// get nothing but "already received". That two keys are of one workspace cannot be seen here.
void refuse_same_workspace(const std::vector<Endpoint>& endpoints) {
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const bool same = endpoints[i].url == endpoints[j].url &&
                        endpoints[i].workspace_id == endpoints[j].workspace_id &&
                        endpoints[i].api_key.reveal() == endpoints[j].api_key.reveal();
      if (!same) continue;
      throw std::invalid_argument("two endpoints have the same key at " + endpoints[i].url +
                                  ", and with it one workspace, which holds a run once; give each "
                                  "a key of another workspace");
    }
  }
}

// "True" is meant as true, whatever the reference client makes of it; any other value means off.
bool tracing_option(const Config& config) {
  if (config.tracing) return *config.tracing;
  const auto value = environment_variable(
      {"LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2", "LANGSMITH_TRACING", "LANGCHAIN_TRACING"});
  if (!value) return true;
  const std::string text = lower_case(trimmed(*value));
  return text == "true" || text == "1";
}

bool flag_option(const std::optional<bool>& given, std::initializer_list<const char*> names) {
  return given.value_or(llmtrace::boolean_variable(names).value_or(false));
}

std::optional<Compression> compression_option(const Config& config) {
  if (config.compression) return config.compression;
  const bool off =
      llmtrace::boolean_variable(LANGSMITH_VARIABLE("DISABLE_RUN_COMPRESSION")).value_or(false);
  return off ? std::optional(Compression::None) : std::nullopt;
}

void check_keys(ResolvedConfig& resolved) {
  if (!resolved.enabled) return;
  if (resolved.endpoints.front().api_key.empty()) {
    resolved.enabled = false;
    resolved.warnings.emplace_back(
        "tracing is off: set LANGSMITH_API_KEY (from the settings in LangSmith), or "
        "LANGSMITH_TRACING=false");
    return;
  }
  for (const Endpoint& endpoint : resolved.endpoints) {
    if (endpoint.url.starts_with("http://") && !llmtrace::is_loopback_url(endpoint.url)) {
      resolved.warnings.push_back("the key and runs go unencrypted to " +
                                  std::string(llmtrace::url_host(endpoint.url)) +
                                  "; use an https:// endpoint outside a trusted network");
    }
    if (endpoint.api_key.empty()) {
      throw std::invalid_argument("Replica::api_key is not set for " + endpoint.url +
                                  ": a replica never uses another endpoint's key");
    }
  }
}

}  // namespace

ResolvedConfig resolve(const Config& config) {
  ResolvedConfig resolved;
  resolved.endpoints = endpoints_of(config);
  refuse_same_workspace(resolved.endpoints);
  resolved.enabled = tracing_option(config);
  resolved.sample_rate =
      llmtrace::sample_rate_option(config.sample_rate, LANGSMITH_VARIABLE("TRACING_SAMPLING_RATE"));
  resolved.observe = config.observe;
  resolved.hide_inputs = flag_option(config.hide_inputs, LANGSMITH_VARIABLE("HIDE_INPUTS"));
  resolved.hide_outputs = flag_option(config.hide_outputs, LANGSMITH_VARIABLE("HIDE_OUTPUTS"));
  resolved.hide_metadata = flag_option(config.hide_metadata, LANGSMITH_VARIABLE("HIDE_METADATA"));
  resolved.runtime_metadata = config.runtime_metadata;
  resolved.revision_id = text_option(config.revision_id, LANGSMITH_VARIABLE("REVISION_ID"), "");
  resolved.post_open_runs_after = config.post_open_runs_after;
  if (config.post_open_runs_after > milliseconds(0)) {
    llmtrace::checked_duration(config.post_open_runs_after, "Config::post_open_runs_after");
  }
  resolved.timeout =
      llmtrace::checked_duration(config.timeout.value_or(milliseconds(10'000)), "Config::timeout");
  resolved.proxy = config.proxy;
  resolved.ca_file = config.ca_file.str();
  resolved.compression = compression_option(config);
  resolved.max_batch_items =
      config.max_batch_items
          ? config.max_batch_items
          : llmtrace::size_variable(LANGSMITH_VARIABLE("BATCH_INGEST_SIZE_LIMIT"));
  if (resolved.max_batch_items == std::size_t{0}) {
    wrong_value("Config::max_batch_items", "at least 1", "0");
  }
  resolved.batch_interval =
      llmtrace::checked_duration(config.batch_interval, "Config::batch_interval");
  resolved.debug = flag_option(config.debug, LANGSMITH_VARIABLE("DEBUG"));
  check_keys(resolved);
  return resolved;
}

#undef LANGSMITH_VARIABLE

const std::vector<llmtrace::VariableInfo>& variables() {
  static const std::vector<llmtrace::VariableInfo> kTable = {
      {"LANGSMITH_API_KEY", "api_key", "a personal or service key; no default"},
      {"LANGSMITH_ENDPOINT", "endpoint", "the server's API; https://api.smith.langchain.com"},
      {"LANGSMITH_WORKSPACE_ID", "workspace_id",
       "the workspace, for keys of an organization; none"},
      {"HOSTED_LANGSERVE_PROJECT_NAME", "project", "the project, before LANGSMITH_PROJECT"},
      {"LANGSMITH_PROJECT", "project", "the project; \"default\""},
      {"LANGSMITH_SESSION", "project", "older name of LANGSMITH_PROJECT"},
      {"LANGSMITH_TRACING_V2", "tracing", "before LANGSMITH_TRACING"},
      {"LANGSMITH_TRACING", "tracing", "true, True or 1: on; another value: off; on with a key"},
      {"LANGSMITH_TRACING_SAMPLING_RATE", "sample_rate", "share of traces that is kept, 0 to 1; 1"},
      {"LANGSMITH_RUNS_ENDPOINTS", "replicas",
       "several endpoints: JSON list of {api_url, api_key, project_name} or object {url: key}"},
      {"LANGSMITH_HIDE_INPUTS", "hide_inputs", "true: inputs are sent as {}; false"},
      {"LANGSMITH_HIDE_OUTPUTS", "hide_outputs", "true: outputs are sent as {}; false"},
      {"LANGSMITH_HIDE_METADATA", "hide_metadata", "true: no metadata but token counts; false"},
      {"LANGSMITH_REVISION_ID", "revision_id", "metadata of every run; none"},
      {"LANGSMITH_BATCH_INGEST_SIZE_LIMIT", "max_batch_items",
       "runs in a full batch; the server's, else 100"},
      {"LANGSMITH_DISABLE_RUN_COMPRESSION", "compression",
       "true: bodies are not compressed; false"},
      {"LANGSMITH_DEBUG", "debug",
       "true: one line at the start with the settings, and one for each request; false"},
  };
  return kTable;
}

}  // namespace v0
}  // namespace langsmith
