/** Who takes part in the tests of tokens, and how a device comes to hold what it holds. */

import {
  type CreateKeyTokenOptions,
  createKeyToken,
  createKrd,
  fromPkcs8,
  KeyblockError,
  type KeyblockErrorCode,
  type KeyUnwrapper,
  type KrdEvent,
  type KrdState,
  parseToken,
  type Received,
  receive,
  type Signer,
  type TokenHash,
} from 'keyblock/tr34';
import {
  type CertificateRole,
  generateKeyPair,
  issueCertificate,
  issueCrl,
  type KeyPairAlgorithm,
} from 'keyblock/tr34/pki';
import { expect } from 'vitest';
import { createAes } from '../../src/primitives/aes.js';
import { encryptCbc } from '../../src/primitives/modes.js';
import { formatOaepParameters } from '../../src/tr34/cms/algorithms.js';
import { headerAttribute, nonceAttribute } from '../../src/tr34/cms/attributes.js';
import { formatEnvelopedData, formatKeyTransport } from '../../src/tr34/cms/enveloped-data.js';
import { OID } from '../../src/tr34/der/oids.js';
import { context, oid, sequence } from '../../src/tr34/der/writer.js';
import { PROFILES } from '../../src/tr34/profiles.js';
import { readSigner, signToken } from '../../src/tr34/tokens/signed-token.js';
import { issuerAndSerial, parseCertificate } from '../../src/tr34/x509/certificate.js';
import receiver from '../vectors/tr34/receiver-cases.json' with { type: 'json' };
import tokens from '../vectors/tr34/tokens.json' with { type: 'json' };
import { ANNEX_B_TIME, fromBase64, GENERATED_TIME, tokenBytes } from './vectors.js';

/** A private key, and the certificate of it. */
export interface Party {
  readonly certificate: Uint8Array<ArrayBuffer>;
  readonly pkcs8: Uint8Array<ArrayBuffer>;
}

/** Everybody under one root. */
export interface World {
  readonly root: Party;
  readonly caKdh: Party;
  readonly caKrd: Party;
  readonly kdh: Party;
  readonly krd: Party;
  /** When all of it is valid. */
  readonly at: Date;
}

/** The samples of the standard. All is valid together for one month of 2010 only. */
export const ANNEX_B: World & { readonly nextKdh: Party } = {
  ...worldOfTokens('annexb', ANNEX_B_TIME),
  nextKdh: partyOfTokens('annexb-KDH_2'),
};

/** The parties of receiver-cases.json: RSA of 2048 bits. */
export const RECEIVER: World & { readonly nextKdh: Party; readonly otherKrd: Party } = {
  root: partyOfReceiver('Root'),
  caKdh: partyOfReceiver('CA_KDH'),
  caKrd: partyOfReceiver('CA_KRD'),
  kdh: partyOfReceiver('KDH_1'),
  nextKdh: partyOfReceiver('KDH_2'),
  krd: partyOfReceiver('KRD_1'),
  otherKrd: partyOfReceiver('KRD_2'),
  at: new Date(GENERATED_TIME),
};

/** Those of the tokens that were made for this project, by their field `pki`. */
export const GENERATED: Readonly<Record<'EC-P521' | 'EC-P384' | 'RSA-4096', World>> = {
  'EC-P521': worldOfTokens('EC-P521', GENERATED_TIME),
  'EC-P384': worldOfTokens('EC-P384', GENERATED_TIME),
  'RSA-4096': worldOfTokens('RSA-4096', GENERATED_TIME),
};

function worldOfTokens(prefix: string, at: number): World {
  return {
    root: partyOfTokens(`${prefix}-Root`),
    caKdh: partyOfTokens(`${prefix}-CA_KDH`),
    caKrd: partyOfTokens(`${prefix}-CA_KRD`),
    kdh: partyOfTokens(`${prefix}-KDH_1`),
    krd: partyOfTokens(`${prefix}-KRD_1`),
    at: new Date(at),
  };
}

function partyOfTokens(id: string): Party {
  const found = tokens.privateKeys.find((key) => key.id === id);
  if (found === undefined) throw new Error(`no key ${id}`);
  return { certificate: tokenBytes(found.certificate), pkcs8: fromBase64(found.pkcs8) };
}

