// The headers by which the official client hands its trace on, as golden.cpp reads them.
//   headers.mjs            prints input/langsmith_headers.txt
//   headers.mjs FILE       exit status 1 when FILE holds others
import { readFileSync } from 'node:fs';
import { RunTree } from 'langsmith/run_trees';

const root = new RunTree({
  name: 'caller',
  id: '019a8bad-9400-7b1d-9e30-92bf4ad6e10f',
  start_time: 1763280000000,
  project_name: 'shop of the caller',
  metadata: { plan: 'pro', 'ünï': 'a,b;c=d %', note: '"x"\n' },
});
const child = root.createChild({
  name: 'step',
  id: '019a8bad-9401-7f2c-8d41-a3c05be7f210',
  start_time: 1763280000001,
  tags: ['prod', 'eu west'],
});
const text = Object.entries(child.toHeaders()).map(([name, value]) => `${name}: ${value}\n`).join('');

if (process.argv.length < 3) {
  process.stdout.write(text);
} else if (readFileSync(process.argv[2], 'utf8') !== text) {
  console.log(`${process.argv[2]} is not what the client writes:\n${text}`);
  process.exit(1);
}
