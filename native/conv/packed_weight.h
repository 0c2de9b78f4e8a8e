// packed_weight.h
//
// The weight of a convolution, packed for the products of one direction. It consists of panels one tile wide; a panel has the taps
// through which anything is read; a tap has k padded to the tile's depth. Packing rounds to T, transposes for the data gradient,
// and joins several narrow groups to one block-diagonal matrix.

#pragma once
#include "../ops/op.h"
#include "choose.h"

namespace resnet {

/** Groups that are multiplied as one matrix. */
struct Bundle {
  long sourceChannel, targetChannel;  // the first of each
  long k, columns;                    // source and target channels
  long group, groups;
};

/** One tile's width of target channels of a bundle. */
struct Panel {
  long bundle, column, columns;
};

/** T is float or bf16. */
template <class T>
class PackedWeight {
 public:
  PackedWeight() = default;
  /** @param isRead by tap: whether anything is read through it */
  PackedWeight(const ConvShape& shape, Direction direction, const std::vector<bool>& isRead,
               const Tile& tile);

  /** Source channels of the widest bundle, padded. */
  long k() const { return k_; }
  long panelCount() const { return static_cast<long>(panels_.size()); }
  const Panel& panel(long i) const { return panels_[static_cast<size_t>(i)]; }
  const Bundle& bundle(const Panel& panel) const {
    return bundles_[static_cast<size_t>(panel.bundle)];
  }
  /** Elements from one panel to the next. */
  long panelStride() const { return static_cast<long>(taps_.size()) * tapStride(); }
  /** Elements from the begin of a panel to one of its taps. */
  long tapOffset(long tap) const { return slots_[static_cast<size_t>(tap)] * tapStride(); }
  size_t bytes() const { return sizeof(T) * static_cast<size_t>(panelCount() * panelStride()); }

  void pack(const RunContext& context, const float* weight, T* packed) const;

 private:
  long tapStride() const { return k_ * tile_.columns; }
  void packTap(const Kernels& kernels, const float* weight, const Panel& panel, long slot,
               T* dst) const;

  ConvShape shape_;
  Direction direction_;
  Tile tile_;
  std::vector<Bundle> bundles_;
  std::vector<Panel> panels_;
  std::vector<long> taps_;   // the tap of each packed place
  std::vector<long> slots_;  // the packed place of each tap, −1 where nothing is read through it
  long k_ = 0;
};

}  // namespace resnet
