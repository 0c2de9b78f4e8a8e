import type { Callback, StepProgress } from "../../train/callbacks.js";
import type { EpochMetrics } from "../../train/metrics.js";
import type { TrainData } from "../../train/train.js";
import type { Training } from "../../train/training.js";
import { modelSource } from "../../checkpoint/model-state.js";
import { fingerprintOf } from "../data/fingerprint.js";
import { checkSameConfig, checkSameData } from "./check-same-run.js";
import { describeTraining } from "./describe-training.js";
import type { RunDirectory, RunSnapshot } from "./run-directory.js";

/**
 * A callback that saves a training in a run directory: it restores the state of an earlier process, and saves after
 * each epoch, after every `saveEvery` steps, and when the training is stopped.
 */
export class SaveRun implements Callback {
  private description: RunSnapshot["description"] | undefined;

  constructor(
    private readonly run: RunDirectory,
    private readonly data: TrainData,
  ) {}

  async onSetUp(training: Training): Promise<void> {
    const { run, data } = this;
    const { train, valid, test = valid } = data;
    const fingerprint = await fingerprintOf({ train, valid, test }, training.config.data);
    this.description = describeTraining(training, data, fingerprint);
    if (run.saved) {
      checkSameConfig(run, training.config);
      checkSameData(run, this.description);
      await run.saved.restore(training.session.executor);
      training.restore(run.saved.progress, run.saved.epochs);
    }
    await run.begin(training.config);
    // The previous process may have ended between saving the state and writing the files made from it.
    if (training.epochs.length > 0 && training.progress.step === 0)
      await run.publish(this.snapshot(training));
  }

  async onStep(step: StepProgress, training: Training): Promise<void> {
    this.run.logStep(step);
    const { saveEvery } = training.config;
    if (saveEvery !== null && step.step % saveEvery === 0)
      await this.run.saveState(this.snapshot(training));
  }

  async onEpoch(_: EpochMetrics, training: Training): Promise<void> {
    await this.run.saveState(this.snapshot(training)); // first what it takes to go on, then the files made from it
    await this.run.publish(this.snapshot(training));
  }

  async onStop(training: Training): Promise<void> {
    if (training.progress.step === 0) return;
    await this.run.saveState(this.snapshot(training));
    await this.run.saveWeights("last", this.snapshot(training));
  }

  private snapshot(training: Training): RunSnapshot {
    const { session, progress, epochs, isBestEpoch } = training;
    const { executor, model, weightName } = session;
    if (!this.description) throw new Error("a run is set up before it is saved");
    return {
      description: this.description,
      progress,
      epochs,
      isBestEpoch,
      executor,
      weights: modelSource(executor, model, weightName),
    };
  }
}
