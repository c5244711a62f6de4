/**
 * Keys that come and go in TR-31 blocks: what arrives is the key, with rights that are the same or
 * narrower; what may not leave does not; and a stored block is none for exchange, nor the reverse.
 */
import {
  type CustomerKeyRecord,
  exportCustomerKey,
  importCustomerKey,
  SecretKey,
} from 'keyblock/hierarchy';
import { unwrapKey } from 'keyblock/tr31';
import { store } from './customers.js';
import type { Held } from './held.js';
import { codeOf } from './readers.js';
import { toHex } from './secrets.js';
import type { Truth } from './truth.js';
import { hold } from './violation.js';
import { envOf, must, type Site, takeBytes, type World } from './world.js';

const WIDTH = ['N', 'E', 'S'];

/** Check values to send along: of an HMAC key KC has no form. */
const BLOCKS = [undefined, ['KP'], ['KC'], ['KC', 'KP']] as const;

/** One key leaves, and comes back under another name. */
export function roundTrip(world: World, site: Site, held: Held): void {
  const { rng, stats } = world;
  const { profileId } = held.profile;
  const usable = site.truths
    .live()
    .filter((t) => t.profileId === profileId && t.life.enabled && !t.hostile && !t.life.stopAt);
  // A compromised main key wraps nothing: what comes would have nowhere to go.
  const wraps = held.profile.versions.some((v) => v.state === 'active' && !v.compromised);
  if (usable.length === 0 || !wraps) return;
  const truth = rng.pick(usable);
  const record = must(site.store.read<CustomerKeyRecord>(truth.keyId));
  const bits = rng.pick([128, 192, 256] as const);
  const bytes = rng.bytes(bits / 8);
  world.leaks.add(bytes);
  const kek = new SecretKey({ algorithm: 'AES', bytes });
  const exportability = rng.pick([undefined, 'N', 'E', 'S'] as const);
  const expected = refusalOf(truth, bits, exportability);
  const code = codeOfCall(() => {
    const sent = exportCustomerKey({
      env: envOf(world),
      record,
      profile: held.profile,
      ring: held.ring,
      kek,
      header: exportability && { exportability },
      checkValues: rng.pick(truth.attributes.algorithm === 'H' ? BLOCKS.slice(0, 2) : BLOCKS),
    });
    hold(
      !world.leaks.leaksIn(JSON.stringify(sent)),
      'I12 no secret in an export',
      () => truth.keyId,
    );
    arrive(world, site, held, truth, kek, sent.keyBlock);
  });
  // How strong an HMAC key is, 5.3 only proposes.
  const isOpen = truth.attributes.algorithm === 'H' && (code ?? 'KEY_STRENGTH') === 'KEY_STRENGTH';
  hold(code === expected || isOpen, 'I11 what leaves, and what does not', () => {
    const said = [truth.keyId, JSON.stringify(truth.attributes), bits, exportability];
    return `${said} ${code ?? 'left'}, expected ${expected ?? 'to leave'}`;
  });
  stats.add(`export ${code ?? 'and import'}`);
  stored(world, held, record, kek);
}

/** The code that an export has to end in. */
function refusalOf(
  { attributes }: Truth,
  bits: number,
  wanted: 'N' | 'E' | 'S' | undefined,
): string | undefined {
  const has = attributes.exportability;
  if (has === 'N') return 'EXPORT_NOT_ALLOWED';
  if (wanted !== undefined && WIDTH.indexOf(wanted) > WIDTH.indexOf(has)) {
    return 'EXPORT_NOT_ALLOWED';
  }
  return attributes.algorithm !== 'T' && Math.min(attributes.keyBits, 256) > bits
    ? 'KEY_STRENGTH'
    : undefined;
}

/** What has left is the key; and so is what comes of it here. */
function arrive(
  world: World,
  site: Site,
  held: Held,
  truth: Truth,
  kek: SecretKey,
  keyBlock: string,
): void {
  const { header, key } = unwrapKey({ kbpk: kek, keyBlock });
  const { attributes } = truth;
  hold(toHex(takeBytes(key)) === toHex(truth.bytes), 'what leaves is the key', () => truth.keyId);
  hold(header.keyContext === '2', 'I10 what leaves is for exchange only', () => header.keyContext);
  hold(
    WIDTH.indexOf(header.exportability) <= WIDTH.indexOf(attributes.exportability) &&
      header.keyUsage === attributes.keyUsage &&
      header.modeOfUse === attributes.modeOfUse,
    'I11 rights are narrowed only',
    () => truth.keyId,
  );
  const keyId = `k${world.nextId++}`;
  const { profile, ring } = held;
  const options = { env: envOf(world), profile, ring, keyBlock, kek, keyId, owner: 'ada' };
  const { record, writes } = importCustomerKey(options);
  store(world, site, writes, record, truth.bytes);
}

/** I10: a stored block is refused where keys are imported. */
function stored(world: World, held: Held, record: CustomerKeyRecord, kek: SecretKey): void {
  const { profile, ring } = held;
  const slot = must(record.slots[0]);
  const kbpk = ring.secret(slot.under);
  if (kbpk === undefined) return;
  const common = { env: envOf(world), profile, ring, keyId: 'none', owner: 'ada' };
  const keyBlock = slot.block;
  const own = codeOfCall(() => importCustomerKey({ ...common, keyBlock, kek: kbpk }));
  hold(own === 'CONTEXT_MISMATCH', 'I10 stored blocks are not imported', () => `${own}`);
  const foreign = codeOfCall(() => importCustomerKey({ ...common, keyBlock, kek }));
  hold(foreign !== undefined, 'no block opens under another key', () => record.keyId);
}

function codeOfCall(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}
