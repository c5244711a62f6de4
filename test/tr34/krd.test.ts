import { fromHex, toHex } from 'keyblock';
import {
  createAuthorityRebindToken,
  createAuthorityUnbindToken,
  createCredentialToken,
  createKeyToken,
  createKrd,
  createRebindToken,
  createUnbindToken,
  type KeyUnwrapper,
  type KrdState,
  type Profile,
  parseToken,
  type Received,
  type ReceiveOptions,
  type ReceivePolicy,
  receive,
  requestNonce,
  type StrengthRule,
  type TokenFreshness,
} from 'keyblock/tr34';
import { beforeAll, describe, expect, it } from 'vitest';
import { formatAttribute, signingTimeAttribute } from '../../src/tr34/cms/attributes.js';
import { OID } from '../../src/tr34/der/oids.js';
import { octetString } from '../../src/tr34/der/writer.js';
import {
  boundKrd,
  concatenate,
  crlOf,
  DAY,
  enrol,
  eventOf,
  expectRefusal,
  GENERATED,
  HEADERS,
  keyOf,
  keyTokenOptions,
  NONCE,
  NONCE_STATE,
  type Party,
  RECEIVER,
  sealToken,
  signerOf,
  stored,
  swapLastFields,
  TDES_KEY,
  toBase64,
  trustOf,
  unboundKrd,
  type World,
  withAttribute,
  withCrl,
} from './scenario.js';

const { at } = RECEIVER;

/** The parties after a rebinding. */
const REBOUND: World = { ...RECEIVER, kdh: RECEIVER.nextKdh };

let unwrapper: KeyUnwrapper;
/** Of the day before, and of the day before that; they list nobody. */
let crl: Uint8Array<ArrayBuffer>;
let olderCrl: Uint8Array<ArrayBuffer>;
/** The newest, which lists the KDH. */
let revokingCrl: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  unwrapper = await keyOf(RECEIVER.krd);
  crl = await crlOf(RECEIVER, { age: 1 });
  olderCrl = await crlOf(RECEIVER, { age: 2 });
  revokingCrl = await crlOf(RECEIVER, { age: 0.5, revoked: [RECEIVER.kdh] });
});

