import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

describe('the source of keyblock/tr31', () => {
  const folder = new URL('../../src/tr31/', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({ name, code: withoutComments(readFileSync(new URL(name, folder), 'utf8')) }));

  it('is found', () => {
    expect(files.length).toBeGreaterThan(15);
    expect(files.map(({ name }) => name)).toContain('unwrap.ts');
  });

  it('names AUTHENTICATION_FAILED once, where the error is made', () => {
    const places = files.filter(({ code }) => code.includes('AUTHENTICATION_FAILED'));
    expect(places.map(({ name }) => name)).toEqual(['unwrap.ts']);
    const code = places[0]?.code ?? '';
    expect(code.split('AUTHENTICATION_FAILED')).toHaveLength(2);
    expect(code).toContain("new KeyblockError('AUTHENTICATION_FAILED')");
  });

  it('looks into a payload only after the MAC has passed', () => {
    const code = files.find(({ name }) => name === 'unwrap.ts')?.code ?? '';
    const readers = files
      .filter(({ code }) => /\breadPayload\(/.test(code))
      .map(({ name }) => name);
    expect(readers.sort()).toEqual(['payload.ts', 'unwrap.ts']);
    expect(code.split('readPayload(')).toHaveLength(2);
    expect(code.indexOf('openMessage(keys')).toBeLessThan(code.indexOf('readPayload('));
  });
});

function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');
}
