// Is it correct? The verdict of `runner`, which has to be on the PATH: exit code 0 is `valid`.

import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

const runner = (options) => execFileSync('runner', options.split(' '), { stdio: 'inherit' });

test('it is valid on an embedded database with rivals', () => {
  runner('--strategy . {contention} --require valid');
});

test('it is valid on a simulated cluster with faults', () => {
  runner('check . --time 5s');
});
