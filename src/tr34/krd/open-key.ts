/** Steps 11 to 18 of receiving a key token: open the envelope, and judge what was inside. */

import { KeyblockError } from '../../errors.js';
import { fitsAlgorithm } from '../../primitives/algorithms.js';
import { equalBytes, isBytes } from '../../primitives/bytes.js';
import { asciiText } from '../../primitives/hex.js';
import { systemRandomBytes } from '../../primitives/random.js';
import { adoptKey, type SecretKey } from '../../secret-key.js';
import { unknownAttributes } from '../../tr31/attributes.js';
import { keyAlgorithm } from '../../tr31/codes.js';
import type { KeyBlockHeader } from '../../tr31/header.js';
import { parseHeader } from '../../tr31/header.js';
import { type Attributes, requireAttribute } from '../cms/attributes.js';
import { type EnvelopedData, parseEnvelopedData } from '../cms/enveloped-data.js';
import { CONTENT_CIPHERS, decryptContent } from '../crypto/content-cipher.js';
import { OID } from '../der/oids.js';
import { readOctetString } from '../der/values.js';
import type { KeyUnwrapper } from '../keys.js';
import type { Profile } from '../profiles.js';
import { requireTransportStrength } from '../strength.js';
import { type KeyBlockContent, parseKeyBlockContent } from '../tokens/key-block.js';
import { type Recipient, readRecipient } from './recipient.js';
import { malformedToken, type Reception, type SignedToken } from './verify-token.js';

/** A key that was received. */
export interface ReceivedKey {
  readonly key: SecretKey;
  /** The header that came with it, as text. */
  readonly header: string;
  readonly profile: Profile;
}

/** Opens a key token whose signature, path and freshness stand. */
export async function openKeyToken(
  token: SignedToken,
  unwrapper: KeyUnwrapper,
  reception: Reception,
): Promise<ReceivedKey> {
  const header = readHeaderAttribute(token.attributes);
  const envelope = parseEnvelopedData(token.content);
  const recipient = readRecipient(envelope, reception);
  const { key, form } = await openEnvelope(token, envelope, recipient, header.octets, {
    unwrapper,
    accept: reception.policy.accept,
  });
  const profile = form === 'annex-d' ? 'annex-d' : recipient.profile;
  try {
    requireLegalKey(header.header, key);
    requireTransportStrength({
      rule: reception.policy.strength,
      header: header.header,
      key,
      recipient: reception.device.certificate.publicKey,
      content: envelope.algorithm,
      wrap: recipient.request.kind === 'ecdh' ? recipient.request.wrapAlgorithm : undefined,
    });
  } catch (error) {
    key.fill(0); // refused, so nobody else holds it
    throw error;
  }
  const algorithm = keyAlgorithm(header.header.algorithm);
  return { key: adoptKey(algorithm, key), header: header.text, profile };
}

interface TokenHeader {
  readonly octets: Uint8Array;
  readonly text: string;
  readonly header: KeyBlockHeader;
}

/** Step 11: the header of the key, as it is signed: structure and known values. */
function readHeaderAttribute(attributes: Attributes): TokenHeader {
  const octets = readOctetString(requireAttribute(attributes, OID.data));
  if (octets.some((octet) => octet < 0x20 || octet > 0x7e)) throw malformedToken();
  const text = asciiText(octets);
  return { octets, text, header: parseTokenHeader(text) };
}

/** Version and length have no meaning in a token; the rest has the one of X9.143. */
function parseTokenHeader(text: string): KeyBlockHeader {
  try {
    const { header, headerLength } = parseHeader(text);
    const sound =
      headerLength === text.length && unknownAttributes(header, text.charAt(15)).length === 0;
    if (sound) return header;
  } catch {
    // The text of a token has one error for all that is wrong with it.
  }
  throw malformedToken();
}

/**
 * Steps 15 to 17, with one answer to everything that can go wrong in them: whether it was the RSA
 * operation, the padding, the structure or the comparison must not be told apart (Manger,
 * Vaudenay).
 */
async function openEnvelope(
  { signer }: SignedToken,
  { algorithm, iv, ciphertext }: EnvelopedData,
  recipient: Recipient,
  header: Uint8Array,
  options: { readonly unwrapper: KeyUnwrapper; readonly accept: readonly Profile[] },
): Promise<{ readonly key: Uint8Array<ArrayBuffer>; readonly form: KeyBlockContent['form'] }> {
  const contentKey = await unwrapContentKey(recipient, algorithm, options.unwrapper);
  const plaintext = decryptContent({ algorithm, key: contentKey, iv, ciphertext });
  contentKey.fill(0);
  const block = parseKeyBlockContent(plaintext ?? new Uint8Array(0));
  const sound =
    block !== undefined &&
    options.accept.includes(block.form === 'annex-d' ? 'annex-d' : recipient.profile) &&
    // The one thing that stops a KDH from signing the envelope of another anew.
    equalBytes(block.kdh, signer) &&
    equalBytes(block.header, header);
  const key = sound ? new Uint8Array(block.key) : undefined;
  plaintext?.fill(0);
  if (!sound || key === undefined) throw new KeyblockError('TOKEN_REJECTED', { field: 'token' });
  return { key, form: block.form };
}

/** The content key; a random one where it can not be had, so that the rest takes its course. */
async function unwrapContentKey(
  { request }: Recipient,
  algorithm: EnvelopedData['algorithm'],
  unwrapper: KeyUnwrapper,
): Promise<Uint8Array<ArrayBuffer>> {
  const { keyLength } = CONTENT_CIPHERS[algorithm];
  const substitute = systemRandomBytes(keyLength);
  try {
    const contentKey = await unwrapper.unwrap(request);
    const sound = isBytes(contentKey) && contentKey.length === keyLength;
    return sound ? new Uint8Array(contentKey) : substitute;
  } catch {
    return substitute;
  }
}

/** Step 18: a key of a length that its algorithm has. The token is authentic by now. */
function requireLegalKey({ algorithm }: KeyBlockHeader, key: Uint8Array): void {
  if (!fitsAlgorithm(keyAlgorithm(algorithm), key.length)) {
    throw new KeyblockError('INVALID_PAYLOAD', { field: 'key' });
  }
}
