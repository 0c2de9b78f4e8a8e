// pack.cc
//
// Copies a matrix into panels one register tile wide, so that the microkernel streams it
// contiguously; columns beyond the matrix are zero. For bf16, two rows become one row of pairs:
// what a product of pairs takes as B, and, broadcast pair by pair, as a transposed A. AMX takes its
// A in rows, so there the transpose is a true one.

#include <utility>

#include "declare.h"
#include "simd.h"
#include "tile_size.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

RESNET_INLINE void storeWords(uint32_t* p, words v) { *reinterpret_cast<wordsMemory*>(p) = v; }

/**
 * Asks for the line of a row that is read later. Rows are short pieces of a wide matrix: the
 * processor's own prefetching follows along a row, never from row to row.
 */
constexpr long rowsAhead = 16;
template <class S>
RESNET_INLINE void fetchAhead(const S* row, long ld, long columns) {
  for (long j = 0; j < columns; j += 64 / static_cast<long>(sizeof(S))) {
    __builtin_prefetch(row + rowsAhead * ld + j);
  }
}

/** Two rows of any type as one row of pairs of bf16; `high` may be null for a row of zeros. */
template <class S>
RESNET_INLINE words pairs(const S* low, const S* high) {
  return high ? loadBits(low) | loadBits(high) << 16 : loadBits(low);
}
template <class S>
RESNET_INLINE uint32_t onePair(const S* low, const S* high) {
  return oneBits(low) | (high ? static_cast<uint32_t>(oneBits(high)) << 16 : 0);
}

/** Zeros behind k rows of a panel of pairs, up to a whole depth of the tile. */
RESNET_INLINE void padPairs(long k, uint32_t* rows) {
  constexpr long width = tile<bf16>.columns, depth = tile<bf16>.depth;
  const long padded = (k + depth - 1) / depth * depth;
  for (long i = (k + 1) / 2 * width; i < padded / 2 * width; i++) rows[i] = 0;
}

void packPanelOf(const float* src, long ld, long k, long columns, float* dst) {
  constexpr long width = tile<float>.columns;
  for (long i = 0; i < k; i++, src += ld, dst += width) {
    fetchAhead(src, ld, columns);
    if (columns == width) {
      for (long j = 0; j < width; j += lanes) store(dst + j, load(src + j));
    } else {
      for (long j = 0; j < columns; j++) dst[j] = src[j];
      for (long j = columns; j < width; j++) dst[j] = 0;
    }
  }
}

template <class S>
void packPanelOf(const S* src, long ld, long k, long columns, bf16* dst) {
  constexpr long width = tile<bf16>.columns;
  uint32_t* target = reinterpret_cast<uint32_t*>(dst);
  padPairs(k, target);
  for (long i = 0; i < k; i += 2, src += 2 * ld, target += width) {
    const S* high = i + 1 < k ? src + ld : nullptr;
    fetchAhead(src, ld, columns);
    fetchAhead(src + ld, ld, columns);
    if (columns == width) {
      for (long j = 0; j < width; j += lanes) {
        storeWords(target + j, pairs(src + j, high ? high + j : nullptr));
      }
    } else {
      for (long j = 0; j < columns; j++) target[j] = onePair(src + j, high ? high + j : nullptr);
      for (long j = columns; j < width; j++) target[j] = 0;
    }
  }
}

constexpr long transposedBlock = 64;  // four cache lines of every column at a time

}  // namespace

void packPanel(const float* src, long ld, long k, long columns, float* dst) {
  packPanelOf(src, ld, k, columns, dst);
}
void packPanel(const bf16* src, long ld, long k, long columns, bf16* dst) {
  packPanelOf(src, ld, k, columns, dst);
}
void packWeights(const float* src, long ld, long k, long columns, float* dst) {
  packPanelOf(src, ld, k, columns, dst);
}
void packWeights(const float* src, long ld, long k, long columns, bf16* dst) {
  packPanelOf(src, ld, k, columns, dst);
}

void packWeightsTransposed(const float* src, long ld, long k, long columns, float* dst) {
  constexpr long width = tile<float>.columns;
  for (long i0 = 0; i0 < k; i0 += transposedBlock) {
    const long end = i0 + transposedBlock < k ? i0 + transposedBlock : k;
    for (long j = 0; j < columns; j++) {
      for (long i = i0; i < end; i++) dst[i * width + j] = src[j * ld + i];
    }
    for (long i = i0; i < end; i++) {
      for (long j = columns; j < width; j++) dst[i * width + j] = 0;
    }
  }
}

void packWeightsTransposed(const float* src, long ld, long k, long columns, bf16* dst) {
  constexpr long width = tile<bf16>.columns, most = transposedBlock / 2;
  uint32_t* target = reinterpret_cast<uint32_t*>(dst);
  padPairs(k, target);
  for (long i0 = 0; i0 < k; i0 += transposedBlock, target += most * width) {
    const long count = k - i0 < transposedBlock ? k - i0 : transposedBlock;
    for (long j = 0; j < columns; j++) {
      // One column's values, rounded and side by side, are its pairs already.
      bf16 line[transposedBlock] = {};
      const float* from = src + j * ld + i0;
      forLanes(count, [&](auto lane, long i) { put(line + i, get(lane, from + i)); });
      uint32_t pair[most];
      __builtin_memcpy(pair, line, sizeof line);
      for (long i = 0; i < (count + 1) / 2; i++) target[i * width + j] = pair[i];
    }
    for (long i = 0; i < (count + 1) / 2; i++) {
      for (long j = columns; j < width; j++) target[i * width + j] = 0;
    }
  }
}

