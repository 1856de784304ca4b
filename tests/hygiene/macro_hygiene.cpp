// The macros must not depend on what a user's program defines or names. Everything here that looks
// odd is what some program has: macros of one letter, types and functions of our own names, locals
// of common ones.
#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#define A 1
#define B 1
#define C 1
#define D 1
#define E 1
#define F 1
#define G 1
#define H 1
#define I 1
#define J 1
#define K 1
#define L 1
#define M 1
#define N 1
#define O 1
#define P 1
#define Q 1
#define R 1
#define S 1
#define T 2
#define U 1
#define V 1
#define W 1
#define X 1
#define Y 1
#define Z 1
#define INFO 3
#define ERROR 4
#define DEBUG 5
#define check(condition) ((condition) ? 1 : 0)
#define scope 7
#define value_or 8
#undef value_or

#undef scope
#undef check
#include <llmtrace/observe.h>
#include <llmtrace/testing.h>
#define scope 7
#define check(condition) ((condition) ? 1 : 0)

namespace user {

struct llmtrace {};  // a user's type may carry our name in his own namespace
struct Json {};
struct Body {};
struct Context {};
struct string {
  int length = 3;
};
enum class Level { High };
template <class Value>
int ref(Value&&) {
  return 1;
}
int ignore(int number) { return number; }
int output(int number) { return number; }
int start() { return 1; }

void to_json(::llmtrace::JsonWriter& writer, const string& text) { writer.integer(text.length); }

namespace detail {
struct Body {};
}  // namespace detail

int scope_form(int names, const string& values, int refs) {
  OBSERVE(names, values, refs, C, INFO);
  const int recording = 1;
  const int capture = 2;
  OBSERVE_OUTPUT(recording + capture);
  return ref(names) + ignore(refs) + output(values.length) + start();
}

int nested(int depth) {
  OBSERVE_TOOL(depth);
  if (depth > 0) {
    OBSERVE_AGENT(depth);  // a scope in a scope
    return nested(depth - 1);
  }
  return OBSERVE_OUTPUT(depth);
}

std::string body_form(const std::string& text) {
  OBSERVE_BODY(text) { return text + text; };
}

std::string body_form_with_type(int ref) {
  const int string = 1;
  const int Json = 2;
  const int detail = 3;
  const int std_ = string + Json + detail;
  OBSERVE_BODY(ref, string, Json, detail)->std::string {
    if (ref > std_) return {};
    return OBSERVE_OUTPUT(std::string("short"));
  };
}

struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};
Task coroutine(int awaited) {
  OBSERVE(awaited);
  co_await OBSERVE_AWAIT(std::suspend_never());
}

void options(const std::vector<int>& list) {
  OBSERVE_WITH(.name = "options", .as_type = ::llmtrace::ObservationType::Embedding,
               .input = OBSERVE_ARGS(list));
}

struct Object {
  explicit Object(int size) : size_(size) { OBSERVE(size); }
  ~Object() { OBSERVE(); }
  int run(int times) const {
    OBSERVE_GENERATION(times);
    return times * size_;
  }
  static int create(int times) {
    OBSERVE_RETRIEVER(times);
    return times;
  }
  int size_;
};

template <class First, class... Rest>
auto pack(const First& first, const Rest&... rest) {
  OBSERVE(first, rest...);
  return first;
}

}  // namespace user

int main() {
  ::llmtrace::testing::MemoryDestination memory;
  const int sum = user::scope_form(1, {}, 2);
  user::nested(2);
  user::body_form("a");
  user::body_form_with_type(9);
  user::coroutine(1);
  user::options({1, 2});
  const auto decorated =
      llmtrace::observe([](int number) { return number; }, {.name = "decorated"});
  decorated(1);
  {
    const user::Object object(4);
    user::Object::create(object.run(2));
  }
  user::pack(1, "two", 3.0);
  const auto lambda = [](int number) {
    OBSERVE(number);
    return number;
  };
  lambda(1);

#if defined(LLMTRACE_OBSERVE_OFF)
  const std::size_t expected = 1;  // the decorator is no macro
#else
  const std::size_t expected = 17;
#endif
  const bool passed = sum == 7 && memory.observations().size() == expected;
  return passed ? 0 : 1;
}
