/** Tokens made by hand, by somebody who has a private key: an insider, bound or not. */
import type { KeyblockErrorCode } from 'keyblock/tr34';
import { concatenate, look } from '../scenario.js';
import {
  encapsulated,
  headerAttribute,
  hex,
  identityOf,
  nonceAttribute,
  OID,
  sequence,
  set,
  signedToken,
  timeAttribute,
} from './der.js';
import { type Sealed, seal } from './envelope.js';
import { keep, newKey, seconds } from './hosts.js';
import type { Facts, Flaw, Message } from './message.js';
import type { Host } from './pki.js';
import type { Device, World } from './world.js';

/** What an insider has to work with. */
interface Plot {
  readonly world: World;
  readonly device: Device;
  readonly host: Host;
  readonly other: Host;
  /** The nonce of the device, if it asked, and was overheard. */
  readonly nonce: string;
}

const early = (...codes: readonly KeyblockErrorCode[]): Flaw => ({ codes, isLate: false });
const late = (...codes: readonly KeyblockErrorCode[]): Flaw => ({ codes, isLate: true });

/** A token of an insider; undefined where the plot does not work with this device. */
export async function forge(
  world: World,
  device: Device,
  host: Host,
): Promise<Message | undefined> {
  const { rng, pki } = world;
  const other = rng.pick([...pki.hosts.filter((one) => one !== host), pki.stranger]);
  const nonce = device.memory.nonce ?? hexDigits(rng.bytes(16));
  const plot: Plot = { world, device, host, other, nonce };
  return rng.pick([sealByHand, sealByHand, resign, impersonate, confuse, promote])(plot);
}

const hexDigits = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('');

/** What a key token by hand differs in from one that is right. */
interface Twist {
  readonly name: string;
  readonly flaw?: Flaw;
  readonly sealed?: Partial<Sealed>;
  readonly attributes?: readonly Uint8Array[];
  readonly claims?: string;
  readonly time?: number;
}

const OTHER_HEADER = headerAttribute('D0000D0TN00E0000');

/** An envelope of the insider's own: right, or with one thing wrong. */
async function sealByHand({
  world,
  device,
  host,
  other,
  nonce,
}: Plot): Promise<Message | undefined> {
  const { krd } = device;
  if (krd.isEc || !host.isOurs) return undefined;
  const { rng } = world;
  const made = newKey(world);
  const time = seconds(world.now);
  const [asked, at, header] = [
    nonceAttribute(hex(nonce)),
    timeAttribute(time),
    headerAttribute(made.header),
  ];
  const wrongLength = made.bytes.subarray(1);
  const otherInside = { sealed: { header: OTHER_HEADER }, flaw: late('TOKEN_REJECTED') };
  const twist = rng.pick<Twist>([
    { name: 'another header inside', ...otherInside },
    { name: 'another header inside', ...otherInside },
    { name: 'nothing wrong' },
    { name: 'nonce and time', attributes: [at, asked, header], time },
    {
      name: 'key block of another host',
      sealed: { host: other.certificate },
      // The stranger is called what one of the hosts is called: its ID is the same.
      ...(other.name !== host.name && { flaw: late('TOKEN_REJECTED') }),
    },
    { name: 'another header inside', ...otherInside },
    {
      name: 'another header signed',
      attributes: [asked, OTHER_HEADER],
      flaw: late('TOKEN_REJECTED'),
    },
    { name: 'key of a wrong length', sealed: { key: wrongLength } },
    { name: 'two envelopes', sealed: { copies: 2 }, flaw: late('TOKEN_MALFORMED') },
    { name: 'no envelope', sealed: { copies: 0 }, flaw: late('TOKEN_MALFORMED') },
    { name: 'nothing fresh', attributes: [header], flaw: early('FRESHNESS') },
    { name: 'two nonces', attributes: [asked, asked, header], flaw: early() },
    { name: 'no header', attributes: [asked], flaw: late('TOKEN_MALFORMED') },
    { name: 'two headers', attributes: [asked, header, header], flaw: early() },
    { name: 'another type claimed', claims: OID.data, flaw: early() },
  ]);
  const key = twist.sealed?.key ?? made.bytes;
  const right = { host: host.certificate, device: krd.certificate, key, header, bytes: rng.bytes };
  const token = await signedToken({
    type: OID.envelopedData,
    content: await seal({ ...right, ...twist.sealed }),
    named: host.signer,
    signs: host.signer,
    attributes: twist.attributes ?? [asked, header],
    claims: twist.claims,
  });
  world.stats.add(`by hand: ${twist.name}`);
  const inNameOf = twist.sealed?.host && other.name;
  const sent = { ...made, bytes: key, profile: 'tr34-2019', inNameOf } as const;
  const facts = { kind: 'key', signer: host, krd, nonce, key: sent } as const;
  return keep(world, token, { ...facts, time: twist.time, flaw: twist.flaw });
}

