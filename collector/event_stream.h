// EventStream is a reply that goes on: text that is pushed to it goes to one client as it comes.
// One side pushes, from any thread and without waiting; the other is the HTTP server, whose
// connection sleeps while there is nothing to send.
#pragma once

#include <cstddef>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

struct MHD_Connection;

namespace llmtrace::collector {

class EventStream {
 public:
  /// What a client that reads slowly may be behind.
  static constexpr std::size_t kMostBytes = std::size_t{1024} * 1024;

  enum class Push { Taken, Full, Gone };
  /// All of `text` or nothing of it.
  Push push(std::string_view text);
  /// Ends the reply when all that was pushed has been sent.
  void close();

  /// The server's side: the connection whose reply this is, until `detach`.
  void attach(MHD_Connection& connection);
  void detach();
  /// Fills the front of `out`; 0 puts the connection to sleep, nothing means the end.
  struct Read {
    std::size_t size = 0;
    bool is_end = false;
  };
  Read read(std::span<char> out);

 private:
  void wake();

  std::mutex mutex_;  // guards all of it
  std::string text_;
  MHD_Connection* connection_ = nullptr;
  bool is_asleep_ = false;
  bool is_closed_ = false;
  bool is_gone_ = false;
};

}  // namespace llmtrace::collector
