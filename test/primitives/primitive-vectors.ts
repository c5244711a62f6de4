/** The files of `test/vectors/primitives`, with rows that are read by their column names. */

import { fromHex } from '../../src/hex.js';

/** What every group of a vector file has; `kind` names the family of the cases. */
export interface VectorGroup {
  readonly source: string;
  readonly kind: string;
  readonly direction?: string | undefined;
  readonly keys?: number | undefined;
  readonly keyBits?: number | undefined;
  readonly macBits?: number | undefined;
  readonly cases: readonly (readonly (string | number)[])[];
}

/** A group under the title of its test. */
export interface TitledGroup extends VectorGroup {
  readonly title: string;
}

/** Titles the groups: Monte Carlo chains are apart, `monte-carlo.slow.ts` runs them. */
export function knownAnswers(groups: readonly VectorGroup[]): TitledGroup[] {
  return groups.filter(({ kind }) => kind !== 'MCT').map(titled);
}

export function monteCarlo(groups: readonly VectorGroup[]): TitledGroup[] {
  return groups.filter(({ kind }) => kind === 'MCT').map(titled);
}

export function countCases(groups: readonly VectorGroup[]): number {
  return groups.reduce((count, { cases }) => count + cases.length, 0);
}

/** Decodes one column of a row. */
export function column(row: readonly (string | number)[], index: number): Uint8Array<ArrayBuffer> {
  return fromHex(String(row[index]));
}

function titled(group: VectorGroup): TitledGroup {
  const { kind, direction, keys, keyBits, macBits, cases } = group;
  const words = [
    kind,
    direction,
    keys && `${keys}-key`,
    keyBits && `${keyBits}-bit key`,
    macBits && `${macBits}-bit MAC`,
    `(${cases.length})`,
  ];
  return { ...group, title: words.filter((word) => word !== undefined).join(' ') };
}
