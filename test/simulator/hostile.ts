/**
 * A hand in the database: rows altered, moved between keys, profiles and regions, put back to what
 * they were, or given another authentic block. Each has to be refused, with a code that says why.
 */
import { type CustomerKeyRecord, openProfile } from 'keyblock/hierarchy';
import { checkAuditFinds } from './audit.js';
import { codeOf, type Reader, readKey } from './readers.js';
import type { Truth } from './truth.js';
import { hold } from './violation.js';
import { must, readProfile, type Site, type World } from './world.js';

type Row = CustomerKeyRecord;

/** Readers by their profile. */
type Readers = ReadonlyMap<string, readonly Reader[]>;

/** A row that was tampered with; `codes` are those by which it may be refused. */
interface Tampered {
  readonly name: string;
  readonly row: unknown;
  readonly codes: readonly string[];
}

/** Tampers with one row, sees that a reader refuses it, and leaves it there. */
export function tamper(world: World, site: Site, readers: Readers): boolean {
  const { rng, stats } = world;
  const whole = site.truths.live().filter((t) => !t.hostile && t.life.state === 'create-complete');
  if (whole.length < 2) return false;
  const truth = rng.pick(whole);
  const row = must(site.store.read<Row>(truth.keyId));
  const other = must(site.store.read<Row>(rng.pick(whole.filter((t) => t !== truth)).keyId));
  const tampered = rng.pick(waysTo(world, site, truth, row, other));
  if (tampered === undefined) return false;
  const text = JSON.stringify(tampered.row);
  if (text === JSON.stringify(row)) return false;
  const usable = enabled(tampered.row);
  const { keyId, profileId } = truth;
  const reader = must(readers.get(profileId)?.[0]);
  const answer = readKey(world, site, profileId, reader, { keyId, record: usable });
  const said = `${tampered.name}: ${answer.code ?? 'opened'}`;
  hold(answer.bytes === undefined, 'hostile rows are refused', () => `${keyId} ${said}`);
  hold(
    tampered.codes.includes(answer.code ?? ''),
    'hostile rows are refused by their code',
    () => `${keyId} ${said}`,
  );
  stats.add(`hostile ${said}`);
  truth.hostile = { how: tampered.name, text: JSON.stringify(row), codes: tampered.codes };
  site.store.put(keyId, text);
  if (!tampered.name.startsWith('one digit') && tampered.name !== 'another check value') {
    checkAuditFinds(site, keyId, tampered.name);
  }
  return true;
}

/** The row as if it were in use: its state is the store's word, and not what this is about. */
function enabled(row: unknown): Row {
  if (typeof row !== 'object' || row === null) return row as Row;
  return { ...(row as Row), lifecycle: { state: 'create-complete', enabled: true } };
}

/** Ways to tamper with a row that has blocks. */
function waysTo(
  world: World,
  site: Site,
  truth: Truth,
  row: Row,
  other: Row,
): readonly (Tampered | undefined)[] {
  const { rng } = world;
  const [slot] = row.slots;
  if (slot === undefined) return [];
  const slots = (block: string): Row['slots'] => row.slots.map((s) => ({ ...s, block }));
  const everySlot = (change: (block: string) => string): Row['slots'] =>
    row.slots.map((s) => ({ ...s, block: change(s.block) }));
  const foreign = foreignRow(site, truth, row);
  const old = oldRow(site, truth);
  const { attributes } = row;
  const wider = { ...attributes, exportability: attributes.exportability === 'S' ? 'E' : 'S' };
  return [
    {
      name: 'one digit altered',
      row: { ...row, slots: everySlot((block) => alterDigit(block, 1 + rng.int(60))) },
      codes: ['AUTHENTICATION_FAILED'],
    },
    {
      name: 'blocks of another key',
      row: { ...row, slots: other.slots },
      // Of another profile its version may be unknown to this one, or be none any more.
      codes:
        other.profileId === row.profileId
          ? ['CONTEXT_MISMATCH']
          : ['CONTEXT_MISMATCH', 'AUTHENTICATION_FAILED', 'UNKNOWN_KEY_VERSION', 'STALE_VERSION'],
    },
    other.profileId === row.profileId
      ? { name: 'the whole row of another key', row: other, codes: ['CONTEXT_MISMATCH', 'unnamed'] }
      : undefined,
    {
      name: 'more rights than the block gives',
      row: { ...row, attributes: wider },
      codes: ['CONTEXT_MISMATCH'],
    },
    {
      name: 'another check value',
      row: { ...row, kcv: { ...row.kcv, value: alterDigit(row.kcv.value, 1) } },
      codes: ['KCV_MISMATCH'],
    },
    {
      name: 'an unknown version',
      row: {
        ...row,
        slots: [{ ...slot, under: { ...slot.under, version: slot.under.version + 50 } }],
      },
      codes: ['UNKNOWN_KEY_VERSION'],
    },
    {
      name: 'not a block',
      row: { ...row, slots: slots('D0016P0AE00E0000') },
      codes: [
        'AUTHENTICATION_FAILED',
        'INVALID_LENGTH',
        'INVALID_HEADER',
        'CONTEXT_MISMATCH',
        'INVALID_OPTIONAL_BLOCK',
      ],
    },
    {
      name: 'no blocks at all',
      row: { ...row, slots: [] },
      codes: ['STATE_CONFLICT', 'CONTEXT_MISMATCH', 'UNKNOWN_KEY_VERSION', 'STALE_VERSION'],
    },
    foreign && {
      name: 'a block of another profile or region, named as of this one',
      row: { ...row, slots: foreign },
      codes: ['AUTHENTICATION_FAILED', 'CONTEXT_MISMATCH'],
    },
    old && { name: 'rolled back', row: old, codes: ['STALE_VERSION'] },
    { name: 'malformed', row: { ...row, slots: 'none' }, codes: ['STATE_CONFLICT'] },
    { name: 'of another schema', row: { ...row, schema: 2 }, codes: ['STATE_CONFLICT'] },
  ];
}

