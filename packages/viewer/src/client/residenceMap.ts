import type { ViewStored } from "../document/viewDocument.ts";
import { deviceColour, formatBytes } from "./format.ts";

const layered = /^(?:blk|cache)\.(\d+)\.(.*)$/;

interface Cell {
  readonly stored: ViewStored;
  readonly family: number;
  readonly layer: number;
}

/** What is stored once for each layer: families down, layers across. */
interface ResidenceGrid {
  readonly families: readonly string[];
  readonly layers: number;
  readonly cells: readonly Cell[];
}

/** Sorts weights and caches of layers into families; the largest family comes first. */
function residenceGrid(stored: readonly ViewStored[]): ResidenceGrid {
  const bytes = new Map<string, number>();
  const found = stored.flatMap((each) => {
    const match = layered.exec(each.name);
    if (match === null) return [];
    const family = each.name.startsWith("cache.")
      ? `cache ${match[2]}`
      : (match[2] ?? "").replace(/\.weight$/, "");
    bytes.set(family, (bytes.get(family) ?? 0) + each.copies.reduce((sum, copy) => sum + copy.bytes, 0));
    return [{ stored: each, name: family, layer: Number(match[1]) }];
  });
  const families = [...bytes].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([family]) => family);
  const indexOf = new Map(families.map((family, index) => [family, index]));
  return {
    families,
    layers: found.reduce((most, { layer }) => Math.max(most, layer + 1), 0),
    cells: found.map(({ stored: each, name, layer }) => ({
      stored: each,
      layer,
      family: indexOf.get(name) ?? 0,
    })),
  };
}

const LABEL = 128;
const ROW = 15;
const HEAD = 16;

/** A map of where weights and caches live, drawn on a canvas; hovering names what is under the pointer. */
export class ResidenceMap {
  readonly element: HTMLElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #caption: HTMLElement;
  readonly #grid: ResidenceGrid;
  readonly #devices: readonly string[];

  constructor(
    stored: readonly ViewStored[],
    devices: readonly string[],
    onPick: (stored: ViewStored) => void,
  ) {
    this.#grid = residenceGrid(stored);
    this.#devices = devices;
    this.element = document.createElement("figure");
    this.element.className = "residence";
    this.#canvas = document.createElement("canvas");
    this.#canvas.setAttribute("role", "img");
    this.#canvas.setAttribute(
      "aria-label",
      `Where weights and caches live: ${this.#grid.families.length} families over ${this.#grid.layers} layers`,
    );
    this.#caption = document.createElement("figcaption");
    this.#caption.textContent = "Layers across, largest tensors on top. Point at a field to see what it is.";
    this.element.append(this.#canvas, this.#caption);
    this.#canvas.addEventListener("pointermove", (event) => this.#hover(event));
    this.#canvas.addEventListener("click", (event) => {
      const cell = this.#cellAt(event);
      if (cell !== undefined) onPick(cell.stored);
    });
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  get empty(): boolean {
    return this.#grid.cells.length === 0;
  }

  get #step(): number {
    return (this.element.clientWidth - LABEL - 4) / Math.max(1, this.#grid.layers);
  }

  draw(): void {
    const { families, layers, cells } = this.#grid;
    const width = this.element.clientWidth;
    if (width === 0) return;
    const height = HEAD + families.length * ROW + 2;
    const scale = globalThis.devicePixelRatio || 1;
    this.#canvas.width = Math.round(width * scale);
    this.#canvas.height = Math.round(height * scale);
    this.#canvas.style.height = `${height}px`;
    const context = this.#canvas.getContext("2d");
    if (context === null) return;
    context.scale(scale, scale);
    const style = getComputedStyle(this.element);
    context.font = `11px ${style.fontFamily}`;
    context.textBaseline = "middle";
    context.fillStyle = style.getPropertyValue("--dim");
    const step = this.#step;
    const every =
      [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].find((n) => n * step >= 32) ?? 10_000;
    context.textAlign = "center";
    for (let layer = 0; layer < layers; layer += every) {
      context.fillText(String(layer), LABEL + (layer + 0.5) * step, HEAD / 2);
    }
    context.textAlign = "right";
    families.forEach((family, index) => {
      context.fillText(shortened(family), LABEL - 7, HEAD + (index + 0.5) * ROW);
    });
    for (const { stored, family, layer } of cells) {
      const gap = step > 4 ? 1 : 0;
      const part = (ROW - 2) / Math.max(1, stored.copies.length);
      stored.copies.forEach(({ device }, copy) => {
        context.fillStyle = deviceColour(device);
        context.fillRect(
          LABEL + layer * step,
          HEAD + family * ROW + 1 + copy * part,
          Math.max(0.5, step - gap),
          part,
        );
      });
    }
  }

  #cellAt(event: MouseEvent): Cell | undefined {
    const box = this.#canvas.getBoundingClientRect();
    const layer = Math.floor((event.clientX - box.left - LABEL) / this.#step);
    const family = Math.floor((event.clientY - box.top - HEAD) / ROW);
    return this.#grid.cells.find((cell) => cell.layer === layer && cell.family === family);
  }

  #hover(event: MouseEvent): void {
    const cell = this.#cellAt(event);
    this.#canvas.style.cursor = cell === undefined ? "default" : "pointer";
    if (cell === undefined) return;
    const copies = cell.stored.copies.map(
      ({ device, layout, bytes }) => `${this.#devices[device]}, ${layout}, ${formatBytes(bytes)}`,
    );
    this.#caption.textContent = `${cell.stored.name}: ${cell.stored.dtype} on ${copies.join(" and on ")}`;
  }
}

const shortened = (text: string): string => (text.length > 19 ? `${text.slice(0, 18)}…` : text);
