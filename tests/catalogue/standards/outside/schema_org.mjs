// Validate the data blocks of pages. Arguments: the vocabulary of schema.org, then pages.
// Prints one JSON list of issues a page.
import fs from 'node:fs';
import extractors from '@marbec/web-auto-extractor';
import validators from '@adobe/structured-data-validator';

const Extractor = extractors.default ?? extractors;
const Validator = validators.Validator ?? validators;
const [vocabulary, ...pages] = process.argv.slice(2);
const schema = JSON.parse(fs.readFileSync(vocabulary, 'utf8'));
for (const page of pages) {
  const data = new Extractor({ addLocation: true }).parse(fs.readFileSync(page, 'utf8'));
  console.log(JSON.stringify(await new Validator(schema).validate(data)));
}