describe('a device', () => {
  it('goes from nobody to a KDH, to the next one, and back', async () => {
    const initial = stored(createKrd(krdOptions()));
    expect(initial).toEqual({
      kind: 'krd',
      schema: 1,
      certificate: toBase64(RECEIVER.krd.certificate),
      trust: {
        root: toBase64(RECEIVER.root.certificate),
        caKdh: toBase64(RECEIVER.caKdh.certificate),
        caKrd: toBase64(RECEIVER.caKrd.certificate),
      },
    });

    const bound = stored(await obey(initial, await credential({ crl }), 'bound'));
    const withCrl = { crl: toBase64(crl), lastCrlUpdate: minutes(-24 * 60).toISOString() };
    const boundToFirst = {
      ...initial,
      bound: toBase64(RECEIVER.kdh.certificate),
      lastSigningTime: at.toISOString(),
      ...withCrl,
    };
    expect(bound).toEqual(boundToFirst);

    const { state: asking, token: request } = requestNonce({ state: bound });
    const { nonce = new Uint8Array(0) } = parseToken(request);
    expect(nonce).toHaveLength(16);
    expect(stored(asking)).toEqual({ ...boundToFirst, nonce: toHex(nonce) });

    const keyed = await obey(stored(asking), await keyToken({ nonce }), 'key');
    expect(stored(keyed)).toEqual(boundToFirst);

    const inOnePass = await obey(keyed, await keyToken({ signingTime: minutes(1) }), 'key');
    const afterOnePass = { ...boundToFirst, lastSigningTime: minutes(1).toISOString() };
    expect(stored(inOnePass)).toEqual(afterOnePass);

    const asked = requestNonce({ state: inOnePass });
    const rebindNonce = parseToken(asked.token).nonce ?? new Uint8Array(0);
    const later = minutes(30);
    const rebound = await obey(asked.state, await rebindToken(rebindNonce), 'rebound', later);
    const boundToNext = {
      ...initial,
      bound: toBase64(RECEIVER.nextKdh.certificate),
      lastSigningTime: later.toISOString(),
      ...withCrl,
    };
    expect(stored(rebound)).toEqual(boundToNext);

    const next = await keyToken({ signingTime: minutes(31) }, REBOUND);
    const keyedAgain = await obey(rebound, next, 'key', minutes(32));
    expect(keyedAgain.lastSigningTime).toBe(minutes(31).toISOString());

    const askedAgain = requestNonce({ state: keyedAgain });
    const unbindNonce = parseToken(askedAgain.token).nonce ?? new Uint8Array(0);
    const release = await unbindToken(unbindNonce, REBOUND);
    const unbound = await obey(askedAgain.state, release, 'unbound', minutes(33));
    const { lastSigningTime } = keyedAgain;
    expect(stored(unbound)).toEqual({ ...initial, lastSigningTime, ...withCrl });

    const back = await obey(unbound, await credential({ crl }), 'bound', minutes(34));
    expect(stored(back)).toEqual({
      ...boundToFirst,
      lastSigningTime: minutes(34).toISOString(),
    });
  });

  it('is released and handed over by the CA of the devices alone', async () => {
    const lastSigningTime = at.toISOString();
    const state = boundKrd(RECEIVER, { ...NONCE_STATE, lastSigningTime });
    const unbound = await obey(state, await authorityUnbindToken(), 'unbound');
    expect(stored(unbound)).toEqual({ ...unboundKrd(RECEIVER), lastSigningTime });
    const rebound = await obey(state, await authorityRebindToken(), 'rebound', minutes(5));
    expect(stored(rebound)).toEqual({
      ...unboundKrd(RECEIVER),
      bound: toBase64(RECEIVER.nextKdh.certificate),
      lastSigningTime: minutes(5).toISOString(),
    });
  });

  it('takes nothing from its first KDH after it was handed over', async () => {
    const state = boundKrd(REBOUND, NONCE_STATE);
    for (const token of [
      await keyToken({ nonce: NONCE }),
      await unbindToken(NONCE),
      await rebindToken(NONCE),
    ]) {
      expect(expectRefusal(await take(state, token), 'SIGNATURE_INVALID', 'token')).toEqual(state);
    }
    for (const token of [await authorityUnbindToken(), await authorityRebindToken()]) {
      const after = expectRefusal(await take(state, token), 'RECIPIENT_MISMATCH', 'recipient');
      expect(after).toEqual(state);
    }
  });

  it('binds again to the same KDH to refresh the CRL, and to no other', async () => {
    const lastSigningTime = minutes(-60).toISOString();
    const state = boundKrd(RECEIVER, { ...NONCE_STATE, lastSigningTime });
    const refreshed = await obey(state, await credential({ crl }), 'bound');
    const lastCrlUpdate = minutes(-24 * 60).toISOString();
    expect(stored(refreshed)).toEqual({ ...state, crl: toBase64(crl), lastCrlUpdate });
    const other = await credential({ crl, party: RECEIVER.nextKdh });
    expect(expectRefusal(await take(state, other), 'STATE_CONFLICT', 'state')).toEqual(state);
  });

  it('obeys nobody while it is bound to nobody', async () => {
    const state = unboundKrd(RECEIVER);
    for (const token of [
      await keyToken({ nonce: NONCE }),
      await keyToken({ signingTime: minutes(1) }),
      await unbindToken(NONCE),
      await rebindToken(NONCE),
      await authorityUnbindToken(),
      await authorityRebindToken(),
    ]) {
      expect(expectRefusal(await take(state, token), 'STATE_CONFLICT', 'state')).toEqual(state);
    }
    expect(() => requestNonce({ state })).toThrow(
      expect.objectContaining({ code: 'STATE_CONFLICT', field: 'state' }),
    );
  });

  it('would obey a release by the CA twice, which carries nothing that makes it fresh', async () => {
    const token = await authorityUnbindToken();
    const once = await obey(boundKrd(RECEIVER), token, 'unbound');
    const boundAgain = await obey(once, await credential({ crl }), 'bound');
    await obey(boundAgain, token, 'unbound');
  });

  describe('that wants every token of the CA to be new', () => {
    const policy = { require: ['new-authority-tokens'] } as const;

    it('obeys none twice, whatever was in between', async () => {
      const release = await authorityUnbindToken();
      const released = await take(boundKrd(RECEIVER), release, { policy });
      eventOf(released, 'unbound');
      const once = stored(released.state);
      expect(once.authorityTokens).toHaveLength(1);
      const handOver = await authorityRebindToken();
      let state = await obey(once, await credential({ crl }), 'bound');
      expectRefusal(await take(state, release, { policy }), 'FRESHNESS', 'token');
      expectRefusal(await take(state, versioned(release), { policy }), 'FRESHNESS', 'token');
      const next = await take(state, handOver, { policy });
      eventOf(next, 'rebound');
      expect(next.state.authorityTokens).toHaveLength(2);
      state = { ...stored(next.state), bound: state.bound };
      expectRefusal(await take(state, handOver, { policy }), 'FRESHNESS', 'token');
      // Signed at another time, it is another one.
      const later = await authorityRebindToken({ signingTime: minutes(1) });
      eventOf(await take(state, later, { policy }), 'rebound');
      eventOf(await take(state, release), 'unbound');
    });

    it('keeps the last 64 of them, and of those that were obeyed only', async () => {
      const authorityTokens = Array.from({ length: 64 }, (_, i) => `digest ${i}`);
      const state = boundKrd(RECEIVER, { authorityTokens });
      const released = await take(state, await authorityUnbindToken(), { policy });
      expect(released.state.authorityTokens).toHaveLength(64);
      expect(released.state.authorityTokens?.slice(0, 63)).toEqual(authorityTokens.slice(1));
      const others = { krdCertificate: RECEIVER.otherKrd.certificate };
      const elsewhere = await authorityRebindToken(others);
      const refused = await take(state, elsewhere, { policy });
      expectRefusal(refused, 'RECIPIENT_MISMATCH');
      expect(refused.state).toBe(state);
    });
  });

  it('is for the device named in the token alone', async () => {
    const others = { krdCertificate: RECEIVER.otherKrd.certificate };
    const state = boundKrd(RECEIVER);
    const authority = await keyOf(RECEIVER.caKrd);
    const kdhCertificate = RECEIVER.kdh.certificate;
    const newKdhCertificate = RECEIVER.nextKdh.certificate;
    for (const token of [
      await keyToken({ signingTime: minutes(1) }, RECEIVER, others),
      await createAuthorityUnbindToken({ authority, kdhCertificate, ...others }),
      await createAuthorityRebindToken({
        authority,
        kdhCertificate,
        newKdhCertificate,
        signingTime: at,
        ...others,
      }),
    ]) {
      const after = expectRefusal(await take(state, token), 'RECIPIENT_MISMATCH', 'recipient');
      expect(after).toEqual(state);
    }
  });

  it('hands over to no KDH of another CA, and to none on a list', async () => {
    const foreign = GENERATED['RSA-4096'].kdh;
    const state = boundKrd(RECEIVER);
    const token = await authorityRebindToken({ newKdhCertificate: foreign.certificate });
    const after = expectRefusal(await take(state, token), 'CERTIFICATE_UNTRUSTED', 'certificate');
    expect(after).toEqual(state);
    const listing = await crlOf(RECEIVER, { revoked: [RECEIVER.nextKdh] });
    const knowing = boundKrd(RECEIVER, { crl: toBase64(listing) });
    const revoked = await take(knowing, await authorityRebindToken());
    expect(expectRefusal(revoked, 'CERTIFICATE_REVOKED', 'certificate')).toEqual(knowing);
  });
});

