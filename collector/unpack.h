// Unpacks gzip and zstd from outside, a piece at a time. The output is counted while it grows, so a
// small body that unpacks to gigabytes costs no more memory than the limit.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct z_stream_s;
struct ZSTD_DCtx_s;

namespace llmtrace::collector {

/// One or more gzip members, one after the other.
class GzipReader {
 public:
  /// `compressed` must outlive the reader.
  explicit GzipReader(std::string_view compressed);

  /// Fills the front of `out`; 0 at the end. Throws BadRequest when the input is not complete and
  /// valid.
  std::size_t read(std::span<char> out);

 private:
  struct End {
    void operator()(z_stream_s* stream) const noexcept;
  };
  std::unique_ptr<z_stream_s, End> stream_;
  bool member_ended_ = false;
};

/// The same for zstd frames.
class ZstdReader {
 public:
  explicit ZstdReader(std::string_view compressed);
  std::size_t read(std::span<char> out);

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const noexcept;
  };
  std::unique_ptr<ZSTD_DCtx_s, Free> context_;
  std::string_view compressed_;
  std::size_t consumed_ = 0;
  bool frame_ended_ = false;
};

/// All that `compressed` holds. Throws as the readers do, and PayloadTooLarge when the output would
/// exceed `limit_bytes`.
std::string gunzip(std::string_view compressed, std::size_t limit_bytes);
std::string unzstd(std::string_view compressed, std::size_t limit_bytes);

}  // namespace llmtrace::collector
