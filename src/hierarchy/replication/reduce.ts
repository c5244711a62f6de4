/**
 * Events to commands: what the copies have to be follows from the set of events alone.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import type { Env } from '../env.js';
import { readId } from '../identifiers.js';
import {
  aliasIn,
  changeAlias,
  changeKey,
  closeDraft,
  type Draft,
  keyIn,
  note,
  openDraft,
  primaryOf,
  type ReplicationStep,
} from './draft.js';
import { enrol, settled } from './entries.js';
import {
  type AliasEvent,
  changesOf,
  type KeyCreatedEvent,
  type ReplicationEvent,
  readEvent,
} from './events.js';
import { observeFormer, observePrimary } from './observe.js';
import { planKeys } from './plan.js';
import { planAliases } from './plan-aliases.js';
import type {
  AliasLedgerEntry,
  KeyChange,
  ReplicaLedger,
  ReplicatedKey,
  Stamp,
} from './records.js';
import { assign, desiredKey, fold, keyNamedAt, lastNamedIn, request } from './registers.js';
import { firstOrder } from './send.js';

/** What {@link reduce} takes. */
export interface ReduceOptions {
  /** The time. */
  readonly env: Env;
  /** As stored. */
  readonly ledger: ReplicaLedger;
  /** In any order, and as often as they are delivered. */
  readonly events: readonly ReplicationEvent[];
}

/**
 * Folds events into the ledger. Of each kind of change of a key the latest counts, by `sequence`
 * and not by delivery: every order of the same events, with any of them repeated, leads to the same
 * copies. Nothing is sent to a region before its pair is established, and nothing is forgotten.
 *
 * An event of a copy, or one that replication itself has caused, is refused in the audit events:
 * copies are made of the primary only.
 *
 * @param options - The ledger as stored, and the events.
 * @returns The ledger to store, and then the commands to send.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT` for an event that is malformed or of an unknown
 * type; then nothing of the batch counts.
 *
 * @example
 * ```ts
 * import { replication } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date('2026-01-01T00:00:00Z') };
 * const ledger = replication.createLedger({ env, ledgerId: 'cards', regionId: 'eu-central-1' });
 * const stop = {
 *   type: 'StopKeyUsage', eventId: '7b1', sequence: 2, regionId: 'eu-central-1', keyId: 'k1',
 *   source: { kind: 'caller' },
 * } as const;
 * const { commands } = replication.reduce({ env, ledger, events: [stop, stop] });
 * commands.length; // 0
 * ```
 */
export function reduce(options: ReduceOptions): ReplicationStep {
  requireObject(options, 'options');
  const draft = openDraft(options);
  const events = own(options, 'events');
  if (!Array.isArray(events)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'event' });
  const touched = { keys: new Set<string>(), aliases: new Set<string>() };
  for (const event of events as readonly ReplicationEvent[]) {
    const stamp = stampOf(draft, readEvent(event));
    if (stamp === undefined) refuse(draft, event);
    else take(draft, event, stamp, touched);
  }
  observePrimary(draft, touched.keys);
  planKeys(draft, touched.keys);
  planAliases(draft, touched.aliases);
  return closeDraft(draft);
}

/** Undefined for what did not happen in a primary region by the hand of a caller: no chains. */
function stampOf(draft: Draft, event: ReplicationEvent): Stamp | undefined {
  const { eventId, sequence, regionId, source } = event;
  const primaryGeneration = own(event, 'primaryGeneration');
  const primary = draft.primaries
    .filter(({ generation }) => generation === (primaryGeneration ?? generation))
    .filter((candidate) => candidate.regionId === regionId)
    .at(-1);
  if (source.kind === 'replication' || primary === undefined) return undefined;
  return { generation: primary.generation, sequence, eventId };
}

function refuse(draft: Draft, { regionId, keyId }: ReplicationEvent): void {
  const code = 'STATE_CONFLICT';
  note(draft, { action: 'replica.chain', outcome: 'refused', recordId: keyId, regionId, code });
}

interface Touched {
  readonly keys: Set<string>;
  readonly aliases: Set<string>;
}

function take(draft: Draft, event: ReplicationEvent, stamp: Stamp, touched: Touched): void {
  if (isAliasEvent(event)) {
    takeAlias(draft, event, stamp);
    touchAlias(draft, event.alias, touched);
    return;
  }
  const changes = changesOf(event);
  const { keyId } = event;
  if (keyId !== undefined) {
    changeKey(draft, keyId, (key) => takeKey(draft, key, event, stamp, changes));
    touched.keys.add(keyId);
    return;
  }
  const alias = readId(event.alias, 'alias');
  changeAlias(draft, alias, (known) =>
    changes.reduce((asked, change) => request(asked, stamp, change), known),
  );
  const named = keyNamedAt(aliasIn(draft, alias), stamp);
  if (named !== null) {
    changeKey(draft, named, (key) => observeFormer(draft, key, event, stamp, changes));
  }
  touchAlias(draft, alias, touched);
}

function isAliasEvent(event: ReplicationEvent): event is AliasEvent {
  const { type } = event;
  return type === 'CreateAlias' || type === 'UpdateAlias' || type === 'DeleteAlias';
}

function takeAlias(draft: Draft, event: AliasEvent, stamp: Stamp): void {
  const { type, alias, regionId } = event;
  const keyId = type === 'DeleteAlias' ? null : (event.keyId ?? null);
  changeAlias(draft, alias, (known) => {
    const assigned = assign(known, stamp, keyId);
    if (assigned === known) return known;
    const last = lastNamedIn(stamp.generation, assigned);
    const copy = last === null ? undefined : own(keyIn(draft, last).replicas, regionId)?.replica;
    const here = own(assigned.replicas, regionId);
    if (here === undefined && copy === undefined) return assigned;
    // It happened where there was a copy before that region was promoted: so it is there.
    const { failure: _, ...before } = here ?? newAlias(draft, regionId);
    const entry = { ...before, keyId: copy?.keyId ?? last };
    return { ...assigned, replicas: { ...assigned.replicas, [regionId]: entry } };
  });
}

function newAlias(draft: Draft, regionId: string): AliasLedgerEntry {
  return { regionId, order: firstOrder(draft, regionId), state: 'synchronized', keyId: null };
}

/** Which key a request meant may be another one by what is known now. */
function touchAlias(draft: Draft, alias: string, touched: Touched): void {
  touched.aliases.add(alias);
  for (const { value } of aliasIn(draft, alias).history) {
    if (value !== null) touched.keys.add(value);
  }
}

function takeKey(
  draft: Draft,
  key: ReplicatedKey,
  event: ReplicationEvent,
  stamp: Stamp,
  changes: readonly KeyChange[],
): ReplicatedKey {
  const observed = observeFormer(draft, key, event, stamp, changes);
  const folded = changes.reduce((known, change) => fold(known, stamp, change), observed);
  const isNew = key.created === undefined && folded.created !== undefined;
  if (!isNew) return folded;
  const { regionId } = event;
  const enrolled = enrol(draft, folded, own(event as KeyCreatedEvent, 'regions'), regionId);
  const desired = desiredKey(enrolled, []);
  const isLate = regionId !== primaryOf(draft).regionId && desired !== undefined;
  return isLate ? settled(draft, enrolled, desired, regionId) : enrolled;
}