describe('time', () => {
  it.each([
    [-1, 'refused'],
    [0, 'refused'],
    [1, 'key'],
  ] as const)('begins with the binding: %i s', async (seconds, kind) => {
    const bound = await obey(unboundKrd(RECEIVER), await credential({ crl }), 'bound');
    const signingTime = later(seconds);
    const received = await take(bound, await keyToken({ signingTime }), { at: minutes(1) });
    expect(received.event.kind).toBe(kind);
    if (kind === 'refused') expect(expectRefusal(received, 'FRESHNESS', 'signingTime')).toBe(bound);
  });

  it('begins with the binding to the millisecond', async () => {
    const half = new Date(at.getTime() + 500);
    const bound = await obey(unboundKrd(RECEIVER), await credential({ crl }), 'bound', half);
    const token = await keyToken({ signingTime: half });
    expect(parseToken(token).signingTime).toEqual(at);
    expectRefusal(await take(bound, token, { at: minutes(1) }), 'FRESHNESS', 'signingTime');
  });

  it('moves on with a token that answers a nonce: what was held back comes too late', async () => {
    const heldBack = await keyToken({ signingTime: minutes(1) });
    const bound = await obey(unboundKrd(RECEIVER), await credential({ crl }), 'bound');
    const asked = { ...bound, ...NONCE_STATE };
    const keyed = await obey(asked, await keyToken({ nonce: NONCE }), 'key', minutes(2));
    expect(keyed.lastSigningTime).toBe(minutes(2).toISOString());
    expectRefusal(await take(keyed, heldBack, { at: minutes(3) }), 'FRESHNESS', 'signingTime');
    // The clock of the device is set back: what was signed by the other one does not come again.
    const later = minutes(4).toISOString();
    const back = await obey(
      { ...asked, lastSigningTime: later },
      await keyToken({ nonce: NONCE }),
      'key',
    );
    expect(back.lastSigningTime).toBe(later);
  });

  it('moves on to the time of a token that has a nonce too, if it is later', async () => {
    const answer = await keyToken({ nonce: NONCE });
    const bound = boundKrd(RECEIVER, NONCE_STATE);
    // The host is four minutes ahead of the device.
    const heldBack = await keyToken({ signingTime: minutes(5) });
    const ahead = signingTimeAttribute(minutes(6).getTime());
    const keyed = await obey(
      bound,
      await withAttribute(RECEIVER, answer, ahead),
      'key',
      minutes(2),
    );
    expect(keyed.lastSigningTime).toBe(minutes(6).toISOString());
    expectRefusal(await take(keyed, heldBack, { at: minutes(3) }), 'FRESHNESS', 'signingTime');
    // Nothing is judged by it, nor need it be a time.
    for (const other of [
      signingTimeAttribute(minutes(-600).getTime()),
      formatAttribute(OID.signingTime, octetString(NONCE)),
    ]) {
      const token = await withAttribute(RECEIVER, answer, other);
      const after = await obey(bound, token, 'key', minutes(2));
      expect(after.lastSigningTime).toBe(minutes(2).toISOString());
    }
  });

  it('is not enough where two passes are insisted on', async () => {
    const policy: ReceivePolicy = { require: ['nonce'] };
    const token = await keyToken({ signingTime: minutes(1) });
    const received = await take(boundKrd(RECEIVER), token, { at: minutes(1), policy });
    expectRefusal(received, 'FRESHNESS', 'nonce');
    const answer = await keyToken({ nonce: NONCE });
    eventOf(await take(boundKrd(RECEIVER, NONCE_STATE), answer, { policy }), 'key');
  });

  it('only ever moves forward', async () => {
    const first = await keyToken({ signingTime: minutes(1) });
    const state = await obey(boundKrd(RECEIVER), first, 'key', minutes(2));
    for (const signingTime of [minutes(1), later(59), minutes(-600)]) {
      const received = await take(state, await keyToken({ signingTime }), { at: minutes(3) });
      expect(expectRefusal(received, 'FRESHNESS', 'signingTime')).toEqual(state);
    }
    expectRefusal(await take(state, first, { at: minutes(3) }), 'FRESHNESS', 'signingTime');
    await obey(state, await keyToken({ signingTime: later(61) }), 'key', minutes(3));
  });

  it.each([
    [undefined, 300, 'key'],
    [undefined, 301, 'refused'],
    [0, 0, 'key'],
    [0, 1, 'refused'],
    [3600, 3600, 'key'],
    [3600, 3601, 'refused'],
  ] as const)('with a skew of %j s: %i s ahead', async (clockSkewSeconds, seconds, kind) => {
    const token = await keyToken({ signingTime: later(seconds) });
    const received = await take(boundKrd(RECEIVER), token, { policy: { clockSkewSeconds } });
    expect(received.event.kind).toBe(kind);
    if (kind === 'refused') expectRefusal(received, 'FRESHNESS', 'signingTime');
  });

  it.each([
    [undefined, 365 * 24 * 3600, 'key'],
    [60, 60, 'key'],
    [60, 61, 'refused'],
    [0, 0, 'key'],
    [0, 1, 'refused'],
  ] as const)('with an age of up to %j s: %i s ago', async (maxAgeSeconds, seconds, kind) => {
    const token = await keyToken({ signingTime: later(-seconds) });
    const received = await take(boundKrd(RECEIVER), token, { policy: { maxAgeSeconds } });
    expect(received.event.kind).toBe(kind);
    if (kind === 'refused') expectRefusal(received, 'FRESHNESS', 'signingTime');
  });

  it('does not matter in two passes', async () => {
    const state = boundKrd(RECEIVER, { ...NONCE_STATE, lastSigningTime: minutes(1).toISOString() });
    const after = await obey(state, await keyToken({ nonce: NONCE }), 'key');
    expect(after.lastSigningTime).toBe(state.lastSigningTime);
  });

  it('begins again with a rebinding', async () => {
    const lastSigningTime = minutes(-200).toISOString();
    const state = boundKrd(RECEIVER, { lastSigningTime });
    const rebound = await obey(state, await authorityRebindToken(), 'rebound');
    expect(rebound.lastSigningTime).toBe(at.toISOString());
    const stale = await keyToken({ signingTime: at }, REBOUND);
    expectRefusal(await take(rebound, stale), 'FRESHNESS', 'signingTime');
    await obey(rebound, await keyToken({ signingTime: later(1) }, REBOUND), 'key');
  });

  it('does not go back with a binding, so that a token of a clock ahead is taken once', async () => {
    const token = await keyToken({ signingTime: minutes(4) });
    const first = await obey(boundKrd(RECEIVER), token, 'key');
    const released = await obey(first, await authorityUnbindToken(), 'unbound');
    const handedOver = await obey(first, await authorityRebindToken(), 'rebound');
    const releasedByNext = await createAuthorityUnbindToken({
      authority: await keyOf(RECEIVER.caKrd),
      krdCertificate: RECEIVER.krd.certificate,
      kdhCertificate: RECEIVER.nextKdh.certificate,
    });
    for (const unbound of [released, await obey(handedOver, releasedByNext, 'unbound')]) {
      const back = await obey(stored(unbound), await credential({ crl }), 'bound');
      expectRefusal(await take(back, token, { at: minutes(1) }), 'FRESHNESS', 'signingTime');
      await obey(back, await keyToken({ signingTime: later(241) }), 'key', minutes(1));
    }
  });

  it('of the certificates is looked at with every token', async () => {
    const years = new Date(at.getTime() + 30 * 365 * DAY);
    const state = boundKrd(RECEIVER, NONCE_STATE);
    for (const token of [
      await keyToken({ nonce: NONCE }),
      await unbindToken(NONCE),
      await rebindToken(NONCE),
      await authorityUnbindToken(),
      await authorityRebindToken(),
    ]) {
      const received = await take(state, token, { at: years });
      expect(expectRefusal(received, 'CERTIFICATE_UNTRUSTED')).toEqual(state);
    }
  });
});

