/**
 * What happens to keys and aliases in the primary region, as its audit trail tells it.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { canonicalJson, sha256Hex } from '../digest.js';
import { isoTime } from '../env.js';
import { readId } from '../identifiers.js';
import type { Kcv, KeyAttributes } from '../records.js';
import { readTags } from '../rules/tags.js';
import type { CreatedKey, KeyChange } from './records.js';

/** What all events have. */
export interface EventBase {
  /** The same for every delivery of one event. */
  readonly eventId: string;
  /**
   * Grows with the changes of one key, and of one alias: a place in a log, the revision of a
   * record, a time in milliseconds.
   */
  readonly sequence: number;
  /** Where it happened. */
  readonly regionId: string;
  /** The primary generation in which it happened; by default the last of its region. */
  readonly primaryGeneration?: number | undefined;
  /** Who did it. What replication itself does is never replicated. */
  readonly source:
    | {
        /** Anybody but replication: the event counts. */
        readonly kind: 'caller';
      }
    | {
        /** Replication, by a command: the event is noted as refused, and changes nothing. */
        readonly kind: 'replication';
        /** The pair of that command: for people, nothing here depends on it. */
        readonly pairId: string;
      };
}

/** The key by its ID or by an alias, which is resolved as of the time of the event. */
export type EventKey =
  | {
      /** Its ID in the region where it was made, as in the ledger. */
      readonly keyId: string;
      /** Absent from an event that names its key by an ID. */
      readonly alias?: undefined;
    }
  | {
      /** 1 to 128 letters, digits and `. _ : / -`. */
      readonly alias: string;
      /** Absent from an event that names its key by an alias. */
      readonly keyId?: undefined;
    };

/** A key came to be. */
export interface KeyCreatedEvent extends EventBase {
  /** Both count alike. */
  readonly type: 'CreateKey' | 'ImportKey';
  /** Its ID in this region: 1 to 64 letters, digits and `. _ : / -`. */
  readonly keyId: string;
  /** By the codes of X9.143: they decide whether and under which KEK the key can be copied. */
  readonly attributes: KeyAttributes;
  /** What the check value of every copy is compared with. */
  readonly kcv: Kcv;
  /**
   * Whether it may be used from the start.
   * @defaultValue `true`
   */
  readonly enabled?: boolean | undefined;
  /**
   * All tags that it starts with.
   * @defaultValue none
   */
  readonly tags?: { readonly [key: string]: string } | undefined;
  /** The regions that this key is copied to, instead of the default ones. */
  readonly regions?: readonly string[] | undefined;
}

/** A key changed. */
export type KeyChangedEvent = EventBase &
  EventKey &
  (
    | {
        /** Marks the key for deletion, and disables it. */
        readonly type: 'DeleteKey';
        /** Until when the key can be restored: ISO 8601, in UTC or with the offset from it. */
        readonly deleteAfter: string;
      }
    | {
        /** A restored key stays disabled until it is started. */
        readonly type: 'RestoreKey' | 'StartKeyUsage' | 'StopKeyUsage';
      }
    | {
        /** Sets tags, and leaves the others as they are. */
        readonly type: 'TagResource';
        /** The tags to set: one of a name that the key has already is replaced. */
        readonly tags: { readonly [key: string]: string };
      }
    | {
        /** Takes tags away, and leaves the others as they are. */
        readonly type: 'UntagResource';
        /** The names of the tags to take away. */
        readonly tagKeys: readonly string[];
      }
  );

/** An alias names another key, or none. */
export interface AliasEvent extends EventBase {
  /** The first two count alike; after the last the alias names no key, whatever `keyId` says. */
  readonly type: 'CreateAlias' | 'UpdateAlias' | 'DeleteAlias';
  /** 1 to 128 letters, digits and `. _ : / -`. */
  readonly alias: string;
  /** The key that it names from now on, by its ID in the ledger; absent for none. */
  readonly keyId?: string | undefined;
}

/** What happened in the primary region. */
export type ReplicationEvent = KeyCreatedEvent | KeyChangedEvent | AliasEvent;

