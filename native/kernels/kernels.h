// kernels.h
//
// The kernels of one instruction set, as a table of plain functions. Every file of kernels/ is
// compiled once per instruction set; the operations (baseline code) reach them through this table.
// Types here are plain data: kernels must not emit anything the linker could merge across sets.

#pragma once
#include <cstdint>

namespace resnet {

/** A bfloat16 in memory: the upper half of a float32. */
struct bf16 {
  uint16_t bits;
};

/** How many k are neighbours in a packed operand: bf16 is multiplied in pairs (VNNI order). */
template <class T>
constexpr long vnniFactor = 4 / static_cast<long>(sizeof(T));

/** The largest block of C that one call of a batch-reduce GEMM computes, and how its operands are packed. */
struct Tile {
  long rows, columns;  // of C
  long depth;          // B, and a packed A, are padded with zeros to multiples of this along k
  long rowUnit;        // calls are fastest if their rows are a multiple of this
  long groupColumns;   // columns that narrow groups of a convolution are bundled to fill
  long panelDepth;     // k of a panel of B that calls find in the first-level cache; 0 if anywhere
};

/** One pair of operands of a batch-reduce GEMM. */
template <class T>
struct BrgemmTap {
  const T* a;
  const T* b;
};

/**
 * Rows of memory that the epilogue of a tile will access: its target and its addend. They are a line or two wide and far
 * apart, so that no hardware prefetcher predicts them.
 */
struct FetchRows {
  const char* written;         // the first row of the target
  const char* read;            // the first row of the addend, or null
  long rowBytes;               // from row to row
  long bytes;                  // of each row
  long rows, perStrip;         // perStrip are asked for at a time, where there are strips
};

/** Lines of memory, one after the other, that are wanted in the second-level cache. */
struct FetchLines {
  const char* first;
  long lines, perStrip;  // perStrip are asked for at a time, where there are strips
};

/** One tile of a batch-reduce GEMM; brgemm_f32_tile.h and brgemm_bf16_tile.h have the contracts. */
template <class T>
struct BrgemmCall {
  const BrgemmTap<T>* taps;
  long tapCount;
  long k;
  long lda;               // elements between rows of A
  long aOffset, bOffset;  // added to every tap's pointers
  float* c;
  long ldc;
  int rows;         // 1 … the tile's
  int columns;      // of C that are read later, 1 … the tile's; the others hold arbitrary values
  bool transposed;  // A was packed by packTransposedRows and lda is 1; else its k are contiguous
  bool accumulate;  // start from C instead of from zero
  long rowsBelow;   // rows of A after these that are wanted next; row-major and in strips only
  FetchRows fetch;  // row-major only
  FetchLines fetchB;  // row-major only
};

enum class Activation : int { none, relu, leakyRelu };

/** Writes a finished block of a convolution: y = act(c · scale + bias + residual). */
template <class T>
struct EpilogueCall {
  const float* c;  // the accumulated block, row-major
  long ldc;
  long rows, columns;
  T* y;
  long ldy;
  const float* scale;     // per column, may be null
  const float* bias;      // per column, may be null
  const T* residual;      // same place as y, may be null, may be y
  Activation activation;
  float slope;
};

/** A window of 4x4 pixels, of which each has `count` values; v[4 · i + j] lie positionStride apart. */
struct WinogradInputCall {
  const float* x[16];  // null where a pixel is off the image: zeros
  long count;
  float* v;
  long positionStride;
};

/** From `rows` samples' sums at 16 positions, positionStride apart, to 2x2 pixels of the target. */
struct WinogradOutputCall {
  const float* m;
  long positionStride, rowStride;
  long rows, channels;
  float* y[4];               // null where a pixel is off the image; rows are `channels` apart
  const float* residual[4];  // same places as y, may be null, may be y
  const float* scale;        // per channel, may be null
  const float* bias;         // per channel, may be null
  Activation activation;
  float slope;
};

/** Arguments of the batch-norm passes over `rows` pixels of `channels` values. */
template <class T>
struct BatchNormCall {
  const T* x;
  const T* y;         // output of the forward pass, for act′; may be null
  const T* dy;        // backward only
  const T* residual;  // forward only, may be null
  T* out;             // y forward; dz (may be null) or dx backward
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

/** best[i] = the first largest of x[reads · offset + i], or the last NaN; index[i] = its tap. */
template <class T>
struct MaxWindowCall {
  const T* x;
  const WindowRead* reads;
  long readCount;  // at least 1
  T* best;
  uint8_t* index;  // may be null
};

/** dx[i] = Σ over reads of dy[offset + i] where index[offset + i] is the read's tap. */
template <class T>
struct MaxWindowGradCall {
  const T* dy;
  const uint8_t* index;
  const WindowRead* reads;
  long readCount;
  T* dx;
};

/** Where the moments of a block of rows go, one of each for every column. */
struct Moments {
  float *mean, *rest;  // the mean is mean + rest; rest is 0 unless the mean's rounding would matter
  float* m2;           // the sum of squared deviations from it

