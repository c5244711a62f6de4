/** A page with a policy, as an embedder may have it: what runs there, and what it runs on. */

import { fromHex, unwrapKey } from 'keyblock';
import { describe, expect, it } from 'vitest';

const ENTRY = new URL('../../src/bulk/index.ts', import.meta.url).pathname;

const kbpk = fromHex('DD7515F2BFC17F85CE48F3CA25CB21F6');
const keyBlock = 'B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248E';

/** Re-wraps the block, and tells the page around it what became of it. */
const SCRIPT = `
import { createRewrapper } from '${ENTRY}';
const kbpk = new Uint8Array([${kbpk.join()}]);
const rewrapper = createRewrapper({ from: kbpk, to: kbpk });
const [outcome] = rewrapper.rewrap(['${keyBlock}']);
parent.postMessage({ engine: rewrapper.engine, ...outcome }, '*');
`;

// Only a browser has pages.
describe.runIf('document' in globalThis)('a page that allows scripts of its own', () => {
  it.each([
    ['and no WebAssembly', '', 'typescript'],
    ['and WebAssembly', " 'wasm-unsafe-eval'", 'wasm-simd'],
  ])('%s', async (_title, source, engine) => {
    const policy = `default-src 'none'; script-src 'self' 'unsafe-inline'${source}`;
    const frame = document.createElement('iframe');
    frame.srcdoc =
      `<meta http-equiv="Content-Security-Policy" content="${policy}">` +
      `<script type="module">${SCRIPT}</script>`;
    const told = new Promise<Told>((resolve) => {
      addEventListener('message', (event) => {
        if (event.source === frame.contentWindow) resolve(event.data);
      });
    });
    document.body.append(frame);
    const found = await told;
    frame.remove();
    expect(found.engine).toBe(engine);
    const [before, after] = [keyBlock, found.keyBlock].map((text) =>
      unwrapKey({ kbpk, keyBlock: text }).key.expose(),
    );
    expect(found.keyBlock).not.toBe(keyBlock);
    expect(after).toEqual(before);
  });
});

interface Told {
  readonly engine: string;
  readonly keyBlock: string;
}
