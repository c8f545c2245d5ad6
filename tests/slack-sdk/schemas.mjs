// Turns the official types that types.ts names into JSON schemas, one object on standard output.
// Properties that a type does not name are faults; validate.py lists the few that Slack sends all the same.
import { readFileSync } from 'node:fs';
import { createGenerator } from 'ts-json-schema-generator';

const path = 'types.ts';
const names = readFileSync(path, 'utf8').matchAll(/^export (?:type|interface) (\w+)/gm);
const generator = createGenerator({
  path,
  tsconfig: 'tsconfig.json',
  skipTypeCheck: true,
  additionalProperties: false,
  jsDoc: 'none',
});
const schemas = Object.fromEntries([...names].map(([, name]) => [name, generator.createSchema(name)]));
process.stdout.write(JSON.stringify(schemas));
