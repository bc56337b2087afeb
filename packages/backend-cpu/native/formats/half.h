// Conversions of 16-bit floats, one value at a time and without CPU features. C types and internal linkage only, so that units of any
// instruction set may include it.
#pragma once

#include <stdint.h>
#include <string.h>

static inline float tp_bits_to_f32(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline uint32_t tp_f32_to_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

// IEEE 754 binary16 → f32, exact.
static inline float tp_f16_to_f32(uint16_t h) {
  const uint32_t sign = (uint32_t)(h & 0x8000u) << 16;
  const uint32_t rest = h & 0x7fffu;
  if (rest >= 0x7c00u) return tp_bits_to_f32(sign | 0x7f800000u | ((rest & 0x3ffu) << 13));
  if (rest >= 0x0400u) return tp_bits_to_f32(sign | ((rest << 13) + 0x38000000u));
  const float magnitude = (float)rest * 5.9604644775390625e-8f;  // 2^-24: subnormals are exact multiples of it
  return tp_bits_to_f32(sign | tp_f32_to_bits(magnitude));
}

// f32 → nearest binary16, ties to even, as F16C does it.
static inline uint16_t tp_f32_to_f16(float value) {
  const uint32_t bits = tp_f32_to_bits(value);
  const uint32_t sign = (bits >> 16) & 0x8000u;
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return (uint16_t)(sign | 0x7e00u | ((magnitude >> 13) & 0x1ffu));
  if (magnitude >= 0x47800000u) return (uint16_t)(sign | 0x7c00u);
  if (magnitude >= 0x38800000u) {
    const uint32_t rounded = magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13) & 1u);
    return (uint16_t)(sign | (rounded >> 13));
  }
  if (magnitude < 0x33000000u) return (uint16_t)sign;
  const uint32_t mantissa = (magnitude & 0x7fffffu) | 0x800000u;
  const uint32_t shift = 126u - (magnitude >> 23);
  const uint32_t half = 1u << (shift - 1u);
  const uint32_t kept = mantissa >> shift;
  const uint32_t dropped = mantissa & ((1u << shift) - 1u);
  return (uint16_t)(sign | (kept + (dropped > half || (dropped == half && (kept & 1u)) ? 1u : 0u)));
}

static inline float tp_bf16_to_f32(uint16_t h) { return tp_bits_to_f32((uint32_t)h << 16); }

// f32 → nearest bfloat16, ties to even; NaN stays a quiet NaN.
static inline uint16_t tp_f32_to_bf16(float value) {
  const uint32_t bits = tp_f32_to_bits(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)((bits >> 16) | 0x40u);
  return (uint16_t)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}
