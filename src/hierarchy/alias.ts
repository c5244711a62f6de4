/**
 * Aliases: names that stand for customer keys, and move from one to the next. The switch by which a
 * key is replaced, as a promotion is the one by which a main key is.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import { type Env, isoTime } from './env.js';
import { readId, recordId } from './identifiers.js';
import { isRecord } from './read-record.js';
import type { AliasRecord, AuditEvent, ConditionalWrite } from './records.js';

/** What {@link createAlias} and {@link repointAlias} return. */
export interface AliasChange {
  /** The alias. */
  readonly record: AliasRecord;
  /** The one write that stores it. */
  readonly writes: readonly ConditionalWrite[];
  /** What happened. */
  readonly audit: readonly AuditEvent[];
}

/** What {@link createAlias} takes. */
export interface CreateAliasOptions {
  /** Time. */
  readonly env: Env;
  /** 1 to 128 letters, digits and `. _ : / -`. */
  readonly alias: string;
  /** The key that it stands for, if any yet. */
  readonly keyId?: string | undefined;
}

/**
 * Makes an alias.
 *
 * @param options - Its name, and the key that it stands for.
 * @returns The record, and the write that stores it if there is none of that name.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { createAlias } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date() };
 * createAlias({ env, alias: 'pin', keyId: 'pek-1' }).writes[0]?.recordId; // 'alias:pin'
 * ```
 */
export function createAlias(options: CreateAliasOptions): AliasChange {
  requireObject(options, 'options');
  const env = own(options, 'env') as Env; // checked by who reads it
  const alias = readId(own(options, 'alias'), 'alias');
  const keyId = own(options, 'keyId');
  const record: AliasRecord = { kind: 'alias', schema: 1, revision: 1, alias };
  return put(env, 'alias.create', 0, pointed(record, keyId));
}

/** What {@link repointAlias} takes. */
export interface RepointAliasOptions {
  /** Time. */
  readonly env: Env;
  /** The alias. */
  readonly record: AliasRecord;
  /** The key that it stands for now, as far as the caller knows. */
  readonly expected: string | undefined;
  /** The key that it is to stand for; undefined for none. */
  readonly keyId: string | undefined;
}

/**
 * Moves an alias from one key to another, if it still stands for the one that is expected.
 *
 * @param options - The alias, and both keys.
 * @returns The changed record, and the write that stores it if nobody was faster.
 * @throws {@link KeyblockError} `STATE_CONFLICT` when it stands for another key;
 * `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { createAlias, repointAlias } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date() };
 * const { record } = createAlias({ env, alias: 'pin', keyId: 'pek-1' });
 * repointAlias({ env, record, expected: 'pek-1', keyId: 'pek-2' }).record.keyId; // 'pek-2'
 * ```
 */
export function repointAlias(options: RepointAliasOptions): AliasChange {
  requireObject(options, 'options');
  const env = own(options, 'env') as Env; // checked by who reads it
  const record = own(options, 'record');
  if (
    record === undefined ||
    !isRecord(record, 'alias') ||
    own(record, 'keyId') !== own(options, 'expected')
  ) {
    throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
  }
  const { kind, schema, revision } = record;
  const alias = readId(own(record, 'alias'), 'alias');
  const next: AliasRecord = { kind, schema, revision: revision + 1, alias };
  return put(env, 'alias.repoint', revision, pointed(next, own(options, 'keyId')));
}

function pointed(record: AliasRecord, keyId: string | undefined): AliasRecord {
  return keyId === undefined ? record : { ...record, keyId: readId(keyId, 'keyId') };
}

function put(env: Env, action: string, expectedRevision: number, next: AliasRecord): AliasChange {
  const id = recordId(next);
  return {
    record: next,
    writes: [{ op: 'put-record', recordId: id, expectedRevision, next }],
    audit: [
      { kind: 'audit-event', schema: 1, at: isoTime(env), action, outcome: 'ok', recordId: id },
    ],
  };
}
