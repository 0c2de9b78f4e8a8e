import type { DatasetEntry } from "../dataset-info.js";
import { decodeIdxDataset } from "../decode-idx-dataset.js";

const classes = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
];

export const fashionMnist: DatasetEntry = {
  name: "fashion-mnist",
  title: "Fashion-MNIST",
  description: "Grey photographs of ten kinds of clothing, 28 x 28 pixels",
  imageShape: [28, 28, 1],
  normalise: { mean: [0.286], std: [0.353] },
  trainRows: 60000,
  testRows: 10000,
  classes,
  licence: "MIT",
  homepage: "https://github.com/zalandoresearch/fashion-mnist",
  files: [
    {
      name: "train-images-idx3-ubyte",
      bytes: 47040016,
      sha256: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    },
    {
      name: "train-labels-idx1-ubyte",
      bytes: 60008,
      sha256: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    },
    {
      name: "t10k-images-idx3-ubyte",
      bytes: 7840016,
      sha256: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    },
    {
      name: "t10k-labels-idx1-ubyte",
      bytes: 10008,
      sha256: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    },
  ],
  urls: [
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
  ],
  debian: {
    package: "dataset-fashion-mnist",
    directory: "/usr/share/datasets/fashion-mnist",
  },
  subdirectories: ["fashion-mnist", "FashionMNIST/raw"],
  decode: (contents) => decodeIdxDataset("fashion-mnist", contents, classes),
};
