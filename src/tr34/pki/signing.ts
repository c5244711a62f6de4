/** Signs certificates, requests and CRLs: what these three structures have in common. */

import { type BaseBlock, Null, type Sequence } from 'asn1js';
import { AlgorithmIdentifier } from 'pkijs';
import { KeyblockError } from '../../errors.js';
import { OID } from '../der/oids.js';
import { bitString, integer, sequence } from '../der/writer.js';
import type { EcPublicKey, RsaPublicKey } from '../x509/public-key.js';
import {
  type SignatureAlgorithm,
  type SignatureHash,
  verifySignature,
} from '../x509/verify-signature.js';
import { webCrypto } from '../x509/web-crypto.js';
import type { SigningKey } from './read-options.js';

/** A certificate, request or CRL of pkijs, not signed yet. */
interface UnsignedStructure {
  /** Its SEQUENCE, the first element of which is to be signed. */
  toSchema(encode: true): Sequence;
}

/** Builds what is to be signed, given the algorithm, which certificates name inside as well. */
export type BuildStructure = (algorithm: AlgorithmIdentifier) => UnsignedStructure;

/** How a key signs: by its kind, with a hash of its strength. */
interface SigningAlgorithm extends SignatureAlgorithm {
  readonly identifier: AlgorithmIdentifier;
  /** For Web Crypto. */
  readonly scheme: {
    readonly name: string;
    readonly hash: SignatureHash;
    readonly namedCurve?: string;
  };
}

/**
 * Signs a structure, and verifies the signature: a private key that does not belong to the public
 * one, or a fault in the computation, leaves nothing behind.
 *
 * @returns The structure, its algorithm and the signature: a certificate, a request or a CRL.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT` where the private key does not belong to the
 * public key; `UNSUPPORTED` where the runtime lacks the algorithm.
 */
export async function signStructure(
  key: SigningKey,
  build: BuildStructure,
): Promise<Uint8Array<ArrayBuffer>> {
  const { publicKey, pkcs8 } = key;
  try {
    const { identifier, kind, hash, scheme } =
      publicKey.kind === 'RSA' ? rsaAlgorithm(publicKey) : ecAlgorithm(publicKey);
    const message = encodeToBeSigned(build(identifier));
    const raw = await signWithWebCrypto(pkcs8, scheme, message);
    const signature = kind === 'RSA' ? raw : formatEcdsaSignature(raw);
    if (!(await verifySignature({ algorithm: { kind, hash }, publicKey, message, signature }))) {
      throw new KeyblockError('INVALID_ARGUMENT', { field: 'pkcs8' });
    }
    const algorithm = new Uint8Array(identifier.toSchema().toBER());
    return sequence(message, algorithm, bitString(signature));
  } finally {
    pkcs8.fill(0);
  }
}

function rsaAlgorithm({ modulusBits }: RsaPublicKey): SigningAlgorithm {
  const [algorithmId, hash]: [string, SignatureHash] =
    modulusBits >= 4096 ? [OID.sha512WithRsa, 'SHA-512'] : [OID.sha256WithRsa, 'SHA-256'];
  // RFC 4055 5: the parameters are NULL. Those of ECDSA are absent (RFC 5758 3.2).
  const identifier = new AlgorithmIdentifier({ algorithmId, algorithmParams: new Null() });
  return { kind: 'RSA', hash, identifier, scheme: { name: 'RSASSA-PKCS1-v1_5', hash } };
}

function ecAlgorithm({ curve }: EcPublicKey): SigningAlgorithm {
  const [algorithmId, hash] = CURVE_ALGORITHMS[curve];
  const identifier = new AlgorithmIdentifier({ algorithmId });
  return { kind: 'EC', hash, identifier, scheme: { name: 'ECDSA', namedCurve: curve, hash } };
}

/** SP 800-57 part 1, tables 2 and 3: a hash is as strong as the curve. */
const CURVE_ALGORITHMS = {
  'P-256': [OID.ecdsaWithSha256, 'SHA-256'],
  'P-384': [OID.ecdsaWithSha384, 'SHA-384'],
  'P-521': [OID.ecdsaWithSha512, 'SHA-512'],
} as const;

function encodeToBeSigned(structure: UnsignedStructure): Uint8Array<ArrayBuffer> {
  const [toBeSigned] = structure.toSchema(true).valueBlock.value as [BaseBlock]; // first of three
  return new Uint8Array(toBeSigned.toBER());
}

async function signWithWebCrypto(
  pkcs8: Uint8Array<ArrayBuffer>,
  scheme: SigningAlgorithm['scheme'],
  message: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const subtle = webCrypto();
  try {
    const key = await subtle.importKey('pkcs8', pkcs8, scheme, false, ['sign']);
    return new Uint8Array(await subtle.sign(scheme, key, message));
  } catch (error) {
    // Not every runtime has every curve; any other error is a key that is not of this kind.
    const unsupported = error instanceof Error && error.name === 'NotSupportedError';
    const code = unsupported ? 'UNSUPPORTED' : 'INVALID_ARGUMENT';
    throw new KeyblockError(code, { field: 'pkcs8' });
  }
}

/** Turns both numbers in the length of the curve (IEEE P1363) into the DER of them. */
function formatEcdsaSignature(raw: Uint8Array): Uint8Array<ArrayBuffer> {
  const half = raw.length / 2;
  return sequence(integer(raw.subarray(0, half)), integer(raw.subarray(half)));
}