describe('the CRL', () => {
  it('of a token that is taken is kept', async () => {
    const state = boundKrd(RECEIVER, NONCE_STATE);
    const kept = { crl: toBase64(crl), lastCrlUpdate: minutes(-24 * 60).toISOString() };
    const token = await keyToken({ nonce: NONCE }, RECEIVER, { crl });
    expect(await obey(state, token, 'key')).toEqual({
      ...boundKrd(RECEIVER),
      lastSigningTime: at.toISOString(),
      ...kept,
    });
    const rebound = await obey(state, await rebindToken(NONCE, { crl }), 'rebound');
    expect(rebound).toMatchObject(kept);
  });

  it('of a release is kept too: the device may be bound again', async () => {
    const state = boundKrd(RECEIVER, NONCE_STATE);
    const token = await unbindToken(NONCE, RECEIVER, { crl });
    expect(await obey(state, token, 'unbound')).toEqual({
      ...unboundKrd(RECEIVER),
      crl: toBase64(crl),
      lastCrlUpdate: minutes(-24 * 60).toISOString(),
    });
  });

  it('of a token that is refused is not kept', async () => {
    const state = boundKrd(RECEIVER, NONCE_STATE);
    const token = await keyToken({ nonce: NONCE }, RECEIVER, { crl });
    const deaf = { certificate: RECEIVER.krd.certificate, unwrap: () => Promise.reject('no') };
    const received = await take(state, token, { unwrapper: deaf });
    expect(expectRefusal(received, 'TOKEN_REJECTED')).toEqual(boundKrd(RECEIVER));
  });

  it('is never taken back for an older one', async () => {
    const lastCrlUpdate = minutes(-24 * 60).toISOString();
    const state = boundKrd(RECEIVER, { ...NONCE_STATE, crl: toBase64(crl), lastCrlUpdate });
    for (const token of [
      await keyToken({ nonce: NONCE }, RECEIVER, { crl: olderCrl }),
      await unbindToken(NONCE, RECEIVER, { crl: olderCrl }),
      await rebindToken(NONCE, { crl: olderCrl }),
      await credential({ crl: olderCrl }),
    ]) {
      expect(expectRefusal(await take(state, token), 'CRL_REJECTED', 'crl')).toEqual(state);
    }
    await obey(state, await keyToken({ nonce: NONCE }, RECEIVER, { crl }), 'key');
    const unbound: KrdState = { ...unboundKrd(RECEIVER), lastCrlUpdate };
    const received = await take(unbound, await credential({ crl: olderCrl }));
    expect(expectRefusal(received, 'CRL_REJECTED', 'crl')).toEqual(unbound);
  });

  it('that is stored counts where a token has none', async () => {
    const state = boundKrd(RECEIVER, { ...NONCE_STATE, crl: toBase64(revokingCrl) });
    for (const token of [
      await keyToken({ nonce: NONCE }),
      await unbindToken(NONCE),
      await rebindToken(NONCE),
      await credential({}),
    ]) {
      const received = await take(state, token);
      expect(expectRefusal(received, 'CERTIFICATE_REVOKED', 'certificate')).toEqual(state);
    }
  });

  it('that is stored counts until its time is over, and no token without one after it', async () => {
    const stored = { crl: toBase64(crl), lastCrlUpdate: minutes(-24 * 60).toISOString() };
    const state = boundKrd(RECEIVER, { ...NONCE_STATE, ...stored });
    const last = new Date(at.getTime() + 30 * DAY);
    const over = new Date(last.getTime() + 1000);
    const policy: ReceivePolicy = { tolerate: ['stale-crl'] };
    for (const [token, kind] of [
      [await keyToken({ nonce: NONCE }), 'key'],
      [await unbindToken(NONCE), 'unbound'],
      [await rebindToken(NONCE), 'rebound'],
      [await credential({}), 'bound'],
    ] as const) {
      eventOf(await take(state, token, { at: last }), kind);
      const received = await take(state, token, { at: over });
      expect(expectRefusal(received, 'CRL_REJECTED', 'crl')).toEqual(state);
      eventOf(await take(state, token, { at: over, policy }), kind);
    }
    // The CA of the devices can not bring a newer one.
    eventOf(await take(state, await authorityRebindToken(), { at: over }), 'rebound');
  });

  it('is never taken back for one that was counted before', async () => {
    const numbered = (crlNumber: number, age: number) => crlOf(RECEIVER, { age, crlNumber });
    const first = await numbered(255, 2);
    const state = boundKrd(RECEIVER, { ...NONCE_STATE, crl: toBase64(first) });
    const taken = async (list: Uint8Array) =>
      take(state, await withCrl(await keyToken({ nonce: NONCE }), list));
    expectRefusal(await taken(await numbered(254, 1)), 'CRL_REJECTED', 'crl');
    for (const list of [first, await numbered(255, 1), await numbered(256, 1), crl]) {
      eventOf(await taken(list), 'key');
    }
  });

  it('that is carried counts at once', async () => {
    const state = boundKrd(RECEIVER, NONCE_STATE);
    const kdh = await keyOf(RECEIVER.kdh);
    // A host that would send this itself is stopped, so it is sealed without a CRL.
    const token = await withCrl(await keyToken({ nonce: NONCE }), revokingCrl);
    const received = await take(state, token);
    expect(expectRefusal(received, 'CERTIFICATE_REVOKED', 'certificate')).toEqual(state);
    const bind = createCredentialToken({ certificate: kdh.certificate, crl: revokingCrl });
    expectRefusal(await take(unboundKrd(RECEIVER), bind), 'CERTIFICATE_REVOKED', 'certificate');
  });

  it('can be insisted on', async () => {
    const policy: ReceivePolicy = { require: ['crl'] };
    const state = boundKrd(RECEIVER, { ...NONCE_STATE, crl: toBase64(crl) });
    for (const token of [
      await keyToken({ nonce: NONCE }),
      await unbindToken(NONCE),
      await rebindToken(NONCE),
      await credential({}),
    ]) {
      const received = await take(state, token, { policy });
      expect(expectRefusal(received, 'CRL_REJECTED', 'crl')).toEqual(state);
    }
    const token = await keyToken({ nonce: NONCE }, RECEIVER, { crl });
    eventOf(await take(state, token, { policy }), 'key');
    // Tokens of the CA of the devices carry none.
    eventOf(await take(state, await authorityUnbindToken(), { policy }), 'unbound');
  });

  it.each([
    ['past its time', 31],
    ['before its time', -2],
  ])('is refused %s', async (_when, days) => {
    const then = new Date(at.getTime() + days * DAY);
    const state = boundKrd(RECEIVER, NONCE_STATE);
    const token = await keyToken({ nonce: NONCE }, RECEIVER, { crl });
    expectRefusal(await take(state, token, { at: then }), 'CRL_REJECTED', 'crl');
    const policy: ReceivePolicy = { tolerate: ['stale-crl'] };
    const received = await take(state, token, { at: then, policy });
    expect(received.event.kind).toBe(days > 0 ? 'key' : 'refused');
  });

  it('of another CA is refused', async () => {
    const state = boundKrd(RECEIVER, NONCE_STATE);
    const foreign = await crlOf({ ...RECEIVER, caKdh: RECEIVER.caKrd });
    const token = await withCrl(await keyToken({ nonce: NONCE }), foreign);
    expect(expectRefusal(await take(state, token), 'CRL_REJECTED', 'crl')).toEqual(state);
  });

  it('has no place in a token of the CA of the devices', async () => {
    const state = boundKrd(RECEIVER);
    for (const token of [await authorityUnbindToken(), await authorityRebindToken()]) {
      expectRefusal(await take(state, await withCrl(token, crl)), 'TOKEN_MALFORMED');
    }
  });
});

