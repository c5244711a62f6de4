import fc from 'fast-check';
import { fromPem, KeyblockError, type ToPemOptions, toPem } from 'keyblock/tr34/pki';
import { describe, expect, it } from 'vitest';
import { fromBase64, TOKEN_VECTORS, tokenBytes } from '../vectors.js';

const anyLabel = fc.stringMatching(/^[A-Z0-9]{1,20}( [A-Z0-9]{1,20}){0,2}$/);
const anyBlock = fc.record({
  label: anyLabel,
  der: fc.uint8Array({ minLength: 1, maxLength: 300 }),
});

/** RFC 7468 figure 13: a SubjectPublicKeyInfo of P-384. */
const RFC_7468 = `-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEn1LlwLN/KBYQRVH6HfIMTzfEqJOVztLe
kLchp2hi78cCaMY81FBlYs8J9l7krc+M4aBeCGYFjba+hiXttJWPL7ydlE+5UG4U
Nkn3Eos8EiZByi9DVsyfy9eejh+8AXgp
-----END PUBLIC KEY-----
`;

describe('toPem', () => {
  it('formats what RFC 7468 prints', () => {
    const [block] = fromPem(RFC_7468);
    expect(block?.label).toBe('PUBLIC KEY');
    expect(block?.der).toHaveLength(120);
    expect(toPem({ label: 'PUBLIC KEY', der: block?.der ?? new Uint8Array() })).toBe(RFC_7468);
  });

  it.each([1, 47, 48, 49, 95, 96, 97])('wraps %i bytes at 64 characters', (length) => {
    const lines = toPem({ label: 'CMS', der: new Uint8Array(length) })
      .split('\n')
      .slice(1, -2);
    expect(lines).toHaveLength(Math.ceil(length / 48));
    expect(lines.slice(0, -1).every((line) => line.length === 64)).toBe(true);
  });

  it.each([
    [{ label: '', der: Uint8Array.of(1) }, 'label'],
    [{ label: 'certificate', der: Uint8Array.of(1) }, 'label'],
    [{ label: ' CMS', der: Uint8Array.of(1) }, 'label'],
    [{ label: 'A  B', der: Uint8Array.of(1) }, 'label'],
    [{ label: 'A-B', der: Uint8Array.of(1) }, 'label'],
    [{ label: 'CMS\n', der: Uint8Array.of(1) }, 'label'],
    [{ label: 'A'.repeat(65), der: Uint8Array.of(1) }, 'label'],
    [{ label: 7, der: Uint8Array.of(1) }, 'label'],
    [{ label: 'CMS', der: new Uint8Array() }, 'der'],
    [{ label: 'CMS', der: '3000' }, 'der'],
    [{ label: 'CMS' }, 'der'],
    [undefined, 'options'],
  ])('refuses %j', (options, field) => {
    expect(() => toPem(options as ToPemOptions)).toThrow(
      expect.objectContaining({ constructor: KeyblockError, code: 'INVALID_ARGUMENT', field }),
    );
  });

  it.each([780_000, 1_048_577])('refuses %i bytes', (length) => {
    expect(() => toPem({ label: 'CMS', der: new Uint8Array(length) })).toThrow(
      expect.objectContaining({ code: 'INPUT_TOO_LARGE', field: 'der' }),
    );
  });
});

