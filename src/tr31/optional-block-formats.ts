/** The format of every optional block of the standard, as one table: both directions, and names. */

import { KeyblockError } from '../errors.js';
import { isBytes } from '../primitives/bytes.js';
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
  return format.read(data, id) !== undefined && format.strict?.(data) !== false;
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
  /** Undefined where the data is malformed. */
  read(data: string, id: string): OptionalBlockData | undefined;
  /** Undefined where a value is of the wrong type; what is written is read back by the caller. */
  write(content: Readonly<Record<string, unknown>>): string | undefined;
  /** False for what can be read although the standard has it otherwise. */
  strict?(data: string): boolean;
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
    write: ({ life }) => lookUp({ ephemeral: '0100', static: '0101' }, String(life)),
  },
  BI: {
    name: 'base derivation key identifier',
    clause: '6.3.6.2',
    read: (data) => {
      const identifier = data.slice(2);
      if (/^00[0-9A-F]{10}$/.test(data)) return { id: 'BI', dukpt: 'TDES', identifier };
      // AWS documents 11 where the standard has 01.
      if (/^(?:01|11)[0-9A-F]{8}$/.test(data)) return { id: 'BI', dukpt: 'AES', identifier };
      return undefined;
    },
    write: ({ dukpt, identifier }) => prefixed({ TDES: '00', AES: '01' }, dukpt, identifier),
    strict: (data) => !data.startsWith('11'),
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
    read: (data) =>
      BASIC_TIME.test(data) || EXTENDED_TIME.test(data) ? { id, time: data } : undefined,
    write: ({ time }) => textOf(time),
  };
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
  if (!isShortArray(derivations) || !derivations.every(isDerivation)) return undefined;
  return derivations.reduce(
    (text, { keyUsage, algorithm, modeOfUse, exportability }) =>
      text + keyUsage + algorithm + modeOfUse + exportability,
    '01',
  );
}

/** No block has room for more members than characters. */
function isShortArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length <= MAX_KEY_BLOCK_LENGTH;
}

function isDerivation(value: unknown): value is AllowedDerivation {
  if (typeof value !== 'object' || value === null) return false;
  // Every part is checked.
  const { keyUsage, algorithm, modeOfUse, exportability } = value as Partial<AllowedDerivation>;
  return (
    textOf(keyUsage)?.length === 2 &&
    [algorithm, modeOfUse, exportability].every((code) => textOf(code)?.length === 1)
  );
}

function writeCertificates(form: unknown, certificates: unknown): string | undefined {
  if (!isShortArray(certificates) || !certificates.every(isCertificate)) return undefined;
  const natural = certificates.length === 1 ? 'single' : 'chain';
  if (form !== undefined && form !== 'single' && form !== 'chain') return undefined;
  return formatCertificates({ form: form ?? natural, certificates });
}

function isCertificate(value: unknown): value is Certificate {
  if (typeof value !== 'object' || value === null) return false;
  const { format, certificate } = value as Partial<Certificate>; // every part is checked
  const fits = isBytes(certificate) && certificate.length <= MAX_KEY_BLOCK_LENGTH;
  return fits && (format === 'X.509' || format === 'EMV');
}

function prefixed(
  prefixes: Readonly<Record<string, string>>,
  name: unknown,
  value: unknown,
): string | undefined {
  const prefix = lookUp(prefixes, String(name));
  return prefix !== undefined && typeof value === 'string' ? prefix + value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
