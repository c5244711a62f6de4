import { fromHex, generateKey, KeyblockError, toHex } from 'keyblock';
import {
  type AesPort,
  createRewrapper,
  unwrapMany,
  type VerifyManyOptions,
  verifyMany,
} from 'keyblock/bulk';
import { type HeaderChanges, rewrapKey, unwrapKey, wrapKey } from 'keyblock/tr31';
import { describe, expect, it, vi } from 'vitest';
import { openMany, prepareOpening } from '../../src/bulk/open-many.js';
import type { UnwrapCase } from '../tr31/vector-cases.js';
import vectors from '../vectors/tr31.json' with { type: 'json' };
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

  it.each([
    ['another time', [{ id: 'TS', data: '20310101000000Z' }]],
    ['no time', []],
  ])('finds %s, which no re-wrap writes', (_what, optionalBlocks) => {
    const key = generateKey({ algorithm: 'AES', lengthBits: 128 });
    const header = {
      versionId: 'D',
      keyUsage: 'D0',
      algorithm: 'A',
      modeOfUse: 'B',
      exportability: 'E',
    } as const;
    const time = [{ id: 'TS', data: '20260101000000Z' }];
    const before = wrapKey({ kbpk: from, key, header: { ...header, optionalBlocks: time } });
    const after = wrapKey({ kbpk: to, key, header: { ...header, optionalBlocks } });
    const pairs = [
      { before, after },
      { before, after: rewrap(before) },
    ];
    expect(verify(pairs)).toEqual([{ equal: false }, { equal: true }]);
  });

  it('gives every pair its own error, that of the block before first, and tells whose it is', () => {
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
    const found = outcomes.map((one) =>
      'error' in one ? [one.error.code, one.side] : [one.equal, 'side' in one],
    );
    expect(found).toEqual([
      ['AUTHENTICATION_FAILED', 'before'],
      ['AUTHENTICATION_FAILED', 'after'],
      ['UNSUPPORTED', 'before'],
      ['INVALID_ARGUMENT', 'after'],
      ['INVALID_ARGUMENT', 'before'],
      [true, false],
      ['AUTHENTICATION_FAILED', 'after'],
    ]);
  });
});

describe('verifyMany and unwrapMany', () => {
  it('compare the reserved character, which a re-wrap takes over', () => {
    const found = (vectors as readonly UnwrapCase[]).find(({ id }) => id === 'policy-hdr-lmkid-33');
    const { keyBlock = '' } = found ?? {};
    const kbpk = fromHex(found?.kbpk ?? '');
    const allow = ['unknown-attribute', 'version-a-or-c'] as const;
    const { header, key } = unwrapKey({ keyBlock, kbpk, allow });
    const after = rewrapKey({ keyBlock, from: kbpk, to: kbpk, allow });
    const other = wrapKey({ kbpk, key, header, allow });
    expect([keyBlock, after, other].map((text) => text.charAt(15))).toEqual(['3', '3', '0']);
    const pairs = [after, other].map((text) => ({ before: keyBlock, after: text }));
    const equal = [{ equal: true }, { equal: false }];
    expect(verifyMany({ from: kbpk, to: kbpk, pairs, allow })).toEqual(equal);
  });

  it('leave no key in memory that they wrote', () => {
    const key = generateKey({ algorithm: 'AES', lengthBits: 256 });
    const before = wrap('a', key);
    const pairs = [{ before, after: rewrap(before) }];
    const written = new Set<ArrayBufferLike>();
    const { set } = Uint8Array.prototype;
    const spy = vi.spyOn(Uint8Array.prototype, 'set').mockImplementation(function (
      this: Uint8Array,
      ...values
    ) {
      written.add(this.buffer);
      set.apply(this, values);
    });
    try {
      expect(verifyMany({ from, to, pairs, engine: 'typescript' })).toEqual([{ equal: true }]);
    } finally {
      spy.mockRestore();
    }
    const hex = toHex(key.expose());
    expect(written.size).toBeGreaterThan(0);
    expect([...written].filter((all) => toHex(new Uint8Array(all)).includes(hex))).toEqual([]);
  });

  it('wipe what was opened when a call ends, not when its owner does', () => {
    const lent = new Set<ArrayBufferLike>();
    const keep = (blocks: Uint8Array) => {
      lent.add(blocks.buffer);
      return blocks;
    };
    const aes: AesPort = {
      prepare(key) {
        const { encryptBlocks, decryptBlocks } = PORT.prepare(key);
        return {
          encryptBlocks: (blocks) => encryptBlocks(keep(blocks)),
          decryptBlocks: (blocks) => decryptBlocks(keep(blocks)),
        };
      },
    };
    const opening = prepareOpening(from, { aes });
    const seen: number[] = [];
    openMany(
      opening,
      [wrap('a'), 'nothing'],
      (index, _header, key) => seen.push(index, key.length),
      (index) => seen.push(index),
    );
    expect(seen).toEqual([1, 0, 16]);
    expect(lent.size).toBeGreaterThan(0);
    for (const buffer of lent)
      expect(new Uint8Array(buffer).every((byte) => byte === 0)).toBe(true);
    opening.destroy();
  });

  it('give every block findings of its own', () => {
    const keyBlock = wrapKey({
      kbpk: from,
      key: new Uint8Array(16).fill(1),
      header: {
        versionId: 'D',
        keyUsage: 'D0',
        algorithm: 'A',
        modeOfUse: 'B',
        exportability: 'E',
        keyContext: '3',
      },
      allow: ['unknown-attribute'],
    });
    const keyBlocks = [keyBlock, keyBlock];
    const validation = 'interoperable';
    const [first, second] = unwrapMany({ kbpk: from, keyBlocks, validation });
    if (first === undefined || 'error' in first) throw new Error('not opened');
    expect(first.findings).not.toEqual([]);
    Object.assign(first.findings[0] as object, { message: 'altered' });
    const { findings } = unwrapKey({ kbpk: from, keyBlock, validation });
    expect(second).toHaveProperty('findings', findings);
  });

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
    const noneBefore = { ...none, side: 'before' };
    expect(verifyMany({ from, to, pairs })).toEqual([noneBefore]);
    expect(verifyMany({ from, to, pairs: new Array(2) })).toEqual([noneBefore, noneBefore]);
  });

  it('show an error that holds no input', () => {
    const [outcome] = unwrapMany({ kbpk: from, keyBlocks: ['secret text that is no key block'] });
    if (outcome === undefined || !('error' in outcome)) throw new Error('no error');
    const expected = new KeyblockError('UNSUPPORTED', { field: 'versionId', offset: 0 });
    expect(facts(outcome.error)).toEqual(facts(expected));
  });
});
