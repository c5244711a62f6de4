// A command that is answered as failed may have been carried out: whatever the origin comes to want
// meanwhile, the copy becomes so.

import fc from 'fast-check';
import { replication } from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import {
  DAY,
  DESTINATION,
  entryOf,
  establishedPair,
  later,
  ORIGIN,
  openLedger,
  Region,
  settle,
  unknown,
} from './regions.js';

const HOUR = 3_600_000;
const env = later(0);

/** Two regions, and a key of which nothing was copied yet. */
function setUp() {
  const origin = new Region(ORIGIN);
  const destination = new Region(DESTINATION);
  const pair = establishedPair(origin, destination);
  const both = [origin, destination];
  const step = replication.reduce({ env, ledger: openLedger(pair), events: [origin.create('k1')] });
  return { origin, destination, pair, both, step };
}

/** The same when the key was copied. */
function copied() {
  const { step, ...world } = setUp();
  return { ...world, ledger: settle(step, world.both, env) };
}

/** The same when its block was exported, and the answer to the import says nothing. */
function attempted() {
  const { step, ...world } = setUp();
  const { origin, both } = world;
  const results = step.commands.map((command) => origin.execute(command, env));
  const exported = replication.apply({ env, ledger: step.ledger, results });
  return { ...world, exported, ledger: unknown(exported, both, env).ledger };
}

const onEvent = (ledger: replication.ReplicaLedger, event: replication.ReplicationEvent, at = 0) =>
  replication.reduce({ env: later(at), ledger, events: [event] });

function retried(ledger: replication.ReplicaLedger, regions: readonly Region[], at = HOUR) {
  return settle(replication.retry({ env: later(at), ledger }), regions, later(at));
}

