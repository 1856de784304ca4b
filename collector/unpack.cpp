#include "collector/unpack.h"

#include <zlib.h>
#include <zstd.h>

#include <array>
#include <new>

#include "collector/bad_request.h"

namespace llmtrace::collector {
namespace {

template <class Reader>
std::string read_all(Reader reader, std::size_t limit_bytes) {
  std::string bytes;
  std::array<char, std::size_t{64} * 1024> piece;
  while (const std::size_t size = reader.read(piece)) {
    if (bytes.size() + size > limit_bytes) {
      throw PayloadTooLarge("the body unpacks to more than " + std::to_string(limit_bytes) +
                            " bytes");
    }
    bytes.append(piece.data(), size);
  }
  return bytes;
}

}  // namespace

GzipReader::GzipReader(std::string_view compressed) : stream_(new z_stream_s{}) {
  stream_->next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(compressed.data()));
  stream_->avail_in = static_cast<uInt>(compressed.size());
  constexpr int kGzipOnly = 16 + MAX_WBITS;
  if (inflateInit2(stream_.get(), kGzipOnly) != Z_OK) throw std::bad_alloc();
}

std::size_t GzipReader::read(std::span<char> out) {
  while (!(member_ended_ && stream_->avail_in == 0)) {
    if (member_ended_ && inflateReset(stream_.get()) != Z_OK) throw std::bad_alloc();
    stream_->next_out = reinterpret_cast<Bytef*>(out.data());
    stream_->avail_out = static_cast<uInt>(out.size());
    const int code = inflate(stream_.get(), Z_NO_FLUSH);
    member_ended_ = code == Z_STREAM_END;
    if (code != Z_OK && !member_ended_) throw BadRequest("the body is not complete, valid gzip");
    const std::size_t size = out.size() - stream_->avail_out;
    if (size > 0) return size;
  }
  return 0;
}

void GzipReader::End::operator()(z_stream_s* stream) const noexcept {
  inflateEnd(stream);
  delete stream;
}

ZstdReader::ZstdReader(std::string_view compressed)
    : context_(ZSTD_createDCtx()), compressed_(compressed) {
  if (!context_) throw std::bad_alloc();
}

std::size_t ZstdReader::read(std::span<char> out) {
  ZSTD_inBuffer input{compressed_.data(), compressed_.size(), consumed_};
  ZSTD_outBuffer output{out.data(), out.size(), 0};
  while (output.pos == 0 && !(frame_ended_ && input.pos == input.size)) {
    const std::size_t left = ZSTD_decompressStream(context_.get(), &output, &input);
    frame_ended_ = left == 0;
    const bool is_cut = !frame_ended_ && output.pos == 0 && input.pos == input.size;
    if (ZSTD_isError(left) != 0U || is_cut) {
      throw BadRequest("the body is not complete, valid zstd");
    }
  }
  consumed_ = input.pos;
  return output.pos;
}

void ZstdReader::Free::operator()(ZSTD_DCtx_s* context) const noexcept { ZSTD_freeDCtx(context); }

std::string gunzip(std::string_view compressed, std::size_t limit_bytes) {
  return read_all(GzipReader(compressed), limit_bytes);
}

std::string unzstd(std::string_view compressed, std::size_t limit_bytes) {
  return read_all(ZstdReader(compressed), limit_bytes);
}

}  // namespace llmtrace::collector
