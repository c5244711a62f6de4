/**
 * The devices of a region: validated, allowed, given the main key, in service and out of it. Every
 * event comes right, or with one thing wrong; what is wrong has to be refused, by whatever code.
 */
import { type HsmSyncRecord, mainKeys } from 'keyblock/hierarchy';
import {
  CODES,
  consentTo,
  identityOf,
  issue,
  kcvOf,
  kdhOf,
  receive,
  requestOf,
} from './device-tokens.js';
import { hold, Violation } from './violation.js';
import { attempt, envOf, must, readRegion, type Site, type World } from './world.js';

type Event = mainKeys.HsmEvent;

/** The edges of section 2.2; and a device that has asked may ask again. */
const EDGES: Readonly<Record<HsmSyncRecord['state'], readonly HsmSyncRecord['state'][]>> = {
  unknown: ['validated', 'decommissioned'],
  validated: ['token-registered', 'token-issued', 'quarantined', 'decommissioned', 'loaded'],
  'token-registered': ['allowed', 'quarantined', 'decommissioned', 'validated'],
  allowed: [
    'token-registered',
    'token-issued',
    'loaded',
    'quarantined',
    'decommissioned',
    'validated',
  ],
  'token-issued': [
    'token-registered',
    'loaded',
    'quarantined',
    'decommissioned',
    'validated',
    'out-of-sync',
  ],
  loaded: ['in-service', 'quarantined', 'decommissioned', 'out-of-sync', 'validated'],
  'in-service': ['out-of-sync', 'quarantined', 'decommissioned'],
  'out-of-sync': ['validated', 'quarantined', 'decommissioned'],
  quarantined: ['validated', 'decommissioned'],
  decommissioned: ['destroyed'],
  destroyed: [],
};

/** An event, and whether it has to be refused whatever the state. */
interface Tried {
  readonly event: Event;
  readonly wrong: string | undefined;
}

/** Something happens to a device. */
export function stepDevices(world: World, site: Site): void {
  const { rng, stats } = world;
  const hsmId = `${site.regionId}:hsm-${1 + rng.int(3)}`;
  const known = site.store.read<HsmSyncRecord>(hsmId);
  if (known === undefined) {
    const next = mainKeys.createHsmRecord({ regionId: site.regionId, hsmId });
    site.store.apply({ op: 'put-record', recordId: hsmId, expectedRevision: 0, next });
  }
  const record = must(site.store.read<HsmSyncRecord>(hsmId));
  const tried = eventFor(world, site, record);
  if (tried === undefined) return;
  applyTo(world, site, record, tried);
  stats.add(`device ${tried.event.type}${tried.wrong === undefined ? '' : ', wrong'}`);
}

/** Gives every device in service the pending version, as a rotation of the region asks for. */
function distribute(world: World, site: Site, version: number): void {
  for (const { hsmId } of site.store.all<HsmSyncRecord>('hsm-sync')) {
    const read = (): HsmSyncRecord => must(site.store.read<HsmSyncRecord>(hsmId));
    const holds = read().versions.some((held) => held.version === version && held.receipt);
    if (read().state !== 'in-service' || holds) continue;
    const right = (event: Event | undefined): void => {
      if (event !== undefined) applyTo(world, site, read(), { event, wrong: undefined });
    };
    if (kdhOf(site, version) === hsmId) {
      right({ type: 'generate', version, kcv: kcvOf(site, version) });
      continue;
    }
    right({ type: 'register', token: requestOf(world, read()) });
    right(issue(world, site, read(), version));
    right(receive(site, read(), version));
  }
}

/** Whether no device in service can get a version that it lacks: who made it holds no keys. */
export function isOutOfReach(site: Site, version: number): boolean {
  const lacks = ({ state, versions }: HsmSyncRecord) =>
    state === 'in-service' && !versions.some((held) => held.version === version && held.receipt);
  const devices = site.store.all<HsmSyncRecord>('hsm-sync');
  return kdhOf(site, version) === undefined && devices.some(lacks);
}

/** The same for whatever version is pending, if any. */
export function distributePending(world: World, site: Site): void {
  const pending = readRegion(site).versions.find(({ state }) => state === 'pending');
  if (pending !== undefined) distribute(world, site, pending.version);
}

function applyTo(world: World, site: Site, record: HsmSyncRecord, { event, wrong }: Tried): void {
  const region = readRegion(site);
  const done = attempt(world, `device ${event.type}`, CODES, () =>
    mainKeys.applyHsmEvent({ env: envOf(world), record, region, event }),
  );
  if (done === undefined) return;
  hold(
    wrong === undefined,
    'a device event that is wrong is refused',
    () => `${event.type} ${wrong}`,
  );
  const { state } = done.record;
  hold(
    state === record.state || EDGES[record.state].includes(state),
    'the table of devices',
    () => `${record.state} ${event.type} ${state}`,
  );
  if (state === 'in-service') mustHoldActive(site, done.record);
  // All of it or nothing.
  for (const write of done.writes) {
    if (site.store.apply(write) !== 'applied')
      throw new Violation('a device is stored', event.type);
  }
  world.stats.add(`device is ${state}`);
}

