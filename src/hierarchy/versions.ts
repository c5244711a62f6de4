/**
 * The versions of a main key, of a region or of a profile: which follow which, and what each is
 * good for (SP 800-57: pre-activation, active, deactivated twice, destroyed).
 */

import { KeyblockError } from '../errors.js';
import { own } from '../primitives/bytes.js';
import { type Env, isoTime } from './env.js';
import type { Kcv, MainKeyState, MainKeyVersion } from './records.js';

/** A step from one state to the next. */
type Step = 'promote' | 'rollback' | 'abort' | 'cleanup-complete' | 'destroy';

/** What may happen to a version, and by that to the active one. */
const TRANSITIONS: Readonly<
  Record<
    Step,
    { readonly from: MainKeyState; readonly to: MainKeyState; readonly active: MainKeyState }
  >
> = {
  /** The switch: what was active steps back in the same moment. */
  promote: { from: 'pending', to: 'active', active: 'retiring' },
  /** The switch undone, as long as no block under the old version was dropped. */
  rollback: { from: 'retiring', to: 'active', active: 'pending' },
  abort: { from: 'pending', to: 'destroyed', active: 'active' },
  'cleanup-complete': { from: 'retiring', to: 'retired', active: 'active' },
  destroy: { from: 'retired', to: 'destroyed', active: 'active' },
};

/** What happens to the versions of a main key. */
export type VersionEvent<V extends MainKeyVersion> =
  | { readonly kind: 'generate'; readonly next: V }
  | { readonly kind: Step; readonly version: number }
  | {
      readonly kind: 'mark-compromised';
      readonly version: number;
      readonly at: string;
      readonly note?: string | undefined;
    };

/**
 * What happens to the versions of a main key, each by the table. Whether blocks still stand under a
 * version is for the caller to know: it is in the records, not here.
 *
 * @throws {@link KeyblockError} `STATE_CONFLICT` for what the table does not have,
 * `UNKNOWN_KEY_VERSION`.
 */
export function transition<V extends MainKeyVersion>(
  versions: readonly V[],
  event: VersionEvent<V>,
): readonly V[] {
  switch (event.kind) {
    case 'generate':
      return generate(versions, event.next);
    case 'mark-compromised':
      return markCompromised(versions, event);
    case 'promote':
    case 'rollback':
    case 'abort':
    case 'cleanup-complete':
    case 'destroy':
      return move(versions, event.kind, event.version);
  }
}

function generate<V extends MainKeyVersion>(versions: readonly V[], next: V): readonly V[] {
  if (next.version !== nextNumber(versions)) throw conflict();
  if (next.state !== 'pending' || pendingVersion(versions) !== undefined) throw conflict();
  return [...versions, next];
}

function move<V extends MainKeyVersion>(
  versions: readonly V[],
  event: Step,
  number: number,
): readonly V[] {
  const { from, to, active } = TRANSITIONS[event];
  const subject = versionOf(versions, number);
  if (subject.state !== from) throw conflict();
  // A key that others may know must not become the one that new keys are wrapped under.
  if (event === 'promote' && isCompromised(subject)) throw conflict();
  // What is on its way out, since blocks under it may be gone, does not come back.
  if (to === 'active' && isDraining(subject)) throw conflict();
  // What steps back becomes pending, and there is never a second one of that.
  if (event === 'rollback' && pendingVersion(versions) !== undefined) throw conflict();
  return versions.map((version) => {
    if (version === subject) return { ...version, state: to };
    return version.state === 'active' ? { ...version, state: active } : version;
  });
}

function markCompromised<V extends MainKeyVersion>(
  versions: readonly V[],
  event: Extract<VersionEvent<V>, { kind: 'mark-compromised' }>,
): readonly V[] {
  const subject = versionOf(versions, event.version);
  if (subject.state === 'destroyed') throw conflict();
  const { at, note } = event;
  const compromised = note === undefined ? { at } : { at, note };
  // The first mark counts: from then on the key was known to be in other hands.
  if (isCompromised(subject)) return versions;
  return versions.map((version) => (version === subject ? { ...version, compromised } : version));
}

/** Whether a version is marked: others may know it. */
export function isCompromised(version: MainKeyVersion): boolean {
  return own(version, 'compromised') !== undefined;
}