void packTransposedRows(const float* src, long ld, long k, long columns, long tileStride, float* dst) {
  constexpr long width = tile<float>.rows;
  for (long i = 0; i < k; i++, src += ld, dst += width) {
    fetchAhead(src, ld, columns);
    float* target = dst;
    for (long column = 0; column < columns; column += width, target += tileStride) {
      // A constant size is a few vector moves; what is read past the columns is still the matrix,
      // because enough of it follows.
      if (column + width <= columns || (k - 1 - i) * ld >= width) {
        __builtin_memcpy(target, src + column, sizeof(float) * width);
      } else {
        for (long j = column; j < columns; j++) target[j - column] = src[j];
      }
    }
  }
}

#if defined(RESNET_AMX)

namespace {

/** The lanes that `lane` names, of a and then b. */
template <size_t... J, class Lane>
RESNET_INLINE words shuffle(words a, words b, std::index_sequence<J...>, Lane lane) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, lane(J)...);
#else
  return __builtin_shuffle(a, b, words{lane(J)...});
#endif
}

/** Rows become columns: in squares of 2 · Step rows, the two beside the diagonal change places. */
template <uint32_t Step = 1>
RESNET_INLINE void transpose(words (&m)[lanes]) {
  if constexpr (Step < lanes) {
    constexpr uint32_t count = lanes;
    constexpr auto all = std::make_index_sequence<count>{};
    constexpr auto low = [](uint32_t j) { return j & Step ? count + j - Step : j; };
    constexpr auto high = [](uint32_t j) { return j & Step ? count + j : j + Step; };
    RESNET_UNROLL
    for (uint32_t i = 0; i < count; i++) {
      if (i & Step) continue;
      const words lower = shuffle(m[i], m[i + Step], all, low);
      m[i + Step] = shuffle(m[i], m[i + Step], all, high);
      m[i] = lower;
    }
    transpose<2 * Step>(m);
  }
}

/** `samples` ≤ depth rows of `count` ≤ rows values as [count][depth], zeros beyond the samples. */
void transposeBlock(const bf16* src, long ld, long samples, long count, bf16* dst) {
  constexpr long depth = tile<bf16>.depth;
  for (long column = 0; column < count; column += lanes) {
    for (long i0 = 0; i0 < depth; i0 += 2 * lanes) {
      words m[lanes];
      RESNET_UNROLL
      for (long p = 0; p < lanes; p++) {
        const long i = i0 + 2 * p;
        const bf16 *low = src + i * ld + column, *high = i + 1 < samples ? low + ld : nullptr;
        m[p] = words{};
        if (i >= samples) continue;
        if (column + lanes <= count) {
          m[p] = pairs(low, high);
        } else {
          uint32_t row[lanes] = {};
          for (long j = 0; j < count - column; j++) row[j] = onePair(low + j, high ? high + j : nullptr);
          __builtin_memcpy(&m[p], row, sizeof row);
        }
      }
      transpose(m);
      RESNET_UNROLL
      for (long j = 0; j < lanes; j++) {
        storeWords(reinterpret_cast<uint32_t*>(dst + (column + j) * depth + i0), m[j]);
      }
    }
  }
}

}  // namespace

void packTransposedRows(const bf16* src, long ld, long k, long columns, long tileStride, bf16* dst) {
  constexpr long width = tile<bf16>.rows, depth = tile<bf16>.depth;
  for (long i = 0; i < k; i += depth, src += depth * ld, dst += width * depth) {
    const long samples = k - i < depth ? k - i : depth;
    bf16* target = dst;
    for (long column = 0; column < columns; column += width, target += tileStride) {
      const long count = columns - column < width ? columns - column : width;
      transposeBlock(src + column, ld, samples, count, target);
    }
  }
}

#else

void packTransposedRows(const bf16* src, long ld, long k, long columns, long tileStride, bf16* dst) {
  constexpr long width = tile<bf16>.rows, padded = (width + lanes - 1) / lanes * lanes;
  for (long i = 0; i < k; i += 2, src += 2 * ld, dst += 2 * width) {
    const bf16* high = i + 1 < k ? src + ld : nullptr;
    fetchAhead(src, ld, columns);
    fetchAhead(src + ld, ld, columns);
    uint32_t* target = reinterpret_cast<uint32_t*>(dst);
    for (long column = 0; column < columns; column += width, target += tileStride / 2) {
      const bf16* low = src + column;
      if (high && (column + padded <= columns || (k - 2 - i) * ld >= padded)) {  // as above
        words row[padded / lanes];
        for (long j = 0; j < padded; j += lanes) row[j / lanes] = pairs(low + j, high + column + j);
        __builtin_memcpy(target, row, sizeof(uint32_t) * width);
        continue;
      }
      const long count = columns - column < width ? columns - column : width;
      for (long j = 0; j < count; j++) {
        target[j] = onePair(low + j, high ? high + column + j : nullptr);
      }
    }
  }
}

#endif

}  // namespace RESNET_ISA
}  // namespace resnet
