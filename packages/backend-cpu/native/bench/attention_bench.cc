// Speed of the attention kernels on DeepSeek-V2-Lite's shapes, as shares of what the machine can do, measured in the same run.
//   attention_bench [name part] [largest number of threads] [instruction set]
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <string>

#include "bench/limits.h"
#include "core/cpu_features.h"
#include "core/register_all.h"
#include "core/thread_pool.h"
#include "formats/format.h"

using namespace tensorplan;
using namespace tensorplan::bench;

namespace {

constexpr double kTime = 0.25;  // seconds spent on one line

struct Limits {
  double f32 = 0, int8 = 0, bandwidth = 0;
};

#if defined(__x86_64__)
__attribute__((target("avx512f"))) void multiply_adds(int64_t rounds) {
  for (int64_t i = 0; i < rounds; i++)
    asm volatile(
        "vfmadd231ps %%zmm30, %%zmm31, %%zmm0\nvfmadd231ps %%zmm30, %%zmm31, %%zmm1\nvfmadd231ps %%zmm30, %%zmm31, %%zmm2\n"
        "vfmadd231ps %%zmm30, %%zmm31, %%zmm3\nvfmadd231ps %%zmm30, %%zmm31, %%zmm4\nvfmadd231ps %%zmm30, %%zmm31, %%zmm5\n"
        "vfmadd231ps %%zmm30, %%zmm31, %%zmm6\nvfmadd231ps %%zmm30, %%zmm31, %%zmm7\nvfmadd231ps %%zmm30, %%zmm31, %%zmm8\n"
        "vfmadd231ps %%zmm30, %%zmm31, %%zmm9\nvfmadd231ps %%zmm30, %%zmm31, %%zmm10\nvfmadd231ps %%zmm30, %%zmm31, %%zmm11\n" ::
            : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11");
}
double f32_peak(int threads) {
  if (!__builtin_cpu_supports("avx512f")) return 0;
  double best = 0;
  for (int i = 0; i < 6; i++) {
    const double time = on_threads(threads, [](int) { multiply_adds(400000); });
    best = std::max(best, 12.0 * 32 * 400000 * threads / time);
  }
  return best;
}
#else
double f32_peak(int) { return 0; }
#endif

// 64-byte aligned memory for operands.
class Memory {
 public:
  explicit Memory(size_t bytes) : bytes_(new(std::align_val_t(64)) uint8_t[bytes]), size_(bytes) { std::memset(bytes_, 0, bytes); }
  ~Memory() { ::operator delete[](bytes_, std::align_val_t(64)); }
  Memory(const Memory&) = delete;
  uint8_t* data() const { return bytes_; }
  size_t size() const { return size_; }

 private:
  uint8_t* bytes_;
  size_t size_;
};

void fill(Memory& memory, DType dtype, int64_t columns, float deviation) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal(0, deviation);
  const size_t bytes = row_bytes(dtype, columns);
  std::vector<float> row(static_cast<size_t>(columns));
  const size_t distinct = std::min<size_t>(64, memory.size() / bytes);
  for (size_t r = 0; r < distinct; r++) {
    for (float& v : row) v = normal(random);
    format_of(dtype).encode_row(row.data(), columns, memory.data() + r * bytes);
  }
  for (size_t at = distinct * bytes; at < memory.size(); at += distinct * bytes)
    std::memcpy(memory.data() + at, memory.data(), std::min(distinct * bytes, memory.size() - at));
}

Operand operand(uint8_t* data, DType dtype, std::vector<int64_t> shape, Layout layout = Layout::rows) {
  Operand o;
  o.data = data;
  o.dtype = dtype;
  o.layout = layout;
  o.rank = static_cast<int>(shape.size());
  for (size_t i = 0; i < shape.size(); i++) o.dim[i] = shape[i];
  return o;
}

struct Case {
  std::string label, kernel;
  int64_t tokens, context, heads;
  DType cache;
  bool latent;       // latent_attention; otherwise mla_decompressed_attention, or attention if key_heads > 0
  DType weight;      // of the decompressed form
  int64_t key_heads = 0;
};

struct Setup {
  NodeDesc node;
  std::map<std::string, Operand> operands;
  double flops = 0, bytes = 0;
  int64_t layer_bytes = 0;  // distance of one layer's cache from the next
};

constexpr int64_t kLayers = 27;

void run(const KernelTable& table, const Case& c, int threads, const Limits& limits) {
  const KernelEntry* entry = table.find(c.kernel);
  if (!entry || !has_features(cpu_features(""), entry->features)) return;
  const bool grouped = c.key_heads > 0;
  const int64_t d = grouped ? 128 : c.latent ? 576 : 192, dv = grouped ? 128 : c.latent ? 512 : 128;
  const int64_t row = grouped ? 128 * c.key_heads : 576, pages = (c.context + 63) / 64;
  const size_t layer = row_bytes(c.cache, row) * static_cast<size_t>(pages * 64);
  Memory cache(layer * kLayers * (grouped ? 2 : 1));
  fill(cache, c.cache, row, 1);
  Memory q(static_cast<size_t>(c.tokens * c.heads * d) * 4), out(static_cast<size_t>(c.tokens * c.heads * dv) * 4);
  fill(q, DType::f32, c.heads * d, 1);
  Memory weights(2 * matrix_bytes(c.weight, Layout::rows, c.heads * 128, 512));
  fill(weights, c.weight, 512, 0.05f);
  Memory workspace(static_cast<size_t>(64 * c.tokens * c.heads * (d + 31)));
  std::vector<int32_t> positions, sequence_of(static_cast<size_t>(c.tokens)), table_of(static_cast<size_t>(pages));
  for (int64_t t = 0; t < c.tokens; t++) positions.push_back(static_cast<int32_t>(c.context - c.tokens + t));
  for (int64_t i = 0; i < pages; i++) table_of[i] = static_cast<int32_t>((i * 37 + 11) % pages);

  NodeDesc node;
  node.id = c.label;
  const auto describe = [&](const char* name, DType dtype, std::vector<int64_t> shape) {
    OperandDesc desc;
    desc.present = true;
    desc.dtype = dtype;
    for (const int64_t n : shape) desc.shape.push_back({{n, {}}});
    node.inputs[name] = desc;
  };
  node.attrs.numbers = {{"scale", 0.05},        {"values.start", 0}, {"values.size", 512}, {"nope.start", 0},     {"nope.size", 128},
                        {"rope.start", 128},    {"rope.size", 64},   {"latent.start", 0},  {"latent.size", 512}};
  std::map<std::string, Operand> operands;
  const auto bytes_of = [](std::vector<int32_t>& v) { return reinterpret_cast<uint8_t*>(v.data()); };
  operands["q"] = operand(q.data(), DType::f32, {c.tokens, c.heads, d});
  operands["positions"] = operand(bytes_of(positions), DType::i32, {c.tokens});
  operands["sequence_of"] = operand(bytes_of(sequence_of), DType::i32, {c.tokens});
  operands["page_table"] = operand(bytes_of(table_of), DType::i32, {1, pages});
  operands["out"] = operand(out.data(), DType::f32, {c.tokens, c.heads, dv});
  describe("q", DType::f32, {c.tokens, c.heads, d});
  const std::vector<int64_t> shape = grouped ? std::vector<int64_t>{pages * 64, c.key_heads, 128} : std::vector<int64_t>{pages * 64, row};
  for (const char* name : {"cache", "k", "v"}) describe(name, c.cache, shape);
  describe("k_up", c.weight, {c.heads, 128, 512});
  describe("v_b", c.weight, {c.heads, 128, 512});
  operands["k_up"] = operand(weights.data(), c.weight, {c.heads, 128, 512});
  operands["v_b"] = operand(weights.data() + weights.size() / 2, c.weight, {c.heads, 128, 512});

  double visible = 0;
  for (const int32_t p : positions) visible += p + 1;
  double flops = 2 * visible * static_cast<double>(c.heads * (d + dv));
  if (!c.latent && !grouped) flops += 2.0 * static_cast<double>(c.context * c.heads) * 256 * 512;
  const double bytes = static_cast<double>(layer) * (grouped ? 2 : 1);

  const std::unique_ptr<Kernel> kernel = entry->make(node);
  ThreadPool pool(threads);
  pool.reserve_scratch(kernel->scratch_bytes());
  const auto step = [&](int64_t i) {
    operands["cache"] = operands["k"] = operand(cache.data() + layer * static_cast<size_t>(i), c.cache, shape);
    operands["v"] = operand(cache.data() + layer * static_cast<size_t>(i + (grouped ? kLayers : 0)), c.cache, shape);
    kernel->bind(operands, workspace.data());
    ThreadPool::Session session(pool, nullptr, nullptr);
    for (int s = 0; s < kernel->stages(); s++)
      session.run({[](void* context, int stage, int64_t chunk, Worker& worker) { static_cast<Kernel*>(context)->run(stage, chunk, worker); },
                   kernel.get(), s},
                  kernel->chunks(s));
  };
  // One thread is timed by what it computed, so that others on the machine count less.
  const auto clock = [&] { return threads == 1 ? static_cast<double>(std::clock()) / CLOCKS_PER_SEC : seconds(); };
  step(0);
  double best = 1e9;
  const double start = seconds();
  int64_t i = 1;
  do {
    const double from = clock();
    step(i++ % kLayers);
    best = std::min(best, clock() - from);
  } while (seconds() - start < kTime || i < 4);
  std::printf("%-34s %-44s %d thr %9.1f us %7.1f GFLOP/s (%3.0f %% of f32, %3.0f %% of int8) %6.2f GB/s (%3.0f %%)\n", c.label.c_str(),
              c.kernel.c_str(), threads, best * 1e6, flops / best / 1e9, 100 * flops / best / limits.f32, 100 * flops / best / limits.int8,
              bytes / best / 1e9, 100 * bytes / best / limits.bandwidth);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string part = argc > 1 ? argv[1] : "";
  const int most = argc > 2 ? std::atoi(argv[2]) : 2;
  const std::string isa = argc > 3 ? argv[3] : "avx512";
  KernelTable table;
  register_all(table);
  std::vector<Case> cases;
  for (const DType cache : {DType::f16, DType::q8_0})
    for (const auto& [heads, context] : std::vector<std::pair<int64_t, int64_t>>{{16, 512}, {16, 4096}, {128, 4096}})
      for (const KernelEntry& entry : table.entries())
        if (entry.name.rfind("latent_attention.", 0) == 0 && entry.name.find(".split." + isa) != std::string::npos &&
            (cache == DType::q8_0 || entry.name.find("q8_0") == std::string::npos))
          cases.push_back({std::string(format_of(cache).name) + " h" + std::to_string(heads) + " c" + std::to_string(context), entry.name, 1,
                           context, heads, cache, true, DType::q8_0});
  for (const auto& [tokens, context] : std::vector<std::pair<int64_t, int64_t>>{{512, 512}, {512, 4096}})
    for (const DType weight : {DType::iq4_nl, DType::q8_0, DType::f16})
      for (const DType cache : {DType::f16, DType::q8_0})
        for (const KernelEntry& entry : table.entries())
          if (entry.name.rfind("mla_decompressed_attention", 0) == 0 && entry.name.find(".rows.") != std::string::npos &&
              entry.name.find("." + isa) != std::string::npos && (weight != DType::f16 || entry.name.find("int8") == std::string::npos))
            cases.push_back({std::string(format_of(cache).name) + " w " + format_of(weight).name + " t512 c" + std::to_string(context),
                             entry.name, tokens, context, 16, cache, false, weight});
  for (const auto& [tokens, context] : std::vector<std::pair<int64_t, int64_t>>{{1, 4096}, {512, 1024}})
    cases.push_back({"grouped 32/8 t" + std::to_string(tokens) + " c" + std::to_string(context),
                     std::string("attention.") + (tokens == 1 ? "split." : "batch.") + isa, tokens, context, 32, DType::f16, false, DType::f16, 8});
  for (int threads = 1; threads <= most; threads++) {
    Limits limits;
    {
      Memory big(512ull << 20);
      limits = {f32_peak(threads), int8_peak(threads), read_bandwidth(big.data(), big.size(), threads)};
    }
    std::printf("%d threads: f32 %.0f GFLOP/s, int8 %.0f GOP/s, read %.1f GB/s\n", threads, limits.f32 / 1e9, limits.int8 / 1e9, limits.bandwidth / 1e9);
    for (const Case& c : cases)
      if ((c.label + " " + c.kernel).find(part) != std::string::npos) run(table, c, threads, limits);
  }
}
