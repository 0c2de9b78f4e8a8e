import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { DataError } from "../../../data/data-error.js";
import type { ImageBytes } from "../../../data/transforms/image-bytes.js";
import type { ImageAnswer, ImageRequest } from "./image-worker.js";
import type { ImageTask } from "./load-image.js";

/** Half of the cores, since the training wants them too; one at least and eight at most. */
export const defaultWorkers = (): number =>
  Math.min(Math.max(Math.floor(availableParallelism() / 2), 1), 8);

/** A task, and whoever waits for it. */
interface Waiting {
  readonly task: ImageTask;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (image: ImageBytes) => void;
  readonly reject: (error: unknown) => void;
}

/** A thread and what it was told to do. */
interface Lane {
  readonly worker: Worker;
  readonly tasks: Map<number, Waiting>;
}

/** One task in work and one waiting, so that a thread need not wait for this one to hear what is next. */
const tasksPerWorker = 2;

/**
 * Threads that decode and transform images. What a task gives does not depend on their number.
 *
 * What libjpeg-turbo does not decode, sharp does in libuv's threads, four unless `UV_THREADPOOL_SIZE` says otherwise.
 */
export class ImageWorkers {
  private readonly lanes: readonly Lane[];
  private readonly queue: Waiting[] = [];
  private readonly unsettled = new Set<Promise<ImageBytes>>();
  private nextId = 0;
  /** Memory that goes back to the threads, for images to come. */
  private readonly spare: ArrayBuffer[] = [];
  /** Why no more tasks are taken. */
  private ended: DataError | undefined;

  /** @param count threads, 1 or more */
  constructor(readonly count: number = defaultWorkers()) {
    this.lanes = Array.from({ length: count }, () => this.startLane());
  }

  /**
   * The image of a task.
   *
   * @param signal takes back a task that no thread has begun
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

  /** Takes back an image of `load` that nobody reads any more: another will be made in its memory. */
  reuse(image: ImageBytes): void {
    if (this.spare.length < tasksPerWorker * this.count)
      this.spare.push(image.data.buffer as ArrayBuffer);
  }

  /** Ends the threads, after what they are at. */
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

  /** Takes no more tasks, and gives back those that no thread has begun. */
  private end(reason: DataError): void {
    this.ended ??= reason;
    this.dispatch();
  }

  /** Hands waiting tasks to threads that have room. */
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
