/** The format of every optional block of the standard, as one table: both directions, and names. */

import { KeyblockError, type KeyblockErrorField } from '../errors.js';
import { copyBytes, isBytes, own } from '../primitives/bytes.js';
import type { HashName } from '../primitives/hashes.js';
import { type Certificate, formatCertificates, readCertificates } from './certificates.js';
import { lookUp } from './codes.js';
import type { AllowedDerivation, OptionalBlockData } from './optional-block-types.js';
import type { OptionalBlock } from './optional-blocks.js';
import { MAX_KEY_BLOCK_LENGTH } from './text.js';

/** Whether the data of a block has the format that the standard gives its ID. */
export function hasStandardFormat({ id, data }: OptionalBlock): boolean {
  const format = lookUp(FORMATS, id);
  if (format === undefined) return true;
  // AWS documents BI with 11 for AES: that can be read, but is not the standard's.
  return format.read(data, id) !== undefined && !(id === 'BI' && data.startsWith('11'));
}

/** Whether an ID is one of the standard (PB included) or a proprietary one of two digits. */
export function isKnownId(id: string): boolean {
  return id === 'PB' || Object.hasOwn(FORMATS, id) || isProprietaryId(id);
}

/** Name and clause of a standard ID, for tables that people read. */
export function optionalBlockName(id: string): { readonly name: string; readonly clause: string } {
  if (id === 'PB') return { name: 'padding block', clause: '6.3.6.11' };
  const format = lookUp(FORMATS, id);
  if (format !== undefined) return format;
  return { name: isProprietaryId(id) ? 'proprietary' : 'unknown ID', clause: '6.3.6' };
}

/** How the data of one ID is read and written. */
export interface Format {
  readonly name: string;
  /** Clause of X9.143. */
  readonly clause: string;
  /** The one member to write, where an error can name it. */
  readonly field?: KeyblockErrorField;
  /** Undefined where the data is malformed. */
  read(data: string, id: string): OptionalBlockData | undefined;
  /** Undefined where a value is of the wrong type; what is written is read back by the caller. */
  write(content: Readonly<Record<string, unknown>>): string | undefined;
}

/** X9.143 6.3.6.5 table 13. */
const HASH_CODES = {
  '10': 'SHA-1',
  '20': 'SHA-224',
  '21': 'SHA-256',
  '22': 'SHA-384',
  '23': 'SHA-512',
  '24': 'SHA-512/224',
  '25': 'SHA-512/256',
  '30': 'SHA3-224',
  '31': 'SHA3-256',
  '32': 'SHA3-384',
  '33': 'SHA3-512',
  '40': 'SHAKE128',
  '41': 'SHAKE256',
} as const satisfies Readonly<Record<string, HashName>>;

