#include "bench/gunzip.h"

#include <new>

namespace llmtrace::bench {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;
constexpr std::size_t kFirstBytes = std::size_t{4} << 20;
constexpr std::size_t kMaxBytes = std::size_t{256} << 20;

}  // namespace

Gunzip::Gunzip() : buffer_(kFirstBytes, '\0') {
  if (inflateInit2(&stream_, kGzipOnly) != Z_OK) throw std::bad_alloc();
}

Gunzip::~Gunzip() { inflateEnd(&stream_); }

bool Gunzip::unpack(std::string_view packed) {
  inflateReset(&stream_);
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream_.avail_in = static_cast<uInt>(packed.size());
  size_ = 0;
  for (;;) {
    const std::size_t room = buffer_.size() - 1 - size_;  // the last byte stays for the zero
    stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data() + size_);
    stream_.avail_out = static_cast<uInt>(room);
    const int result = inflate(&stream_, Z_NO_FLUSH);
    size_ += room - stream_.avail_out;
    buffer_[size_] = '\0';
    if (result == Z_STREAM_END) return stream_.avail_in == 0;
    if (result != Z_OK || stream_.avail_out != 0 || buffer_.size() >= kMaxBytes) return false;
    buffer_.resize(2 * buffer_.size());
  }
}

}  // namespace llmtrace::bench
