// llmtrace_bench_load asks an HTTP server the same question over and over on a number of kept
// connections, as wrk does, and prints what it got as one line of JSON. One thread, so that it
// leaves the processors to what it measures. Exit status 1 when an answer was no 200.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "bench/latency_histogram.h"

namespace llmtrace::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct LoadOptions {
  std::uint16_t port = 0;
  std::string path{"/complete"};
  std::string body{};
  std::size_t connections = 16;
  double seconds = 5;
  double warm_up_seconds = 1;
};

// Whether `received` is one whole reply. Only one is ever asked for at a time.
bool is_whole_reply(std::string_view received) {
  constexpr std::string_view kLength = "Content-Length: ";
  const std::size_t end = received.find("\r\n\r\n");
  if (end == std::string_view::npos) return false;
  const std::string_view head = received.substr(0, end);
  if (head.find("Transfer-Encoding: chunked") != std::string_view::npos) {
    return received.ends_with("\r\n0\r\n\r\n");
  }
  const std::size_t field = head.find(kLength);
  if (field == std::string_view::npos) throw std::runtime_error("a reply without a length");
  std::size_t length = 0;
  std::from_chars(head.data() + field + kLength.size(), head.data() + head.size(), length);
  return received.size() >= end + 4 + length;
}

class Load {
 public:
  explicit Load(const LoadOptions& options)
      : options_(options), epoll_(::epoll_create1(EPOLL_CLOEXEC)), lines_(options.connections) {
    request_ = "POST " + options.path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " +
               std::to_string(options.body.size()) + "\r\n\r\n" + options.body;
    for (Line& line : lines_) line.socket = connect(line);
  }
  ~Load() {
    for (const Line& line : lines_) ::close(line.socket);
    ::close(epoll_);
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  void run() {
    const auto begin = Clock::now();
    measure_from_ = begin + std::chrono::duration_cast<Clock::duration>(
                                std::chrono::duration<double>(options_.warm_up_seconds));
    const auto end = measure_from_ + std::chrono::duration_cast<Clock::duration>(
                                         std::chrono::duration<double>(options_.seconds));
    for (Line& line : lines_) ask(line);
    while (Clock::now() < end) receive_some();
  }

  bool print() const {
    std::printf(
        "{\"requests\":%llu,\"failed\":%llu,\"per_s\":%.0f,\"p50_us\":%.0f,\"p99_us\":%.0f}\n",
        static_cast<unsigned long long>(answered_), static_cast<unsigned long long>(failed_),
        static_cast<double>(answered_) / options_.seconds,
        static_cast<double>(latencies_.quantile(0.5)) / 1e3,
        static_cast<double>(latencies_.quantile(0.99)) / 1e3);
    return failed_ == 0;
  }

 private:
  struct Line {
    int socket = -1;
    std::string received{};
    Clock::time_point asked{};
  };

  int connect(Line& line) const {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("nothing listens on port " + std::to_string(options_.port));
    }
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{.events = EPOLLIN, .data = {.ptr = &line}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
    return socket;
  }

  // Requests are small: one call takes them whole.
  void ask(Line& line) const {
    line.asked = Clock::now();
    const auto sent = ::send(line.socket, request_.data(), request_.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(request_.size())) {
      throw std::runtime_error("a request was not taken");
    }
  }

  void receive_some() {
    constexpr int kWaitMilliseconds = 100;
    std::array<epoll_event, 64> events{};
    const int ready =
        ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), kWaitMilliseconds);
    for (int i = 0; i < ready; ++i) {
      receive(*static_cast<Line*>(events[static_cast<std::size_t>(i)].data.ptr));
    }
  }

  void receive(Line& line) {
    std::array<char, 16384> block{};
    const auto size = ::recv(line.socket, block.data(), block.size(), 0);
    if (size <= 0) throw std::runtime_error("the server closed a connection");
    line.received.append(block.data(), static_cast<std::size_t>(size));
    if (!is_whole_reply(line.received)) return;
    count(line);
    line.received.clear();
    ask(line);
  }

  void count(const Line& line) {
    const auto now = Clock::now();
    if (!line.received.starts_with("HTTP/1.1 200 ")) ++failed_;
    if (now < measure_from_) return;
    ++answered_;
    latencies_.record(
        static_cast<std::uint64_t>(std::chrono::nanoseconds(now - line.asked).count()));
  }

  const LoadOptions options_;
  const int epoll_;
  std::string request_;
  std::vector<Line> lines_;  // never grows: epoll has addresses of its elements
  Clock::time_point measure_from_{};
  LatencyHistogram latencies_;
  std::uint64_t answered_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace
}  // namespace llmtrace::bench

int main(int argc, char** argv) {
  llmtrace::bench::LoadOptions options;
  CLI::App app("Asks an HTTP server on the loopback interface the same question over and over.");
  app.add_option("--port", options.port, "The server's port")->required();
  app.add_option("--path", options.path)->capture_default_str();
  app.add_option("--body", options.body, "What is posted")->required();
  app.add_option("--connections", options.connections)->capture_default_str();
  app.add_option("--seconds", options.seconds, "How long is measured")->capture_default_str();
  app.add_option("--warm-up", options.warm_up_seconds, "Seconds before that")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    llmtrace::bench::Load load(options);
    load.run();
    return load.print() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "llmtrace_bench_load: %s\n", error.what());
    return 1;
  }
}
