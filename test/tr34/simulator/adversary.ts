/** Who owns the network: changes, mixes and forges, and knows what has to come of it. */
import { p256, p384, p521 } from '@noble/curves/nist.js';
import type { Signer } from 'keyblock/tr34';
import { concatenate, flipBit, look, remove, repeat, truncate } from '../scenario.js';
import { deliver } from './deliver.js';
import { octets, sequence, set, tlv } from './der.js';
import { bytesOf, type Flaw, type Message } from './message.js';
import type { Device, World } from './world.js';

/** Refused for whatever reason, before the nonce is looked at. */
const BROKEN: Flaw = { codes: [], isLate: false };

/** Changes some bits or octets of a token on its way. */
export async function garble(world: World, device: Device, message: Message): Promise<void> {
  const { rng } = world;
  const token = bytesOf(message);
  const at = rng.int(token.length);
  const changes = [
    () => flipBit(token, rng.int(8 * token.length)),
    () => flipBit(token, rng.int(8 * token.length)),
    () => truncate(token, at),
    () => remove(token, at),
    () => repeat(token, at),
    () => concatenate(token, Uint8Array.of(rng.int(256))),
  ];
  const bytes = rng.pick(changes)();
  if (isOtherVersion(token, bytes)) {
    await deliver(world, device, message, { bytes });
    return;
  }
  const facts = { ...message.facts, flaw: BROKEN };
  await deliver(world, device, { ...message, facts }, { bytes });
}

/** SignedData of version 1 or 3: no signature covers it, and both mean the same. */
function isOtherVersion(token: Uint8Array, changed: Uint8Array): boolean {
  const differing = [...token.keys()].filter((i) => token[i] !== changed[i]);
  const [at = 0] = differing;
  const isVersion = differing.length === 1 && token[at - 2] === 2 && token[at - 1] === 1 && at < 30;
  return isVersion && token.length === changed.length && [1, 3].includes(changed[at] ?? 0);
}

/** Puts a token together from two. It may happen to be one that was there before. */
export function mix(world: World, a: Message, b: Message): Message {
  const { rng } = world;
  const crl = rng.oneIn(3) ? a.crl : rng.pick([b.crl, undefined, ...world.crls]);
  if (rng.oneIn(2)) return { ...a, crl };
  const fields = a.fields.map((field, i) => (rng.oneIn(2) ? field : (b.fields[i] ?? field)));
  const last = fields.at(-1) as Uint8Array;
  if (rng.oneIn(2)) fields.splice(-1, 1, mixSigners(world, last, b.fields.at(-1) as Uint8Array));
  const made = meaningOf(fields);
  const known = world.messages.find((message) => meaningOf(message.fields) === made);
  return { facts: known?.facts ?? { ...a.facts, flaw: BROKEN }, crl, fields };
}

/** rsaEncryption and sha256WithRSAEncryption of RFC 4055, as `join` writes their octets. */
const RSA = '42,134,72,134,247,13,1,1,1,5,0';
const RSA_WITH_SHA256 = '42,134,72,134,247,13,1,1,11,5,0';

/** What two tokens have in common that mean the same: no signature covers version and algorithm. */
function meaningOf(fields: readonly Uint8Array[]): string {
  return fields.slice(1).join().replaceAll(RSA_WITH_SHA256, RSA);
}

function mixSigners({ rng }: World, a: Uint8Array, b: Uint8Array): Uint8Array {
  const [ours, theirs] = [look(a).inside[0]?.inside, look(b).inside[0]?.inside];
  if (ours === undefined || theirs === undefined) return a;
  const parts = ours.map((part, i) => (rng.oneIn(2) ? part : (theirs[i] ?? part)).bytes);
  return rng.oneIn(8) ? set(look(a).content, look(b).content) : set(sequence(...parts));
}

const CURVES = { 'SHA-256': p256, 'SHA-384': p384, 'SHA-512': p521 } as const;

/** The other signature of ECDSA that is as good: nobody needs a key for it. */
export function malleate(world: World, message: Message): Message | undefined {
  const { signer } = message.facts;
  const key: Signer | undefined = signer === 'authority' ? world.pki.authority : signer?.signer;
  if (key?.algorithm !== 'ECDSA') return undefined;
  const signers = message.fields.at(-1) as Uint8Array;
  const parts = look(signers).inside[0]?.inside ?? [];
  const pair = look(parts.at(-1)?.content ?? new Uint8Array()).inside;
  const [r, s] = pair.map(({ content }) =>
    BigInt(`0x${[...content].map((n) => n.toString(16).padStart(2, '0')).join('')}`),
  );
  const other = CURVES[key.hash].Point.Fn.ORDER - (s as bigint);
  const signature = octets(sequence(numberOf(r as bigint), numberOf(other)));
  const signerInfo = sequence(...parts.slice(0, -1).map(({ bytes }) => bytes), signature);
  return { ...message, fields: [...message.fields.slice(0, -1), set(signerInfo)] };
}

function numberOf(value: bigint): Uint8Array {
  const digits = value.toString(16);
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  const bytes = Uint8Array.from(even.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  return tlv(2, ...((bytes[0] ?? 0) > 0x7f ? [Uint8Array.of(0)] : []), bytes);
}
