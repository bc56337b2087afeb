import type { ViewVariant } from "../document/viewDocument.ts";
import { deviceColour } from "./format.ts";
import type { PlanList } from "./planList.ts";

/** The whole list at a glance, a column for each variant, coloured by device; a click goes there. */
export class Minimap {
  readonly #canvas: HTMLCanvasElement;
  readonly #frame: HTMLElement;
  readonly #list: PlanList;
  #variants: readonly ViewVariant[] = [];

  constructor(element: HTMLElement, list: PlanList) {
    this.#list = list;
    this.#canvas = document.createElement("canvas");
    this.#frame = document.createElement("div");
    this.#frame.className = "frame";
    element.append(this.#canvas, this.#frame);
    const go = (event: PointerEvent) => {
      const box = element.getBoundingClientRect();
      const { first, last } = list.visible;
      // A list that fits has nowhere to go.
      if (last - first >= list.outline.length) return;
      list.scrollTo(((event.clientY - box.top) / box.height) * list.outline.length);
    };
    element.addEventListener("pointerdown", (event) => {
      element.setPointerCapture(event.pointerId);
      go(event);
    });
    element.addEventListener("pointermove", (event) => {
      if (event.buttons === 1) go(event);
    });
    new ResizeObserver(() => this.draw(this.#variants)).observe(element);
  }

  draw(variants: readonly ViewVariant[]): void {
    this.#variants = variants;
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (width === 0 || height === 0) return;
    this.#canvas.width = width;
    this.#canvas.height = height;
    const context = this.#canvas.getContext("2d");
    if (context === null) return;
    const column = width / Math.max(1, variants.length);
    variants.forEach((variant, index) => {
      const pixels = this.#pixels(variant, height);
      pixels.forEach((device, y) => {
        if (device < 0) return;
        context.fillStyle = deviceColour(device);
        context.fillRect(index * column + 1, y, column - 2, 1);
      });
    });
    this.follow();
  }

  /** Device of each line of pixels: of the first row that falls there, or the one that stretches over it. */
  #pixels(variant: ViewVariant, height: number): Int16Array {
    const pixels = new Int16Array(height).fill(-1);
    const { outline } = this.#list;
    const { positions, length } = outline;
    const scale = height / Math.max(1, length);
    const rows = positions.length;
    for (let row = 0; row < rows; ) {
      const position = positions[row] as number;
      let end = row + 1;
      while (end < rows && positions[end] === position) end++;
      // A folded group shares its line among its rows.
      const from = position * scale;
      const each = scale / (end - row);
      for (let at = row; at < end; at++) {
        const device = variant.device[at] ?? -1;
        const y0 = Math.floor(from + (at - row) * each);
        const y1 = Math.max(y0 + 1, Math.floor(from + (at - row + 1) * each));
        if (device >= 0) for (let y = y0; y < y1 && y < height; y++) pixels[y] = device;
      }
      row = end;
    }
    return pixels;
  }

  /** Moves the frame to what is in sight. */
  follow(): void {
    const { first, last } = this.#list.visible;
    const { length } = this.#list.outline;
    const height = this.#canvas.clientHeight;
    this.#frame.style.top = `${(first / Math.max(1, length)) * height}px`;
    this.#frame.style.height = `${Math.max(6, ((last - first) / Math.max(1, length)) * height)}px`;
    this.#frame.hidden = last - first >= length;
  }
}
