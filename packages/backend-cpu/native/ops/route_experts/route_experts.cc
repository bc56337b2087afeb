// Chooses the experts of each token: p = gating(logits); the best p (+ bias), ties to the lower index, within the best groups if there
// are groups; weights are the unbiased p of the chosen in that order. (DeepSeek-V2 arXiv:2405.04434 §2.1.2, -V3 arXiv:2412.19437 §2.1.2.)
#include <stdexcept>

#include "ops/common/fixed_axis_size.h"
#include "ops/common/per_isa.h"
#include "ops/common/row_chunks.h"
#include "ops/route_experts/route_unit.h"

extern "C" {
tp_route_fn tp_route_generic, tp_route_avx2, tp_route_avx512;
}

namespace tensorplan {
namespace {

class RouteExperts final : public Kernel {
 public:
  RouteExperts(tp_route_fn* route, const NodeDesc& node) : route_(route) {
    const Attributes& a = node.attrs;
    params_.experts = fixed_axis_size(node, "logits", -1);
    params_.used = static_cast<int64_t>(a.number("used", 1));
    params_.sigmoid = a.string("gating", "softmax") == "sigmoid";
    params_.groups = static_cast<int64_t>(a.number("groups.count", 0));
    params_.groups_used = static_cast<int64_t>(a.number("groups.used", 0));
    params_.top2 = a.string("groups.score", "max") == "top2";
    params_.normalise = a.number("normalise", 0) != 0;
    params_.scale = static_cast<float>(a.number("scale", 1));
    if (params_.used > params_.experts) throw std::invalid_argument(node.id + ": more experts used than there are");
    if (params_.groups > 0 && params_.experts % params_.groups != 0)
      throw std::invalid_argument(node.id + ": the number of experts isn't a multiple of the number of groups");
  }

  size_t scratch_bytes() const override {
    return sizeof(float) * static_cast<size_t>((params_.experts + 15) / 16 * 32 + params_.groups);
  }

  void bind(const std::map<std::string, Operand>& operands, uint8_t*) override {
    const Operand& logits = operands.at("logits");
    logits_ = logits.as<const float>();
    const auto bias = operands.find("bias");
    bias_ = bias == operands.end() ? nullptr : bias->second.as<const float>();
    ids_ = operands.at("ids").as<int32_t>();
    weights_ = operands.at("weights").as<float>();
    // A token costs about `experts` steps for each expert used.
    chunks_.set(logits.rows(), params_.experts * (params_.used + 2), 32768);
  }

  int64_t chunks(int) override { return chunks_.count(); }

  void run(int, int64_t chunk, Worker& worker) override {
    for (int64_t t = chunks_.begin(chunk); t < chunks_.end(chunk); t++)
      route_(&params_, logits_ + t * params_.experts, bias_, ids_ + t * params_.used, weights_ + t * params_.used,
             reinterpret_cast<float*>(worker.scratch));
  }

 private:
  tp_route_fn* route_;
  tp_route_params params_ = {};
  const float *logits_ = nullptr, *bias_ = nullptr;
  int32_t* ids_ = nullptr;
  float* weights_ = nullptr;
  RowChunks chunks_;
};

}  // namespace

void register_route_experts(KernelTable& table) {
  const PerIsa<tp_route_fn*> functions = TP_PER_ISA(tp_route);
  add_per_isa(table, "route_experts", functions,
              [](tp_route_fn* f, const NodeDesc& node) { return std::make_unique<RouteExperts>(f, node); });
}

}  // namespace tensorplan
