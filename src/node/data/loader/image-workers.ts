import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { DataError } from "../../../data/data-error.js";
import type { ImageBytes } from "../../../data/transforms/image-bytes.js";
import type { ImageAnswer, ImageRequest } from "./image-worker.js";
import type { ImageTask } from "./load-image.js";

/** Half of the cores, since the training needs them too; at least 1 and at most 8. */
export const defaultWorkers = (): number =>
  Math.min(Math.max(Math.floor(availableParallelism() / 2), 1), 8);

/** A task with the callbacks of its promise. */
interface Waiting {
  readonly task: ImageTask;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (image: ImageBytes) => void;
  readonly reject: (error: unknown) => void;
}

/** A thread and its unanswered tasks. */
interface Lane {
  readonly worker: Worker;
  readonly tasks: Map<number, Waiting>;
}

/** One task in progress and one waiting, so that a thread never waits for the main thread. */
const tasksPerWorker = 2;

/**
 * Threads that decode and transform images. Their number does not change the results.
 *
 * Images that libjpeg-turbo does not decode are decoded by sharp in libuv's threads, four by default
 * (`UV_THREADPOOL_SIZE`).
 */
export class ImageWorkers {
  private readonly lanes: readonly Lane[];
  private readonly queue: Waiting[] = [];
  private readonly unsettled = new Set<Promise<ImageBytes>>();
  private nextId = 0;
  /** Memory of former images, for the threads to use again. */
  private readonly spare: ArrayBuffer[] = [];
  /** The reason to refuse tasks, after an error or `close`. */
  private ended: DataError | undefined;

  /** @param count threads, 1 or more */
  constructor(readonly count: number = defaultWorkers()) {
    this.lanes = Array.from({ length: count }, () => this.startLane());
  }

  /**
   * The image of a task.
   *
   * @param signal cancels the task if no thread has begun it
   * @throws {DataError} the codes of `loadImage`; `ERR_DATA_WORKER` if a thread died, or all were closed
   */
  load(task: ImageTask, signal?: AbortSignal): Promise<ImageBytes> {
    const image = new Promise<ImageBytes>((resolve, reject) => {
      this.queue.push({ task, signal, resolve, reject });
    });
    const settle = (): boolean => this.unsettled.delete(image);
    this.unsettled.add(image);
    image.then(settle, settle);
    this.dispatch();
    return image;
  }

  /** Takes back an image of `load`, whose memory is used for another one. */
  reuse(image: ImageBytes): void {
    if (this.spare.length < tasksPerWorker * this.count)
      this.spare.push(image.data.buffer as ArrayBuffer);
  }

  /** Ends the threads, after their current tasks. */
  async close(): Promise<void> {
    this.end(new DataError("ERR_DATA_WORKER", "the image workers were closed"));
    await Promise.allSettled(this.unsettled);
    await Promise.all(this.lanes.map(({ worker }) => worker.terminate()));
  }

  private startLane(): Lane {
    const worker = new Worker(new URL("./image-worker.js", import.meta.url));
    const lane: Lane = { worker, tasks: new Map() };
    worker.on("message", ({ id, result }: ImageAnswer) => {
      const { resolve, reject } = lane.tasks.get(id)!;
      lane.tasks.delete(id);
      if ("data" in result) resolve(result);
      else reject(new DataError(result.code, result.message));
      this.dispatch();
    });
    worker.on("error", (error) => {
      const reason = `an image worker died: ${error.message}`;
      this.end(new DataError("ERR_DATA_WORKER", reason, { cause: error }));
      for (const { reject } of lane.tasks.values()) reject(this.ended);
    });
    return lane;
  }

  /** Refuses further tasks, and rejects those that no thread has begun. */
  private end(reason: DataError): void {
    this.ended ??= reason;
    this.dispatch();
  }

  /** Sends waiting tasks to threads with free places. */
  private dispatch(): void {
    for (let waiting = this.queue[0]; waiting; waiting = this.queue[0]) {
      const refusal: unknown = this.ended ?? waiting.signal?.reason;
      const lane = this.lanes.reduce((a, b) => (b.tasks.size < a.tasks.size ? b : a));
      if (refusal === undefined && lane.tasks.size >= tasksPerWorker) return;
      this.queue.shift();
      if (refusal === undefined) this.post(lane, waiting);
      else waiting.reject(refusal);
    }
  }

  private post(lane: Lane, waiting: Waiting): void {
    const id = this.nextId++;
    lane.tasks.set(id, waiting);
    const memory = this.spare.pop();
    const request = { id, task: waiting.task, memory } satisfies ImageRequest;
    lane.worker.postMessage(request, memory ? [memory] : []);
  }
}
