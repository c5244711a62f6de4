/** Private keys as Web Crypto holds them: not extractable, and in its memory instead of ours. */

import { webCrypto } from '../x509/web-crypto.js';

/**
 * A key inside Web Crypto: a `CryptoKey`, spelt out for projects without the types of the DOM, whose
 * compilers come by here when they read the declarations of `keyblock/tr34`.
 */
export interface NativeKey {
  readonly type: 'private' | 'public' | 'secret';
  readonly extractable: boolean;
  readonly algorithm: { readonly name: string };
  readonly usages: NativeKeyUsage[];
}

type NativeKeyUsage =
  | 'decrypt'
  | 'deriveBits'
  | 'deriveKey'
  | 'encrypt'
  | 'sign'
  | 'unwrapKey'
  | 'verify'
  | 'wrapKey';

/** How a key is to be used: a scheme of Web Crypto with its parameters. */
export interface KeyScheme {
  readonly name: 'RSASSA-PKCS1-v1_5' | 'ECDSA' | 'RSA-OAEP' | 'ECDH';
  readonly hash?: string;
  readonly namedCurve?: string;
}

/** The one thing that a private key of each scheme does here. */
const PRIVATE_USAGES = {
  'RSASSA-PKCS1-v1_5': 'sign',
  ECDSA: 'sign',
  'RSA-OAEP': 'decrypt',
  ECDH: 'deriveBits',
} as const;

/**
 * Imports a private key. Undefined where the bytes are none, or one of another kind.
 *
 * @throws {@link KeyblockError} `UNSUPPORTED` where there is no Web Crypto.
 */
export async function importPrivateKey(
  pkcs8: Uint8Array<ArrayBuffer>,
  scheme: KeyScheme,
): Promise<NativeKey | undefined> {
  const subtle = webCrypto();
  try {
    return await subtle.importKey('pkcs8', pkcs8, scheme, false, [PRIVATE_USAGES[scheme.name]]);
  } catch {
    return undefined;
  }
}

/** Takes a caller's key for a scheme. Undefined where it is not one that can do what it has to. */
export function privateKeyFor(name: KeyScheme['name'], value: unknown): NativeKey | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const key = value as NativeKey; // until used: what only looks like a key fails there
  const fits =
    key.type === 'private' &&
    key.algorithm?.name === name &&
    Array.isArray(key.usages) &&
    key.usages.includes(PRIVATE_USAGES[name]);
  return fits ? key : undefined;
}

/** The hash that an RSA key is bound to. */
export function hashOfKey(key: NativeKey): string | undefined {
  const { hash } = key.algorithm as { readonly hash?: { readonly name?: string } }; // RSA has it
  return hash?.name;
}
