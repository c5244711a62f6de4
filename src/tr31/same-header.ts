/** Whether a header is still what it was: what a re-wrap must not change. */

import type { KeyBlockHeader } from './header.js';
import type { OptionalBlock } from './optional-blocks.js';

/** What a re-wrap writes anew, for it is about the KBPK: its check value, and the pedigree. */
const REWRITTEN: readonly string[] = ['KP', 'WP'];

/** The fields that speak of the key, but for the optional blocks. */
const OF_THE_KEY = [
  'keyUsage',
  'algorithm',
  'modeOfUse',
  'keyVersionNumber',
  'exportability',
  'keyContext',
] as const;

/** Whether two authentic headers say the same, but for the optional blocks that are rewritten. */
export function sameHeader(
  a: KeyBlockHeader,
  b: KeyBlockHeader,
  rewritten: readonly string[] = REWRITTEN,
): boolean {
  for (const name of OF_THE_KEY) if (a[name] !== b[name]) return false;
  const blocks = others(a, rewritten);
  const found = others(b, rewritten);
  return (
    blocks.length === found.length &&
    blocks.every(({ id, data }, i) => id === found[i]?.id && data === found[i].data)
  );
}

function others(
  { optionalBlocks }: KeyBlockHeader,
  rewritten: readonly string[],
): readonly OptionalBlock[] {
  return optionalBlocks.filter(({ id }) => !rewritten.includes(id));
}
