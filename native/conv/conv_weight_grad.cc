#include "conv_weight_grad.h"

#include <algorithm>
#include <cstring>

namespace resnet {
namespace {

constexpr long pieceRows = 512;      // K of one product: A and B of a block fit the second-level cache
constexpr long blockChannels = 128;   // rows and columns of a block of the result
constexpr long patchChannels = 8;     // images of fewer channels are gathered into patches
constexpr long wantedTasks = 32;      // tasks that keep many threads busy to the end
constexpr long piecesPerTask = 3;     // fewer would spend more on partial results than they gain
constexpr long mostPartialFloats = 4L << 20;  // of all partial results together

}  // namespace

ConvWeightGrad::ConvWeightGrad(const ConvShape& shape, const Kernels& kernels, int threads,
                               Scratch& scratch)
    : shape_(shape), tileRows_(kernels.tileRows), tileColumns_(kernels.tileColumns),
      patches_(shape.groups == 1 && shape.cin < patchChannels && shape.kh * shape.kw > 1),
      bundles_(shape.groups, shape.coutPerGroup(), kernels.tileColumns) {
  const bool merge = shape.stride == 1 || shape.n == 1;
  rowStep_ = shape.cin * (shape.n == 1 ? shape.stride : 1);
  vertical_ = outputRuns(shape.oh, shape.h, shape.kh, shape.stride, shape.padding, false);
  horizontal_ = outputRuns(shape.ow, shape.w, shape.kw, shape.stride, shape.padding, merge);
  pieces_ = rowBlocks(vertical_, horizontal_, shape.n, pieceRows);

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
  const Split partitions(pieces, std::max(1L, pieces / std::max(1L, std::min(
      wantedTasks / blocks, std::min(pieces / piecesPerTask, mostPartialFloats / outputSize_)))));
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
  packedPerThread_ = floats * static_cast<size_t>(mostBlockPanels * pieceRows * tileColumns_);
  packed_ = scratch.reserve(packedPerThread_ * static_cast<size_t>(threads));
  const long mostTiles = (blockChannels + tileRows_ - 1) / tileRows_;
  patchPerThread_ = floats * static_cast<size_t>(
      pieceRows * (patches_ ? productRows_ : mostTiles * tileRows_));
  patch_ = scratch.reserve(patchPerThread_ * static_cast<size_t>(threads));
}

long ConvWeightGrad::panelsOf(long bundle) const {
  return (columnsOf(bundle) + tileColumns_ - 1) / tileColumns_;
}

void ConvWeightGrad::run(const RunContext& context, const float* x, const float* dy,
                         float* dweight) const {
  const long tasks = static_cast<long>(blocks_.size() * (partitions_.size() - 1));
  float* partial = reinterpret_cast<float*>(context.scratch + partial_);
  context.pool.parallelFor(tasks, [&](long task, int thread) {
    runTask(context, x, dy, direct_ ? dweight : partial, task, thread);
  });
  if (!direct_) reduce(context, partial, dweight);
}

void ConvWeightGrad::runTask(const RunContext& context, const float* x, const float* dy,
                             float* out, long task, int thread) const {
  const long blockCount = static_cast<long>(blocks_.size());
  const Block& block = blocks_[static_cast<size_t>(task % blockCount)];
  const size_t partition = static_cast<size_t>(task / blockCount);
  float* packed = reinterpret_cast<float*>(context.scratch + packed_ +
                                           packedPerThread_ * static_cast<size_t>(thread));
  float* patches = reinterpret_cast<float*>(context.scratch + patch_ +
                                            patchPerThread_ * static_cast<size_t>(thread));
  float* packedRows = patches;
  out += direct_ ? 0 : static_cast<long>(partition) * outputSize_;
  // A product accumulates from its second piece on; taps no pixel meets are left zero.
  char* started = context.scratch + started_ + productTaps_ * thread;
  std::memset(started, 0, static_cast<size_t>(productTaps_));

  BrgemmTap operands = {x, packed};
  BrgemmCall call{};
  call.taps = &operands;
  call.tapCount = 1;
  call.ldb = tileColumns_;
  call.ldc = direct_ ? shape_.cout : tileColumns_;
  call.transposed = !patches_;
  call.ars = patches_ ? pieceRows : 1;
  call.aks = patches_ ? 1 : tileRows_;
  const Split tiles(block.rows, tileRows_);
  for (size_t p = partitions_[partition]; p < partitions_[partition + 1]; p++) {
    const RowBlock& piece = pieces_[p];
    const AxisRun& vertical = vertical_[static_cast<size_t>(piece.vertical)];
    const AxisRun& horizontal = horizontal_[static_cast<size_t>(piece.horizontal)];
    packOutputGrad(context.kernels, piece, block, dy, packed);
    call.k = piece.rows;
    if (patches_) {
      gatherPatches(piece, x, patches);
      call.accumulate = started[0];
      started[0] = 1;
      operands.a = patches + block.row * pieceRows;
      multiply(context, call, block, 0, out);
      continue;
    }
    const long channel = bundles_.first(block.bundle) * shape_.cinPerGroup() + block.row;
    for (const AxisTap& r : vertical.taps) {
      for (const AxisTap& s : horizontal.taps) {
        const long pixel = r.source * shape_.w + s.source, tap = tapRow(r, s);
        const float* rows = x + pixel * shape_.n * shape_.cin + piece.begin * rowStep_ + channel;
        context.kernels.packTransposedRows(rows, rowStep_, piece.rows, tiles.pieces, tiles.base,
                                           tiles.longer, packedRows);
        operands.a = packedRows;
        call.accumulate = started[tap];
        started[tap] = 1;
        multiply(context, call, block, tap, out);
      }
    }
  }
  call.tapCount = 0;
  call.accumulate = false;
  for (long tap = 0; tap < productTaps_; tap++) {
    if (!started[tap]) multiply(context, call, block, tap, out);
  }
}

void ConvWeightGrad::packOutputGrad(const Kernels& kernels, const RowBlock& piece,
                                    const Block& block, const float* dy, float* packed) const {
  const long pixel = vertical_[static_cast<size_t>(piece.vertical)].target * shape_.ow +
                     horizontal_[static_cast<size_t>(piece.horizontal)].target;
  const float* rows = dy + (pixel * shape_.n + piece.begin) * shape_.cout +
                      bundles_.first(block.bundle) * shape_.coutPerGroup();
  const long columns = columnsOf(block.bundle);
  for (long p = 0; p < block.panels; p++) {
    const long column = (block.panel + p) * tileColumns_;
    kernels.packPanel(rows + column, shape_.cout, piece.rows,
                      std::min(tileColumns_, columns - column),
                      packed + p * pieceRows * tileColumns_);
  }
}

/** patches[tap, channel][row]: what each output pixel of the piece reads; zero off the image. */
void ConvWeightGrad::gatherPatches(const RowBlock& piece, const float* x, float* patches) const {
  const AxisRun& vertical = vertical_[static_cast<size_t>(piece.vertical)];
  const AxisRun& horizontal = horizontal_[static_cast<size_t>(piece.horizontal)];
  const long cin = shape_.cin, taps = shape_.kh * shape_.kw;
  const size_t rowBytes = sizeof(float) * static_cast<size_t>(piece.rows);
  if (static_cast<long>(vertical.taps.size() * horizontal.taps.size()) < taps) {
    std::memset(patches, 0, sizeof(float) * static_cast<size_t>(productRows_ * pieceRows));
  }
  for (const AxisTap& r : vertical.taps) {
    for (const AxisTap& s : horizontal.taps) {
      const long pixel = r.source * shape_.w + s.source;
      const float* source = x + pixel * shape_.n * cin + piece.begin * rowStep_;
      for (long c = 0; c < cin; c++) {
        float* row = patches + (tapRow(r, s) * cin + c) * pieceRows;
        if (rowStep_ == 1) {
          std::memcpy(row, source, rowBytes);
        } else {
          for (long i = 0; i < piece.rows; i++) row[i] = source[i * rowStep_ + c];
        }
      }
    }
  }
}

/** The block of one tap: every tile of it += A^T · B over call.k rows. */
void ConvWeightGrad::multiply(const RunContext& context, BrgemmCall& call, const Block& block,
                              long tap, float* out) const {
  const Split tiles(block.rows, tileRows_);
  const long panels = direct_ ? 0 : outputSize_ / (bundles_.count() * productTaps_ * bundleRows_ *
                                                   tileColumns_);
  for (long p = 0; p < block.panels; p++) {
    const long panel = block.panel + p;
    float* c;
    if (direct_) {
      c = out + (tap * productRows_ + block.row) * shape_.cout +
          block.bundle * shape_.coutPerGroup() + panel * tileColumns_;
    } else {
      const long place = (block.bundle * productTaps_ + tap) * panels + panel;
      c = out + (place * bundleRows_ + block.row) * tileColumns_;
    }
    call.bOffset = p * pieceRows * tileColumns_;
    for (long tile = 0; tile < tiles.pieces; tile++) {
      call.rows = static_cast<int>(tiles.size(tile));
      call.aOffset = patches_ ? tiles.begin(tile) * pieceRows : tile * call.k * tileRows_;
      call.c = c + tiles.begin(tile) * call.ldc;
      context.kernels.brgemm(&call);
    }
  }
}

/** Adds the partitions in their order and unpacks tiles (and diagonal blocks) into dweight. */
void ConvWeightGrad::reduce(const RunContext& context, const float* partial,
                            float* dweight) const {
  const long rows = productTaps_ * productRows_;
  parallelBlocks(context, rows, std::max(1L, elementBlock / shape_.cout),
                 [&](long begin, long end) {
    for (long row = begin; row < end; row++) reduceRow(context, partial, dweight, row);
  });
}

/** One row of dweight: one tap and input channel of every group, all output channels. */
void ConvWeightGrad::reduceRow(const RunContext& context, const float* partial, float* dweight,
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
        context.kernels.accumulate(first + p * outputSize_, target, count);
      }
      column += count;
    }
  }
}

}  // namespace resnet
