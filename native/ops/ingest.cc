// ingest.cc: from rows of a data set to the first activation and the labels of a batch.

#include <algorithm>
#include <memory>

#include "../error.h"
#include "../element.h"
#include "op.h"

namespace resnet {
namespace {

void checkIndices(const std::string& label, const int32_t* indices, long count, long rows) {
  for (long n = 0; n < count; n++) {
    if (indices[n] >= 0 && indices[n] < rows) continue;
    throw EngineError("ERR_INDEX", label + ": index " + std::to_string(n) + " is " +
                                       std::to_string(indices[n]) + " but rows run from 0 to " +
                                       std::to_string(rows - 1));
  }
}

/** Where the pixels of one sample come from; as the op's placement has it. */
struct Placement {
  int32_t rowStart = 0, rowKernelCall = 1, columnStart = 0, columnKernelCall = 1;
  int32_t top = 0, left = 0, bottom = 0, right = 0;
};
constexpr long placementNumbers = 8;
/** Samples that one thread takes through an image together. */
constexpr long samplesTogether = 16;
static_assert(sizeof(Placement) == placementNumbers * sizeof(int32_t), "read as it is stored");

/** What the bytes of each channel become: 256 values for each, and those of two fixed colours. */
template <class T>
struct Palette {
  std::vector<T> values;           // [C, 256]
  std::vector<T> outside, erased;  // [C]
};

/** What stays the same from run to run; sizes in pixels. */
struct IngestShape {
  long rows, height, width, channels, batch, outHeight, outWidth;
};

/**
 * Samples begin … end−1 of a batch: pixel by pixel through all of them, so that a cache line of the
 * result is written at once.
 */
template <class T>
void ingestBlock(const IngestShape& s, const Palette<T>& palette, const uint8_t* bytes,
                 const int32_t* rowOf, const Placement* placement, T* out, long begin, long end) {
  const Placement still;
  const uint8_t* line[samplesTogether];  // the image's row that this row of the result reads, if any
  for (long h = 0; h < s.outHeight; h++) {
    for (long n = begin; n < end; n++) {
      const Placement& p = placement ? placement[n] : still;
      const long row = p.rowStart + p.rowKernelCall * h;
      const bool isInside = row >= 0 && row < s.height;
      line[n - begin] =
          isInside ? bytes + (rowOf[n] * s.height + row) * s.width * s.channels : nullptr;
    }
    for (long w = 0; w < s.outWidth; w++) {
      for (long n = begin; n < end; n++) {
        const Placement& p = placement ? placement[n] : still;
        const long column = p.columnStart + p.columnKernelCall * w;
        T* target = out + ((h * s.outWidth + w) * s.batch + n) * s.channels;
        if (h >= p.top && h < p.bottom && w >= p.left && w < p.right) {
          std::copy_n(palette.erased.data(), s.channels, target);
        } else if (line[n - begin] && column >= 0 && column < s.width) {
          const uint8_t* pixel = line[n - begin] + column * s.channels;
          const T* values = palette.values.data();
          for (long c = 0; c < s.channels; c++, values += 256) target[c] = values[pixel[c]];
        } else {
          std::copy_n(palette.outside.data(), s.channels, target);
        }
      }
    }
  }
}

}  // namespace

KernelCall makeIngest(OpReader& op) {
  const Operand images = op.input("images"), indices = op.input("indices");
  const Operand placement = op.input("placement");
  const Operand x = op.output("x");
  const Shape& in = images.shape();
  const long batch = indices.shape()[0], channels = in[3];
  const IngestShape shape{in[0], in[1], in[2], channels, batch,
                          placement ? x.shape()[0] : in[1], placement ? x.shape()[1] : in[2]};
  op.requireShape("x", x, {shape.outHeight, shape.outWidth, batch, channels});
  std::vector<double> outside(static_cast<size_t>(channels)), erased = outside;
  if (placement) {
    if (!op.has("size")) op.fail("a placement needs the attribute size");
    outside = op.numbers("fill");
    erased = op.numbers("eraseFill");
  }
  const auto mean = op.numbers("mean");
  const auto deviation = op.numbers("std");
  const std::string label = op.label();
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    // A byte has 256 values: what each becomes is looked up, channel by channel.
    const auto palette = std::make_shared<Palette<T>>();
    for (size_t c = 0; c < mean.size(); c++) {
      const float center = static_cast<float>(mean[c]), unit = static_cast<float>(deviation[c]);
      const auto normalized = [&](double byte) {
        const float scaled = static_cast<float>(byte) / 255.0f;
        return fromFloat<T>((scaled - center) / unit);
      };
      for (int value = 0; value < 256; value++) palette->values.push_back(normalized(value));
      palette->outside.push_back(normalized(outside[c]));
      palette->erased.push_back(normalized(erased[c]));
    }
    return [=](const RunContext& context) {
      const int32_t* rowOf = indices.in<int32_t>(context);
      checkIndices(label, rowOf, batch, shape.rows);
      const auto* places = reinterpret_cast<const Placement*>(placement.in<int32_t>(context));
      parallelBlocks(context, batch, samplesTogether, [&](long begin, long end) {
        ingestBlock(shape, *palette, images.in<uint8_t>(context), rowOf, places,
                    x.in<T>(context), begin, end);
      });
    };
  });
}

KernelCall makeGatherLabels(OpReader& op) {
  const Operand labels = op.input("labels");
  const Operand indices = op.input("indices"), y = op.output("y");
  const std::string label = op.label();
  return [=](const RunContext& context) {
    const int32_t *from = labels.in<int32_t>(context), *rowOf = indices.in<int32_t>(context);
    checkIndices(label, rowOf, indices.elements(), labels.elements());
    for (long n = 0; n < indices.elements(); n++) y.in<int32_t>(context)[n] = from[rowOf[n]];
  };
}

}  // namespace resnet
