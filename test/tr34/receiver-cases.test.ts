import { fromHex, toHex } from 'keyblock';
import {
  fromPkcs8,
  type KeyblockErrorCode,
  type KeyUnwrapper,
  type KrdState,
  type Profile,
  type ReceivePolicy,
  receive,
} from 'keyblock/tr34';
import { beforeAll, describe, expect, it } from 'vitest';
import receiver from '../vectors/tr34/receiver-cases.json' with { type: 'json' };
import { eventOf, RECEIVER, trustOf, unboundKrd } from './scenario.js';
import { fromBase64 } from './vectors.js';

interface ReceiverCase {
  readonly id: string;
  readonly op: 'key1' | 'key2' | 'bind' | 'unbind' | 'rebind' | 'ca_unbind' | 'ca_rebind';
  readonly expect: string;
  readonly base64: string;
  readonly key?: string | undefined;
  readonly state: {
    readonly krd: string;
    readonly bound: string | null;
    readonly nonce: string | null;
    readonly now: string;
    readonly last?: string | undefined;
    readonly crlThis?: string | undefined;
    readonly policy: CasePolicy;
  };
}

interface CasePolicy {
  readonly allow2012?: boolean | undefined;
  readonly allowAnnexD?: boolean | undefined;
  readonly allowStaleCrl?: boolean | undefined;
  readonly allowB6Order?: boolean | undefined;
  readonly requireCrl?: boolean | undefined;
  readonly requireDerSet?: boolean | undefined;
  readonly strength?: 'sp800-57' | 'tr34' | 'off' | undefined;
}

const CASES = receiver.cases as readonly ReceiverCase[];
const CERTIFICATES: Readonly<Record<string, string>> = receiver.certificates;

/** Why a case is refused, by the words of the file. */
const CODES: Readonly<Record<string, KeyblockErrorCode>> = {
  asn1: 'TOKEN_MALFORMED',
  structure: 'TOKEN_MALFORMED',
  'not-signed-data': 'TOKEN_MALFORMED',
  'content-type': 'TOKEN_MALFORMED',
  'signed-attrs': 'TOKEN_MALFORMED',
  'signer-count': 'TOKEN_MALFORMED',
  'recipient-count': 'TOKEN_MALFORMED',
  header: 'TOKEN_MALFORMED',
  algorithm: 'ALGORITHM_NOT_ALLOWED',
  'signer-id': 'SIGNATURE_INVALID',
  signature: 'SIGNATURE_INVALID',
  digest: 'SIGNATURE_INVALID',
  'cert-chain': 'CERTIFICATE_UNTRUSTED',
  'cert-validity': 'CERTIFICATE_UNTRUSTED',
  'cert-usage': 'CERTIFICATE_UNTRUSTED',
  'cert-key': 'CERTIFICATE_UNTRUSTED',
  'cert-revoked': 'CERTIFICATE_REVOKED',
  'crl-stale': 'CRL_REJECTED',
  'crl-issuer': 'CRL_REJECTED',
  'crl-signature': 'CRL_REJECTED',
  'crl-missing': 'CRL_REJECTED',
  nonce: 'FRESHNESS',
  timestamp: 'FRESHNESS',
  recipient: 'RECIPIENT_MISMATCH',
  'bound-id': 'RECIPIENT_MISMATCH',
  decrypt: 'TOKEN_REJECTED',
  'inner-id': 'TOKEN_REJECTED',
  'inner-header': 'TOKEN_REJECTED',
  strength: 'KEY_STRENGTH',
  state: 'STATE_CONFLICT',
};

/**
 * Refused after the nonce was compared, so that it is spent: from the envelope on, and in what a
 * rebinding says about the next KDH.
 */
const SPENDS_NONCE = new Set([
  'resigned-envelope',
  'inner-id-swapped',
  'recipient-serial-wrong',
  'two-recipients',
  'zero-recipients',
  'header-mismatch',
  'header-mismatch-exportability',
  'header-short',
  'header-non-ascii',
  'inner-header-bare-octet-string',
  'inner-version-0',
  'inner-annex-d-not-allowed',
  'inner-annex-b-version-0-with-annex-d-allowed',
  'aes256-under-rsa2048',
  'aes128-under-rsa2048-pci',
  'oaep-sha1',
  'rsaes-pkcs1-v15',
  'oaep-mgf-mixed-declared',
  'oaep-annexb-hybrid',
  'manger-leading-byte',
  'rsa-ciphertext-zero',
  'rsa-ciphertext-short',
  'rsa-ciphertext-long',
  'cek-wrong-length',
  'cek-wrong-value',
  'cbc-bad-padding',
  'cbc-pad-zero',
  'cbc-truncated',
  'cbc-empty',
  'iv-empty',
  'content-alg-des',
  '2012-dialect-not-allowed',
  '2019-print-dialect-not-allowed',
  'enveloped-version-2',
  'enveloped-unprotected-attrs',
  'enveloped-originator-info',
  'content-is-contentinfo',
  'rebind-new-cert-revoked',
  'rebind-new-cert-rogue',
  'rebind-new-cert-is-krd',
]);