describe('a change that failed, and was done', () => {
  it('is taken back where it was a start, and the key was stopped meanwhile', () => {
    const { origin, destination, both, ledger } = copied();
    const stopped = settle(onEvent(ledger, origin.stop('k1')), both, env);
    const started = unknown(onEvent(stopped, origin.start('k1')), both, env);
    const { ledger: wanted, commands } = onEvent(started.ledger, origin.stop('k1'));
    expect(commands).toEqual([]);
    expect(entryOf(wanted, 'k1').state).toBe('failed');
    const end = retried(wanted, both);
    expect(destination.get('k1').lifecycle.enabled).toBe(false);
    expect(entryOf(end, 'k1')).toMatchObject({
      state: 'synchronized',
      replica: { enabled: false },
    });
    expect(entryOf(end, 'k1').replica?.unsure).toBeUndefined();
  });

  it('is taken back where it was a deletion, and the key was restored and started', () => {
    const { origin, destination, both, ledger } = copied();
    const marked = unknown(onEvent(ledger, origin.delete('k1', 7)), both, env);
    const events = [origin.restore('k1'), origin.start('k1')];
    const wanted = replication.reduce({ env, ledger: marked.ledger, events });
    expect(destination.get('k1').lifecycle.state).toBe('delete-pending');
    // Nobody is sent to a copy that may be marked.
    const { ledger: known } = wanted;
    const health = { [DESTINATION]: 'up' } as const;
    expect(replication.selectRegion({ ledger: known, keyId: 'k1', health })).toBeUndefined();
    const end = settle(wanted, both, env);
    expect(destination.get('k1').lifecycle).toEqual({ state: 'create-complete', enabled: true });
    expect(entryOf(end, 'k1').state).toBe('synchronized');
    expect(replication.selectRegion({ ledger: end, keyId: 'k1', health })?.readOnly).toBe(true);
  });

  it('is taken back where it was a restore, and the key was marked again', () => {
    const { origin, destination, both, ledger } = copied();
    const marked = settle(onEvent(ledger, origin.delete('k1', 7)), both, env);
    const restored = unknown(onEvent(marked, origin.restore('k1')), both, env);
    const live = unknown(restored, both, env);
    expect(live.commands).toEqual([]);
    expect(destination.get('k1').lifecycle.state).toBe('create-complete');
    const end = settle(onEvent(live.ledger, origin.delete('k1', 30)), both, env);
    expect(entryOf(end, 'k1').state).toBe('delete-scheduled');
    const { deleteAfter = '' } = destination.get('k1').lifecycle;
    expect(deleteAfter >= (origin.get('k1').lifecycle.deleteAfter ?? '')).toBe(true);
  });

  it('is taken back where it was tags, and is not called synchronized without a pair', () => {
    const { origin, destination, both, ledger } = copied();
    const tagged = unknown(onEvent(ledger, origin.tag('k1', { a: '1' })), both, env).ledger;
    const untagged = onEvent(tagged, origin.untag('k1', ['a'])).ledger;
    const options = { env: later(HOUR), pairId: 'pair', replicas: 'keep' } as const;
    const drained = replication.drain({ ...options, ledger: untagged });
    expect([drained.commands, entryOf(drained.ledger, 'k1').state]).toEqual([[], 'failed']);
    retried(untagged, both);
    expect(destination.get('k1').tags).toEqual({});
  });

  it('is not known from an inventory: it may be carried out after that', () => {
    const { origin, destination, both, ledger } = copied();
    const stopped = settle(onEvent(ledger, origin.stop('k1')), both, env);
    const { ledger: asked, commands } = onEvent(stopped, origin.start('k1'));
    const results = commands.map((command) => ({ command, outcome: 'failed', code: 'X' }) as const);
    const failed = replication.apply({ env, ledger: asked, results }).ledger;
    const wanted = onEvent(failed, origin.stop('k1')).ledger;
    const copies = [{ regionId: DESTINATION, inventory: destination.inventory() }];
    const compared = replication.drift({ env, ledger: wanted, origin: origin.inventory(), copies });
    expect(compared.findings).toEqual([]);
    for (const command of commands) destination.execute(command, env); // late
    expect(destination.get('k1').lifecycle.enabled).toBe(true);
    retried(compared.ledger, both);
    expect(destination.get('k1').lifecycle.enabled).toBe(false);
  });

  it('changes nothing where the region became the primary, whose word counts', () => {
    const { origin, destination, both, ledger } = copied();
    const back = establishedPair(destination, origin, 'back');
    const { ledger: open } = replication.attach({ env, ledger, pair: back });
    const asked = onEvent(open, origin.stop('k1'));
    const results = asked.commands.map((command) => {
      return { command, outcome: 'failed', code: 'X' } as const;
    });
    const { ledger: failed } = replication.apply({ env, ledger: asked.ledger, results });
    const started = settle(onEvent(failed, origin.start('k1')), both, env);
    const promoted = replication.promoteReplica({ env, ledger: started, regionId: DESTINATION });
    const end = settle(promoted, both, env);
    const told = destination.stop('k1'); // and the event is still on its way
    const due = replication.retry({ env: later(HOUR), ledger: end });
    expect(due.commands).toEqual([]);
    settle(onEvent(due.ledger, told, HOUR), both, later(HOUR));
    const switches = both.map((region) => region.get('k1').lifecycle.enabled);
    expect(switches).toEqual([false, false]);
  });

  it('is known where the region became the primary, and has told of it', () => {
    const { origin, destination, both, ledger } = copied();
    const back = establishedPair(destination, origin, 'back');
    const { ledger: open } = replication.attach({ env, ledger, pair: back });
    const stopped = unknown(onEvent(open, origin.stop('k1')), both, env).ledger;
    const promoted = replication.promoteReplica({ env, ledger: stopped, regionId: DESTINATION });
    expect(promoted.behind).toEqual([{ keyId: 'k1', state: 'failed' }]);
    const events = [destination.start('k1')];
    const told = replication.reduce({ env, ledger: promoted.ledger, events });
    expect(entryOf(told.ledger, 'k1').replica).toMatchObject({ enabled: true });
    expect(entryOf(told.ledger, 'k1').replica?.unsure).toBeUndefined();
    // Nor is it asked for once its inventory was taken in.
    const inventory = destination.inventory();
    const shown = replication.planBackfill({ env, ledger: promoted.ledger, inventory }).ledger;
    expect(entryOf(shown, 'k1').replica?.unsure).toBeUndefined();
  });
});