/** The standard's optional blocks but PB, in its order. */
const FORMATS: Readonly<Record<string, Format>> = {
  AL: {
    name: 'asymmetric key life',
    clause: '6.3.6.1',
    read: (data) =>
      data === '0100' || data === '0101'
        ? { id: 'AL', life: data === '0100' ? 'ephemeral' : 'static' }
        : undefined,
    write: ({ life }) => prefixed({ ephemeral: '0100', static: '0101' }, life, ''),
  },
  BI: {
    name: 'base derivation key identifier',
    clause: '6.3.6.2',
    read: (data) => {
      const identifier = data.slice(2);
      if (/^00[0-9A-F]{10}$/.test(data)) return { id: 'BI', dukpt: 'TDES', identifier };
      if (/^(?:01|11)[0-9A-F]{8}$/.test(data)) return { id: 'BI', dukpt: 'AES', identifier };
      return undefined;
    },
    write: ({ dukpt, identifier }) => prefixed({ TDES: '00', AES: '01' }, dukpt, identifier),
  },
  CT: {
    name: 'public key certificate',
    clause: '6.3.6.3',
    read: (data) => {
      const content = readCertificates(data);
      return content && { id: 'CT', ...content };
    },
    write: ({ form, certificates }) => writeCertificates(form, certificates),
  },
  DA: {
    name: 'derivations allowed',
    clause: '6.3.6.4',
    read: (data) =>
      /^01(?:[0-9A-Za-z]{5})+$/.test(data)
        ? { id: 'DA', derivations: splitDerivations(data.slice(2)) }
        : undefined,
    write: ({ derivations }) => writeDerivations(derivations),
  },
  FL: opaque('FL', 'flags'),
  HM: {
    name: 'hash of an HMAC key',
    clause: '6.3.6.5',
    field: 'hash',
    read: (data) => {
      const hash = lookUp<HashName>(HASH_CODES, data);
      return hash && { id: 'HM', hash };
    },
    write: ({ hash }) => Object.entries(HASH_CODES).find(([, name]) => name === hash)?.[0],
  },
  IK: {
    name: 'initial key identifier (AES DUKPT)',
    clause: '6.3.6.6',
    read: (data) => (/^[0-9A-F]{16}$/.test(data) ? { id: 'IK', initialKeyId: data } : undefined),
    write: ({ initialKeyId }) => textOf(initialKeyId),
  },
  KC: checkValue('KC', 'check value of the wrapped key', '6.3.6.7'),
  KP: checkValue('KP', 'check value of the KBPK', '6.3.6.7'),
  KS: {
    name: 'initial key serial number (TDES DUKPT)',
    clause: '6.3.6.8',
    read: (data) =>
      /^(?:[0-9A-F]{20}|[0-9A-F]{16})$/.test(data)
        ? { id: 'KS', keySerialNumber: data }
        : undefined,
    write: ({ keySerialNumber }) => textOf(keySerialNumber),
  },
  KV: {
    name: 'key block values version, deprecated',
    clause: '6.3.6.9',
    read: (data) => (data.length === 4 ? { id: 'KV', keyBlockValues: data } : undefined),
    write: ({ keyBlockValues }) => textOf(keyBlockValues),
  },
  LB: {
    name: 'label',
    clause: '6.3.6.10',
    field: 'label',
    read: (data) => ({ id: 'LB', label: data }),
    write: ({ label }) => textOf(label),
  },
  PA: opaque('PA', 'format not public'),
  PK: checkValue('PK', 'check value of the export protection key', '6.3.6.12'),
  TC: timeStamp('TC', 'time of creation of the key', '6.3.6.13'),
  TS: timeStamp('TS', 'time stamp of the key block', '6.3.6.14'),
  WP: {
    name: 'wrapping pedigree',
    clause: '6.3.6.15',
    read: (data) =>
      /^00[0-3]$/.test(data)
        ? { id: 'WP', weaker: /[13]$/.test(data), asymmetric: /[23]$/.test(data) }
        : undefined,
    write: ({ weaker, asymmetric }) => {
      if (typeof weaker !== 'boolean' || typeof asymmetric !== 'boolean') return undefined;
      return `00${(weaker ? 1 : 0) + (asymmetric ? 2 : 0)}`;
    },
  },
};

const PROPRIETARY: Format = {
  name: 'proprietary',
  clause: '6.3.6',
  // The caller has checked that the ID is two digits.
  read: (data, id) => ({ id: id as `${number}`, text: data }),
  write: ({ text }) => textOf(text),
};

/** The format of an ID; proprietary ones have one in common. */
export function formatOf(id: string): Format {
  const format = isProprietaryId(id) ? PROPRIETARY : lookUp(FORMATS, id);
  if (format === undefined) throw new KeyblockError('UNSUPPORTED', { field: 'optionalBlocks' });
  return format;
}

function isProprietaryId(id: string): boolean {
  return /^[0-9]{2}$/.test(id);
}

function opaque(id: 'FL' | 'PA', name: string): Format {
  return {
    name,
    clause: '6.3.6',
    read: (data) => ({ id, text: data }),
    write: ({ text }) => textOf(text),
  };
}

