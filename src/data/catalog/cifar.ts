/** CIFAR-10 and CIFAR-100, each published as binary records and as Python's pickles. */

import {
  type CifarPart,
  type CifarPickleFormat,
  type CifarRecordFormat,
  cifarImageBytes,
  joinCifarParts,
  readCifarBinary,
  readCifarPickle,
} from "../cifar-files.js";
import {
  type DatasetEntry,
  type DatasetFile,
  type DecodedForm,
  contentOf,
  md5,
  sha256,
} from "./dataset-entry.js";

const homepage = "https://www.cs.toronto.edu/~kriz/cifar.html";
const licence = "none stated; cite A. Krizhevsky, Learning multiple layers of features, 2009";
const urls = ["https://www.cs.toronto.edu/~kriz", "https://cave.cs.toronto.edu/kriz"];

/** A form with several files for each split, which are read one by one and joined. */
function cifarForm(
  form: Omit<DecodedForm, "urls" | "files" | "decode"> & {
    readonly train: readonly DatasetFile[];
    readonly test: readonly DatasetFile[];
  },
  dataset: string,
  classes: readonly string[],
  read: (bytes: Uint8Array, file: string) => CifarPart,
): DecodedForm {
  const { train, test, ...rest } = form;
  return {
    ...rest,
    files: [...train, ...test],
    urls,
    decode: (contents) => {
      const split = (name: string, files: readonly DatasetFile[]) => {
        const parts = files.map((file) => read(contentOf(dataset, contents, file.name), file.name));
        return joinCifarParts(`${dataset} ${name}`, parts, classes);
      };
      return { train: split("train", train), test: split("test", test) };
    },
  };
}

const batch = (name: string, hex: string): DatasetFile => ({
  name,
  bytes: 10_000 * (1 + cifarImageBytes),
  digest: sha256(hex),
});

const cifar10Classes = "airplane automobile bird cat deer dog frog horse ship truck".split(" ");

