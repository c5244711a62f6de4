import { toHex } from 'keyblock';
import { describeToken, parseToken } from 'keyblock/tr34';
import { describe, expect, it } from 'vitest';
import { type Look, lookAll } from './scenario.js';
import { fromBase64, RECEIVER_CASES, TOKEN_VECTORS, tokenBytes } from './vectors.js';

const PARTS = ['certificate', 'crl', 'issuer-serial', 'keyblock', 'enveloped', 'signed-attributes'];
const TOKENS = TOKEN_VECTORS.filter(({ kind }) => !PARTS.includes(kind));

describe('describeToken', () => {
  it('has been given every token', () => {
    expect(TOKENS).toHaveLength(35);
  });

  it.each(TOKENS)('goes through every element of $id', ({ base64 }) => {
    const token = fromBase64(base64);
    const [whole, ...rows] = describeToken(token);
    expect(whole).toMatchObject({ name: 'token', offset: 0, length: token.length });
    const elements = lookAll(token).flatMap((element) => flatten(element, 0));
    expect(rows).toHaveLength(elements.length);
    for (const [i, { element, depth }] of elements.entries()) {
      const { name = '', offset, length, text = '' } = rows[i] ?? {};
      expect({ offset, length }).toEqual({
        offset: element.bytes.byteOffset - token.byteOffset,
        length: element.bytes.length,
      });
      expect(name.length - name.trimStart().length).toBe(2 * depth);
      const hex = toHex(element.content);
      expect(text).toBe(hex.length <= 64 ? hex : `${hex.slice(0, 60)}...`);
    }
  });

  it.each([
    ['b.6-ct-kdh', 'credential'],
    ['b.9-kt-kdh-2pass', 'key, profile tr34-2019'],
    ['b.9-print-kt-kdh-2pass', 'key, profile tr34-2019-print'],
    ['gen-repaired-aes-2pass-2012', 'key, profile x9-tr34-2012'],
    ['gen-EC-P521-2pass', 'key, profile ec'],
    ['b.10-ca-rebind', 'authority-rebind'],
    ['b.11-rbt-kdh', 'rebind'],
    ['b.12-rt-krd', 'random-number'],
    ['b.13-ca-unbind', 'authority-unbind'],
    ['b.14-ubt-kdh', 'unbind'],
  ])('says first what %s is', (id, meaning) => {
    expect(describeToken(tokenBytes(id))[0]).toMatchObject({ meaning });
  });

  it('says what RT-KRD holds', () => {
    expect(describeToken(tokenBytes('b.12-rt-krd')).slice(1)).toEqual([
      row(
        'SEQUENCE',
        0,
        34,
        '060A2A864886F70D0109190331120410167EB0E72781E4940112233445566778',
        '2 elements',
      ),
      row('  OBJECT IDENTIFIER', 2, 12, '2A864886F70D01091903', 'randomNonce'),
      row('  SET', 14, 20, '0410167EB0E72781E4940112233445566778', '1 elements'),
      row('    OCTET STRING', 16, 18, '167EB0E72781E4940112233445566778', '16 bytes'),
    ]);
  });

  it('reads names, times and texts', () => {
    const meanings = describeToken(tokenBytes('b.8-kt-kdh-1pass')).map(({ meaning }) => meaning);
    expect(meanings).toContain('signedData');
    expect(meanings).toContain('envelopedData');
    expect(meanings).toContain('signingTime');
    expect(meanings).toContain('2020-02-10T19:13:53.000Z');
    expect(meanings).toContain('TR34 Sample CA KDH');
    expect(meanings).toContain('A0256K0TB00E0000');
    // Names of X.500 are not in the table of this library.
    expect(meanings).toContain('2.5.4.3');
  });

  it('can be drawn as a map of the token', () => {
    const token = tokenBytes('b.14-ubt-kdh');
    const rows = describeToken(token);
    const text = toHex(token);
    for (const { offset, length, text: shown } of rows) {
      expect(offset + length).toBeLessThanOrEqual(token.length);
      expect(text.slice(2 * offset)).toContain(shown.replace('...', ''));
    }
  });

  it('describes hostile tokens, or refuses them as parseToken does', () => {
    for (const { base64 } of RECEIVER_CASES) {
      const token = fromBase64(base64);
      expect(outcome(() => describeToken(token).length > 1)).toEqual(
        outcome(() => parseToken(token).kind.length > 1),
      );
    }
  });

  it.each([
    [undefined, 'INVALID_ARGUMENT'],
    ['3082', 'INVALID_ARGUMENT'],
    [new Uint8Array(0), 'TOKEN_MALFORMED'],
    [new Uint8Array(65_537), 'TOKEN_MALFORMED'],
    [tokenBytes('b.2.1.7-cert'), 'TOKEN_MALFORMED'],
  ])('refuses what is no token: %#', (token, code) => {
    expect(() => describeToken(token as Uint8Array)).toThrow(
      expect.objectContaining({ name: 'KeyblockError', code, field: 'token' }),
    );
  });
});

function row(name: string, offset: number, length: number, text: string, meaning: string) {
  return { name, offset, length, text, meaning, clause: 'X.690' };
}

function flatten(
  element: Look,
  depth: number,
): readonly { readonly element: Look; readonly depth: number }[] {
  const inner = element.inside.flatMap((child) => flatten(child, depth + 1));
  return [{ element, depth }, ...inner];
}

function outcome(call: () => boolean): unknown {
  try {
    return call();
  } catch (error) {
    const { code, offset } = error as { readonly code: string; readonly offset: number };
    return { code, offset };
  }
}
