// ByteSource makes strings of bytes that a program might hand over: bytes as they come, mixed with
// what decoders get wrong: controls, NUL, lone surrogates, overlong forms, code points beyond the
// last, sequences that are cut, and valid text of every length. Always the same ones.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace llmtrace::tests {

class ByteSource {
 public:
  std::string next() {
    static const std::vector<std::string> pieces = {std::string(1, '\0'),
                                                    "\x01\x1F\x7F",
                                                    "\"\\/",
                                                    "\\u0000\\ud800",
                                                    "\xED\xA0\x80",
                                                    "\xED\xBF\xBF",
                                                    "\xC0\x80",
                                                    "\xE0\x80\x80",
                                                    "\xF0\x80\x80\x80",
                                                    "\xF4\x90\x80\x80",
                                                    "\xF8\x88\x80\x80",
                                                    "\xFE\xFF",
                                                    "\xC3",
                                                    "\xE2\x82",
                                                    "\xF0\x9F\x98",
                                                    "\xC3\xA9",
                                                    "\xE2\x82\xAC",
                                                    "\xF0\x9F\x98\x80",
                                                    "\xEF\xBF\xBF",
                                                    "\xE2\x80\xA8",
                                                    "\xEF\xBB\xBF",
                                                    "<script>",
                                                    "NaN"};
    std::string bytes;
    for (std::uint64_t parts = random_() % 12; parts > 0; --parts) {
      const std::uint64_t kind = random_() % 4;
      if (kind == 0) {
        bytes.push_back(static_cast<char>(random_()));
      } else if (kind == 1) {
        bytes.append(random_() % 24, static_cast<char>(' ' + random_() % 95));
      } else {
        bytes.append(pieces[random_() % pieces.size()]);
      }
    }
    return bytes;
  }

 private:
  std::mt19937_64 random_{20261123};
};

}  // namespace llmtrace::tests
