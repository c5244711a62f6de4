/**
 * Generates key pairs for certificates.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { webCrypto } from '../x509/web-crypto.js';

/** The key pairs of TR-34 and of its stronger profiles. */
export type KeyPairAlgorithm = 'RSA-2048' | 'RSA-3072' | 'RSA-4096' | 'P-256' | 'P-384' | 'P-521';

/** What a key pair is for. */
export type KeyPairPurpose = 'sign' | 'decrypt' | 'agree';

/** What {@link generateKeyPair} takes. */
export interface GenerateKeyPairOptions {
  /** RSA by the length of its modulus, with the exponent 65537; or a curve. */
  readonly algorithm: KeyPairAlgorithm;
  /**
   * `'sign'` for a CA or a KDH; for a KRD `'decrypt'` with RSA, `'agree'` with a curve. The keys
   * that are returned do not carry it: their certificate does.
   */
  readonly purpose: KeyPairPurpose;
}

/** A key pair as bytes, for whatever imports them. */
export interface KeyPair {
  /** The private key: clear, and the caller's to protect and to wipe. */
  readonly pkcs8: Uint8Array<ArrayBuffer>;
  /** SubjectPublicKeyInfo in DER. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
}

/**
 * Generates a key pair with the generator of Web Crypto: no two calls return the same, and there is
 * no `randomBytes` to change that. Keys of production belong into an HSM; these are for tests,
 * migration and simulation.
 *
 * @param options - What kind of key pair, and what for.
 * @returns Both keys in DER.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, also for a purpose that the algorithm does not
 * have; `UNSUPPORTED` where the runtime lacks the algorithm.
 *
 * @example
 * ```ts
 * import { generateKeyPair } from 'keyblock/tr34/pki';
 *
 * const { publicKey } = await generateKeyPair({ algorithm: 'P-256', purpose: 'agree' });
 * publicKey.length; // 91
 * ```
 */
export async function generateKeyPair(options: GenerateKeyPairOptions): Promise<KeyPair> {
  requireObject(options, 'options');
  const scheme = readAlgorithm(own(options, 'algorithm'));
  const purpose = own(options, 'purpose');
  const other = scheme.name === 'ECDSA' ? 'agree' : 'decrypt';
  if (purpose !== 'sign' && purpose !== other) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'purpose' });
  }
  const subtle = webCrypto();
  try {
    // Exported, a key is the same whether it was made to sign or for the other purpose.
    const { privateKey, publicKey } = await subtle.generateKey(scheme, true, ['sign', 'verify']);
    return {
      pkcs8: new Uint8Array(await subtle.exportKey('pkcs8', privateKey)),
      publicKey: new Uint8Array(await subtle.exportKey('spki', publicKey)),
    };
  } catch {
    throw new KeyblockError('UNSUPPORTED', { field: 'algorithm' });
  }
}

type Scheme = (EcKeyGenParams | RsaHashedKeyGenParams) & { readonly name: string };

const MODULUS_LENGTHS: ReadonlyMap<unknown, number> = /* @__PURE__ */ new Map([
  ['RSA-2048', 2048],
  ['RSA-3072', 3072],
  ['RSA-4096', 4096],
]);

const CURVES: readonly unknown[] = ['P-256', 'P-384', 'P-521'];

function readAlgorithm(algorithm: KeyPairAlgorithm | undefined): Scheme {
  const modulusLength = MODULUS_LENGTHS.get(algorithm);
  if (modulusLength !== undefined) {
    const publicExponent = Uint8Array.of(1, 0, 1);
    return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength, publicExponent };
  }
  if (algorithm === undefined || !CURVES.includes(algorithm)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'algorithm' });
  }
  return { name: 'ECDSA', namedCurve: algorithm };
}
