/**
 * The parts of a ledger, each checked when it is read: to look at one key must not take as long as
 * to look at all.
 */

import { KeyblockError } from '../../errors.js';
import { own } from '../../primitives/bytes.js';
import { isAttributes, isKcv, isListOf, isObject, isText, member } from '../read-record.js';
import type { ReplicationCommand } from './commands.js';
import type { ReplicaLedger } from './records.js';

type TableName = 'keys' | 'aliases';
type Entry<T extends TableName> = ReplicaLedger[T][string];

/** One key or alias of a ledger. Refuses an entry that was altered. */
export function entryIn<T extends TableName>(
  ledger: Pick<ReplicaLedger, T>,
  table: T,
  name: string,
): Entry<T> | undefined {
  const entries: Readonly<Record<string, unknown>> = ledger[table];
  const entry = own(entries, name);
  return entry === undefined ? undefined : readEntry(table, name, entry);
}

/** All of them. */
export function entriesIn<T extends TableName>(
  ledger: Pick<ReplicaLedger, T>,
  table: T,
): readonly Entry<T>[] {
  return Object.entries(ledger[table]).map(([name, entry]) => readEntry(table, name, entry));
}

/** What an entry is called, it is called in the table. */
const NAMES = { keys: 'keyId', aliases: 'alias' } as const;

function readEntry<T extends TableName>(table: T, name: string, entry: unknown): Entry<T> {
  if (!isEntry(table, name, entry)) throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
  return entry;
}

/** Whether a value can be read as an entry of this name. */
export function isEntry<T extends TableName>(
  table: T,
  name: string,
  value: unknown,
): value is Entry<T> {
  return SHAPES[table](value) && member(value, NAMES[table]) === name;
}

/** Whether a value is what a ledger knows of a pair. */
export function isLedgerPair(value: unknown): boolean {
  return SHAPES.pair(value);
}

/** Whether a value says which region was the primary, and when. */
export function isPrimary(value: unknown): boolean {
  return SHAPES.primary(value);
}

const COMMAND_TYPES: readonly ReplicationCommand['type'][] = [
  'exportTr31',
  'importTr31',
  'scheduleDeletion',
  'cancelDeletion',
  'setEnabled',
  'putTags',
  'putAlias',
];

type Check = (value: unknown) => boolean;

const SHAPES = /* @__PURE__ */ createShapes();

/** The records of `records.ts`, as far as anything is read of them. */
function createShapes() {
  const stamp = shape({ generation: isNumber, sequence: isNumber, eventId: isText });
  const stamped = (value: Check) => shape({ stamp, value });
  const created = shape({ attributes: isAttributes, attributesDigest: isText, kcv: isKcv });
  const textOrNull: Check = (value) => value === null || isText(value);
  const changes: Readonly<Record<string, Check>> = {
    created: shape({ value: created }),
    enabled: shape({ value: isFlag }),
    deletion: shape({ value: textOrNull }),
    tag: shape({ name: isText, value: textOrNull }),
  };
  const change: Check = (value) => own(changes, String(member(value, 'of')))?.(value) === true;
  const types: readonly unknown[] = COMMAND_TYPES;
  const command = shape({
    type: (value) => types.includes(value),
    commandId: isText,
    pairId: isText,
    order: isNumber,
    tags: optional(tableOf(isText)),
  });
  const work = {
    regionId: isText,
    order: isNumber,
    state: isText,
    pending: optional(command),
    failure: optional(
      shape({ code: isText, at: isText, attempts: isNumber, types: optional(listOf(isText)) }),
    ),
  };
  const replica = shape({
    keyId: isText,
    kcv: isKcv,
    attributesDigest: isText,
    enabled: isFlag,
    tags: tableOf(isText),
    deleteAfter: optional(isText),
    deleteFor: optional(isText),
    unsure: optional(listOf(isText)),
  });
  const kek = { pairId: isText, generation: isNumber };
  const travelling = shape({ ...kek, keyBlock: isText });
  const entry = shape({
    ...work,
    replica: optional(replica),
    exported: optional(travelling),
    attempted: optional(travelling),
    refusedBy: optional(shape(kek)),
    discard: optional(isText),
  });
  return {
    keys: shape({
      keyId: isText,
      floor: optional(shape({ generation: isNumber, sequence: isNumber })),
      created: optional(stamped(created)),
      enabled: optional(stamped(isFlag)),
      deletion: optional(stamped(textOrNull)),
      tags: tableOf(stamped(textOrNull)),
      replicas: byRegion(entry),
    }),
    aliases: shape({
      alias: isText,
      history: listOf(stamped(textOrNull)),
      requests: listOf(shape({ stamp, change })),
      replicas: byRegion(shape({ ...work, keyId: textOrNull })),
    }),
    pair: shape({
      ...kek,
      from: isText,
      to: isText,
      state: isText,
      kekBits: isNumber,
      byDefault: isFlag,
    }),
    primary: shape({ generation: isNumber, regionId: isText, at: isText }),
  };
}

/** An object with these members, and any others. */
function shape(members: Readonly<Record<string, Check>>): Check {
  const checks = Object.entries(members);
  return (value) => {
    for (const [name, check] of checks) if (!check(member(value, name))) return false;
    return true;
  };
}

function tableOf(check: Check): Check {
  return (value) => {
    if (!isObject(value) || Array.isArray(value)) return false;
    return Object.values(value).every(check);
  };
}

function byRegion(check: Check): Check {
  return (value) => {
    if (!isObject(value) || Array.isArray(value)) return false;
    return Object.entries(value).every(
      ([regionId, entry]) => check(entry) && entry.regionId === regionId,
    );
  };
}

function listOf(check: Check): Check {
  return (value) => isListOf(value, check);
}

function optional(check: Check): Check {
  return (value) => value === undefined || check(value);
}

function isNumber(value: unknown): boolean {
  return Number.isSafeInteger(value);
}

function isFlag(value: unknown): boolean {
  return typeof value === 'boolean';
}
