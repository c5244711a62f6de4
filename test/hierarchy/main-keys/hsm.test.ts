import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { KeyblockError, type KeyblockErrorCode, toHex } from 'keyblock';
import {
  applyWrite,
  type ConditionalWrite,
  type HsmState,
  type HsmSyncRecord,
  mainKeys,
  rotation,
} from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import {
  afterEvent,
  consent,
  deviceIn,
  env,
  eventOf,
  HSM_ID,
  IDENTITY,
  krdToken,
  mainKeyToken,
  newRegion,
  promoted,
  REGION_ID,
  returning,
  rotating,
  type Situation,
  timeAfter,
} from './devices.js';

const STATES: readonly HsmState[] = [
  'unknown',
  'validated',
  'token-registered',
  'allowed',
  'token-issued',
  'loaded',
  'in-service',
  'out-of-sync',
  'quarantined',
  'decommissioned',
  'destroyed',
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

/** The picture of the specification, arrow by arrow. */
const ARROWS: readonly (readonly [HsmState, mainKeys.HsmEventType, HsmState])[] = [
  ['unknown', 'validate', 'validated'],
  ['validated', 'register', 'token-registered'],
  ['token-registered', 'register', 'token-registered'],
  ['token-registered', 'allow', 'allowed'],
  ['allowed', 'register', 'token-registered'],
  ['allowed', 'issue', 'token-issued'],
  ['token-issued', 'register', 'token-registered'],
  ['token-issued', 'receive', 'loaded'],
  ['loaded', 'serve', 'in-service'],
  // The KDH made the key itself; a device that comes back has a token in the archive.
  ['validated', 'generate', 'loaded'],
  ['validated', 'restore', 'token-issued'],
  // The pending version of a rotation is given to devices in service.
  ['in-service', 'register', 'in-service'],
  ['in-service', 'issue', 'in-service'],
  ['in-service', 'generate', 'in-service'],
  ['in-service', 'receive', 'in-service'],
  ['loaded', 'lose-sync', 'out-of-sync'],
  ['in-service', 'lose-sync', 'out-of-sync'],
  ['out-of-sync', 'validate', 'validated'],
  // Never back into service from here but by the way of a new device.
  ['validated', 'quarantine', 'quarantined'],
  ['token-registered', 'quarantine', 'quarantined'],
  ['allowed', 'quarantine', 'quarantined'],
  ['token-issued', 'quarantine', 'quarantined'],
  ['loaded', 'quarantine', 'quarantined'],
  ['in-service', 'quarantine', 'quarantined'],
  ['out-of-sync', 'quarantine', 'quarantined'],
  ['quarantined', 'validate', 'validated'],
  ['validated', 'decommission', 'decommissioned'],
  ['token-registered', 'decommission', 'decommissioned'],
  ['allowed', 'decommission', 'decommissioned'],
  ['token-issued', 'decommission', 'decommissioned'],
  ['loaded', 'decommission', 'decommissioned'],
  ['in-service', 'decommission', 'decommissioned'],
  ['out-of-sync', 'decommission', 'decommissioned'],
  ['quarantined', 'decommission', 'decommissioned'],
  ['decommissioned', 'destroy', 'destroyed'],
];

const PAIRS = STATES.flatMap((state) =>
  EVENTS.map((type) => {
    const arrow = ARROWS.find(([from, event]) => from === state && event === type);
    return { state, type, to: arrow?.[2] };
  }),
);

/** A device in the state, in a region where the conditions of the event are met. */
function situationFor(state: HsmState, type: mainKeys.HsmEventType): Situation {
  const { record, region } = state === 'validated' ? returning() : deviceIn(state);
  switch (type) {
    case 'generate': {
      const { kdh } = rotating(region);
      const own = kdh.map(({ version }) => ({ hsmId: HSM_ID, version }));
      return { record, region: { ...rotating(region), kdh: own } };
    }
    case 'issue': {
      if (state !== 'in-service') return { record, region };
      return afterEvent({ record, region: rotating(region) }, 'register');
    }
    case 'receive': {
      if (state !== 'in-service') return { record, region };
      return afterEvent(afterEvent({ record, region: rotating(region) }, 'register'), 'issue');
    }
    case 'lose-sync':
      return { record, region: promoted(region) };
    default:
      return { record, region };
  }
}

function refusal(situation: Situation, event: mainKeys.HsmEvent): KeyblockErrorCode | undefined {
  try {
    mainKeys.applyHsmEvent({ env, ...situation, event });
    return undefined;
  } catch (error) {
    if (error instanceof KeyblockError) return error.code;
    throw error;
  }
}

/** The situation after its region went on, if it has not done so before. */
function inPhase({ record, region }: Situation, phase: string): Situation {
  const isFirst = region.versions.length === 1;
  if (isFirst && phase === 'rotating') return { record, region: rotating(region) };
  return { record, region: isFirst && phase === 'promoted' ? promoted(region) : region };
}

/** What has to be true of a device after every event. */
function requirePromises({ record, region }: Situation, type: mainKeys.HsmEventType): void {
  const { state, versions, allowed } = record;
  const held = versions.filter(({ receipt }) => receipt !== undefined);
  if (state === 'loaded' || state === 'in-service') expect(held).not.toEqual([]);
  if (type === 'serve') {
    const active = region.versions.find((version) => version.state === 'active');
    expect(held.map(({ version }) => version)).toContain(active?.version);
  }
  for (const { version, receipt } of held) {
    const known = region.versions.find((candidate) => candidate.version === version);
    expect(receipt?.kcv).toEqual(known?.kcv);
  }
  if (state === 'quarantined' || state === 'decommissioned' || state === 'destroyed') {
    expect([versions, allowed]).toEqual([[], undefined]);
    expect(region.tokens.every(({ invalidatedAt }) => invalidatedAt !== undefined)).toBe(true);
  }
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) frozen(member);
    Object.freeze(value);
  }
  return value;
}

