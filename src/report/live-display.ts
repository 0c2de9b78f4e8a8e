import { UsageError } from "../tensor/error.js";
import { jupyterDisplay, type Displayable, type MimeBundle } from "../tensor/jupyter.js";

/** Sends a message to the front ends of a notebook. */
export type Broadcast = (type: string, content: Readonly<Record<string, unknown>>) => Promise<void>;

/** The part of Deno that its Jupyter kernel adds. */
interface DenoKernel {
  readonly Deno?: { readonly jupyter?: { readonly broadcast: Broadcast } };
}

/**
 * A place below a cell of a notebook whose content can be replaced, for progress and charts that grow.
 *
 *     const live = new LiveDisplay();
 *     for (…) await live.show(accuracyChart(points));
 */
export class LiveDisplay {
  private readonly broadcast: Broadcast;
  private readonly id = `resnet-ts-${++displays}-${Date.now()}`;
  private isShown = false;

  /**
   * @param broadcast sends Jupyter's messages. Default: that of Deno's Jupyter kernel
   * @throws {UsageError} `ERR_NOTEBOOK` outside such a kernel, without another `broadcast`
   */
  constructor(broadcast = notebookBroadcast()) {
    if (!broadcast) {
      throw new UsageError(
        "ERR_NOTEBOOK",
        "LiveDisplay: this is no cell of a notebook in Deno's Jupyter kernel: open it there, or pass a function that " +
          "sends Jupyter's messages",
      );
    }
    this.broadcast = broadcast;
  }

  /** Shows a value below the cell, in place of what was shown before. */
  async show(value: Displayable | MimeBundle): Promise<void> {
    const data = jupyterDisplay in value ? (value as Displayable)[jupyterDisplay]() : value;
    const type = this.isShown ? "update_display_data" : "display_data";
    this.isShown = true;
    await this.broadcast(type, { data, metadata: {}, transient: { display_id: this.id } });
  }
}

let displays = 0;

/** Whether this code runs in a cell of a notebook, where `LiveDisplay` needs no arguments. */
export const isNotebook = (): boolean => notebookBroadcast() !== undefined;

function notebookBroadcast(): Broadcast | undefined {
  const kernel = (globalThis as DenoKernel).Deno?.jupyter;
  return kernel && ((type, content) => kernel.broadcast(type, content));
}
