import { generateKey } from 'keyblock';
import { replication } from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import {
  answerStep,
  DESTINATION,
  establishedPair,
  exchange,
  later,
  ORIGIN,
  openLedger,
  Region,
  settle,
} from './regions.js';

const env = later(0);
const kek = generateKey({ algorithm: 'AES', lengthBits: 256 });

const STEPS = [
  'create-kek',
  'krd-parameters',
  'trust-krd-root',
  'kdh-parameters',
  'trust-kdh-root',
  'export-kek',
  'import-kek',
] as const;

function newPair(pairId = 'p'): replication.PairRecord {
  return replication.pair({
    env,
    pairId,
    origin: { regionId: ORIGIN, profileId: 'shop' },
    destination: { regionId: DESTINATION, profileId: 'shop' },
    kekBits: 256,
    transport: 'tr34-ec',
    keys: [],
  });
}

function stepOf(pair: replication.PairRecord): replication.ExchangeCommand {
  const command = replication.nextStep({ env, pair });
  if (command === undefined) throw new Error('no step');
  return command;
}

/** The record after so many steps. */
function pairAfter(steps: number): replication.PairRecord {
  let pair = newPair();
  for (let i = 0; i < steps; i++) {
    pair = replication.applyStep({ env, pair, result: answerStep(stepOf(pair), kek) }).pair;
  }
  return pair;
}

describe('an exchange', () => {
  it('takes seven steps, each with a key of its own', () => {
    const commands = STEPS.map((_, i) => stepOf(pairAfter(i)));
    expect(commands.map(({ step }) => step)).toEqual(STEPS);
    expect(commands.map(({ idempotencyKey }) => idempotencyKey)).toEqual(
      STEPS.map((step) => `p/1/${step}`),
    );
    expect(commands.map(({ regionId }) => regionId === ORIGIN)).toEqual([
      true,
      false,
      true,
      true,
      false,
      true,
      false,
    ]);
  });

  it.each(STEPS.map((step, i) => ({ step, i })))(
    'goes on after a crash around $step, from the record alone',
    ({ i }) => {
      const stored = JSON.stringify(pairAfter(i));
      const revived = JSON.parse(stored) as replication.PairRecord;
      const command = stepOf(revived);
      // The crash came before the answer was stored: the very same is asked once more.
      expect(stepOf(JSON.parse(stored) as replication.PairRecord)).toEqual(command);
      const result = answerStep(command, kek);
      const { pair } = replication.applyStep({ env, pair: revived, result });
      // It came after: the answer that is delivered again changes nothing.
      expect(replication.applyStep({ env, pair, result }).pair).toBe(pair);
      expect(exchange(pair, kek).state).toBe('established');
    },
  );

  it('gives both token steps the nonce that the destination has issued', () => {
    for (const steps of [5, 6]) {
      const pair = pairAfter(steps);
      const [nonce] = pair.nonces;
      expect(stepOf(pair)).toMatchObject({ nonce });
      expect(nonce).toMatch(/^[0-9A-F]{24}$/);
    }
  });

  it('is established only when both sides have the same check value', () => {
    const pair = pairAfter(6);
    const other = generateKey({ algorithm: 'AES', lengthBits: 256 });
    const result = answerStep(stepOf(pair), other);
    const { pair: failed, audit } = replication.applyStep({ env, pair, result });
    expect(failed.state).toBe('exchanging');
    expect(failed.generations[0]).toMatchObject({
      state: 'failed',
      failure: { code: 'KCV_MISMATCH' },
    });
    expect(audit).toEqual([expect.objectContaining({ outcome: 'refused', code: 'KCV_MISMATCH' })]);
    const ledger = openLedger(failed);
    expect(ledger.pairs[0]?.state).toBe('waiting');
  });

  it.each([
    ['an answer to a step to come', 0, 'import-kek'],
    ['an answer to an exchange that there never was', 2, 'p/9/create-kek'],
  ])('refuses %s', (_, steps, name) => {
    const idempotencyKey = name.includes('/') ? name : `p/1/${name}`;
    const result = { command: { idempotencyKey }, outcome: 'done' } as const;
    expect(() => replication.applyStep({ env, pair: pairAfter(steps), result })).toThrow(
      expect.objectContaining({ code: 'STATE_CONFLICT', field: 'event' }),
    );
  });

  it.each([
    ['kcv', 0, { kcv: { method: 'cmac', value: 'xyz' } }],
    ['keyId', 0, { kekId: '' }],
    ['certificate', 1, { certificate: 'not base64!' }],
    ['token', 5, { token: '' }],
    ['event', 3, { outcome: 'perhaps' }],
    ['event', 3, { outcome: 'failed', code: 'a sentence', retryable: true }],
  ] as const)('refuses an answer with a bad %s', (field, steps, change) => {
    const pair = pairAfter(steps);
    const result = { ...answerStep(stepOf(pair), kek), ...change };
    expect(() =>
      replication.applyStep({ env, pair, result: result as replication.ExchangeResult }),
    ).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', field }));
  });
});

