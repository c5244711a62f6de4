import { fromHex, SecretKey, toHex, type VersionId } from 'keyblock';
import { type DeriveBlockKeysOptions, deriveBlockKeys } from 'keyblock/tr31';
import { describe, expect, it } from 'vitest';
import { refusal, thrownBy } from './vector-cases.js';

/** KBEK and KBAK in hex. */
function derive(versionId: VersionId, kbpk: string): string[] {
  const { kbek, kbak } = deriveBlockKeys({ kbpk: fromHex(kbpk), versionId });
  return [kbek, kbak].map((key) => toHex(key.expose()));
}

// The worked examples of TR-31:2018 A.7 and ISO 20038 B.2; the others recomputed from their CMACs.
const EXAMPLES: readonly (readonly [VersionId, string, string, string])[] = [
  [
    'A',
    '89E88CF7931444F334BD7547FC3F380C',
    'CCADC9B2D65101B671F83002B97A7D49',
    'C4A5C1BADE5909BE79F0380AB1727541',
  ],
  [
    'B',
    'DD7515F2BFC17F85CE48F3CA25CB21F6',
    '698832F8778A7CFCBC79559DAB07B88A',
    'DD6CEEC1782D8453671BF8358AF9DB47',
  ],
  [
    'B',
    '0123456789ABCDEFFEDCBA98765432101122334455667788',
    '6EF03B3737BF2FB690A29CC00F05AEED7319D1E519553580',
    '78FF976D7F351D5A6DAE105CFB2C4B300B83183CB07206A4',
  ],
  [
    'D',
    '88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6',
    '396C9382A6E2E66A088774E1D6E46541F5EAD67D7204F8DD0D7AE8FDA334D3AC',
    '4EF24317696213840451890756757E573E0673483888F9B7F9B7517827F95022',
  ],
  [
    'E',
    '3235362D62697420414553207772617070696E67202849534F20323030333829',
    '3A3D93E513CB591DCAC550C1554194F08ED9676770D25B727AD628E21B85D5CC',
    '97AC0955A4B883CE77CBEA0620E8542C6DF7E9AFB4CF8F115E00D4D67FEA1E06',
  ],
];

describe('deriveBlockKeys', () => {
  it.each(EXAMPLES)('matches the worked example: version %s, KBPK %s', (...example) => {
    const [versionId, kbpk, kbek, kbak] = example;
    expect(derive(versionId, kbpk)).toEqual([kbek, kbak]);
  });

  it('drops the right half of the second CMAC for AES-192', () => {
    const [kbek] = derive('D', '00112233445566778899AABBCCDDEEFF0102030405060708');
    expect(kbek).toBe('F1F59B4D7C694654C49D22257318BC215B90DB9A94C479FF');
  });

  it('derives the same for C as for A, by letters on every byte', () => {
    for (const length of [8, 16, 24]) {
      const kbpk = '00'.repeat(length);
      const variants = ['45'.repeat(length), '4D'.repeat(length)];
      expect([derive('A', kbpk), derive('C', kbpk)]).toEqual([variants, variants]);
    }
  });

  it('derives one authentication key for D and E, and two encryption keys', () => {
    for (const kbpk of ['11'.repeat(16), '22'.repeat(24), '33'.repeat(32)]) {
      const [cbc, ctr] = [derive('D', kbpk), derive('E', kbpk)];
      expect(cbc[1]).toBe(ctr[1]);
      expect(cbc[0]).not.toBe(ctr[0]);
      expect(cbc[0]).toHaveLength(kbpk.length);
    }
  });

  it('hands out handles of the algorithm of the KBPK', () => {
    const names = (['A', 'B', 'C', 'D', 'E'] as const).map((versionId) =>
      String(deriveBlockKeys({ kbpk: new Uint8Array(16), versionId }).kbak),
    );
    expect(names.join()).toBe(
      'SecretKey TDES-128,SecretKey TDES-128,SecretKey TDES-128,SecretKey AES-128,SecretKey AES-128',
    );
    const { kbek } = deriveBlockKeys({ kbpk: new Uint8Array(8), versionId: 'A' });
    expect(kbek.algorithm).toBe('DES');
  });

  it('takes a handle, and outlives it', () => {
    const [, kbpk] = EXAMPLES[1] ?? [];
    const handle = new SecretKey({ algorithm: 'TDES', bytes: fromHex(kbpk ?? '') });
    const { kbek, kbak } = deriveBlockKeys({ kbpk: handle, versionId: 'B' });
    const second = deriveBlockKeys({ kbpk: handle, versionId: 'B' });
    second.kbek.destroy();
    handle.destroy();
    expect([kbek, kbak].map((key) => toHex(key.expose()))).toEqual(EXAMPLES[1]?.slice(2));
    expect(() => deriveBlockKeys({ kbpk: handle, versionId: 'B' })).toThrow(
      refusal('KEY_DESTROYED'),
    );
  });

  it.each<[VersionId, number]>([
    ['A', 32],
    ['B', 8],
    ['B', 32],
    ['C', 15],
    ['D', 8],
    ['D', 0],
    ['E', 33],
  ])('rejects for version %s a KBPK of %d bytes', (versionId, length) => {
    expect(() => deriveBlockKeys({ kbpk: new Uint8Array(length), versionId })).toThrow(
      refusal('KBPK_MISMATCH', 'kbpk'),
    );
  });

  it.each([undefined, null, '', '0', 'a', 'F', 'AB', 'toString', 68])(
    'rejects the version %s',
    (versionId) => {
      const options = { kbpk: new Uint8Array(16), versionId } as DeriveBlockKeysOptions;
      expect(() => deriveBlockKeys(options)).toThrow(refusal('UNSUPPORTED', 'versionId'));
    },
  );

  it('rejects what is no KBPK, and no options', () => {
    const kbpk = '89E88CF7931444F334BD7547FC3F380C' as unknown as Uint8Array;
    const error = thrownBy(() => deriveBlockKeys({ kbpk, versionId: 'A' }));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'kbpk' });
    expect(error.message).toContain('fromHex');
    for (const options of [undefined, null, 'A']) {
      expect(() => deriveBlockKeys(options as unknown as DeriveBlockKeysOptions)).toThrow(
        refusal('INVALID_ARGUMENT', 'options'),
      );
    }
  });
});
