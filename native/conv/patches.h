// patches.h
//
// The patches of a convolution: the values that an output pixel reads, gathered into one row of KH · KW · Cin values. The
// convolution then becomes one product of all rows with the weight as it lies in memory.
//
// That pays in two cases (choose.h). With a small batch on a small map, few pixels share their taps, and a product of so few rows
// streams the whole weight for them. With few channels, as in the first convolution of a network, a tap ends
// before the registers are full of work.

#pragma once
#include "../kernels/kernels.h"
#include "conv_shape.h"
#include "grad_pieces.h"

namespace resnet {

/** The product that is left once the patches are gathered: a 1x1 convolution of all output pixels. */
ConvShape patchProduct(const ConvShape& shape);

/** Rows `begin` … `begin + rows − 1` of the patches; a row is one (output pixel, sample). T: float or bf16. */
template <class T>
void gatherPatches(const ConvShape& shape, const T* x, long begin, long rows, T* patches);

/**
 * patches[tap, channel][row] of one tap: the values that each pixel and sample of a piece of the output reads
 * through it, zero off the image. A pixel has `padded` rows, zero beyond its samples; `ld` elements
 * lie between channels. T: float or bf16.
 */
template <class T>
void gatherTap(const ConvShape& shape, const GradPiece& piece, long tap, const T* x, long padded,
               long ld, T* patches);

}  // namespace resnet
