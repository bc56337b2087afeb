#include "core/cpu_features.h"

#include "test/check.h"

using namespace tensorplan;

TEST("generic leaves no feature, and nothing forced leaves all") {
  CHECK(cpu_features("generic").empty());
  CHECK(has_features(cpu_features(""), cpu_features("generic")));
}

TEST("avx2 hides what is newer") {
  if (!has_features(cpu_features(""), kAvx2Features)) {
    CHECK_THROWS(cpu_features("avx2"), "this CPU has no avx2");
    return;
  }
  CHECK(cpu_features("avx2") == kAvx2Features);
  CHECK(!has_features(cpu_features("avx2"), kAvx512Features));
}

TEST("an unknown instruction set is refused with the names that exist") {
  CHECK_THROWS(cpu_features("sse9"), "unknown instruction set \"sse9\": use generic, avx2 or avx512");
}

TEST_MAIN
