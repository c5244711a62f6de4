/** One group of rows in a process of its own: prints the rates. */

import { measureRows } from './measure.mjs';

const [section, group, name, settings] = process.argv.slice(2);
if (settings !== undefined) {
  const { GROUPS } = await import(`./${section}.mjs`);
  console.log(JSON.stringify(measureRows(GROUPS[group](name), JSON.parse(settings))));
}