describe('a restore that was done, and answered as failed', () => {
  /** The switch that comes after it is answered: so the copy is live. */
  function switched() {
    const { ledger, ...world } = copied();
    const { origin, both } = world;
    const marked = settle(onEvent(ledger, origin.delete('k1', 30)), both, env);
    const events = [origin.restore('k1'), origin.start('k1')];
    const wanted = replication.reduce({ env, ledger: marked, events });
    const lost = unknown(wanted, both, env);
    expect(lost.commands).toMatchObject([{ type: 'setEnabled', enabled: true }]);
    return { ...world, ledger: settle(lost, both, env) };
  }

  it('is known by the answer to the switch', () => {
    const { ledger } = switched();
    const { state, replica } = entryOf(ledger, 'k1');
    expect([state, replica?.deleteAfter, replica?.unsure]).toEqual([
      'synchronized',
      undefined,
      undefined,
    ]);
    // Nor is it asked for again.
    expect(replication.retry({ env: later(HOUR), ledger }).commands).toEqual([]);
  });

  it('does not keep a copy from going with its pair', () => {
    const { destination, both, pair, ledger } = switched();
    const options = { env, ledger, pairId: 'pair', replicas: 'delete' } as const;
    const end = settle(replication.drain(options), both, env);
    expect(replication.disable({ env, ledger: end, pair }).pair.state).toBe('disabled');
    expect(destination.get('k1').lifecycle.state).toBe('delete-pending');
  });

  it('does not keep a copy from going with its key', () => {
    const { origin, destination, both, ledger } = switched();
    settle(onEvent(ledger, origin.delete('k1', 7)), both, env);
    expect(destination.get('k1').lifecycle.state).toBe('delete-pending');
  });
});

describe('a copy whose time is over, and that was not purged yet', () => {
  const sent = (step: replication.ReplicationStep) => step.commands.map(({ type }) => type);

  /** What is sent at a time until nothing is. */
  function all(first: replication.ReplicationStep, regions: readonly Region[], at: number) {
    const types: string[] = [];
    let step = first;
    while (step.commands.length > 0 && types.length < 20) {
      types.push(...sent(step));
      const results = step.commands.map((command) => {
        const region = regions.find(({ regionId }) => regionId === command.regionId);
        return (region as Region).execute(command, later(at));
      });
      step = replication.apply({ env: later(at), ledger: step.ledger, results });
    }
    return { types, ledger: step.ledger };
  }

  it('is waited for, and then made anew', () => {
    const { origin, destination, both, ledger } = copied();
    const marked = settle(onEvent(ledger, origin.delete('k1', 3)), both, env);
    const restored = origin.restore('k1', later(3 * DAY - 1));
    const at = 3 * DAY + 1000;
    const asked = all(onEvent(marked, restored, at), both, at);
    expect(asked.types).toEqual(['cancelDeletion', 'exportTr31', 'importTr31']);
    expect(entryOf(asked.ledger, 'k1').failure).toMatchObject({ code: 'GONE', attempts: 1 });
    const soon = replication.retry({ env: later(at + 1000), ledger: asked.ledger });
    expect(sent(soon)).toEqual([]);
    const late = at + HOUR;
    const due = replication.retry({ env: later(late), ledger: soon.ledger });
    const again = all(due, both, late);
    expect(again.types).toEqual(['exportTr31', 'importTr31']);
    expect(entryOf(again.ledger, 'k1').failure?.attempts).toBe(2);
    destination.purge(later(late));
    const last = replication.retry({ env: later(at + 3 * HOUR), ledger: again.ledger });
    const { ledger: end } = all(last, both, at + 3 * HOUR);
    expect(entryOf(end, 'k1').state).toBe('synchronized');
    expect(destination.copyOf('k1')?.lifecycle.state).toBe('create-complete');
  });

  it('is waited for where the pair is set up anew', () => {
    const { origin, destination, both, pair, ledger } = copied();
    const options = { env, ledger, pairId: 'pair', replicas: 'delete' } as const;
    const drained = settle(replication.drain(options), both, env);
    const { ledger: ended } = replication.disable({ env, ledger: drained, pair });
    const at = 3 * DAY + 1;
    const again = establishedPair(origin, destination, 'again');
    const attached = replication.attach({ env: later(at), ledger: ended, pair: again });
    const inventory = origin.inventory();
    const filled = replication.planBackfill({
      env: later(at),
      ledger: attached.ledger,
      inventory,
    });
    expect(all(filled, both, at).types).toEqual(['exportTr31', 'importTr31']);
  });
});