  Moments at(long column) const { return {mean + column, rest + column, m2 + column}; }
};

struct SgdCall {
  const float *parameter, *gradient, *velocity;  // velocity may be null: then it is 0
  float *newParameter, *newVelocity;             // newVelocity may be null
  float gradientScale, learningRate, momentum, weightDecay;
  bool nesterov;
};

struct AdamCall {
  const float *parameter, *gradient, *firstMoment, *secondMoment;
  float *newParameter, *newFirstMoment, *newSecondMoment;
  float gradientScale, learningRate, beta1Rest, beta2, beta2Rest, eps, weightDecay;  // Rest: 1 − beta
  float stepSize;        // learningRate/(1 − beta1^step)
  float rootCorrection;  // √(1 − beta2^step)
  bool decoupled;
};

/**
 * One axis of u8 `[outer, from, inner]` resampled: target[o][i][x] is the sum of
 * weights[i · stride + k] · source[o][start[i] + k][x] over k < count[i], in units of 2^−22.
 */
struct ResampleCall {
  const uint8_t* source;
  uint8_t* target;
  const int32_t *start, *count, *weights;
  long outer, from, to, inner, stride;
};

/** A tap of a depthwise convolution: the pixel that it reads, and its row of the weight, or of the weight's gradient. */
template <class T>
struct DepthwiseTap {
  const T* x;
  float* weight;
};

/** Some samples of a pixel of a depthwise convolution: `rows` of `channels` values. */
template <class T>
struct DepthwiseCall {
  const DepthwiseTap<T>* taps;
  long tapCount;
  long rows, channels;
  const T* dy;  // of the gradient only
  float* sums;  // of the convolution only
};

/** The functions of the op `unary`; unary.cc has their values and gradients. */
#define RESNET_UNARY_FUNCTIONS(X)                                                                  \
  X(neg) X(abs) X(sign) X(square) X(reciprocal) X(sqrt) X(rsqrt) X(exp) X(expm1) X(log) X(log1p)   \
  X(sin) X(cos) X(erf) X(sigmoid) X(tanh) X(silu) X(gelu) X(geluTanh) X(hardSigmoid) X(hardSwish)  \
  X(relu6) X(softplus) X(clamp)

/** The functions of the op `binary`; binary.cc has their values. */
#define RESNET_BINARY_FUNCTIONS(X)                                                                 \
  X(add) X(sub) X(mul) X(div) X(pow) X(maximum) X(minimum) X(equal) X(notEqual) X(less)            \
  X(lessEqual) X(greater) X(greaterEqual)

#define RESNET_ENUMERATOR(name) name,
enum class Unary : int { RESNET_UNARY_FUNCTIONS(RESNET_ENUMERATOR) };
enum class Binary : int { RESNET_BINARY_FUNCTIONS(RESNET_ENUMERATOR) };
enum class Reduction : int { sum, max, min };
#undef RESNET_ENUMERATOR

/** A function of a run of elements; p and q are the bounds of clamp, or beta and threshold of softplus. */
struct UnaryFunction {
  Unary name;
  float p, q;
};

/** A run of elements of an operand: `step` is 1, or 0 where one element is repeated. */
template <class T>
struct Run {
  const T* first;
  long step;
};

/** y[i] = function(a[i], b[i]); where a or b has no elements, `scalar` stands for them. */
template <class T>
struct BinaryCall {
  Binary function;
  Run<T> a, b;
  T* y;
  long n;
  float scalar;
};

// X(name, arguments): every kernel returns nothing.
#define RESNET_KERNELS(X)                                                                          \
  /* Around a thread's calls of brgemm: tile registers are claimed and given back. */              \
  X(beginProducts, ())                                                                             \
  X(endProducts, ())                                                                               \
  X(fill, (float value, float* y, long n))                                                         \
  /* Multiply-adds in registers, for peak.h; sums has room for 64 bytes, flops says how many. */   \
  X(multiplyAddLoop, (long rounds, float* sums, double* flops))                                    \
  /* The same in the way that products of bf16 are summed. */                                      \
  X(multiplyAddBf16Loop, (long rounds, float* sums, double* flops))                                \
  /* a[i] = b[i] + factor · c[i] */                                                                \
  X(triad, (const float* b, const float* c, float factor, float* a, long n))                       \
  X(sgd, (const SgdCall* call, long begin, long end))                                              \
  X(adam, (const AdamCall* call, long begin, long end))                                            \
  X(resampleAxis, (const ResampleCall* call))                                                      \
  /* 16 positions of u from 9 taps of g, both tapStride apart. */                                    \
  X(winogradFilter, (const float* g, long tapStride, long count, float* u))                          \
  X(winogradInput, (const WinogradInputCall* call))                                                \
  X(winogradOutput, (const WinogradOutputCall* call))                                              \
  /* sum = Σ x², in double every 1024 values. */                                                   \
  X(sumOfSquares, (const float* x, long n, double* sum))

// The kernels of activations stored as T: float or bf16. Sums and parameters are float throughout.
#define RESNET_ELEMENT_KERNELS(X, T)                                                               \
  X(brgemm, (const BrgemmCall<T>* call))                                                           \
  /* A panel of B: dst[k][tile.columns] = src[k · ld + column], zero beyond `columns` and, up to */ \
  /* a whole tile.depth, beyond k. For bf16 the panel is [k/2][tile.columns][2]. */                \
  X(packPanel, (const T* src, long ld, long k, long columns, T* dst))                              \
  /* The same of weights, rounded to T. */                                                         \
  X(packWeights, (const float* src, long ld, long k, long columns, T* dst))                        \
  /* The same of dst[k][column] = src[column · ld + k]. */                                         \
  X(packWeightsTransposed, (const float* src, long ld, long k, long columns, T* dst))              \
  /* dst[tile][k][tile.rows] = k rows of src, cut in tiles of as many columns, and the rest; for */ \
  /* bf16 [tile][k/2][tile.rows][2] or, where the tile is deeper than a pair, */                   \
  /* [tile][k/depth][tile.rows][depth], padded as a panel is. Tiles are `tileStride` elements from */   \
  /* each other. What lies beyond the last tile's columns is never read. */                        \
  X(packTransposedRows, (const T* src, long ld, long k, long columns, long tileStride, T* dst))         \
  X(epilogue, (const EpilogueCall<T>* call))                                                       \
  /* The moments of each column. */                                                                \
  X(columnMoments, (const T* x, long ld, long rows, long columns, const Moments* moments))         \
  /* Sum of each column. */                                                                        \
  X(columnSums, (const T* x, long ld, long rows, long columns, float* sums))                       \
  X(batchNorm, (const BatchNormCall<T>* call))                                                     \
  X(batchNormSums, (const BatchNormCall<T>* call))                                                 \
  X(batchNormInputGrad, (const BatchNormCall<T>* call))                                            \
  X(activate, (const T* x, T* y, long n, Activation activation, float slope))                      \
  X(activateGrad, (const T* dy, const T* y, T* dx, long n, Activation activation, float slope))    \
  X(add, (const T* a, const T* b, T* y, long n))                                                   \
  /* y[i] = start[i] + weight · (end[i] − start[i]), and exactly end[i] where weight is 1. */      \
  X(lerp, (const T* start, const T* end, float weight, T* y, long n))                              \
  /* sum[i] += x[i] */                                                                             \
  X(accumulate, (const T* x, float* sum, long n))                                                  \
  X(scale, (const T* x, float factor, T* y, long n))                                               \
  /* y[i] = sum[i] · factor */                                                                     \
  X(scaleSums, (const float* sum, float factor, T* y, long n))                                     \
  /* sums[row][c] = Σ over taps of x[row][c] · weight[c] */                                        \
  X(depthwise, (const DepthwiseCall<T>* call))                                                     \
  /* weight[c] += Σ over rows of x[row][c] · dy[row][c], of each tap */                            \
  X(depthwiseGrad, (const DepthwiseCall<T>* call))                                                 \
  X(unary, (UnaryFunction function, const T* x, T* y, long n))                                     \
  /* `at` is x, or y for the functions whose gradient is told by y. */                             \
  X(unaryGrad, (UnaryFunction function, const T* dy, const T* at, T* dx, long n))                  \
  X(binary, (const BinaryCall<T>* call))                                                           \
  /* y[i] = condition[i] != 0 ? a[i] : b[i] */                                                     \
  X(where, (Run<T> condition, Run<T> a, Run<T> b, T* y, long n))                                   \
  /* total = combine(total, x[0], x[1] …). NaN stays. */                                           \
  X(reduceRun, (Reduction function, const T* x, long n, double* total))                            \
  /* totals[i] = combine(totals[i], x[i]) */                                                       \
  X(reduceColumns, (Reduction function, const T* x, long n, double* totals))                       \
  X(maxWindow, (const MaxWindowCall<T>* call, long begin, long end))                               \
  X(maxWindowGrad, (const MaxWindowGradCall<T>* call, long begin, long end))                       \
  /* y = x · keepScale where i's number, uniform in 0 … 2^24 − 1, is at least threshold, */        \
  /* else 0; i in begin … end−1. The stream's key is threefry(key, stream, 2). */                  \
  X(dropout, (const T* x, T* y, const uint32_t* key, uint32_t stream, uint32_t threshold,          \
              float keepScale, long begin, long end))

#define RESNET_FIELD(name, arguments) void(*name) arguments;
template <class T>
struct ElementKernels {
  Tile tile;
  RESNET_ELEMENT_KERNELS(RESNET_FIELD, T)
};

struct Kernels {
  const char* isa;
  bool multipliesBf16;        // in one instruction, faster than float
  RESNET_KERNELS(RESNET_FIELD)
  ElementKernels<float> ofFloat;
  ElementKernels<bf16> ofBf16;

  template <class T>
  const ElementKernels<T>& of() const {
    if constexpr (sizeof(T) == sizeof(bf16)) return ofBf16;
    else return ofFloat;
  }
};
#undef RESNET_FIELD

extern const Kernels portableKernels;
#if defined(__x86_64__)
extern const Kernels avx2Kernels;
extern const Kernels avx512Kernels;
extern const Kernels avx512Bf16Kernels;
extern const Kernels amxBf16Kernels;
#endif

}  // namespace resnet