function partyOfReceiver(name: keyof typeof receiver.privateKeys): Party {
  return {
    certificate: fromBase64(receiver.certificates[name]),
    pkcs8: fromBase64(receiver.privateKeys[name]),
  };
}

const opened = new Map<Party, Promise<Signer & KeyUnwrapper>>();

/** The private key of a party. */
export function keyOf(party: Party): Promise<Signer & KeyUnwrapper> {
  const key = opened.get(party) ?? fromPkcs8(party);
  opened.set(party, key);
  return key;
}

/** The private key of a party as a signer that hashes with something else. */
export function signerOf({ certificate, pkcs8 }: Party, hash: TokenHash): Promise<Signer> {
  return fromPkcs8({ certificate, pkcs8, hash });
}

/** The certificates that a device pins, and that a host needs of them. */
export function trustOf({ root, caKdh, caKrd }: World): {
  readonly root: Uint8Array;
  readonly caKdh: Uint8Array;
  readonly caKrd: Uint8Array;
} {
  return { root: root.certificate, caKdh: caKdh.certificate, caKrd: caKrd.certificate };
}

/** A device that is bound to nobody, frozen. */
export function unboundKrd(world: World, krd: Party = world.krd): KrdState {
  return frozen(createKrd({ certificate: krd.certificate, trust: trustOf(world) }));
}

/** A device that is bound to the KDH, and remembers what is given besides; frozen. */
export function boundKrd(world: World, others: Partial<KrdState> = {}): KrdState {
  return frozen({ ...unboundKrd(world), bound: toBase64(world.kdh.certificate), ...others });
}

/** A state as it comes out of a store, frozen so that nothing can change it. */
export function stored(state: KrdState): KrdState {
  const copy = JSON.parse(JSON.stringify(state)) as KrdState;
  expect(copy).toEqual(state);
  return frozen(copy);
}

function frozen(state: KrdState): KrdState {
  Object.freeze(state.trust);
  return Object.freeze(state);
}

/** A nonce of 16 bytes. */
export const NONCE = Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i);

/** What a device with {@link NONCE} outstanding remembers of it. */
export const NONCE_STATE = { nonce: 'A0A1A2A3A4A5A6A7A8A9AAABACADAEAF' } as const;

export const HEADERS = {
  tdes: 'D0000K0TB00E0000',
  aes: 'D0000K0AB00E0000',
  hmac: 'D0000M7HC00E0100HM0621',
} as const;

/** A triple DES key, which any RSA key may carry. */
export const TDES_KEY = Uint8Array.from({ length: 24 }, (_, i) => 0x10 + i);

/** Options for a key token in two passes that differ from complete ones in what is given. */
export async function keyTokenOptions(
  world: World,
  others: Partial<CreateKeyTokenOptions> = {},
): Promise<CreateKeyTokenOptions> {
  return {
    kdh: await keyOf(world.kdh),
    krdCertificate: world.krd.certificate,
    trust: trustOf(world),
    key: TDES_KEY,
    header: HEADERS.tdes,
    freshness: { nonce: NONCE },
    at: world.at,
    ...others,
  };
}

/** A generator that returns what is given, portion by portion, and nothing else. */
export function portions(...all: readonly Uint8Array[]): (length: number) => Uint8Array {
  const left = [...all];
  return (length) => {
    const next = left.shift();
    if (next?.length !== length) throw new Error(`asked for ${length} bytes`);
    return next;
  };
}

/** A CRL of the CA of the KDHs that was issued some days before the present of the world. */
export function crlOf(
  world: World,
  {
    age = 1,
    revoked = [],
    crlNumber,
  }: {
    readonly age?: number;
    readonly revoked?: readonly Party[];
    readonly crlNumber?: number;
  } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const present = world.at.getTime();
  return issueCrl({
    issuer: world.caKdh,
    crlNumber,
    thisUpdate: new Date(present - age * DAY),
    nextUpdate: new Date(present + 30 * DAY),
    revoked: revoked.map(({ certificate }) => ({
      serialNumber: serialOf(certificate),
      revocationDate: new Date(present - age * DAY),
    })),
  });
}

