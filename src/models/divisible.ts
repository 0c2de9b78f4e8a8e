/**
 * The multiple of 8 that is nearest to a number of channels, and 8 at least: timm's and torchvision's `make_divisible`.
 *
 * @param least share of the channels that must remain; else the next multiple is taken. Default 0
 */
export function divisible(channels: number, least = 0): number {
  const nearest = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return nearest < least * channels ? nearest + 8 : nearest;
}
