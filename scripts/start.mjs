// `npm start`: sets up what is missing, then does the main job: trains ResNet-34 on Fashion-MNIST.
// Further arguments go to `resnet train`: `npm start -- --epochs 1`.

import { runNode } from "./child.mjs";
import { cli, exitWith, setUp } from "./setup.mjs";

const mainJob = ["train", "fashion-resnet34"];

/** What the reference executor can do within five minutes on two cores. */
const cutDown = {
  says: "cut down to one epoch of ResNet-18 on 512 images, because the reference executor is slow",
  args: "--executor reference --model resnet18 --epochs 1 --batch 16 --lr 0.02 --momentum 0.5 --schedule constant --limit-train 512 --limit-valid 100 --limit-test 500",
};

try {
  const { native, data } = setUp();
  if (!data) process.exit(1); // `data get` has said why
  if (!native) console.error(`The main job is ${cutDown.says}.`);
  const args = [
    cli,
    ...mainJob,
    ...(native ? [] : cutDown.args.split(" ")),
    ...process.argv.slice(2),
  ];
  process.exitCode = await runNode(args);
} catch (error) {
  exitWith(error);
}
