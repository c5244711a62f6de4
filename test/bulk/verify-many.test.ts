import { fromHex, generateKey, KeyblockError } from 'keyblock';
import {
  type AesPort,
  createRewrapper,
  unwrapMany,
  type VerifyManyOptions,
  verifyMany,
} from 'keyblock/bulk';
import { type HeaderChanges, rewrapKey, wrapKey } from 'keyblock/tr31';
import { describe, expect, it } from 'vitest';
import { facts, PORT, WAYS } from './outcomes.js';

const from = fromHex('88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6');
const to = fromHex('00112233445566778899AABBCCDDEEFF102030405060708090A0B0C0D0E0F0FF');

const wrap = (label: string, key = generateKey({ algorithm: 'AES', lengthBits: 128 })) =>
  wrapKey({
    kbpk: from,
    key,
    header: {
      versionId: 'D',
      keyUsage: 'D0',
      algorithm: 'A',
      modeOfUse: 'B',
      exportability: 'E',
      optionalBlocks: [
        { id: '10', data: label },
        { id: 'TS', data: '20260101000000Z' },
        { id: 'WP', data: '000' },
      ],
    },
    checkValues: ['KP'],
  });

const rewrap = (keyBlock: string, header?: HeaderChanges) =>
  rewrapKey({ keyBlock, from, to, header });

describe.each(WAYS)('verifyMany, %s', (_way, options) => {
  const verify = (pairs: VerifyManyOptions['pairs']) => verifyMany({ ...options, from, to, pairs });

  it('finds what a re-wrapper made equal to what it was made of', () => {
    const before = Array.from({ length: 1100 }, (_, i) => wrap(`label ${i % 9}`));
    for (const versionId of ['D', 'E'] as const) {
      const rewrapper = createRewrapper({ ...options, from, to, header: { versionId } });
      const pairs = rewrapper.rewrap(before).map((outcome, i) => {
        if ('error' in outcome) throw outcome.error;
        return { before: before[i] as string, after: outcome.keyBlock };
      });
      rewrapper.destroy();
      expect(verify(pairs)).toEqual(before.map(() => ({ equal: true })));
    }
  }, 60_000);

  it('finds keys and headers that were exchanged', () => {
    const key = generateKey({ algorithm: 'AES', lengthBits: 128 });
    const [a, b, c] = [wrap('a', key), wrap('a'), wrap('b', key)] as const;
    expect(
      verify([
        { before: a, after: rewrap(a) },
        { before: a, after: rewrap(b) },
        { before: a, after: rewrap(c) },
        { before: a, after: rewrap(a, { exportability: 'N' }) },
        { before: a, after: rewrap(a, { modeOfUse: 'D' }) },
        { before: a, after: rewrap(a, { keyContext: '1' }) },
      ]),
    ).toEqual([true, false, false, false, false, false].map((equal) => ({ equal })));
  });

  it('gives every pair its own error, that of the block before first', () => {
    const [sound, other] = [wrap('a'), wrap('b')] as const;
    const after = rewrap(sound);
    const altered = (text: string) => `${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`;
    const pairs: unknown[] = [
      { before: altered(sound), after: 'nothing' },
      { before: sound, after: altered(after) },
      { before: sound.toLowerCase(), after },
      { before: sound },
      undefined,
      { before: sound, after },
      { before: other, after: other },
    ];
    const outcomes = verify(pairs as VerifyManyOptions['pairs']);
    expect(outcomes.map((one) => ('error' in one ? one.error.code : one.equal))).toEqual([
      'AUTHENTICATION_FAILED',
      'AUTHENTICATION_FAILED',
      'UNSUPPORTED',
      'INVALID_ARGUMENT',
      'INVALID_ARGUMENT',
      true,
      'AUTHENTICATION_FAILED',
    ]);
  });
});

describe('verifyMany and unwrapMany', () => {
  it.each([2, 3, 4])('let all keys of a port go, though one resists: %i', (nth) => {
    let ends = 0;
    let alive = 0;
    const aes: AesPort = {
      prepare(key) {
        alive++;
        const prepared = PORT.prepare(key);
        return {
          ...prepared,
          destroy() {
            alive--;
            if (++ends === nth) throw new Error('the device is gone');
          },
        };
      },
    };
    const before = wrap('a');
    const pairs = [{ before, after: rewrap(before) }];
    if (nth < 4) {
      expect(() => unwrapMany({ kbpk: from, keyBlocks: [before], aes })).toThrow('is gone');
      expect(alive).toBe(0);
    }
    ends = 0;
    expect(() => verifyMany({ from, to, pairs, aes })).toThrow('is gone');
    expect(alive).toBe(0);
  });

  it('refuse what is no array, and KBPKs that are none', () => {
    const call = (options: object) => () => verifyMany(options as VerifyManyOptions);
    const none = { code: 'INVALID_ARGUMENT' };
    expect(call({ from, to })).toThrow(expect.objectContaining(none));
    expect(call({ from, pairs: [] })).toThrow(expect.objectContaining({ ...none, field: 'to' }));
    expect(() => unwrapMany({ kbpk: from } as never)).toThrow(expect.objectContaining(none));
    expect(() => unwrapMany(undefined as never)).toThrow(expect.objectContaining(none));
    expect(unwrapMany({ kbpk: from, keyBlocks: [] })).toEqual([]);
  });

  it('give what is no string its error, and a hole', () => {
    const before = wrap('a');
    const bytes = Uint8Array.from(before, (character) => character.charCodeAt(0));
    const none = { error: expect.objectContaining({ code: 'INVALID_ARGUMENT' }) };
    const keyBlocks = [bytes as never];
    expect(unwrapMany({ kbpk: from, keyBlocks })).toEqual([none]);
    expect(unwrapMany({ kbpk: from, keyBlocks: new Array(1) })).toEqual([none]);
    const pairs = [{ before: bytes as never, after: rewrap(before) }];
    expect(verifyMany({ from, to, pairs })).toEqual([none]);
    expect(verifyMany({ from, to, pairs: new Array(2) })).toEqual([none, none]);
  });

  it('show an error that holds no input', () => {
    const [outcome] = unwrapMany({ kbpk: from, keyBlocks: ['secret text that is no key block'] });
    if (outcome === undefined || !('error' in outcome)) throw new Error('no error');
    const expected = new KeyblockError('UNSUPPORTED', { field: 'versionId', offset: 0 });
    expect(facts(outcome.error)).toEqual(facts(expected));
  });
});
