// What rope's units offer for each instruction set.
#pragma once

#include <stdint.h>

typedef struct tp_rope_unit {
  // cosines[i] = magnitude · cos(position · frequencies[i]), sines alike. Angles, their reduction and the polynomials are f64.
  void (*angles)(double position, const double* frequencies, int64_t pairs, float magnitude, float* cosines, float* sines);
  // Rotates `pairs` pairs of x; x and out may be the same.
  void (*interleaved)(const float* x, const float* cosines, const float* sines, float* out, int64_t pairs);
  void (*neox)(const float* x, const float* cosines, const float* sines, float* out, int64_t pairs);
} tp_rope_unit;
