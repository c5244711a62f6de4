/** How a command comes to be, and when another one may. */

import { own } from '../../primitives/bytes.js';
import type { PutAliasCommand, ReplicaKeyCommand, ReplicationCommand } from './commands.js';
import type { Draft } from './draft.js';
import { readTime } from './events.js';
import type { EntryWork, StepFailure } from './records.js';

/** A union, each member without some of its own. */
type Without<T, Names extends PropertyKey> = T extends unknown ? Omit<T, Names & keyof T> : never;

type Given = 'commandId' | 'order' | 'issuedAt' | 'replicaRegionId' | 'regionId';

/** A command about a key, as far as its plan knows it. In the region of the copy, if not said. */
export type NewKeyCommand = Without<
  ReplicaKeyCommand,
  Given | 'pairId' | 'keyId' | 'originRegionId'
> & {
  readonly regionId?: string | undefined;
};

/** The same with all that does not follow from the ledger. */
type NewCommand = Without<ReplicaKeyCommand | PutAliasCommand, Given> & {
  readonly regionId?: string | undefined;
};

/** What the commands of a new entry are counted from: its region may know greater ones already. */
export function firstOrder({ forgotten }: Draft, regionId: string): number {
  return own(forgotten, regionId) ?? 0;
}

/** Makes a command, for sending and for the ledger. */
export function send(
  draft: Draft,
  entry: EntryWork & { readonly regionId: string },
  subject: string,
  command: NewCommand,
): Required<Pick<EntryWork, 'order' | 'pending'>> {
  const { regionId } = entry;
  const order = entry.order + 1;
  const pending = {
    regionId,
    ...command,
    commandId: `${draft.stored.ledgerId}/${regionId}/${subject}/${order}`,
    replicaRegionId: regionId,
    order,
    issuedAt: draft.at,
    // Complete now: these are all the names that NewCommand leaves out.
  } as ReplicationCommand;
  draft.commands.push(pending);
  return { order, pending };
}

/** Whether what failed may be tried again. */
export function isDue({ failure }: Pick<EntryWork, 'failure'>, at: string): boolean {
  if (failure?.retryAfter === undefined) return true;
  // Times of one format in UTC are in the order of their texts. What failed after now was noted by
  // a clock that was ahead.
  return failure.retryAfter <= at || failure.at > at;
}

/** Whether a command of this type may be sent: what failed of another one does not hold it back. */
export function mayTry(
  entry: Pick<EntryWork, 'failure'>,
  type: ReplicaKeyCommand['type'],
  at: string,
): boolean {
  return isDue(entry, at) || entry.failure?.types?.includes(type) === false;
}

/** The types of commands that wait after one more has failed: each is tried once at a time. */
export function waiting(
  before: StepFailure | undefined,
  at: string,
  type: ReplicaKeyCommand['type'],
): NonNullable<StepFailure['types']> {
  const others = isDue({ failure: before }, at) ? [] : (before?.types ?? []);
  return [...new Set([...others, type])];
}

const MINUTE = 60_000;
const DAY = 86_400_000;

/** A failure, to be tried again after a time that doubles up to an hour. */
export function failed(
  before: StepFailure | undefined,
  at: string,
  code: string,
  retryAfter: string | undefined,
): StepFailure {
  const attempts = (before?.attempts ?? 0) + 1;
  const wait = Math.min(MINUTE * 2 ** (attempts - 1), 60 * MINUTE);
  const later = new Date(Date.parse(at) + wait).toISOString();
  const next = retryAfter === undefined ? later : readTime(retryAfter);
  return { code, at, attempts, retryAfter: next };
}

/** The least and the most that a region takes as waiting time of a deletion. */
const WAITING_DAYS = { least: 3, most: 180 } as const;

/** What is left until a time in whole days, so that nothing goes before that time. */
export function remainingDays(at: string, until: string | undefined): number {
  if (until === undefined) return WAITING_DAYS.least;
  const days = Math.ceil((Date.parse(until) - Date.parse(at)) / DAY);
  return Math.min(Math.max(days, WAITING_DAYS.least), WAITING_DAYS.most);
}

/** Whether a time is not so many days after another, by clocks that may be a day apart. */
export function goesBefore(time: string, at: string, days: number): boolean {
  return Date.parse(time) < Date.parse(at) + (days - 1) * DAY;
}
