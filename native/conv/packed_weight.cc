#include "packed_weight.h"

#include <algorithm>

#include "../element.h"

namespace resnet {

template <class T>
PackedWeight<T>::PackedWeight(const ConvShape& shape, Direction direction,
                              const std::vector<bool>& isRead, const Tile& tile)
    : shape_(shape), direction_(direction), tile_(tile) {
  slots_.assign(isRead.size(), -1);
  for (size_t tap = 0; tap < isRead.size(); tap++) {
    if (!isRead[tap]) continue;
    slots_[tap] = static_cast<long>(taps_.size());
    taps_.push_back(static_cast<long>(tap));
  }
  const bool forward = direction == Direction::forward;
  const long kGroup = forward ? shape.cinPerGroup() : shape.coutPerGroup();
  const long columnsGroup = forward ? shape.coutPerGroup() : shape.cinPerGroup();
  const GroupBundles bundles(shape.groups, columnsGroup, tile_.groupColumns);
  for (long b = 0; b < bundles.count(); b++) {
    const long group = bundles.first(b), groups = bundles.size(b);
    bundles_.push_back({group * kGroup, group * columnsGroup, groups * kGroup,
                        groups * columnsGroup, group, groups});
    k_ = std::max(k_, groups * kGroup);
    for (long column = 0; column < groups * columnsGroup; column += tile_.columns) {
      panels_.push_back({b, column, std::min(tile_.columns, groups * columnsGroup - column)});
    }
  }
  k_ = (k_ + tile_.depth - 1) / tile_.depth * tile_.depth;
}

template <class T>
void PackedWeight<T>::pack(const RunContext& context, const float* weight, T* packed) const {
  const long slots = static_cast<long>(taps_.size()), panels = panelCount();
  const auto packOne = [&](long task, int) {
    packTap(context.kernels, weight, panel(task / slots), task % slots,
            packed + task * tapStride());
  };
  if (panels * panelStride() < elementBlock) {
    for (long task = 0; task < panels * slots; task++) packOne(task, 0);
  } else {
    context.pool.parallelFor(panels * slots, packOne);
  }
}

/** One panel of one tap, block-diagonal where the bundle has several groups. */
template <class T>
void PackedWeight<T>::packTap(const Kernels& kernels, const float* weight, const Panel& panel,
                             long slot, T* dst) const {
  const long cin = shape_.cinPerGroup(), cout = shape_.coutPerGroup(), ld = shape_.cout;
  const Bundle& bundle = this->bundle(panel);
  const bool forward = direction_ == Direction::forward;
  const float* tap = weight + taps_[static_cast<size_t>(slot)] * cin * ld + bundle.group * cout;
  if (bundle.groups == 1) {
    if (forward) {
      kernels.of<T>().packWeights(tap + panel.column, ld, bundle.k, panel.columns, dst);
    } else {
      kernels.of<T>().packWeightsTransposed(tap + panel.column * ld, ld, bundle.k, panel.columns,
                                            dst);
    }
    return;
  }
  std::fill(dst, dst + tapStride(), T{});
  constexpr long unit = vnniFactor<T>;
  for (long g = 0; g < bundle.groups; g++) {
    for (long i = 0; i < cin; i++) {
      for (long o = 0; o < cout; o++) {
        const long row = forward ? g * cin + i : g * cout + o;
        const long column = forward ? g * cout + o : g * cin + i;
        dst[(row / unit * tile_.columns + column) * unit + row % unit] =
            fromFloat<T>(tap[i * ld + g * cout + o]);
      }
    }
  }
}

template class PackedWeight<float>;
template class PackedWeight<bf16>;

}  // namespace resnet