describe('the nonce', () => {
  it('is spent by the token that answers it', async () => {
    const token = await keyToken({ nonce: NONCE });
    const after = await obey(boundKrd(RECEIVER, NONCE_STATE), token, 'key');
    expect(after).toEqual(boundKrd(RECEIVER, { lastSigningTime: at.toISOString() }));
    expectRefusal(await take(after, token), 'FRESHNESS', 'nonce');
  });

  it('is not spent by another one', async () => {
    const state = boundKrd(RECEIVER, NONCE_STATE);
    for (const nonce of [NONCE.subarray(0, 15), concatenate(NONCE, Uint8Array.of(0)), one(NONCE)]) {
      for (const token of [
        await keyToken({ nonce }),
        await unbindToken(nonce),
        await rebindToken(nonce),
      ]) {
        expect(expectRefusal(await take(state, token), 'FRESHNESS', 'nonce')).toEqual(state);
      }
    }
  });

  it('is not spent by a token in one pass, which has to wait', async () => {
    const state = boundKrd(RECEIVER, NONCE_STATE);
    const token = await keyToken({ signingTime: minutes(1) });
    expect(expectRefusal(await take(state, token), 'FRESHNESS', 'nonce')).toEqual(state);
    await obey(boundKrd(RECEIVER), token, 'key');
  });

  it('is not spent by a token whose signature is wrong', async () => {
    const state = boundKrd(RECEIVER, NONCE_STATE);
    const token = await keyToken({ nonce: NONCE });
    token[token.length - 1] = (token.at(-1) ?? 0) ^ 1;
    expect(expectRefusal(await take(state, token), 'SIGNATURE_INVALID', 'token')).toEqual(state);
  });

  it('is spent by whatever is wrong after it', async () => {
    const state = boundKrd(RECEIVER, NONCE_STATE);
    const spent = boundKrd(RECEIVER);
    const garbled = await sealToken(RECEIVER, {
      padded: new Uint8Array(16),
      contentKey: new Uint8Array(16),
      encryptedKey: new Uint8Array(256),
    });
    expect(expectRefusal(await take(state, garbled), 'TOKEN_REJECTED')).toEqual(spent);
    const forAnother = await keyToken({ nonce: NONCE }, RECEIVER, {
      krdCertificate: RECEIVER.otherKrd.certificate,
    });
    expect(expectRefusal(await take(state, forAnother), 'RECIPIENT_MISMATCH')).toEqual(spent);
    const inDialect = await keyToken({ nonce: NONCE }, RECEIVER, { profile: 'x9-tr34-2012' });
    expect(expectRefusal(await take(state, inDialect), 'TOKEN_MALFORMED')).toEqual(spent);
  });

  it.each([
    ['a release', () => unbindToken(NONCE, RECEIVER, FOR_ANOTHER), 'RECIPIENT_MISMATCH'],
    ['a rebinding', () => rebindToken(NONCE, FOR_ANOTHER), 'RECIPIENT_MISMATCH'],
    ['a rebinding to a stranger', () => rebindToken(NONCE, TO_A_STRANGER), 'CERTIFICATE_UNTRUSTED'],
  ] as const)('is spent by whatever is wrong after it in %s', async (_what, make, code) => {
    const received = await take(boundKrd(RECEIVER, NONCE_STATE), await make());
    expect(expectRefusal(received, code)).toEqual(boundKrd(RECEIVER));
  });

  it('is forgotten when another one is asked for', async () => {
    const state = boundKrd(RECEIVER, NONCE_STATE);
    const asked = requestNonce({ state });
    expect(asked.state.nonce).not.toBe(NONCE_STATE.nonce);
    const received = await take(asked.state, await keyToken({ nonce: NONCE }));
    expect(expectRefusal(received, 'FRESHNESS', 'nonce')).toEqual(asked.state);
    expect(state).toEqual(boundKrd(RECEIVER, NONCE_STATE));
  });

  it('is another one every time', () => {
    const state = boundKrd(RECEIVER);
    const nonces = Array.from({ length: 50 }, () => requestNonce({ state }).state.nonce);
    expect(new Set(nonces).size).toBe(50);
  });

  it('ends with a binding, whoever ends it', async () => {
    const state = boundKrd(RECEIVER, NONCE_STATE);
    for (const [token, kind] of [
      [await unbindToken(NONCE), 'unbound'],
      [await rebindToken(NONCE), 'rebound'],
      [await authorityUnbindToken(), 'unbound'],
      [await authorityRebindToken(), 'rebound'],
    ] as const) {
      expect(await obey(state, token, kind)).not.toHaveProperty('nonce');
    }
  });

  it.each([8, 9, 15, 16, 17, 64])('may have %i bytes', async (length) => {
    const nonce = crypto.getRandomValues(new Uint8Array(length));
    const state = boundKrd(RECEIVER, { nonce: toHex(nonce) });
    await obey(state, await keyToken({ nonce }), 'key');
    await obey(state, await unbindToken(nonce), 'unbound');
    await obey(state, await rebindToken(nonce), 'rebound');
  });

  it.each([
    [{ state: undefined }, 'state'],
    [{ state: {} }, 'state'],
    [{ state: boundKrd(RECEIVER), randomBytes: 16 }, 'randomBytes'],
    [{ state: boundKrd(RECEIVER), randomBytes: () => new Uint8Array(15) }, 'randomBytes'],
    [{ state: boundKrd(RECEIVER), randomBytes: () => 'A'.repeat(16) }, 'randomBytes'],
  ])('is not asked for in vain: %#', (options, field) => {
    expect(() => requestNonce(options as unknown as Parameters<typeof requestNonce>[0])).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field }),
    );
  });
});

