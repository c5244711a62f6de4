/**
 * Finds a shape by the text of a header. Headers may be made to look alike: whatever they are, a
 * header is compared with a few others only.
 */

import type { Shape } from './shape.js';
import type { Text } from './text.js';

/** Shapes by their headers. */
export interface ShapeIndex {
  /** The shape of a header, as `matches` says. */
  find(text: Text, at: number, matches: (shape: Shape) => boolean): Shape | undefined;
  /** Adds the shape of a header, and gives back those that it lets go for it. */
  add(text: Text, at: number, shape: Shape): readonly Shape[];
  /** Lets all go. */
  clear(): readonly Shape[];
}

/** Shapes whose headers begin alike and are free in the same places, by all that is not free. */
interface Layout {
  readonly mask: Int32Array;
  readonly shapes: Map<number, Shape[]>;
}

/**
 * Layouts that begin with the same 16 characters, and shapes of one hash: few are ever in use, and
 * of more the first is let go.
 */
const MAX_ALIKE = 16;

/** The fixed part of a header. */
const BEGINNING = new Int32Array(4).fill(-1);

/** Begins without a shape. */
export function createShapeIndex(): ShapeIndex {
  const beginnings = new Map<number, Layout[]>();
  return {
    find(text, at, matches) {
      for (const { mask, shapes } of beginnings.get(hashOf(text, at, BEGINNING)) ?? []) {
        const found = shapes.get(hashOf(text, at, mask))?.find(matches);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    add(text, at, shape) {
      const { mask } = shape;
      const layouts = entryOf(beginnings, hashOf(text, at, BEGINNING));
      const known = layouts.find((layout) => equalWords(layout.mask, mask));
      const layout = known ?? { mask, shapes: new Map<number, Shape[]>() };
      if (known === undefined) layouts.push(layout);
      const alike = entryOf(layout.shapes, hashOf(text, at, mask));
      alike.push(shape);
      return [
        ...(layouts.length > MAX_ALIKE ? shapesOf(layouts.splice(0, 1)) : []),
        ...(alike.length > MAX_ALIKE ? alike.splice(0, 1) : []),
      ];
    },
    clear() {
      const all = shapesOf([...beginnings.values()].flat());
      beginnings.clear();
      return all;
    },
  };
}

/** The words of a header where it is not free, in one. */
function hashOf({ words }: Text, at: number, mask: Int32Array): number {
  const first = at >> 2;
  let hash = 0;
  for (let i = 0; i < mask.length; i++) {
    // In range: a text has room for a whole header behind every block that begins in it.
    hash = (Math.imul(hash, 31) + ((words[first + i] as number) & (mask[i] as number))) | 0;
  }
  return hash;
}

function shapesOf(layouts: readonly Layout[]): Shape[] {
  return layouts.flatMap(({ shapes }) => [...shapes.values()].flat());
}

function entryOf<T>(map: Map<number, T[]>, name: number): T[] {
  const entry = map.get(name) ?? [];
  map.set(name, entry);
  return entry;
}

function equalWords(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((word, i) => word === b[i]);
}
