// Where the rows of sequences lie, and how a step's queries are grouped. Token t stands at positions[t] of its sequence and sees the rows
// up to itself; tile i of a sequence (its rows 64·i …) is one page of the cache.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/kernel.h"

namespace tensorplan {

struct Paging {
  const int32_t* positions = nullptr;    // [tokens]
  const int32_t* sequence_of = nullptr;  // [tokens]
  const int32_t* page_table = nullptr;   // [sequences][pages]
  int64_t tokens = 0, pages = 0;

  void bind(const std::map<std::string, Operand>& operands) {
    const Operand& p = operands.at("positions");
    const Operand& table = operands.at("page_table");
    positions = p.as<const int32_t>();
    sequence_of = operands.at("sequence_of").as<const int32_t>();
    page_table = table.as<const int32_t>();
    tokens = p.count();
    pages = table.last();
  }

  // Cache row where a tile of token t's sequence begins.
  int64_t first_row(int64_t t, int64_t tile) const { return page_table[sequence_of[t] * pages + tile] * kPageRows; }
  // Rows of a tile that token t sees.
  int32_t limit(int64_t t, int64_t tile) const {
    return static_cast<int32_t>(std::clamp<int64_t>(positions[t] + 1 - tile * kPageRows, 0, kPageRows));
  }
  int64_t tiles(int64_t t) const { return positions[t] / kPageRows + 1; }
};

// The rows that a query sees are cut into at most kMaxSpans spans of equal size, so that threads can share the work of one query. The
// size depends on the position alone, and spans are always combined in ascending order: the bits don't depend on who computed them.
constexpr int64_t kMaxSpans = 16;

inline int64_t span_tiles(int64_t tiles) {
  int64_t size = 1;
  while (tiles > kMaxSpans * size) size *= 2;
  return size;
}

// Consecutive tokens of one sequence that are computed together.
struct QueryBlock {
  int64_t first = 0, count = 0;
};

// The block that starts at token `first`: at most `most` tokens with equal spans.
inline QueryBlock block_at(const Paging& paging, int64_t first, int64_t most) {
  QueryBlock block{first, 1};
  const int64_t span = span_tiles(paging.tiles(first));
  while (block.count < most && first + block.count < paging.tokens) {
    const int64_t t = first + block.count;
    if (paging.sequence_of[t] != paging.sequence_of[first] || span_tiles(paging.tiles(t)) != span) break;
    block.count++;
  }
  return block;
}

inline int64_t count_blocks(const Paging& paging, int64_t most) {
  int64_t blocks = 0;
  for (int64_t t = 0; t < paging.tokens; blocks++) t += block_at(paging, t, most).count;
  return blocks;
}

inline QueryBlock nth_block(const Paging& paging, int64_t index, int64_t most) {
  int64_t t = 0;
  for (int64_t i = 0; i < index; i++) t += block_at(paging, t, most).count;
  return block_at(paging, t, most);
}

}  // namespace tensorplan
