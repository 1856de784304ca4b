// Unpacker unpacks one gzip or zstd body at a time into memory that it keeps. One thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace llmtrace::bench {

class Unpacker {
 public:
  Unpacker();

  /// False when `encoding` is neither gzip nor zstd, or `packed` is not complete and valid or
  /// unpacks to more than 256 MiB.
  bool unpack(std::string_view encoding, std::string_view packed);
  /// What was unpacked, followed by a zero byte; valid until the next call.
  char* data() noexcept { return buffer_.data(); }
  std::size_t size() const noexcept { return size_; }

 private:
  template <class Reader>
  bool read_all(std::string_view packed);

  std::string buffer_;
  std::size_t size_ = 0;
};

}  // namespace llmtrace::bench
