// reduce.cc: sums, means and extrema over axes, and their gradients.

#include <cmath>

#include "../element.h"
#include "strided_loop.h"

namespace resnet {
namespace {

/** The axes of an array as a reduction walks them: neighbours that are both reduced, or both kept, are one. */
struct ReducedAxes {
  struct Axis {
    long size, stride;
    bool isReduced;
  };
  std::vector<Axis> axes;
  long kept = 1, reduced = 1;  // numbers of elements

  ReducedAxes(const Shape& shape, const std::vector<double>& over) {
    const Strides strides = stridesOf(shape);
    for (size_t i = 0; i < shape.size(); i++) {
      const bool isReduced = std::find(over.begin(), over.end(), static_cast<double>(i)) != over.end();
      (isReduced ? reduced : kept) *= shape[i];
      if (shape[i] == 1) continue;
      if (!axes.empty() && axes.back().isReduced == isReduced) {
        axes.back().size *= shape[i];
        axes.back().stride = strides[i];
      } else {
        axes.push_back({shape[i], strides[i], isReduced});
      }
    }
    if (axes.empty()) axes.push_back({1, 1, false});
  }

  bool lastIsReduced() const { return axes.back().isReduced; }

  /** Where element `index` of the kept axes begins, or of the reduced ones; the last axis may be left out. */
  long place(bool ofReduced, long index, bool withoutLast) const {
    long place = 0;
    for (size_t i = axes.size() - (withoutLast ? 1 : 0); i-- > 0;) {
      if (axes[i].isReduced != ofReduced) continue;
      place += index % axes[i].size * axes[i].stride;
      index /= axes[i].size;
    }
    return place;
  }
};

constexpr long columnsAtOnce = 256;

/** Refuses axes that do not ascend within the shape. */
void requireAxes(const OpReader& op, const std::vector<double>& axes, const Shape& shape) {
  double last = -1;
  for (double axis : axes) {
    if (!(axis > last && axis < static_cast<double>(shape.size()))) {
      op.fail("the axes must ascend within the shape " + formatShape(shape));
    }
    last = axis;
  }
}

Shape reducedShape(const Shape& shape, const std::vector<double>& axes, bool keepDims) {
  Shape result;
  for (size_t i = 0; i < shape.size(); i++) {
    const bool isReduced = std::find(axes.begin(), axes.end(), static_cast<double>(i)) != axes.end();
    if (!isReduced) result.push_back(shape[i]);
    else if (keepDims) result.push_back(1);
  }
  return result;
}

/**
 * A reduction as tasks: each makes the totals of some neighbouring kept elements (one, if the last axis is reduced) over a part of the
 * reduced elements. Parts depend on the shape alone, and their totals are combined in their order.
 */
class Reducer {
 public:
  Reducer(const ReducedAxes& axes, Reduction function, Scratch& scratch)
      : axes_(axes), function_(function) {
    const long last = axes_.axes.back().size;
    columns_ = axes_.lastIsReduced() ? 1 : std::min(last, columnsAtOnce);
    blocksPerRow_ = axes_.lastIsReduced() ? 1 : (last + columnsAtOnce - 1) / columnsAtOnce;
    groups_ = axes_.lastIsReduced() ? axes_.kept : axes_.kept / last * blocksPerRow_;
    run_ = axes_.lastIsReduced() ? last : 1;  // reduced elements side by side
    const long runs = axes_.reduced / run_;
    parts_ = std::min(runs, (axes_.reduced * columns_ + elementBlock - 1) / elementBlock);
    pieces_ = 1;
    if (axes_.lastIsReduced() && runs < 8) {  // long runs are cut
      pieces_ = (run_ + elementBlock - 1) / elementBlock;
      parts_ = runs * pieces_;
    }
    totals_ = scratch.reserve(sizeof(double) * static_cast<size_t>(groups_ * parts_ * columns_));
  }

  /** Calls finish(kept element, total) for every kept element. */
  template <class T, class Finish>
  void run(const RunContext& context, const T* x, const Finish& finish) const {
    double* totals = reinterpret_cast<double*>(context.scratch + totals_);
    const long work = std::max(1L, axes_.reduced * columns_ / parts_);
    parallelBlocks(context, groups_ * parts_, std::max(1L, elementBlock / work),
                   [&](long begin, long end) {
      for (long task = begin; task < end; task++) {
        reducePart(context, x, task / parts_, task % parts_, totals + task * columns_);
      }
    });
    parallelBlocks(context, groups_, std::max(1L, elementBlock / (columns_ * parts_)),
                   [&](long begin, long end) {
      for (long group = begin; group < end; group++) {
        double* first = totals + group * parts_ * columns_;
        for (long c = 0; c < width(group); c++) {
          double total = first[c];
          for (long part = 1; part < parts_; part++) {
            const double other = first[part * columns_ + c];
            if (function_ == Reduction::sum) total += other;
            else if (wins(other, total)) total = other;
          }
          finish(firstKept(group) + c, total);
        }
      }
    });
  }

