// Speed of the products on shapes of DeepSeek-V2-Lite, as shares of what the machine can do, measured in the same run.
//   matmul_bench [name part] [largest number of threads]
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

#include "bench/limits.h"
#include "core/cpu_features.h"
#include "core/device.h"
#include "core/program.h"
#include "formats/format.h"

using namespace tensorplan;
using namespace tensorplan::bench;

namespace {

constexpr uint64_t kWeightBytes = 640ull << 20;  // more than caches hold
constexpr double kTime = 0.35;                   // seconds spent on one line

struct Limits {
  double int8[3] = {}, bandwidth[3] = {};
};

SymbolicSize size(int64_t n) { return {{n, {}}}; }

class Bench {
 public:
  Bench(Device& device, int threads, const Limits& limits) : device_(device), threads_(threads), limits_(limits) {}

  // A weight of `matrices` matrices; every node gets bytes of its own as far as they reach.
  void weight(NodeDesc& node, const std::string& name, DType dtype, int64_t matrices, int64_t n, int64_t k) {
    const uint64_t bytes = static_cast<uint64_t>(matrices) * matrix_bytes(dtype, Layout::x16, n, k);
    if (weights_used_ + bytes > kWeightBytes) weights_used_ = 0;
    OperandDesc w;
    w.present = true;
    w.region = TP_REGION_WEIGHTS;
    w.offset = weights_used_;
    w.dtype = dtype;
    w.layout = Layout::x16;
    if (matrices > 1) w.shape.push_back(size(matrices));
    w.shape.push_back(size(n));
    w.shape.push_back(size(k));
    node.inputs[name] = w;
    weights_used_ += (bytes + 63) / 64 * 64;
  }

  OperandDesc values(std::vector<int64_t> shape, DType dtype = DType::f32, tp_region region = TP_REGION_ARENA) {
    OperandDesc x;
    x.present = true;
    x.region = region;
    x.offset = region == TP_REGION_INPUTS ? 0 : arena_used_;
    x.dtype = dtype;
    uint64_t bytes = 4;
    for (const int64_t n : shape) {
      x.shape.push_back(size(n));
      bytes *= static_cast<uint64_t>(n);
    }
    if (region == TP_REGION_ARENA) arena_used_ += (bytes + 63) / 64 * 64;
    return x;
  }

  void begin() { arena_used_ = weights_used_ = 0; }

  // Times `copies` nodes made by `make` and prints operations and bytes of one against the limits.
  template <class F>
  void measure(const std::string& label, const std::string& kernel, int64_t copies, double operations, double bytes, F make) {
    begin();
    ProgramDesc desc;
    desc.id = label;
    for (int64_t i = 0; i < copies; i++) {
      NodeDesc node;
      node.id = label + std::to_string(i);
      node.kernel = kernel;
      arena_used_ = 0;
      make(node);
      node.workspace_offset = arena_used_;
      node.workspace_bytes = (256ull << 20) - arena_used_;
      desc.nodes.push_back(node);
    }
    Program program(device_, desc);
    std::string message;
    double best = 1e9;
    const double start = seconds();
    for (int i = 0; i < 3 || (seconds() - start < kTime && i < 400); i++) {
      const double t = seconds();
      if (program.run(nullptr, 0, nullptr, nullptr, message) != TP_OK) {
        std::printf("%s: %s\n", label.c_str(), message.c_str());
        return;
      }
      best = std::min(best, (seconds() - t) / static_cast<double>(copies));
    }
    std::printf("%-44s %d thr %9.1f us %7.0f GOP/s %5.1f%%  %6.1f GB/s %5.1f%%\n", label.c_str(), threads_, best * 1e6,
                operations / best / 1e9, 100 * operations / best / limits_.int8[threads_], bytes / best / 1e9,
                100 * bytes / best / limits_.bandwidth[threads_]);
    std::fflush(stdout);
  }

