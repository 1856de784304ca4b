#include "common/src/compression.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

namespace llmtrace {
inline namespace v0 {
namespace {

class Deflater {
 public:
  Deflater() {
    constexpr int kGzipWrapper = 16;
    constexpr int kDefaultMemory = 8;
    if (deflateInit2(&stream_, 1, Z_DEFLATED, MAX_WBITS + kGzipWrapper, kDefaultMemory,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::bad_alloc();
    }
  }
  ~Deflater() { deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  z_stream& stream() noexcept { return stream_; }

 private:
  z_stream stream_{};
};

}  // namespace

std::string gzip(std::string_view data) {
  Deflater deflater;
  z_stream& stream = deflater.stream();
  std::string out(deflateBound(&stream, static_cast<uLong>(data.size())), '\0');
  stream.next_out = reinterpret_cast<Bytef*>(out.data());  // NOLINT
  stream.avail_out = static_cast<uInt>(out.size());
  // zlib counts in 32 bits.
  constexpr std::size_t kStep = std::size_t{1} << 30;
  int result = Z_OK;
  while (result == Z_OK) {
    const std::size_t step = std::min(data.size(), kStep);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));  // NOLINT
    stream.avail_in = static_cast<uInt>(step);
    data.remove_prefix(step);
    result = deflate(&stream, data.empty() ? Z_FINISH : Z_NO_FLUSH);
  }
  if (result != Z_STREAM_END) throw std::bad_alloc();
  out.resize(stream.total_out);
  return out;
}

}  // namespace v0
}  // namespace llmtrace
