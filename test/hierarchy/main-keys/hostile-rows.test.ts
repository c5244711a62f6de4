// Whoever can write to the store, or has put a name on the prototype of all objects: a row is read
// by its own members only, and trips over none of them.

import { KeyblockError } from 'keyblock';
import {
  approvals,
  auditHierarchy,
  type HsmState,
  type HsmSyncRecord,
  mainKeys,
  type RegionKeyRecord,
} from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import {
  consent,
  deviceIn,
  env,
  eventOf,
  REGION_ID,
  returning,
  rotating,
  type Situation,
  timeAfter,
} from './devices.js';

const STATES: readonly HsmState[] = [
  'validated',
  'token-registered',
  'allowed',
  'token-issued',
  'loaded',
  'in-service',
  'out-of-sync',
  'quarantined',
];

const EVENTS: readonly mainKeys.HsmEventType[] = [
  'validate',
  'register',
  'allow',
  'issue',
  'generate',
  'restore',
  'receive',
  'serve',
  'lose-sync',
  'quarantine',
  'decommission',
  'destroy',
];

const SITUATIONS: readonly Situation[] = [
  ...STATES.map(deviceIn),
  returning(),
  unlisted(),
  pending(),
];

/** Back with a token in the archive, but not on the allow list any more. */
function unlisted(): Situation {
  const { record, region } = returning();
  const { allowed: _, ...rest } = record;
  return { record: rest, region };
}

/** In service, with a token for the pending version that was not answered yet. */
function pending(): Situation {
  const { record, region } = deviceIn('in-service');
  const nonce = '0102030405060708';
  const versions = [...record.versions, { version: 2, nonce }];
  return { record: { ...record, versions }, region: rotating(region) };
}

type Call = (situation: Situation) => unknown;

/** Everything that reads the row of a device, or that of its region. */
function callsFor(situation: Situation): readonly Call[] {
  const restore = eventOf('restore', situation);
  return [
    ...EVENTS.map((type): Call => {
      const event = eventOf(type, situation);
      return (given) => mainKeys.applyHsmEvent({ env, ...given, event });
    }),
    ...(['allow', 'issue', 'destroy'] as const).map(
      (event): Call =>
        ({ record }) =>
          mainKeys.hsmOperation({ record, event, version: 1 }),
    ),
    ({ record: hsm, region: record }) => mainKeys.allReceipts({ record, version: 1, hsms: [hsm] }),
    ({ record: hsm, region: record }) =>
      mainKeys.planRestore({
        env,
        record,
        hsm,
        approvals: 'approvals' in restore ? restore.approvals : [],
      }),
    ({ region: record }) => mainKeys.retireTokens({ env, record, version: 1 }),
    ({ record, region }) => auditHierarchy({ env, records: [record, region] }),
  ];
}

/** What comes of a call: its result, or the code of its refusal. */
function outcomeOf(call: Call, situation: Situation): string {
  try {
    return JSON.stringify(call(situation)) ?? 'nothing';
  } catch (error) {
    if (error instanceof KeyblockError) return error.code;
    throw error;
  }
}

const HOSTILE: readonly unknown[] = [
  null,
  5,
  0.5,
  'x',
  '',
  [],
  [null],
  {},
  { toString: 1, valueOf: 1 },
  true,
  [[]],
];

/** The row with each of its members, however deep, replaced by each of those, or gone. */
function* alteredRows(row: object): Generator<never> {
  for (const path of pathsOf(row)) {
    for (const value of [...HOSTILE, undefined]) {
      const altered = structuredClone(row) as Record<string, unknown>;
      let holder = altered;
      for (const name of path.slice(0, -1)) holder = holder[name] as Record<string, unknown>;
      const last = path.at(-1) ?? '';
      if (value === undefined) delete holder[last];
      else holder[last] = value;
      yield altered as never;
    }
  }
}

function* pathsOf(value: unknown, path: readonly string[] = []): Generator<readonly string[]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    yield [...path, name];
    yield* pathsOf(member, [...path, name]);
  }
}