/** Signs the envelope that another host has sealed: wrong, but for one that is in its own name. */
async function resign({ world, device, host, nonce }: Plot): Promise<Message | undefined> {
  const { facts: theirs, fields } = pickKey(world, device, host) ?? {};
  if (theirs?.key === undefined || fields === undefined) return undefined;
  const token = await signedToken({
    type: OID.envelopedData,
    content: contentOf(fields),
    named: host.signer,
    signs: host.signer,
    attributes: [nonceAttribute(hex(nonce)), headerAttribute(theirs.key.header)],
  });
  const { krd, key } = theirs;
  const facts = { kind: 'key', signer: host, krd, nonce } as const;
  const isRight = key.inNameOf === host.name;
  world.stats.add(`by hand: the envelope of another, in ${isRight ? 'our' : 'their'} name`);
  if (isRight) return keep(world, token, { ...facts, key });
  return keep(world, token, { ...facts, flaw: late('TOKEN_REJECTED', 'TOKEN_MALFORMED') });
}

/** A key on its way from another host, to this very device where there is one. */
function pickKey({ rng, messages }: World, { krd }: Device, host: Host): Message | undefined {
  const keys = messages.filter(({ facts }) => facts.key !== undefined && facts.signer !== host);
  const ours = keys.filter(({ facts }) => facts.krd === krd);
  const some = ours.length === 0 ? keys : ours;
  return some.length === 0 ? undefined : rng.pick(some);
}

/** The content that a SignedData carries. */
const contentOf = (fields: readonly Uint8Array[]): Uint8Array =>
  look(fields[2] as Uint8Array).inside[1]?.inside[0]?.content ?? new Uint8Array();

/** A release under the name of the bound host, or of the CA, signed by somebody else. */
async function impersonate({ world, device, host, nonce }: Plot): Promise<Message | undefined> {
  const { rng, pki } = world;
  const { bound } = device.memory;
  if (bound === undefined) return undefined;
  const signers = [
    host.signer,
    pki.stranger.signer,
    pki.hostAuthority,
    pki.authority,
    device.krd.key,
  ];
  const signs = rng.pick(signers.filter((one) => one !== bound.signer));
  const isRelease = rng.oneIn(2);
  const id = identityOf(device.krd.certificate);
  const ids = concatenate(id, identityOf(bound.certificate));
  const isNamed = rng.oneIn(2);
  if (!isRelease && signs === pki.authority) return undefined;
  const token = await signedToken({
    type: OID.data,
    content: isRelease ? id : ids,
    named: isNamed ? signs : isRelease ? bound.signer : pki.authority,
    signs,
    attributes: isRelease ? [nonceAttribute(hex(nonce))] : undefined,
  });
  world.stats.add('by hand: under the name of another');
  const kind = isRelease ? 'unbind' : 'authority-unbind';
  return keep(world, token, { kind, krd: device.krd, flaw: early('RECIPIENT_MISMATCH') });
}

/** The bound host does what only the CA may do, and the other way round. */
async function confuse({ world, device, host, nonce }: Plot): Promise<Message | undefined> {
  const { rng } = world;
  const id = identityOf(device.krd.certificate);
  const ids = concatenate(id, identityOf(host.certificate));
  const asked = nonceAttribute(hex(nonce));
  const unbind = { kind: 'unbind', signer: host, krd: device.krd, nonce } as const;
  const releases: readonly [Uint8Array, Facts['flaw'], readonly Uint8Array[] | undefined][] = [
    [ids, early(), [asked]],
    [sequence(id), early(), [asked]],
    [new Uint8Array(0), early(), [asked]],
    [id, early('FRESHNESS'), [timeAttribute(seconds(world.now))]],
    [id, early(), undefined],
    [id, undefined, [asked]],
  ];
  const [content, flaw, attributes] = rng.pick(releases);
  const signs = host.signer;
  const token = await signedToken({ type: OID.data, content, named: signs, signs, attributes });
  world.stats.add(`by hand: a release, ${flaw === undefined ? 'right' : 'wrong'}`);
  return keep(world, token, { ...unbind, flaw });
}

/** What was signed as attributes comes as content without any: RFC 5652 lets both look alike. */
async function promote({ world }: Plot): Promise<Message | undefined> {
  const { rng } = world;
  const signed = world.messages.filter(({ facts }) => facts.signer !== undefined);
  if (signed.length === 0) return undefined;
  const { fields, facts } = rng.pick(signed);
  const parts = look(fields.at(-1) as Uint8Array).inside[0]?.inside ?? [];
  const attributes = parts.find(({ tag }) => tag === 0xa0);
  if (attributes === undefined) return undefined;
  const rest = parts.filter((part) => part !== attributes).map(({ bytes }) => bytes);
  const content = set(attributes.content);
  const message: Message = {
    facts: { ...facts, flaw: early('RECIPIENT_MISMATCH') },
    crl: undefined,
    fields: [...fields.slice(0, 2), encapsulated(content), set(sequence(...rest))],
  };
  world.stats.add('by hand: attributes as content');
  return message;
}
