// strided_loop.h
//
// All elements of a shape, run by run, in arrays that lie in their own ways: repeated along some axes, or with their axes in another
// order. Axes that all arrays walk alike are merged into one before, so that runs are long.

#pragma once
#include <algorithm>

#include "op.h"

namespace resnet {

using Strides = std::vector<long>;

/** Elements between neighbours along each axis of a row-major array. */
inline Strides stridesOf(const Shape& shape) {
  Strides strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

/** The strides of an array of `shape` that is broadcast to `target`: 0 along repeated axes. */
inline Strides broadcastStrides(const Shape& shape, const Shape& target) {
  const Strides own = stridesOf(shape);
  Strides strides(target.size(), 0);
  for (size_t i = 0; i < shape.size(); i++) {
    if (shape[i] != 1) strides[target.size() - shape.size() + i] = own[i];
  }
  return strides;
}

/** Whether an array of `shape` can be broadcast to `target`. */
inline bool broadcastsTo(const Shape& shape, const Shape& target) {
  if (shape.size() > target.size()) return false;
  for (size_t i = 0; i < shape.size(); i++) {
    if (shape[i] != 1 && shape[i] != target[target.size() - shape.size() + i]) return false;
  }
  return true;
}

class StridedLoop {
 public:
  /** @param strides of each array, along the axes of `shape` */
  StridedLoop(const Shape& shape, const std::vector<Strides>& strides) : strides_(strides.size()) {
    for (size_t axis = 0; axis < shape.size(); axis++) {
      if (shape[axis] == 1) continue;
      bool merges = !sizes_.empty();
      for (size_t k = 0; merges && k < strides.size(); k++) {
        merges = strides_[k].back() == strides[k][axis] * shape[axis];
      }
      if (merges) sizes_.back() *= shape[axis];
      else sizes_.push_back(shape[axis]);
      for (size_t k = 0; k < strides.size(); k++) {
        if (merges) strides_[k].back() = strides[k][axis];
        else strides_[k].push_back(strides[k][axis]);
      }
    }
    if (!sizes_.empty()) return;
    sizes_.push_back(1);
    for (Strides& each : strides_) each.push_back(0);
  }

  /** Elements between neighbours of a run of array k. */
  long step(size_t k) const { return strides_[k].back(); }

  /** Calls fn(places, count) for runs of at most a block; places has the first element of each array. Runs share threads. */
  template <class Fn>
  void run(const RunContext& context, const Fn& fn) const {
    const long inner = sizes_.back();
    long rows = 1;
    for (size_t axis = 0; axis + 1 < sizes_.size(); axis++) rows *= sizes_[axis];
    const long pieces = (inner + elementBlock - 1) / elementBlock;
    const long atOnce = pieces > 1 ? 1 : std::max(1L, elementBlock / inner);
    parallelBlocks(context, rows * pieces, atOnce, [&](long begin, long end) {
      std::vector<long> places(strides_.size());
      for (long task = begin; task < end; task++) {
        const long first = task % pieces * elementBlock;
        long row = task / pieces;
        for (size_t k = 0; k < places.size(); k++) places[k] = first * strides_[k].back();
        for (size_t axis = sizes_.size() - 1; axis-- > 0;) {
          const long index = row % sizes_[axis];
          row /= sizes_[axis];
          for (size_t k = 0; k < places.size(); k++) places[k] += index * strides_[k][axis];
        }
        fn(places.data(), std::min(elementBlock, inner - first));
      }
    });
  }

 private:
  std::vector<long> sizes_;
  std::vector<Strides> strides_;
};

}  // namespace resnet