describe('a row that was altered', () => {
  it.each(SITUATIONS)('trips nothing: of a device that is $record.state', (situation) => {
    const calls = callsFor(situation);
    for (const record of alteredRows(situation.record)) {
      for (const call of calls) outcomeOf(call, { ...situation, record });
    }
  });

  it('trips nothing: of a region', () => {
    const situation = pending();
    const calls = callsFor(situation);
    for (const region of alteredRows(situation.region)) {
      for (const call of calls) outcomeOf(call, { ...situation, region });
    }
  });

  it.each(EVENTS)('trips nothing: of an event %s', (type) => {
    for (const situation of SITUATIONS) {
      for (const event of alteredRows(eventOf(type, situation))) {
        outcomeOf((given) => mainKeys.applyHsmEvent({ env, ...given, event }), situation);
      }
    }
  });

  it('trips nothing: of a manifest, its digest computed anew', () => {
    const { region } = pending();
    const records = [region];
    const { digest: _, ...content } = mainKeys.createArchiveManifest({
      env,
      regionId: REGION_ID,
      records,
    });
    for (const altered of alteredRows(content)) {
      const manifest = () => ({
        ...(altered as typeof content),
        digest: approvals.digest(altered),
      });
      outcomeOf(() => mainKeys.verifyArchive({ manifest: manifest(), records }), pending());
    }
  });

  it.each<[string, Partial<HsmSyncRecord>]>([
    ['a version that is none', { versions: [null] as never }],
    ['a receipt without a check value', { versions: [{ version: 1, receipt: {} as never }] }],
    ['no request', { krdToken: null as never }],
    ['nonces that are none', { seenNonces: [null] as never }],
    ['receipts that are none', { takenReceipts: 'x' as never }],
  ])('is refused with %s', (_, others) => {
    const { record, region } = deviceIn('loaded');
    const situation = { record: { ...record, ...others }, region };
    const serve: Call = (given) =>
      mainKeys.applyHsmEvent({ env, ...given, event: { type: 'serve' } });
    expect(outcomeOf(serve, situation)).toBe('STATE_CONFLICT');
  });
});

/** What a member that a row does not have might be taken for. */
const INHERITED: Readonly<Record<string, readonly unknown[]>> = {
  identity: [deviceIn('validated').record.identity],
  krdToken: [deviceIn('token-registered').record.krdToken],
  allowed: [{}, deviceIn('allowed').record.allowed],
  takenReceipts: [[], 'x'],
  receipt: rotating(deviceIn('unknown').region).versions.map(({ kcv }) => ({ kcv })),
  nonce: ['0102030405060708', 'x'],
  invalidatedAt: [timeAfter(-1)],
  expiresAt: [timeAfter(-1), timeAfter(1)],
  approvals: [consent({ action: 'none' })],
  compromised: [{ at: timeAfter(-1) }],
  draining: [true],
  jobId: ['job'],
  wrapUntil: [timeAfter(-1)],
  unwrapUntil: [timeAfter(-1)],
  version: [1, 2],
  kcv: [{ method: 'cmac', value: '0011223344' }],
  hsmId: ['hsm-1'],
};

describe('a name on the prototype of all objects', () => {
  it.each(Object.entries(INHERITED))('is no member of a row: %s', (name, values) => {
    const situations = [...SITUATIONS, invalidated()];
    for (const situation of situations) {
      for (const call of callsFor(situation)) {
        const expected = outcomeOf(call, situation);
        for (const value of values) {
          expect(withInherited(name, value, () => outcomeOf(call, situation))).toBe(expected);
        }
      }
    }
  });

  /** Of a version that was left behind, so that its tokens may be retired. */
  function invalidated(): Situation {
    const { record, region } = deviceIn('in-service');
    const versions = rotating(region).versions.map((version) => ({
      ...version,
      state: version.version === 1 ? ('retired' as const) : ('active' as const),
    }));
    const next: RegionKeyRecord = { ...rotating(region), versions };
    return { record, region: next };
  }

  function withInherited<T>(name: string, value: unknown, run: () => T): T {
    Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
    try {
      return run();
    } finally {
      delete (Object.prototype as unknown as Record<string, unknown>)[name];
    }
  }
});