/** X9.143 6.3.6.7 table 15: the method, and as much of the value as the method gives. */
function checkValue(id: 'KC' | 'KP' | 'PK', name: string, clause: string): Format {
  return {
    name,
    clause,
    read: (data) => {
      if (/^00(?:[0-9A-F]{2}){2,3}$/.test(data)) {
        return { id, method: 'legacy', kcv: data.slice(2) };
      }
      return /^01(?:[0-9A-F]{2}){2,5}$/.test(data)
        ? { id, method: 'cmac', kcv: data.slice(2) }
        : undefined;
    },
    write: ({ method, kcv }) => prefixed({ legacy: '00', cmac: '01' }, method, kcv),
  };
}

/** X9.143 tables 21 and 22: ISO 8601 in UTC, basic or extended, with or without hundredths. */
const BASIC_TIME =
  /^\d{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])(?:[0-5]\d){2}(?:\d\d)?Z$/;
const EXTENDED_TIME =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3])(?::[0-5]\d){2}(?:\.\d\d)?Z$/;

function timeStamp(id: 'TC' | 'TS', name: string, clause: string): Format {
  return {
    name,
    clause,
    field: 'time',
    read: (data) =>
      (BASIC_TIME.test(data) || EXTENDED_TIME.test(data)) && isDay(data)
        ? { id, time: data }
        : undefined,
    write: ({ time }) => textOf(time),
  };
}

/** Whether a time is of a day that there is. */
function isDay(time: string): boolean {
  const date = time.replaceAll('-', '');
  const [year, month, day] = [+date.slice(0, 4), +date.slice(4, 6), +date.slice(6, 8)] as const;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (month === 2) return day <= (isLeap ? 29 : 28);
  return day <= 30 || ![4, 6, 9, 11].includes(month);
}

function splitDerivations(text: string): readonly AllowedDerivation[] {
  return Array.from({ length: text.length / 5 }, (_, i) => ({
    keyUsage: text.slice(5 * i, 5 * i + 2),
    algorithm: text.charAt(5 * i + 2),
    modeOfUse: text.charAt(5 * i + 3),
    exportability: text.charAt(5 * i + 4),
  }));
}

function writeDerivations(derivations: unknown): string | undefined {
  const texts = mapShortArray(derivations, writeDerivation);
  return texts === undefined ? undefined : `01${texts.join('')}`;
}

function writeDerivation(derivation: Partial<AllowedDerivation>): string | undefined {
  const usage = textOf(own(derivation, 'keyUsage'));
  const codes = (['algorithm', 'modeOfUse', 'exportability'] as const).map((name) =>
    textOf(own(derivation, name)),
  );
  return usage?.length === 2 && codes.every((code) => code?.length === 1)
    ? usage + codes.join('')
    : undefined;
}

function writeCertificates(form: unknown, certificates: unknown): string | undefined {
  const members = mapShortArray(certificates, copyCertificate);
  if (members === undefined) return undefined;
  const natural = members.length === 1 ? 'single' : 'chain';
  if (form !== undefined && form !== 'single' && form !== 'chain') return undefined;
  return formatCertificates({ form: form ?? natural, certificates: members });
}

function copyCertificate(member: Partial<Certificate>): Certificate | undefined {
  const format = own(member, 'format');
  const certificate = own(member, 'certificate');
  if (format !== 'X.509' && format !== 'EMV') return undefined;
  if (!isBytes(certificate) || certificate.length > MAX_KEY_BLOCK_LENGTH) return undefined;
  return { format, certificate: copyBytes(certificate, 'optionalBlocks') };
}

/** Maps an array of objects, as long as a block has room for; undefined where a member is odd. */
function mapShortArray<T>(
  value: unknown,
  map: (member: object) => T | undefined,
): readonly T[] | undefined {
  if (!Array.isArray(value) || value.length > MAX_KEY_BLOCK_LENGTH) return undefined;
  const mapped: T[] = [];
  for (const member of value) {
    const result = typeof member === 'object' && member !== null ? map(member) : undefined;
    if (result === undefined) return undefined;
    mapped.push(result);
  }
  return mapped;
}

function prefixed(
  prefixes: Readonly<Record<string, string>>,
  name: unknown,
  value: unknown,
): string | undefined {
  const prefix = typeof name === 'string' ? lookUp(prefixes, name) : undefined;
  return prefix !== undefined && typeof value === 'string' ? prefix + value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