/** What every event has to have, checked. */
export function readEvent(event: ReplicationEvent): ReplicationEvent {
  requireObject(event, 'event');
  const { eventId, sequence, regionId, source } = event;
  if (typeof eventId !== 'string' || eventId === '' || eventId.length > 256) throw malformed();
  if (!Number.isSafeInteger(sequence) || sequence < 0) throw malformed();
  readId(regionId, 'regionId');
  requireObject(source, 'event');
  if (source.kind !== 'caller' && source.kind !== 'replication') throw malformed();
  if (event.keyId !== undefined) readId(event.keyId, 'keyId');
  const { alias } = event as { readonly alias?: string }; // some have it
  if (alias !== undefined) readId(alias, 'alias');
  return event;
}

/** What the attributes and the check value of a key come to in the ledger. */
export function createdKey(attributes: KeyAttributes, kcv: Kcv): CreatedKey {
  const attributesDigest = digestOfAttributes(attributes);
  requireObject(kcv, 'kcv');
  const { method, value } = kcv;
  if (typeof method !== 'string' || typeof value !== 'string') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'kcv' });
  }
  return { attributes, attributesDigest, kcv: { method, value } };
}

/**
 * Computes what tells attributes from others, and what an import is answered with.
 *
 * @param attributes - What the copy may do.
 * @returns SHA-256 of their canonical JSON, in lower-case hex.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { replication } from 'keyblock/hierarchy';
 *
 * const attributes = {
 *   keyUsage: 'P0', algorithm: 'A', keyBits: 128, modeOfUse: 'B', exportability: 'E',
 *   keyVersionNumber: '00',
 * };
 * replication.digestOfAttributes(attributes).length; // 64
 * ```
 */
export function digestOfAttributes(attributes: KeyAttributes): string {
  requireObject(attributes, 'attributes');
  const { keyUsage, algorithm, keyBits, modeOfUse, exportability, keyVersionNumber } = attributes;
  const six = { keyUsage, algorithm, keyBits, modeOfUse, exportability, keyVersionNumber };
  return sha256Hex(canonicalJson(six, 'attributes'));
}

/** What an event says about a key. */
export function changesOf(event: KeyCreatedEvent | KeyChangedEvent): readonly KeyChange[] {
  switch (event.type) {
    case 'CreateKey':
    case 'ImportKey':
      return [
        { of: 'created', value: createdKey(event.attributes, event.kcv) },
        { of: 'enabled', value: own(event, 'enabled') ?? true },
        ...tagChanges(own(event, 'tags') ?? {}),
      ];
    case 'DeleteKey':
      return [
        { of: 'deletion', value: readTime(event.deleteAfter) },
        { of: 'enabled', value: false },
      ];
    case 'RestoreKey':
      // A restored key waits to be started.
      return [
        { of: 'deletion', value: null },
        { of: 'enabled', value: false },
      ];
    case 'StartKeyUsage':
      return [{ of: 'enabled', value: true }];
    case 'StopKeyUsage':
      return [{ of: 'enabled', value: false }];
    case 'TagResource':
      return tagChanges(event.tags);
    case 'UntagResource':
      return readList(event.tagKeys).map((name) => ({ of: 'tag', name, value: null }));
    default:
      // Of a type that is not known: refused, so that it is not taken for carried out.
      throw malformed();
  }
}

function tagChanges(tags: { readonly [key: string]: string }): KeyChange[] {
  requireObject(tags, 'tags');
  // What no copy takes would be asked of them for ever.
  return Object.entries(readTags(tags)).map(([name, value]) => ({ of: 'tag', name, value }));
}

function readList(value: readonly string[]): readonly string[] {
  const isList = Array.isArray(value) && value.every((name) => typeof name === 'string');
  if (!isList) throw malformed();
  return value;
}

/** A day begins in UTC; a time of day without a zone would be another one on every host. */
const ISO_TIME = /^\d{4}-\d\d-\d\d(?:T.*(?:Z|[+-]\d\d:\d\d))?$/;

/** Reads a time, and writes it in the one format in which texts compare as times do. */
export function readTime(value: string | undefined): string {
  if (typeof value !== 'string' || !ISO_TIME.test(value)) throw malformed();
  const day = value.slice(0, 10);
  // Of a day that there is not some hosts make the next one.
  if (!isoTime({ at: new Date(day) }).startsWith(day)) throw malformed();
  return isoTime({ at: new Date(value) });
}

function malformed(): KeyblockError {
  return new KeyblockError('INVALID_ARGUMENT', { field: 'event' });
}