describe('a copy that is not the key of the origin', () => {
  it('goes with its pair, which does not end before', () => {
    const { origin, destination, pair, step } = setUp();
    const results = step.commands.map((command) => origin.execute(command, env));
    const { ledger: imports, commands } = replication.apply({ env, ledger: step.ledger, results });
    const wrong = commands.map((command) => ({
      ...(destination.execute(command, env) as replication.CommandDone),
      attributesDigest: 'F'.repeat(64),
    }));
    const { ledger } = replication.apply({ env, ledger: imports, results: wrong });
    expect(entryOf(ledger, 'k1').discard).toBe('k1');
    const at = later(HOUR);
    const drained = replication.drain({ env: at, ledger, pairId: 'pair', replicas: 'delete' });
    expect(drained.commands).toMatchObject([{ type: 'scheduleDeletion', replicaKeyId: 'k1' }]);
    const unknowable = unknown(drained, [destination], at).ledger;
    expect(() => replication.disable({ env: at, ledger: unknowable, pair })).toThrow(
      expect.objectContaining({ code: 'STATE_CONFLICT', field: 'record' }),
    );
    const end = retried(unknowable, [origin, destination], 3 * HOUR);
    expect(replication.disable({ env: at, ledger: end, pair }).pair.state).toBe('disabled');
    expect(destination.get('k1').lifecycle.state).toBe('delete-pending');
  });
});

describe('an import that failed, and was done', () => {
  it('is done once more to find the copy, where the key was marked for deletion meanwhile', () => {
    const { origin, destination, both, ledger } = attempted();
    const marked = onEvent(ledger, origin.delete('k1', 7)).ledger;
    expect(entryOf(marked, 'k1').state).toBe('failed');
    // The origin has forgotten the key by then: the block is in the ledger.
    origin.records.delete('k1');
    const end = retried(marked, both);
    expect(destination.get('k1').lifecycle.state).toBe('delete-pending');
    expect(entryOf(end, 'k1').state).toBe('delete-scheduled');
    expect(entryOf(end, 'k1').attempted).toBeUndefined();
  });

  it('keeps its KEK, and its pair from ending without the copy', () => {
    const { destination, both, pair, ledger } = attempted();
    const options = { env: later(HOUR), pairId: 'pair', ledger } as const;
    const superseded = pair.generations.map((known) => ({
      ...known,
      state: 'superseded' as const,
    }));
    const older = { ...pair, generations: superseded };
    const pairs = ledger.pairs.map((known) => ({ ...known, generation: 2 }));
    const ledgers = [{ ...ledger, pairs }];
    expect(replication.releaseGenerations({ env, pair: older, ledgers }).commands).toEqual([]);
    const deleting = replication.drain({ ...options, replicas: 'delete' });
    expect(deleting.commands).toMatchObject([{ type: 'importTr31' }]);
    const failed = unknown(deleting, both, later(HOUR)).ledger;
    expect(() => replication.disable({ env: later(HOUR), ledger: failed, pair })).toThrow(
      expect.objectContaining({ code: 'STATE_CONFLICT', field: 'record' }),
    );
    const end = retried(failed, both, 2 * HOUR);
    expect(destination.get('k1').lifecycle.state).toBe('delete-pending');
    expect(replication.disable({ env, ledger: end, pair }).ledger.pairs).toEqual([]);
  });

  it('waits for an inventory where its pair sends nothing any more', () => {
    const { origin, destination, ledger } = attempted();
    const marked = onEvent(ledger, origin.delete('k1', 7)).ledger;
    const other = establishedPair(origin, destination, 'other');
    const { ledger: two } = replication.attach({ env, ledger: marked, pair: other });
    const options = { env: later(HOUR), ledger: two, pairId: 'pair', replicas: 'keep' } as const;
    const drained = replication.drain(options);
    expect([drained.commands, entryOf(drained.ledger, 'k1').state]).toEqual([[], 'failed']);
    const compare = (inventory: readonly replication.InventoryItem[]) => {
      const copies = [{ regionId: DESTINATION, inventory }];
      const listed = origin.inventory();
      return replication.drift({ ...drained, env: later(HOUR), origin: listed, copies });
    };
    const found = compare(destination.inventory());
    expect(found.findings.map(({ id }) => id)).toEqual(['replica-unrecorded']);
    expect(found.commands).toMatchObject([{ type: 'scheduleDeletion', pairId: 'other' }]);
    const none = compare([]);
    expect([none.findings, none.commands]).toEqual([[], []]);
    expect(entryOf(none.ledger, 'k1').state).toBe('deleted');
  });

  it('is over where the region says that there is no such key', () => {
    const { origin, ledger } = attempted();
    const marked = onEvent(ledger, origin.delete('k1', 7)).ledger;
    const again = replication.retry({ env: later(HOUR), ledger: marked });
    const results = again.commands.map((command) => ({ command, outcome: 'gone' }) as const);
    const { ledger: end } = replication.apply({ env: later(HOUR), ledger: again.ledger, results });
    expect(entryOf(end, 'k1').state).toBe('deleted');
  });
});

