// fetch_strip.h
//
// What a product of a row-major A asks memory for while it runs. All rows reach the end of a line at
// the same step in k, and every sum of the tile waits for its row: left to the processor, the product
// stops there for the latency of a cache. Therefore k is taken in strips of one line, and each asks
// for the next one's lines, and for some of what is wanted after the product. Little at a time:
// requests to memory that wait in a crowd keep those to the cache waiting behind them.

#pragma once
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

/** Values of a line. */
template <class T>
constexpr long stripDepth = 64 / static_cast<long>(sizeof(T));

/** Asks for the rows of a turn, of what the finished tile meets. */
RESNET_INLINE void fetchRows(const FetchRows& fetch, long turn) {
  const long begin = turn * fetch.perTurn;
  const long end = begin + fetch.perTurn < fetch.rows ? begin + fetch.perTurn : fetch.rows;
  for (long i = begin; i < end; i++) {
    const char* row = fetch.written + i * fetch.rowBytes;
    for (long at = 0; at < fetch.bytes; at += 64) __builtin_prefetch(row + at, 1);
  }
  for (long i = begin; fetch.read && i < end; i++) {
    const char* row = fetch.read + i * fetch.rowBytes;
    for (long at = 0; at < fetch.bytes; at += 64) __builtin_prefetch(row + at);
  }
}

/** Asks for the lines of a turn, of the next B. */
RESNET_INLINE void fetchLines(const FetchLines& fetch, long turn) {
  const long begin = turn * fetch.perTurn;
  const long end = begin + fetch.perTurn < fetch.lines ? begin + fetch.perTurn : fetch.lines;
  for (long i = begin; i < end; i++) __builtin_prefetch(fetch.first + i * 64, 0, 2);
}

/** Asks for a turn's share of what the finished tile meets, and of the next B. */
template <class T>
RESNET_INLINE void fetchWanted(const BrgemmCall<T>& call, long turn) {
  fetchRows(call.fetch, turn);
  fetchLines(call.fetchB, turn);
}

/** Asks for a line of each of `rows` rows, for the second-level cache. */
template <class T>
RESNET_INLINE void fetchBelow(const T* row, long ars, long rows) {
  for (long i = 0; i < rows; i++, row += ars) __builtin_prefetch(row, 0, 2);
}

/** At the strip of tap t that begins at k: asks for A's next strip, and this one of the tile below. */
template <int Rows, class T>
RESNET_INLINE void fetchStrip(const BrgemmCall<T>& call, long turn, long t, long k) {
  fetchWanted(call, turn);
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