/** Another digit, so many from the end. */
function alterDigit(text: string, fromEnd: number): string {
  const at = text.length - fromEnd;
  return `${text.slice(0, at)}${text[at] === '0' ? '1' : '0'}${text.slice(at + 1)}`;
}

/** Blocks of a key of the same name elsewhere, or of any other, under the names of this place. */
function foreignRow(site: Site, truth: Truth, row: Row): Row['slots'] | undefined {
  const elsewhere = site.truths
    .live()
    .filter((t) => t.profileId !== truth.profileId && !t.hostile)
    .map(({ keyId }) => must(site.store.read<Row>(keyId)));
  const [found] = elsewhere;
  const block = found?.slots[0]?.block;
  if (block === undefined) return undefined;
  return row.slots.map((slot) => ({ ...slot, block }));
}

/** The row as it was when its blocks were under versions that are retired by now. */
function oldRow(site: Site, truth: Truth): Row | undefined {
  const profile = readProfile(site, truth.profileId);
  const left = new Set(
    profile.versions
      .filter(({ state }) => state === 'retired' || state === 'destroyed')
      .map(({ version }) => version),
  );
  return site.store
    .history(truth.keyId)
    .map((text) => JSON.parse(text) as Row)
    .find(
      ({ slots, keyId }) =>
        keyId === truth.keyId &&
        Array.isArray(slots) &&
        slots.length > 0 &&
        slots.every(({ under }) => left.has(under?.version)),
    );
}

/**
 * Repairs a row from what it was. Where the rotation has left its versions behind meanwhile, the
 * key is gone: who writes rows can destroy, and nobody can help that.
 */
export function repair(world: World, site: Site, truth: Truth, reader: Reader): void {
  const { hostile, keyId } = truth;
  if (hostile === undefined) return;
  truth.hostile = undefined;
  const known = JSON.parse(hostile.text) as Row;
  const now = JSON.parse(site.store.text(keyId)) as Partial<Row>;
  const revision = Math.max(known.revision, Number(now.revision) || 0) + 1;
  const record = { ...known, revision };
  const { code } = readKey(world, site, truth.profileId, reader, {
    keyId,
    record: enabled(record),
  });
  if (code !== undefined) {
    hold(
      code === 'STALE_VERSION' || code === 'UNKNOWN_KEY_VERSION',
      'a repaired row opens, or is of a version left behind',
      () => `${keyId} ${code}`,
    );
    world.stats.add('hostile: row lost for good');
    site.truths.keys.delete(keyId);
    site.store.rows.delete(keyId);
    return;
  }
  // A backup may hold blocks under versions that were retired meanwhile: they are left out of it.
  const { versions } = readProfile(site, truth.profileId);
  const slots = record.slots.filter(({ under }) =>
    versions.some(
      (v) => v.version === under.version && !['retired', 'destroyed'].includes(v.state),
    ),
  );
  site.store.put(keyId, JSON.stringify({ ...record, slots }));
  world.stats.add('hostile: repaired');
}

/** A hand in the row of a profile: seen to be refused, and put back at once. */
export function tamperWithProfile(world: World, site: Site): void {
  const { rng, stats } = world;
  const profile = readProfile(site, rng.pick(site.profileIds));
  const version = must(profile.versions.find(({ state }) => state === 'active'));
  const block = version.slots[0]?.block ?? '';
  const replace = (change: object): unknown => ({
    ...profile,
    versions: profile.versions.map((v) => (v === version ? { ...v, ...change } : v)),
  });
  const otherVersion = profile.versions.find((v) => v !== version && v.slots.length > 0);
  const otherProfile = site.profileIds.find((id) => id !== profile.profileId);
  const ways: (Tampered | undefined)[] = [
    {
      name: 'profile: one digit altered',
      row: replace({
        slots: version.slots.map((s) => ({ ...s, block: alterDigit(block, 1 + rng.int(60)) })),
      }),
      codes: ['AUTHENTICATION_FAILED'],
    },
    {
      name: 'profile: another configuration',
      row: { ...profile, config: { purpose: 'anything' } },
      codes: ['CONTEXT_MISMATCH'],
    },
    {
      name: 'profile: check value',
      row: replace({ kcv: { method: 'cmac', value: '0011223344' } }),
      codes: ['KCV_MISMATCH'],
    },
    otherVersion && {
      name: 'profile: block of another version',
      row: replace({
        slots: version.slots.map((s) => ({ ...s, block: otherVersion.slots[0]?.block })),
      }),
      // The block may be under the other of two region keys.
      codes: ['CONTEXT_MISMATCH', 'AUTHENTICATION_FAILED'],
    },
    otherProfile === undefined
      ? undefined
      : {
          name: 'profile: blocks of another profile',
          row: replace({ slots: must(readProfile(site, otherProfile).versions.at(-1)).slots }),
          // A version that was destroyed has no block.
          codes: ['CONTEXT_MISMATCH', 'UNKNOWN_KEY_VERSION', 'STATE_CONFLICT'],
        },
  ];
  const tampered = rng.pick(ways);
  if (tampered === undefined) return;
  try {
    openProfile({ profile: tampered.row as never, ring: site.ring, version: version.version });
  } catch (error) {
    const said = `${tampered.name}: ${codeOf(error)}`;
    hold(tampered.codes.includes(codeOf(error)), 'hostile profiles are refused', () => said);
    stats.add(`hostile ${said}`);
    return;
  }
  hold(false, 'hostile profiles are refused', () => tampered.name);
}
