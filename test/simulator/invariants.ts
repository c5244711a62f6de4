/**
 * What has to be true after every step: every key opens to its true value for every reader, rows
 * say of a key what is true of it, and versions of main keys follow their table.
 */
import type { CustomerKeyRecord, MainKeyVersion } from 'keyblock/hierarchy';
import { heldBy, type Reader, readKey } from './readers.js';
import { toHex } from './secrets.js';
import type { Truth } from './truth.js';
import { hold } from './violation.js';
import {
  customerKeys,
  profileKeyId,
  readProfile,
  readRegion,
  type Site,
  type World,
} from './world.js';

/** What was seen to hold for some texts needs no second look. */
export interface Checked {
  readonly opened: Map<string, string>;
  readonly versions: Map<string, string>;
  /** Versions of main keys by `keyId version`: the last state seen. */
  readonly states: Map<string, string>;
}

export const nothingChecked = (): Checked => ({
  opened: new Map(),
  versions: new Map(),
  states: new Map(),
});

/** Checks one site; `readers` are those of each profile. */
export function checkSite(
  world: World,
  site: Site,
  readers: ReadonlyMap<string, readonly Reader[]>,
  checked: Checked,
): void {
  checkVersions(site, checked);
  for (const truth of site.truths.keys.values()) {
    const text = site.store.text(truth.keyId);
    hold(text !== '', 'no row is lost', () => truth.keyId);
    if (truth.hostile !== undefined) continue;
    const ofProfile = site.store.timesWritten(profileKeyId(site, truth.profileId));
    const ofRow = site.store.timesWritten(truth.keyId);
    for (const [n, reader] of (readers.get(truth.profileId) ?? []).entries()) {
      const copy = heldBy(world, site, truth.profileId, reader).profile.revision;
      const fingerprint = `${copy} ${ofProfile} ${site.vault.size} ${ofRow}`;
      const cacheKey = `${truth.keyId} ${n}`;
      if (checked.opened.get(cacheKey) === fingerprint && !isTimed(truth)) continue;
      checkKey(world, site, truth, JSON.parse(text), reader);
      checked.opened.set(cacheKey, fingerprint);
    }
  }
}

const isTimed = ({ life }: Truth): boolean => life.stopAt !== undefined;

/** One key, for one reader. */
function checkKey(
  world: World,
  site: Site,
  truth: Truth,
  record: CustomerKeyRecord,
  reader: Reader,
): void {
  const { keyId, life } = truth;
  const { lifecycle } = record;
  const seen = `${lifecycle.state} ${lifecycle.enabled} ${lifecycle.deleteAfter ?? ''}`;
  const deleteAfter =
    life.deleteAfter === undefined ? '' : new Date(life.deleteAfter).toISOString();
  hold(
    seen === `${life.state} ${life.enabled} ${deleteAfter}`,
    'I4 state',
    () => `${keyId} ${seen}`,
  );
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  hold(same(record.attributes, truth.attributes), 'I4 attributes', () => keyId);
  hold(same(record.tags, truth.tags) && record.owner === truth.owner, 'I4 tags', () => keyId);
  if (life.state === 'delete-complete') {
    hold(record.slots.length === 0, 'tombstones hold nothing', () => keyId);
    const { code } = readKey(world, site, truth.profileId, reader, { keyId, record });
    hold(code === 'STATE_CONFLICT', 'I13 tombstones do not open', () => `${keyId} ${code}`);
    return;
  }
  hold(record.slots.length >= 1 && record.slots.length <= 2, 'one block or two', () => keyId);
  const isUsable =
    life.state === 'create-complete' &&
    life.enabled &&
    (life.stopAt === undefined || world.now < life.stopAt);
  const answer = readKey(world, site, truth.profileId, reader, { keyId, record });
  if (!isUsable) {
    hold(
      answer.code === 'STATE_CONFLICT',
      'I13 unusable keys are refused',
      () => `${keyId} ${answer.code}`,
    );
  }
  // What may be restored, or started, has to be there as well.
  const restored = { state: 'create-complete', enabled: true } as const;
  const opened = isUsable
    ? answer
    : readKey(world, site, truth.profileId, reader, {
        keyId,
        record: { ...record, lifecycle: restored },
      });
  hold(opened.bytes !== undefined, 'I1 every live key opens', () => `${keyId} ${opened.code}`);
  hold(
    toHex(opened.bytes ?? new Uint8Array()) === toHex(truth.bytes),
    'nobody opens a wrong key',
    () => keyId,
  );
  world.stats.add('reads');
  if (opened.refreshed) world.stats.add('reads after a refresh');
}