describe('the policy', () => {
  const PROFILES: readonly Profile[] = [
    'tr34-2019',
    'tr34-2019-print',
    'x9-tr34-2012',
    'annex-d',
    'cms',
  ];

  it.each(PROFILES)('takes %s when it is accepted, by default or by name', async (profile) => {
    const state = boundKrd(RECEIVER, NONCE_STATE);
    const token = await keyToken({ nonce: NONCE }, RECEIVER, { profile });
    for (const accept of [undefined, [], ...PROFILES.map((name) => [name])]) {
      const received = await take(state, token, { policy: { accept } });
      const accepted = accept ?? ['tr34-2019', 'cms'];
      if (accepted.includes(profile)) expect(eventOf(received, 'key').profile).toBe(profile);
      else {
        const { error } = eventOf(received, 'refused');
        // Which of these two it is shows only once the envelope is open.
        const alike: readonly Profile[] = ['annex-d', 'cms'];
        const shows = !(alike.includes(profile) && accepted.some((name) => alike.includes(name)));
        expect(error.code).toBe(shows ? 'TOKEN_MALFORMED' : 'TOKEN_REJECTED');
        expect(error.field).toBe(shows ? 'profile' : 'token');
      }
    }
  });

  it('names what is written in the order of Annex B after its structure', async () => {
    const token = await keyToken({ nonce: NONCE }, RECEIVER, { profile: 'annex-b' });
    const received = await take(boundKrd(RECEIVER, NONCE_STATE), token);
    expect(eventOf(received, 'key').profile).toBe('tr34-2019');
  });

  it('takes elliptic curves only where they are accepted', async () => {
    const world = GENERATED['EC-P521'];
    const state = boundKrd(world, NONCE_STATE);
    const options = await keyTokenOptions(world, { header: HEADERS.tdes });
    const token = await createKeyToken(options);
    const common = { state, token, unwrapper: await keyOf(world.krd), at: world.at };
    expectRefusal(await receive(common), 'TOKEN_MALFORMED');
    const received = await receive({ ...common, policy: { accept: ['ec'] } });
    expect(eventOf(received, 'key').profile).toBe('ec');
  });

  it('can insist on sorted attributes', async () => {
    const policy: ReceivePolicy = { require: ['der-sorted-attributes'] };
    const state = boundKrd(RECEIVER, NONCE_STATE);
    const sorted = await keyToken({ nonce: NONCE });
    eventOf(await take(state, sorted, { policy }), 'key');
    const printed = await keyToken({ nonce: NONCE }, RECEIVER, { profile: 'annex-b' });
    eventOf(await take(state, printed), 'key');
    expectRefusal(await take(state, printed, { policy }), 'TOKEN_MALFORMED');
    eventOf(await take(state, await authorityUnbindToken(), { policy }), 'unbound');
  });

  it('takes the fields of B.6 in their order only when told, and of no other token', async () => {
    const policy: ReceivePolicy = { tolerate: ['b6-field-order'] };
    const swapped = swapLastFields(await credential({ crl }));
    const state = unboundKrd(RECEIVER);
    expectRefusal(await take(state, swapped), 'TOKEN_MALFORMED');
    const received = await take(state, swapped, { policy });
    expect(eventOf(received, 'bound').kdhCertificate).toEqual(RECEIVER.kdh.certificate);
    const key = swapLastFields(await keyToken({ nonce: NONCE }, RECEIVER, { crl }));
    const bound = boundKrd(RECEIVER, NONCE_STATE);
    expect(expectRefusal(await take(bound, key, { policy }), 'TOKEN_MALFORMED')).toEqual(bound);
  });

  describe('of strength', () => {
    const AES_128 = fromHex('000102030405060708090A0B0C0D0E0F');
    const AES_192 = fromHex('000102030405060708090A0B0C0D0E0F1011121314151617');
    const AES_256 = concatenate(AES_128, one(AES_128));
    const KEYS = [
      ['TDES-128', TDES_KEY.subarray(0, 16), HEADERS.tdes, 80],
      ['TDES-192', TDES_KEY, HEADERS.tdes, 112],
      ['AES-128', AES_128, HEADERS.aes, 128],
      ['AES-192', AES_192, HEADERS.aes, 192],
      ['AES-256', AES_256, HEADERS.aes, 256],
      ['HMAC-256', AES_256, HEADERS.hmac, 256],
      ['HMAC-80', AES_256.subarray(0, 10), HEADERS.hmac, 80],
    ] as const;
    const DEVICES = [
      ['RSA-2048', 112],
      ['RSA-3072', 128],
      ['RSA-4096', 128],
      ['P-256', 128],
      ['P-384', 192],
      ['P-521', 256],
    ] as const;
    const devices = new Map<string, Party>();

    beforeAll(async () => {
      for (const [name] of DEVICES) devices.set(name, await enrol(RECEIVER, 'krd', name));
    }, 60_000);

    it.each(DEVICES)('decides on both sides alike: %s', async (name, transport) => {
      const krd = devices.get(name);
      if (krd === undefined) throw new Error(`no device ${name}`);
      const world: World = { ...RECEIVER, krd };
      const opener = await keyOf(krd);
      const state = boundKrd(world, NONCE_STATE);
      for (const [, key, header, strength] of KEYS) {
        const options = await keyTokenOptions(world, { key, header });
        const token = await createKeyToken({ ...options, strength: 'off' });
        for (const rule of [undefined, 'sp800-57', 'tr34', 'off'] as const) {
          const received = await receive({
            state,
            token,
            unwrapper: opener,
            at,
            policy: { accept: ['tr34-2019', 'ec'], strength: rule },
          });
          if (allows(rule, transport, strength)) {
            expect(eventOf(received, 'key').key.expose()).toEqual(key);
            if (rule === 'tr34' || rule === 'sp800-57') {
              await createKeyToken({ ...options, strength: rule });
            }
          } else {
            const after = expectRefusal(received, 'KEY_STRENGTH', 'key');
            expect(after).toEqual(boundKrd(world));
            await expect(createKeyToken({ ...options, strength: rule })).rejects.toThrow(
              expect.objectContaining({ code: 'KEY_STRENGTH', field: 'key' }),
            );
          }
        }
      }
    });

    function allows(rule: StrengthRule | undefined, transport: number, strength: number): boolean {
      if (rule === 'off') return true;
      return strength <= transport || (rule === 'tr34' && strength <= 128);
    }
  });
});

describe('createKrd', () => {
  it('keeps copies', () => {
    const certificate = new Uint8Array(RECEIVER.krd.certificate);
    const state = createKrd({ ...krdOptions(), certificate });
    certificate.fill(0);
    expect(state.certificate).toBe(toBase64(RECEIVER.krd.certificate));
  });

  it.each([
    [undefined, 'INVALID_ARGUMENT', 'options'],
    [{ certificate: undefined }, 'INVALID_ARGUMENT', 'certificate'],
    [{ certificate: toBase64(RECEIVER.krd.certificate) }, 'INVALID_ARGUMENT', 'certificate'],
    [{ certificate: new Uint8Array(0) }, 'TOKEN_MALFORMED', 'certificate'],
    [{ certificate: RECEIVER.krd.pkcs8 }, 'TOKEN_MALFORMED', 'certificate'],
    [{ trust: undefined }, 'INVALID_ARGUMENT', 'trust'],
    [{ trust: null }, 'INVALID_ARGUMENT', 'trust'],
    [{ trust: { ...trustOf(RECEIVER), root: undefined } }, 'INVALID_ARGUMENT', 'trust'],
    [{ trust: { ...trustOf(RECEIVER), caKdh: 'MIID' } }, 'INVALID_ARGUMENT', 'trust'],
    [{ trust: { ...trustOf(RECEIVER), caKrd: new Uint8Array(9) } }, 'TOKEN_MALFORMED', 'trust'],
  ])('refuses %#', (others, code, field) => {
    const options = others && { ...krdOptions(), ...others };
    expect(() => createKrd(options as unknown as ReturnType<typeof krdOptions>)).toThrow(
      expect.objectContaining({ code, field }),
    );
  });
});

