import fc from 'fast-check';
import { replication } from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import {
  DAY,
  DESTINATION,
  establishedPair,
  later,
  ORIGIN,
  openLedger,
  Region,
  settle,
} from './regions.js';

const env = later(0);

type Action = 'stop' | 'start' | 'delete' | 'restore' | 'tag' | 'untag';

const anyAction = fc.constantFrom<Action>('stop', 'start', 'delete', 'restore', 'tag', 'untag');

/** A life of a few keys, as their region tells it: what a state does not allow does not happen. */
const anyLives = fc.array(
  fc.record({ key: fc.integer({ min: 0, max: 2 }), action: anyAction, value: fc.nat(3) }),
  { maxLength: 12 },
);

type Lives = readonly { readonly key: number; readonly action: Action; readonly value: number }[];

const origin = new Region(ORIGIN);
const created = [0, 1, 2].map((key) => origin.create(`k${key}`));
const fresh = new Map(origin.records);

/** Lives the lives, from new keys on, and returns the events. */
function live(lives: Lives): readonly replication.ReplicationEvent[] {
  origin.records.clear();
  for (const [keyId, record] of fresh) origin.records.set(keyId, record);
  const events: replication.ReplicationEvent[] = [...created];
  for (const { key, action, value } of lives) {
    const keyId = `k${key}`;
    const { state, enabled } = origin.get(keyId).lifecycle;
    const isLive = state === 'create-complete';
    if (action === 'restore' && !isLive) events.push(origin.restore(keyId));
    if (!isLive) continue;
    if (action === 'stop' && enabled) events.push(origin.stop(keyId));
    if (action === 'start' && !enabled) events.push(origin.start(keyId));
    if (action === 'delete') events.push(origin.delete(keyId, 3 + value));
    if (action === 'tag') events.push(origin.tag(keyId, { [`t${value % 2}`]: `v${value}` }));
    if (action === 'untag') events.push(origin.untag(keyId, [`t${value % 2}`]));
  }
  return events;
}

/** Keys that are marked for deletion: they have a copy that goes with them, or never had one. */
const isMarked = (keyId: string) => origin.get(keyId).lifecycle.state === 'delete-pending';

/** What is the same however it came about: not how many commands it took. */
function essence({ keys }: replication.ReplicaLedger) {
  return Object.values(keys)
    .map(({ keyId, created: made, replicas }) => ({
      keyId,
      created: made?.value,
      copies: Object.values(replicas).map(({ order: _, ...entry }) => {
        if (!isMarked(keyId)) return entry;
        expect(['deleted', 'delete-scheduled']).toContain(entry.state);
        return entry.regionId;
      }),
    }))
    .sort((one, other) => (one.keyId < other.keyId ? -1 : 1));
}

/** The same keys in the other region. */
function contentOf(region: Region) {
  return [...region.records.values()]
    .filter(({ keyId }) => !isMarked(keyId))
    .map(({ keyId, kcv, lifecycle, tags }) => {
      const { state, enabled, deleteAfter } = lifecycle;
      return { keyId, kcv, state, enabled, deleteAfter, tags };
    })
    .sort((a, b) => (a.keyId < b.keyId ? -1 : 1));
}

const RUNS = { numRuns: 15 };

/** Every copy is made with real keys. */
const TIMEOUT = 60_000;

/** A copy of a region that shares its main keys: keys are made once. */
const blank = new Region(DESTINATION);
const pair = establishedPair(origin, blank);
function emptyDestination(): Region {
  blank.records.clear();
  blank.aliases.clear();
  blank.executed.length = 0;
  return blank;
}

const shuffledLives = anyLives.chain((lives) =>
  fc.tuple(
    fc.constant(lives),
    fc.infiniteStream(fc.nat()).map((stream) => () => stream.next().value ?? 0),
    fc.integer({ min: 1, max: 4 }),
  ),
);

/** Another order, and some of them twice. */
function shuffle<T>(items: readonly T[], draw: () => number): T[] {
  const shuffled = [...items, ...items.filter(() => draw() % 3 === 0)];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = draw() % (i + 1);
    [shuffled[i], shuffled[j]] = [shuffled[j] as T, shuffled[i] as T]; // both in range
  }
  return shuffled;
}

const unestablished = replication.pair({
  env,
  pairId: 'waiting',
  origin: { regionId: ORIGIN, profileId: 'shop' },
  destination: { regionId: DESTINATION, profileId: 'shop' },
  kekBits: 256,
  transport: 'tr34-ec',
  keys: [],
});

