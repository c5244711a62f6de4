import { generateKey, parseKeyBlock } from 'keyblock';
import { replication } from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import {
  AES_128,
  answerStep,
  DAY,
  DESTINATION,
  entryOf,
  establishedPair,
  exchange,
  later,
  ORIGIN,
  openLedger,
  Region,
  settle,
  THIRD,
} from './regions.js';

const env = later(0);
const origin = new Region(ORIGIN);
const destination = new Region(DESTINATION);
const established = establishedPair(origin, destination);
const both = [origin, destination];

/** A key that was made and copied, and the ledger after it. */
function copied(keyId: string): replication.ReplicaLedger {
  const events = [origin.create(keyId)];
  return settle(replication.reduce({ env, ledger: openLedger(established), events }), both, env);
}

const AES_256 = { ...AES_128, keyUsage: 'D0', keyBits: 256 };
const SIDES = {
  origin: { regionId: ORIGIN, profileId: 'shop' },
  destination: { regionId: DESTINATION, profileId: 'shop' },
};

describe('a known defect of replication by events', () => {
  it('1: no KEK is too weak for its keys, and no key is lost to a KEK that is', () => {
    // Refused before anything is set up, with the list of the keys.
    const keys = [
      { keyId: 'strong', attributes: AES_256 },
      { keyId: 'fits', attributes: AES_128 },
    ];
    expect(replication.uncarried({ kekBits: 128, keys })).toEqual([
      { keyId: 'strong', reason: 'kek-too-weak' },
    ]);
    const options = { env, pairId: 'p', ...SIDES, transport: 'tr34-ec', keys } as const;
    expect(() => replication.pair({ ...options, kekBits: 128 })).toThrow(
      expect.objectContaining({ code: 'KEY_STRENGTH', field: 'key' }),
    );
    // Triple DES is no KEK at all, and RSA does not carry one of 256 bits.
    expect(() => replication.pair({ ...options, kekBits: 112 as 128 })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'lengthBits' }),
    );
    expect(() => replication.pair({ ...options, kekBits: 256, transport: 'tr34-rsa' })).toThrow(
      expect.objectContaining({ code: 'KEY_STRENGTH', field: 'profile' }),
    );
    // A stronger key that comes later is reported with its reason, and copied once the KEK is.
    const weak = establishedPair(origin, destination, 'weak', 128);
    const events = [origin.create('d1', AES_256)];
    const step = replication.reduce({ env, ledger: openLedger(weak), events });
    expect(step.commands).toEqual([]);
    expect(step.audit).toContainEqual(
      expect.objectContaining({ outcome: 'refused', recordId: 'd1', code: 'kek-too-weak' }),
    );
    expect(replication.status(step).problems).toEqual([
      expect.objectContaining({ keyId: 'd1', state: 'unreplicable', reason: 'kek-too-weak' }),
    ]);
    const strong = establishedPair(origin, destination, 'strong', 256);
    const healed = replication.attach({ env, ledger: step.ledger, pair: strong });
    expect(entryOf(settle(healed, both, env), 'd1').state).toBe('synchronized');
  });

  it('2: the check value is compared after an import', () => {
    const events = [origin.create('d2')];
    const step = replication.reduce({ env, ledger: openLedger(established), events });
    const [command] = step.commands;
    if (command === undefined) throw new Error('no command');
    const exported = replication.apply({ ...step, env, results: [origin.execute(command, env)] });
    const [second] = exported.commands;
    if (second?.type !== 'importTr31') throw new Error('no import');
    const result = destination.execute(second, env);
    const kcv = { method: 'cmac', value: '0000000000' } as const;
    const wrong = replication.apply({
      env,
      ledger: exported.ledger,
      results: [{ ...result, kcv } as replication.CommandResult],
    });
    expect(entryOf(wrong.ledger, 'd2')).toMatchObject({
      state: 'failed',
      failure: { code: 'KCV_MISMATCH' },
    });
    expect(entryOf(wrong.ledger, 'd2').replica).toBeUndefined();
    // What is not the key of the origin goes, before there is another attempt.
    const tomorrow = later(DAY);
    const next = replication.retry({ env: tomorrow, ledger: wrong.ledger });
    expect(next.commands).toEqual([
      expect.objectContaining({ type: 'scheduleDeletion', replicaKeyId: 'd2', days: 3 }),
    ]);
    // A region of this library takes no such key in the first place.
    expect(() =>
      replication.acceptBlock({
        ...second,
        env,
        kek: destination.keks.get(1) ?? generateKey({ algorithm: 'AES', lengthBits: 256 }),
        profile: destination.profile,
        ring: destination.ring,
        owner: 'shop',
        kcv,
      }),
    ).toThrow(expect.objectContaining({ code: 'KCV_MISMATCH' }));
  });

  it('3: an event that is delivered again makes no second copy', () => {
    const event = origin.create('d3');
    const first = replication.reduce({
      env,
      ledger: openLedger(established),
      events: [event, event],
    });
    expect(first.commands).toHaveLength(1);
    const again = replication.reduce({ env, ledger: first.ledger, events: [event] });
    expect(again.commands).toEqual([]);
    expect(again.ledger).toBe(first.ledger);
    const ledger = settle(first, both, env);
    const late = replication.reduce({ env, ledger, events: [event] });
    expect(late.ledger).toBe(ledger);
    expect(destination.copyOf('d3')?.keyId).toBe('d3');
  });

  it('4: a deletion waits as long as the origin does, and a restore takes it back', () => {
    let ledger = copied('d4');
    const marked = origin.delete('d4', 30);
    // Delivered five days and an hour late: 24 days and 23 hours are left.
    const late = later(5 * DAY + DAY / 24);
    const step = replication.reduce({ env: late, ledger, events: [marked] });
    expect(step.commands).toEqual([
      expect.objectContaining({ type: 'scheduleDeletion', days: 25 }),
    ]);
    ledger = settle(step, both, late);
    expect(entryOf(ledger, 'd4').state).toBe('delete-scheduled');
    const copy = destination.get('d4').lifecycle;
    expect(copy.deleteAfter && copy.deleteAfter >= later(30 * DAY).at.toISOString()).toBe(true);
    const back = origin.restore('d4', later(29 * DAY));
    ledger = settle(
      replication.reduce({ env: later(29 * DAY), ledger, events: [back] }),
      both,
      later(29 * DAY),
    );
    expect(entryOf(ledger, 'd4').state).toBe('synchronized');
    expect(destination.get('d4').lifecycle).toMatchObject({
      state: 'create-complete',
      enabled: false,
    });
  });

  it('5: a deletion that failed stays in the ledger, with the time of the next attempt', () => {
    const ledger = copied('d5');
    const step = replication.reduce({ env, ledger, events: [origin.delete('d5', 7)] });
    const results = step.commands.map(
      (command) => ({ command, outcome: 'failed', code: 'THROTTLED' }) as const,
    );
    const failed = replication.apply({ env, ledger: step.ledger, results });
    expect(failed.commands).toEqual([]);
    expect(entryOf(failed.ledger, 'd5')).toMatchObject({
      state: 'failed',
      failure: { code: 'THROTTLED', attempts: 1, retryAfter: later(60_000).at.toISOString() },
    });
    expect(replication.retry({ env: later(59_999), ledger: failed.ledger }).commands).toEqual([]);
    const next = replication.retry({ env: later(60_000), ledger: failed.ledger });
    expect(next.commands).toEqual([
      expect.objectContaining({ type: 'scheduleDeletion', order: 4 }),
    ]);
    expect(entryOf(settle(next, both, later(60_000)), 'd5').state).toBe('delete-scheduled');
  });

  it('6: a deletion by alias finds the key that the alias named at its time', () => {
    const events = [origin.create('d6-old'), origin.create('d6-new')];
    const named = [origin.alias('card', 'd6-old', 10), origin.alias('card', 'd6-new', 30)];
    let ledger = openLedger(established);
    ledger = settle(replication.reduce({ env, ledger, events }), both, env);
    const { keyId: _, ...marked } = { ...origin.delete('d6-old', 7), sequence: 20, alias: 'card' };
    // The deletion comes first, when nobody knows the alias.
    const events2 = [marked as replication.ReplicationEvent];
    ledger = settle(replication.reduce({ env, ledger, events: events2 }), both, env);
    expect(entryOf(ledger, 'd6-old').state).toBe('synchronized');
    ledger = settle(replication.reduce({ env, ledger, events: named.reverse() }), both, env);
    expect(entryOf(ledger, 'd6-old').state).toBe('delete-scheduled');
    expect(entryOf(ledger, 'd6-new').state).toBe('synchronized');
    expect(destination.aliases.get('card')).toBe('d6-new');
  });

  it('7: events that come before the exchange is done are kept, and nothing is sent', () => {
    const kek = generateKey({ algorithm: 'AES', lengthBits: 256 });
    const options = { env, pairId: 'early', ...SIDES, kekBits: 256, transport: 'tr34-ec' } as const;
    const pair = replication.pair({ ...options, keys: [] });
    const early = replication.reduce({
      env,
      ledger: openLedger(pair),
      events: [origin.create('d7'), origin.tag('d7', { Network: 'PayCard' })],
    });
    expect(early.commands).toEqual([]);
    expect(entryOf(early.ledger, 'd7').state).toBe('absent');
    const done = exchange(pair, kek);
    origin.keks.set(1, kek);
    destination.keks.set(1, kek);
    const open = replication.attach({ env, ledger: early.ledger, pair: done });
    expect(entryOf(settle(open, both, env), 'd7').state).toBe('synchronized');
    expect(destination.get('d7').tags).toEqual({ Network: 'PayCard' });
  });

  it('8: an exchange that failed is seen to have failed, and another begins beside it', () => {
    const kek = generateKey({ algorithm: 'AES', lengthBits: 256 });
    const options = { env, pairId: 'p8', ...SIDES, kekBits: 256, transport: 'tr34-ec' } as const;
    let pair = replication.pair({ ...options, keys: [] });
    const first = replication.nextStep({ env, pair });
    if (first === undefined) throw new Error('no step');
    const failure = { command: first, outcome: 'failed', code: 'INTERNAL' } as const;
    // For a time: the same step again, under the same key.
    const result = { ...failure, retryable: true };
    pair = replication.applyStep({ env, pair, result }).pair;
    expect(replication.nextStep({ env, pair })).toBeUndefined();
    expect(replication.nextStep({ env: later(60_000), pair })).toEqual(first);
    // For good: nothing stands pending, and the next generation has names of its own.
    const ended = replication.applyStep({ env, pair, result: { ...failure, retryable: false } });
    expect(ended.pair.generations[0]).toMatchObject({ state: 'failed' });
    expect(ended.audit).toEqual([
      expect.objectContaining({ outcome: 'refused', code: 'INTERNAL' }),
    ]);
    const next = replication.nextGeneration({ env, pair: ended.pair });
    expect(replication.nextStep({ env, pair: next })?.idempotencyKey).toBe('p8/2/create-kek');
    expect(exchange(next, kek).state).toBe('established');
  });

  it('9: every destination is named, and each has its own entry', () => {
    const third = new Region(THIRD);
    const pairs = [
      establishedPair(origin, destination, 'to-west'),
      establishedPair(origin, third, 'to-east'),
    ];
    for (const region of [destination, third]) {
      region.keks.set(1, origin.keks.get(1) ?? generateKey({ algorithm: 'AES', lengthBits: 256 }));
    }
    const everywhere = origin.create('d9-all');
    const one = { ...origin.create('d9-one'), regions: [THIRD] } as replication.KeyCreatedEvent;
    const step = replication.reduce({
      env,
      ledger: openLedger(...pairs),
      events: [everywhere, one],
    });
    const ledger = settle(step, [origin, destination, third], env);
    expect(Object.keys(ledger.keys['d9-all']?.replicas ?? {})).toEqual([DESTINATION, THIRD]);
    expect(Object.keys(ledger.keys['d9-one']?.replicas ?? {})).toEqual([THIRD]);
    expect(entryOf(ledger, 'd9-all', THIRD).state).toBe('synchronized');
    expect(entryOf(ledger, 'd9-all', DESTINATION).state).toBe('synchronized');
    expect(destination.copyOf('d9-one')).toBeUndefined();
  });

  it('10: switch, tags, aliases, check value method, deletion and restore are all copied', () => {
    let ledger = copied('d10');
    const apply = (...events: replication.ReplicationEvent[]) => {
      ledger = settle(replication.reduce({ env, ledger, events }), both, env);
      expect(entryOf(ledger, 'd10').state).toMatch(/^(?:synchronized|delete-scheduled)$/);
      return destination.get('d10');
    };
    expect(apply(origin.stop('d10')).lifecycle.enabled).toBe(false);
    expect(apply(origin.start('d10')).lifecycle.enabled).toBe(true);
    expect(apply(origin.tag('d10', { KIF: 'POSStation', a: '1' })).tags).toEqual({
      KIF: 'POSStation',
      a: '1',
    });
    expect(apply(origin.untag('d10', ['a'])).tags).toEqual({ KIF: 'POSStation' });
    apply(origin.alias('pin', 'd10', 1));
    expect(destination.aliases.get('pin')).toBe('d10');
    apply(origin.alias('pin', undefined, 2));
    expect(destination.aliases.has('pin')).toBe(false);
    expect(apply(origin.delete('d10', 7)).lifecycle.state).toBe('delete-pending');
    expect(apply(origin.restore('d10')).lifecycle.state).toBe('create-complete');
    expect(destination.get('d10').kcv).toEqual(origin.get('d10').kcv);
  });

  it('11: the nonce is there, is none that samples show, and is taken once', () => {
    const kek = generateKey({ algorithm: 'AES', lengthBits: 256 });
    const options = { env, pairId: 'p11', ...SIDES, kekBits: 256, transport: 'tr34-ec' } as const;
    const step = (pair: replication.PairRecord, nonce: string | undefined) => {
      const command = replication.nextStep({ env, pair });
      if (command === undefined) throw new Error('no step');
      const result = answerStep(command, kek);
      return replication.applyStep({
        env,
        pair,
        result: { ...result, nonce } as replication.ExchangeResult,
      }).pair;
    };
    const made = step(replication.pair({ ...options, keys: [] }), undefined);
    const fresh = expect.objectContaining({ code: 'FRESHNESS', field: 'nonce' });
    for (const nonce of [
      undefined,
      '',
      'ABCDABCDABCDABCD',
      '0'.repeat(32),
      '0123456789ABCD',
      'xy',
    ]) {
      expect(() => step(made, nonce)).toThrow(fresh);
    }
    const nonce = '00112233445566778899AABBCCDDEEFF';
    const asked = step(made, nonce);
    // It stands in the token's command and in the loading one, and nowhere after.
    expect(asked.generations[0]?.nonce).toBe(nonce);
    const done = exchange(asked, kek);
    expect(done.state).toBe('established');
    expect(done.generations[0]?.nonce).toBeUndefined();
    const second = step(replication.nextGeneration({ env, pair: done }), undefined);
    expect(() => step(second, nonce)).toThrow(fresh);
    expect(() => step(second, nonce.toLowerCase())).toThrow(fresh);
  });

  it('12: what replication does is told from a field, and never copied again', () => {
    const ledger = openLedger(established);
    const source = { kind: 'replication', pairId: 'pair' } as const;
    const own = { ...origin.create('d12'), source };
    const ofCopy = { ...origin.create('d12-copy'), regionId: DESTINATION };
    const step = replication.reduce({ env, ledger, events: [own, ofCopy] });
    expect(step.ledger).toBe(ledger);
    expect(step.commands).toEqual([]);
    expect(step.audit.map(({ action, outcome }) => [action, outcome])).toEqual([
      ['replica.chain', 'refused'],
      ['replica.chain', 'refused'],
    ]);
    // A name is a name: one that looks like a role changes nothing.
    const caller = { ...origin.create('replication-role'), eventId: 'replicate' };
    const named = replication.reduce({ env, ledger, events: [caller] });
    expect(named.commands).toHaveLength(1);
  });
});

describe('replicateBlock', () => {
  it('makes a block for exchange, with the check value and without the place', () => {
    const events = [origin.create('b1')];
    const step = replication.reduce({ env, ledger: openLedger(established), events });
    const [command] = step.commands;
    const result = command && origin.execute(command, env);
    if (result?.outcome !== 'done') throw new Error('not exported');
    const { header } = parseKeyBlock(result.keyBlock ?? '');
    expect(header).toMatchObject({ versionId: 'D', keyContext: '2', exportability: 'E' });
    expect(header.optionalBlocks.map(({ id }) => id)).toEqual(['KC']);
  });
});