export const DAY = 86_400_000;

function serialOf(certificate: Uint8Array): Uint8Array {
  return look(parseCertificate(certificate).serialNumber).content;
}

/** A device or host with a fresh key pair and a certificate of one of the CAs. */
export async function enrol(
  world: World,
  role: CertificateRole & ('kdh' | 'krd'),
  algorithm: KeyPairAlgorithm,
): Promise<Party> {
  const isRsa = algorithm.startsWith('RSA');
  const decrypts = isRsa ? 'decrypt' : 'agree';
  const purpose = role === 'kdh' ? 'sign' : decrypts;
  const { pkcs8, publicKey } = await generateKeyPair({ algorithm, purpose });
  const certificate = await issueCertificate({
    role,
    subject: { commonName: `${role} ${algorithm}` },
    publicKey,
    issuer: role === 'kdh' ? world.caKdh : world.caKrd,
    serialNumber: 'random',
    notBefore: new Date(world.at.getTime() - DAY),
    notAfter: new Date(world.at.getTime() + 60 * DAY),
  });
  return { certificate, pkcs8 };
}

/** IssuerAndSerialNumber of a certificate. */
export function idOf(certificate: Uint8Array): Uint8Array<ArrayBuffer> {
  return issuerAndSerial(parseCertificate(certificate));
}

/** What is wrong on purpose in a token whose signature is right. */
export interface SealedParts {
  /** Under the content key, padding included: whole blocks. */
  readonly padded: Uint8Array;
  readonly contentKey: Uint8Array;
  /** What stands where the content key should be, encrypted. */
  readonly encryptedKey: Uint8Array;
  /** The header that is signed. */
  readonly header?: string | undefined;
}

/** A key token with an envelope of AES-128 that may hold anything. */
export async function sealToken(
  world: World,
  parts: SealedParts,
): Promise<Uint8Array<ArrayBuffer>> {
  const iv = new Uint8Array(16).fill(0x5a);
  const ciphertext = new Uint8Array(parts.padded);
  encryptCbc(createAes(new Uint8Array(parts.contentKey)), iv, ciphertext);
  const oaep = formatOaepParameters('SHA-256', false);
  const recipientInfo = formatKeyTransport(idOf(world.krd.certificate), oaep, parts.encryptedKey);
  return signToken({
    signer: readSigner(await keyOf(world.kdh), 'kdh'),
    contentType: OID.envelopedData,
    content: formatEnvelopedData({
      version: 0,
      recipientInfo,
      algorithm: 'aes128-cbc',
      iv,
      ciphertext,
      placement: 'beside',
      form: 'whole',
    }),
    attributes: [nonceAttribute(NONCE), headerAttribute(parts.header ?? HEADERS.aes)],
    crl: undefined,
    shape: PROFILES['tr34-2019'],
  });
}

/** A key token in answer to {@link NONCE}, signed again with one attribute more. */
export async function withAttribute(
  world: World,
  token: Uint8Array,
  attribute: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  return signToken({
    signer: readSigner(await keyOf(world.kdh), 'kdh'),
    contentType: OID.envelopedData,
    content: inside(look(token), 1, 0, 2, 1, 0).content,
    attributes: [nonceAttribute(NONCE), headerAttribute(HEADERS.tdes), attribute],
    crl: undefined,
    shape: PROFILES['tr34-2019'],
  });
}

/** The event, which has to be of this kind. */
export function eventOf<Kind extends KrdEvent['kind']>(
  { event }: Received,
  kind: Kind,
): Extract<KrdEvent, { readonly kind: Kind }> {
  if (event.kind !== kind) {
    const found = event.kind === 'refused' ? `${event.kind}, ${event.error.code}` : event.kind;
    throw new Error(`expected ${kind}, got ${found}`);
  }
  return event as Extract<KrdEvent, { readonly kind: Kind }>; // which has just been looked at
}

/** Expects a refusal; returns what is remembered after it. */
export function expectRefusal(
  received: Received,
  code: KeyblockErrorCode,
  field?: string,
): KrdState {
  const { error } = eventOf(received, 'refused');
  expect({ code: error.code, ...(field !== undefined && { field: error.field }) }).toEqual({
    code,
    ...(field !== undefined && { field }),
  });
  return received.state;
}