 private:
  bool wins(double value, double total) const {
    return (function_ == Reduction::max ? value > total : value < total) || std::isnan(value);
  }
  long width(long group) const {
    if (axes_.lastIsReduced()) return 1;
    const long first = group % blocksPerRow_ * columns_;
    return std::min(columns_, axes_.axes.back().size - first);
  }
  long firstKept(long group) const {
    if (axes_.lastIsReduced()) return group;
    return group / blocksPerRow_ * axes_.axes.back().size + group % blocksPerRow_ * columns_;
  }

  template <class T>
  void reducePart(const RunContext& context, const T* x, long group, long part,
                  double* totals) const {
    const double start = function_ == Reduction::sum ? 0
                         : function_ == Reduction::max ? -INFINITY : INFINITY;
    std::fill(totals, totals + columns_, start);
    const T* first = x + axes_.place(false, firstKept(group), false);
    const auto& kernels = context.kernels.of<T>();
    if (!axes_.lastIsReduced()) {
      const long begin = axes_.reduced * part / parts_, end = axes_.reduced * (part + 1) / parts_;
      for (long i = begin; i < end; i++) {
        kernels.reduceColumns(function_, first + axes_.place(true, i, false), width(group), totals);
      }
      return;
    }
    if (pieces_ > 1) {
      const long begin = part % pieces_ * elementBlock;
      kernels.reduceRun(function_, first + axes_.place(true, part / pieces_, true) + begin,
                        std::min(elementBlock, run_ - begin), totals);
      return;
    }
    const long runs = axes_.reduced / run_;
    for (long i = runs * part / parts_; i < runs * (part + 1) / parts_; i++) {
      kernels.reduceRun(function_, first + axes_.place(true, i, true), run_, totals);
    }
  }

  ReducedAxes axes_;
  Reduction function_;
  long columns_, blocksPerRow_, groups_, run_, parts_, pieces_;
  size_t totals_;
};

}  // namespace

KernelCall makeReduce(OpReader& op) {
  const Operand x = op.input("x"), y = op.output("y");
  const std::vector<double>& over = op.numbers("axes");
  requireAxes(op, over, x.shape());
  op.requireShape("y", y, reducedShape(x.shape(), over, op.flag("keepDims")));
  const std::string& name = op.word("function");
  const ReducedAxes axes(x.shape(), over);
  const double count = name == "mean" ? static_cast<double>(axes.reduced) : 1;
  const Reduction function =
      name == "max" ? Reduction::max : name == "min" ? Reduction::min : Reduction::sum;
  const Reducer reducer(axes, function, op.scratch);
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      T* result = y.in<T>(context);
      reducer.run(context, x.in<T>(context), [&](long i, double total) {
        result[i] = fromFloat<T>(static_cast<float>(total / count));
      });
    };
  });
}

KernelCall makeReduceGrad(OpReader& op) {
  const Operand dy = op.input("dy"), x = op.input("x"), y = op.input("y"), dx = op.output("dx");
  const std::vector<double>& over = op.numbers("axes");
  const std::string& name = op.word("function");
  requireAxes(op, over, dx.shape());
  const ReducedAxes axes(dx.shape(), over);
  const bool isExtremum = name == "max" || name == "min";
  if (isExtremum != static_cast<bool>(x) || isExtremum != static_cast<bool>(y)) {
    op.fail("it takes x and y of an extremum, and only then");
  }
  if (dy.elements() != axes.kept || (y && y.elements() != axes.kept)) {
    op.fail("dy and y must have " + std::to_string(axes.kept) + " elements");
  }
  if (isExtremum) {
    return byElement(op.element, [&](auto zero) -> KernelCall {
      using T = decltype(zero);
      return [=](const RunContext& context) {
        parallelBlocks(context, axes.kept, std::max(1L, elementBlock / axes.reduced),
                       [&](long begin, long end) {
          for (long k = begin; k < end; k++) {
            const long first = axes.place(false, k, false);
            const float best = toFloat(y.in<T>(context)[k]), given = toFloat(dy.in<T>(context)[k]);
            const auto isBest = [&](long i) -> float {
              return toFloat(x.in<T>(context)[first + axes.place(true, i, false)]) == best ? 1 : 0;
            };
            float count = 0;
            for (long i = 0; i < axes.reduced; i++) count += isBest(i);
            for (long i = 0; i < axes.reduced; i++) {
              dx.in<T>(context)[first + axes.place(true, i, false)] =
                  fromFloat<T>(given * isBest(i) / count);
            }
          }
        });
      };
    });
  }
  const float factor = name == "mean" ? static_cast<float>(1.0 / static_cast<double>(axes.reduced)) : 1;
  const Shape kept = reducedShape(dx.shape(), over, true);
  const StridedLoop loop(dx.shape(), {stridesOf(dx.shape()), broadcastStrides(kept, dx.shape())});
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      loop.run(context, [&](const long* places, long count) {
        const BinaryCall<T> call{Binary::mul,
                                 {dy.in<T>(context) + places[1], loop.step(1)},
                                 {nullptr, 0},
                                 dx.in<T>(context) + places[0],
                                 count,
                                 factor};
        context.kernels.of<T>().binary(&call);
      });
    };
  });
}

}  // namespace resnet
