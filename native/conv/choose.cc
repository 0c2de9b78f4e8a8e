#include "choose.h"

#include <algorithm>

namespace resnet {
namespace {

// The processor. A core has 1 to 2 MiB of second-level cache, those with AMX 2 MiB.
constexpr long pageBytes = 4096;           // rows at multiples of this meet in the same few lines of a cache
constexpr long cachedWeightBytes = 384L << 10;  // a chunk's weight up to this stays in the second-level cache
constexpr long conflictFloats = 1024;      // matrices at multiples of this meet in the same lines
constexpr long lineOffsetFloats = 64;      // added to such a stride
constexpr long copyOffset = 32;            // added to the stride of copied rows

// Blocks of the direct product and of patches.
constexpr long maxBlockRows = 144;         // a multiple of the rows of every tile of vector registers
constexpr long maxTaskPanels = 16;         // whose sums a thread holds at a time
constexpr long tasksPerThread = 8;         // so that threads end together
constexpr long depthAmx = 4608;            // AMX multiplies 512 a cycle: sums should not go through memory
constexpr long depthVector = 576;

// Patches.
constexpr long shortRun = 32;              // mean rows of a run below which streaming the weight costs most
constexpr long fewChannels = 16;           // of a tap, below which starting it costs more than multiplying
constexpr long maxBlockPatch = 1152;       // k of patches that are gathered by block
constexpr long maxPatchElements = 8L << 20;  // of all patches gathered at once
constexpr long blocksPerThread = 4;        // below which blocks leave threads idle

// Winograd.
constexpr long positions = 16;
constexpr long minChannels = 32;           // of source and target, below which the transforms cost most
constexpr double minGain = 1.3;            // products saved, below which the transforms cost more than they save
constexpr long minRowsKept = 16;           // that transforming pays for with a filter that is kept transformed,
constexpr long minRowsAnew = 128;          // or is transformed in each run
constexpr long minMomentSamples = 16;      // records of moments are made for each window's samples
constexpr long windowBlockBytes = 768L << 10;  // of a block's windows and sums
constexpr long minWindowRows = 48, maxWindowRows = 144;  // of blocks that are tasks, whatever their bytes
constexpr long largeWindowBytes = 32L << 20;   // of all windows and sums, above which blocks are preferred
constexpr long blocksPerThreadLarge = 2;

constexpr long depthwiseElements = 2048;   // sums of a block, which stay in cache beside a tap's pixels

// The weight gradient.
constexpr long gradChannels = 128;         // rows and columns of a block of the result
constexpr long gradPatchChannels = 8;      // images of fewer channels are gathered into patches
constexpr long gradTasks = 32;             // keep many threads busy to the end
constexpr long gradRowsPerTask = 1536;     // fewer would spend more on partial results than they gain
constexpr long maxPartialFloats = 4L << 20;  // of all partial results together
constexpr long minPieceColumns = 8;        // fewer would pack the columns between two pieces too often
constexpr long minPieceSamples = 16;       // fewer would leave rows of memory short
constexpr long gradDepthAmx = 2048, gradDepthVector = 512;  // of a piece: more gains nothing
constexpr long gradBytesAmx = 1280L << 10, gradBytesVector = 640L << 10;  // of a piece's packed operands

bool isAmx(const Tile& tile) { return tile.depth == 32; }

long windowsAlong(long pixels) { return (pixels + 1) / 2; }

/** Products along one axis of a 3x3 filter of stride 1 that meet the image. */
long usedTaps(long target, long source, long padding) {
  long used = 0;
  for (long i = 0; i < target; i++) {
    used += std::min(source, i - padding + 3) - std::max(0L, i - padding);
  }
  return used;
}

/** Whether Winograd's transforms cost less than the products that they save. */
bool suitsWinograd(const ProductCase& product) {
  const ConvShape& shape = product.shape;
  if (product.elementBytes != sizeof(float)) return false;
  if (shape.kh != 3 || shape.kw != 3 || shape.stride != 1 || shape.groups != 1) return false;
  if (product.moments && shape.n < minMomentSamples) return false;
  if (shape.padding > 2 || std::min(shape.cin, shape.cout) < minChannels) return false;
  const bool forward = product.direction == Direction::forward;
  const long height = forward ? shape.oh : shape.h, width = forward ? shape.ow : shape.w;
  const long count = windowsAlong(height) * windowsAlong(width);
  const long used = usedTaps(shape.oh, shape.h, shape.padding) *
                    usedTaps(shape.ow, shape.w, shape.padding);
  return count * shape.n >= (product.keepsWeight ? minRowsKept : minRowsAnew) &&
         static_cast<double>(used) >= minGain * static_cast<double>(positions * count);
}

/** Mean rows of the runs of output pixels that read through the same taps. */
double meanRun(const ConvShape& shape) {
  const bool merge = shape.stride == 1 || shape.n == 1;
  const auto runs = outputRuns(shape.ow, shape.w, shape.kw, shape.stride, shape.padding, merge);
  return static_cast<double>(shape.ow * shape.n) / static_cast<double>(runs.size());
}

/** Only whether patches are gathered changes sums; threads decide between the two ways to gather. */
Method chooseGathering(const ProductCase& product) {
  const ConvShape& shape = product.shape;
  const long patch = shape.kh * shape.kw * shape.cin;
  if (product.direction != Direction::forward || shape.groups > 1) return Method::direct;
  if (patch == shape.cin || shape.oh * shape.ow == 1) return Method::direct;
  const long rows = shape.oh * shape.ow * shape.n;
  const bool few = shape.cin < fewChannels, small = rows * patch <= maxPatchElements;
  if (!few && (!small || meanRun(shape) >= shortRun)) return Method::direct;
  // By block, one task has all panels, so that patches stay in its cache.
  const bool fits = patch <= maxBlockPatch && shape.cout <= maxTaskPanels * product.tile.columns;
  const long blockRows = Blocking(product.tile).rows;
  if (fits && (few || rows >= blocksPerThread * product.threads * blockRows)) {
    return Method::patchesByBlock;
  }
  return small ? Method::patchesAtOnce : Method::direct;
}

}  // namespace

bool isDepthwise(const ConvShape& shape) {
  return shape.groups > 1 && shape.cin == shape.groups && shape.cout == shape.groups;
}

long depthwiseRows(const ConvShape& shape) {
  return std::min(shape.n, std::max(1L, depthwiseElements / shape.cin));
}

Method chooseMethod(const ProductCase& product) {
  return suitsWinograd(product) ? Method::winograd : chooseGathering(product);
}

Blocking::Blocking(const Tile& tile)
    : rows(maxBlockRows / tile.rows * tile.rows),
      depth(isAmx(tile)           ? depthAmx
            : tile.panelDepth > 0 ? tile.panelDepth
                                  : depthVector) {}

long choosePanelsPerTask(Method method, long blocks, long panels, int threads) {
  if (method == Method::patchesByBlock) return panels;
  const long parts = std::max(1L, (tasksPerThread * threads + blocks - 1) / blocks);
  return std::max(1L, std::min(maxTaskPanels, panels / parts));
}

bool copiesRows(Method method, const Tile& tile, long groups, long k, long rowStrideBytes) {
  return method == Method::direct && groups == 1 && 2 * k > Blocking(tile).depth &&
         rowStrideBytes % pageBytes == 0;
}

long copiedRowStride(const Tile& tile) { return Blocking(tile).depth + copyOffset; }

bool isRowMajorOrder(const Tile& tile, long chunkWeightBytes) {
  return tile.panelDepth == 0 && chunkWeightBytes <= cachedWeightBytes;
}

WinogradBlocking chooseWinogradBlocking(long rows, long sourceChannels, long sumColumns,
                                        const Tile& tile, int threads) {
  const long rowBytes = positions * (sourceChannels + sumColumns) * static_cast<long>(sizeof(float));
  const long blockRows = std::clamp(windowBlockBytes / rowBytes, minWindowRows, maxWindowRows) /
                         tile.rows * tile.rows;
  const bool large = rows * rowBytes > largeWindowBytes;
  const long blocks = (large ? blocksPerThreadLarge : blocksPerThread) * threads;
  return {blockRows, rows >= blocks * blockRows};
}

long winogradProductRows() { return maxWindowRows; }

long winogradPositionStride(long rows, long channels) {
  return (rows * channels + conflictFloats - 1) / conflictFloats * conflictFloats + lineOffsetFloats;
}

bool gradTakesPatches(const ConvShape& shape) {
  return shape.groups == 1 && shape.cin < gradPatchChannels && shape.kh * shape.kw > 1;
}

long gradBlockChannels() { return gradChannels; }

GradPiece chooseGradPiece(const ConvShape& shape, const PiecePacking& packing, const Tile& tile) {
  const long maxDepth = isAmx(tile) ? gradDepthAmx : gradDepthVector;
  const long maxBytes = isAmx(tile) ? gradBytesAmx : gradBytesVector;
  const auto half = [](long count) { return (count + 1) / 2; };
  GradPiece piece{0, 1, 0, shape.ow, 0, shape.n};
  const auto fits = [&](const GradPiece& p) {
    const long columns = PackedColumns(shape, p.columns).count();
    const long rows = std::min(shape.h, readBy(p.rows, shape.stride, shape.kh));
    const long samples = (p.samples + packing.depth - 1) / packing.depth * packing.depth;
    return samples * (rows * columns * packing.sourceBytes +
                      p.rows * p.columns * packing.outputBytes) <= maxBytes;
  };
  const long minColumns = shape.kw > 1 ? minPieceColumns : 1;
  while (!fits(piece) && piece.columns > minColumns) piece.columns = half(piece.columns);
  const long minSamples = std::max(minPieceSamples, packing.depth);
  while (!fits(piece) && piece.samples > minSamples) piece.samples = half(piece.samples);
  while (piece.rows < shape.oh && piece.rows * piece.columns * piece.samples < maxDepth) {
    GradPiece higher = piece;
    higher.rows++;
    if (!fits(higher)) break;
    piece = higher;
  }
  return piece;
}

long chooseGradPartitions(long blocks, long partialFloats, long rows, long pieces) {
  const long wanted = std::max(1L, std::min({gradTasks / blocks, maxPartialFloats / partialFloats,
                                             rows / gradRowsPerTask}));
  return std::min(wanted, pieces);
}

}  // namespace resnet
