/**
 * What a device may take now: the checks of the specification in their order (section 9, and the
 * table in docs/tr34.md), on what is known of a token instead of its bytes.
 */
import type { KeyblockErrorCode, KrdState, Profile, ReceivePolicy } from 'keyblock/tr34';
import { toBase64 } from '../scenario.js';
import type { Facts, Message, SentKey } from './message.js';
import type { Crl, Host, Krd, Pki } from './pki.js';

/** What a device remembers. */
export interface Memory {
  readonly bound?: Host | undefined;
  readonly nonce?: string | undefined;
  /** Milliseconds: in one pass only what is later is taken. */
  readonly last?: number | undefined;
  readonly crl?: Crl | undefined;
  /** What was signed in the tokens of the CA that were acted upon. */
  readonly acted: readonly string[];
}

/** What has to come of a token. */
export interface Verdict {
  /** The codes of a refusal; undefined where the token has to be taken. */
  readonly codes?: readonly KeyblockErrorCode[];
  readonly after: Memory;
}

/** A token that comes to a device. */
export interface Delivery {
  readonly memory: Memory;
  readonly krd: Krd;
  readonly policy: ReceivePolicy;
  readonly message: Message;
  /** The clock of the device. */
  readonly at: number;
  readonly hasKey: boolean;
}

/** Whatever may be found before the nonce is looked at. */
const EARLY: readonly KeyblockErrorCode[] = [
  'TOKEN_MALFORMED',
  'STATE_CONFLICT',
  'SIGNATURE_INVALID',
  'ALGORITHM_NOT_ALLOWED',
  'CERTIFICATE_UNTRUSTED',
  'CRL_REJECTED',
  'CERTIFICATE_REVOKED',
];

/** Judges a token. */
export function judge(delivery: Delivery): Verdict {
  const { facts } = delivery.message;
  if (facts.flaw !== undefined && !facts.flaw.isLate) {
    return { codes: [...facts.flaw.codes, ...EARLY], after: delivery.memory };
  }
  if (facts.kind === 'bind') return judgeCredential(delivery);
  return facts.signer === 'authority' ? judgeAuthority(delivery) : judgeHost(delivery);
}

function judgeCredential({ memory, policy, message, at }: Delivery): Verdict {
  const next = message.facts.next as Host;
  const refuse = (code: KeyblockErrorCode): Verdict => ({ codes: [code], after: memory });
  const { bound } = memory;
  if (bound !== undefined && bound !== next) return refuse('STATE_CONFLICT');
  const code = pathFault(next, at) ?? crlFault(memory, policy, message.crl, at, [next]);
  if (code !== undefined) return refuse(code);
  const crl = message.crl ?? memory.crl;
  // The same host again brings a CRL, and nothing else.
  if (bound !== undefined) return { after: { ...memory, crl } };
  return { after: { bound: next, last: timeOf(memory, at), crl, acted: memory.acted } };
}

function judgeAuthority({ memory, krd, policy, message, at }: Delivery): Verdict {
  const { facts } = message;
  const refuse = (code: KeyblockErrorCode): Verdict => ({ codes: [code], after: memory });
  if (memory.bound === undefined) return refuse('STATE_CONFLICT');
  if (isUnsorted(policy, facts) || message.crl !== undefined) return refuse('TOKEN_MALFORMED');
  const digest = JSON.stringify([
    facts.kind,
    facts.krd?.name,
    facts.from?.name,
    facts.next?.name,
    facts.time,
  ]);
  const wantsNew = policy.require?.includes('new-authority-tokens') === true;
  if (wantsNew && memory.acted.includes(digest)) return refuse('FRESHNESS');
  const acted = wantsNew ? [...memory.acted, digest].slice(-64) : memory.acted;
  const { crl } = memory;
  const code = facts.next && (pathFault(facts.next, at) ?? listFault(crl, [facts.next]));
  if (code !== undefined) return refuse(code);
  if (facts.krd !== krd || facts.from !== memory.bound) return refuse('RECIPIENT_MISMATCH');
  if (facts.next === undefined) return { after: { last: memory.last, crl, acted } };
  return { after: { bound: facts.next, last: timeOf(memory, at), crl, acted } };
}

function judgeHost(delivery: Delivery): Verdict {
  const { memory, policy, message, at, hasKey } = delivery;
  const { facts } = message;
  const { bound } = memory;
  const refuse = (code: KeyblockErrorCode, after = memory): Verdict => ({ codes: [code], after });
  if (bound === undefined) return refuse('STATE_CONFLICT');
  if (facts.signer !== bound) return refuse('SIGNATURE_INVALID');
  if (isUnsorted(policy, facts)) return refuse('TOKEN_MALFORMED');
  const early = pathFault(bound, at) ?? crlFault(memory, policy, message.crl, at, [bound]);
  if (early !== undefined) return refuse(early);
  if (!isFresh(delivery)) return refuse('FRESHNESS');
  if (facts.kind === 'key' && !hasKey) return refuse('INVALID_ARGUMENT');
  // From here on the nonce is spent.
  const { nonce: _, ...spent } = memory;
  const codes = faultsOf(delivery);
  if (codes.length > 0) return { codes, after: spent };
  const crl = message.crl ?? memory.crl;
  const { acted } = memory;
  if (facts.kind === 'unbind') return { after: { last: memory.last, crl, acted } };
  if (facts.next !== undefined) {
    return { after: { bound: facts.next, last: timeOf(memory, at), crl, acted } };
  }
  const last = facts.nonce === undefined ? facts.time : timeOf(memory, at);
  return { after: { ...spent, last, crl } };
}