describe('an import of a copy that is there already', () => {
  it('is answered with what the copy was made by, and not by the command that is answered', () => {
    const { origin, destination, both, ledger } = attempted();
    const { ledger: stopped } = onEvent(ledger, origin.stop('k1'));
    expect(destination.get('k1').lifecycle.enabled).toBe(true);
    const end = retried(stopped, both);
    expect(destination.get('k1').lifecycle.enabled).toBe(false);
    expect(entryOf(end, 'k1')).toMatchObject({
      state: 'synchronized',
      replica: { enabled: false },
    });
  });

  it('takes the mark away from a copy that was to go with its pair', () => {
    const { origin, destination, both, pair, ledger } = copied();
    const options = { env, ledger, pairId: 'pair', replicas: 'delete' } as const;
    const drained = settle(replication.drain(options), both, env);
    const { ledger: ended } = replication.disable({ env, ledger: drained, pair });
    const now = later(2 * DAY);
    const again = establishedPair(origin, destination, 'again');
    const attached = replication.attach({ env: now, ledger: ended, pair: again });
    const inventory = origin.inventory();
    const filled = replication.planBackfill({ env: now, ledger: attached.ledger, inventory });
    const end = settle(filled, both, now);
    expect(entryOf(end, 'k1').state).toBe('synchronized');
    expect(destination.get('k1').lifecycle).toEqual({ state: 'create-complete', enabled: true });
  });

  /** Answers the import that is due with more, or with less, than a region of this library. */
  function answered(ledger: replication.ReplicaLedger, world: readonly Region[], change: object) {
    const [origin, destination] = world as readonly [Region, Region];
    const due = replication.retry({ env: later(HOUR), ledger });
    const exported = due.commands.map((command) => origin.execute(command, env));
    const next = replication.apply({ env: later(HOUR), ledger: due.ledger, results: exported });
    const results = next.commands.map((command) => ({
      ...destination.execute(command, env),
      ...change,
    })) as replication.CommandResult[];
    return replication.apply({ env: later(HOUR), ledger: next.ledger, results });
  }

  it('is followed by what it may lack, where its region does not tell', () => {
    const { origin, destination, both, ledger } = attempted();
    const { ledger: stopped } = onEvent(ledger, origin.stop('k1'));
    const silent = { enabled: undefined, tags: undefined, deleteAfter: undefined };
    settle(answered(stopped, both, silent), both, later(HOUR));
    expect(destination.get('k1').lifecycle.enabled).toBe(false);
  });

  it.each([
    ['tags', { tags: { a: 1 } }],
    ['event', { enabled: 'yes' }],
    ['event', { deleteAfter: 'soon' }],
  ])('is refused with bad %s: %j', (field, change) => {
    const { both, ledger } = attempted();
    expect(() => answered(ledger, both, change)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field }),
    );
  });

  it('may be a restore of a copy that was live: its switch stays as it is', () => {
    const { origin, destination, both, ledger } = copied();
    // The deletion fails, and was not done.
    const { ledger: asked, commands } = onEvent(ledger, origin.delete('k1', 7));
    const results = commands.map((command) => ({ command, outcome: 'failed', code: 'X' }) as const);
    const failed = replication.apply({ env, ledger: asked, results }).ledger;
    const end = settle(onEvent(failed, origin.restore('k1')), both, env);
    expect(destination.get('k1').lifecycle).toEqual({ state: 'create-complete', enabled: false });
    expect(entryOf(end, 'k1').state).toBe('synchronized');
  });
});

