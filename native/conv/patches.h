// patches.h
//
// Convolutions of a small batch on a small map have short rows: pixels that share their taps are few,
// and a product of one row or five streams the whole weight for them. Those of few channels, which is
// every network's first, have short taps: each ends before the registers are full of work. In both
// cases what each output pixel reads is gathered into one row of KH · KW · Cin values, and the
// convolution becomes one product of all pixels with the weight as it lies.

#pragma once
#include "conv_shape.h"
#include "grad_pieces.h"

namespace resnet {

/** Of what a forward convolution is the product: runs of pixels as they lie, or patches. */
enum class Patches { none, gatheredAtOnce, gatheredByBlock };

/**
 * The fastest of the three. By block, one task has all panels, so that patches stay in its cache. The number of
 * threads decides only between the two ways to gather, which give the same sums.
 */
Patches patchesFor(const ConvShape& shape, const Tile& tile, long blockRows, int threads);

/** The product that is left once the patches are gathered: a 1x1 convolution of all output pixels. */
ConvShape patchProduct(const ConvShape& shape);

/** Rows `begin` … `begin + rows − 1` of the patches; a row is one (output pixel, sample). T: float or bf16. */
template <class T>
void gatherPatches(const ConvShape& shape, const T* x, long begin, long rows, T* patches);

/**
 * patches[tap, channel][row] of one tap: what each pixel and sample of a piece of the output reads
 * through it, zero off the image. A pixel has `padded` rows, zero beyond its samples; `ld` elements
 * lie between channels. T: float or bf16.
 */
template <class T>
void gatherTap(const ConvShape& shape, const GradPiece& piece, long tap, const T* x, long padded,
               long ld, T* patches);

}  // namespace resnet