describe('applyHsmEvent', () => {
  it('knows every pair of state and event', () => {
    expect(PAIRS).toHaveLength(132);
    expect(PAIRS.filter(({ to }) => to !== undefined)).toHaveLength(ARROWS.length);
  });

  it.each(PAIRS)('from $state by $type: $to', ({ state, type, to }) => {
    const situation = frozen(situationFor(state, type));
    const event = eventOf(type, situation);
    const before = JSON.stringify(situation);
    if (to === undefined) {
      expect(refusal(situation, event)).toBe('STATE_CONFLICT');
    } else {
      const { record, writes, audit } = mainKeys.applyHsmEvent({ env, ...situation, event });
      expect(record.state).toBe(to);
      expect(record.revision).toBe(situation.record.revision + 1);
      expect(JSON.parse(JSON.stringify(record))).toStrictEqual(record);
      expect(writes[0]).toEqual({
        op: 'put-record',
        recordId: HSM_ID,
        expectedRevision: situation.record.revision,
        next: record,
      });
      expect(audit).toEqual([
        expect.objectContaining({ action: `hsm.${type}`, outcome: 'ok', hsmId: HSM_ID, phase: to }),
      ]);
    }
    expect(JSON.stringify(situation)).toBe(before);
  });

  it('stores what it did to the region, and only then', () => {
    const allowed = deviceIn('allowed');
    const issued = mainKeys.applyHsmEvent({ env, ...allowed, event: eventOf('issue', allowed) });
    expect(issued.region.tokens).toHaveLength(1);
    expect(issued.writes[1]).toEqual({
      op: 'put-record',
      recordId: REGION_ID,
      expectedRevision: 1,
      next: issued.region,
    });
    expect(issued.region.revision).toBe(2);
    const loaded = mainKeys.applyHsmEvent({ env, ...issued, event: eventOf('receive', issued) });
    expect(loaded.region).toBe(issued.region);
    expect(loaded.writes).toHaveLength(1);
  });

  it('keeps what it promises over any sequence of events', () => {
    const step = fc.record({
      choice: fc.nat({ max: 1000 }),
      isRemoval: fc.nat({ max: 9 }).map((n) => n === 0),
      phase: fc.constantFrom('same', 'same', 'same', 'rotating', 'promoted'),
    });
    let taken = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...STATES.slice(0, -2)),
        fc.array(step, { minLength: 20, maxLength: 40 }),
        (start, steps) => {
          let situation: Situation = deviceIn(start);
          for (const { choice, isRemoval, phase } of steps) {
            situation = inPhase(situation, phase);
            const types = ARROWS.filter(([from]) => from === situation.record.state)
              .map(([, type]) => type)
              .filter((type) => isRemoval === ['quarantine', 'decommission'].includes(type));
            const type = types[choice % types.length];
            if (type === undefined) continue;
            const event = eventOf(type, situation);
            if (refusal(situation, event) !== undefined) continue;
            taken++;
            situation = mainKeys.applyHsmEvent({ env, ...situation, event });
            requirePromises(situation, type);
          }
        },
      ),
      { numRuns: 200 },
    );
    expect(taken).toBeGreaterThan(500); // or the sequences went nowhere
  });

  it('lets a device into service, or the region to its next main key, but not both unseen', () => {
    const { record, region } = deviceIn('loaded');
    const policy = { maxReaderStalenessSeconds: 0 };
    const planned = rotation.plan({ env, mainKey: region, kdh: { hsmId: 'hsm-1' }, policy });
    const started = rotation.start({ env, job: planned.job, mainKey: planned.mainKey, hsms: [] });
    const { mainKey } = started;
    const { job } = rotation.verifyFold({ env, job: started.job, results: [], count: 0 });
    const served = mainKeys.applyHsmEvent({
      env,
      record,
      region: mainKey,
      event: { type: 'serve' },
    });
    const promoted = rotation.promote({ env, job, mainKey, hsms: [record] });
    const writesOf = (writes: readonly ConditionalWrite[]) =>
      writes.filter(({ recordId }) => recordId === REGION_ID);
    for (const [first, second] of [
      [served, promoted],
      [promoted, served],
    ]) {
      const [one, other] = [writesOf(first?.writes ?? []), writesOf(second?.writes ?? [])];
      const stored = one.map((write) => applyWrite({ record: mainKey, write }));
      expect(stored).toHaveLength(1);
      expect(other.map((write) => applyWrite({ record: stored[0], write }))).toEqual([undefined]);
    }
    // Who looks again finds a device without the next main key, or an old one in the device.
    expect(() =>
      rotation.promote({ env, job, mainKey: served.region, hsms: [served.record] }),
    ).toThrow(expect.objectContaining({ code: 'STATE_CONFLICT' }));
    expect(refusal({ record, region: promoted.mainKey }, { type: 'serve' })).toBe('STATE_CONFLICT');
  });

  it('leaves the region alone where a device that goes has no token in its archive', () => {
    const { record, region, writes } = mainKeys.applyHsmEvent({
      env,
      ...deviceIn('allowed'),
      event: eventOf('quarantine', deviceIn('allowed')),
    });
    expect([record.state, region.revision, writes.length]).toEqual(['quarantined', 1, 1]);
  });

  it('takes a device through a rotation of the main key without taking it out of service', () => {
    let situation = deviceIn('in-service');
    const hsms = () => [situation.record];
    situation = { ...situation, region: rotating(situation.region) };
    const all = (version: number) =>
      mainKeys.allReceipts({ record: situation.region, version, hsms: hsms() });
    expect([all(1), all(2)]).toEqual([true, false]);
    for (const type of ['register', 'issue', 'receive'] as const) {
      situation = afterEvent(situation, type);
      expect(situation.record.state).toBe('in-service');
      expect(all(2)).toBe(type === 'receive');
    }
    const versions = situation.region.versions.map((version) => ({
      ...version,
      state: version.version === 2 ? ('active' as const) : ('retiring' as const),
    }));
    situation = { ...situation, region: { ...situation.region, versions } };
    expect(refusal(situation, { type: 'lose-sync' })).toBe('STATE_CONFLICT');
  });

  it('lets a quarantined device in by the way of a new one only', () => {
    const inService = deviceIn('in-service');
    const { record, region } = afterEvent(inService, 'quarantine');
    expect(record).not.toHaveProperty('allowed');
    expect(record.versions).toEqual([]);
    expect(region.tokens.map(({ invalidatedAt }) => invalidatedAt)).toEqual([timeAfter(0)]);
    const validated = afterEvent({ record, region }, 'validate');
    const plan = mainKeys.planRestore({
      record: region,
      hsm: validated.record,
      approvals: [],
      env,
    });
    expect(plan).toEqual({ outcome: 'new-token-needed', version: 1 });
    expect(refusal(validated, eventOf('restore', validated))).toBe('STALE_VERSION');
    let situation = validated;
    for (const type of ['register', 'allow', 'issue', 'receive', 'serve'] as const) {
      situation = afterEvent(situation, type);
    }
    expect(situation.record.state).toBe('in-service');
  });

  it('lets a KDH in by no other way: what it made it does not hold any more', () => {
    const start = deviceIn('unknown');
    const made = { hsmId: HSM_ID, version: 1 };
    let situation: Situation = { ...start, region: { ...start.region, kdh: [made] } };
    for (const type of ['validate', 'generate', 'serve', 'quarantine', 'validate'] as const) {
      situation = afterEvent(situation, type);
    }
    const { region } = situation;
    expect(region.kdh).toEqual([{ ...made, invalidatedAt: timeAfter(0) }]);
    expect(refusal(situation, eventOf('generate', situation))).toBe('RECIPIENT_MISMATCH');
    for (const type of ['register', 'allow'] as const) situation = afterEvent(situation, type);
    // It signs no token of that version, for itself or for others, and nobody else does.
    const { record } = situation;
    const approvals = consent(mainKeys.hsmOperation({ record, event: 'issue', version: 1 }));
    for (const kdhId of [HSM_ID, 'hsm-1']) {
      const token = mainKeyToken(situation, 1, { kdhId });
      const event = { type: 'issue', token, approvals } as const;
      expect(refusal(situation, event)).toBe('RECIPIENT_MISMATCH');
    }
    // The version that another device made it gets as every device does.
    situation = { ...situation, region: promoted(region) };
    for (const type of ['issue', 'receive', 'serve'] as const) {
      situation = afterEvent(situation, type);
    }
    expect(situation.record.state).toBe('in-service');
  });

  it('remembers every nonce, through quarantine too', () => {
    const token = krdToken();
    const first = mainKeys.applyHsmEvent({
      env,
      ...deviceIn('validated'),
      event: { type: 'register', token },
    });
    const again = afterEvent(afterEvent(first, 'quarantine'), 'validate');
    for (const situation of [first, again]) {
      expect(refusal(situation, { type: 'register', token })).toBe('FRESHNESS');
    }
    expect(JSON.stringify(again.record)).not.toContain(token.nonce);
  });

  const unlike = { ...IDENTITY, certificateDigest: '00'.repeat(32) };
  it.each<[string, HsmState, mainKeys.HsmEvent, KeyblockErrorCode]>([
    [
      'a device that nobody delivered',
      'unknown',
      { type: 'validate', inventory: [], observed: IDENTITY },
      'RECIPIENT_MISMATCH',
    ],
    ...(['serial', 'certificateDigest', 'firmwareDigest'] as const).map(
      (name): [string, HsmState, mainKeys.HsmEvent, KeyblockErrorCode] => [
        `another ${name} than the one delivered`,
        'unknown',
        {
          type: 'validate',
          inventory: [IDENTITY],
          observed: { ...IDENTITY, [name]: '00'.repeat(32) },
        },
        'RECIPIENT_MISMATCH',
      ],
    ),
    [
      'a request of another device',
      'validated',
      { type: 'register', token: krdToken({ hsmId: 'hsm-3' }) },
      'RECIPIENT_MISMATCH',
    ],
    [
      'another certificate than the validated one',
      'validated',
      { type: 'register', token: krdToken({ certificate: btoa('another') }) },
      'CERTIFICATE_UNTRUSTED',
    ],
    [
      'a request past its time',
      'validated',
      { type: 'register', token: krdToken({ expiresAt: timeAfter(0) }) },
      'FRESHNESS',
    ],
    [
      'a request from the future',
      'validated',
      { type: 'register', token: krdToken({ issuedAt: timeAfter(301) }) },
      'FRESHNESS',
    ],
    [
      'a request for longer than 30 days',
      'validated',
      { type: 'register', token: krdToken({ expiresAt: timeAfter(30 * 86_400) }) },
      'FRESHNESS',
    ],
    [
      'a request without times',
      'validated',
      { type: 'register', token: krdToken({ issuedAt: 'now', expiresAt: 'later' }) },
      'FRESHNESS',
    ],
    ...[undefined, 5, 'no base64'].map(
      (certificate): [string, HsmState, mainKeys.HsmEvent, KeyblockErrorCode] => [
        `${certificate} for a certificate`,
        'validated',
        { type: 'register', token: krdToken({ certificate: certificate as string }) },
        'INVALID_ARGUMENT',
      ],
    ),
    ...[null, { serial: '' }, { certificateDigest: 'AB' }, { firmwareDigest: 7 }].map(
      (change): [string, HsmState, mainKeys.HsmEvent, KeyblockErrorCode] => [
        `a device that is seen as ${JSON.stringify(change)}`,
        'unknown',
        {
          type: 'validate',
          inventory: [IDENTITY],
          observed: (change && { ...IDENTITY, ...change }) as typeof IDENTITY,
        },
        'INVALID_ARGUMENT',
      ],
    ),
    [
      'a short nonce',
      'validated',
      { type: 'register', token: krdToken({ nonce: '00112233445566' }) },
      'INVALID_ARGUMENT',
    ],
  ])('refuses %s', (_, state, event, code) => {
    expect(refusal(deviceIn(state), event)).toBe(code);
  });

  it('refuses a device that comes back with another certificate the token it had', () => {
    const { record, region } = deviceIn('in-service');
    const lost = afterEvent({ record, region: promoted(region) }, 'lose-sync');
    const event = { type: 'validate', inventory: [unlike], observed: unlike } as const;
    const { record: hsm } = mainKeys.applyHsmEvent({ env, record: lost.record, region, event });
    expect(mainKeys.planRestore({ record: region, hsm, approvals: [], env })).toEqual({
      outcome: 'new-token-needed',
      version: 1,
    });
  });

  it.each<[string, Parameters<typeof mainKeyToken>[2], KeyblockErrorCode]>([
    ['for another device', { hsmId: 'hsm-3' }, 'RECIPIENT_MISMATCH'],
    ['of another device than the KDH', { kdhId: 'hsm-3' }, 'RECIPIENT_MISMATCH'],
    ['with another nonce', { nonce: '00'.repeat(16) }, 'FRESHNESS'],
    ['with another key', { kcv: { method: 'cmac', value: '0011223344' } }, 'KCV_MISMATCH'],
    ['of a version that does not exist', { version: 3 }, 'UNKNOWN_KEY_VERSION'],
    ['of the pending version for a new device', { version: 2 }, 'STATE_CONFLICT'],
  ])('refuses to issue a token %s', (_, others, code) => {
    const { record, region } = deviceIn('allowed');
    const situation = { record, region: rotating(region) };
    const token = mainKeyToken(situation, 1, others);
    const approvals = consent(
      mainKeys.hsmOperation({ record, event: 'issue', version: token.version }),
    );
    expect(refusal(situation, { type: 'issue', token, approvals })).toBe(code);
  });

  it('archives the token with its time, and nothing that came along', () => {
    const situation = deviceIn('allowed');
    const event = eventOf('issue', situation);
    if (event.type !== 'issue') throw new Error('another event');
    const token = { ...event.token, expiresAt: timeAfter(60), note: 'x' };
    const { region } = mainKeys.applyHsmEvent({ env, ...situation, event: { ...event, token } });
    expect(region.tokens.at(-1)).toEqual({ ...event.token, expiresAt: timeAfter(60) });
  });

  it('refuses to issue a token when the request has expired since, or the key is compromised', () => {
    const { record, region } = deviceIn('allowed');
    const event = eventOf('issue', { record, region });
    const later = { at: new Date(timeAfter(3600)) };
    expect(() => mainKeys.applyHsmEvent({ env: later, record, region, event })).toThrow(
      expect.objectContaining({ code: 'FRESHNESS', field: 'token' }),
    );
    const versions = region.versions.map((version) => ({
      ...version,
      compromised: { at: timeAfter(-1) },
    }));
    const situation = { record, region: { ...region, versions } };
    expect(refusal(situation, event)).toBe('STATE_CONFLICT');
  });

  it.each([
    ['of another device', { hsmId: 'hsm-3' }, 'RECIPIENT_MISMATCH'],
    ['of another region', { regionId: 'eu-west-1' }, 'CONTEXT_MISMATCH'],
    ['for another token', { nonce: '00'.repeat(16) }, 'FRESHNESS'],
    ['without a nonce', { nonce: undefined }, 'FRESHNESS'],
    ['with another check value', { kcv: { method: 'cmac', value: '00' } }, 'KCV_MISMATCH'],
    ['without a check value', { kcv: undefined }, 'INVALID_ARGUMENT'],
    [
      'with a check value of another kind',
      { kcv: { method: 'hmac', value: '00' } },
      'KCV_MISMATCH',
    ],
    ['of a version that was not given to it', { version: 2 }, 'STATE_CONFLICT'],
  ] as const)('refuses a receipt %s', (_, others, code) => {
    const { record, region } = deviceIn('token-issued');
    const situation = { record, region: rotating(region) };
    const event = eventOf('receive', situation);
    if (event.type !== 'receive') throw new Error('another event');
    const receipt = { ...event.receipt, ...(others as Partial<typeof event.receipt>) };
    expect(refusal(situation, { type: 'receive', receipt })).toBe(code);
  });

  it('takes a receipt once: after a restore the device has to answer again', () => {
    const { record, region } = returning();
    const first = record.versions[0]?.receipt;
    if (first === undefined) throw new Error('no receipt');
    const restored = afterEvent({ record, region }, 'restore');
    expect(refusal(restored, { type: 'receive', receipt: first })).toBe('FRESHNESS');
    const receipt = { ...first, at: timeAfter(60) };
    const event = { type: 'receive', receipt } as const;
    const loaded = mainKeys.applyHsmEvent({ env, ...restored, event });
    expect(loaded.record.state).toBe('loaded');
    // Neither of them a third time, whatever tokens there were in between.
    const lost = afterEvent({ ...loaded, region: promoted(region) }, 'lose-sync');
    const again = afterEvent(afterEvent({ ...lost, region }, 'validate'), 'restore');
    for (const old of [first, receipt]) {
      expect(refusal(again, { type: 'receive', receipt: old })).toBe('FRESHNESS');
    }
  });

  it('refuses a receipt for a version that was left behind in the meantime', () => {
    const { record, region } = deviceIn('token-issued');
    const event = eventOf('receive', { record, region });
    expect(refusal({ record, region: promoted(region) }, event)).toBe('STALE_VERSION');
  });

  it.each(['quarantine', 'decommission'] as const)('refuses to %s with keys inside', (type) => {
    const situation = deviceIn('in-service');
    const event = {
      ...eventOf(type, situation),
      keysDeleted: false,
    } as unknown as mainKeys.HsmEvent;
    expect(refusal(situation, event)).toBe('STATE_CONFLICT');
  });

  it('refuses the record of another region, and what is no record', () => {
    const { record, region } = deviceIn('validated');
    const event = eventOf('register', { record, region });
    const other = { ...region, regionId: 'eu-west-1' };
    expect(refusal({ record, region: other }, event)).toBe('CONTEXT_MISMATCH');
    for (const broken of [
      { ...record, kind: 'krd' },
      { ...record, schema: 2 },
      { ...record, state: 'toString' },
      { ...record, versions: undefined },
    ]) {
      const situation = { record: broken as unknown as HsmSyncRecord, region };
      expect(refusal(situation, event)).toBe('STATE_CONFLICT');
    }
  });

  it.each([...EVENTS.map((type) => ({ type })), { type: 'toString' }, {}])(
    'never throws anything else: %j',
    (event) => {
      for (const state of STATES) {
        const given = event as unknown as mainKeys.HsmEvent;
        const { record, region } = situationFor(state, 'serve');
        // What has nothing to say beside its name happens.
        if ('type' in event && event.type === 'serve' && state === 'loaded') continue;
        expect(refusal({ record, region }, given)).toBeDefined();
      }
    },
  );
});

