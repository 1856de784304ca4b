#include "common/src/compression.h"

#include <zlib.h>
#include <zstd.h>

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

std::string zstd(std::string_view data) {
  std::string out(ZSTD_compressBound(data.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), data.data(), data.size(), 1);
  if (ZSTD_isError(size) != 0) throw std::bad_alloc();
  out.resize(size);
  return out;
}

std::string compress(Compression compression, std::string_view data) {
  switch (compression) {
    case Compression::Gzip:
      return gzip(data);
    case Compression::Zstd:
      return zstd(data);
    case Compression::None:
      break;
  }
  return std::string(data);
}

std::string_view content_encoding(Compression compression) noexcept {
  switch (compression) {
    case Compression::Gzip:
      return "gzip";
    case Compression::Zstd:
      return "zstd";
    case Compression::None:
      break;
  }
  return {};
}

}  // namespace v0
}  // namespace llmtrace
