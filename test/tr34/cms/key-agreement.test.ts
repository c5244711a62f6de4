import { fromHex, toHex } from 'keyblock';
import { describe, expect, it } from 'vitest';
import {
  agreementAlgorithms,
  agreementOids,
  formatSharedInfo,
} from '../../../src/tr34/cms/key-agreement.js';
import { OID } from '../../../src/tr34/der/oids.js';
import tokens from '../../vectors/tr34/tokens.json' with { type: 'json' };

interface EcVector {
  readonly id: string;
  readonly facts: { readonly envelope: { readonly ukmHex: string | null } };
  readonly ecdh: { readonly sharedInfoHex: string };
}

// Those that have been made by key agreement tell how.
const VECTORS = tokens.vectors.filter((vector) => 'ecdh' in vector) as unknown as EcVector[];

const HASHES = ['SHA-256', 'SHA-384', 'SHA-512'] as const;
const WRAPS = ['aes128-wrap', 'aes192-wrap', 'aes256-wrap'] as const;

const REST = {
  recipient: new Uint8Array(0),
  publicPoint: new Uint8Array(0),
  ukm: undefined,
  encryptedKey: new Uint8Array(0),
};

describe('key agreement', () => {
  it.each(VECTORS)('derives from the SharedInfo of $id', ({ id, facts, ecdh }) => {
    const { ukmHex } = facts.envelope;
    const wrap = id.includes('P521') ? 'aes256-wrap' : 'aes192-wrap';
    const ukm = ukmHex === null ? undefined : fromHex(ukmHex);
    expect(toHex(formatSharedInfo(wrap, ukm))).toBe(ecdh.sharedInfoHex);
  });

  it('has been given six of them, four with keying material of the user', () => {
    expect(VECTORS).toHaveLength(6);
    expect(VECTORS.filter(({ facts }) => facts.envelope.ukmHex !== null)).toHaveLength(4);
  });

  it('names every hash and wrap, and takes them by these names', () => {
    for (const hash of HASHES) {
      for (const wrapAlgorithm of WRAPS) {
        const oids = agreementOids(hash, wrapAlgorithm);
        const read = agreementAlgorithms({ ...REST, ...oids, curve: undefined });
        expect(read).toEqual({ hash, wrapAlgorithm, curve: undefined });
      }
    }
    expect(agreementOids('SHA-512', 'aes256-wrap')).toEqual({
      scheme: '1.3.132.1.11.3',
      wrap: '2.16.840.1.101.3.4.1.45',
    });
  });

  it.each([
    [OID.p256, 'P-256'],
    [OID.p384, 'P-384'],
    [OID.p521, 'P-521'],
  ] as const)('knows %s as %s', (curve, name) => {
    const oids = agreementOids('SHA-256', 'aes128-wrap');
    expect(agreementAlgorithms({ ...REST, ...oids, curve }).curve).toBe(name);
  });

  it.each([
    ['SHA-1 in the KDF', { scheme: '1.3.133.16.840.63.0.2' }],
    ['SHA-224 in the KDF', { scheme: '1.3.132.1.11.0' }],
    ['cofactors', { scheme: '1.3.132.1.14.3' }],
    ['MQV', { scheme: '1.3.132.1.15.3' }],
    ['a wrap of triple DES', { wrap: '1.2.840.113549.1.9.16.3.6' }],
    ['a wrap with padding', { wrap: '2.16.840.1.101.3.4.1.48' }],
    ['a cipher for a wrap', { wrap: OID.aes256Cbc }],
    ['a curve of another family', { curve: '1.3.36.3.3.2.8.1.1.13' }],
    ['P-224', { curve: '1.3.132.0.33' }],
  ])('refuses %s', (_what, others) => {
    const sound = { ...REST, ...agreementOids('SHA-512', 'aes256-wrap'), curve: OID.p521 };
    expect(() => agreementAlgorithms({ ...sound, ...others })).toThrow(
      expect.objectContaining({ code: 'ALGORITHM_NOT_ALLOWED', field: 'token' }),
    );
  });
});