describe('consent', () => {
  const cases = [
    ['token-registered', 'allow'],
    ['allowed', 'issue'],
    ['validated', 'restore'],
    ['in-service', 'quarantine'],
    ['in-service', 'decommission'],
    ['decommissioned', 'destroy'],
  ] as const;

  it.each(cases)('is needed from two people: from %s by %s', (state, type) => {
    const situation = situationFor(state, type);
    const event = eventOf(type, situation);
    if (!('approvals' in event)) throw new Error('no approvals');
    const [first, second] = event.approvals;
    if (first === undefined || second === undefined) throw new Error('too few');
    const other = { ...second, operationDigest: '00'.repeat(32) };
    for (const approvals of [[], [first], [first, first], [first, other]]) {
      expect(refusal(situation, { ...event, approvals })).toBe('APPROVAL_REQUIRED');
    }
    // The requester does not count, and no policy makes do with one.
    for (const policy of [{ requester: second.by }, { count: 1, requester: first.by }]) {
      expect(() => mainKeys.applyHsmEvent({ env, ...situation, event, policy })).toThrow(
        expect.objectContaining({ code: 'APPROVAL_REQUIRED', field: 'approvals' }),
      );
    }
    const late = { at: new Date(timeAfter(86_400)) };
    const code = type === 'allow' || type === 'issue' ? 'FRESHNESS' : 'APPROVAL_REQUIRED';
    expect(() => mainKeys.applyHsmEvent({ env: late, ...situation, event })).toThrow(
      expect.objectContaining({ code }),
    );
    expect(refusal(situation, event)).toBeUndefined();
  });

  it('is for the certificate that was shown: another row gets no token', () => {
    const { record, region } = deviceIn('allowed');
    const event = eventOf('issue', { record, region });
    const { krdToken: token, allowed } = record;
    if (token === undefined || allowed === undefined) throw new Error('not allowed');
    const certificate = btoa('of somebody else');
    const digest = toHex(sha256(new TextEncoder().encode('of somebody else'))).toLowerCase();
    const swapped: HsmSyncRecord = {
      ...record,
      identity: { ...IDENTITY, certificateDigest: digest },
      krdToken: { ...token, certificate },
      allowed: { ...allowed, certificateDigest: digest },
    };
    expect(refusal({ record: swapped, region }, event)).toBe('APPROVAL_REQUIRED');
  });

  it('serves once: the device is another after it', () => {
    const inService = deviceIn('in-service');
    const event = eventOf('quarantine', inService);
    const { record, region } = mainKeys.applyHsmEvent({ env, ...inService, event });
    const back = afterEvent({ record, region }, 'validate');
    expect(refusal(back, event)).toBe('APPROVAL_REQUIRED');
  });

  it('is over what is said of the device', () => {
    const { record } = deviceIn('allowed');
    expect(mainKeys.hsmOperation({ record, event: 'issue', version: 1 })).toEqual({
      action: 'hsm.issue',
      regionId: REGION_ID,
      hsmId: HSM_ID,
      version: 1,
      nonce: record.krdToken?.nonce,
      certificateDigest: IDENTITY.certificateDigest,
    });
    expect(mainKeys.hsmOperation({ record, event: 'allow' })).toEqual({
      action: 'hsm.allow',
      regionId: REGION_ID,
      hsmId: HSM_ID,
      revision: record.revision,
      ...IDENTITY,
    });
    const unknown = mainKeys.createHsmRecord({ regionId: REGION_ID, hsmId: HSM_ID });
    for (const event of ['allow', 'issue'] as const) {
      expect(() => mainKeys.hsmOperation({ record: unknown, event })).toThrow(
        expect.objectContaining({ code: 'STATE_CONFLICT' }),
      );
    }
    for (const event of ['sell', 'toString', undefined]) {
      const options = { record, event } as unknown as mainKeys.HsmOperationOptions;
      expect(() => mainKeys.hsmOperation(options)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'options' }),
      );
    }
  });

  it('is over the very token that is restored, and the device as it is', () => {
    const { record, region } = deviceIn('in-service');
    const [token] = region.tokens;
    if (token === undefined) throw new Error('no token');
    const regionId = REGION_ID;
    const { revision } = record;
    expect(mainKeys.restoreOperation({ regionId, token, revision })).toEqual({
      action: 'main-key.restore',
      regionId,
      hsmId: HSM_ID,
      revision,
      version: 1,
      digest: toHex(sha256(new TextEncoder().encode(token.token))).toLowerCase(),
    });
    const broken = [
      { regionId, token: { ...token, token: 5 }, revision },
      { regionId, token, revision: 1.5 },
      { regionId, token, revision: undefined },
    ] as unknown as Parameters<typeof mainKeys.restoreOperation>[0][];
    for (const options of broken) {
      expect(() => mainKeys.restoreOperation(options)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'record' }),
      );
    }
  });
});

