import { generateKey, rewrapKey, unwrapKey, wrapKey } from 'keyblock';
import { createRewrapper, unwrapMany, verifyMany } from 'keyblock/bulk';
import { expect, it } from 'vitest';

it.each(['typescript', 'wasm-simd'] as const)(
  'smoke %s',
  (engine) => {
    const t24 = generateKey({ algorithm: 'TDES', lengthBits: 192 });
    const t16 = generateKey({ algorithm: 'TDES', lengthBits: 128 });
    const a32 = generateKey({ algorithm: 'AES', lengthBits: 256 });
    const a16 = generateKey({ algorithm: 'AES', lengthBits: 128 });
    const ins = { A: t24, B: t24, C: t24, D: a32, E: a32 } as const;
    for (const v of ['A', 'B', 'C', 'D', 'E'] as const)
      for (const w of ['B', 'D', 'E'] as const) {
        const to = w === 'B' ? generateKey({ algorithm: 'TDES', lengthBits: 192 }) : a16;
        const keys = Array.from({ length: 70 }, (_, i) =>
          i % 3 === 0
            ? generateKey({ algorithm: 'TDES', lengthBits: i % 2 ? 128 : 192 })
            : i % 3 === 1
              ? generateKey({ algorithm: 'HMAC', lengthBits: 112 + 8 * (i % 20) })
              : generateKey({ algorithm: 'TDES', lengthBits: 128 }),
        );
        const blocks = keys.map((key, i) =>
          wrapKey({
            kbpk: ins[v],
            key,
            allow: ['version-a-or-c', 'weaker-kbpk'],
            checkValues:
              i % 5 === 0 && key.algorithm !== 'HMAC' ? ['KC', 'KP'] : i % 2 ? ['KP'] : [],
            header: {
              versionId: v,
              keyUsage: key.algorithm === 'HMAC' ? 'M7' : 'D0',
              algorithm: key.algorithm === 'HMAC' ? 'H' : 'T',
              modeOfUse: key.algorithm === 'HMAC' ? 'C' : 'B',
              exportability: 'E',
              optionalBlocks: [
                ...(key.algorithm === 'HMAC' ? [{ id: 'HM', data: '21' }] : []),
                ...(i % 4 === 0 ? [{ id: '10', data: `region/a/profile/${i}` }] : []),
              ],
            },
          }),
        );
        const rw = createRewrapper({ from: ins[v], to, header: { versionId: w }, engine });
        expect(rw.engine).toBe(engine);
        const out = rw.rewrap(blocks);
        const un = unwrapMany({ kbpk: ins[v], keyBlocks: blocks, engine });
        blocks.forEach((keyBlock, i) => {
          const single = unwrapKey({ kbpk: ins[v], keyBlock });
          const u = un[i] as any;
          expect(u.error).toBe(undefined);
          expect(u.header).toEqual(single.header);
          expect(u.findings).toEqual(single.findings);
          expect(u.key.expose()).toEqual(keys[i]!.expose());
          let exp: any;
          try {
            exp = rewrapKey({ keyBlock, from: ins[v], to, header: { versionId: w } });
          } catch (e) {
            exp = e;
          }
          const o = out[i] as any;
          if (typeof exp !== 'string') {
            expect(o.error.code).toBe(exp.code);
            return;
          }
          expect(o.error).toBe(undefined);
          const a = unwrapKey({ kbpk: to, keyBlock: o.keyBlock });
          const b = unwrapKey({ kbpk: to, keyBlock: exp });
          expect(a.header).toEqual(b.header);
          expect(o.keyBlock.length).toBe(exp.length);
          expect(a.key.expose()).toEqual(b.key.expose());
        });
        const pairs = blocks.flatMap((before, i) =>
          'keyBlock' in out[i]! ? [{ before, after: out[i].keyBlock }] : [],
        );
        expect(
          verifyMany({ from: ins[v], to, pairs, engine }).every((x) => 'equal' in x && x.equal),
        ).toBe(true);
        rw.destroy();
      }
    void t16;
  },
  60000,
);
