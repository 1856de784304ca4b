#include "bench/unpacker.h"

#include "collector/bad_request.h"
#include "collector/unpack.h"

namespace llmtrace::bench {
namespace {

constexpr std::size_t kFirstBytes = std::size_t{4} << 20;
constexpr std::size_t kMaxBytes = std::size_t{256} << 20;

}  // namespace

Unpacker::Unpacker() : buffer_(kFirstBytes, '\0') {}

bool Unpacker::unpack(std::string_view encoding, std::string_view packed) {
  if (encoding == "gzip") return read_all<collector::GzipReader>(packed);
  return encoding == "zstd" && read_all<collector::ZstdReader>(packed);
}

template <class Reader>
bool Unpacker::read_all(std::string_view packed) {
  try {
    Reader reader(packed);
    size_ = 0;
    for (;;) {
      const std::size_t room = buffer_.size() - 1 - size_;  // the last byte stays for the zero
      const std::size_t read = reader.read({buffer_.data() + size_, room});
      size_ += read;
      buffer_[size_] = '\0';
      if (read == 0) return true;
      if (read < room) continue;
      if (buffer_.size() >= kMaxBytes) return false;
      buffer_.resize(2 * buffer_.size());
    }
  } catch (const collector::BadRequest&) {
    return false;
  }
}

}  // namespace llmtrace::bench
