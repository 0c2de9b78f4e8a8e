// Losses of one's own: focal loss, several labels a picture, regression, and distillation from a larger network.
//   node dist/examples/own-losses.js [steps]
import {
  add,
  bceWithLogits,
  concat,
  createSession,
  crossEntropy,
  exp,
  hostArray,
  huberLoss,
  Linear,
  mean,
  Module,
  mul,
  neg,
  pow,
  randomKey,
  ReLU,
  Sequential,
  sgd,
  slice,
  softmax,
  sub,
  uniform,
  type HostArray,
  type Loss,
  type Targets,
  type Tensor,
} from "resnet-ts";

const steps = Number(process.argv[2] ?? 200);
const samples = 64;

/** Points of a square, `[samples, 2]`. */
const points = hostArray(
  [samples, 2],
  Float32Array.from({ length: 2 * samples }, (_, i) => 4 * uniform(randomKey(1, "points"), i) - 2),
);
const coordinates = Array.from(
  { length: samples },
  (_, n) => [points.data[2 * n]!, points.data[2 * n + 1]!] as const,
);
/** Whether a point is within the unit circle: one in five is. */
const inside = coordinates.map(([x, y]) => Number(x * x + y * y < 1));
const net = (outputs: number, width = 32): Sequential =>
  new Sequential(new Linear(2, width), new ReLU(), new Linear(width, outputs));

async function fit<T extends Targets>(
  name: string,
  model: Module,
  loss: Loss<T>,
  targets: HostArray,
  freeze: readonly string[] = [],
): Promise<number> {
  const session = await createSession(model, {
    optimizer: sgd({ momentum: 0.9 }),
    loss,
    seed: 1,
    freeze,
  });
  let last = NaN;
  for (let step = 0; step < steps; step++)
    ({ loss: last } = await session.step({ images: points, targets }, { learningRate: 0.05 }));
  model.loadStateDict(await session.weights());
  await session.close();
  console.log(`${name}: ${last.toFixed(4)}`);
  return last;
}

/** Counts hard samples more, by (1 − p)² of the true class. Source: Lin et al. 2017, arXiv:1708.02002. */
const focal: Loss = (logits, labels) => {
  const { loss: losses } = crossEntropy({ reduction: "none" })(logits, labels);
  return mean(mul(pow(sub(1, exp(neg(losses))), 2), losses));
};
const labels = hostArray([samples], inside, "i32");
await fit("focal loss", net(2), focal, labels);

// Several labels a picture: is x positive, is y positive, is the point inside?
const several = coordinates.flatMap(([x, y], n) => [Number(x > 0), Number(y > 0), inside[n]!]);
await fit("several labels", net(3), bceWithLogits, hostArray([samples, 3], several));

const distances = coordinates.map(([x, y]) => Math.hypot(x, y));
await fit("regression", net(1), huberLoss(0.5), hostArray([samples, 1], distances));

/** A small network beside a large one that is trained already; both see the same pictures. */
class Distillation extends Module {
  constructor(
    readonly student: Module,
    readonly teacher: Module,
  ) {
    super();
  }
  protected override forward(x: Tensor): Tensor {
    return concat([this.student.call(x), this.teacher.call(x)], 1);
  }
}

/** Half the labels, half the teacher's answers at temperature 4. Source: Hinton et al. 2015, arXiv:1503.02531. */
const distillation: Loss = (outputs, targets) => {
  const [student, teacher] = [
    slice(outputs, 1, { end: 2 }),
    slice(outputs, 1, { start: 2 }),
  ] as const;
  const answers = softmax(mul(teacher, 1 / 4), 1);
  const soft = crossEntropy()(mul(student, 1 / 4), answers).loss;
  const hard = crossEntropy()(student, targets).loss;
  return add(mul(soft, 16 / 2), mul(hard, 1 / 2));
};
const teacher = net(2, 128);
await fit("teacher", teacher, crossEntropy(), labels);
const student = net(2, 8);
await fit("student", new Distillation(student, teacher), distillation, labels, ["teacher"]);
