// Checks for test executables: each test file defines tests with TEST("behaviour") { … } and has no main of its own.
#pragma once

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <sstream>
#include <string>
#include <vector>

namespace tensorplan::test {

struct TestCase {
  const char* name;
  void (*body)();
};

inline std::vector<TestCase>& test_cases() {
  static std::vector<TestCase> cases;
  return cases;
}

inline int& failures() {
  static int count = 0;
  return count;
}

struct Registration {
  Registration(const char* name, void (*body)()) { test_cases().push_back({name, body}); }
};

inline void fail(const char* file, int line, const std::string& message) {
  std::fprintf(stderr, "    %s:%d: %s\n", file, line, message.c_str());
  failures()++;
}

template <class A, class B>
void check_equal(const A& a, const B& b, const char* text, const char* file, int line) {
  if (a == b) return;
  std::ostringstream out;
  out << text << ": " << a << " is not " << b;
  fail(file, line, out.str());
}

// argv[1], if given: only tests whose name contains it.
inline int run_all(int argc, char** argv) {
  const std::string filter = argc > 1 ? argv[1] : "";
  int ran = 0, failed = 0;
  for (const TestCase& test : test_cases()) {
    if (std::string(test.name).find(filter) == std::string::npos) continue;
    const int before = failures();
    ran++;
    try {
      test.body();
    } catch (const std::exception& error) {
      fail(test.name, 0, std::string("unexpected exception: ") + error.what());
    }
    const bool bad = failures() > before;
    if (bad) failed++;
    std::printf("%s %s\n", bad ? "FAIL" : "ok  ", test.name);
  }
  std::printf("%d passed, %d failed\n", ran - failed, failed);
  return failed > 0 || ran == 0 ? 1 : 0;
}

}  // namespace tensorplan::test

#define TP_JOIN2(a, b) a##b
#define TP_JOIN(a, b) TP_JOIN2(a, b)
#define TEST(name) TEST_IMPL(name, __COUNTER__)
#define TEST_IMPL(name, id)                                                                          \
  static void TP_JOIN(test_body_, id)();                                                             \
  static const ::tensorplan::test::Registration TP_JOIN(test_entry_, id)(name, TP_JOIN(test_body_, id)); \
  static void TP_JOIN(test_body_, id)()

#define CHECK(condition)                                                                   \
  do {                                                                                     \
    if (!(condition)) ::tensorplan::test::fail(__FILE__, __LINE__, #condition " is false"); \
  } while (false)
#define CHECK_EQ(a, b) ::tensorplan::test::check_equal((a), (b), #a " == " #b, __FILE__, __LINE__)
#define CHECK_THROWS(expression, part)                                                                       \
  do {                                                                                                       \
    std::string tp_message = "(nothing thrown)";                                                             \
    try {                                                                                                    \
      static_cast<void>(expression);                                                                         \
    } catch (const std::exception& tp_error) {                                                               \
      tp_message = tp_error.what();                                                                          \
    }                                                                                                        \
    if (tp_message.find(part) == std::string::npos)                                                          \
      ::tensorplan::test::fail(__FILE__, __LINE__, "expected an error with \"" + std::string(part) + "\", got: " + tp_message); \
  } while (false)

// One main for every test executable.
#define TEST_MAIN \
  int main(int argc, char** argv) { return ::tensorplan::test::run_all(argc, argv); }
