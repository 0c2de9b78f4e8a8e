#include "conv_weight_grad.h"

#include <algorithm>
#include <cstring>

#include "choose.h"
#include "patches.h"
#include "products.h"

namespace resnet {
/** The operands and the memory of one task. */
template <class T>
struct ConvWeightGrad<T>::Work {
  const ElementKernels<T>& kernels;
  const Block& block;
  const T *x, *dy;
  float* out;
  T* packed;         // dy: [panel][row of the piece][tile.columns], in units of depth
  T* rows;           // x: patches, or packed rows of the image, tile by tile
  BrgemmTap<T>* taps;
  char* started;     // by tap: whether its product has a first part
  long sourceEnd;    // rows of x before this one are packed, where pieces follow each other
  BrgemmCall<T> call;
};

template <class T>
ConvWeightGrad<T>::ConvWeightGrad(const ConvShape& given, const Kernels& kernels, int threads,
                                  Scratch& scratch)
    : ConvWeightGrad(kernels, threads, scratch, flattened(given)) {}

template <class T>
ConvWeightGrad<T>::ConvWeightGrad(const Kernels& kernels, int threads, Scratch& scratch,
                                  const ConvShape& shape)
    : shape_(shape), tile_(kernels.of<T>().tile),
      patches_(gradTakesPatches(shape)),
      bundles_(shape.groups, shape.coutPerGroup(), tile_.groupColumns) {
  productTaps_ = patches_ ? 1 : shape.kh * shape.kw;
  productRows_ = shape.cinPerGroup() * (patches_ ? shape.kh * shape.kw : 1);
  bundleRows_ = productRows_ * bundles_.perBundle;
  long blockRows = 0, blockPanels = 0;
  for (long b = 0; b < bundles_.count(); b++) {
    const Split rows(bundles_.size(b) * productRows_, gradBlockChannels());
    const Split panels(panelsOf(b), std::max(1L, gradBlockChannels() / tile_.columns));
    for (long p = 0; p < panels.pieces; p++) {
      for (long r = 0; r < rows.pieces; r++) {
        blocks_.push_back({b, rows.begin(r), rows.size(r), panels.begin(p), panels.size(p)});
        blockRows = std::max(blockRows, rows.size(r));
        blockPanels = std::max(blockPanels, panels.size(p));
      }
    }
    panels_ = std::max(panels_, panelsOf(b));
  }
  // A partial result is [bundle][tap][panel][row][tile.columns]; columns that nobody wants are left.
  outputSize_ = bundles_.count() * productTaps_ * panels_ * bundleRows_ * tile_.columns;
  makePieces(blockRows, blockPanels);
  direct_ = partitions_.size() == 2 && bundles_.perBundle == 1 &&
            shape.coutPerGroup() % tile_.columns == 0;

  const auto reserve = [&](size_t bytes) {  // for each thread
    const Place place{0, (bytes + 63) / 64 * 64};
    return Place{scratch.reserve(place.bytes * static_cast<size_t>(threads)), place.bytes};
  };
  if (!direct_) {
    partial_ = scratch.reserve(sizeof(float) * (partitions_.size() - 1) *
                               static_cast<size_t>(outputSize_));
  }
  started_ = reserve(static_cast<size_t>(productTaps_));
  taps_ = reserve(sizeof(BrgemmTap<T>) * static_cast<size_t>(patches_ ? 1 : largest_.rows));
  packed_ = reserve(sizeof(T) * static_cast<size_t>(blockPanels * pieceRows_ * tile_.columns));
  rows_ = reserve(sizeof(T) * static_cast<size_t>(
      patches_ ? productRows_ * pieceRows_ : sourceRows_ * sourceRowSize_));
}

/** Pieces of the depth, and partitions of them where the blocks alone are too few tasks. */
template <class T>
void ConvWeightGrad<T>::makePieces(long blockRows, long blockPanels) {
  const long size = static_cast<long>(sizeof(T)), tiles = (blockRows + tile_.rows - 1) / tile_.rows;
  ConvShape packing = shape_;
  if (patches_) packing.kh = packing.kw = packing.stride = 1;  // patches share nothing
  largest_ = chooseGradPiece(packing, {size * (patches_ ? productRows_ : tiles * tile_.rows),
                                    size * blockPanels * tile_.columns, tile_.depth},
                             tile_);
  pieces_ = gradPieces(packing, largest_);
  pieceRows_ = largest_.rows * largest_.columns * paddedSamples(largest_);
  sourceRows_ = std::min(shape_.h, readBy(largest_.rows, shape_.stride, shape_.kh));
  sourceRowSize_ = tiles * tile_.rows * PackedColumns(shape_, largest_.columns).count() *
                   paddedSamples(largest_);

  const long pieces = static_cast<long>(pieces_.size());
  const long blocks = static_cast<long>(blocks_.size());
  const long rows = shape_.oh * shape_.ow * shape_.n;
  const long count = chooseGradPartitions(blocks, outputSize_, rows, pieces);
  for (long i = 0; i <= count; i++) partitions_.push_back(static_cast<size_t>(i * pieces / count));
}

template <class T>
long ConvWeightGrad<T>::panelsOf(long bundle) const {
  return (columnsOf(bundle) + tile_.columns - 1) / tile_.columns;
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
  const auto own = [&](const Place& place) {
    return context.scratch + place.offset + place.bytes * static_cast<size_t>(thread);
  };
  Work work{context.kernels.of<T>(), blocks_[static_cast<size_t>(task % blockCount)], x, dy,
            out + (direct_ ? 0 : static_cast<long>(partition) * outputSize_),
            reinterpret_cast<T*>(own(packed_)), reinterpret_cast<T*>(own(rows_)),
            reinterpret_cast<BrgemmTap<T>*>(own(taps_)), own(started_), 0, {}};
  std::memset(work.started, 0, static_cast<size_t>(productTaps_));
  BrgemmCall<T>& call = work.call;
  call.taps = work.taps;
  call.ldc = direct_ ? shape_.cout : tile_.columns;
  call.transposed = !patches_;
  call.lda = patches_ ? pieceRows_ : 1;
  const Products products(context.kernels);
  const size_t begin = partitions_[partition], end = partitions_[partition + 1];
  for (size_t p = begin; p < end; p++) {
    const GradPiece& piece = pieces_[p];
    packOutputGrad(work, piece);
    if (patches_) {
      multiplyPatches(work, piece);
    } else {
      packSource(work, piece, p > begin && piece.isBelow(pieces_[p - 1]));
      for (long tap = 0; tap < productTaps_; tap++) multiplyTap(work, piece, tap);
    }
  }
  // A product accumulates from its second piece on; taps no pixel meets are zero.
  call.tapCount = 0;
  for (long tap = 0; tap < productTaps_; tap++) {
    if (!work.started[tap]) multiply(work, tap, 0);
  }
}

/** dy of one piece, panel by panel. */
template <class T>
void ConvWeightGrad<T>::packOutputGrad(const Work& work, const GradPiece& piece) const {
  const Block& block = work.block;
  const long columns = columnsOf(block.bundle), samples = paddedSamples(piece);
  for (long i = 0; i < piece.rows; i++) {
    for (long j = 0; j < piece.columns; j++) {
      const long pixel = (piece.row + i) * shape_.ow + piece.column + j;
      const T* rows = work.dy + (pixel * shape_.n + piece.sample) * shape_.cout +
                      bundles_.first(block.bundle) * shape_.coutPerGroup();
      for (long p = 0; p < block.panels; p++) {
        const long column = (block.panel + p) * tile_.columns;
        const long at = p * pieceRows_ + (i * piece.columns + j) * samples;
        work.kernels.packPanel(rows + column, shape_.cout, piece.samples,
                               std::min(tile_.columns, columns - column),
                               work.packed + at * tile_.columns);
      }
    }
  }
}

/** The rows of x that a piece reads; `below` another, it finds some of them packed. */
template <class T>
void ConvWeightGrad<T>::packSource(Work& work, const GradPiece& piece, bool below) const {
  const long top = piece.row * shape_.stride - shape_.padding;
  const long end = std::min(shape_.h, top + readBy(piece.rows, shape_.stride, shape_.kh));
  long row = std::max(0L, top);
  if (below) row = std::max(row, work.sourceEnd);
  for (; row < end; row++) {
    if ((row + shape_.padding) % shape_.stride < shape_.kh) packSourceRow(work, piece, row);
  }
  work.sourceEnd = end;
}

/** One row of x, transposed: [tile][place of PackedColumns][sample][tile.rows]. */
template <class T>
void ConvWeightGrad<T>::packSourceRow(const Work& work, const GradPiece& piece, long row) const {
  const Block& block = work.block;
  const PackedColumns places(shape_, piece.columns);
  const long samples = paddedSamples(piece), tileStride = places.count() * samples * tile_.rows;
  const long channel = bundles_.first(block.bundle) * shape_.cinPerGroup() + block.row;
  T* packed = work.rows + row % sourceRows_ * sourceRowSize_;
  for (long place = 0; place < places.count(); place++, packed += samples * tile_.rows) {
    const long column = (piece.column + place % places.perResidue) * shape_.stride +
                        place / places.perResidue - shape_.padding;
    if (column < 0 || column >= shape_.w) continue;
    const T* source =
        work.x + ((row * shape_.w + column) * shape_.n + piece.sample) * shape_.cin + channel;
    work.kernels.packTransposedRows(source, shape_.cin, piece.samples, block.rows, tileStride, packed);
  }
}

/** The product of one filter tap over those of the piece's pixels that read through it. */
template <class T>
void ConvWeightGrad<T>::multiplyTap(Work& work, const GradPiece& piece, long tap) const {
  const long r = tap / shape_.kw, s = tap % shape_.kw;
  const PackedColumns places(shape_, piece.columns);
  // Columns j of the piece with 0 ≤ (column + j) · stride + s − padding < w.
  const long left = shape_.padding - s - piece.column * shape_.stride;
  const long first = left <= 0 ? 0 : (left + shape_.stride - 1) / shape_.stride;
  const long last = std::min(piece.columns - 1, (shape_.w - 1 + left) / shape_.stride);
  if (shape_.w - 1 + left < 0 || first > last) return;
  const long samples = paddedSamples(piece);
  long used = 0;
  for (long i = 0; i < piece.rows; i++) {
    const long row = (piece.row + i) * shape_.stride + r - shape_.padding;
    if (row < 0 || row >= shape_.h) continue;
    work.taps[used++] = {
        work.rows + row % sourceRows_ * sourceRowSize_ +
            (places.of(s) + first) * samples * tile_.rows,
        work.packed + (i * piece.columns + first) * samples * tile_.columns};
  }
  if (used == 0) return;
  work.call.tapCount = used;
  work.call.k = (last + 1 - first) * samples;
  multiply(work, tap, places.count() * samples * tile_.rows);
}

/** Gathers the piece's patches and takes their product. */
template <class T>
void ConvWeightGrad<T>::multiplyPatches(Work& work, const GradPiece& piece) const {
  const long taps = shape_.kh * shape_.kw;
  for (long tap = 0; tap < taps; tap++) {
    gatherTap(shape_, piece, tap, work.x, paddedSamples(piece), pieceRows_, work.rows);
  }
  work.taps[0] = {work.rows + work.block.row * pieceRows_, work.packed};
  work.call.tapCount = 1;
  work.call.k = piece.rows * piece.columns * paddedSamples(piece);
  multiply(work, 0, 0);
}

/** The block of one tap (+)= Σ A^T · B over the call's taps, so much at a time as the kernel wants. */
template <class T>
void ConvWeightGrad<T>::multiply(Work& work, long tap, long tileStride) const {
  const BrgemmCall<T> whole = work.call;
  if (tile_.panelDepth == 0 || whole.tapCount == 0) return multiplyChunk(work, tap, tileStride, 0);
  const Split taps(whole.tapCount, std::max(1L, tile_.panelDepth / whole.k));
  const Split depth(whole.k, tile_.panelDepth);
  BrgemmCall<T>& call = work.call;
  for (long t = 0; t < taps.pieces; t++) {
    call.taps = whole.taps + taps.begin(t);
    call.tapCount = taps.size(t);
    for (long d = 0; d < depth.pieces; d++) {
      call.k = depth.size(d);
      multiplyChunk(work, tap, tileStride, depth.begin(d));
    }
  }
  call = whole;
}

/** Every tile of the block of one tap (+)= Σ A^T · B from `depth` on. */
template <class T>
void ConvWeightGrad<T>::multiplyChunk(Work& work, long tap, long tileStride, long depth) const {
  const Block& block = work.block;
  BrgemmCall<T>& call = work.call;
  const Split tiles(block.rows, tile_.rows, tile_.rows);
  call.accumulate = work.started[tap];
  work.started[tap] = 1;
  for (long p = 0; p < block.panels; p++) {
    const long panel = block.panel + p;
    float* c;
    if (direct_) {
      c = work.out + (tap * productRows_ + block.row) * shape_.cout +
          block.bundle * shape_.coutPerGroup() + panel * tile_.columns;
    } else {
      const long place = (block.bundle * productTaps_ + tap) * panels_ + panel;
      c = work.out + (place * bundleRows_ + block.row) * tile_.columns;
    }
    call.columns =
        static_cast<int>(std::min(tile_.columns, columnsOf(block.bundle) - panel * tile_.columns));
    call.bOffset = (p * pieceRows_ + depth) * tile_.columns;
    for (long tile = 0; tile < tiles.pieces; tile++) {
      call.rows = static_cast<int>(tiles.size(tile));
      call.aOffset = patches_ ? tiles.begin(tile) * pieceRows_ + depth
                              : tile * tileStride + depth * tile_.rows;
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
  float* out = dweight + row * shape_.cout;
  for (long group = 0; group < shape_.groups; group++) {
    const long bundle = group / bundles_.perBundle, inBundle = group % bundles_.perBundle;
    for (long column = 0; column < cout;) {
      const long wide = inBundle * cout + column, panel = wide / tile_.columns;
      const long lane = wide % tile_.columns, count = std::min(tile_.columns - lane, cout - column);
      const long place = (bundle * productTaps_ + tap) * panels_ + panel;
      const float* first = partial +
          (place * bundleRows_ + inBundle * productRows_ + channel) * tile_.columns + lane;
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