describe('reduce', () => {
  it('comes to one ledger for every order of the events, with any of them repeated (I23)', () => {
    fc.assert(
      fc.property(shuffledLives, ([lives, draw, batch]) => {
        const events = live(lives);
        const start = openLedger(unestablished);
        const expected = replication.reduce({ env, ledger: start, events }).ledger;
        const others = shuffle(events, draw);
        let ledger = start;
        while (others.length > 0) {
          const step = replication.reduce({ env, ledger, events: others.splice(0, batch) });
          expect(step.commands).toEqual([]);
          ledger = step.ledger;
        }
        expect({ ...ledger, revision: 0 }).toEqual({ ...expected, revision: 0 });
        // As it stands, the ledger is JSON.
        expect(JSON.parse(JSON.stringify(ledger))).toEqual(ledger);
      }),
      { numRuns: 100 },
    );
  });

  it(
    'leads to the same copies in every order, with commands in between (I23)',
    () => {
      fc.assert(
        fc.property(shuffledLives, ([lives, draw, batch]) => {
          const events = live(lives);
          const first = emptyDestination();
          const inOrder = settle(
            replication.reduce({ env, ledger: openLedger(pair), events }),
            [origin, first],
            env,
          );
          const expected = { ledger: essence(inOrder), content: contentOf(first) };
          const others = shuffle(events, draw);
          const second = emptyDestination();
          let ledger = openLedger(pair);
          while (others.length > 0) {
            const step = replication.reduce({ env, ledger, events: others.splice(0, batch) });
            ledger = settle(step, [origin, second], env);
          }
          expect(essence(ledger)).toEqual(expected.ledger);
          expect(contentOf(second)).toEqual(expected.content);
        }),
        RUNS,
      );
    },
    TIMEOUT,
  );

  it(
    'comes to the same as a backfill, with events before and after it (I26)',
    () => {
      fc.assert(
        fc.property(anyLives, fc.nat(), fc.nat(), (lives, cut, known) => {
          const events = live(lives);
          const expectedRegion = emptyDestination();
          const expected = settle(
            replication.reduce({ env, ledger: openLedger(pair), events }),
            [origin, expectedRegion],
            env,
          );
          const content = contentOf(expectedRegion);
          // The same life once more: the inventory is taken somewhere in it.
          const at = cut % (lives.length + 1);
          const before = live(lives.slice(0, at));
          const inventory = origin.inventory();
          const region = emptyDestination();
          let ledger = openLedger(pair);
          // Some of the events that the inventory shows come before it, the others after.
          const early = before.slice(0, known % (before.length + 1));
          ledger = replication.reduce({ env, ledger, events: early }).ledger;
          ledger = settle(
            replication.planBackfill({ env, ledger, inventory }),
            [origin, region],
            env,
          );
          const again = live(lives);
          ledger = settle(
            replication.reduce({ env, ledger, events: again }),
            [origin, region],
            env,
          );
          const resent = { ledger, commands: replication.pendingCommands({ ledger }), audit: [] };
          ledger = settle(resent, [origin, region], env);
          expect(contentOf(region)).toEqual(content);
          expect(essence(ledger)).toEqual(essence(expected));
        }),
        RUNS,
      );
    },
    TIMEOUT,
  );
});