/** An element of DER, read by hand: no part of the library's own reader. */
export interface Look {
  readonly tag: number;
  readonly bytes: Uint8Array;
  readonly content: Uint8Array;
  /** The elements inside, where the tag is a constructed one. */
  readonly inside: readonly Look[];
}

/** Takes one element of DER apart. */
export function look(bytes: Uint8Array): Look {
  const [element, second] = lookAll(bytes);
  if (element === undefined || second !== undefined) throw new Error('not one element');
  return element;
}

/** Takes elements of DER apart that stand one after the other. */
export function lookAll(bytes: Uint8Array): readonly Look[] {
  const elements: Look[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = byteAt(bytes, at);
    let length = byteAt(bytes, at + 1);
    let head = 2;
    if (length >= 0x80) {
      const count = length & 0x7f;
      length = 0;
      for (; head < 2 + count; head++) length = 256 * length + byteAt(bytes, at + head);
    }
    const end = at + head + length;
    if (end > bytes.length) throw new Error(`too long at ${at}`);
    const content = bytes.subarray(at + head, end);
    const inside = (tag & 0x20) === 0 ? [] : lookAll(content);
    elements.push({ tag, bytes: bytes.subarray(at, end), content, inside });
    at = end;
  }
  return elements;
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new Error(`nothing at ${at}`);
  return byte;
}

/** The element that is reached by going into these, from 0 on. */
export function inside(element: Look, ...path: readonly number[]): Look {
  return path.reduce((at: Look, index) => {
    const next = at.inside[index];
    if (next === undefined) throw new Error(`nothing at ${path.join(' ')}`);
    return next;
  }, element);
}

