/** Finds clear keys in what a program prints, logs, copies or sends. */

import {
  computeKcv,
  deriveBlockKeys,
  SecretKey,
  traceUnwrap,
  type VersionId,
  wrapKey,
} from 'keyblock';
import { bytesOf, type KeyBytes, kbpkAlgorithm } from './matrix.js';

/** Something that must not turn up, in the forms that it could take. */
export interface Secret {
  readonly name: string;
  readonly needles: readonly Needle[];
}

/** A piece of text, and in which reading of a text it is looked for. */
interface Needle {
  readonly reading: keyof Readings;
  readonly text: string;
}

/** A text as it stands, its hex digits without case and separators, and its lists of numbers. */
interface Readings {
  readonly plain: string;
  readonly hex: string;
  readonly numbers: string;
}

/** How many bytes in a row are a leak. */
const WINDOW = 4;

/** Any four bytes of a secret in a row, in hex, base64, base64url, decimal lists and Latin-1. */
export function secretBytes(name: string, bytes: Uint8Array): Secret {
  const needles: Needle[] = base64Windows(bytes).map((text) => ({ reading: 'plain', text }));
  for (let at = 0; at + WINDOW <= bytes.length; at++) {
    const window = [...bytes.subarray(at, at + WINDOW)];
    const latin1 = String.fromCharCode(...window);
    const indexed = window.map((byte, i) => `${at + i},${byte}`); // JSON, console.table
    needles.push(
      { reading: 'hex', text: window.map((byte) => byte.toString(16).padStart(2, '0')).join('') },
      { reading: 'numbers', text: `,${window.join()},` },
      { reading: 'numbers', text: `,${indexed.join()},` },
      { reading: 'plain', text: latin1 },
      { reading: 'plain', text: JSON.stringify(latin1).slice(1, -1) },
    );
  }
  return { name, needles };
}

/** A text that is nobody else's business: any eight characters of it in a row. */
export function secretText(name: string, text: string): Secret {
  const needles: Needle[] = [];
  for (let at = 0; at + 8 <= text.length; at++) {
    needles.push({ reading: 'plain', text: text.slice(at, at + 8) });
  }
  return { name, needles };
}

/** A check value, whole. */
export function secretHex(name: string, hex: string): Secret {
  return { name, needles: [{ reading: 'hex', text: hex.toLowerCase() }] };
}

/** Six digits, a little more than four bytes, wherever the bytes may stand in a longer text. */
function base64Windows(bytes: Uint8Array): string[] {
  const windows = new Set<string>();
  for (let before = 0; before < 3; before++) {
    const text = btoa(String.fromCharCode(...new Uint8Array(before), ...bytes));
    const first = Math.ceil((8 * before) / 6);
    const last = Math.floor((8 * (before + bytes.length)) / 6);
    for (let at = first; at + 6 <= last; at++) {
      const window = text.slice(at, at + 6);
      windows.add(window).add(window.replaceAll('+', '-').replaceAll('/', '_'));
    }
  }
  return [...windows];
}

/** Collects texts, each once, and says which secrets are in them. */
export class Haystack {
  readonly #texts = new Set<string>();

  get size(): number {
    return this.#texts.size;
  }

  add(...texts: readonly string[]): void {
    for (const text of texts) this.#texts.add(text);
  }

