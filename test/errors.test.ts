import {
  fromHex,
  KeyblockError,
  type KeyblockErrorCode,
  type KeyblockErrorField,
  unwrapKey,
} from 'keyblock';
import { KeyblockError as FromKcv } from 'keyblock/kcv';
import { KeyblockError as FromTr31 } from 'keyblock/tr31';
import { afterEach, describe, expect, it } from 'vitest';
import { ERROR_CODES, ERROR_FIELDS } from '../src/errors.js';

const CODES = Object.keys(ERROR_CODES) as KeyblockErrorCode[]; // the table's own keys
const FIELDS = Object.keys(ERROR_FIELDS) as KeyblockErrorField[]; // likewise

const polluted: Record<string, unknown> = Object.prototype as never; // to put details on it

afterEach(() => {
  delete polluted['field'];
  delete polluted['offset'];
});

describe('KeyblockError', () => {
  it('is one class, whichever entry point it comes from', () => {
    expect(FromKcv).toBe(KeyblockError);
    expect(FromTr31).toBe(KeyblockError);
  });

  it('is an Error with a name, a code, a field and an offset', () => {
    const error = new KeyblockError('INVALID_HEX', { field: 'payload', offset: 17 });
    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf(KeyblockError);
    expect(error.name).toBe('KeyblockError');
    expect(error.code).toBe('INVALID_HEX');
    expect(error.field).toBe('payload');
    expect(error.offset).toBe(17);
    expect(error.stack).toContain('errors.test');
  });

  it('has no field and no offset unless told', () => {
    for (const error of [
      new KeyblockError('AUTHENTICATION_FAILED'),
      new KeyblockError('AUTHENTICATION_FAILED', {}),
      new KeyblockError('AUTHENTICATION_FAILED', { field: undefined, offset: undefined }),
    ]) {
      expect(error.field).toBeUndefined();
      expect(error.offset).toBeUndefined();
      expect(error.message).toBe('The key block is not authentic under this KBPK.');
    }
  });

  it('keeps an offset of 0', () => {
    expect(new KeyblockError('UNSUPPORTED', { offset: 0 }).offset).toBe(0);
  });

  it.each(CODES)('says what %s means, and for every field what belongs there', (code) => {
    const plain = new KeyblockError(code).message;
    expect(plain).toMatch(/^[A-Z].*\.$/);
    for (const field of FIELDS) {
      const { message } = new KeyblockError(code, { field });
      expect(message.startsWith(`${plain} (`), field).toBe(true);
      expect(message).toContain(ERROR_FIELDS[field]);
      expect(message.endsWith(')')).toBe(true);
    }
  });

  it('has one message for a code and a field, wherever it points at', () => {
    const messages = [undefined, 0, 1, 9998].map(
      (offset) => new KeyblockError('INVALID_HEX', { field: 'mac', offset }).message,
    );
    expect(new Set(messages).size).toBe(1);
    expect(messages[0]).not.toMatch(/9998/);
  });

  it.each(['kbpk', 'from', 'to', 'key', 'bytes'] as const)(
    'tells who gives hex for %s of fromHex',
    (field) => {
      expect(new KeyblockError('INVALID_ARGUMENT', { field }).message).toContain('fromHex');
    },
  );

  it('tells a receiver that a dialect has to be accepted', () => {
    const { message } = new KeyblockError('TOKEN_MALFORMED', { field: 'profile' });
    expect(message).toContain('policy.accept');
  });

  it('can not be changed', () => {
    const error = new KeyblockError('INVALID_HEX', { field: 'hex', offset: 1 });
    expect(Object.isFrozen(error)).toBe(true);
    const changes: Partial<Record<string, unknown>> = error as never; // to write to it
    for (const name of ['message', 'code', 'field', 'offset', 'name', 'cause', 'input']) {
      expect(() => {
        changes[name] = 'the key';
      }, name).toThrow(TypeError);
    }
  });

  it('has no cause', () => {
    const error = new KeyblockError('INVALID_HEX', { cause: new Error('secret') } as never);
    expect('cause' in error).toBe(false);
  });

  it('travels as JSON with what it says, and nothing else', () => {
    const error = new KeyblockError('INVALID_LENGTH', { field: 'key', offset: 3 });
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'KeyblockError',
      code: 'INVALID_LENGTH',
      field: 'key',
      offset: 3,
    });
    expect(Object.keys(error).sort()).toEqual(['code', 'field', 'name', 'offset']);
  });

  it('takes no field and no offset from Object.prototype', () => {
    polluted['field'] = 'kbpk';
    polluted['offset'] = 7;
    for (const error of [new KeyblockError('INVALID_HEX'), new KeyblockError('INVALID_HEX', {})]) {
      expect(error.field).toBeUndefined();
      expect(error.offset).toBeUndefined();
      expect(error.message).not.toContain('KBPK');
    }
  });

  it('ignores details that are no details of its own', () => {
    const error = new KeyblockError('INVALID_HEX', { input: '00112233', message: 'x' } as never);
    expect(JSON.stringify(error)).not.toContain('00112233');
    expect(error.message).toBe(new KeyblockError('INVALID_HEX').message);
  });
});

