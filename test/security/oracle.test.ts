/**
 * No decryption oracle: what depends on the key before the MAC has passed fails in one way only.
 * The MAC of versions B, D and E is the IV, so that a stranger steers the decrypted length.
 */

import {
  KeyblockError,
  parseKeyBlock,
  rewrapKey,
  traceUnwrap,
  type UnwrapKeyOptions,
  unwrapKey,
  type VersionId,
  verifyKeyBlock,
} from 'keyblock';
import { describe, expect, it } from 'vitest';
import vectors from '../vectors/tr31.json' with { type: 'json' };
import { bytesOf, MATRIX, type Sample, VALIDATIONS } from './matrix.js';
import { splice, withTrueLength } from './mutations.js';
import { signature, sweepAuthenticator, sweepSample } from './oracle.js';

const VERSION_IDS: readonly VersionId[] = ['A', 'B', 'C', 'D', 'E'];

describe('4096 of the first two bytes of the MAC', { timeout: 60_000 }, () => {
  it.each(VERSION_IDS)('fail in one way only, version %s', (versionId) => {
    const { signatures, attempts } = sweepAuthenticator(sweepSample(versionId), 4096, 'strict');
    expect(attempts).toBe(4096);
    expect(signatures.size).toBe(1);
    expect(JSON.parse([...signatures][0] ?? '')).toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: 'The key block is not authentic under this KBPK.',
      name: 'KeyblockError',
      hasCause: false,
      isFrozen: true,
      isConstructor: true,
      thrownAt: [expect.any(String), expect.any(String)],
    });
  });

  it.each(['B', 'D', 'E'] as const)('make the length anything at all, version %s', (versionId) => {
    const { keyBlock, kbpk, macLength } = sweepSample(versionId);
    const macOffset = keyBlock.length - 2 * macLength;
    const lengths = new Set<string | undefined>();
    let sound = 0;
    for (let prefix = 0; prefix < 65_536; prefix += 64) {
      const digits = prefix.toString(16).toUpperCase().padStart(4, '0');
      const altered = splice(keyBlock, macOffset, macOffset + 4, digits);
      const { steps, lengthValid } = traceUnwrap({ kbpk, keyBlock: altered, testKey: true });
      lengths.add(steps.find(({ name }) => name === 'key length in bits')?.value);
      if (lengthValid) sound += 1;
    }
    // In version E the counter is encrypted: lengths repeat now and then.
    expect(lengths.size).toBeGreaterThan(versionId === 'E' ? 1000 : 1023);
    expect(sound).toBeLessThan(20);
  });
});

/** Every kind of thing that can be wrong, always with a text that is sound by itself. */
const FAILURES: readonly (readonly [string, (sample: Sample) => Partial<UnwrapKeyOptions>])[] = [
  ['a wrong KBPK in a handle', ({ versionId, kbpkIndex }) => otherKbpk(versionId, kbpkIndex)],
  ['a wrong KBPK in bytes', ({ kbpkBytes }) => ({ kbpk: bytesOf(1)(kbpkBytes.length) })],
  ['the first digit of the MAC', ({ keyBlock, macLength }) => flip(keyBlock, -2 * macLength)],
  ['the last digit of the MAC', ({ keyBlock }) => flip(keyBlock, -1)],
  ['the decrypted length', ({ keyBlock, headerLength }) => flip(keyBlock, headerLength)],
  [
    'the parity of the length in bits',
    ({ keyBlock, headerLength }) => flip(keyBlock, headerLength + 3),
  ],
  ['a digit of the key', ({ keyBlock, headerLength }) => flip(keyBlock, headerLength + 8)],
  ['a digit of the padding', ({ keyBlock, macLength }) => flip(keyBlock, -2 * macLength - 1)],
  ['the usage', ({ keyBlock }) => ({ keyBlock: splice(keyBlock, 5, 7, 'C0') })],
  ['the algorithm', ({ keyBlock }) => ({ keyBlock: splice(keyBlock, 7, 8, 'R') })],
  ['the mode', ({ keyBlock }) => ({ keyBlock: splice(keyBlock, 8, 9, 'Y') })],
  ['the key version', ({ keyBlock }) => ({ keyBlock: splice(keyBlock, 9, 11, '77') })],
  ['the context', ({ keyBlock }) => ({ keyBlock: splice(keyBlock, 14, 15, '2') })],
  ['a payload longer by a block', lengthen],
  [
    'the MAC alone',
    ({ keyBlock, headerLength, blockLength, macLength }) => ({
      keyBlock: withTrueLength(
        keyBlock.slice(0, headerLength) +
          '0'.repeat(2 * blockLength) +
          keyBlock.slice(-2 * macLength),
      ),
    }),
  ],
];