const cifar10Binary = cifarForm(
  {
    name: "binary version",
    train: [
      batch("data_batch_1.bin", "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
      batch("data_batch_2.bin", "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
      batch("data_batch_3.bin", "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
      batch("data_batch_4.bin", "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
      batch("data_batch_5.bin", "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"),
    ],
    test: [
      batch("test_batch.bin", "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"),
    ],
    archive: {
      name: "cifar-10-binary.tar.gz",
      digest: md5("c32a1d4ab5d03f1284b67883e8d87530"),
      folder: "cifar-10-batches-bin",
      suffix: "",
    },
    subdirectories: ["cifar10", "cifar-10-batches-bin"],
  },
  "cifar10",
  cifar10Classes,
  (bytes, file) => readCifarBinary(bytes, file, { labels: 1, label: 0, classes: 10 }),
);

const cifar10Python = cifarForm(
  {
    name: "Python version",
    train: [
      { name: "data_batch_1", bytes: 31_035_704, digest: md5("c99cafc152244af753f735de768cd75f") },
      { name: "data_batch_2", bytes: 31_035_320, digest: md5("d4bba439e000b95fd0a9bffe97cbabec") },
      { name: "data_batch_3", bytes: 31_035_999, digest: md5("54ebc095f3ab1f0389bbae665268c751") },
      { name: "data_batch_4", bytes: 31_035_696, digest: md5("634d18415352ddfa80567beed471001a") },
      { name: "data_batch_5", bytes: 31_035_623, digest: md5("482c414d41f54cd18b22e5b47cb7c3cb") },
    ],
    test: [
      { name: "test_batch", bytes: 31_035_526, digest: md5("40351d587109b95175f43aff81a1287e") },
    ],
    archive: {
      name: "cifar-10-python.tar.gz",
      digest: md5("c58f30108f718f92721af3b95e74349a"),
      folder: "cifar-10-batches-py",
      suffix: "",
    },
    subdirectories: ["cifar10", "cifar-10-batches-py"],
  },
  "cifar10",
  cifar10Classes,
  (bytes, file) => readCifarPickle(bytes, file, { labels: "labels", classes: 10 }),
);

export const cifar10: DatasetEntry = {
  name: "cifar10",
  title: "CIFAR-10",
  description: "Colour photographs of ten kinds of animals and vehicles, 32 x 32 pixels",
  imageShape: [32, 32, 3],
  normalize: { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
  trainRows: 50_000,
  testRows: 10_000,
  classes: cifar10Classes,
  licence,
  homepage,
  forms: [cifar10Binary, cifar10Python],
};

/** CIFAR-100's names, in the order of its labels (`meta` of the Python version). */

const cifar100Classes: readonly string[] = (
  "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can " +
  "castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin " +
  "elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster " +
  "man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck " +
  "pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk " +
  "skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger " +
  "tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm"
).split(" ");

const cifar100Superclasses: readonly string[] = (
  "aquatic_mammals fish flowers food_containers fruit_and_vegetables household_electrical_devices " +
  "household_furniture insects large_carnivores large_man-made_outdoor_things large_natural_outdoor_scenes " +
  "large_omnivores_and_herbivores medium_mammals non-insect_invertebrates people reptiles small_mammals trees " +
  "vehicles_1 vehicles_2"
).split(" ");

/** CIFAR-100 with its fine or its coarse labels. */
function cifar100With(
  info: Pick<DatasetEntry, "name" | "title" | "description" | "classes">,
  key: CifarPickleFormat["labels"],
  label: CifarRecordFormat["label"],
): DatasetEntry {
  const { name, classes } = info;
  const count = classes.length;
  return {
    ...info,
    imageShape: [32, 32, 3],
    normalize: { mean: [0.5071, 0.4865, 0.4409], std: [0.2673, 0.2564, 0.2762] },
    trainRows: 50_000,
    testRows: 10_000,
    licence,
    homepage,
    cacheName: "cifar100",
    forms: [
      cifarForm(
        {
          name: "Python version",
          train: [
            { name: "train", bytes: 155_249_918, digest: md5("16019d7e3df5f24257cddd939b257f8d") },
          ],
          test: [
            { name: "test", bytes: 31_049_893, digest: md5("f0ef6b0ae62326f3e7ffdfab6717acfc") },
          ],
          archive: {
            name: "cifar-100-python.tar.gz",
            digest: md5("eb9058c3a382ffc7106e4002c42a8d85"),
            folder: "cifar-100-python",
            suffix: "",
          },
          subdirectories: ["cifar100", "cifar-100-python"],
        },
        name,
        classes,
        (bytes, file) => readCifarPickle(bytes, file, { labels: key, classes: count }),
      ),
      cifarForm(
        {
          name: "binary version",
          train: [{ name: "train.bin", bytes: 50_000 * (2 + cifarImageBytes) }],
          test: [{ name: "test.bin", bytes: 10_000 * (2 + cifarImageBytes) }],
          archive: {
            name: "cifar-100-binary.tar.gz",
            digest: md5("03b5dce01913d631647c71ecec9e9cb8"),
            folder: "cifar-100-binary",
            suffix: "",
          },
          subdirectories: ["cifar100", "cifar-100-binary"],
        },
        name,
        classes,
        (bytes, file) => readCifarBinary(bytes, file, { labels: 2, label, classes: count }),
      ),
    ],
  };
}

export const cifar100 = cifar100With(
  {
    name: "cifar100",
    title: "CIFAR-100",
    description: "Colour photographs of a hundred kinds of things, 32 x 32 pixels",
    classes: cifar100Classes,
  },
  "fine_labels",
  1,
);

export const cifar100Coarse = cifar100With(
  {
    name: "cifar100-coarse",
    title: "CIFAR-100, superclasses",
    description: "The photographs of CIFAR-100 in twenty superclasses, 32 x 32 pixels",
    classes: cifar100Superclasses,
  },
  "coarse_labels",
  0,
);
