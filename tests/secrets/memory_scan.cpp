#include "tests/secrets/memory_scan.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <random>
#include <stdexcept>

namespace llmtrace::tests {
namespace {

constexpr char kDisguise = 0x55;
constexpr std::size_t kChunkBytes = std::size_t{1} << 20;

char disguised(char c) noexcept { return static_cast<char>(c ^ kDisguise); }

struct Region {
  std::uint64_t begin;
  std::uint64_t end;
};

// What can be read, without the kernel's own pages and without `hidden`.
std::vector<Region> readable_regions(const Region& hidden) {
  std::vector<Region> regions;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    Region region{};
    char access[5]{};
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %4s", &region.begin, &region.end,
                    access) != 3) {
      continue;
    }
    const bool is_kernels = line.find("[v") != std::string::npos;  // vvar, vdso, vsyscall
    if (access[0] != 'r' || is_kernels) continue;
    // Neighbours are one region here.
    const bool is_around = region.begin <= hidden.begin && hidden.end <= region.end;
    if (is_around) regions.push_back({region.begin, hidden.begin});
    regions.push_back({is_around ? hidden.end : region.begin, region.end});
  }
  return regions;
}

// A window on the process's memory, to be left out when one looks through it.
class Window {
 public:
  Window()
      : bytes_(static_cast<char*>(::mmap(nullptr, kChunkBytes, PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))),
        memory_(::open("/proc/self/mem", O_RDONLY | O_CLOEXEC)) {
    if (bytes_ == MAP_FAILED || memory_ < 0) throw std::runtime_error("no look at the memory");
  }
  ~Window() {
    ::close(memory_);
    ::munmap(bytes_, kChunkBytes);
  }
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  Region own() const noexcept {
    const auto begin = reinterpret_cast<std::uint64_t>(bytes_);
    return {begin, begin + kChunkBytes};
  }
  /// As much of the region as fits; empty when it is there no more.
  std::string_view look_at(const Region& region) {
    const std::size_t wanted = std::min<std::uint64_t>(kChunkBytes, region.end - region.begin);
    const ssize_t size = ::pread(memory_, bytes_, wanted, static_cast<off_t>(region.begin));
    return {bytes_, size < 0 ? 0 : static_cast<std::size_t>(size)};
  }

 private:
  char* const bytes_;
  const int memory_;
};

}  // namespace

HiddenText::HiddenText(std::string text) : disguised_(text.size(), '\0') {
  std::transform(text.begin(), text.end(), disguised_.begin(), &disguised);
  OPENSSL_cleanse(text.data(), text.size());
}

HiddenText HiddenText::random(std::string_view prefix) {
  constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  constexpr std::size_t kLength = 32;  // no short string: those live inside their owners
  std::random_device source;
  std::string text(prefix);
  text.reserve(prefix.size() + kLength);
  for (std::size_t i = 0; i < kLength; ++i) text.push_back(kAlphabet[source() % kAlphabet.size()]);
  HiddenText hidden(text);
  OPENSSL_cleanse(text.data(), text.size());
  return hidden;
}

std::string HiddenText::reveal() const {
  std::string text(disguised_.size(), '\0');
  std::transform(disguised_.begin(), disguised_.end(), text.begin(), &disguised);
  return text;
}

bool HiddenText::equals(const char* bytes) const noexcept {
  return std::equal(disguised_.begin(), disguised_.end(), bytes,
                    [](char hidden, char c) { return disguised(hidden) == c; });
}

std::vector<std::string> find_in_memory(const HiddenText& text, std::size_t context) {
  std::vector<std::string> found;
  Window window;
  for (Region region : readable_regions(window.own())) {
    std::size_t seen = 0;  // of the window's bytes, with the piece before
    for (std::string_view bytes = window.look_at(region); bytes.size() > seen + text.size();
         bytes = window.look_at(region)) {
      const std::size_t last = bytes.size() - text.size();
      for (std::size_t at = seen; at <= last; ++at) {
        if (!text.equals(bytes.data() + at)) continue;
        const std::size_t before = std::min(at, context);
        found.emplace_back(bytes.substr(at - before, before));
      }
      region.begin += last + 1 - std::min(last, context);
      seen = std::min(last, context);
    }
  }
  return found;
}

}  // namespace llmtrace::tests
