/** What hosts and CAs send, made by the library. Everything is kept by the adversary. */
import {
  type BindingProfile,
  createAuthorityRebindToken,
  createAuthorityUnbindToken,
  createCredentialToken,
  createKeyToken,
  createRebindToken,
  createUnbindToken,
  KeyblockError,
  type Profile,
  parseToken,
  type TokenFreshness,
} from 'keyblock/tr34';
import { toHex } from '../../simulator/secrets.js';
import { hold } from '../../simulator/violation.js';
import { fieldsOf, isSorted } from './der.js';
import type { Facts, Message, SentKey } from './message.js';
import { BEGINNING, type Crl, createCrl, HOUR, type Host, type Krd } from './pki.js';
import type { World } from './world.js';

/** Keeps a token with what is true of it. */
export function keep(
  world: World,
  token: Uint8Array,
  facts: Omit<Facts, 'isSorted'>,
  crl?: Crl,
): Message {
  const fields = fieldsOf(token);
  const isWithout = facts.kind === 'bind';
  const message: Message = {
    facts: { ...facts, isSorted: isWithout || isSorted(token) },
    crl,
    fields: crl === undefined ? fields : [...fields.slice(0, -2), ...fields.slice(-1)],
  };
  world.messages.push(message);
  return message;
}

/** The newest CRL of our CA. */
export const newestCrl = ({ crls }: World): Crl | undefined =>
  crls.filter(({ isOurs }) => isOurs).at(-1);

/** The CA of the hosts issues a CRL; now and then it lists one host more. */
export async function publishCrl(world: World): Promise<void> {
  const { rng, pki } = world;
  const revoked = new Set(newestCrl(world)?.revoked);
  if (rng.oneIn(12)) revoked.add(rng.pick(pki.hosts));
  const thisUpdate = seconds(world.now);
  const dates = { thisUpdate, nextUpdate: thisUpdate + rng.pick([0.1, 1, 6]) * HOUR };
  world.crls.push(await createCrl(pki, { ...dates, revoked: [...revoked] }));
  if (rng.oneIn(4)) world.crls.push(await createCrl(pki, { ...dates, revoked: [] }, false));
}

/** A credential, which anybody can put together. */
export function credential(world: World, host: Host, crl: Crl | undefined): Message {
  const token = createCredentialToken({ certificate: host.certificate, crl: crl?.der });
  return keep(world, token, { kind: 'bind', next: host }, crl);
}

const HEADERS = {
  tdes: ['D0000K0TB00E0000', 'A0256K0TB00E0000', 'D9999P0TE00N0000'],
  aes: ['D0000K0AB00E0000', 'D0000K1AB00S0000'],
} as const;

/** A key that was never sent before. */
export function newKey(world: World): Omit<SentKey, 'profile'> {
  const { rng } = world;
  const isTdes = rng.oneIn(2);
  const length = rng.pick(isTdes ? [16, 24] : [16, 24, 32]);
  const tdes = length === 16 ? 80 : 112;
  const strength = isTdes ? tdes : 8 * length;
  return {
    bytes: rng.bytes(length),
    header: rng.pick(HEADERS[isTdes ? 'tdes' : 'aes']),
    isTdes,
    strength,
  };
}

const RSA: readonly Profile[] = [
  'tr34-2019',
  'tr34-2019',
  'annex-b',
  'tr34-2019-print',
  'x9-tr34-2012',
  'annex-d',
  'cms',
];

