import { BlurPool2d } from "../nn/blur-pool2d.js";
import { averagedProjection } from "./averaged-projection.js";
import { basicBlocks, bottlenecks, type BottleneckOptions } from "./blocks.js";
import { efficientChannelAttention } from "./channel-attention.js";
import { blocksOf } from "./depths.js";
import { network } from "./network-options.js";
import type { ResidualParts } from "./residual-parts.js";
import {
  basicNetOptions,
  bottleneckNetOptions,
  ResNet,
  type BottleneckNetOptions,
  type ResNetOptions,
} from "./resnet.js";
import { squeezeExcite } from "./squeeze-excite.js";
import { blurredStem, convolvedStem, deepStem, type StemFactory } from "./stems.js";

/** The parts that a network has in place of ResNet's. */
interface Variant extends ResidualParts, Pick<BottleneckOptions, "groups" | "widthPerGroup"> {
  readonly stem?: StemFactory;
}

const basicNet = (
  name: string,
  depth: 18 | 34,
  { stem, ...parts }: Variant,
): ((options?: ResNetOptions) => ResNet) =>
  network(
    name,
    basicNetOptions,
    (options) => new ResNet(basicBlocks({ ...options, ...parts }), blocksOf[depth], options, stem),
  );

const bottleneckNet = (
  name: string,
  depth: keyof typeof blocksOf,
  { stem, ...parts }: Variant,
): ((options?: BottleneckNetOptions) => ResNet) =>
  network(
    name,
    parts.antialias ? basicNetOptions : bottleneckNetOptions,
    (options) => new ResNet(bottlenecks({ ...options, ...parts }), blocksOf[depth], options, stem),
  );

/** Source: Hu et al. 2017, arXiv:1709.01507. */
const se: Variant = { attention: squeezeExcite() };
export const seresnet18 = basicNet("seresnet18", 18, se);
export const seresnet34 = basicNet("seresnet34", 34, se);
export const seresnet50 = bottleneckNet("seresnet50", 50, se);
export const seresnet101 = bottleneckNet("seresnet101", 101, se);
export const seresnet152 = bottleneckNet("seresnet152", 152, se);
export const seresnext50_32x4d = bottleneckNet("seresnext50_32x4d", 50, {
  ...se,
  groups: 32,
  widthPerGroup: 4,
});
export const seresnext101_32x4d = bottleneckNet("seresnext101_32x4d", 101, {
  ...se,
  groups: 32,
  widthPerGroup: 4,
});
export const seresnext101_32x8d = bottleneckNet("seresnext101_32x8d", 101, {
  ...se,
  groups: 32,
  widthPerGroup: 8,
});

/** Source: He et al. 2018, arXiv:1812.01187, ResNet-D. */
const d: Variant = { stem: deepStem, downsample: averagedProjection };
export const resnet18d = basicNet("resnet18d", 18, d);
export const resnet34d = basicNet("resnet34d", 34, d);
export const resnet26d = bottleneckNet("resnet26d", 26, d);
export const resnet50d = bottleneckNet("resnet50d", 50, d);
export const resnet101d = bottleneckNet("resnet101d", 101, d);
export const resnet152d = bottleneckNet("resnet152d", 152, d);

/** Source: Wang et al. 2019, arXiv:1910.03151. */
const eca: Variant = { ...d, attention: efficientChannelAttention };
export const ecaresnet50d = bottleneckNet("ecaresnet50d", 50, eca);
export const ecaresnet101d = bottleneckNet("ecaresnet101d", 101, eca);

/** Source: Bello et al. 2021, arXiv:2103.07579. */
const rs: Variant = { ...d, stem: convolvedStem, attention: squeezeExcite(1 / 4) };
export const resnetrs50 = bottleneckNet("resnetrs50", 50, rs);
export const resnetrs101 = bottleneckNet("resnetrs101", 101, rs);
export const resnetrs152 = bottleneckNet("resnetrs152", 152, rs);

/** Source: Zhang 2019, arXiv:1904.11486. */
const blur: Variant = { stem: blurredStem, antialias: () => new BlurPool2d() };
export const resnetblur18 = basicNet("resnetblur18", 18, blur);
export const resnetblur50 = bottleneckNet("resnetblur50", 50, blur);
