// What both ways of decompressed latent attention know of a node, and the blocks in which they take its tokens.
#pragma once

#include <algorithm>
#include <stdexcept>

#include "ops/attention/paging.h"
#include "ops/common/fixed_axis_size.h"
#include "ops/common/part.h"

namespace tensorplan {

struct MlaShape {
  static constexpr int64_t kMostTokens = 512;  // of a block: weights are decoded, keys and values made once for all of them

  Part nope, rope, latent;
  int64_t heads, query_width, row_width, value_width;
  int64_t row_rope;  // where the rotated key lies in a cache row
  DType cache_type;
  float scale;

  explicit MlaShape(const NodeDesc& node)
      : nope(part_of(node.attrs, "nope")), rope(part_of(node.attrs, "rope")), latent(part_of(node.attrs, "latent")),
        heads(fixed_axis_size(node, "q", 1)), query_width(fixed_axis_size(node, "q", 2)), row_width(fixed_axis_size(node, "cache", 1)),
        value_width(fixed_axis_size(node, "v_b", 1)), row_rope(latent.start == 0 ? latent.size : 0),
        cache_type(node.inputs.at("cache").dtype), scale(static_cast<float>(node.attrs.number("scale", 1))) {
    if (!nope.present() || !rope.present() || !latent.present() || nope.size + rope.size != query_width ||
        latent.size + rope.size != row_width)
      throw std::invalid_argument(node.id + ": 'nope', 'rope' and 'latent' must be the parts of the query and of the cache row");
  }

  // Consecutive tokens of one sequence.
  static QueryBlock block(const Paging& paging, int64_t first) {
    QueryBlock b{first, 1};
    while (b.count < kMostTokens && first + b.count < paging.tokens && paging.sequence_of[first + b.count] == paging.sequence_of[first])
      b.count++;
    return b;
  }
  static int64_t blocks(const Paging& paging) {
    int64_t blocks = 0;
    for (int64_t t = 0; t < paging.tokens; blocks++) t += block(paging, t).count;
    return blocks;
  }
  static QueryBlock nth_block(const Paging& paging, int64_t index) {
    QueryBlock b = block(paging, 0);
    for (int64_t i = 0; i < index; i++) b = block(paging, b.first + b.count);
    return b;
  }

  // Limits of a tile for all tokens of a block; returns the largest. `first`: the first token that sees a row of it.
  static int32_t tile_limits(const Paging& paging, const QueryBlock& tokens, int64_t tile, int32_t* limits, int64_t* first) {
    int32_t rows = 0;
    *first = tokens.count;
    for (int64_t t = 0; t < tokens.count; t++) {
      limits[t] = paging.limit(tokens.first + t, tile);
      rows = std::max(rows, limits[t]);
      if (limits[t] > 0) *first = std::min(*first, t);
    }
    return rows;
  }
};

}  // namespace tensorplan
