// print_choices.cc: how typical convolutions are computed on each tile; `make choices`. Runs no kernel.

#include <cstdio>
#include <cstring>

#include "../conv/choose.h"

using namespace resnet;

namespace {

struct NamedTile {
  const char* name;
  Tile tile;
  long elementBytes;
};

// As in kernels/tile_size.h.
const NamedTile tiles[] = {
    {"portable f32", {6, 8, 1, 1, 8, 0}, 4},      {"avx2 f32", {12, 32, 1, 6, 16, 128}, 4},
    {"avx512 f32", {12, 32, 1, 1, 32, 0}, 4},     {"avx512_bf16 bf16", {12, 32, 2, 1, 32, 0}, 2},
    {"amx_bf16 bf16", {32, 32, 32, 1, 32, 0}, 2},
};

struct Layer {
  const char* name;
  long size, cin, cout, kernel, stride, padding, groups;
};

const Layer layers[] = {
    {"stem 224", 224, 3, 64, 7, 2, 3, 1},      {"stem 28", 28, 1, 64, 7, 2, 3, 1},
    {"3x3 56", 56, 64, 64, 3, 1, 1, 1},        {"3x3 14", 14, 256, 256, 3, 1, 1, 1},
    {"3x3 7", 7, 512, 512, 3, 1, 1, 1},        {"3x3 2", 2, 512, 512, 3, 1, 1, 1},
    {"3x3 1", 1, 512, 512, 3, 1, 1, 1},        {"3x3 stride 2", 56, 128, 128, 3, 2, 1, 1},
    {"1x1 wide", 14, 1024, 2048, 1, 1, 0, 1},  {"1x1 stride 2", 14, 1024, 2048, 1, 2, 0, 1},
    {"grouped 3x3", 28, 256, 256, 3, 1, 1, 32},
};

const char* nameOf(Method method) {
  switch (method) {
    case Method::direct: return "direct";
    case Method::patchesAtOnce: return "patches at once";
    case Method::patchesByBlock: return "patches by block";
    default: return "winograd";
  }
}

ConvShape shapeOf(const Layer& layer, long n) {
  const long out = (layer.size + 2 * layer.padding - layer.kernel) / layer.stride + 1;
  return {layer.size, layer.size, n, layer.cin, layer.kernel, layer.kernel, layer.cout, out, out,
          layer.stride, layer.padding, layer.groups};
}

}  // namespace

int main() {
  const int threads = 8;
  for (const NamedTile& named : tiles) {
    const Blocking blocking(named.tile);
    std::printf("%s: blocks of %ld rows, %ld deep\n", named.name, blocking.rows, blocking.depth);
    for (const Layer& layer : layers) {
      for (const long n : {1L, 32L}) {
        const ConvShape shape = shapeOf(layer, n);
        const auto choose = [&](Direction direction, bool moments, bool keepsWeight) {
          return nameOf(chooseMethod({shape, direction, moments, keepsWeight, named.elementBytes,
                                      named.tile, threads}));
        };
        std::printf("  %-13s batch %-3ld inference %-16s  training %-16s  input gradient %-8s  "
                    "weight gradient %s\n",
                    layer.name, n, choose(Direction::forward, false, true),
                    choose(Direction::forward, true, false),
                    choose(Direction::inputGrad, false, false),
                    gradTakesPatches(shape) ? "patches" : "rows");
      }
    }
  }
}
