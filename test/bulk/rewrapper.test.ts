import fc from 'fast-check';
import {
  computeKcv,
  fromHex,
  generateKey,
  KeyblockError,
  type OptionalBlock,
  SecretKey,
  toHex,
} from 'keyblock';
import {
  type AesPort,
  type AesPortKey,
  createRewrapper,
  type Rewrapper,
  type RewrapperOptions,
  unwrapMany,
  verifyMany,
} from 'keyblock/bulk';
import {
  type KeyBlockHeaderInput,
  parseKeyBlock,
  rewrapKey,
  unwrapKey,
  wrapKey,
} from 'keyblock/tr31';
import { describe, expect, it, vi } from 'vitest';
import { expectRewrapped, facts, PORT, WAYS } from './outcomes.js';

const TDES_KBPK = fromHex('DD7515F2BFC17F85CE48F3CA25CB21F6E5D3C1B7A9F80213');
const AES_KBPK = fromHex('88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6');
const NEW_TDES = fromHex('0123456789ABCDEFFEDCBA987654321089ABCDEF01234567');
const NEW_AES = fromHex('00112233445566778899AABBCCDDEEFF102030405060708090A0B0C0D0E0F0FF');

type From = 'A' | 'B' | 'C' | 'D' | 'E';

const kbpkOf = (versionId: From) => ('DE'.includes(versionId) ? AES_KBPK : TDES_KBPK);

const ALGORITHMS = { A: ['AES', 'D0'], T: ['TDES', 'P0'], H: ['HMAC', 'M7'] } as const;

/** Key blocks with keys of several kinds and lengths, and headers that differ a little or a lot. */
const anyKeyBlock = (versions: string) =>
  fc
    .record({
      versionId: fc.constantFrom(...versions) as fc.Arbitrary<From>,
      key: fc.oneof(
        fc.constantFrom(16, 24).map((length) => ({ letter: 'T', length }) as const),
        fc.constantFrom(16, 24, 32).map((length) => ({ letter: 'A', length }) as const),
        fc.integer({ min: 14, max: 40 }).map((length) => ({ letter: 'H', length }) as const),
      ),
      place: fc.option(fc.stringMatching(/^[0-9]{12}$/)),
      label: fc.option(fc.constantFrom('a', 'b~ b', 'c'.repeat(9)), { freq: 4 }),
      serial: fc.option(fc.constantFrom('FFFF0123456789ABCDEF', '0123456789ABCDEF'), { freq: 4 }),
      checkValues: fc.constantFrom<('KC' | 'KP')[]>([], ['KP'], ['KC', 'KP']),
      masked: fc.constantFrom('x9.143', 'none', 48),
      seed: fc.nat(255),
    })
    .map(({ versionId, key: { letter, length }, ...drawn }) => {
      const [algorithm, keyUsage] = ALGORITHMS[letter];
      const bytes = Uint8Array.from({ length }, (_, i) => (drawn.seed + 37 * i * i + i) & 255);
      const optionalBlocks = [
        ...(letter === 'H' ? [{ id: 'HM', data: '21' }] : []),
        ...(drawn.place === null ? [] : [{ id: '10', data: `0001000200${drawn.place}` }]),
        ...(drawn.label === null ? [] : [{ id: 'LB', data: drawn.label }]),
        ...(drawn.serial === null ? [] : [{ id: 'KS', data: drawn.serial }]),
      ];
      return wrapKey({
        kbpk: kbpkOf(versionId),
        key: new SecretKey({ algorithm, bytes }),
        header: {
          versionId,
          keyUsage,
          algorithm: letter,
          modeOfUse: letter === 'H' ? 'G' : 'B',
          exportability: 'E',
          optionalBlocks,
        },
        checkValues:
          letter === 'H'
            ? drawn.checkValues.slice(-1).filter((id) => id === 'KP')
            : drawn.checkValues,
        maskedKeyLength:
          typeof drawn.masked === 'number' ? Math.max(48, length) : (drawn.masked as 'none'),
        allow: ['version-a-or-c', 'weaker-kbpk'],
      });
    });

/** What is no key block, is no longer one, or is one of another key. */
const anyAltered = (keyBlocks: fc.Arbitrary<string>): fc.Arbitrary<unknown> =>
  fc.oneof(
    fc
      .tuple(
        keyBlocks,
        fc.nat(),
        fc.constantFrom('0', '1', 'A', 'a', 'Z', ' ', '~', '\u00e9', '\ud83d'),
      )
      .map(([text, at, character]) => {
        const i = at % text.length;
        return text.slice(0, i) + character + text.slice(i + 1);
      }),
    fc.tuple(keyBlocks, fc.nat()).map(([text, at]) => text.slice(0, at % text.length)),
    keyBlocks.map((text) => `${text}0`),
    keyBlocks.map((text) => text.slice(0, 16) + text.slice(16).toLowerCase()),
    fc.constantFrom<unknown>(
      undefined,
      null,
      42,
      {},
      [],
      '',
      'D0016P0AE00E0000',
      '\u00e9'.repeat(144),
    ),
  );

const anyMixture = (versions: string) =>
  fc.array(
    fc.oneof(
      { arbitrary: anyKeyBlock(versions), weight: 3 },
      { arbitrary: anyAltered(anyKeyBlock(versions)), weight: 1 },
    ),
    { minLength: 1, maxLength: 90 },
  );

