/**
 * Dual control, as bookkeeping over evidence: enough different people have consented to the very
 * operation that is about to be done. Whether a consent is genuine is for the caller to know.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { canonicalJson, sha256Hex } from '../digest.js';
import { type Env, isoTime } from '../env.js';
import type { Approval, JsonValue } from '../records.js';

/** Whose consent counts. */
export interface ApprovalPolicy {
  /**
   * How many different people.
   * @defaultValue `2`
   */
  readonly count?: number | undefined;
  /** Who asks for the operation: does not count, however the name is written. */
  readonly requester?: string | undefined;
  /**
   * In which roles they consent.
   * @defaultValue any role
   */
  readonly roles?: readonly string[] | undefined;
  /**
   * For how long a consent holds.
   * @defaultValue `86400`, a day
   */
  readonly withinSeconds?: number | undefined;
}

/** What {@link requireApprovals} takes. */
export interface RequireApprovalsOptions {
  /** Time. */
  readonly env: Env;
  /** What is about to be done, whole: its kind, and everything that it is done to. */
  readonly operation: JsonValue;
  /** What people have consented to. */
  readonly approvals: readonly Approval[];
  /** Whose consent counts. */
  readonly policy?: ApprovalPolicy | undefined;
}

/**
 * Computes what an {@link Approval} is for: the digest of an operation.
 *
 * @param operation - The operation as JSON; the order of its members makes no difference.
 * @returns SHA-256 of its canonical JSON, in lower-case hex.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT` for what is not JSON.
 *
 * @example
 * ```ts
 * import { approvals } from 'keyblock/hierarchy';
 *
 * approvals.digest({ kind: 'destroy', keyId: 'eu-central-1', version: 1 }).slice(0, 8); // 'c14839a5'
 * ```
 */
export function operationDigest(operation: JsonValue): string {
  return sha256Hex(canonicalJson(operation, 'options'));
}

/**
 * Demands that enough people have consented to one operation. Consents to another operation, from
 * the future, too old, in another role, of the requester or repeated count for nothing. Names are
 * one person where they differ in case alone, or in how Unicode composes them (NFKC).
 *
 * @param options - The operation, the consents, and the policy.
 * @returns The people whose consent counted.
 * @throws {@link KeyblockError} `APPROVAL_REQUIRED`; `INVALID_ARGUMENT`, also for a name with
 * characters that nobody sees.
 *
 * @example
 * ```ts
 * import { approvals } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date('2027-01-01T12:00:00Z') };
 * const operation = { kind: 'destroy', keyId: 'eu-central-1', version: 1 };
 * const consent = {
 *   role: 'security-officer',
 *   at: '2027-01-01T11:00:00.000Z',
 *   operationDigest: approvals.digest(operation),
 * };
 * const given = [{ ...consent, by: 'ada' }, { ...consent, by: 'grace' }];
 * approvals.require({ env, operation, approvals: given }); // ['ada', 'grace']
 * ```
 */
export function requireApprovals(options: RequireApprovalsOptions): readonly string[] {
  requireObject(options, 'options');
  const now = Date.parse(isoTime(own(options, 'env') as Env)); // checked in there
  const { count, requester, roles, withinSeconds } = readPolicy(own(options, 'policy'));
  const digest = operationDigest(own(options, 'operation') as JsonValue); // likewise
  const given = own(options, 'approvals');
  if (!Array.isArray(given)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'approvals' });
  const people = new Map<string, string>();
  for (const { by, role, at, operationDigest: consentedTo } of Array.from(given, readApproval)) {
    const age = now - Date.parse(at);
    const isInTime = age >= 0 && age <= 1000 * withinSeconds;
    const inRole = roles === undefined || roles.includes(role);
    const person = personOf(by);
    if (consentedTo !== digest || !isInTime || !inRole || person === requester) continue;
    if (!people.has(person)) people.set(person, by);
  }
  if (people.size < count) throw new KeyblockError('APPROVAL_REQUIRED', { field: 'approvals' });
  return [...people.values()];
}

const DAY = 86_400;

/** More people than any ceremony has. */
const MAX_COUNT = 32;

function readPolicy(input: ApprovalPolicy | undefined): {
  readonly count: number;
  readonly requester: string | undefined;
  readonly roles: readonly string[] | undefined;
  readonly withinSeconds: number;
} {
  const policy = input ?? {};
  requireObject(policy, 'policy');
  const count = own(policy, 'count') ?? 2;
  const withinSeconds = own(policy, 'withinSeconds') ?? DAY;
  const requester = own(policy, 'requester');
  const roles = own(policy, 'roles');
  const isCount = Number.isInteger(count) && count >= 1 && count <= MAX_COUNT;
  const isTime = Number.isFinite(withinSeconds) && withinSeconds > 0;
  const isRequester = requester === undefined || isName(requester);
  if (!(isCount && isTime && isRequester && (roles === undefined || Array.isArray(roles)))) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'policy' });
  }
  const person = requester === undefined ? undefined : personOf(requester);
  return { count, requester: person, roles, withinSeconds };
}

function readApproval(approval: Approval): Approval {
  requireObject(approval, 'approvals');
  const by = own(approval, 'by');
  const role = own(approval, 'role');
  const at = own(approval, 'at');
  const digest = own(approval, 'operationDigest');
  const isTime = typeof at === 'string' && !Number.isNaN(Date.parse(at));
  if (!(isTime && isName(by) && typeof role === 'string' && typeof digest === 'string')) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'approvals' });
  }
  return { by, role, at, operationDigest: digest };
}

/** No space at its ends, and no control, format or other character that is not seen. */
function isName(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.trim() === value &&
    !/[\p{C}\p{Default_Ignorable_Code_Point}]/u.test(value)
  );
}

/** One text for all ways to write a name. */
function personOf(name: string): string {
  return name.normalize('NFKC').toLowerCase().normalize('NFKC');
}
