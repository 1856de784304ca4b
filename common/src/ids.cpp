#include <llmtrace/ids.h>
#include <openssl/evp.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <new>

#include "common/src/fork.h"
#include "common/src/id_types.h"

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

std::uint64_t rotate_left(std::uint64_t value, unsigned bits) noexcept {
  return (value << bits) | (value >> (64U - bits));
}

// SplitMix64 (Steele, Lea, Flood 2014): one step from `state` to a well mixed value.
std::uint64_t mix(std::uint64_t state) noexcept {
  state = (state ^ (state >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  state = (state ^ (state >> 27U)) * 0x94D049BB133111EBULL;
  return state ^ (state >> 31U);
}
constexpr std::uint64_t kGamma = 0x9E3779B97F4A7C15ULL;

// xoshiro256** (Blackman, Vigna 2018). Not for secrets: ids only have to be unique.
struct Generator {
  std::uint64_t state[4] = {};
  unsigned fork_generation = ~0U;

  // Not std::random_device: it asks for the processor's name first, which costs a thread in a
  // virtual machine 25 microseconds, and it may throw.
  void seed() noexcept {
    if (::getrandom(state, sizeof state, GRND_NONBLOCK) != sizeof state) seed_without_system();
    state[0] |= 1;  // the state must not be all zero
    fork_generation = current_fork_generation();
  }

  // A sandbox may forbid the call, an early boot may have nothing to give: what differs between
  // threads and processes has to do.
  void seed_without_system() noexcept {
    std::uint64_t mixed =
        reinterpret_cast<std::uintptr_t>(this) ^ static_cast<std::uint64_t>(::getpid()) << 32U;
    const auto now = std::chrono::system_clock::now().time_since_epoch().count();
    for (std::uint64_t& word : state) {
      mixed += kGamma ^ static_cast<std::uint64_t>(now);
      word = mix(mixed);
    }
  }

  std::uint64_t next() noexcept {
    if (fork_generation != current_fork_generation()) seed();
    const std::uint64_t result = rotate_left(state[1] * 5, 7) * 9;
    const std::uint64_t shifted = state[1] << 17U;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate_left(state[3], 45);
    return result;
  }
};

thread_local constinit Generator thread_generator;

int hex_value(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

template <std::size_t Size>
bool parse_hex(std::string_view text, std::array<std::uint8_t, Size>& bytes) noexcept {
  if (text.size() != 2 * Size) return false;
  bool all_zero = true;
  for (std::size_t i = 0; i < Size; ++i) {
    const int high = hex_value(text[2 * i]);
    const int low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
    all_zero = all_zero && bytes[i] == 0;
  }
  return !all_zero;  // W3C: an id of zeros is no id
}

template <std::size_t Size>
std::array<std::uint8_t, Size> id_from(std::string_view text) {
  std::array<std::uint8_t, Size> id{};
  if (!parse_hex(text, id)) {
    const auto digest = sha256(text);
    std::copy_n(digest.begin(), Size, id.begin());
  }
  return id;
}

}  // namespace

std::string create_trace_id() { return to_hex(IdSource().next(std::chrono::system_clock::now())); }

std::string create_trace_id(std::string_view seed) { return to_hex(sha256(seed).data(), 16); }

std::string create_observation_id(std::string_view seed) { return to_hex(sha256(seed).data(), 8); }

void append_hex(std::string& out, const std::uint8_t* bytes, std::size_t count) {
  const std::size_t begin = out.size();
  out.resize(begin + 2 * count);
  char* digit = out.data() + begin;
  for (std::size_t i = 0; i < count; ++i) {
    *digit++ = kHexDigits[bytes[i] >> 4U];
    *digit++ = kHexDigits[bytes[i] & 0xFU];
  }
}

std::string to_hex(const std::uint8_t* bytes, std::size_t count) {
  std::string out;
  out.reserve(2 * count);
  append_hex(out, bytes, count);
  return out;
}

std::string uuid_text(const Uuid& uuid) {
  std::string out;
  out.reserve(36);
  std::size_t begin = 0;
  for (const std::size_t end :
       {std::size_t{4}, std::size_t{6}, std::size_t{8}, std::size_t{10}, std::size_t{16}}) {
    if (begin != 0) out.push_back('-');
    append_hex(out, uuid.data() + begin, end - begin);
    begin = end;
  }
  return out;
}

SpanId span_id_of(const Uuid& uuid) noexcept {
  SpanId id{};
  std::copy_n(uuid.begin() + 8, id.size(), id.begin());
  return id;
}

TraceId trace_id_from(std::string_view text) { return id_from<16>(text); }

SpanId span_id_from(std::string_view text) { return id_from<8>(text); }

Uuid uuid_from(std::string_view text) {
  std::string digits(text);
  std::erase(digits, '-');
  Uuid uuid{};
  // Hyphens say nothing in a UUID alone: "order-12-3" is not "order-1-23".
  return parse_hex(digits, uuid) ? uuid : id_from<16>(text);
}

std::array<std::uint8_t, 32> sha256(std::string_view text) {
  std::array<std::uint8_t, 32> digest{};
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1) {
    throw std::bad_alloc();  // an id of zeros would be no id
  }
  return digest;
}

bool is_sampled(const TraceId& id, double rate) noexcept {
  if (rate >= 1) return true;
  std::uint64_t low = 0;
  for (std::size_t i = 9; i < 16; ++i) low = (low << 8U) | id[i];
  return static_cast<double>(low) < rate * 0x1p56;
}

std::uint64_t random_bits() noexcept { return thread_generator.next(); }

Uuid IdSource::next(Timestamp time) noexcept {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  if (seeded_) {
    const std::uint64_t state = state_.fetch_add(2 * kGamma, std::memory_order_relaxed);
    first = mix(state + kGamma);
    second = mix(state + 2 * kGamma);
  } else {
    first = thread_generator.next();
    second = thread_generator.next();
  }
  const auto milliseconds = static_cast<std::uint64_t>(
      std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count());
  Uuid uuid;
  for (unsigned i = 0; i < 6; ++i)
    uuid[i] = static_cast<std::uint8_t>(milliseconds >> (40U - 8 * i));
  for (unsigned i = 0; i < 2; ++i) uuid[6 + i] = static_cast<std::uint8_t>(first >> (8 * i));
  for (unsigned i = 0; i < 8; ++i) uuid[8 + i] = static_cast<std::uint8_t>(second >> (8 * i));
  uuid[6] = static_cast<std::uint8_t>(0x70U | (uuid[6] & 0x0FU));  // version 7
  uuid[8] = static_cast<std::uint8_t>(0x80U | (uuid[8] & 0x3FU));  // variant 10
  return uuid;
}

}  // namespace v0
}  // namespace llmtrace
