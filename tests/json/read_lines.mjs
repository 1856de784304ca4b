// The same as read_lines.py, by V8: the count and the hash must be equal.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const hash = createHash('sha256');
const all = readFileSync(0);
let count = 0;
for (let begin = 0; begin < all.length; count += 1) {
  const end = all.indexOf(0x0a, begin);
  const line = all.subarray(begin, end);
  const [[key, value]] = Object.entries(JSON.parse(strict.decode(line.subarray(line.indexOf(0x20) + 1))));
  if (key !== value) throw new Error(`key and value differ: ${line}`);
  const bytes = Buffer.from(value, 'utf8');
  if (strict.decode(bytes) !== value) throw new Error(`a lone surrogate: ${line}`);
  hash.update(bytes).update('\n');
  begin = end + 1;
}
console.log(`${count} ${hash.digest('hex')}`);
