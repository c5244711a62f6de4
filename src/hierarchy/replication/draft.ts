/** A ledger while a batch is folded into it: what changes lies over what was stored. */

import { KeyblockError } from '../../errors.js';
import { own } from '../../primitives/bytes.js';
import { type Env, isoTime } from '../env.js';
import type { AuditEvent } from '../records.js';
import type { ReplicationCommand } from './commands.js';
import { entryIn, isEntry, isLedgerPair } from './read-entry.js';
import { readLedger } from './read-stored.js';
import type {
  AliasedRequest,
  LedgerPair,
  Primary,
  ReplicaLedger,
  ReplicatedAlias,
  ReplicatedKey,
} from './records.js';
import { keyNamedAt, unknownKey } from './registers.js';

/** What a change of a ledger comes to. */
export interface ReplicationStep {
  /** To be stored before the commands are sent. The very ledger given where nothing changed. */
  readonly ledger: ReplicaLedger;
  /** To be carried out by the regions that they name. All of them are also in the ledger. */
  readonly commands: readonly ReplicationCommand[];
  /** What was copied, has failed or was refused, and which region was promoted. */
  readonly audit: readonly AuditEvent[];
}

/** A ledger in the making. */
export interface Draft {
  readonly stored: ReplicaLedger;
  readonly at: string;
  primaries: readonly Primary[];
  pairs: readonly LedgerPair[];
  forgotten: { readonly [regionId: string]: number };
  readonly keys: Map<string, ReplicatedKey>;
  readonly aliases: Map<string, ReplicatedAlias>;
  readonly commands: ReplicationCommand[];
  readonly audit: AuditEvent[];
}

/** Begins a change. */
export function openDraft(options: { readonly env: Env; readonly ledger: ReplicaLedger }): Draft {
  const stored = readLedger(own(options, 'ledger'));
  return {
    stored,
    // isoTime refuses what is no environment.
    at: isoTime(own(options, 'env') as Env),
    primaries: stored.primaries,
    pairs: stored.pairs,
    forgotten: own(stored, 'forgotten') ?? {},
    keys: new Map(),
    aliases: new Map(),
    commands: [],
    audit: [],
  };
}

/** A key as it is by now. */
export function keyIn(draft: Draft, keyId: string): ReplicatedKey {
  return draft.keys.get(keyId) ?? entryIn(draft.stored, 'keys', keyId) ?? unknownKey(keyId);
}

/** An alias as it is by now. */
export function aliasIn(draft: Draft, alias: string): ReplicatedAlias {
  const known = draft.aliases.get(alias) ?? entryIn(draft.stored, 'aliases', alias);
  return known ?? { alias, history: [], requests: [], replicas: {} };
}

/** Changes a key. What returns the very key it got leaves the draft as it was. */
export function changeKey(
  draft: Draft,
  keyId: string,
  change: (key: ReplicatedKey) => ReplicatedKey,
): void {
  const before = keyIn(draft, keyId);
  const after = change(before);
  if (after !== before) draft.keys.set(keyId, after);
}

/** Changes an alias, in the same way. */
export function changeAlias(
  draft: Draft,
  name: string,
  change: (alias: ReplicatedAlias) => ReplicatedAlias,
): void {
  const before = aliasIn(draft, name);
  const after = change(before);
  if (after !== before) draft.aliases.set(name, after);
}

/** Every key ID of the ledger. */
export function keyIdsIn(draft: Draft): Iterable<string> {
  return new Set([...Object.keys(draft.stored.keys), ...draft.keys.keys()]);
}

/** Every alias of the ledger. */
export function aliasesIn(draft: Draft): readonly ReplicatedAlias[] {
  const names = new Set([...Object.keys(draft.stored.aliases), ...draft.aliases.keys()]);
  return [...names].map((alias) => aliasIn(draft, alias));
}

/** The requests by alias, by the key that each of them meant. */
export type AliasedRequests = ReadonlyMap<string, readonly AliasedRequest[]>;

/** Finds for each request the key that the alias named when it was made. */
export function aliasedRequests(aliases: readonly ReplicatedAlias[]): AliasedRequests {
  const byKey = new Map<string, AliasedRequest[]>();
  for (const alias of aliases) {
    for (const asked of alias.requests) {
      const keyId = keyNamedAt(alias, asked.stamp);
      if (keyId === null) continue;
      const others = byKey.get(keyId);
      if (others === undefined) byKey.set(keyId, [asked]);
      else others.push(asked);
    }
  }
  return byKey;
}

/** The same of every alias, as it is by now. */
export function requestsIn(draft: Draft): AliasedRequests {
  return aliasedRequests(aliasesIn(draft));
}

/** The region that keys are changed in. */
export function primaryOf({ primaries }: Pick<ReplicaLedger, 'primaries'>): Primary {
  const primary = primaries.at(-1);
  if (primary === undefined) throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
  return primary;
}

/** Notes what happened. */
export function note(draft: Draft, event: Omit<AuditEvent, 'kind' | 'schema' | 'at'>): void {
  draft.audit.push({ kind: 'audit-event', schema: 1, at: draft.at, ...event });
}

/** What an event, an answer, an inventory or a pair brings must not make a ledger unreadable. */
function requireReadable({ pairs, keys, aliases }: Draft): void {
  const isReadable =
    pairs.every(isLedgerPair) &&
    [...keys].every(([keyId, key]) => isEntry('keys', keyId, key)) &&
    [...aliases].every(([name, alias]) => isEntry('aliases', name, alias));
  if (!isReadable) throw new KeyblockError('INVALID_ARGUMENT', { field: 'event' });
}

/** Ends a change. Throws `INVALID_ARGUMENT` where what came in is malformed. */
export function closeDraft(draft: Draft): ReplicationStep {
  const { stored, primaries, pairs, forgotten, keys, aliases, commands, audit } = draft;
  const unchanged =
    keys.size === 0 &&
    aliases.size === 0 &&
    pairs === stored.pairs &&
    primaries === stored.primaries;
  if (unchanged) return { ledger: stored, commands, audit };
  requireReadable(draft);
  const ledger: ReplicaLedger = {
    ...stored,
    revision: stored.revision + 1,
    primaries,
    pairs,
    ...(Object.keys(forgotten).length > 0 && { forgotten }),
    keys: { ...stored.keys, ...Object.fromEntries(keys) },
    aliases: { ...stored.aliases, ...Object.fromEntries(aliases) },
  };
  return { ledger, commands, audit };
}