describe('the tables of errors', () => {
  it('hold the codes of this package, which are part of its interface', () => {
    expect([...CODES].sort()).toEqual([
      'ALGORITHM_NOT_ALLOWED',
      'APPROVAL_REQUIRED',
      'AUTHENTICATION_FAILED',
      'CERTIFICATE_REVOKED',
      'CERTIFICATE_UNTRUSTED',
      'CONTEXT_MISMATCH',
      'CRL_REJECTED',
      'EXPORT_NOT_ALLOWED',
      'FRESHNESS',
      'INPUT_TOO_LARGE',
      'INVALID_ARGUMENT',
      'INVALID_CHARACTER',
      'INVALID_HEADER',
      'INVALID_HEX',
      'INVALID_LENGTH',
      'INVALID_OPTIONAL_BLOCK',
      'INVALID_PAYLOAD',
      'KBPK_MISMATCH',
      'KCV_MISMATCH',
      'KEY_DESTROYED',
      'KEY_STRENGTH',
      'RECIPIENT_MISMATCH',
      'SIGNATURE_INVALID',
      'STALE_VERSION',
      'STATE_CONFLICT',
      'TOKEN_MALFORMED',
      'TOKEN_REJECTED',
      'UNKNOWN_KEY_VERSION',
      'UNSUPPORTED',
      'USAGE_NOT_ALLOWED',
      'WEAK_KEY',
    ]);
  });

  it('say something else for every code, and of a field what its name does not', () => {
    expect(new Set(Object.values(ERROR_CODES)).size).toBe(CODES.length);
    for (const field of FIELDS) expect(ERROR_FIELDS[field]).not.toMatch(`${field}:`);
  });
});

describe('what is thrown', () => {
  const kbpk = fromHex('89E88CF7931444F334BD7547FC3F380C');
  const keyBlock = 'A0072P0TE00E0000F5161ED902807AF26F1D62263644BD24192FDB3193C730301CEE8701';

  it.each([
    ['the KBPK in hex', { kbpk: '89E88CF7931444F334BD7547FC3F380C', keyBlock }],
    ['the wrong KBPK', { kbpk: new Uint8Array(kbpk).reverse(), keyBlock }],
    ['a KBPK of another length', { kbpk: new Uint8Array(9), keyBlock }],
    ['an altered payload', { kbpk, keyBlock: keyBlock.replace('F516', 'F517') }],
    ['an altered header', { kbpk, keyBlock: keyBlock.replace('P0T', 'D0T') }],
    ['a character that is no hex', { kbpk, keyBlock: keyBlock.replace('F516', 'F51G') }],
    ['a text cut short', { kbpk, keyBlock: keyBlock.slice(0, -8) }],
    ['a secret for a block', { kbpk, keyBlock: 'F039121BEC83D26B169BDCD5B22AAF8F' }],
  ])('never repeats what was given: %s', (_, options) => {
    const error = caught(() => unwrapKey(options as never));
    expect(error).toBeInstanceOf(KeyblockError);
    const { code, field, message } = error as KeyblockError; // an instance of it
    expect(message).toBe(new KeyblockError(code, { field }).message);
    expect('cause' in (error as object)).toBe(false);
    for (const secret of ['89E88CF7', 'F039121B', 'F5161ED9', '192FDB31']) {
      expect(`${message} ${JSON.stringify(error)}`).not.toContain(secret);
    }
  });
});

function caught(use: () => unknown): unknown {
  try {
    use();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