describe('the rotation of a KEK', () => {
  const origin = new Region(ORIGIN);
  const destination = new Region(DESTINATION);
  const both = [origin, destination];

  it('keeps the old one until no command in flight uses it', () => {
    const pair = establishedPair(origin, destination);
    const events = [origin.create('r1')];
    // A copy on its way under generation 1.
    const step = replication.reduce({ env, ledger: openLedger(pair), events });
    const rotated = exchange(replication.nextGeneration({ env, pair }), kek);
    for (const region of both) region.keks.set(2, kek);
    expect(rotated.generations.map(({ state }) => state)).toEqual(['superseded', 'established']);
    const told = replication.attach({ env, ledger: step.ledger, pair: rotated });
    const ledgers = [told.ledger];
    expect(replication.releaseGenerations({ env, pair: rotated, ledgers }).pair).toBe(rotated);
    // It arrives under the old one; the next goes under the new.
    let ledger = settle({ ...told, commands: step.commands }, both, env);
    expect(ledger.keys['r1']?.replicas[DESTINATION]?.state).toBe('synchronized');
    const next = replication.reduce({ env, ledger, events: [origin.create('r2')] });
    expect(next.commands).toEqual([expect.objectContaining({ generation: 2 })]);
    ledger = settle(next, both, env);
    const released = replication.releaseGenerations({ env, pair: rotated, ledgers: [ledger] });
    expect(released.pair.generations.map(({ state }) => state)).toEqual([
      'released',
      'established',
    ]);
    expect(released.commands).toMatchObject([
      { step: 'delete-kek', generation: 1, regionId: ORIGIN, kekId: 'kek-o-1' },
      { step: 'delete-kek', generation: 1, regionId: DESTINATION, kekId: 'kek-d-1' },
    ]);
    const [first, second] = released.commands;
    expect(first?.idempotencyKey).not.toBe(second?.idempotencyKey);
  });

  it('is one exchange at a time', () => {
    expect(() => replication.nextGeneration({ env, pair: newPair() })).toThrow(
      expect.objectContaining({ code: 'STATE_CONFLICT' }),
    );
  });
});

describe('pair', () => {
  const options = {
    env,
    pairId: 'p',
    origin: { regionId: ORIGIN, profileId: 'shop' },
    destination: { regionId: DESTINATION, profileId: 'shop' },
    kekBits: 256,
    transport: 'tr34-ec',
    keys: [],
  } as const;

  it.each([
    ['regionId', { destination: options.origin }],
    ['regionId', { origin: { regionId: '', profileId: 'shop' } }],
    ['profileId', { origin: { regionId: ORIGIN, profileId: 'a/b' } }],
    ['options', { pairId: 'a b' }],
    ['lengthBits', { kekBits: 168 }],
    ['profile', { transport: 'courier' }],
    ['at', { env: { at: 'now' } }],
  ])('refuses a bad %s', (field, change) => {
    expect(() => replication.pair({ ...options, ...change } as replication.PairOptions)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field }),
    );
  });
});