const ORDER = ['pending', 'active', 'retiring', 'retired', 'destroyed'];

/** I7 and the table of section 2.1, for all main keys of a site. */
function checkVersions(site: Site, checked: Checked): void {
  const mainKeys: [string, readonly MainKeyVersion[]][] = [
    [site.regionId, readRegion(site).versions],
    ...site.profileIds.map((id): [string, readonly MainKeyVersion[]] => [
      profileKeyId(site, id),
      readProfile(site, id).versions,
    ]),
  ];
  for (const [keyId, versions] of mainKeys) {
    const text = JSON.stringify(
      versions.map(({ version, state, draining, compromised }) => [
        ...[version, state, draining === true, compromised !== undefined],
      ]),
    );
    if (checked.versions.get(keyId) === text) continue;
    checked.versions.set(keyId, text);
    const count = (state: string): number => versions.filter((v) => v.state === state).length;
    hold(
      count('active') === 1 && count('pending') <= 1,
      'I7 one active version',
      () => `${keyId} ${text}`,
    );
    hold(
      versions.every(({ version }, i) => version === i + 1),
      'I7 versions grow',
      () => `${keyId} ${text}`,
    );
    for (const { version, state, draining, compromised } of versions) {
      const name = `${keyId} ${version}`;
      const marks = `${draining ? ' draining' : ''}${compromised ? ' compromised' : ''}`;
      const [before, ...had] = checked.states.get(name)?.split(' ') ?? [];
      checked.states.set(name, state + marks);
      if (before === undefined || before === state) continue;
      const isBack =
        (before === 'retiring' && state === 'active') ||
        (before === 'active' && state === 'pending');
      const detail = (): string => `${name} ${before} ${had} ${state}`;
      hold(isBack || ORDER.indexOf(state) > ORDER.indexOf(before), 'the table of versions', detail);
      hold(
        state !== 'active' || !had.includes('draining'),
        'no way back for a version on its way out',
        detail,
      );
      hold(
        state !== 'active' || !had.includes('compromised'),
        'no compromised version becomes active',
        detail,
      );
    }
  }
}

/** After a rotation is over: every key under the active version, and under no other. */
export function checkRested(site: Site): void {
  const region = readRegion(site);
  const activeOf = (versions: readonly MainKeyVersion[]): number | undefined =>
    versions.find(({ state }) => state === 'active')?.version;
  for (const profileId of site.profileIds) {
    const profile = readProfile(site, profileId);
    if (profile.jobId !== undefined) continue;
    const active = activeOf(profile.versions);
    for (const record of customerKeys(site)) {
      if (record.profileId !== profileId || record.lifecycle.state === 'delete-complete') continue;
      if (site.truths.keys.get(record.keyId)?.hostile !== undefined) continue;
      hold(
        record.slots.length === 1 && record.slots[0]?.under.version === active,
        'I6 no block of an old version is left',
        () => `${record.keyId} ${record.slots.map(({ under }) => under.version)} of ${active}`,
      );
    }
    if (region.jobId !== undefined) continue;
    for (const { state, version, slots } of profile.versions) {
      if (state === 'destroyed') {
        hold(slots.length === 0, 'destroyed versions have no block', () => `${version}`);
        continue;
      }
      hold(
        slots.length === 1 && slots[0]?.under.version === activeOf(region.versions),
        'I6 no block of an old region key is left',
        () => `${profileId} ${version} ${state} ${slots.map(({ under }) => under.version)}`,
      );
    }
  }
}

/** I12: no secret in any row, and none in any row that ever was. */
export function checkSecrets(world: World, texts: Iterable<string>, where: string): void {
  for (const text of texts)
    hold(!world.leaks.leaksIn(text), 'I12 no secret is written', () => where);
}