describe('receive', () => {
  it('opens nothing without the private key', async () => {
    const state = boundKrd(RECEIVER, NONCE_STATE);
    const token = await keyToken({ nonce: NONCE });
    const received = await receive({ state, token, at });
    expectRefusal(received, 'INVALID_ARGUMENT', 'unwrapper');
    expect(received.state).toBe(state);
    eventOf(await take(received.state, token), 'key');
  });

  it.each(['RSA-2048', 'P-521'] as const)('asks the private key with copies: %s', async (name) => {
    const krd = await enrol(RECEIVER, 'krd', name);
    const key = await keyOf(krd);
    const { certificate } = krd;
    const sending: KeyUnwrapper = {
      certificate,
      // As to a worker: whoever sends memory away has it no longer.
      unwrap: (request) => {
        const parts = [
          request.encryptedKey,
          ...('publicPoint' in request ? [request.publicPoint] : []),
        ];
        const sent = structuredClone(request, { transfer: parts.map(({ buffer }) => buffer) });
        return key.unwrap(sent);
      },
    };
    const world: World = { ...RECEIVER, krd };
    const received = await take(
      boundKrd(world),
      await keyToken({ signingTime: minutes(1) }, world),
      {
        unwrapper: sending,
        at: minutes(1),
        policy: { accept: ['tr34-2019', 'ec'] },
      },
    );
    expect(eventOf(received, 'key').key.expose()).toEqual(TDES_KEY);
  });

  it.each([
    [undefined, 'INVALID_ARGUMENT', 'options'],
    [null, 'INVALID_ARGUMENT', 'options'],
    [{ state: undefined }, 'INVALID_ARGUMENT', 'state'],
    [{ state: null }, 'INVALID_ARGUMENT', 'state'],
    [{ state: JSON.stringify(boundKrd(RECEIVER)) }, 'INVALID_ARGUMENT', 'state'],
    [{ state: [] }, 'INVALID_ARGUMENT', 'state'],
    [{ state: changed({ kind: 'kdh' }) }, 'INVALID_ARGUMENT', 'state'],
    [{ state: changed({ schema: 2 }) }, 'INVALID_ARGUMENT', 'state'],
    [{ state: changed({ schema: '1' }) }, 'INVALID_ARGUMENT', 'state'],
    [{ state: changed({ trust: undefined }) }, 'INVALID_ARGUMENT', 'state'],
    [{ state: changed({ trust: {} }) }, 'INVALID_ARGUMENT', 'state'],
    [{ state: changed({ certificate: undefined }) }, 'INVALID_ARGUMENT', 'state'],
    [{ state: changed({ certificate: 7 }) }, 'INVALID_ARGUMENT', 'state'],
    [{ state: changed({ certificate: '%%%%' }) }, 'INVALID_ARGUMENT', 'state'],
    [{ state: changed({ bound: 'no base64' }) }, 'INVALID_ARGUMENT', 'state'],
    [{ state: changed({ bound: null }) }, 'INVALID_ARGUMENT', 'state'],
    [{ state: changed({ crl: 9 }) }, 'INVALID_ARGUMENT', 'state'],
    [{ state: changed({ authorityTokens: 'none' }) }, 'INVALID_ARGUMENT', 'state'],
    [{ state: changed({ authorityTokens: [7] }) }, 'INVALID_ARGUMENT', 'state'],
    [{ state: changed({ lastSigningTime: 'yesterday' }) }, 'INVALID_ARGUMENT', 'state'],
    [{ state: changed({ lastSigningTime: 1.5e12 }) }, 'INVALID_ARGUMENT', 'state'],
    [{ state: changed({ lastSigningTime: '5' }) }, 'INVALID_ARGUMENT', 'state'],
    [{ state: changed({ lastSigningTime: '2026-06-01T12:00:00' }) }, 'INVALID_ARGUMENT', 'state'],
    [{ state: changed({ lastCrlUpdate: '' }) }, 'INVALID_ARGUMENT', 'state'],
    [{ at: undefined }, 'INVALID_ARGUMENT', 'at'],
    [{ at: at.getTime() }, 'INVALID_ARGUMENT', 'at'],
    [{ at: at.toISOString() }, 'INVALID_ARGUMENT', 'at'],
    [{ at: new Date(Number.NaN) }, 'INVALID_ARGUMENT', 'at'],
    [{ token: undefined }, 'INVALID_ARGUMENT', 'token'],
    [{ token: '3082' }, 'INVALID_ARGUMENT', 'token'],
    [{ policy: null }, 'INVALID_ARGUMENT', 'policy'],
    [{ policy: 'off' }, 'INVALID_ARGUMENT', 'policy'],
    [{ policy: { accept: 'cms' } }, 'INVALID_ARGUMENT', 'policy'],
    [{ policy: { accept: ['cms', 'pkcs7'] } }, 'INVALID_ARGUMENT', 'policy'],
    [{ policy: { accept: ['toString'] } }, 'INVALID_ARGUMENT', 'policy'],
    [{ policy: { strength: 'none' } }, 'INVALID_ARGUMENT', 'policy'],
    [{ policy: { tolerate: ['everything'] } }, 'INVALID_ARGUMENT', 'policy'],
    [{ policy: { tolerate: ['krd-key-usage'] } }, 'INVALID_ARGUMENT', 'policy'],
    [{ policy: { tolerate: 'stale-crl' } }, 'INVALID_ARGUMENT', 'policy'],
    [{ policy: { require: ['time'] } }, 'INVALID_ARGUMENT', 'policy'],
    [{ policy: { maxAgeSeconds: -1 } }, 'INVALID_ARGUMENT', 'policy'],
    [{ policy: { maxAgeSeconds: '60' } }, 'INVALID_ARGUMENT', 'policy'],
    [{ policy: { clockSkewSeconds: Number.NaN } }, 'INVALID_ARGUMENT', 'policy'],
    [{ policy: { clockSkewSeconds: Number.POSITIVE_INFINITY } }, 'INVALID_ARGUMENT', 'policy'],
    [{ unwrapper: null }, 'INVALID_ARGUMENT', 'unwrapper'],
    [{ unwrapper: {} }, 'INVALID_ARGUMENT', 'unwrapper'],
    [{ unwrapper: { certificate: RECEIVER.krd.certificate } }, 'INVALID_ARGUMENT', 'unwrapper'],
    [{ unwrapper: { unwrap: () => TDES_KEY } }, 'INVALID_ARGUMENT', 'unwrapper'],
  ])('throws for arguments that are none: %#', async (others, code, field) => {
    const options = others && { ...receiveOptions(), ...others };
    await expect(receive(options as unknown as ReceiveOptions)).rejects.toThrow(
      expect.objectContaining({ name: 'KeyblockError', code, field }),
    );
  });

  it('throws for the private key of somebody else', async () => {
    for (const party of [RECEIVER.otherKrd, RECEIVER.kdh]) {
      const options = { ...receiveOptions(), unwrapper: await keyOf(party) };
      await expect(receive(options)).rejects.toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'unwrapper' }),
      );
    }
  });

  it.each([
    { ...NONCE_STATE, nonce: 'A' },
    { ...NONCE_STATE, nonce: 'xy' },
    { nonce: 17 },
    { crl: toBase64(RECEIVER.krd.certificate) },
    { bound: toBase64(RECEIVER.krd.pkcs8) },
  ])('throws for a state that no call returned: %#', async (others) => {
    const options = { ...receiveOptions(), state: changed(others) };
    await expect(receive(options)).rejects.toThrow(
      expect.objectContaining({ name: 'KeyblockError', field: 'state' }),
    );
  });

  it('takes no option and no memory from a prototype', async () => {
    const token = await keyToken({ nonce: NONCE });
    const inherited = Object.create({ policy: { strength: 'off' } });
    const options = Object.assign(inherited, { state: boundKrd(RECEIVER, NONCE_STATE), token, at });
    const strong = await keyToken({ nonce: NONCE }, RECEIVER, {
      key: new Uint8Array(32).fill(7),
      header: HEADERS.aes,
      strength: 'off',
    });
    expectRefusal(await receive({ ...options, token: strong, unwrapper }), 'KEY_STRENGTH');
    const state = Object.assign(Object.create(NONCE_STATE), boundKrd(RECEIVER));
    expectRefusal(await take(state, token), 'FRESHNESS', 'nonce');
  });

  it('answers a token that is too large before it looks at it', async () => {
    const token = new Uint8Array(65_537);
    token.set(await keyToken({ nonce: NONCE }));
    const state = boundKrd(RECEIVER, NONCE_STATE);
    const received = await take(state, token);
    expect(received.event.kind).toBe('refused');
    expect(received.state).toBe(state);
  });

  it('never takes a credential for more than it is', async () => {
    const state = unboundKrd(RECEIVER);
    for (const [party, code] of [
      [RECEIVER.krd, 'CERTIFICATE_UNTRUSTED'],
      [RECEIVER.caKdh, 'CERTIFICATE_UNTRUSTED'],
      [RECEIVER.root, 'CERTIFICATE_UNTRUSTED'],
      [GENERATED['RSA-4096'].kdh, 'CERTIFICATE_UNTRUSTED'],
    ] as const) {
      const received = await take(state, await credential({ crl, party }));
      expect(expectRefusal(received, code)).toEqual(state);
    }
  });

  it('takes tokens that are signed with every hash', async () => {
    for (const hash of ['SHA-256', 'SHA-384', 'SHA-512'] as const) {
      const kdh = await signerOf(RECEIVER.kdh, hash);
      const token = await keyToken({ nonce: NONCE }, RECEIVER, { kdh });
      await obey(boundKrd(RECEIVER, NONCE_STATE), token, 'key');
    }
  });
});

