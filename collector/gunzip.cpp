#include "collector/gunzip.h"

#include <zlib.h>

#include <array>
#include <new>

#include "collector/bad_request.h"

namespace llmtrace::collector {
namespace {

// zlib's state, ended when it goes out of scope.
class Inflater {
 public:
  explicit Inflater(std::string_view input) {
    stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(input.data()));
    stream_.avail_in = static_cast<uInt>(input.size());
    constexpr int kGzipOnly = 16 + MAX_WBITS;
    if (inflateInit2(&stream_, kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // The next piece of output; empty at the end of the last member.
  std::string_view next() {
    while (!(member_ended_ && stream_.avail_in == 0)) {
      if (member_ended_ && inflateReset(&stream_) != Z_OK) throw std::bad_alloc();
      stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
      stream_.avail_out = static_cast<uInt>(buffer_.size());
      const int code = inflate(&stream_, Z_NO_FLUSH);
      member_ended_ = code == Z_STREAM_END;
      if (code != Z_OK && !member_ended_) throw BadRequest("the body is not complete, valid gzip");
      const std::size_t size = buffer_.size() - stream_.avail_out;
      if (size > 0) return {buffer_.data(), size};
    }
    return {};
  }

 private:
  z_stream stream_{};
  bool member_ended_ = false;
  std::array<char, 64 * 1024> buffer_;
};

}  // namespace

std::string gunzip(std::string_view compressed, std::size_t limit_bytes) {
  Inflater inflater(compressed);
  std::string bytes;
  for (auto piece = inflater.next(); !piece.empty(); piece = inflater.next()) {
    if (bytes.size() + piece.size() > limit_bytes) {
      throw PayloadTooLarge("the body unpacks to more than " + std::to_string(limit_bytes) +
                            " bytes");
    }
    bytes.append(piece);
  }
  return bytes;
}

}  // namespace llmtrace::collector