/** In service is who has shown that it holds the active version, or one that was it until now. */
function mustHoldActive(site: Site, { hsmId, versions }: HsmSyncRecord): void {
  hold(
    versions.some(({ version, receipt }) => receipt?.kcv.value === kcvOf(site, version).value),
    'a device in service holds a version',
    () => hsmId,
  );
}

/** What leads on from a state: tried more often than the rest. */
const LIKELY: { readonly [state in HsmSyncRecord['state']]?: readonly number[] } = {
  unknown: [0],
  validated: [2],
  'token-registered': [3],
  allowed: [4, 6],
  'token-issued': [5],
  loaded: [7],
  'in-service': [2, 9, 9, 9, 10],
  'out-of-sync': [0],
  quarantined: [0],
};

/** Something that may happen to a device in its state, or may not. */
function eventFor(world: World, site: Site, record: HsmSyncRecord): Tried | undefined {
  const { rng } = world;
  const { hsmId } = record;
  const { versions } = readRegion(site);
  const wanted = versions.find(({ state }) => state === 'pending') ?? must(versions.at(-1));
  const active = must(versions.find(({ state }) => state === 'active'));
  const { version } = record.state === 'in-service' ? wanted : active;
  const isMaker = kdhOf(site, version) === hsmId;
  const isWrong = rng.oneIn(4);
  const identity = identityOf(hsmId);
  const other = identityOf('somebody-else');
  const consents = (event: 'allow' | 'quarantine' | 'decommission' | 'destroy') =>
    attempt(world, 'hsmOperation', CODES, () =>
      consentTo(world, mainKeys.hsmOperation({ record, event }), isWrong),
    ) ?? [];
  const because = (why: string): string | undefined => (isWrong ? why : undefined);
  const likely = LIKELY[record.state];
  switch (likely === undefined || rng.oneIn(4) ? rng.int(11) : rng.pick(likely)) {
    case 0:
    case 1:
      return {
        event: { type: 'validate', inventory: [identity], observed: isWrong ? other : identity },
        wrong: because('not in the inventory'),
      };
    case 2: {
      const token = requestOf(world, record);
      const expired = { ...token, expiresAt: new Date(world.now - 1000).toISOString() };
      return {
        event: { type: 'register', token: isWrong ? expired : token },
        wrong: because('late'),
      };
    }
    case 3:
      return { event: { type: 'allow', approvals: consents('allow') }, wrong: because('alone') };
    case 4: {
      const event = issue(world, site, record, version);
      if (event?.type !== 'issue') return undefined;
      if (!isWrong) return { event, wrong: undefined };
      const { token } = event;
      const wrongs = [
        { ...token, nonce: '00112233445566778899AABBCCDDEEFF' },
        { ...token, hsmId: 'somebody-else' },
        { ...token, kcv: { method: 'cmac', value: '0102030405' } as const },
        { ...token, version: 77 },
      ];
      return { event: { ...event, token: rng.pick(wrongs) }, wrong: 'another token' };
    }
    case 5: {
      const event = receive(site, record, version);
      if (event?.type !== 'receive') return undefined;
      const { receipt } = event;
      const wrongs = [
        { ...receipt, hsmId: 'somebody-else' },
        { ...receipt, nonce: '00112233445566778899AABBCCDDEEFF' },
        { ...receipt, kcv: { method: 'cmac', value: '0102030405' } as const },
        { ...receipt, regionId: 'elsewhere' },
      ];
      const given = isWrong ? rng.pick(wrongs) : receipt;
      return { event: { ...event, receipt: given }, wrong: because('another receipt') };
    }
    case 6:
      return {
        event: {
          type: 'generate',
          version,
          kcv: isWrong ? { method: 'cmac', value: '0102030405' } : kcvOf(site, version),
        },
        wrong: isMaker
          ? because('another check value')
          : 'not the device that made it and has held it since',
      };
    case 7:
    case 8:
      return { event: { type: 'serve' }, wrong: undefined };
    case 9:
      return { event: { type: 'lose-sync' }, wrong: undefined };
    default: {
      const type = rng.pick(['quarantine', 'decommission', 'destroy'] as const);
      if (type !== 'quarantine' && !rng.oneIn(6)) return undefined;
      const event: Event =
        type === 'destroy'
          ? { type, approvals: consents(type) }
          : { type, keysDeleted: true, approvals: consents(type) };
      return { event, wrong: because('alone') };
    }
  }
}