describe('a network that loses, repeats and reorders', () => {
  it(
    'leads to the same copies in the end, whatever it does (I24, I25)',
    () => {
      const anyNoise = fc.infiniteStream(fc.nat(99));
      fc.assert(
        fc.property(anyLives, anyNoise, (lives, noise) => {
          const draw = () => noise.next().value ?? 0;
          const events = live(lives);
          const region = emptyDestination();
          let ledger = openLedger(pair);
          let clock = 0;
          const wire: replication.ReplicationCommand[] = [];
          const answers: replication.CommandResult[] = [];
          const queue = [...events];
          const take = <T>(items: T[]): T | undefined => {
            const i = items.length === 0 ? -1 : draw() % items.length;
            const item = items[i];
            // Now and then it stays on the wire, to arrive once more.
            if (i >= 0 && draw() < 70) items.splice(i, 1);
            return item;
          };
          const store = (step: replication.ReplicationStep) => {
            ledger = step.ledger;
            for (const command of step.commands) if (draw() < 80) wire.push(command);
            expectSound(ledger);
          };
          for (let i = 0; i < 120; i++) {
            clock += 60_000;
            const now = later(clock);
            const chance = draw();
            if (chance < 30) {
              const event = take(queue);
              if (event !== undefined) {
                store(replication.reduce({ env: now, ledger, events: [event] }));
              }
            } else if (chance < 60) {
              const command = take(wire);
              const target = command?.regionId === ORIGIN ? origin : region;
              const answer = command && target.execute(command, now);
              if (answer !== undefined && draw() < 80) answers.push(answer);
            } else if (chance < 85) {
              const answer = take(answers);
              if (answer !== undefined) {
                store(replication.apply({ env: now, ledger, results: [answer] }));
              }
            } else if (chance < 95) {
              wire.push(...replication.pendingCommands({ ledger }));
            } else {
              store(replication.retry({ env: now, ledger }));
            }
          }
          // Then the network is well again: what was never delivered is.
          for (let i = 0; i < 12; i++) {
            clock += 3_600_000;
            const now = later(clock);
            const step = replication.reduce({ env: now, ledger, events: i === 0 ? events : [] });
            ledger = settle(step, [origin, region], now);
            const resent = { ledger, commands: replication.pendingCommands({ ledger }), audit: [] };
            ledger = settle(resent, [origin, region], now);
            ledger = settle(replication.retry({ env: now, ledger }), [origin, region], now);
          }
          expectSound(ledger);
          expect(replication.status({ ledger }).problems).toEqual([]);
          for (const [keyId] of fresh) expectCopy(region, keyId);
        }),
        RUNS,
      );
    },
    TIMEOUT,
  );

  function expectSound(ledger: replication.ReplicaLedger): void {
    for (const { created: made, replicas } of Object.values(ledger.keys)) {
      for (const { state, replica } of Object.values(replicas)) {
        if (state !== 'synchronized') continue;
        expect(replica?.kcv).toEqual(made?.value.kcv);
        expect(replica?.attributesDigest).toBe(made?.value.attributesDigest);
      }
    }
  }

  function expectCopy(region: Region, keyId: string): void {
    const { lifecycle: origins, tags, kcv } = origin.get(keyId);
    const copy = region.copyOf(keyId);
    if (origins.state === 'create-complete') {
      expect(copy).toMatchObject({ kcv, tags });
      expect(copy?.lifecycle).toMatchObject({
        state: 'create-complete',
        enabled: origins.enabled,
      });
    } else if (copy !== undefined) {
      expect(copy.lifecycle.state).toBe('delete-pending');
      // Never gone while the key can come back.
      expect((copy.lifecycle.deleteAfter ?? '') >= (origins.deleteAfter ?? '')).toBe(true);
    }
  }
});

describe('a restore', () => {
  it('is not overtaken by a deletion that was sent before it (I25)', () => {
    const region = emptyDestination();
    live([]);
    let ledger = settle(
      replication.reduce({ env, ledger: openLedger(pair), events: created }),
      [origin, region],
      env,
    );
    const marked = replication.reduce({ env, ledger, events: [origin.delete('k0', 7)] });
    const [deletion] = marked.commands;
    if (deletion === undefined) throw new Error('no command');
    ledger = settle(marked, [origin, region], env);
    const back = replication.reduce({ env, ledger, events: [origin.restore('k0')] });
    ledger = settle(back, [origin, region], env);
    // The network still has the deletion, and delivers it once more.
    region.execute(deletion, later(DAY));
    expect(region.get('k0').lifecycle.state).toBe('create-complete');
    const entry = ledger.keys['k0']?.replicas[DESTINATION];
    expect(entry?.state).toBe('synchronized');
  });

  it('brings a copy back that was purged meanwhile', () => {
    const region = emptyDestination();
    live([]);
    let ledger = settle(
      replication.reduce({ env, ledger: openLedger(pair), events: created }),
      [origin, region],
      env,
    );
    const marked = origin.delete('k1', 3);
    ledger = settle(replication.reduce({ env, ledger, events: [marked] }), [origin, region], env);
    const back = origin.restore('k1', later(3 * DAY - 1));
    // Delivered too late.
    const late = later(4 * DAY);
    region.purge(late);
    expect(region.copyOf('k1')).toBeUndefined();
    ledger = settle(
      replication.reduce({ env: late, ledger, events: [back] }),
      [origin, region],
      late,
    );
    expect(region.copyOf('k1')).toMatchObject({ kcv: origin.get('k1').kcv });
    expect(ledger.keys['k1']?.replicas[DESTINATION]?.state).toBe('synchronized');
  });
});
