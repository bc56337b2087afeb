// What route_experts' units offer for each instruction set.
#pragma once

#include <stdint.h>

typedef struct tp_route_params {
  int64_t experts;      // X
  int64_t used;         // experts chosen for a token
  int sigmoid;          // gating: 0 softmax, 1 sigmoid
  int64_t groups;       // 0: no groups
  int64_t groups_used;  // groups whose experts may be chosen
  int top2;             // score of a group: 0 its best expert, 1 the sum of its two best
  int normalise;
  float scale;
} tp_route_params;

// One token. `scratch`: 2 · experts + groups floats (experts rounded up to 16).
typedef void tp_route_fn(const tp_route_params* params, const float* logits, const float* bias, int32_t* ids, float* weights,
                         float* scratch);
