/**
 * Tags of customer keys, and rules about them: such as that a key that is shared says with whom.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import type { Code, KeyUsage } from '../../tr31/codes.js';
import { requireCustomerKey } from '../read-record.js';
import type { CustomerKeyRecord } from '../records.js';

/** Tags by their keys. */
export type Tags = Readonly<Record<string, string>>;

/** What the tags of some keys have to be. */
export interface TagRule {
  /** The keys that the rule is about. */
  readonly when: {
    /** @defaultValue keys of every usage */
    readonly keyUsages?: readonly Code<KeyUsage>[] | undefined;
    /** @defaultValue keys of every exportability */
    readonly exportability?: readonly string[] | undefined;
  };
  /** One of these tags has to be there. */
  readonly requireOneOf: readonly string[];
  /** And no second one: a key for one partner only. */
  readonly onlyOne?: boolean | undefined;
}

/** A rule that a key breaks. */
export interface TagViolation {
  /** Which of the rules, from 0 on. */
  readonly rule: number;
  /** Whether a tag is missing, or there are too many. */
  readonly problem: 'missing' | 'several';
}

/** What {@link evaluateTags} takes. */
export interface EvaluateTagsOptions {
  /** The customer key. */
  readonly record: CustomerKeyRecord;
  /** The rules. */
  readonly rules: readonly TagRule[];
}

/**
 * Finds which rules the tags of a key break. A guard for creation and export: refuse where the list
 * is not empty.
 *
 * @param options - The key, and the rules.
 * @returns One entry for each rule that is broken.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for what is not a record, `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts no-run
 * import { type CustomerKeyRecord, tags } from 'keyblock/hierarchy';
 *
 * declare const record: CustomerKeyRecord; // a KEK without tags
 * const rule = { when: { keyUsages: ['K0'] }, requireOneOf: ['KIF', 'Network'], onlyOne: true };
 * tags.evaluate({ record, rules: [rule] }); // [{ rule: 0, problem: 'missing' }]
 * ```
 */
export function evaluateTags(options: EvaluateTagsOptions): readonly TagViolation[] {
  requireObject(options, 'options');
  const record = requireCustomerKey(own(options, 'record'));
  const rules = own(options, 'rules');
  if (!Array.isArray(rules)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'tags' });
  return (rules as readonly TagRule[]).flatMap((rule, i): readonly TagViolation[] => {
    const { applies, names, onlyOne } = readRule(rule, record);
    if (!applies) return [];
    const present = names.filter((name) => Object.hasOwn(record.tags, name)).length;
    if (present === 0) return [{ rule: i, problem: 'missing' }];
    return onlyOne && present > 1 ? [{ rule: i, problem: 'several' }] : [];
  });
}

function readRule(
  rule: TagRule,
  { attributes }: CustomerKeyRecord,
): { readonly applies: boolean; readonly names: readonly string[]; readonly onlyOne: boolean } {
  requireObject(rule, 'tags');
  const when = own(rule, 'when') ?? {};
  requireObject(when, 'tags');
  const names = own(rule, 'requireOneOf');
  if (!Array.isArray(names)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'tags' });
  const isUsage = isAmong(attributes.keyUsage, own(when, 'keyUsages'));
  const isExportability = isAmong(attributes.exportability, own(when, 'exportability'));
  return { applies: isUsage && isExportability, names, onlyOne: own(rule, 'onlyOne') === true };
}

function isAmong(value: string, values: readonly string[] | undefined): boolean {
  if (values === undefined) return true;
  // A rule that was mistyped must not be one that asks for nothing.
  if (!Array.isArray(values)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'tags' });
  return values.includes(value);
}

const MAX_TAGS = 200;
const MAX_KEY_LENGTH = 128;
const MAX_VALUE_LENGTH = 256;

/**
 * Copies tags, and checks their number and lengths.
 *
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`.
 */
export function readTags(input: Tags | undefined): Tags {
  if (input === undefined) return {};
  requireObject(input, 'tags');
  const entries = Object.entries(input);
  const areTags = entries.every(
    ([key, value]) =>
      key.length >= 1 &&
      key.length <= MAX_KEY_LENGTH &&
      key !== '__proto__' &&
      typeof value === 'string' &&
      value.length <= MAX_VALUE_LENGTH,
  );
  if (!areTags || entries.length > MAX_TAGS) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'tags' });
  }
  return Object.fromEntries(entries);
}