/** Whether a version is on its way out: blocks under it may be gone. */
export function isDraining(version: MainKeyVersion): boolean {
  return own(version, 'draining') === true;
}

/** What a new version of a main key starts as. */
export interface NewVersion {
  readonly kcv: Kcv;
  readonly env: Env;
  readonly wrapUntil?: string | undefined;
  readonly unwrapUntil?: string | undefined;
}

/** Makes the next version, pending; numbers grow, and none is ever used again. */
export function newVersion(
  versions: readonly MainKeyVersion[],
  { kcv, env, wrapUntil, unwrapUntil }: NewVersion,
): MainKeyVersion {
  return {
    version: nextNumber(versions),
    state: 'pending',
    kcv,
    createdAt: isoTime(env),
    ...(wrapUntil === undefined ? {} : { wrapUntil }),
    ...(unwrapUntil === undefined ? {} : { unwrapUntil }),
  };
}

function nextNumber(versions: readonly MainKeyVersion[]): number {
  return 1 + Math.max(0, ...versions.map(({ version }) => version));
}

/** The version that new keys are wrapped under. Throws `STATE_CONFLICT` where there is none. */
export function activeVersion<V extends MainKeyVersion>(versions: readonly V[]): V {
  const active = versions.find(({ state }) => state === 'active');
  if (active === undefined) throw conflict();
  return active;
}

/** The version that a rotation leads to. */
function pendingVersion<V extends MainKeyVersion>(versions: readonly V[]): V | undefined {
  return versions.find(({ state }) => state === 'pending');
}

/** A version by its number. Throws `UNKNOWN_KEY_VERSION` where the record does not have it. */
export function versionOf<V extends MainKeyVersion>(
  versions: readonly V[],
  number: number | undefined,
): V {
  const version = versions.find((candidate) => candidate.version === number);
  if (version === undefined) throw new KeyblockError('UNKNOWN_KEY_VERSION', { field: 'record' });
  return version;
}

/** What each state allows: to wrap a key's only block or its second one, and to open. */
const PERMISSIONS: Readonly<
  Record<MainKeyState, { readonly wrap: 'any' | 'second' | 'none'; readonly open: boolean }>
> = {
  pending: { wrap: 'second', open: true },
  active: { wrap: 'any', open: true },
  retiring: { wrap: 'none', open: true },
  retired: { wrap: 'none', open: false },
  destroyed: { wrap: 'none', open: false },
};

/**
 * Whether a version may wrap keys: not when it is compromised, on its way out, or its time is over.
 *
 * @param which - `'second'` for the block that a key gets beside its block under the active
 * version.
 */
export function mayWrap(version: MainKeyVersion, env: Env, which: 'first' | 'second'): boolean {
  const { wrap } = PERMISSIONS[version.state];
  if (isCompromised(version) || isDraining(version)) return false;
  const wrapUntil = own(version, 'wrapUntil');
  // Times of one format in UTC are in the order of their texts.
  if (wrapUntil !== undefined && wrapUntil < isoTime(env)) return false;
  return wrap === 'any' || (wrap === 'second' && which === 'second');
}

/**
 * The versions that a new key is wrapped under: the active one, and beside it the one that a
 * rotation leads to. Where the active one may not wrap any more, the other one alone.
 *
 * @throws {@link KeyblockError} `STATE_CONFLICT` where there is none.
 */
export function wrappingVersions<V extends MainKeyVersion>(
  versions: readonly V[],
  env: Env,
): readonly V[] {
  const active = versions.filter((version) => mayWrap(version, env, 'first'));
  const pending = versions.filter(
    (version) => version.state === 'pending' && mayWrap(version, env, 'second'),
  );
  const all = [...active, ...pending];
  if (all.length === 0) throw conflict();
  return all;
}

/**
 * Whether blocks under a version may be opened. A compromised one opens as before: what is under it
 * has to be replaced, and until then payments go on.
 */
export function mayOpen({ state }: MainKeyVersion): boolean {
  return PERMISSIONS[state].open;
}

function conflict(): KeyblockError {
  return new KeyblockError('STATE_CONFLICT', { field: 'record' });
}