describe('fromPem', () => {
  it('reads certificates one after the other', () => {
    const ids = TOKEN_VECTORS.filter(({ kind }) => kind === 'certificate').map(({ id }) => id);
    const contents = ids.map(tokenBytes);
    const pem = contents.map((der) => toPem({ label: 'CERTIFICATE', der })).join('\n');
    expect(fromPem(pem)).toEqual(contents.map((der) => ({ label: 'CERTIFICATE', der })));
  });

  it('returns what was formatted', () => {
    fc.assert(
      fc.property(fc.array(anyBlock, { minLength: 1, maxLength: 4 }), (blocks) => {
        const pem = blocks.map(toPem).join('');
        expect(fromPem(pem)).toEqual(blocks);
        expect(fromPem(pem.replaceAll('\n', '\r\n'))).toEqual(blocks);
        expect(fromPem(`\n${pem.trimEnd()}`)).toEqual(blocks);
      }),
    );
  });

  it('takes one text for one content only', () => {
    fc.assert(
      fc.property(anyBlock, fc.nat(), fc.stringMatching(/^[ -~\n]?$/), (block, place, edit) => {
        const pem = toPem(block);
        const at = place % pem.length;
        const edited = pem.slice(0, at) + edit + pem.slice(at + 1);
        const blocks = read(edited);
        // Empty lines around a block, and its last line feed, are nobody's.
        if (blocks !== undefined) expect(blocks.map(toPem).join('')).toBe(`${edited.trim()}\n`);
      }),
    );
  });

  const body = 'MAA=';
  it.each([
    ['nothing', '', 0],
    ['empty lines only', '\n\n', 2],
    ['text before a block', `Key:\n-----BEGIN CMS-----\n${body}\n-----END CMS-----\n`, 0],
    ['text after a block', `-----BEGIN CMS-----\n${body}\n-----END CMS-----\nKey`, 43],
    ['a space before a block', ` -----BEGIN CMS-----\n${body}\n-----END CMS-----\n`, 0],
    ['a byte order mark', `\uFEFF-----BEGIN CMS-----\n${body}\n-----END CMS-----\n`, 0],
    ['no end', `-----BEGIN CMS-----\n${body}\n`, 25],
    ['no begin', `${body}\n-----END CMS-----\n`, 0],
    ['another label at the end', `-----BEGIN CMS-----\n${body}\n-----END PKCS7-----\n`, 25],
    ['a label in lower case', `-----BEGIN cms-----\n${body}\n-----END cms-----\n`, 0],
    ['a label of two spaces', `-----BEGIN A  B-----\n${body}\n-----END A  B-----\n`, 0],
    ['no label', `-----BEGIN -----\n${body}\n-----END -----\n`, 0],
    ['no content', '-----BEGIN CMS-----\n-----END CMS-----\n', 0],
    ['an empty line in the content', `-----BEGIN CMS-----\n${body}\n\n-----END CMS-----\n`, 20],
    ['a header', `-----BEGIN CMS-----\nProc-Type: 4\n\n${body}\n-----END CMS-----\n`, 20],
    ['no padding', '-----BEGIN CMS-----\nMAA\n-----END CMS-----\n', 20],
    ['too much padding', '-----BEGIN CMS-----\nMAA==\n-----END CMS-----\n', 20],
    ['padding only', '-----BEGIN CMS-----\n====\n-----END CMS-----\n', 20],
    ['bits that carry nothing', '-----BEGIN CMS-----\nMAB=\n-----END CMS-----\n', 20],
    ['base64url', '-----BEGIN CMS-----\n-_AA\n-----END CMS-----\n', 20],
    ['a space in the content', '-----BEGIN CMS-----\nMA A\n-----END CMS-----\n', 20],
    ['a short line', '-----BEGIN CMS-----\nMAAA\nMAAA\n-----END CMS-----\n', 20],
    ['a long line', `-----BEGIN CMS-----\n${'A'.repeat(68)}\n-----END CMS-----\n`, 20],
    ['a carriage return only', `-----BEGIN CMS-----\r${body}\r-----END CMS-----\r`, 0],
    ['a block in a block', `-----BEGIN CMS-----\n-----BEGIN CMS-----\n${body}\n`, 20],
  ])('refuses %s', (_, pem, offset) => {
    expect(() => fromPem(pem)).toThrow(
      expect.objectContaining({
        constructor: KeyblockError,
        code: 'TOKEN_MALFORMED',
        field: 'pem',
        offset,
      }),
    );
  });

  it('refuses more than 1 MiB, and what is no text', () => {
    const length = 1_048_576;
    expect(() => fromPem('\n'.repeat(length + 1))).toThrow(
      expect.objectContaining({ code: 'INPUT_TOO_LARGE', field: 'pem' }),
    );
    expect(() => fromPem('\n'.repeat(length))).toThrow(
      expect.objectContaining({ code: 'TOKEN_MALFORMED' }),
    );
    expect(() => fromPem(fromBase64('MAAA') as unknown as string)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'pem' }),
    );
  });
});

/** The blocks of a text, if there are any. */
function read(pem: string): ReturnType<typeof fromPem> | undefined {
  try {
    return fromPem(pem);
  } catch (error) {
    expect(error).toBeInstanceOf(KeyblockError);
    return undefined;
  }
}