  /** Every secret that was found, with the text around the place. */
  find(secrets: readonly Secret[]): string[] {
    const plain = [...this.#texts].join('\nx\n');
    const readings: Readings = {
      plain,
      hex: plain.toLowerCase().replace(/[\s:,"'-]+/g, ''),
      // Words end a list: the numbers of a stack are none, the rows of a table are one.
      numbers: `,${plain.replace(/[A-Za-z./-]+/g, ';').replace(/[^0-9;]+/g, ',')},`,
    };
    return secrets.flatMap(({ name, needles }) => {
      const found = needles.find(({ reading, text }) => readings[reading].includes(text));
      if (found === undefined) return [];
      const text = readings[found.reading];
      const at = text.indexOf(found.text);
      return [`${name} as ${found.reading}: ${text.slice(Math.max(0, at - 80), at + 80)}`];
    });
  }
}

/** A set of keys that must not show, and what follows from them. */
export interface Canary {
  readonly title: string;
  readonly versionId: VersionId;
  readonly kbpkBytes: KeyBytes;
  readonly keyBytes: KeyBytes;
  readonly kbpk: SecretKey;
  readonly key: SecretKey;
  readonly keyBlock: string;
  /** The same with a wrong MAC. */
  readonly altered: string;
  /** KBPK, KBEK, KBAK, key, payload. */
  readonly secrets: readonly Secret[];
  /** What an error must not name either: computed MACs, check values, the caller's text. */
  readonly untold: readonly Secret[];
}

/** A text of a caller, which no error repeats. */
export const CALLER_TEXT = 'caller~owns~this';

/**
 * Random keys; all zeros and all ones, which a buffer cleared or never filled would show; and
 * printable characters, so that a key that is printed as text is found as text. Not digits, as
 * those stand in every stack: a window of four digits would be found in line numbers.
 */
export const CANARIES: readonly Canary[] = [
  canary('random, version D', 'D', bytesOf(11)(32), bytesOf(12)(32)),
  canary('random, version E', 'E', bytesOf(13)(16), bytesOf(14)(16)),
  canary('random, version B', 'B', bytesOf(15)(24), bytesOf(16)(24)),
  canary('random, version A', 'A', bytesOf(17)(16), bytesOf(18)(16)),
  canary('zeros', 'D', new Uint8Array(32), new Uint8Array(16)),
  canary('ones', 'D', new Uint8Array(32).fill(0xff), new Uint8Array(16).fill(0xff)),
  canary('text', 'D', ascii('k#Qz@!vX$Lp&wJ*mG^tRb+Yc=Nf?Hd%U'), ascii('<Zs|Wq~oEx{Kj}Bv')),
];

function canary(
  title: string,
  versionId: VersionId,
  kbpkBytes: KeyBytes,
  keyBytes: KeyBytes,
): Canary {
  const algorithm = kbpkAlgorithm(versionId);
  const kbpk = new SecretKey({ algorithm, bytes: kbpkBytes });
  const key = new SecretKey({ algorithm, bytes: keyBytes });
  const keyBlock = wrapKey({
    kbpk,
    key,
    header: {
      versionId,
      keyUsage: 'D0',
      algorithm: algorithm === 'AES' ? 'A' : 'T',
      modeOfUse: 'B',
      exportability: 'E',
    },
    checkValues: ['KC', 'KP'],
    allow: ['version-a-or-c'],
    randomBytes: bytesOf(19),
  });
  const altered = keyBlock.slice(0, -1) + (keyBlock.endsWith('0') ? '1' : '0');
  const { kbek, kbak } = deriveBlockKeys({ kbpk, versionId });
  return {
    title,
    versionId,
    kbpkBytes,
    keyBytes,
    kbpk,
    key,
    keyBlock,
    altered,
    secrets: [
      secretBytes('KBPK', kbpkBytes),
      secretBytes('KBEK', kbek.expose()),
      secretBytes('KBAK', kbak.expose()),
      secretBytes('key', keyBytes),
      secretBytes('payload', traced(kbpk, keyBlock, 'clear payload')),
      secretBytes('unauthenticated payload', traced(kbpk, altered, 'clear payload')),
    ],
    untold: [
      secretBytes('MAC', traced(kbpk, keyBlock, 'MAC computed')),
      secretBytes('MAC of the altered block', traced(kbpk, altered, 'MAC computed')),
      secretHex('KCV of the key', computeKcv({ key })),
      secretHex('KCV of the KBPK', computeKcv({ key: kbpk })),
      secretText('text of the caller', CALLER_TEXT),
      secretText('encrypted payload', keyBlock.slice(-2 * (16 + 32))),
    ],
  };
}

/** A value of the trace, the one function that shows them. */
function traced(kbpk: SecretKey, keyBlock: string, name: string): KeyBytes {
  const { steps } = traceUnwrap({ kbpk, keyBlock, testKey: true });
  const hex = steps.find((step) => step.name === name)?.value ?? '';
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function ascii(text: string): KeyBytes {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** What a value shows of itself in every runtime. */
export function channels(value: unknown): string[] {
  const texts = [String(value), `${value}`, JSON.stringify(value) ?? '', ...propertyTexts(value)];
  if (typeof value === 'object' && value !== null) {
    texts.push(JSON.stringify({ ...value }), JSON.stringify(Object.entries(value)));
    for (const name in value) texts.push(name);
    texts.push(...propertyTexts(structuredClone(value instanceof SecretKey ? { value } : value)));
  }
  return texts;
}

/** Names and values of all properties, own and inherited, hidden and by symbol, however deep. */
function propertyTexts(value: unknown, seen: Set<unknown> = new Set()): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || seen.has(value)) return [];
  seen.add(value);
  if (ArrayBuffer.isView(value)) return [`[${new Uint8Array(value.buffer).join()}]`];
  const texts: string[] = [];
  for (let owner: object | null = value; owner !== null; owner = Object.getPrototypeOf(owner)) {
    if (owner === Object.prototype || owner === Array.prototype || owner === Error.prototype) break;
    texts.push(...Object.getOwnPropertyNames(owner));
    texts.push(...Object.getOwnPropertySymbols(owner).map((symbol) => String(symbol)));
    for (const name of Reflect.ownKeys(owner)) {
      const property: unknown = Reflect.get(owner, name, value);
      if (typeof property === 'number') texts.push(String(property));
      texts.push(...propertyTexts(property, seen));
    }
  }
  return texts;
}
