/**
 * The 144 valid key blocks that the tests of this folder alter: 12 KBPKs, each with the keys that
 * it may protect, each without optional blocks, with two that fill whole cipher blocks, and with
 * one that needs PB. Keys and padding are the same in every run.
 */

import {
  KeyblockError,
  type KeyblockErrorCode,
  type OptionalBlock,
  type RandomBytes,
  SecretKey,
  type Validation,
  type VersionId,
  wrapKey,
} from 'keyblock';

export type KeyBytes = Uint8Array<ArrayBuffer>;

/** A valid block, and all that is known about it. */
export interface Sample {
  readonly title: string;
  readonly versionId: VersionId;
  /** Index of the KBPK, 0 to 11. */
  readonly kbpkIndex: number;
  /** Prepared once: thousands of altered blocks are opened under it. */
  readonly kbpk: SecretKey;
  readonly kbpkBytes: KeyBytes;
  readonly key: KeyBytes;
  readonly keyBlock: string;
  readonly headerLength: number;
  /** Bytes of a cipher block and of the MAC. */
  readonly blockLength: number;
  readonly macLength: number;
}

/** Numbers that look random and are the same in every run (mulberry32). */
export function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) % below;
  };
}

/** Bytes likewise, in the shape of a generator. */
export function bytesOf(seed: number): (length: number) => KeyBytes {
  const next = numbers(seed);
  return (length) => new Uint8Array(length).map(() => next(256));
}

/** What a caller gets to see of a call: a value, or the code of the error. Others go through. */
export function outcome<T>(
  call: () => T,
): { readonly value: T } | { readonly code: KeyblockErrorCode } {
  try {
    return { value: call() };
  } catch (error) {
    if (error instanceof KeyblockError) return { code: error.code };
    throw error;
  }
}

/** What can be known of a text before any key is used. Every later code means that a MAC passed. */
export const TEXT_CODES: ReadonlySet<KeyblockErrorCode> = new Set<KeyblockErrorCode>([
  'INPUT_TOO_LARGE',
  'INVALID_CHARACTER',
  'INVALID_HEADER',
  'INVALID_HEX',
  'INVALID_LENGTH',
  'INVALID_OPTIONAL_BLOCK',
  'KBPK_MISMATCH', // the version letter became that of another kind of KBPK
  'UNSUPPORTED',
]);

export const VALIDATIONS: readonly Validation[] = ['strict', 'interoperable'];

/** The lengths of KBPK of each version. */
export const KBPK_LENGTHS: readonly (readonly [VersionId, readonly number[]])[] = [
  ['A', [16, 24]],
  ['B', [16, 24]],
  ['C', [16, 24]],
  ['D', [16, 24, 32]],
  ['E', [16, 24, 32]],
];

/** What the header says about the key: its algorithm letter, and how many bytes it has. */
type Payload = readonly [letter: string, length: number];

/** 121 bytes: an elliptic-curve key in the DER of X9.143 8.6, P-256. */
const EC: Payload = ['E', 121];

/** The keys that a KBPK may protect, by its bytes: I is HMAC, which needs no optional block. */
const PAYLOADS: Readonly<Record<'TDES' | 'AES', Readonly<Record<number, readonly Payload[]>>>> = {
  TDES: {
    16: [
      ['D', 8],
      ['T', 16],
    ],
    24: [
      ['T', 16],
      ['T', 24],
    ],
  },
  AES: {
    16: [['D', 8], ['T', 16], ['T', 24], ['A', 16], ['I', 16], EC],
    24: [['T', 16], ['T', 24], ['A', 16], ['A', 24], ['I', 24], EC],
    32: [
      ['T', 16],
      ['T', 24],
      ['A', 16],
      ['A', 24],
      ['A', 32],
      ['I', 32],
    ],
  },
};

/** Title, characters in the header (PB included), and the blocks. */
const OPTIONAL_BLOCKS: readonly (readonly [string, number, readonly OptionalBlock[]])[] = [
  ['no optional block', 0, []],
  [
    'KS and LB',
    48,
    [
      { id: 'KS', data: '00604B120F9292800000' },
      { id: 'LB', data: 'label of twenty char' },
    ],
  ],
  ['LB and PB', 16, [{ id: 'LB', data: 'abc' }]],
];

/** Usage, mode and exportability, which vary from block to block. */
const ATTRIBUTES = [
  { keyUsage: 'P0', modeOfUse: 'E', exportability: 'E' },
  { keyUsage: 'K0', modeOfUse: 'B', exportability: 'N' },
  { keyUsage: 'D0', modeOfUse: 'N', exportability: 'S' },
] as const;

/** All 144, ordered by KBPK. */
export const MATRIX: readonly Sample[] = buildMatrix();

function buildMatrix(): Sample[] {
  const samples: Sample[] = [];
  const kbpks = KBPK_LENGTHS.flatMap(([versionId, lengths]) =>
    lengths.map((length) => [versionId, length] as const),
  );
  for (const [kbpkIndex, [versionId, length]] of kbpks.entries()) {
    const algorithm = kbpkAlgorithm(versionId);
    const kbpkBytes = bytesOf(1000 + kbpkIndex)(length);
    const kbpk = new SecretKey({ algorithm, bytes: kbpkBytes });
    for (const [letter, keyLength] of PAYLOADS[algorithm][length] ?? []) {
      for (const [blocksTitle, blocksLength, optionalBlocks] of OPTIONAL_BLOCKS) {
        const randomBytes = bytesOf(2000 + samples.length);
        const key = letter === 'E' ? ecKey(randomBytes) : randomBytes(keyLength);
        const attributes = ATTRIBUTES[samples.length % 3] ?? ATTRIBUTES[0];
        const header = { versionId, algorithm: letter, optionalBlocks, ...attributes };
        samples.push({
          title: `${versionId} ${8 * length}, ${letter} ${8 * key.length}, ${blocksTitle}`,
          versionId,
          kbpkIndex,
          kbpk,
          kbpkBytes,
          key,
          keyBlock: wrapKey({ kbpk, key, header, allow: ['version-a-or-c'], randomBytes }),
          headerLength: 16 + blocksLength,
          blockLength: algorithm === 'AES' ? 16 : 8,
          macLength: algorithm === 'AES' ? 16 : versionId === 'B' ? 8 : 4,
        });
      }
    }
  }
  return samples;
}

/** Algorithm of the KBPK of a version. */
export function kbpkAlgorithm(versionId: VersionId): 'TDES' | 'AES' {
  return versionId === 'D' || versionId === 'E' ? 'AES' : 'TDES';
}

/** The structure of a key, not a key pair. */
function ecKey(randomBytes: RandomBytes): KeyBytes {
  return Uint8Array.from([
    ...[0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20],
    ...randomBytes(32),
    ...[0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
    ...[0xa1, 0x44, 0x03, 0x42, 0x00, 0x04],
    ...randomBytes(64),
  ]);
}