 private:
  Device& device_;
  int threads_;
  const Limits& limits_;
  uint64_t weights_used_ = 0, arena_used_ = 0;
};

struct Shape {
  const char* name;
  const char* op;
  int64_t heads, n, k;
};

const Shape kShapes[] = {
    {"q 3072x2048", "matmul", 1, 3072, 2048},          {"kv_a 576x2048", "matmul", 1, 576, 2048},
    {"attn_out 2048x2048", "matmul", 1, 2048, 2048},   {"ffn gate_up 10944x2048", "gate_up_swiglu", 1, 10944, 2048},
    {"ffn down 2048x10944", "matmul", 1, 2048, 10944}, {"shared gate_up 2816x2048", "gate_up_swiglu", 1, 2816, 2048},
    {"shared down 2048x2816", "matmul", 1, 2048, 2816}, {"k_b 16x512x128", "head_matmul", 16, 512, 128},
    {"v_b 16x128x512", "head_matmul", 16, 128, 512},   {"output 102400x2048", "matmul", 1, 102400, 2048},
};

void run_all(Bench& bench, const std::string& isa, const std::string& filter) {
  for (const DType dtype : {DType::iq4_nl, DType::q8_0}) {
    const std::string type = format_of(dtype).name;
    for (const Shape& s : kShapes) {
      const bool fused = std::string(s.op) == "gate_up_swiglu", head = s.heads > 1;
      for (const int64_t m : {1, 8, 48, 512}) {
        if (s.n > 100000 && m > 8) continue;
        const std::string label = type + " " + s.name + " M=" + std::to_string(m);
        if (label.find(filter) == std::string::npos) continue;
        const double weights = static_cast<double>(s.heads * s.n * s.k) * (fused ? 2 : 1);
        const double bytes = weights / 32 * static_cast<double>(format_of(dtype).block_bytes);
        const int64_t copies = m <= 8 ? std::max<int64_t>(1, static_cast<int64_t>(kWeightBytes / bytes / 2)) : 1;
        bench.measure(label, std::string(s.op) + "." + type + ".x16." + isa, std::min<int64_t>(copies, 64), 2.0 * m * weights, bytes,
                      [&](NodeDesc& node) {
                        node.inputs["x"] = head ? bench.values({m, s.heads, s.k}) : bench.values({m, s.k});
                        node.outputs["out"] = head ? bench.values({m, s.heads, s.n}) : bench.values({m, s.n});
                        bench.weight(node, fused ? "gate" : "w", dtype, s.heads, s.n, s.k);
                        if (fused) bench.weight(node, "up", dtype, 1, s.n, s.k);
                      });
      }
    }
  }
  uint64_t token = 0;
  for (const int64_t t : {1, 8, 48, 512}) {
    const std::string label = "iq4_nl moe 64x6 1408x2048 T=" + std::to_string(t);
    if (label.find(filter) == std::string::npos) continue;
    const double expert = 3.0 * 1408 * 2048;
    const double used = 64 * (1 - std::pow(1 - 6.0 / 64, static_cast<double>(t)));  // experts that t tokens meet, on average
    bench.measure(label, "moe.iq4_nl.x16." + isa, t == 1 ? 32 : 2, 2.0 * 6 * static_cast<double>(t) * expert, used * expert * 18 / 32, [&](NodeDesc& node) {
      node.inputs["x"] = bench.values({t, 2048});
      node.inputs["weights"] = bench.values({t, 6});
      node.inputs["ids"] = bench.values({t, 6}, DType::i32, TP_REGION_INPUTS);
      if (t == 1) node.inputs["ids"].offset = 192 * (token++ % 128);  // other experts each time
      node.outputs["out"] = bench.values({t, 2048});
      bench.weight(node, "gate", DType::iq4_nl, 64, 1408, 2048);
      bench.weight(node, "up", DType::iq4_nl, 64, 1408, 2048);
      bench.weight(node, "down", DType::iq4_nl, 64, 2048, 1408);
    });
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string filter = argc > 1 ? argv[1] : "";
  const int most = argc > 2 ? std::min(2, std::atoi(argv[2])) : 2;
  const char* forced = std::getenv("TENSORPLAN_BENCH_ISA");
  const std::vector<std::string> features = cpu_features("");
  const std::string isa = forced ? forced : has_features(features, kAvx512Features) ? "avx512vnni" : "avx2";
  Limits limits;
  for (int threads = 1; threads <= most; threads++) {
    Device device(threads, features);
    device.allocate(TP_REGION_WEIGHTS, kWeightBytes + 65536);
    device.allocate(TP_REGION_ARENA, 256ull << 20);
    device.allocate(TP_REGION_INPUTS, 1 << 20);
    uint8_t* w = device.base(TP_REGION_WEIGHTS);
    std::mt19937_64 random(1);
    for (uint64_t i = 0; i < kWeightBytes; i += 8) {
      // No byte pair is a huge, infinite or NaN scale.
      const uint64_t bits = random() & 0xbbbbbbbbbbbbbbbbull;
      std::memcpy(w + i, &bits, 8);
    }
    float* x = reinterpret_cast<float*>(device.base(TP_REGION_ARENA));
    for (int64_t i = 0; i < (64 << 20) / 4; i++) x[i] = static_cast<float>(static_cast<int64_t>(random() % 2001) - 1000) / 1000;
    int32_t* ids = reinterpret_cast<int32_t*>(device.base(TP_REGION_INPUTS));
    for (int t = 0; t < 2048; t++)
      for (int u = 0; u < 6; u++) {  // six different experts
        int32_t id;
        do id = static_cast<int32_t>(random() % 64);
        while (std::find(ids + 6 * t, ids + 6 * t + u, id) != ids + 6 * t + u);
        ids[6 * t + u] = id;
      }
    limits.int8[threads] = int8_peak(threads);
    limits.bandwidth[threads] = read_bandwidth(w, kWeightBytes, threads);
    std::printf("limits with %d threads: %.0f GOP/s int8, %.1f GB/s\n", threads, limits.int8[threads] / 1e9, limits.bandwidth[threads] / 1e9);
    Bench bench(device, threads, limits);
    run_all(bench, isa, filter);
  }
}