const TRANSLATIONS = [
  { versions: 'ABC', from: TDES_KBPK, to: NEW_TDES, header: { versionId: 'B' } },
  { versions: 'ABC', from: TDES_KBPK, to: NEW_AES, header: { versionId: 'D' } },
  { versions: 'ABC', from: TDES_KBPK, to: NEW_AES, header: { versionId: 'E', exportability: 'N' } },
  { versions: 'DE', from: AES_KBPK, to: NEW_TDES, header: { versionId: 'B' } },
  { versions: 'DE', from: AES_KBPK, to: NEW_AES, header: { versionId: 'D', keyContext: '1' } },
  { versions: 'DE', from: AES_KBPK, to: NEW_AES, header: { versionId: 'E' } },
  { versions: 'DE', from: AES_KBPK, to: NEW_AES, header: undefined },
  { versions: 'BD', from: AES_KBPK, to: NEW_AES, header: undefined },
] as const satisfies readonly (RewrapperOptions & { versions: string })[];

const everyTranslation = WAYS.flatMap(([way, options]) =>
  TRANSLATIONS.map(({ versions, ...translation }) => {
    const title = `${versions} to ${translation.header?.versionId ?? 'the same'}`;
    return { way, title, versions, options: { ...options, ...translation } };
  }),
);

