// Where Chromium is, for the browser tests.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * The browser that CHROMIUM names, else the one Debian installs, else the first in PATH.
 * A CHROMIUM that cannot be run means none, not another one.
 *
 * @returns {string | undefined}
 */
export function findChromium() {
  const { CHROMIUM, PATH = '' } = process.env;
  const candidates =
    CHROMIUM !== undefined
      ? [CHROMIUM]
      : [
          '/usr/bin/chromium',
          ...PATH.split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name))),
        ];
  return candidates.find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
