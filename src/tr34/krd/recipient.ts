/** Steps 12 to 14 of receiving a key token: whom the envelope is for, and in which dialect. */

import { KeyblockError } from '../../errors.js';
import { equalBytes } from '../../primitives/bytes.js';
import { notAllowed, readOaepParameters } from '../cms/algorithms.js';
import {
  type EnvelopedData,
  parseKeyAgreement,
  parseKeyTransport,
  transportProfile,
} from '../cms/enveloped-data.js';
import { agreementAlgorithms, formatSharedInfo } from '../cms/key-agreement.js';
import type { UnwrapRequest } from '../crypto/unwrap.js';
import { OID } from '../der/oids.js';
import { malformed } from '../der/reader.js';
import { contextTag, TAG } from '../der/tags.js';
import type { Profile } from '../profiles.js';
import { issuerAndSerial } from '../x509/certificate.js';
import type { Reception } from './verify-token.js';

/** What the private key is asked, and the dialect as far as it shows outside the envelope. */
export interface Recipient {
  readonly request: UnwrapRequest;
  readonly profile: Profile;
}

/** Reads the one recipient of an envelope. */
export function readRecipient(envelope: EnvelopedData, reception: Reception): Recipient {
  const { recipient, version } = envelope;
  if (recipient.tag === TAG.SEQUENCE && version === 0) return readTransport(envelope, reception);
  if (recipient.tag === contextTag(1) && version === 2) return readAgreement(envelope, reception);
  throw malformed(recipient); // passwords and shared keys are no recipients of TR-34
}

function readTransport(envelope: EnvelopedData, reception: Reception): Recipient {
  const transport = parseKeyTransport(envelope.recipient);
  const profile = requireAccepted(transportProfile(envelope, transport), envelope, reception);
  requireRecipient(transport.recipient, reception);
  if (transport.algorithm !== OID.rsaesOaep) throw notAllowed();
  const hash = readOaepParameters(transport.parameters);
  if (reception.device.certificate.publicKey.kind !== 'RSA') throw notAllowed();
  return {
    request: { kind: 'oaep', hash, encryptedKey: new Uint8Array(transport.encryptedKey) },
    profile,
  };
}

function readAgreement(envelope: EnvelopedData, reception: Reception): Recipient {
  const agreement = parseKeyAgreement(envelope.recipient);
  const { form, placement } = envelope;
  if (form !== 'whole' || placement !== 'beside') throw malformed(envelope.recipient);
  const profile = requireAccepted('ec', envelope, reception);
  requireRecipient(agreement.recipient, reception);
  const { publicKey } = reception.device.certificate;
  const { hash, wrapAlgorithm, curve } = agreementAlgorithms(agreement);
  // OpenSSL leaves the curve out, others name it: it is that of the recipient.
  if (publicKey.kind !== 'EC' || (curve ?? publicKey.curve) !== publicKey.curve) throw notAllowed();
  const publicPoint = new Uint8Array(agreement.publicPoint);
  const encryptedKey = new Uint8Array(agreement.encryptedKey);
  const sharedInfo = formatSharedInfo(wrapAlgorithm, agreement.ukm);
  return {
    request: { kind: 'ecdh', hash, publicPoint, sharedInfo, wrapAlgorithm, encryptedKey },
    profile,
  };
}

function requireAccepted(
  profile: Profile,
  { recipient, form, placement }: EnvelopedData,
  { policy }: Reception,
): Profile {
  if (form === 'contents' && placement === 'beside') throw malformed(recipient);
  const accepted =
    policy.accept.includes(profile) || (profile === 'cms' && policy.accept.includes('annex-d'));
  if (!accepted) throw malformed({ ...recipient, field: 'profile' });
  return profile;
}

function requireRecipient(recipient: Uint8Array, { device }: Reception): void {
  if (!equalBytes(recipient, issuerAndSerial(device.certificate))) {
    throw new KeyblockError('RECIPIENT_MISMATCH', { field: 'recipient' });
  }
}