describe('createRewrapper', () => {
  it.each(everyTranslation)(
    'does to every block of a mixture what rewrapKey does: $way, $title',
    ({ versions, options }) => {
      const { from, to, header } = options;
      const strict = createRewrapper({ ...options, allow: ['weaker-kbpk'] });
      const tolerant = createRewrapper({ ...options, validation: 'interoperable' });
      const bytesOf = (text: string) =>
        Uint8Array.from(text, (character) => character.charCodeAt(0));
      fc.assert(
        fc.property(anyMixture(versions), (mixture) => {
          const keyBlocks = mixture as string[]; // some are none
          const outcomes = strict.rewrap(keyBlocks);
          const others = tolerant.rewrap(keyBlocks);
          expect(outcomes).toHaveLength(keyBlocks.length);
          keyBlocks.forEach((keyBlock, i) => {
            expectRewrapped(outcomes[i], { keyBlock, from, to, header, allow: ['weaker-kbpk'] });
            expectRewrapped(others[i], { keyBlock, from, to, header, validation: 'interoperable' });
          });
          const texts = keyBlocks.filter(
            (text) => typeof text === 'string' && /^[\0-\xff]*$/.test(text),
          );
          strict.rewrapBytes(texts.map(bytesOf)).forEach((outcome, i) => {
            const text =
              'keyBlock' in outcome
                ? { keyBlock: String.fromCharCode(...outcome.keyBlock) }
                : outcome;
            const keyBlock = texts[i] as string; // as many
            expectRewrapped(text, { keyBlock, from, to, header, allow: ['weaker-kbpk'] });
          });
        }),
        { numRuns: 8 },
      );
      strict.destroy();
      tolerant.destroy();
    },
    120_000,
  );

  const stored = (place: string, key = generateKey({ algorithm: 'AES', lengthBits: 128 })) =>
    wrapKey({
      kbpk: AES_KBPK,
      key,
      header: {
        versionId: 'D',
        keyUsage: 'D0',
        algorithm: 'A',
        modeOfUse: 'B',
        exportability: 'N',
        optionalBlocks: [{ id: '10', data: place.padStart(76, '0') }],
      },
      checkValues: ['KP'],
    });

  describe.each(WAYS)('%s', (way, options) => {
    const create = (more: Partial<RewrapperOptions> = {}) =>
      createRewrapper({ from: AES_KBPK, to: NEW_AES, ...options, ...more });

    it('says what it runs on', () => {
      const rewrapper = create();
      expect(rewrapper.engine).toBe(way);
      rewrapper.destroy();
    });

    it('gives every block padding of its own', () => {
      const rewrapper = create();
      const keyBlocks = new Array<string>(300).fill(stored('1'));
      // All else is the same: the MAC, and with it the payload, differ by the padding alone.
      expect(new Set(rewrapper.rewrap(keyBlocks).map(keyBlockOf)).size).toBe(300);
      rewrapper.destroy();
    });

    it('brings KP up to date and keeps the place', () => {
      const rewrapper = create();
      const key = generateKey({ algorithm: 'AES', lengthBits: 128 });
      const keyBlocks = Array.from({ length: 300 }, (_, i) => stored(String(i), key));
      const outcomes = rewrapper.rewrap(keyBlocks).map(keyBlockOf);
      outcomes.forEach((keyBlock, i) => {
        const { header } = unwrapKey({ kbpk: NEW_AES, keyBlock });
        const [place, kp] = header.optionalBlocks;
        expect(place).toEqual({ id: '10', data: String(i).padStart(76, '0') });
        expect(kp?.data).not.toBe(
          parseKeyBlock(keyBlocks[i] as string).header.optionalBlocks[1]?.data,
        );
      });
      rewrapper.destroy();
    });

    it('takes more blocks than a window holds, of two lengths in turn', () => {
      const rewrapper = create();
      const some = Array.from({ length: 6 }, (_, i) => stored('1'.repeat(1 + 16 * (i % 2)) + i));
      const wide = stored('9'.repeat(100));
      const keyBlocks = Array.from({ length: 5000 }, (_, i) =>
        i % 7 === 6 ? wide : (some[i % 7] as string),
      );
      const outcomes = rewrapper.rewrap(keyBlocks).map(keyBlockOf);
      expect(outcomes.map((text) => text.slice(16, 100))).toEqual(
        keyBlocks.map((text) => text.slice(16, 100)),
      );
      rewrapper.destroy();
    });

    it('re-wraps the longest blocks', () => {
      const key = new SecretKey({ algorithm: 'HMAC', bytes: new Uint8Array(4950).fill(7) });
      const header = {
        versionId: 'E',
        keyUsage: 'M7',
        algorithm: 'H',
        modeOfUse: 'G',
        exportability: 'N',
        optionalBlocks: [{ id: 'HM', data: '21' }],
      } as const;
      const keyBlock = wrapKey({ kbpk: AES_KBPK, key, header });
      expect(keyBlock.length).toBeGreaterThan(9900);
      const rewrapper = create();
      for (const outcome of rewrapper.rewrap(Array.from({ length: 5 }, () => keyBlock))) {
        expectRewrapped(outcome, { keyBlock, from: AES_KBPK, to: NEW_AES });
      }
      rewrapper.destroy();
    }, 60_000);

    it('asks a generator for the padding of many blocks at once', () => {
      const asked: number[] = [];
      const randomBytes = (length: number) => {
        asked.push(length);
        return new Uint8Array(length).fill(0xff); // the same by bits as by bytes
      };
      const rewrapper = create({ randomBytes });
      const outcomes = rewrapper.rewrap(Array.from({ length: 32 }, (_, i) => stored(String(i))));
      expect(asked.length).toBeLessThanOrEqual(2);
      for (const outcome of outcomes) {
        const { keyBlock } = outcome as { keyBlock: string }; // all are sound
        const again = rewrapKey({ keyBlock, from: NEW_AES, to: NEW_AES, randomBytes });
        expect(keyBlock).toBe(again);
      }
      rewrapper.destroy();
    });

    it('refuses what a generator returns that is not what was asked for', () => {
      const rewrapper = create({ randomBytes: () => new Uint8Array(3) });
      expect(() => rewrapper.rewrap([stored('1')])).toThrow(refusal('INVALID_ARGUMENT'));
      rewrapper.destroy();
    });

    it('is of no use after its end, nor in the middle of its work', () => {
      let during: () => unknown = () => 0;
      const randomBytes = (length: number) => {
        during();
        return new Uint8Array(length);
      };
      const rewrapper: Rewrapper = create({ randomBytes });
      const keyBlock = stored('1');
      during = () => rewrapper.rewrap([keyBlock]);
      expect(() => rewrapper.rewrap([keyBlock])).toThrow(refusal('STATE_CONFLICT'));
      during = () => 0;
      expect(rewrapper.rewrap([keyBlock]).map(keyBlockOf)).toHaveLength(1);
      during = () => rewrapper.destroy();
      expect(() => rewrapper.rewrap([keyBlock])).toThrow(refusal('KEY_DESTROYED'));
      expect(() => rewrapper.rewrap([])).toThrow(refusal('KEY_DESTROYED'));
      rewrapper.destroy();
    });
  });

  it.each([1, 2, 3, 4])('is destroyed, whichever of its keys a port does not let go: %i', (nth) => {
    let ending = false;
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
            prepared.destroy?.();
            if (ending && ++ends === nth) throw new Error('the device is gone');
          },
        };
      },
    };
    const rewrapper = createRewrapper({ from: AES_KBPK, to: NEW_AES, aes });
    expect(rewrapper.rewrap([stored('1')]).map(keyBlockOf)).toHaveLength(1);
    ending = true;
    expect(() => rewrapper.destroy()).toThrow('the device is gone');
    expect(alive).toBe(0);
    rewrapper.destroy();
    // A version that no block was of before would have its keys derived now, from zeros.
    const zeros = new Uint8Array(32);
    const ofZeros = rewrapKey({
      keyBlock: stored('1'),
      from: AES_KBPK,
      to: zeros,
      header: { versionId: 'E' },
    });
    expect(() => rewrapper.rewrap([ofZeros])).toThrow(refusal('KEY_DESTROYED'));
    expect(ends).toBe(4);
  });

  const one = (outcome: object | undefined) =>
    outcome !== undefined && 'error' in outcome ? (outcome.error as KeyblockError).code : 'done';
  const ascii = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

  const upTo = (end: number) => Array.from({ length: end }, (_, i) => i);
  it.each<[string, (text: string) => Partial<KeyBlockHeaderInput>, readonly (readonly number[])[]]>(
    [
      [
        'than it remembers',
        (text) => ({ keyVersionNumber: text.slice(-2), optionalBlocks: [{ id: 'LB', data: '0' }] }),
        [upTo(300), upTo(300), upTo(600), upTo(600).slice(300)],
      ],
      [
        'than it compares, while blocks of them wait',
        (text) => ({ optionalBlocks: [{ id: 'KV', data: text }] }),
        // A whole chunk of headers that are known, and as many unknown ones that push them out.
        [upTo(16), [...upTo(256).map((i) => i % 16), ...upTo(600).slice(16)]],
      ],
    ],
  )(
    'overwrites the states of MACs of more headers %s',
    (_title, headerOf, batches) => {
      const key = generateKey({ algorithm: 'AES', lengthBits: 128 });
      const keyBlocks = Array.from({ length: 600 }, (_, i) =>
        wrapKey({
          kbpk: AES_KBPK,
          key,
          header: {
            versionId: 'D',
            keyUsage: 'D0',
            algorithm: 'A',
            modeOfUse: 'B',
            exportability: 'N',
            ...headerOf((36 ** 3 + i).toString(36).toUpperCase()),
          },
        }),
      );
      const states: Int32Array[] = [];
      const slice = vi.spyOn(Int32Array.prototype, 'slice').mockImplementation(function (
        this: Int32Array,
        from,
        to,
      ) {
        const state = new Int32Array(this.subarray(from, to));
        if (state.length === 4) states.push(state);
        return state;
      });
      try {
        const rewrapper = createRewrapper({ from: AES_KBPK, to: NEW_AES, aes: PORT });
        for (const batch of batches) {
          const some = batch.map((at) => keyBlocks[at] as string); // in range
          expect(new Set(rewrapper.rewrap(some).map(one))).toEqual(new Set(['done']));
        }
        rewrapper.destroy();
      } finally {
        slice.mockRestore();
      }
      // States are kept for headers that come again.
      expect(states.length).toBeGreaterThan(15);
      expect(states.filter((state) => state.some((word) => word !== 0))).toEqual([]);
    },
    60_000,
  );

  describe('asks a port for the MACs of headers', () => {
    let calls = 0;
    const aes: AesPort = {
      prepare(key) {
        const { encryptBlocks, decryptBlocks } = PORT.prepare(key);
        return {
          encryptBlocks(blocks) {
            calls++;
            return encryptBlocks(blocks);
          },
          decryptBlocks,
        };
      },
    };
    const create = () => createRewrapper({ from: AES_KBPK, to: NEW_AES, aes });
    const wrap = (keyVersionNumber: string, optionalBlocks: OptionalBlock[]) =>
      wrapKey({
        kbpk: AES_KBPK,
        key: NEW_AES,
        header: {
          versionId: 'D',
          keyUsage: 'D0',
          algorithm: 'A',
          modeOfUse: 'B',
          exportability: 'N',
          keyVersionNumber,
          optionalBlocks,
        },
      });
    const textOf = (i: number, length: number) =>
      i.toString(36).toUpperCase().padStart(length, '0');
    const place = [{ id: '10', data: '0'.repeat(4 + 16 * 8) }];
    const once = Array.from({ length: 256 }, (_, i) => wrap(textOf(i, 2), place));
    const callsFor = (rewrapper: Rewrapper, keyBlocks: readonly string[]) => {
      calls = 0;
      expect(rewrapper.rewrap(keyBlocks).map(one)).toEqual(keyBlocks.map(() => 'done'));
      return calls;
    };

    it('that come once: for all lanes at once, and not for each', () => {
      const rewrapper = create();
      // Ten blocks of header, four of payload and one more, on both sides; and keys to derive.
      expect(callsFor(rewrapper, once)).toBeLessThan(2 * 15 + 10);
      rewrapper.destroy();
    });

    it('that come again among others: not at all', () => {
      const rewrapper = create();
      for (const _time of [1, 2])
        callsFor(rewrapper, new Array<string>(256).fill(wrap('ZZ', place)));
      const mixed = once.flatMap((keyBlock) => [keyBlock, wrap('ZZ', place)]);
      expect(callsFor(rewrapper, mixed)).toBeLessThan(2 * 15 + 2 * 6 + 5);
      rewrapper.destroy();
    });

    it('that begin alike and come again: not at all, however many they are', () => {
      const rewrapper = create();
      const kinds = Array.from({ length: 40 }, (_, i) =>
        wrap('00', [{ id: 'KV', data: textOf(i, 4) }]),
      );
      for (const _time of [1, 2]) callsFor(rewrapper, kinds);
      // Two blocks of header are known: four of payload and one more, on both sides.
      expect(callsFor(rewrapper, kinds)).toBeLessThan(2 * 6);
      rewrapper.destroy();
    });

    it('of which each has a label of its own: no more than for all lanes at once', () => {
      const rewrapper = create();
      const labelled = (time: number) =>
        Array.from({ length: 40 }, (_, i) =>
          wrap(textOf(i, 2), [
            { id: 'LB', data: `${textOf(time, 2)}${'x'.repeat(60)}${textOf(i, 2)}` },
          ]),
        );
      for (const time of [1, 2]) callsFor(rewrapper, labelled(time));
      // One block of forty kinds is worth keeping, and computed once; the others are not.
      expect(callsFor(rewrapper, labelled(3))).toBeLessThan(2 * 15 + 5);
      rewrapper.destroy();
    });
  });

  it('refuses bytes of any length, whatever they say of it, and no other block', () => {
    class Lying extends Uint8Array {
      override get length() {
        return 100.5;
      }
    }
    const rewrapper = createRewrapper({ from: AES_KBPK, to: NEW_AES, engine: 'typescript' });
    const sound = ascii(stored('1'));
    const keyBlocks = [sound, new Uint8Array(600_000_000), new Lying(3), new Lying(sound), sound];
    expect(rewrapper.rewrapBytes(keyBlocks).map(one)).toEqual([
      'done',
      'INPUT_TOO_LARGE',
      'INVALID_LENGTH',
      'done',
      'done',
    ]);
    rewrapper.destroy();
  });

  it('reads bytes that grow while they wait', () => {
    // Too many for a window, of so many lengths that chunks stay partly filled and wait.
    const views = Array.from({ length: 40 * 110 }, (_, i) => {
      const length = 64 + 32 * (i % 40);
      const buffer = resizable(length);
      const digits = String(length).padStart(4, '0');
      new Uint8Array(buffer).fill(0x30).set(ascii(`E${digits}D0AB00N0000`));
      return { view: new Uint8Array(buffer), buffer };
    });
    // The first chunk is full, and resizes the others while they wait.
    const full = new Array<Uint8Array>(32).fill(ascii(stored('1')));
    let isFirst = true;
    const randomBytes = (length: number) => {
      if (isFirst) for (const { buffer } of views) buffer.resize(9999);
      isFirst = false;
      return new Uint8Array(length);
    };
    const options = { from: AES_KBPK, to: NEW_AES, engine: 'typescript', randomBytes } as const;
    const rewrapper = createRewrapper(options);
    const outcomes = rewrapper
      .rewrapBytes([...full, ...views.map(({ view }) => view), ...full])
      .map(one);
    expect(outcomes.slice(0, 32)).toEqual(full.map(() => 'done'));
    expect(outcomes.slice(-32)).toEqual(full.map(() => 'done'));
    expect(new Set(outcomes.slice(32, -32))).toEqual(
      new Set(['AUTHENTICATION_FAILED', 'INVALID_LENGTH']),
    );
    rewrapper.destroy();
  }, 60_000);

  it('takes the check value of a KBPK of TDES in one version and of AES in another', () => {
    const from = fromHex('00112233445566778899AABBCCDDEEFF');
    const to = fromHex('0F1E2D3C4B5A69788796A5B4C3D2E1F0');
    const key = fromHex('8AB37F10C42D9EE6517F1C0D3A82B5C9');
    const wrap = (versionId: 'B' | 'D', algorithm: 'TDES' | 'AES') => {
      const kbpk = new SecretKey({ algorithm, bytes: from });
      const kcv = computeKcv({ key: kbpk, method: 'cmac' });
      const header = {
        versionId,
        keyUsage: 'D0',
        algorithm: algorithm === 'TDES' ? 'T' : 'A',
        modeOfUse: 'B',
        exportability: 'E',
        optionalBlocks: [{ id: 'KP', data: `01${kcv}` }],
      } as const;
      return wrapKey({ kbpk, key, header });
    };
    const keyBlocks = [wrap('B', 'TDES'), wrap('D', 'AES'), wrap('B', 'TDES')];
    for (const validation of ['strict', 'interoperable'] as const) {
      const rewrapper = createRewrapper({ from, to, validation });
      const outcomes = rewrapper.rewrap(keyBlocks);
      keyBlocks.forEach((keyBlock, i) => {
        expectRewrapped(outcomes[i], { keyBlock, from, to, validation });
      });
      rewrapper.destroy();
    }
  });

  it('tells headers apart, however many begin alike and whether they come again', () => {
    const keyBlocks = Array.from({ length: 40 }, () =>
      wrapKey({
        kbpk: AES_KBPK,
        key: generateKey({ algorithm: 'AES', lengthBits: 128 }),
        header: {
          versionId: 'D',
          keyUsage: 'D0',
          algorithm: 'A',
          modeOfUse: 'B',
          exportability: 'E',
        },
        checkValues: ['KC', 'KP'],
      }),
    );
    const mixed = [...keyBlocks, ...[...keyBlocks].reverse(), ...keyBlocks.slice(0, 3)];
    const rewrapper = createRewrapper({ from: AES_KBPK, to: NEW_AES });
    for (const _again of [1, 2]) {
      const outcomes = rewrapper.rewrap(mixed);
      mixed.forEach((keyBlock, i) => {
        expectRewrapped(outcomes[i], { keyBlock, from: AES_KBPK, to: NEW_AES });
      });
    }
    rewrapper.destroy();
  });

  it('takes strings or bytes, as the method says', () => {
    const rewrapper = createRewrapper({ from: AES_KBPK, to: NEW_AES, engine: 'typescript' });
    const text = stored('1');
    const both = [text, ascii(text)];
    expect(rewrapper.rewrap(both as string[]).map(one)).toEqual(['done', 'INVALID_ARGUMENT']);
    expect(rewrapper.rewrapBytes(both as Uint8Array[]).map(one)).toEqual([
      'INVALID_ARGUMENT',
      'done',
    ]);
    rewrapper.destroy();
  });

  it('works on the blocks that it was given, whatever becomes of the array', () => {
    const keyBlocks = Array.from({ length: 70 }, (_, i) => stored(String(i)));
    const randomBytes = (length: number) => {
      keyBlocks.push('');
      keyBlocks.fill('');
      return new Uint8Array(length);
    };
    const options = { from: AES_KBPK, to: NEW_AES, engine: 'typescript', randomBytes } as const;
    const rewrapper = createRewrapper(options);
    expect(rewrapper.rewrap(keyBlocks).map(one)).toEqual(new Array(70).fill('done'));
    rewrapper.destroy();
  });

  it.each(['random', 'prepare', 'encryptBlocks'])(
    'gives out nothing where memory is transferred later, in %s',
    (later) => {
      const lent = new Set<ArrayBuffer>();
      const transferAll = (where: string) => {
        if (where !== later) return;
        for (const buffer of lent) structuredClone(buffer, { transfer: [buffer] });
        lent.clear();
      };
      const aes: AesPort = {
        prepare(key) {
          transferAll('prepare');
          const { encryptBlocks, decryptBlocks } = PORT.prepare(key);
          return {
            encryptBlocks(blocks) {
              transferAll('encryptBlocks');
              if (blocks.length > 0) lent.add(blocks.buffer as ArrayBuffer);
              return encryptBlocks(blocks);
            },
            decryptBlocks,
          };
        },
      };
      const randomBytes = (length: number) => {
        transferAll('random');
        return new Uint8Array(length);
      };
      const rewrapper = createRewrapper({ from: AES_KBPK, to: NEW_AES, aes, randomBytes });
      const keyBlock = stored('1');
      if (later === 'prepare') {
        // The keys to seal with are derived before the block is opened.
        const [outcome] = rewrapper.rewrap([keyBlock]);
        expectRewrapped(outcome, { keyBlock, from: AES_KBPK, to: NEW_AES });
      } else expect(() => rewrapper.rewrap([keyBlock])).toThrow(refusal('INVALID_ARGUMENT'));
    },
  );

  it('leaves nothing in the memory that it lent', () => {
    const lent = new Set<ArrayBufferLike>();
    const keep = (blocks: Uint8Array) => {
      lent.add(blocks.buffer);
      return blocks;
    };
    const aes: AesPort = {
      prepare(key) {
        const { encryptBlocks, decryptBlocks } = PORT.prepare(keep(key));
        return {
          encryptBlocks: (blocks) => encryptBlocks(keep(blocks)),
          decryptBlocks: (blocks) => decryptBlocks(keep(blocks)),
        };
      },
    };
    const isWiped = () =>
      [...lent].every((buffer) => new Uint8Array(buffer).every((byte) => byte === 0));
    const rewrapper = createRewrapper({ from: AES_KBPK, to: NEW_AES, aes });
    const before = stored('1');
    const [outcome] = rewrapper.rewrap([before]);
    expect(lent.size).toBeGreaterThan(4);
    expect(isWiped()).toBe(true);
    rewrapper.destroy();
    const after = keyBlockOf(outcome as { keyBlock: string });
    unwrapMany({ kbpk: AES_KBPK, keyBlocks: [before], aes });
    expect(isWiped()).toBe(true);
    verifyMany({ from: AES_KBPK, to: NEW_AES, pairs: [{ before, after }], aes });
    expect(isWiped()).toBe(true);
  });

  it('forgets the check values of the keys inside at once', () => {
    const keyBlocks = Array.from({ length: 3 }, () =>
      wrapKey({
        kbpk: AES_KBPK,
        key: generateKey({ algorithm: 'AES', lengthBits: 128 }),
        header: {
          versionId: 'D',
          keyUsage: 'D0',
          algorithm: 'A',
          modeOfUse: 'B',
          exportability: 'E',
        },
        checkValues: ['KC'],
      }),
    );
    const kept: Uint8Array[] = [];
    const { set } = Map.prototype;
    const spy = vi.spyOn(Map.prototype, 'set').mockImplementation(function (
      this: Map<unknown, unknown>,
      name: unknown,
      value: unknown,
    ) {
      if (name === 'AES cmac') kept.push(value as Uint8Array);
      return set.call(this, name, value);
    });
    const rewrapper = createRewrapper({ from: AES_KBPK, to: NEW_AES, engine: 'typescript' });
    try {
      expect(rewrapper.rewrap(keyBlocks).map(one)).toEqual(['done', 'done', 'done']);
    } finally {
      spy.mockRestore();
    }
    expect(kept.map((value) => value.length)).toEqual([16, 16, 16]);
    expect(kept.flatMap((value) => [...value]).filter((byte) => byte !== 0)).toEqual([]);
    rewrapper.destroy();
  });

  it('survives a port that transfers what it was lent', () => {
    let transfers = false;
    const take = <T extends Uint8Array>(lent: T): T =>
      transfers ? structuredClone(lent, { transfer: [lent.buffer] }) : lent;
    const aes: AesPort = {
      prepare(key) {
        const prepared = PORT.prepare(structuredClone(key, { transfer: [key.buffer] }));
        return { ...prepared, encryptBlocks: (blocks) => prepared.encryptBlocks(take(blocks)) };
      },
    };
    const rewrapper = createRewrapper({ from: AES_KBPK, to: NEW_AES, aes });
    expect(rewrapper.rewrap([stored('1')]).map(one)).toEqual(['done']);
    transfers = true;
    expect(() => rewrapper.rewrap([stored('1')])).toThrow(refusal('INVALID_ARGUMENT'));
    transfers = false;
    expect(rewrapper.rewrap([stored('1')]).map(one)).toEqual(['done']);
    rewrapper.destroy();
  });

  it.each<[string, (lent: Uint8Array<ArrayBuffer>) => Uint8Array]>([
    [
      'what was transferred',
      (lent) => {
        structuredClone(lent, { transfer: [lent.buffer] });
        return lent;
      },
    ],
    [
      'nothing, having transferred it',
      (lent) => {
        structuredClone(lent, { transfer: [lent.buffer] });
        return new Uint8Array(0);
      },
    ],
    [
      'less than it says',
      (lent) => Object.defineProperty(lent.slice(0, 16), 'length', { value: lent.length }),
    ],
  ])('refuses a port that gives back %s, at every call', (_, spoil) => {
    let calls = 0;
    const rewrapWith = (spoilt: number) => {
      calls = 0;
      const take = (blocks: Uint8Array) =>
        calls++ === spoilt ? spoil(blocks as Uint8Array<ArrayBuffer>) : blocks;
      const aes: AesPort = {
        prepare(key) {
          const { encryptBlocks, decryptBlocks } = PORT.prepare(key);
          return {
            encryptBlocks: (blocks) => take(encryptBlocks(blocks)),
            decryptBlocks: (blocks) => take(decryptBlocks(blocks)),
          };
        },
      };
      const rewrapper = createRewrapper({ from: AES_KBPK, to: NEW_AES, aes });
      return rewrapper.rewrap([stored('1'), stored('2')]).map(one);
    };
    expect(rewrapWith(-1)).toEqual(['done', 'done']);
    const all = calls;
    for (let spoilt = 0; spoilt < all; spoilt++) {
      expect(() => rewrapWith(spoilt)).toThrow(refusal('INVALID_ARGUMENT'));
    }
    expect(all).toBeGreaterThan(10);
  });

  it.each<[string, (key: AesPortKey, short: AesPortKey) => AesPortKey]>([
    ['is AES-128 whatever the key', (_, short) => short],
    [
      'chains',
      ({ encryptBlocks, decryptBlocks }) => ({
        encryptBlocks: (blocks) => {
          const first = encryptBlocks(blocks.slice(0, 16));
          const second = blocks.slice(16).map((byte, i) => byte ^ (first[i] as number));
          return Uint8Array.from([...first, ...encryptBlocks(second)]);
        },
        decryptBlocks,
      }),
    ],
    [
      'encrypts to decrypt',
      ({ encryptBlocks }) => ({ encryptBlocks, decryptBlocks: encryptBlocks }),
    ],
  ])('refuses a port whose cipher %s, before it has a key', (_, spoil) => {
    const lengths: number[] = [];
    const aes: AesPort = {
      prepare(key) {
        lengths.push(key.length);
        const ascending = Uint8Array.from(key.keys());
        expect(key).toEqual(ascending);
        return spoil(PORT.prepare(key), PORT.prepare(key.slice(0, 16)));
      },
    };
    const rewrapper = createRewrapper({ from: AES_KBPK, to: NEW_AES, aes });
    expect(() => rewrapper.rewrap([stored('1')])).toThrow(refusal('INVALID_ARGUMENT'));
    expect(lengths).toEqual([32]);
  });

  it('destroys the keys that were opened before a port threw', () => {
    let calls = 0;
    const failAt = (at: number): AesPort => ({
      prepare(key) {
        const { encryptBlocks, decryptBlocks } = PORT.prepare(key);
        const count = () => {
          if (calls++ === at) throw new Error('device lost');
        };
        return {
          encryptBlocks: (blocks) => {
            count();
            return encryptBlocks(blocks);
          },
          decryptBlocks: (blocks) => {
            count();
            return decryptBlocks(blocks);
          },
        };
      },
    });
    const key = new SecretKey({ algorithm: 'AES', bytes: new Uint8Array(16).fill(0xa5) });
    const other = { keyBlock: stored('2', key), from: AES_KBPK, to: AES_KBPK };
    const ofVersionE = rewrapKey({ ...other, header: { versionId: 'E' } });
    const keyBlocks = [stored('1', key), ofVersionE];
    unwrapMany({ kbpk: AES_KBPK, keyBlocks, aes: failAt(-1) });
    const last = calls - 1;
    calls = 0;
    const wiped: string[] = [];
    const { fill } = Uint8Array.prototype;
    const watch = vi.spyOn(Uint8Array.prototype, 'fill').mockImplementation(function (
      this: Uint8Array,
      ...args
    ) {
      wiped.push(toHex(this));
      return fill.apply(this, args);
    });
    try {
      const aes = failAt(last);
      const given = ['nothing', ...keyBlocks];
      Object.assign(Object.prototype, { key: 1 });
      expect(() => unwrapMany({ kbpk: AES_KBPK, keyBlocks: given, aes })).toThrow('device lost');
      expect(wiped).toContain(toHex(key.expose()));
    } finally {
      Reflect.deleteProperty(Object.prototype, 'key');
      watch.mockRestore();
    }
  });

  it('asks a port for the known answer once for each length that it is to have', () => {
    const lengths: number[] = [];
    const aes: AesPort = {
      prepare(key) {
        lengths.push(key.length);
        if (key.length === 24) throw new Error('no AES-192');
        return PORT.prepare(key);
      },
    };
    const keyBlock = stored('1');
    const open = () => unwrapMany({ kbpk: AES_KBPK, keyBlocks: [keyBlock], aes });
    open();
    const first = lengths.length;
    open();
    expect(lengths).toHaveLength(2 * first - 1);
    expect(new Set(lengths)).toEqual(new Set([32]));
  });

  it('gives every failure that depends on the key one error, which holds no input', () => {
    const rewrapper = createRewrapper({ from: AES_KBPK, to: NEW_AES, engine: 'typescript' });
    const keyBlock = stored('1');
    const altered = Array.from({ length: 96 }, (_, i) => {
      const at = keyBlock.length - 1 - i;
      return keyBlock.slice(0, at) + (keyBlock[at] === '0' ? '1' : '0') + keyBlock.slice(at + 1);
    });
    const errors = rewrapper
      .rewrap(altered)
      .map((outcome) => ('error' in outcome ? outcome.error : outcome));
    const [first] = errors as KeyblockError[];
    expect(first).toBeInstanceOf(KeyblockError);
    for (const error of errors) {
      expect(facts(error as KeyblockError)).toEqual(
        facts(new KeyblockError('AUTHENTICATION_FAILED')),
      );
      expect(Object.getOwnPropertyNames(error)).toEqual(Object.getOwnPropertyNames(first));
      expect(Object.isFrozen(error)).toBe(true);
    }
    rewrapper.destroy();
  });

  it('takes no option from Object.prototype', () => {
    const polluted = {
      allow: ['version-a-or-c', 'weaker-kbpk'],
      validation: 'interoperable',
      engine: 'none',
      versionId: 'B',
    };
    const ofAes = createRewrapper({ from: AES_KBPK, to: NEW_AES, aes: PORT });
    const keyBlocks = Array.from({ length: 2 }, (_, i) => stored(String(i)));
    // States of MACs are kept from the second time on, as the machine has them.
    for (const _time of [1, 2]) {
      expect(ofAes.rewrap(keyBlocks).map(one)).toEqual(['done', 'done']);
    }
    Object.assign(Object.prototype, polluted);
    try {
      expect(ofAes.rewrap(keyBlocks).map(one)).toEqual(['done', 'done']);
      ofAes.destroy();
      const rewrapper = createRewrapper({ from: TDES_KBPK, to: NEW_TDES });
      const lowerCase = wrapKey({
        kbpk: TDES_KBPK,
        key: NEW_TDES,
        header: {
          versionId: 'B',
          keyUsage: 'P0',
          algorithm: 'T',
          modeOfUse: 'B',
          exportability: 'N',
        },
      }).replace(/[A-F]+$/, (digits) => digits.toLowerCase());
      const [outcome] = rewrapper.rewrap([lowerCase]);
      if (lowerCase !== lowerCase.toUpperCase())
        expect(outcome).toHaveProperty('error.code', 'INVALID_HEX');
      rewrapper.destroy();
    } finally {
      for (const name of Object.keys(polluted)) Reflect.deleteProperty(Object.prototype, name);
    }
  });

  it.each<[string, object, string, string]>([
    ['no key', { from: undefined }, 'INVALID_ARGUMENT', 'from'],
    ['hex for a key', { to: '00112233445566778899AABBCCDDEEFF' }, 'INVALID_ARGUMENT', 'to'],
    ['a key of no version', { to: new Uint8Array(17) }, 'KBPK_MISMATCH', 'to'],
    [
      'a key of no KBPK',
      { from: new SecretKey({ algorithm: 'HMAC', bytes: new Uint8Array(16) }) },
      'KBPK_MISMATCH',
      'from',
    ],
    ['an engine that is none', { engine: 'native' }, 'INVALID_ARGUMENT', 'options'],
    ['AES that is none', { aes: {} }, 'INVALID_ARGUMENT', 'options'],
    ['a validation that is none', { validation: 'lax' }, 'INVALID_ARGUMENT', 'validation'],
    ['words that are none', { allow: ['everything'] }, 'INVALID_ARGUMENT', 'allow'],
    ['a header that is none', { header: 'D' }, 'INVALID_ARGUMENT', 'header'],
    ['a generator that is none', { randomBytes: 4 }, 'INVALID_ARGUMENT', 'randomBytes'],
  ])('refuses %s', (_title, options, code, field) => {
    const all = { from: AES_KBPK, to: NEW_AES, ...options } as RewrapperOptions;
    expect(() => createRewrapper(all)).toThrow(expect.objectContaining({ code, field }));
  });

  it('refuses what is no array, and no options', () => {
    const rewrapper = createRewrapper({ from: AES_KBPK, to: NEW_AES, engine: 'typescript' });
    const none = 'D0016P0AE00E0000' as unknown as string[];
    expect(() => rewrapper.rewrap(none)).toThrow(refusal('INVALID_ARGUMENT'));
    expect(rewrapper.rewrap([])).toEqual([]);
    rewrapper.destroy();
    const nothing = undefined as unknown as RewrapperOptions;
    expect(() => createRewrapper(nothing)).toThrow(refusal('INVALID_ARGUMENT'));
  });
});

function keyBlockOf(outcome: { keyBlock: string } | { error: KeyblockError }): string {
  if ('error' in outcome) throw outcome.error;
  return outcome.keyBlock;
}

/** `ArrayBuffer` of ES2024. */
interface ResizableBuffer extends ArrayBuffer {
  resize(length: number): void;
}

function resizable(length: number): ResizableBuffer {
  return Reflect.construct(ArrayBuffer, [length, { maxByteLength: 9999 }]) as ResizableBuffer; // it is
}

function refusal(code: string): unknown {
  return expect.objectContaining({ constructor: KeyblockError, code });
}
