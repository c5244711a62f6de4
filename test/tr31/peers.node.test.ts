import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { testUnwrapCases, type UnwrapCase } from './vector-cases.js';

/** What is reported of valid cases and refused of none. */
const REPORTED: Parameters<typeof testUnwrapCases>[1] = {
  // K1 is K3, so the KBPK is as strong as two keys are.
  'chhil-B-3k-3key': ['weaker-kbpk-parts'],
  // The two halves of the key are equal.
  'psec-doc-08': ['weak-key'],
  'paysec-example_aes_256_no_optional_blocks_no_masked_length': ['weak-key'],
  'psec-history-1': ['weak-key'],
};

// Test data of other projects, which is theirs: a folder that is no part of this repository.
const { KEYBLOCK_PEER_VECTORS: folder } = process.env;

describe('unwrapKey with the vectors of other projects', () => {
  if (folder) {
    // What is no case of ours fails its test.
    const cases: readonly UnwrapCase[] = JSON.parse(
      readFileSync(join(folder, 'peers.json'), 'utf8'),
    );
    testUnwrapCases(cases, REPORTED);
  } else {
    const reason = 'is left out: KEYBLOCK_PEER_VECTORS names no folder';
    // biome-ignore lint/suspicious/noConsole: a suite that is left out has to say so
    console.info(`unwrapKey with the vectors of other projects ${reason}`);
    it.skip(reason);
  }
});
