/**
 * Readers, as the documents describe them: each holds a copy of a profile as long as the policy
 * lets it, opens what it needs by it, and on UNKNOWN_KEY_VERSION or STALE_VERSION refreshes once.
 */
import {
  type CustomerKeyRecord,
  createKeyRing,
  KeyblockError,
  type KeyRing,
  openCustomerKey,
  openProfile,
  type ProfileRecord,
} from 'keyblock/hierarchy';
import type { Held } from './held.js';
import { toHex } from './secrets.js';
import {
  envOf,
  must,
  profileKeyId,
  type Site,
  STALENESS_SECONDS,
  takeBytes,
  type World,
} from './world.js';

/** A process that uses keys. */
export interface Reader {
  held: Held | undefined;
}

/** Rings by the text of the profile: opening main keys anew at each step costs too much. */
const rings = new Map<string, KeyRing>();

/** Makes a ring of every version that still opens something. */
export function ringOf(world: World, site: Site, profile: ProfileRecord): KeyRing {
  const cacheKey = `${world.seed} ${[...site.vault.keys()].join()} ${JSON.stringify(profile)}`;
  const known = rings.get(cacheKey);
  if (known !== undefined) return known;
  if (rings.size > 200) rings.clear();
  const keyId = profileKeyId(site, profile.profileId);
  const keys = profile.versions
    .filter(({ state }) => state !== 'retired' && state !== 'destroyed')
    .map(({ version }) => {
      const key = openProfile({ profile, ring: site.ring, version });
      const bytes = key.expose();
      if (!world.leaks.leaksIn(toHex(bytes))) world.leaks.add(bytes);
      return { ref: { keyId, version }, key };
    });
  const ring = createKeyRing({ keys });
  rings.set(cacheKey, ring);
  return ring;
}

/** Reads the profile now. */
export function readHeld(world: World, site: Site, profileId: string): Held {
  const id = profileKeyId(site, profileId);
  const profile = must(site.store.read<ProfileRecord>(id));
  return { at: world.now, profile, ring: ringOf(world, site, profile) };
}

/** The copy that a reader has, not older than it may be. */
export function heldBy(world: World, site: Site, profileId: string, reader: Reader): Held {
  const { held } = reader;
  if (held === undefined || world.now - held.at >= STALENESS_SECONDS * 1000) {
    reader.held = readHeld(world, site, profileId);
  }
  return must(reader.held);
}

/** What came of a read. */
export interface Answer {
  readonly bytes?: Uint8Array | undefined;
  readonly code?: string | undefined;
  readonly refreshed: boolean;
}

/** Opens a key by the documented path. `record` is read by its ID, and may be anything. */
export function readKey(
  world: World,
  site: Site,
  profileId: string,
  reader: Reader,
  row: { readonly keyId: string; readonly record: CustomerKeyRecord },
): Answer {
  const open = ({ profile, ring }: Held): Uint8Array =>
    takeBytes(openCustomerKey({ ...row, profile, ring, env: envOf(world) }).key);
  try {
    return { bytes: open(heldBy(world, site, profileId, reader)), refreshed: false };
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'UNKNOWN_KEY_VERSION' && code !== 'STALE_VERSION') {
      return { code, refreshed: false };
    }
  }
  reader.held = readHeld(world, site, profileId);
  try {
    return { bytes: open(reader.held), refreshed: true };
  } catch (error) {
    return { code: codeOf(error), refreshed: true };
  }
}

/** The code of an error of the library; what else is thrown comes through. */
export function codeOf(error: unknown): string {
  if (error instanceof KeyblockError) return error.code;
  throw error;
}
