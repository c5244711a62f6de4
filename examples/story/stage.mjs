// What the story is told with: a clock that the story moves, headings, verdicts and a progress bar.
import { SingleBar } from 'cli-progress';
import { bold, dim, green, red } from '../terminal.mjs';

const start = Date.now();
let offset = 0;

/** The time in the story. */
export const now = () => new Date(Date.now() + offset);

/** Time and randomness, as every function of the hierarchy takes them. */
export const env = () => ({ at: now() });

/** Lets days pass. */
export function passDays(count) {
  offset += count * 86_400_000;
}

/** A day before or after the present one. */
export const days = (count) => new Date(now().getTime() + count * 86_400_000);

let chapters = 0;

/** Begins a chapter. */
export function chapter(title) {
  chapters += 1;
  console.log(bold(`\n${chapters}  ${title}`));
}

/** Says what happens. */
export const say = (text) => console.log(`   ${text}`);

/** Says what matters less. */
export const aside = (text) => console.log(dim(`   ${text}`));

/** Says that something is as it has to be, or stops the story. */
export function hold(condition, text) {
  if (!condition) throw new Error(`the story went wrong: ${text}`);
  console.log(green(`   ✓ ${text}`));
}

/** Shows that something is refused, and with which code; stops the story if it is not. */
export async function refused(text, attempt) {
  let outcome;
  try {
    outcome = await attempt();
  } catch (error) {
    return console.log(`   ${red('✗')} ${text}: ${red(error.code ?? error.message)}`);
  }
  const code = outcome?.event?.error?.code;
  if (code === undefined) throw new Error(`the story went wrong: not refused: ${text}`);
  console.log(`   ${red('✗')} ${text}: ${red(code)}`);
}

/** A progress bar on terminals, and nothing elsewhere. */
export function progressBar(label, total) {
  const bar = new SingleBar({
    format: `   ${label.padEnd(11)} {bar} {value}/{total}  {rate}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 32,
    hideCursor: true,
    noTTYOutput: false,
  });
  bar.start(total, 0, { rate: '' });
  const begun = performance.now();
  const rate = (done) => `${Math.round(done / ((performance.now() - begun) / 1000))} keys/s`;
  return {
    show: (done) => bar.update(done, { rate: rate(done) }),
    stop: () => bar.stop(),
  };
}

/** Seconds since the story began. */
export const elapsed = () => ((Date.now() - start) / 1000).toFixed(1);