/** What is wrong behind the nonce, the first thing first; any of all where the token is forged. */
function faultsOf({ memory, krd, policy, message, at }: Delivery): readonly KeyblockErrorCode[] {
  const { facts, crl = memory.crl } = message;
  const { next, key, flaw } = facts;
  const all = [
    key && profileFault(policy, key),
    next && (pathFault(next, at) ?? listFault(crl, [next])),
    facts.krd === krd ? undefined : 'RECIPIENT_MISMATCH',
    ...(flaw?.codes ?? []),
    key && keyFault(policy, krd, key),
  ].filter((code) => code !== undefined) as KeyblockErrorCode[];
  return flaw === undefined ? all.slice(0, 1) : all;
}

/** In one pass only what is signed after a binding or an answered nonce, and nothing twice. */
const timeOf = ({ last }: Memory, at: number): number => Math.max(last ?? at, at);

/** Two passes: the one nonce outstanding. One pass: no nonce at all, and a time that moves on. */
function isFresh({ memory, policy, message, at }: Delivery): boolean {
  const { nonce, time, kind } = message.facts;
  if (nonce !== undefined || memory.nonce !== undefined) return nonce === memory.nonce;
  if (policy.require?.includes('nonce')) return false;
  if (kind !== 'key' || time === undefined) return false;
  const { maxAgeSeconds = Number.POSITIVE_INFINITY, clockSkewSeconds = 300 } = policy;
  if (time > at + 1000 * clockSkewSeconds || time < at - 1000 * maxAgeSeconds) return false;
  return memory.last === undefined || time > memory.last;
}

function isUnsorted(policy: ReceivePolicy, { isSorted }: Facts): boolean {
  return policy.require?.includes('der-sorted-attributes') === true && !isSorted;
}

function pathFault(host: Host, at: number): KeyblockErrorCode | undefined {
  return host.isOurs && at <= host.notAfter ? undefined : 'CERTIFICATE_UNTRUSTED';
}

/** The CRL that came along, or the one that is remembered. */
function crlFault(
  memory: Memory,
  policy: ReceivePolicy,
  crl: Crl | undefined,
  at: number,
  hosts: readonly Host[],
): KeyblockErrorCode | undefined {
  if (crl === undefined) {
    if (policy.require?.includes('crl') || isStale(memory.crl, policy, at)) return 'CRL_REJECTED';
    return listFault(memory.crl, hosts);
  }
  const isOlder = memory.crl !== undefined && crl.thisUpdate < memory.crl.thisUpdate;
  if (!crl.isOurs || crl.thisUpdate > at || isStale(crl, policy, at) || isOlder) {
    return 'CRL_REJECTED';
  }
  return listFault(crl, hosts);
}

function isStale(crl: Crl | undefined, policy: ReceivePolicy, at: number): boolean {
  if (crl === undefined || policy.tolerate?.includes('stale-crl')) return false;
  return crl.nextUpdate < at;
}

function listFault(crl: Crl | undefined, hosts: readonly Host[]): KeyblockErrorCode | undefined {
  return hosts.some((host) => crl?.revoked.includes(host)) ? 'CERTIFICATE_REVOKED' : undefined;
}

/** Of these two, which it is shows only behind the private key. */
const ALIKE: readonly string[] = ['annex-d', 'cms'];

function profileFault(
  { accept = DEFAULT }: ReceivePolicy,
  key: SentKey,
): 'TOKEN_MALFORMED' | undefined {
  const isHidden = ALIKE.includes(key.profile) && accept.some((name) => ALIKE.includes(name));
  return isHidden || accept.includes(key.profile) ? undefined : 'TOKEN_MALFORMED';
}

const DEFAULT: readonly Profile[] = ['tr34-2019', 'cms'];

function keyFault(policy: ReceivePolicy, krd: Krd, key: SentKey): KeyblockErrorCode | undefined {
  const { accept = DEFAULT, strength = 'sp800-57' } = policy;
  if (!accept.includes(key.profile)) return 'TOKEN_REJECTED';
  const lengths = key.isTdes ? [16, 24] : [16, 24, 32];
  if (!lengths.includes(key.bytes.length)) return 'INVALID_PAYLOAD';
  if (strength === 'off' || krd.isEc) return undefined;
  if (strength === 'tr34' && key.strength <= 128) return undefined;
  return key.strength <= 112 ? undefined : 'KEY_STRENGTH';
}

/** The state that has to be stored, but for the digests of tokens of the CA. */
export function stateOf(pki: Pki, krd: Krd, { bound, nonce, last, crl }: Memory): KrdState {
  const { root, caKdh, caKrd } = pki.trust;
  return {
    kind: 'krd',
    schema: 1,
    certificate: toBase64(krd.certificate),
    trust: { root: toBase64(root), caKdh: toBase64(caKdh), caKrd: toBase64(caKrd) },
    ...(bound && { bound: toBase64(bound.certificate) }),
    ...(nonce !== undefined && { nonce }),
    ...(last !== undefined && { lastSigningTime: new Date(last).toISOString() }),
    ...(crl && { lastCrlUpdate: new Date(crl.thisUpdate).toISOString(), crl: toBase64(crl.der) }),
  };
}