/** Encodes base64. */
export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** Puts parts one after the other. */
export function concatenate(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** The fields of the SignedData in a token. */
function fieldsOf(token: Uint8Array): readonly Uint8Array[] {
  return inside(look(token), 1, 0).inside.map(({ bytes }) => bytes);
}

/** A token of a SignedData with these fields. */
function tokenOf(fields: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return sequence(oid(OID.signedData), context(0, sequence(...fields)));
}

/** The token with a CRL that its signer did not put in: no signature covers that field. */
export function withCrl(token: Uint8Array, crl: Uint8Array): Uint8Array<ArrayBuffer> {
  const fields = fieldsOf(token);
  return tokenOf([...fields.slice(0, -1), context(1, crl), ...fields.slice(-1)]);
}

/** The token with its last two fields in each other's place, as B.6 has them. */
export function swapLastFields(token: Uint8Array): Uint8Array<ArrayBuffer> {
  const fields = fieldsOf(token);
  return tokenOf([...fields.slice(0, -2), ...fields.slice(-2).reverse()]);
}

/** A token, and what comes of it: undefined where it is refused. */
export interface Taken {
  readonly kind: string;
  readonly token: Uint8Array<ArrayBuffer>;
  outcome(token: Uint8Array): Promise<string | undefined>;
}

/**
 * One token of each kind that none of the library's code has made, each taken by who it is for: by
 * a device, or by a host that is about to send.
 */
export async function oneOfEachKind(): Promise<readonly Taken[]> {
  const unwrapper = await keyOf(RECEIVER.krd);
  const options = await keyTokenOptions(ANNEX_B);
  const byDevice = (kind: string, id: string, state: KrdState): Taken => ({
    kind,
    token: receiverToken(id),
    async outcome(token) {
      const policy = { strength: 'tr34' } as const;
      const received = await receive({ state, token, unwrapper, at: RECEIVER.at, policy });
      const { event } = received;
      if (event.kind === 'refused') return undefined;
      const key = event.kind === 'key' ? [...event.key.expose()] : [];
      return JSON.stringify([received, key]);
    },
  });
  const bound = boundKrd(RECEIVER);
  const asking = boundKrd(RECEIVER, { nonce: receiver.nonce });
  return [
    {
      kind: 'CT-KRD',
      token: tokenBytes('b.7-ct-krd'),
      async outcome(token) {
        try {
          const { kind, certificate: krdCertificate } = parseToken(token);
          if (kind !== 'credential' || krdCertificate === undefined) return undefined;
          await createKeyToken({ ...options, krdCertificate });
          return toBase64(krdCertificate);
        } catch (error) {
          if (error instanceof KeyblockError) return undefined;
          throw error;
        }
      },
    },
    {
      kind: 'RT-KRD',
      token: tokenBytes('b.12-rt-krd'),
      outcome(token) {
        try {
          const { kind, nonce } = parseToken(token);
          return Promise.resolve(kind === 'random-number' ? String(nonce) : undefined);
        } catch (error) {
          if (error instanceof KeyblockError) return Promise.resolve(undefined);
          throw error;
        }
      },
    },
    byDevice('CT-KDH', 'bind-ok', unboundKrd(RECEIVER)),
    byDevice('KT-KDH in two passes', 'ok-2pass', asking),
    byDevice('KT-KDH in one pass', 'ok-1pass', bound),
    byDevice('UBT-KDH', 'unbind-ok', asking),
    byDevice('RBT-KDH', 'rebind-ok', asking),
    byDevice('UBT-CA', 'ca-unbind-ok', bound),
    byDevice('RBT-CA', 'ca-rebind-ok', bound),
  ];
}

function receiverToken(id: string): Uint8Array<ArrayBuffer> {
  const found = receiver.cases.find((candidate) => candidate.id === id);
  if (found === undefined) throw new Error(`no case ${id}`);
  return fromBase64(found.base64);
}

/** The token with one bit changed, the most significant bit of the first octet being bit 0. */
export function flipBit(token: Uint8Array, bit: number): Uint8Array<ArrayBuffer> {
  const changed = new Uint8Array(token);
  const at = bit >> 3;
  changed[at] = byteAt(changed, at) ^ (0x80 >> (bit & 7));
  return changed;
}

/**
 * The bits that may be changed without being refused, and why:
 * - The version of SignedData is under no signature; 1 and 3 are both in use and mean the same.
 * - RT-KRD is not signed. Another nonce is one that the device does not wait for.
 */
export function unnoticedBits({ kind }: Taken): readonly number[] {
  const version = 8 * 25 + 6;
  return kind === 'RT-KRD' ? bitsOf(18, 34) : [version];
}

function bitsOf(from: number, to: number): readonly number[] {
  return Array.from({ length: 8 * (to - from) }, (_, i) => 8 * from + i);
}

/** What changing a token comes to: how many were tried, and which were not refused. */
export interface Mutated {
  readonly tried: number;
  readonly unnoticed: readonly number[];
}

/**
 * Changes a token in every one of many ways. What is not refused has to come to the same as the
 * token itself, but for RT-KRD, whose nonce is another one.
 */
export async function mutate(
  { kind, token, outcome }: Taken,
  { count, step }: { readonly count: number; readonly step: number },
  change: (token: Uint8Array, index: number) => Uint8Array<ArrayBuffer>,
): Promise<Mutated> {
  const expected = await outcome(token);
  if (expected === undefined) throw new Error(`${kind} is refused as it is`);
  const unnoticed: number[] = [];
  let tried = 0;
  for (let index = 0; index < count; index += step) {
    tried++;
    const found = await outcome(change(token, index));
    if (found === undefined) continue;
    unnoticed.push(index);
    if (kind === 'RT-KRD') expect(found).not.toBe(expected);
    else expect(found).toBe(expected);
  }
  return { tried, unnoticed };
}

/** The token without what stands from an octet on. */
export function truncate(token: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(token.subarray(0, length));
}

/** The token without one octet. */
export function remove(token: Uint8Array, index: number): Uint8Array<ArrayBuffer> {
  return concatenate(token.subarray(0, index), token.subarray(index + 1));
}

/** The token with an octet twice. */
export function repeat(token: Uint8Array, index: number): Uint8Array<ArrayBuffer> {
  return concatenate(token.subarray(0, index + 1), token.subarray(index));
}

/** The token with an octet behind it. */
export function append(token: Uint8Array, octet: number): Uint8Array<ArrayBuffer> {
  return concatenate(token, Uint8Array.of(octet));
}
