// Entry point of the add-on.
#include <napi.h>

namespace tensorplan {
namespace {

Napi::Object init(Napi::Env, Napi::Object exports) { return exports; }

}  // namespace
}  // namespace tensorplan

using tensorplan::init;
NODE_API_MODULE(tensorplan_backend_cpu, init)
