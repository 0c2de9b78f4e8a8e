// kernels.h
//
// The kernels of one instruction set, as a table of plain functions. Every file of kernels/ is
// compiled once per instruction set; the operations (baseline code) reach them through this table.
// Types here are plain data: kernels must not emit anything the linker could merge across sets.

#pragma once
#include <cstdint>

namespace resnet {

/** One pair of operands of a batch-reduce GEMM. */
struct BrgemmTap {
  const float* a;
  const float* b;
};

/** One tile of a batch-reduce GEMM; see brgemm_f32_tile.h for the contract. */
struct BrgemmCall {
  const BrgemmTap* taps;
  long tapCount;
  long k;
  long ars, aks;          // floats between rows of A and between its k; one of the two is 1
  long ldb;               // floats between k of B
  long aOffset, bOffset;  // added to every tap's pointers
  float* c;
  long ldc;
  int rows;         // 1 … tileRows
  bool transposed;  // A has contiguous rows (ars = 1); otherwise contiguous k (aks = 1)
  bool accumulate;  // start from C instead of from zero
};

enum class Activation : int { none, relu, leakyRelu };

/** Writes a finished block of a convolution: y = act(c · scale + bias + residual). */
struct EpilogueCall {
  const float* c;  // the accumulated block, row-major
  long ldc;
  long rows, columns;
  float* y;
  long ldy;
  const float* scale;     // per column, may be null
  const float* bias;      // per column, may be null
  const float* residual;  // same place as y, may be null, may be y
  Activation activation;
  float slope;
};

/** Arguments of the batch-norm passes over `rows` pixels of `channels` values. */
struct BatchNormCall {
  const float* x;
  const float* y;         // output of the forward pass, for act′; may be null
  const float* dy;        // backward only
  const float* residual;  // forward only, may be null
  float* out;             // y forward; dz (may be null) or dx backward
  const float* mean;
  const float* factor;  // weight/√(variance + eps) forward and dx, 1/√(variance + eps) for sums
  const float* bias;
  const float* meanGrad;   // dbias/M, per channel
  const float* xhatGrad;   // dweight/M/√(variance + eps), per channel
  float* sums;             // Σdz, then Σdz·(x − mean), per channel
  long rows, channels;
  Activation activation;
  float slope;
};

/** A pixel that a pooling window reads, or a window that read a pixel: its place and its tap. */
struct WindowRead {
  long offset;  // in elements, from the start of the array
  long tap;
};

/** best[i] = the first largest of x[reads · offset + i], or the first NaN; index[i] = its tap. */
struct MaxWindowCall {
  const float* x;
  const WindowRead* reads;
  long readCount;  // at least 1
  float* best;
  uint8_t* index;  // may be null
};

/** dx[i] = Σ over reads of dy[offset + i] where index[offset + i] is the read's tap. */
struct MaxWindowGradCall {
  const float* dy;
  const uint8_t* index;
  const WindowRead* reads;
  long readCount;
  float* dx;
};

struct SgdCall {
  const float *parameter, *gradient, *velocity;  // velocity may be null: then it is 0
  float *newParameter, *newVelocity;             // newVelocity may be null
  float learningRate, momentum, weightDecay;
  bool nesterov;
};

struct AdamCall {
  const float *parameter, *gradient, *firstMoment, *secondMoment;
  float *newParameter, *newFirstMoment, *newSecondMoment;
  float learningRate, beta1Rest, beta2, beta2Rest, eps, weightDecay;  // Rest: 1 − beta
  float stepSize;        // learningRate/(1 − beta1^step)
  float rootCorrection;  // √(1 − beta2^step)
  bool decoupled;
};

// X(name, arguments): every kernel returns nothing.
#define RESNET_KERNELS(X)                                                                          \
  X(brgemm, (const BrgemmCall* call))                                                              \
  /* dst[k][tileColumns] = src[k · ld + column], zero beyond `columns`. */                         \
  X(packPanel, (const float* src, long ld, long k, long columns, float* dst))                      \
  /* dst[k][tileColumns] = src[column · ld + k], zero beyond `columns`. */                         \
  X(packPanelTransposed, (const float* src, long ld, long k, long columns, float* dst))            \
  /* dst[tile][k][tileRows] = k rows of src, cut in tiles of base columns, base + 1 for the */  \
  /* first `longer` tiles. What lies beyond a tile's columns in dst is never read. */              \
  X(packTransposedRows, (const float* src, long ld, long k, long tiles, long base, long longer,    \
                         float* dst))                                                              \
  X(epilogue, (const EpilogueCall* call))                                                          \
  /* Mean and sum of squared deviations of each column. */                                         \
  X(columnMoments, (const float* x, long ld, long rows, long columns, float* mean, float* m2))     \
  /* Sum of each column. */                                                                        \
  X(columnSums, (const float* x, long ld, long rows, long columns, float* sums))                   \
  X(batchNorm, (const BatchNormCall* call))                                                        \
  X(batchNormSums, (const BatchNormCall* call))                                                    \
  X(batchNormInputGrad, (const BatchNormCall* call))                                               \
  X(activate, (const float* x, float* y, long n, Activation activation, float slope))              \
  X(activateGrad,                                                                                  \
    (const float* dy, const float* y, float* dx, long n, Activation activation, float slope))      \
  X(add, (const float* a, const float* b, float* y, long n))                                       \
  /* y[i] += x[i] */                                                                               \
  X(accumulate, (const float* x, float* y, long n))                                                \
  X(scale, (const float* x, float factor, float* y, long n))                                       \
  X(fill, (float value, float* y, long n))                                                         \
  X(maxWindow, (const MaxWindowCall* call, long begin, long end))                                  \
  X(maxWindowGrad, (const MaxWindowGradCall* call, long begin, long end))                          \
  X(sgd, (const SgdCall* call, long begin, long end))                                              \
  X(adam, (const AdamCall* call, long begin, long end))                                            \
  /* y = x · keepScale where i's number, uniform in 0 … 2^24 − 1, is at least threshold, */        \
  /* else 0; i in begin … end−1. The stream's key is threefry(key, stream, 2). */                  \
  X(dropout, (const float* x, float* y, const uint32_t* key, uint32_t stream, uint32_t threshold,  \
              float keepScale, long begin, long end))                                              \
  /* Multiply-adds in registers, for peak.h; sums has room for 64 bytes, flops says how many. */   \
  X(multiplyAddLoop, (long rounds, float* sums, double* flops))                                    \
  /* a[i] = b[i] + factor · c[i] */                                                                \
  X(triad, (const float* b, const float* c, float factor, float* a, long n))

struct Kernels {
  const char* isa;
  int tileRows, tileColumns;  // of the brgemm's register tile
#define RESNET_FIELD(name, arguments) void(*name) arguments;
  RESNET_KERNELS(RESNET_FIELD)
#undef RESNET_FIELD
};

extern const Kernels portableKernels;
#if defined(__x86_64__)
extern const Kernels avx2Kernels;
extern const Kernels avx512Kernels;
#endif

}  // namespace resnet
