import { jupyterDisplay, type Displayable, type MimeBundle } from "../tensor/jupyter.js";

/**
 * A chart, a grid of images or another picture, as the text of an SVG file. A cell of a notebook that ends in one shows it.
 *
 *     await writeFile("loss.svg", lossChart(epochs).svg);
 */
export class Figure implements Displayable {
  /** @param svg the text of an SVG file */
  constructor(readonly svg: string) {}

  toString(): string {
    return this.svg;
  }

  [jupyterDisplay](): MimeBundle {
    return { "image/svg+xml": this.svg };
  }
}