/** A key token. An honest host sends its CRL and the time that it is; a dishonest one, what suits. */
export async function keyToken(
  world: World,
  {
    host,
    krd,
    nonce,
  }: { readonly host: Host; readonly krd: Krd; readonly nonce?: Uint8Array | undefined },
): Promise<Message | undefined> {
  const { rng, pki, now } = world;
  const isHonest = !rng.oneIn(3);
  const crl = isHonest && !rng.oneIn(4) ? newestCrl(world) : undefined;
  const byEc: readonly Profile[] = ['cms', 'annex-d'];
  const profile = krd.isEc ? 'ec' : rng.pick(host.isEc ? byEc : RSA);
  const drift = rng.pick([0, 0, 0, -30_000, 40_000, 250_000, 400_000, -3_600_000]);
  const time = seconds(now + drift);
  const freshness: TokenFreshness = nonce ? { nonce } : { signingTime: new Date(time) };
  const key = newKey(world);
  try {
    const token = await createKeyToken({
      kdh: host.signer,
      krdCertificate: krd.certificate,
      trust: pki.trust,
      key: key.bytes,
      header: key.header,
      freshness,
      crl: crl?.der,
      profile,
      strength: 'off',
      ...(krd.isEc && rng.oneIn(4) && { ukm: rng.bytes(64) }),
      randomBytes: rng.bytes,
      // A host whose certificate or CRL has ended does not look at it.
      tolerate: ['stale-crl'],
      at: new Date(isHonest ? now : BEGINNING),
    });
    const named = profile === 'annex-b' ? 'tr34-2019' : profile;
    const sent = { kind: 'key', signer: host, krd, key: { ...key, profile: named } } as const;
    const facts = nonce ? { ...sent, nonce: hexOf(nonce) } : { ...sent, time };
    return keep(world, token, facts, crl);
  } catch (error) {
    return stopped(world, error, host, crl);
  }
}

/** A host that is listed, or whose certificate ended, is stopped before it sends; no other is. */
function stopped(world: World, error: unknown, host: Host, crl: Crl | undefined): undefined {
  const code = error instanceof KeyblockError ? error.code : String(error);
  const isListed = crl?.revoked.includes(host) === true && code === 'CERTIFICATE_REVOKED';
  const isOver = world.now > host.notAfter && code === 'CERTIFICATE_UNTRUSTED';
  hold(isListed || isOver, 'an honest host may send', () => `${host.name}: ${code}`);
  world.stats.add(`stopped: ${code}`);
  return undefined;
}

/** A release or a handing over by a host, in answer to a nonce. */
export async function bindingToken(
  world: World,
  { host, krd, nonce }: { readonly host: Host; readonly krd: Krd; readonly nonce: Uint8Array },
  next?: Host,
): Promise<Message> {
  const { rng } = world;
  const crl = rng.oneIn(3) ? undefined : newestCrl(world);
  const profile = bindingProfile(world, host.isEc);
  const common = {
    kdh: host.signer,
    krdCertificate: krd.certificate,
    nonce,
    crl: crl?.der,
    profile,
  };
  const facts = { signer: host, krd, nonce: hexOf(nonce) };
  if (next === undefined) {
    return keep(world, await createUnbindToken(common), { kind: 'unbind', ...facts }, crl);
  }
  // A host is stopped that would hand a device over to one on the list: it is put in afterwards.
  const newKdhCertificate = next.certificate;
  const token = await createRebindToken({ ...common, crl: undefined, newKdhCertificate });
  return { ...keep(world, token, { kind: 'rebind', ...facts, next }), crl };
}

/** A release or a handing over by the CA of the devices. */
export async function authorityToken(
  world: World,
  { krd, from, next }: { readonly krd: Krd; readonly from: Host; readonly next?: Host | undefined },
): Promise<Message> {
  const { authority } = world.pki;
  const profile = bindingProfile(world, authority.algorithm === 'ECDSA');
  const common = {
    authority,
    krdCertificate: krd.certificate,
    kdhCertificate: from.certificate,
  };
  const facts = { signer: 'authority', krd, from } as const;
  if (next === undefined) {
    const token = await createAuthorityUnbindToken(common);
    return keep(world, token, { kind: 'authority-unbind', ...facts });
  }
  const time = seconds(world.now);
  const token = await createAuthorityRebindToken({
    ...common,
    newKdhCertificate: next.certificate,
    signingTime: new Date(time),
    profile,
  });
  return keep(world, token, { kind: 'authority-rebind', ...facts, next, time });
}

function bindingProfile({ rng }: World, isEc: boolean): BindingProfile {
  return isEc ? 'cms' : rng.pick(['tr34-2019', 'annex-b', 'cms'] as const);
}

/** The nonce of a request, as a host reads it. */
export function nonceOf(request: Uint8Array): Uint8Array {
  const { kind, nonce } = parseToken(request);
  hold(kind === 'random-number' && nonce?.length === 16, 'a request carries its nonce', () => kind);
  return nonce as Uint8Array;
}

const hexOf = (bytes: Uint8Array): string => toHex(bytes).toUpperCase();

/** Cut to seconds, as times in tokens and in CRLs are. */
export const seconds = (time: number): number => Math.floor(time / 1000) * 1000;