describe('createHsmRecord', () => {
  it.each([
    [{ regionId: '', hsmId: 'hsm-1' }, 'regionId'],
    [{ regionId: 'eu', hsmId: 'two words' }, 'hsmId'],
  ])('rejects %j', (options, field) => {
    expect(() => mainKeys.createHsmRecord(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field }),
    );
  });
});

describe('allReceipts', () => {
  it('passes over devices of other regions, and out of service', () => {
    const { record, region } = deviceIn('in-service');
    const other = { ...record, regionId: 'eu-west-1', versions: [] };
    const quarantined = { ...record, state: 'quarantined', versions: [] } as const;
    const empty = { ...record, versions: [] };
    const all = (hsms: readonly HsmSyncRecord[]) =>
      mainKeys.allReceipts({ record: region, version: 1, hsms });
    expect(all([record, other, quarantined])).toBe(true);
    expect(all([record, empty])).toBe(false);
    expect(all([])).toBe(true);
  });

  it('counts a receipt by its check value', () => {
    const { record } = deviceIn('in-service');
    const hsms = [record];
    expect(mainKeys.allReceipts({ record: newRegion(), version: 1, hsms })).toBe(false);
  });

  it('rejects a version that does not exist, and what is no list', () => {
    const { record: hsm, region: record } = deviceIn('in-service');
    expect(() => mainKeys.allReceipts({ record, version: 2, hsms: [hsm] })).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_KEY_VERSION' }),
    );
    const hsms = hsm as unknown as readonly HsmSyncRecord[];
    expect(() => mainKeys.allReceipts({ record, version: 1, hsms })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});
