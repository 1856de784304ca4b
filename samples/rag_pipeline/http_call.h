// One HTTP request over libcurl, for a program that makes few. Blocks the calling thread.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace rag {

struct HttpCall {
  std::string url{};
  std::vector<std::string> headers{};  ///< "Name: value"
  std::string user{};                  ///< basic authentication, with `password`; empty: none
  std::string password{};
  std::string body{};  ///< not empty: a POST of JSON
  std::chrono::milliseconds timeout{120'000};
};

struct HttpAnswer {
  int status = 0;
  std::string body{};   ///< at most 16 MiB; more is an error
  std::string error{};  ///< not empty: no complete answer, and why
};

HttpAnswer perform(const HttpCall& call);

/// Percent-encodes what a query parameter may not hold.
std::string url_encoded(const std::string& text);

}  // namespace rag
