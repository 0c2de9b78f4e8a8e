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

}  // namespace

Step makeIngest(OpReader& op) {
  const Operand images = op.input("images", DType::u8), indices = op.input("indices", DType::i32);
  const DType element = op.element("x");
  const Operand x = op.output("x", element);
  op.requireAxes("images", images, 4);
  op.requireAxes("indices", indices, 1);
  const Shape& shape = images.shape();
  const long rows = shape[0], pixels = shape[1] * shape[2], channels = shape[3];
  const long batch = indices.shape()[0];
  op.requireShape("x", x, {shape[1], shape[2], batch, channels});
  const auto mean = op.numbers("mean", static_cast<size_t>(channels));
  const auto deviation = op.numbers("std", static_cast<size_t>(channels));
  // A byte has 256 values: what each becomes is looked up, channel by channel.
  std::vector<float> values;
  for (size_t c = 0; c < mean.size(); c++) {
    for (int value = 0; value < 256; value++) {
      values.push_back(static_cast<float>((value / 255.0 - mean[c]) / deviation[c]));
    }
  }
  const std::string label = op.label();
  return byElement(element, [&](auto zero) -> Step {
    using T = decltype(zero);
    const auto table = std::make_shared<std::vector<T>>();
    for (float value : values) table->push_back(fromFloat<T>(value));
    return [=](const RunContext& context) {
      const int32_t* rowOf = indices.in<int32_t>(context);
      checkIndices(label, rowOf, batch, rows);
      const uint8_t* bytes = images.in<uint8_t>(context);
      T* out = x.in<T>(context);
      // A few samples at a time through all pixels, so that a cache line is written at once.
      constexpr long together = 16;
      parallelBlocks(context, batch, together, [&](long begin, long end) {
        for (long p = 0; p < pixels; p++) {
          for (long n = begin; n < end; n++) {
            const uint8_t* pixel = bytes + (rowOf[n] * pixels + p) * channels;
            T* target = out + (p * batch + n) * channels;
            const T* row = table->data();
            for (long c = 0; c < channels; c++, row += 256) target[c] = row[pixel[c]];
          }
        }
      });
    };
  });
}

Step makeGatherLabels(OpReader& op) {
  const Operand labels = op.input("labels", DType::i32);
  const Operand indices = op.input("indices", DType::i32), y = op.output("y", DType::i32);
  op.requireAxes("labels", labels, 1);
  op.requireAxes("indices", indices, 1);
  op.requireShape("y", y, indices.shape());
  const std::string label = op.label();
  return [=](const RunContext& context) {
    const int32_t *from = labels.in<int32_t>(context), *rowOf = indices.in<int32_t>(context);
    checkIndices(label, rowOf, indices.elements(), labels.elements());
    for (long n = 0; n < indices.elements(); n++) y.in<int32_t>(context)[n] = from[rowOf[n]];
  };
}

}  // namespace resnet
