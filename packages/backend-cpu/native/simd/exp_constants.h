// Constants of the shared exponential: exp(x) = 2^n · e^r with n = round(x / ln 2), |r| <= ln(2)/2, and
// e^r = 1 + r + r²·(C0 + C1 r + C2 r² + C3 r³ + C4 r⁴), a minimax fit of the relative error (3.1e-9 before rounding).
// Macros only, so that units compiled for different instruction sets share no symbols.
#pragma once

#define TP_EXP_LOW (-104.0f)  // exp of it rounds to 0
#define TP_EXP_HIGH (89.0f)   // exp of it overflows to infinity
#define TP_EXP_LOG2E 0x1.715476p+0f
#define TP_EXP_LN2_HI 0x1.62e4p-1f
#define TP_EXP_LN2_LO 0x1.7f7d1cp-20f
#define TP_EXP_C0 0x1.fffffcp-2f
#define TP_EXP_C1 0x1.555492p-3f
#define TP_EXP_C2 0x1.5558f2p-5f
#define TP_EXP_C3 0x1.123a2p-7f
#define TP_EXP_C4 0x1.6a23dp-10f
#define TP_FLT_MAX 3.402823466e+38f
