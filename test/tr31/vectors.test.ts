import { fromHex, type KcvMethod, type OptionalBlock, toHex, type VersionId } from 'keyblock';
import { computeKcv } from 'keyblock/kcv';
import { deriveBlockKeys, parseHeader, parseKeyBlock, unwrapKey } from 'keyblock/tr31';
import { describe, expect, it } from 'vitest';
import vectors from '../vectors/tr31.json' with { type: 'json' };
import { errorCodes, testUnwrapCases, thrownBy, type UnwrapCase } from './vector-cases.js';

interface HeaderCase {
  readonly kind: 'header';
  readonly id: string;
  readonly input: string;
  readonly expect: 'valid' | 'invalid';
  readonly optionalBlocks?: readonly OptionalBlock[] | undefined;
  readonly headerLength?: number | undefined;
  readonly error?: string | undefined;
}

interface DerivationCase {
  readonly kind: 'kdf';
  readonly id: string;
  readonly version: VersionId;
  readonly kbpk: string;
  readonly kbek: string;
  readonly kbak: string;
}

interface CheckValueCase {
  readonly kind: 'kcv';
  readonly id: string;
  readonly key: string;
  readonly algorithm: 'A' | 'T';
  readonly method: KcvMethod;
  readonly kcv: string;
}

// What the README says of the file; the compiler sees no more than strings.
const cases = vectors as readonly (UnwrapCase | HeaderCase | DerivationCase | CheckValueCase)[];
const unwrapCases = cases.filter((one) => one.kind === 'unwrap');
const headerCases = cases.filter((one) => one.kind === 'header');
const derivationCases = cases.filter((one) => one.kind === 'kdf');
const checkValueCases = cases.filter((one) => one.kind === 'kcv');

/** The examples of TR-31:2018, X9.143:2021 and 2022, ISO 20038:2017 and 2023. */
const PUBLISHED_BLOCKS = [
  'std-iso20038-2017-B.2',
  'std-iso20038-2017-B.3',
  'std-tr31-2018-A.7.2.1',
  'std-tr31-2018-A.7.2.2',
  'std-tr31-2018-A.7.3.1',
  'std-tr31-2018-A.7.3.2',
  'std-tr31-2018-A.7.4',
  'std-x9.143-2021-8.1',
  'std-x9.143-2021-8.2',
  'std-x9.143-2021-8.3.2.1-as-printed',
  'std-x9.143-2021-8.3.2.1-length-fixed',
  'std-x9.143-2021-8.3.2.2-as-printed',
  'std-x9.143-2021-8.3.2.2-length-fixed',
  'std-x9.143-2021-8.4.1',
  'std-x9.143-2021-8.4.1-as-printed',
  'std-x9.143-2021-8.4.2',
  'std-x9.143-2021-8.5',
  'std-x9.143-2021-8.6',
  'std-x9.143-2022-8.3.2.2',
];

/** What is reported of valid cases and refused of none; these wrap dummies that are no DER keys. */
const REPORTED: Parameters<typeof testUnwrapCases>[1] = {
  'own-D-mode-T': ['key-encoding'],
  'own-D-E7': ['key-encoding'],
  'own-D-max-block': ['key-encoding'],
  'own-B-16bit-len-edge': ['key-encoding'],
  'policy-ct-not-base64': ['key-encoding'],
  'policy-ct-chain-length-lie': ['key-encoding'],
  'policy-ct-chain-empty': ['key-encoding'],
  'policy-al-02': ['key-encoding'],
  // A length of 64 in 32 digits.
  'policy-opt-extlen-ll-20': ['extended-length-not-needed'],
};

describe('test/vectors/tr31.json', () => {
  it('has every published example', () => {
    const ids = cases.map(({ id }) => id).filter((id) => id.startsWith('std-'));
    expect(ids.sort()).toEqual(PUBLISHED_BLOCKS);
  });

  it('has all its cases', () => {
    expect(new Set(cases.map(({ id }) => id)).size).toBe(323);
    expect(unwrapCases.filter((one) => one.expect === 'valid')).toHaveLength(115);
    expect(unwrapCases.filter((one) => one.expect === 'invalid')).toHaveLength(146);
    expect(headerCases.filter((one) => one.expect === 'valid')).toHaveLength(9);
    expect(headerCases.filter((one) => one.expect === 'invalid')).toHaveLength(32);
    expect(derivationCases).toHaveLength(12);
    expect(checkValueCases).toHaveLength(9);
  });
});

describe('unwrapKey', () => {
  testUnwrapCases(unwrapCases, REPORTED);

  it('reads the extended length of TR-31:2018 when that is allowed', () => {
    const compatible = unwrapCases.filter((one) => one.expect === 'invalid' && one.compatKey);
    expect(compatible.map(({ id }) => id)).toEqual(['gen-D-psec-ext-len-0002']);
    for (const { kbpk: kbpkHex, keyBlock, ...vector } of compatible) {
      const kbpk = fromHex(kbpkHex);
      const allow = ['tr31-2018-extended-length'] as const;
      const { header, key, findings } = unwrapKey({ kbpk, keyBlock, allow });
      expect(toHex(key.expose())).toBe('compatKey' in vector && vector.compatKey);
      expect(header.optionalBlocks).toEqual([{ id: 'LB', data: 'L'.repeat(252) }]);
      expect(findings).toEqual([]);
      expect(parseKeyBlock(keyBlock, { allow }).headerLength).toBe(16 + 0x106 + 0x0a);
    }
  });
});

describe('parseHeader', () => {
  it.each(headerCases)('takes the header of $id apart, or refuses it', (vector) => {
    if (vector.expect === 'valid') {
      const { header, headerLength } = parseHeader(vector.input);
      expect(headerLength).toBe(vector.headerLength);
      expect(header.optionalBlocks).toEqual(vector.optionalBlocks?.filter(({ id }) => id !== 'PB'));
    } else {
      expect(errorCodes(vector.error ?? '')).toContain(
        thrownBy(() => parseHeader(vector.input)).code,
      );
    }
  });
});

describe('deriveBlockKeys', () => {
  it.each(derivationCases)('derives the keys of $id', ({ version, kbpk, kbek, kbak }) => {
    const keys = deriveBlockKeys({ kbpk: fromHex(kbpk), versionId: version });
    expect(toHex(keys.kbek.expose())).toBe(kbek);
    expect(toHex(keys.kbak.expose())).toBe(kbak);
  });
});

describe('computeKcv', () => {
  it.each(checkValueCases)('gives the value of $id', ({ key: hex, algorithm, method, kcv }) => {
    const key = fromHex(hex);
    const name = algorithm === 'A' ? 'AES' : 'TDES';
    expect(computeKcv({ key, algorithm: name, method, length: kcv.length / 2 })).toBe(kcv);
  });
});
