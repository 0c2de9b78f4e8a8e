// fetch_strip.h
//
// What a product of a row-major A asks memory for while it runs. All rows reach the end of a line at
// the same step in k, and every sum of the tile waits for its row: left to the processor, the product
// stops there for the latency of a cache. Therefore k is taken in strips of one line, and each asks
// for the next one's lines, and for some of what is wanted after the product. Little at a time:
// requests to memory that wait in a crowd keep those to the cache waiting behind them.
// Where operands lie in near caches (Tile::panelDepth) there are no strips, and only what comes after the
// product is asked for, a few rows at a time.

#pragma once
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

/** Values of a line. */
template <class T>
constexpr long stripDepth = 64 / static_cast<long>(sizeof(T));

/** Asks for `count` rows from `begin` on, of what the finished tile meets. */
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

/** Asks for `count` lines from `begin` on, of the next B. */
RESNET_INLINE void fetchLines(const FetchLines& fetch, long begin, long count) {
  const long end = begin + count < fetch.lines ? begin + count : fetch.lines;
  for (long i = begin; i < end; i++) __builtin_prefetch(fetch.first + i * 64, 0, 2);
}

/** Asks for a strip's share of what the finished tile meets, and of the next B. */
template <class T>
RESNET_INLINE void fetchWanted(const BrgemmCall<T>& call, long strip) {
  fetchRows(call.fetch, strip * call.fetch.perStrip, call.fetch.perStrip);
  fetchLines(call.fetchB, strip * call.fetchB.perStrip, call.fetchB.perStrip);
}

/** Asks for what these `Rows` rows of the finished tile meet, and for their share of the next B. */
template <int Rows, class T>
RESNET_INLINE void fetchShare(const BrgemmCall<T>& call, long first) {
  fetchRows(call.fetch, first, Rows);
  const long lines = call.fetchB.lines;
  if (lines == 0) return;
  const long begin = lines * first / call.rows, end = lines * (first + Rows) / call.rows;
  fetchLines(call.fetchB, begin, end - begin);
}

/** Asks for a line of each of `rows` rows, for the second-level cache. */
template <class T>
RESNET_INLINE void fetchBelow(const T* row, long ars, long rows) {
  for (long i = 0; i < rows; i++, row += ars) __builtin_prefetch(row, 0, 2);
}

/** At the strip of tap t that begins at k: asks for A's next strip, and this one of the tile below. */
template <int Rows, class T>
RESNET_INLINE void fetchStrip(const BrgemmCall<T>& call, long strip, long t, long k) {
  fetchWanted(call, strip);
  if (call.k < stripDepth<T>) return;
  const long ars = call.ars;
  const T* here = call.taps[t].a + call.aOffset + k;
  const bool isLast = k + stripDepth<T> >= call.k;
  if (!isLast || t + 1 < call.tapCount) {
    const T* next = isLast ? call.taps[t + 1].a + call.aOffset : here + stripDepth<T>;
    for (int i = 0; i < Rows; i++, next += ars) __builtin_prefetch(next);
  }
  fetchBelow(here + Rows * ars, ars, call.rowsBelow);
}

}  // namespace
}  // namespace RESNET_ISA
}  // namespace resnet