describe('every alteration', { timeout: 60_000 }, () => {
  it.each(VERSION_IDS)('fails as a wrong KBPK does, version %s', (versionId) => {
    const samples = MATRIX.filter((sample) => sample.versionId === versionId);
    const signatures = new Set<string>();
    for (const sample of samples) {
      for (const [, alter] of FAILURES) {
        for (const validation of VALIDATIONS) {
          const { kbpk, keyBlock } = { ...sample, ...alter(sample) };
          signatures.add(signature(() => unwrapKey({ kbpk, keyBlock, validation })));
        }
      }
    }
    expect(signatures.size).toBe(1);
    expect([...signatures][0]).toContain('"code":"AUTHENTICATION_FAILED"');
  });

  it.each(FAILURES)('of %s fails alike in all versions and from all functions', (_, alter) => {
    const unwrapping = new Set<string>();
    for (const sample of VERSION_IDS.map(sweepSample)) {
      const { kbpk, keyBlock } = { ...sample, ...alter(sample) };
      expect(parseKeyBlock(keyBlock).findings).toEqual([]); // the text itself is sound
      unwrapping.add(signature(() => unwrapKey({ kbpk, keyBlock })));
      unwrapping.add(signature(() => rewrapKey({ keyBlock, from: kbpk, to: sample.kbpk })));
      expect(verifyKeyBlock({ kbpk, keyBlock })).toBe(false);
    }
    expect(unwrapping.size).toBe(1);
  });

  it('shows in the trace alone, which is made for that', () => {
    const { kbpk, keyBlock } = sweepSample('D');
    expect(traceUnwrap({ kbpk, keyBlock, testKey: true }).macValid).toBe(true);
    const altered = flip(keyBlock, -1).keyBlock;
    expect(traceUnwrap({ kbpk, keyBlock: altered, testKey: true }).macValid).toBe(false);
  });
});

/** Blocks whose MAC is right, with a length inside that is not. */
const EVIL = vectors
  .filter(
    ({ kind, stage, error }) => kind === 'unwrap' && stage === 'payload' && error === 'KEY_LENGTH',
  )
  .map(({ id, kbpk, keyBlock }) => ({ id, kbpk: bytes(kbpk), keyBlock: String(keyBlock) }));

describe('a wrong length in an authentic payload', { timeout: 60_000 }, () => {
  it('is in nine vectors', () => {
    expect(
      EVIL.map(({ keyBlock }) => keyBlock.charAt(0))
        .sort()
        .join(''),
    ).toBe('AABBDDDEE');
  });

  it.each(EVIL)('is named, because the MAC is right: $id', ({ kbpk, keyBlock }) => {
    for (const validation of VALIDATIONS) {
      expect(() => unwrapKey({ kbpk, keyBlock, validation })).toThrow(
        expect.objectContaining({
          constructor: KeyblockError,
          code: 'INVALID_PAYLOAD',
          field: 'payload',
          offset: undefined,
        }),
      );
    }
    expect(verifyKeyBlock({ kbpk, keyBlock })).toBe(true);
  });

  it('is not named otherwise', () => {
    const named = new Set<string>();
    const unnamed = new Set<string>();
    for (const { kbpk, keyBlock } of EVIL) {
      named.add(signature(() => unwrapKey({ kbpk, keyBlock })));
      for (let offset = 1; offset <= 8; offset++) {
        unnamed.add(signature(() => unwrapKey({ kbpk, ...flip(keyBlock, -offset) })));
      }
      unnamed.add(signature(() => unwrapKey({ kbpk: bytesOf(2)(kbpk.length), keyBlock })));
    }
    expect(named.size).toBe(1); // which of the lengths is wrong, and how, is not said
    expect([...named][0]).toContain('"code":"INVALID_PAYLOAD"');
    expect(unnamed.size).toBe(1);
    expect([...unnamed][0]).toContain('"code":"AUTHENTICATION_FAILED"');
  });
});

/** Another upper-case hex digit at an offset, from the end where it is negative. */
function flip(keyBlock: string, offset: number): { readonly keyBlock: string } {
  const at = offset < 0 ? keyBlock.length + offset : offset;
  const digit = (Number.parseInt(keyBlock.charAt(at), 16) ^ 1).toString(16).toUpperCase();
  return { keyBlock: splice(keyBlock, at, at + 1, digit) };
}

/** One cipher block of payload more. */
function lengthen({ keyBlock, headerLength, blockLength }: Sample): { readonly keyBlock: string } {
  const zeros = '0'.repeat(2 * blockLength);
  return { keyBlock: withTrueLength(splice(keyBlock, headerLength, headerLength, zeros)) };
}

/** A handle of the right kind and length that is prepared, and wrong. */
function otherKbpk(versionId: VersionId, kbpkIndex: number): Partial<UnwrapKeyOptions> {
  const other = MATRIX.find((s) => s.versionId === versionId && s.kbpkIndex !== kbpkIndex);
  return other === undefined ? {} : { kbpk: other.kbpk };
}

function bytes(hex: string | undefined): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex?.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
