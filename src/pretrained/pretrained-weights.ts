/**
 * Published weights of a model of the catalogue, and how pictures are prepared for them. Null stands for what the source
 * does not state.
 */
export interface PretrainedWeights {
  /** The model, a point, and the publisher's name of the training: `resnet50.imagenet1k_v2`. */
  readonly name: string;
  /** The model's name in the catalogue. */
  readonly model: string;
  readonly source: "torchvision" | "timm" | "akamaster" | "hub";
  /** Of the file; or `hf:OWNER/NAME`, a repository of the Hugging Face Hub with `model.safetensors`. */
  readonly address: string;
  /** The first digits of the file's SHA-256, or all. The Hub states it together with a file. */
  readonly sha256: string | null;
  /** The size of the file in MiB, to three decimals. */
  readonly mebibytes: number | null;
  /** The licence of the weights; `unknown` is the publisher's own word. */
  readonly licence: string | null;
  /** The data set of `top1`, `top5` and the classes. */
  readonly data: string | null;
  /** Classes that the head tells apart; 0 for weights without a head. */
  readonly classes: number | null;
  /** Accuracy in percent on the validation (CIFAR: test) images, prepared as here. */
  readonly top1: number | null;
  readonly top5: number | null;
  /** Channels, height and width of what the model sees: the middle of the resized picture. */
  readonly image: readonly [number, number, number];
  /** Length of the shorter side of a resized picture, in pixels. Null: the model was trained on images of its size. */
  readonly resize: number | null;
  readonly interpolation: "bilinear" | "bicubic" | null;
  /** Mean and deviation of each channel, for pixels scaled to 0 … 1. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}
