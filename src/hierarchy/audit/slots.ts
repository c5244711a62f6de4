/** Under which versions of a main key the blocks of a record stand. */

import type { BlockSlot, MainKeyState, MainKeyVersion } from '../records.js';
import type { Report } from './findings.js';

/** Whose blocks they are, and under which main key they have to be. */
export interface Holder {
  readonly recordId: string;
  readonly mainKeyId: string;
  /** Of that main key; undefined where its record is missing. */
  readonly versions: readonly MainKeyVersion[] | undefined;
  /** Whether a rotation of it is under way: then blocks are still on their way. */
  readonly isRotating: boolean;
}

/** The states of versions that blocks may be under. */
const LIVE: readonly MainKeyState[] = ['active', 'pending', 'retiring'];

/** Checks where the blocks of a live key stand, and hands each on to be looked into. */
export function auditSlots(
  slots: readonly BlockSlot[],
  { recordId, mainKeyId, versions, isRotating }: Holder,
  report: Report,
  auditBlock: (slot: BlockSlot, under: MainKeyVersion | undefined) => void,
): void {
  if (slots.length === 0) report('no-block', recordId);
  const taken = new Set<number>();
  const states = new Set<MainKeyState>();
  for (const slot of slots) {
    const { keyId, version: number } = slot.under;
    if (keyId !== mainKeyId) report('cross-region-edge', recordId);
    else if (taken.has(number)) report('several-blocks', recordId);
    taken.add(number);
    const under =
      keyId === mainKeyId ? versions?.find(({ version }) => version === number) : undefined;
    if (under !== undefined) states.add(under.state);
    if (keyId === mainKeyId && versions !== undefined) auditState(under, recordId, report);
    auditBlock(slot, under);
  }
  const isBehind = versions !== undefined && slots.length > 0 && !states.has('active');
  if (isBehind && !isRotating) report('straggler', recordId);
}

function auditState(under: MainKeyVersion | undefined, recordId: string, report: Report): void {
  if (under === undefined) report('unknown-version', recordId);
  else if (!LIVE.includes(under.state)) report('mixed-versions', recordId);
}