describe('a region of which every third answer is lost in a time-out', () => {
  const origin = new Region(ORIGIN);
  const destination = new Region(DESTINATION);
  const pair = establishedPair(origin, destination);
  const created = origin.create('k1');
  const fresh = origin.get('k1');

  /** What may happen to a key as it is. */
  function next(choice: number, at: number): replication.ReplicationEvent {
    if (origin.get('k1').lifecycle.state === 'delete-pending') {
      return origin.restore('k1', later(at));
    }
    const events = [
      () => origin.stop('k1', later(at)),
      () => origin.start('k1', later(at)),
      () => origin.tag('k1', { a: String(choice) }),
      () => origin.delete('k1', 30, later(at)),
    ];
    return (events[choice % 4] as (typeof events)[0])(); // in range
  }

  /** What the ledger does not doubt is so. */
  function expectKnown(ledger: replication.ReplicaLedger): void {
    const { replica } = entryOf(ledger, 'k1');
    if (replica === undefined) return;
    const { lifecycle, tags } = destination.get(replica.keyId);
    const { unsure = [] } = replica;
    if (!unsure.includes('enabled')) expect(replica.enabled).toBe(lifecycle.enabled);
    if (!unsure.includes('deletion')) expect(replica.deleteAfter).toBe(lifecycle.deleteAfter);
    if (!unsure.includes('tags')) expect(replica.tags).toEqual(tags);
  }

  it('has the copy that the origin wants in the end (I24, I25)', () => {
    const anyChoices = fc.array(fc.nat(99), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(anyChoices, fc.infiniteStream(fc.nat(2)), (choices, noise) => {
        origin.records.set('k1', fresh);
        destination.records.clear();
        let ledger = openLedger(pair);
        let clock = 0;
        const go = (first: replication.ReplicationStep, isSound: boolean) => {
          let step = first;
          for (let n = 0; n < 20 && step.commands.length > 0; n++) {
            const isLost = !isSound && noise.next().value === 0;
            const { ledger: sent, commands } = step;
            const now = later(clock);
            step = isLost
              ? unknown(step, [origin, destination], now)
              : replication.apply({
                  env: now,
                  ledger: sent,
                  results: commands.map((command) =>
                    (command.regionId === ORIGIN ? origin : destination).execute(command, now),
                  ),
                });
          }
          expect(step.commands).toEqual([]);
          ledger = step.ledger;
          expectKnown(ledger);
        };
        go(onEvent(ledger, created), false);
        for (const choice of choices) {
          clock += HOUR + 1;
          go(onEvent(ledger, next(choice, clock), clock), false);
          go(replication.retry({ env: later(clock), ledger }), false);
        }
        for (let n = 0; n < 8; n++) {
          clock += HOUR + 1;
          go(replication.retry({ env: later(clock), ledger }), true);
        }
        const { lifecycle: wanted, tags } = origin.get('k1');
        const copy = destination.copyOf('k1');
        expect(replication.status({ ledger }).problems).toEqual([]);
        if (wanted.state === 'create-complete') {
          const { enabled } = wanted;
          expect(copy).toMatchObject({ tags, lifecycle: { state: 'create-complete', enabled } });
        } else if (copy !== undefined) {
          expect(copy.lifecycle.state).toBe('delete-pending');
        }
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
