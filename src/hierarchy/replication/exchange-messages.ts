/**
 * What a key exchange asks of the regions, and what they answer.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { requireObject } from '../../primitives/bytes.js';
import { readId } from '../identifiers.js';
import type { Kcv } from '../records.js';
import type { ExchangeParty, ExchangeStep, PairRecord } from './records.js';

/** What the commands of a key exchange have in common. */
export interface ExchangeCommandBase {
  /**
   * Of pair, generation and step, and of a `delete-kek` also the region: a step that was done is
   * answered, and not done again.
   */
  readonly idempotencyKey: string;
  /** The pair that the KEK is for. */
  readonly pairId: string;
  /** Which KEK of the pair, from 1 on. */
  readonly generation: number;
  /** The region that carries the step out. */
  readonly regionId: string;
}

/** One step of a key exchange. */
export type ExchangeCommand = ExchangeCommandBase &
  (
    | {
        /** Makes the KEK: AES, usage K1, exportable once. */
        readonly step: 'create-kek';
        /** Length of the KEK. */
        readonly lengthBits: PairRecord['kekBits'];
      }
    | {
        /** Asks the receiving side for its certificate and for a nonce. */
        readonly step: 'krd-parameters';
        /** Whether the certificate is to be of an RSA key or of one on an elliptic curve. */
        readonly transport: PairRecord['transport'];
      }
    | {
        /** Has the sending side trust the root of the receiving one. */
        readonly step: 'trust-krd-root';
        /** From `krd-parameters`: DER in base64. */
        readonly rootCertificate: string;
      }
    | {
        /** Asks the sending side for its certificate. */
        readonly step: 'kdh-parameters';
        /** Whether the certificate is to be of an RSA key or of one on an elliptic curve. */
        readonly transport: PairRecord['transport'];
      }
    | {
        /** Has the receiving side trust the root of the sending one. */
        readonly step: 'trust-kdh-root';
        /** From `kdh-parameters`: DER in base64. */
        readonly rootCertificate: string;
      }
    | {
        /** Makes the key token, with the nonce in it. */
        readonly step: 'export-kek';
        /** The KEK by its ID in the sending region: from `create-kek`. */
        readonly kekId: string;
        /** From `krd-parameters`: DER in base64. */
        readonly krdCertificate: string;
        /** From `krd-parameters`, in upper-case hex. */
        readonly nonce: string;
      }
    | {
        /** Loads the key token, which has to carry the nonce. */
        readonly step: 'import-kek';
        /** From `export-kek`: DER in base64. */
        readonly token: string;
        /** From `krd-parameters`, in upper-case hex. */
        readonly nonce: string;
        /** From `kdh-parameters`: DER in base64. */
        readonly kdhCertificate: string;
      }
    | {
        /** Deletes a KEK that is needed no more; no step of an exchange: `applyStep` refuses it. */
        readonly step: 'delete-kek';
        /** The KEK by its ID in the region that is asked. */
        readonly kekId: string;
      }
  );

/** What a region answers to a step, with the command that it answers. */
export type ExchangeResult = {
  /** The command that is answered: told by its idempotency key alone. */
  readonly command: Pick<ExchangeCommand, 'idempotencyKey'>;
} & (
  | {
      /** Of a step that was carried out, now or before. */
      readonly outcome: 'done';
      /** Of `create-kek` and `import-kek`: the ID of the KEK in that region. */
      readonly kekId?: string | undefined;
      /** Of `create-kek` and `import-kek`: computed from the KEK; both have to be the same. */
      readonly kcv?: Kcv | undefined;
      /** Of both `-parameters`: DER in base64. */
      readonly certificate?: string | undefined;
      /** Of both `-parameters`: the root that the certificate leads to, DER in base64. */
      readonly rootCertificate?: string | undefined;
      /** Of `krd-parameters`: 8 to 64 bytes in hex, that were never issued before. */
      readonly nonce?: string | undefined;
      /** Of `export-kek`: DER in base64. */
      readonly token?: string | undefined;
    }
  | {
      /** Of a step that was not carried out, or of which that is not known. */
      readonly outcome: 'failed';
      /** Of capital letters, digits and `_`, such as the codes of this library; never a text. */
      readonly code: string;
      /** False where another attempt has no sense: then the exchange has failed. */
      readonly retryable: boolean;
      /**
       * From when on to try again, in ISO 8601.
       * @defaultValue after a time that grows, from a minute to an hour
       */
      readonly retryAfter?: string | undefined;
    }
);

type Done = Extract<ExchangeResult, { outcome: 'done' }>;

/** The key by which a step is done once. */
export function idempotencyKeyOf(
  pairId: string,
  generation: number,
  step: ExchangeCommand['step'],
): string {
  return `${pairId}/${generation}/${step}`;
}

/** Reads the KEK that a step has made or loaded. */
export function readKek({ kekId, kcv }: Done): { readonly kekId: string; readonly kcv: Kcv } {
  requireObject(kcv, 'kcv');
  const { method, value } = kcv as Kcv; // not undefined: that was refused
  if (typeof method !== 'string' || typeof value !== 'string' || !/^[0-9A-F]{4,}$/.test(value)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'kcv' });
  }
  return { kekId: readId(kekId, 'keyId'), kcv: { method, value } };
}

/** Reads the certificates of a side. What is in them is for the other side to judge. */
export function readParty({ certificate, rootCertificate }: Done): ExchangeParty {
  return {
    certificate: readBase64(certificate, 'certificate'),
    rootCertificate: readBase64(rootCertificate, 'certificate'),
  };
}

/** Reads a key token. */
export function readToken({ token }: Done): string {
  return readBase64(token, 'token');
}

function readBase64(value: unknown, field: 'certificate' | 'token'): string {
  const fits = typeof value === 'string' && value.length <= 131_072;
  if (!fits || !/^[A-Za-z0-9+/]{4,}={0,2}$/.test(value)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field });
  }
  return value;
}

/** Reads a nonce, which has to be new: it is what makes the token one of this exchange. */
export function readNonce({ nonce }: Done, used: readonly string[]): string {
  const digits = typeof nonce === 'string' ? nonce.toUpperCase() : '';
  const isNonce = /^(?:[0-9A-F]{2}){8,64}$/.test(digits);
  if (!isNonce || isPattern(digits) || used.includes(digits)) {
    throw new KeyblockError('FRESHNESS', { field: 'nonce' });
  }
  return digits;
}

/**
 * One, two or four bytes over and over: what stands in samples, and never what a generator gives.
 */
function isPattern(digits: string): boolean {
  return [2, 4, 8].some((length) => digits === patternOf(digits, length));
}

function patternOf(digits: string, length: number): string {
  return digits
    .slice(0, length)
    .repeat(Math.ceil(digits.length / length))
    .slice(0, digits.length);
}

/** The steps in their order. */
export const EXCHANGE_STEPS: readonly ExchangeStep[] = [
  'create-kek',
  'krd-parameters',
  'trust-krd-root',
  'kdh-parameters',
  'trust-kdh-root',
  'export-kek',
  'import-kek',
];