const FOR_ANOTHER = { krdCertificate: RECEIVER.otherKrd.certificate };
const TO_A_STRANGER = { newKdhCertificate: GENERATED['RSA-4096'].kdh.certificate };

/** Takes a token that has to come to this; returns the next state, still frozen. */
async function obey(
  state: KrdState,
  token: Uint8Array,
  kind: 'bound' | 'key' | 'unbound' | 'rebound',
  clock: Date = at,
): Promise<KrdState> {
  const received = await take(state, token, { at: clock });
  const event = eventOf(received, kind);
  if (event.kind === 'key') expect(event.key.expose()).toEqual(TDES_KEY);
  return stored(received.state);
}

async function take(
  state: KrdState,
  token: Uint8Array,
  others: Partial<ReceiveOptions> = {},
): Promise<Received> {
  const before = JSON.stringify(state);
  const bytes = toHex(token);
  const received = await receive({ state, token, unwrapper, at, ...others });
  expect(JSON.stringify(state)).toBe(before);
  expect(toHex(token)).toBe(bytes);
  return received;
}

function receiveOptions(): ReceiveOptions {
  return { state: boundKrd(RECEIVER), token: new Uint8Array(9), at };
}

function krdOptions(): Parameters<typeof createKrd>[0] {
  return { certificate: RECEIVER.krd.certificate, trust: trustOf(RECEIVER) };
}

function changed(others: object): KrdState {
  return { ...boundKrd(RECEIVER), ...others };
}

function credential(options: {
  readonly crl?: Uint8Array;
  readonly party?: Party;
}): Promise<Uint8Array> {
  const { party = RECEIVER.kdh } = options;
  const { certificate } = party;
  return Promise.resolve(createCredentialToken({ certificate, crl: options.crl }));
}

async function keyToken(
  freshness: TokenFreshness,
  world: World = RECEIVER,
  others: Partial<Parameters<typeof createKeyToken>[0]> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  return createKeyToken(await keyTokenOptions(world, { freshness, ...others }));
}

async function unbindToken(
  nonce: Uint8Array,
  world: World = RECEIVER,
  others: Partial<Parameters<typeof createUnbindToken>[0]> = {},
): Promise<Uint8Array> {
  const kdh = await keyOf(world.kdh);
  return createUnbindToken({ kdh, krdCertificate: world.krd.certificate, nonce, ...others });
}

async function rebindToken(
  nonce: Uint8Array,
  others: Partial<Parameters<typeof createRebindToken>[0]> = {},
): Promise<Uint8Array> {
  return createRebindToken({
    kdh: await keyOf(RECEIVER.kdh),
    krdCertificate: RECEIVER.krd.certificate,
    newKdhCertificate: RECEIVER.nextKdh.certificate,
    nonce,
    ...others,
  });
}

async function authorityUnbindToken(): Promise<Uint8Array> {
  return createAuthorityUnbindToken({
    authority: await keyOf(RECEIVER.caKrd),
    krdCertificate: RECEIVER.krd.certificate,
    kdhCertificate: RECEIVER.kdh.certificate,
  });
}

async function authorityRebindToken(
  others: Partial<Parameters<typeof createAuthorityRebindToken>[0]> = {},
): Promise<Uint8Array> {
  return createAuthorityRebindToken({
    authority: await keyOf(RECEIVER.caKrd),
    krdCertificate: RECEIVER.krd.certificate,
    kdhCertificate: RECEIVER.kdh.certificate,
    newKdhCertificate: RECEIVER.nextKdh.certificate,
    signingTime: at,
    ...others,
  });
}

/** The same token with the version of RFC 5652, which no signature is over. */
function versioned(token: Uint8Array): Uint8Array {
  const at = toHex(token).indexOf('020101310D300B0609') / 2;
  return Uint8Array.from(token, (octet, i) => (i === at + 2 ? 3 : octet));
}

function minutes(count: number): Date {
  return later(60 * count);
}

function later(seconds: number): Date {
  return new Date(at.getTime() + 1000 * seconds);
}

function one(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes, (octet, i) => (i === 0 ? octet ^ 1 : octet));
}
