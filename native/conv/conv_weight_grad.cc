#include "conv_weight_grad.h"

#include <algorithm>
#include <cstring>

namespace resnet {
namespace {

constexpr long groupRows = 512;       // K of a product: a block's A and B fit the L2 cache
constexpr long mostPieces = 64;       // of a group, which is summed as one product
constexpr long blockChannels = 128;   // rows and columns of a block of the result
constexpr long patchChannels = 8;     // images of fewer channels are gathered into patches
constexpr long wantedTasks = 32;      // tasks that keep many threads busy to the end
constexpr long rowsPerTask = 1536;    // fewer would spend more on partial results than they gain
constexpr long mostPartialFloats = 4L << 20;  // of all partial results together

/** The source pixel that a run's first pixel reads through a tap, or −1 off the image. */
long sourceAt(const AxisRun& run, long tap) {
  if (run.taps.empty()) return -1;
  const long index = tap - run.taps[0].tap;  // an output's taps are consecutive
  if (index < 0 || index >= static_cast<long>(run.taps.size())) return -1;
  return run.taps[static_cast<size_t>(index)].source;
}

}  // namespace

/** What one task works with. */
template <class T>
struct ConvWeightGrad<T>::Work {
  const ElementKernels<T>& kernels;
  const Block& block;
  const T *x, *dy;
  float* out;
  T* packed;       // dy: [panel][groupRows][tileColumns], in units of depth
  T* rows;         // x: patches, or rows packed tile by tile
  char* started;   // by tap: whether its product has a first part
  BrgemmTap<T> taps[mostPieces];
  BrgemmCall<T> call;
};

template <class T>
ConvWeightGrad<T>::ConvWeightGrad(const ConvShape& given, const Kernels& kernels, int threads,
                                  Scratch& scratch)
    : ConvWeightGrad(kernels, threads, scratch, flattened(given)) {}

template <class T>
ConvWeightGrad<T>::ConvWeightGrad(const Kernels& kernels, int threads, Scratch& scratch,
                                  const ConvShape& shape)
    : shape_(shape), tileRows_(kernels.tileRows), tileColumns_(kernels.tileColumns),
      patches_(shape.groups == 1 && shape.cin < patchChannels && shape.kh * shape.kw > 1),
      bundles_(shape.groups, shape.coutPerGroup(), kernels.tileColumns) {
  const bool merge = shape.stride == 1 || shape.n == 1;
  rowStep_ = shape.cin * (shape.n == 1 ? shape.stride : 1);
  vertical_ = outputRuns(shape.oh, shape.h, shape.kh, shape.stride, shape.padding, false);
  horizontal_ = outputRuns(shape.ow, shape.w, shape.kw, shape.stride, shape.padding, merge);
  pieces_ = rowBlocks(vertical_, horizontal_, shape.n, groupRows);

  productTaps_ = patches_ ? 1 : shape.kh * shape.kw;
  productRows_ = shape.cinPerGroup() * (patches_ ? shape.kh * shape.kw : 1);
  bundleRows_ = productRows_ * bundles_.perBundle;
  long allPanels = 0;
  for (long b = 0; b < bundles_.count(); b++) {
    const Split rows(bundles_.size(b) * productRows_, blockChannels);
    const Split panels(panelsOf(b), std::max(1L, blockChannels / tileColumns_));
    for (long p = 0; p < panels.pieces; p++) {
      for (long r = 0; r < rows.pieces; r++) {
        blocks_.push_back({b, rows.begin(r), rows.size(r), panels.begin(p), panels.size(p)});
      }
    }
    allPanels = std::max(allPanels, panelsOf(b));
  }

  // A partial result is [bundle][tap][panel][row][tileColumns], in tiles the kernel fills whole.
  outputSize_ = bundles_.count() * productTaps_ * allPanels * bundleRows_ * tileColumns_;
  const long pieces = static_cast<long>(pieces_.size());
  const long blocks = static_cast<long>(blocks_.size());
  const long wanted = std::min({wantedTasks / blocks, mostPartialFloats / outputSize_,
                                shape.oh * shape.ow * shape.n / rowsPerTask});
  const Split partitions(pieces, std::max(1L, pieces / std::max(1L, wanted)));
  for (long i = 0; i < partitions.pieces; i++) {
    partitions_.push_back(static_cast<size_t>(partitions.begin(i)));
  }
  partitions_.push_back(static_cast<size_t>(pieces));
  direct_ = partitions.pieces == 1 && bundles_.perBundle == 1 &&
            shape.coutPerGroup() % tileColumns_ == 0;

  const size_t floats = sizeof(float);
  if (!direct_) {
    partial_ = scratch.reserve(floats * static_cast<size_t>(partitions.pieces * outputSize_));
  }
  started_ = scratch.reserve(static_cast<size_t>(productTaps_ * threads));
  long mostBlockPanels = 0;
  for (const Block& block : blocks_) mostBlockPanels = std::max(mostBlockPanels, block.panels);
  packedPerThread_ = sizeof(T) * static_cast<size_t>(mostBlockPanels * groupRows * tileColumns_);
  packed_ = scratch.reserve(packedPerThread_ * static_cast<size_t>(threads));
  const long mostTiles = (blockChannels + tileRows_ - 1) / tileRows_;
  rowsPerThread_ = sizeof(T) * static_cast<size_t>(
      groupRows * (patches_ ? productRows_ : mostTiles * tileRows_));
  rows_ = scratch.reserve(rowsPerThread_ * static_cast<size_t>(threads));
}

template <class T>
long ConvWeightGrad<T>::panelsOf(long bundle) const {
  return (columnsOf(bundle) + tileColumns_ - 1) / tileColumns_;
}

template <class T>
void ConvWeightGrad<T>::run(const RunContext& context, const T* x, const T* dy,
                         float* dweight) const {
  const long tasks = static_cast<long>(blocks_.size() * (partitions_.size() - 1));
  float* partial = reinterpret_cast<float*>(context.scratch + partial_);
  context.pool.parallelFor(tasks, [&](long task, int thread) {
    runTask(context, x, dy, direct_ ? dweight : partial, task, thread);
  });
  if (!direct_) reduce(context, partial, dweight);
}

template <class T>
void ConvWeightGrad<T>::runTask(const RunContext& context, const T* x, const T* dy,
                             float* out, long task, int thread) const {
  const long blockCount = static_cast<long>(blocks_.size());
  const size_t partition = static_cast<size_t>(task / blockCount);
  const size_t end = partitions_[partition + 1];
  Work work{context.kernels.of<T>(), blocks_[static_cast<size_t>(task % blockCount)], x, dy,
            out + (direct_ ? 0 : static_cast<long>(partition) * outputSize_),
            reinterpret_cast<T*>(context.scratch + packed_ +
                                 packedPerThread_ * static_cast<size_t>(thread)),
            reinterpret_cast<T*>(context.scratch + rows_ +
                                 rowsPerThread_ * static_cast<size_t>(thread)),
            context.scratch + started_ + productTaps_ * thread, {}, {}};
  std::memset(work.started, 0, static_cast<size_t>(productTaps_));
  BrgemmCall<T>& call = work.call;
  call.taps = work.taps;
  call.ldb = tileColumns_;
  call.ldc = direct_ ? shape_.cout : tileColumns_;
  call.transposed = !patches_;
  call.ars = patches_ ? groupRows : 1;
  call.aks = patches_ ? 1 : tileRows_;
  for (size_t p = partitions_[partition]; p < end;) {
    // Pieces of the same number of rows are summed in registers, as the taps of one product.
    const long rows = packedRows(pieces_[p]);
    long count = 1;
    while (p + count < end && pieces_[p + count].rows == pieces_[p].rows && count < mostPieces &&
           (count + 1) * rows <= groupRows) {
      count++;
    }
    for (long i = 0; i < count; i++) packOutputGrad(work, pieces_[p + i], i * rows);
    if (patches_) {
      multiplyPatches(work, p, count);
    } else {
      for (long tap = 0; tap < productTaps_; tap++) multiplyTap(work, p, count, tap);
    }
    p += static_cast<size_t>(count);
  }
  // A product accumulates from its second group on; taps no pixel meets are zero.
  call.tapCount = 0;
  for (long tap = 0; tap < productTaps_; tap++) {
    if (!work.started[tap]) multiply(work, tap);
  }
}

/** Gathers the patches of `count` pieces side by side; their one product has all their rows. */
template <class T>
void ConvWeightGrad<T>::multiplyPatches(Work& work, size_t first, long count) const {
  const long rows = packedRows(pieces_[first]);
  for (long i = 0; i < count; i++) {
    gatherPatches(pieces_[first + static_cast<size_t>(i)], work.x, work.rows + i * rows);
  }
  work.taps[0] = {work.rows + work.block.row * groupRows, work.packed};
  work.call.tapCount = 1;
  work.call.k = count * rows;
  multiply(work, 0);
}

/** The product of one filter tap over those of the pieces whose pixels read through it. */
template <class T>
void ConvWeightGrad<T>::multiplyTap(Work& work, size_t first, long count, long tap) const {
  const Block& block = work.block;
  const Split tiles(block.rows, tileRows_);
  const long rows = packedRows(pieces_[first]);
  const long channel = bundles_.first(block.bundle) * shape_.cinPerGroup() + block.row;
  long used = 0;
  for (long i = 0; i < count; i++) {
    const RowBlock& piece = pieces_[first + static_cast<size_t>(i)];
    const long r = sourceAt(vertical_[static_cast<size_t>(piece.vertical)], tap / shape_.kw);
    const long s = sourceAt(horizontal_[static_cast<size_t>(piece.horizontal)], tap % shape_.kw);
    if (r < 0 || s < 0) continue;
    const T* source = work.x + (r * shape_.w + s) * shape_.n * shape_.cin +
                          piece.begin * rowStep_ + channel;
    T* packed = work.rows + used * tiles.pieces * rows * tileRows_;
    work.kernels.packTransposedRows(source, rowStep_, piece.rows, tiles.pieces, tiles.base,
                                    tiles.longer, packed);
    work.taps[used++] = {packed, work.packed + i * rows * tileColumns_};
  }
  if (used == 0) return;
  work.call.tapCount = used;
  work.call.k = rows;
  multiply(work, tap);
}

/** dy of one piece, from row `at` of each packed panel on. */
template <class T>
void ConvWeightGrad<T>::packOutputGrad(const Work& work, const RowBlock& piece, long at) const {
  const Block& block = work.block;
  const long pixel = vertical_[static_cast<size_t>(piece.vertical)].target * shape_.ow +
                     horizontal_[static_cast<size_t>(piece.horizontal)].target;
  const T* rows = work.dy + (pixel * shape_.n + piece.begin) * shape_.cout +
                      bundles_.first(block.bundle) * shape_.coutPerGroup();
  const long columns = columnsOf(block.bundle);
  for (long p = 0; p < block.panels; p++) {
    const long column = (block.panel + p) * tileColumns_;
    work.kernels.packPanel(rows + column, shape_.cout, piece.rows,
                           std::min(tileColumns_, columns - column),
                           work.packed + (p * groupRows + at) * tileColumns_);
  }
}

/** patches[tap, channel][row]: what each output pixel of the piece reads; zero off the image. */
template <class T>
void ConvWeightGrad<T>::gatherPatches(const RowBlock& piece, const T* x,
                                      T* patches) const {
  const AxisRun& vertical = vertical_[static_cast<size_t>(piece.vertical)];
  const AxisRun& horizontal = horizontal_[static_cast<size_t>(piece.horizontal)];
  const long cin = shape_.cin, taps = shape_.kh * shape_.kw;
  const size_t rowBytes = sizeof(T) * static_cast<size_t>(piece.rows);
  for (long row = 0; packedRows(piece) > piece.rows && row < productRows_; row++) {
    patches[row * groupRows + piece.rows] = T{};
  }
  if (static_cast<long>(vertical.taps.size() * horizontal.taps.size()) < taps) {
    for (long row = 0; row < productRows_; row++) {
      std::memset(patches + row * groupRows, 0, rowBytes);
    }
  }
  for (const AxisTap& r : vertical.taps) {
    for (const AxisTap& s : horizontal.taps) {
      const long pixel = r.source * shape_.w + s.source;
      const T* source = x + pixel * shape_.n * cin + piece.begin * rowStep_;
      for (long c = 0; c < cin; c++) {
        T* row = patches + ((r.tap * shape_.kw + s.tap) * cin + c) * groupRows;
        if (rowStep_ == 1) {
          std::memcpy(row, source, rowBytes);
        } else {
          for (long i = 0; i < piece.rows; i++) row[i] = source[i * rowStep_ + c];
        }
      }
    }
  }
}

/** The block of one tap: every tile of it (+)= Σ A^T · B over the call's taps. */
template <class T>
void ConvWeightGrad<T>::multiply(Work& work, long tap) const {
  const Block& block = work.block;
  BrgemmCall<T>& call = work.call;
  const Split tiles(block.rows, tileRows_);
  call.accumulate = work.started[tap];
  work.started[tap] = 1;
  const long panels = direct_ ? 0 : outputSize_ / (bundles_.count() * productTaps_ * bundleRows_ *
                                                   tileColumns_);
  for (long p = 0; p < block.panels; p++) {
    const long panel = block.panel + p;
    float* c;
    if (direct_) {
      c = work.out + (tap * productRows_ + block.row) * shape_.cout +
          block.bundle * shape_.coutPerGroup() + panel * tileColumns_;
    } else {
      const long place = (block.bundle * productTaps_ + tap) * panels + panel;
      c = work.out + (place * bundleRows_ + block.row) * tileColumns_;
    }
    call.bOffset = p * groupRows * tileColumns_;
    for (long tile = 0; tile < tiles.pieces; tile++) {
      call.rows = static_cast<int>(tiles.size(tile));
      call.aOffset = patches_ ? tiles.begin(tile) * groupRows : tile * call.k * tileRows_;
      call.c = c + tiles.begin(tile) * call.ldc;
      work.kernels.brgemm(&call);
    }
  }
}

/** Adds the partitions in their order and unpacks tiles (and diagonal blocks) into dweight. */
template <class T>
void ConvWeightGrad<T>::reduce(const RunContext& context, const float* partial,
                            float* dweight) const {
  const long rows = productTaps_ * productRows_;
  parallelBlocks(context, rows, std::max(1L, elementBlock / shape_.cout),
                 [&](long begin, long end) {
    for (long row = begin; row < end; row++) reduceRow(context, partial, dweight, row);
  });
}

/** One row of dweight: one tap and input channel of every group, all output channels. */
template <class T>
void ConvWeightGrad<T>::reduceRow(const RunContext& context, const float* partial, float* dweight,
                               long row) const {
  const long tap = row / productRows_, channel = row % productRows_;
  const long cout = shape_.coutPerGroup(), partitions = static_cast<long>(partitions_.size()) - 1;
  const long panels =
      outputSize_ / (bundles_.count() * productTaps_ * bundleRows_ * tileColumns_);
  float* out = dweight + row * shape_.cout;
  for (long group = 0; group < shape_.groups; group++) {
    const long bundle = group / bundles_.perBundle, inBundle = group % bundles_.perBundle;
    for (long column = 0; column < cout;) {
      const long wide = inBundle * cout + column, panel = wide / tileColumns_;
      const long lane = wide % tileColumns_, count = std::min(tileColumns_ - lane, cout - column);
      const long place = (bundle * productTaps_ + tap) * panels + panel;
      const float* first = partial +
          (place * bundleRows_ + inBundle * productRows_ + channel) * tileColumns_ + lane;
      float* target = out + group * cout + column;
      std::memcpy(target, first, sizeof(float) * static_cast<size_t>(count));
      for (long p = 1; p < partitions; p++) {
        context.kernels.of<float>().accumulate(first + p * outputSize_, target, count);
      }
      column += count;
    }
  }
}

template class ConvWeightGrad<float>;
template class ConvWeightGrad<bf16>;

}  // namespace resnet