const EVENTS = {
  key1: 'key',
  key2: 'key',
  bind: 'bound',
  unbind: 'unbound',
  rebind: 'rebound',
  ca_unbind: 'unbound',
  ca_rebind: 'rebound',
} as const;

/** This one is a token that unbinds, and one function takes every kind of token. */
const UNBINDS = 'unbind-token-as-key-token';

const refused = CASES.filter(({ expect: why, id }) => why !== 'ok' && id !== UNBINDS);
const taken = CASES.filter(({ expect: why }) => why === 'ok');

let unwrapper: KeyUnwrapper;

beforeAll(async () => {
  unwrapper = await fromPkcs8(RECEIVER.krd);
});

describe('receive, given the receiver cases', () => {
  it('has been given all of them', () => {
    expect(CASES).toHaveLength(115);
    expect(taken).toHaveLength(15);
    expect(refused).toHaveLength(99);
    expect(new Set(CASES.map(({ id }) => id)).size).toBe(115);
    const ids = new Set(refused.map(({ id }) => id));
    expect([...SPENDS_NONCE].filter((id) => !ids.has(id))).toEqual([]);
  });

  it.each(taken)('takes $id', async (given) => {
    const state = stateOf(given);
    const received = await run(given, state);
    const event = eventOf(received, EVENTS[given.op]);
    const { nonce: _spent, ...kept } = state;
    if (event.kind === 'key') {
      expect(toHex(event.key.expose())).toBe(given.key ?? receiver.key);
      expect(event.profile).toBe(profileOf(given));
      expect(event.header).toMatch(/^[AD]0(000|256)K0[AT]B00E0000$/);
      expect(received.state).toMatchObject(kept);
    }
    if (event.kind === 'unbound') expect(received.state).not.toHaveProperty('bound');
    if (event.kind === 'bound' || event.kind === 'rebound') {
      const { certificate, trust, bound } = received.state;
      expect({ certificate, trust }).toEqual({
        certificate: state.certificate,
        trust: state.trust,
      });
      expect(fromBase64(bound ?? '')).toEqual(event.kdhCertificate);
      expect(Object.values(CERTIFICATES)).toContain(bound);
    }
    expect(received.state).not.toHaveProperty('nonce');
  });

  it.each(refused)('refuses $id: $expect', async (given) => {
    const state = stateOf(given);
    const received = await run(given, state);
    expect(eventOf(received, 'refused').error.code).toBe(codeOf(given));
    const { nonce: _spent, ...kept } = state;
    expect(received.state).toEqual(SPENDS_NONCE.has(given.id) ? kept : state);
  });

  it('gives out no key for a token that unbinds', async () => {
    const given = CASES.find(({ id }) => id === UNBINDS);
    if (given === undefined) throw new Error('no such case');
    const received = await run(given, stateOf(given));
    expect(received.event).toEqual({ kind: 'unbound' });
    const { crl: _crl, lastCrlUpdate: _update, ...unbound } = received.state;
    expect(unbound).toEqual(unboundKrd(RECEIVER));
  });
});

function run(given: ReceiverCase, state: KrdState) {
  return receive({
    state,
    token: fromBase64(given.base64),
    unwrapper,
    at: new Date(given.state.now),
    policy: policyOf(given.state.policy),
  });
}

function stateOf({ op, state }: ReceiverCase): KrdState {
  const { krd, bound, nonce, last, crlThis } = state;
  const certificate = fromBase64(CERTIFICATES[krd] ?? '');
  expect(certificate).toEqual(RECEIVER.krd.certificate);
  expect(trustOf(RECEIVER).root).toEqual(fromBase64(CERTIFICATES['Root'] ?? ''));
  return Object.freeze({
    ...unboundKrd(RECEIVER),
    ...(bound !== null && { bound: CERTIFICATES[bound] }),
    ...(nonce !== null && op !== 'key1' && { nonce: toHex(fromHex(nonce)) }),
    ...(last !== undefined && { lastSigningTime: new Date(last).toISOString() }),
    ...(crlThis !== undefined && { lastCrlUpdate: new Date(crlThis).toISOString() }),
  });
}

function policyOf(policy: CasePolicy): ReceivePolicy {
  return {
    accept: [
      'tr34-2019',
      'cms',
      ...(policy.allow2012 ? (['x9-tr34-2012'] as const) : []),
      ...(policy.allowAnnexD ? (['annex-d'] as const) : []),
    ],
    strength: policy.strength ?? 'tr34',
    tolerate: [
      ...(policy.allowStaleCrl ? (['stale-crl'] as const) : []),
      ...(policy.allowB6Order ? (['b6-field-order'] as const) : []),
    ],
    require: [
      ...(policy.requireCrl ? (['crl'] as const) : []),
      ...(policy.requireDerSet ? (['der-sorted-attributes'] as const) : []),
    ],
  };
}

function profileOf({ state: { policy } }: ReceiverCase): Profile {
  if (policy.allow2012) return 'x9-tr34-2012';
  return policy.allowAnnexD ? 'annex-d' : 'tr34-2019';
}

function codeOf({ id, expect: why }: ReceiverCase): KeyblockErrorCode | undefined {
  // No nonce is outstanding, so that a token with one is not fresh.
  return id === '2pass-token-in-1pass-slot' ? 'FRESHNESS' : CODES[why];
}
