// fetch_strip.h
//
// Prefetches of a product with a row-major A. All rows reach the end of a cache line at the same step in k, and every sum of the
// tile waits for its row: without prefetches the product would stall there for the latency of a cache. Therefore k is taken
// in strips of one line. Each strip prefetches the lines of the next one, and some of the memory that is needed
// after the product. It prefetches little at a time, because many requests to memory would delay those to the cache.
// If the operands lie in the first-level cache (Tile::panelDepth), there are no strips, and only the memory needed after the product
// is prefetched, a few rows at a time.

#pragma once
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

/** Values of a line. */
template <class T>
constexpr long stripDepth = 64 / static_cast<long>(sizeof(T));

/** Prefetches `count` rows of target and addend from `begin` on. */
RESNET_INLINE void fetchRows(const FetchRows& fetch, long begin, long count) {
  const long end = begin + count < fetch.rows ? begin + count : fetch.rows;
  for (long i = begin; i < end; i++) {
    const char* row = fetch.written + i * fetch.rowBytes;
    for (long at = 0; at < fetch.bytes; at += 64) __builtin_prefetch(row + at, 1);
  }
  for (long i = begin; fetch.read && i < end; i++) {
    const char* row = fetch.read + i * fetch.rowBytes;
    for (long at = 0; at < fetch.bytes; at += 64) __builtin_prefetch(row + at);
  }
}

/** Prefetches `count` lines of the next B from `begin` on. */
RESNET_INLINE void fetchLines(const FetchLines& fetch, long begin, long count) {
  const long end = begin + count < fetch.lines ? begin + count : fetch.lines;
  for (long i = begin; i < end; i++) __builtin_prefetch(fetch.first + i * 64, 0, 2);
}

/** Prefetches a strip's part of target, addend and the next B. */
template <class T>
RESNET_INLINE void fetchWanted(const BrgemmCall<T>& call, long strip) {
  fetchRows(call.fetch, strip * call.fetch.perStrip, call.fetch.perStrip);
  fetchLines(call.fetchB, strip * call.fetchB.perStrip, call.fetchB.perStrip);
}

/** Prefetches target and addend of these `Rows` rows of the tile, and their part of the next B. */
template <int Rows, class T>
RESNET_INLINE void fetchShare(const BrgemmCall<T>& call, long first) {
  fetchRows(call.fetch, first, Rows);
  const long lines = call.fetchB.lines;
  if (lines == 0) return;
  const long begin = lines * first / call.rows, end = lines * (first + Rows) / call.rows;
  fetchLines(call.fetchB, begin, end - begin);
}

/** Prefetches one line of each of `rows` rows into the second-level cache. */
template <class T>
RESNET_INLINE void fetchBelow(const T* row, long lda, long rows) {
  for (long i = 0; i < rows; i++, row += lda) __builtin_prefetch(row, 0, 2);
}

/** At the strip of tap t that begins at k: prefetches the next strip of A, and this strip of the tile below. */
template <int Rows, class T>
RESNET_INLINE void fetchStrip(const BrgemmCall<T>& call, long strip, long t, long k) {
  fetchWanted(call, strip);
  if (call.k < stripDepth<T>) return;
  const long lda = call.lda;
  const T* here = call.taps[t].a + call.aOffset + k;
  const bool isLast = k + stripDepth<T> >= call.k;
  if (!isLast || t + 1 < call.tapCount) {
    const T* next = isLast ? call.taps[t + 1].a + call.aOffset : here + stripDepth<T>;
    for (int i = 0; i < Rows; i++, next += lda) __builtin_prefetch(next);
  }
  fetchBelow(here + Rows * lda, lda, call.rowsBelow);
}

}  // namespace
}  // namespace RESNET_ISA
}  // namespace resnet
